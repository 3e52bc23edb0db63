"""The way in, edge to edge: what the story makes of floods, moves, gaps and feeds that go dark."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from bot.core.errors import FetchError, Throttled, Unreachable
from bot.core.message import Message
from bot.core.model import Channel, Entry, Feed, FeedState, Fetched
from bot.jobs import Jobs
from bot.owners import Owners
from bot.poller import Poller
from tests.fakes.newsroom import WIRE, Newsroom
from tests.fakes.ports import FakeSource, entries

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DESK = Channel("fake:desk", "fake", "desk")


async def look(
    room: Newsroom, answer: Fetched | FetchError, after: timedelta = HOUR, url: str = WIRE, tenant: str = "*"
) -> Feed:
    """One look, made due now."""
    room.clock.forward(after)
    room.source.give(url, answer)
    return await room.look(url, tenant=tenant)


def document(room: Newsroom, *titles: str, prefix: str = "", age: timedelta = timedelta()) -> Fetched:
    made = entries(*titles, at=room.clock() - age)
    if prefix:
        made = tuple(
            Entry(f"{prefix}{e.key}", e.title, e.url, e.link_key, e.summary, e.text, e.published) for e in made
        )
    return Fetched(entries=made)


CHILE = [f"Chile {what}" for what in (
    "elects a president", "closes a copper mine", "wins the football cup", "opens a long bridge", "raises its rates",
    "mourns a famous poet", "counts its glaciers", "bans plastic bags", "sends a satellite", "plants a million trees",
    "hosts a climate summit", "finds an old city",
)]  # fmt: skip


async def primed(room: Newsroom, *titles: str) -> None:
    await room.add_feed()
    await look(room, document(room, *(titles or ("Norway holds its interest rate",))))
    await room.say("/subscribe Chile")


async def test_items_under_new_names_ring_nothing_and_are_not_kept_twice(newsroom: Newsroom) -> None:
    await primed(newsroom, *CHILE)
    await look(newsroom, document(newsroom, *CHILE, prefix="https://new.example/"))
    await newsroom.flush()
    assert newsroom.platform.posted == []
    async with newsroom.store.read() as tx:
        assert (await tx.archive.count("fake", newsroom.clock() - DAY)).articles == len(CHILE)


async def test_one_item_under_a_new_name_rings_nothing_either(newsroom: Newsroom) -> None:
    await primed(newsroom, "Chile closes a copper mine")
    await look(newsroom, document(newsroom, "Chile closes a copper mine", prefix="again:"))
    await newsroom.flush()
    assert newsroom.platform.posted == []


async def test_of_a_flood_the_newest_three_ring_and_a_line_says_how_many_more(newsroom: Newsroom) -> None:
    await primed(newsroom)
    await look(newsroom, document(newsroom, *CHILE))
    await newsroom.flush()
    said = [message for _, _, message in newsroom.platform.posted]
    assert [message.title for message in said[:3]] == CHILE[-3:]
    assert len(said) == 4
    assert "9 more articles that you follow" in said[3].text
    assert CHILE[8] in await newsroom.say("/latest Chile")


async def test_a_few_new_articles_at_once_are_no_flood(newsroom: Newsroom) -> None:
    await primed(newsroom)
    await look(newsroom, document(newsroom, *CHILE[:6]))
    await newsroom.flush()
    assert newsroom.platform.titles() == CHILE[:6]


async def test_an_item_that_slid_back_into_view_is_kept_and_does_not_ring(newsroom: Newsroom) -> None:
    newsroom.pipeline.rules = type(newsroom.pipeline.rules)(max_age=30 * DAY)
    await primed(newsroom)
    await look(newsroom, document(newsroom, "Chile closes a copper mine", age=20 * DAY))
    await newsroom.flush()
    assert newsroom.platform.posted == []
    await look(newsroom, document(newsroom, "Chile opens a long bridge", age=6 * DAY))
    await newsroom.flush()
    assert newsroom.platform.titles() == ["Chile opens a long bridge"]


async def test_a_possible_gap_is_noted_shown_and_polled_for(newsroom: Newsroom) -> None:
    await primed(newsroom, *CHILE[:6])
    before = await look(newsroom, document(newsroom, *CHILE[:6]))
    assert before.gap_at is None
    after = await look(newsroom, document(newsroom, *[f"Peru {n} is in the news" for n in "abcdefg"]))
    assert after.gap_at == newsroom.clock()
    assert "May have missed articles" in await newsroom.say("/feed show The Wire")
    await look(newsroom, document(newsroom, *[f"Fiji {n} is in the news" for n in "abcdefg"]), after=2 * HOUR)
    assert "2, 3 h together" in await newsroom.say("/feed show The Wire")
    async with newsroom.store.begin() as tx:
        newsroom.clock.forward(91 * DAY)
        await tx.gaps.prune()
        assert await tx.gaps.count(1, newsroom.clock() - 365 * DAY) == (0, timedelta())


async def test_a_permanent_redirect_is_watched_for_two_days_and_then_adopted(newsroom: Newsroom) -> None:
    await primed(newsroom)
    there = "https://moved.example/rss"
    for _ in range(3):
        feed = await look(newsroom, Fetched(unchanged=True, moved_to=there), 20 * HOUR)
        assert (feed.url, feed.state) == (WIRE, FeedState.MOVING)
        assert "moved.example" in await newsroom.say("/feeds")
    feed = await look(newsroom, Fetched(unchanged=True, moved_to=there), 20 * HOUR)
    assert (feed.url, feed.state, feed.reason) == (there, FeedState.ACTIVE, "")


async def test_a_redirect_to_a_feed_that_we_have_joins_the_two(newsroom: Newsroom) -> None:
    await primed(newsroom)
    there = "https://moved.example/rss"
    other = await newsroom.add_feed(there, source="The Moved")
    newsroom.source.give(there, document(newsroom, "Norway holds its interest rate"))
    await newsroom.poller.poll("moved.example")
    for _ in range(4):
        newsroom.clock.forward(20 * HOUR)
        newsroom.source.give(WIRE, Fetched(unchanged=True, moved_to=there))
        await newsroom.poller.poll("wire.example")
    async with newsroom.store.read() as tx:
        assert [feed.id for feed in await tx.feeds.visible("fake")] == [other.id]


async def notices(room: Newsroom) -> list[Message]:
    await room.courier.flush(DESK.id)
    return [message for channel, _, message in room.platform.posted if channel == DESK.id]


async def test_the_maintainers_hear_once_when_a_feed_goes_dark_and_once_when_it_is_back(newsroom: Newsroom) -> None:
    await primed(newsroom)
    newsroom.poller.owners = Owners(DESK)
    for _ in range(30):
        await look(newsroom, FetchError("wire.example did not answer in time"))
    assert [message.title for message in await notices(newsroom)] == ["The Wire brings nothing at the moment"]
    assert "did not answer in time" in (await notices(newsroom))[0].text
    for _ in range(2):
        await look(newsroom, Fetched(unchanged=True))
    assert [message.title for message in await notices(newsroom)][1:] == ["The Wire is back"]
    assert all(channel == DESK.id for channel, _, _ in newsroom.platform.posted)
    for _ in range(30):
        await look(newsroom, FetchError("wire.example did not answer in time"))
    assert len(await notices(newsroom)) == 3


async def test_without_a_maintainers_channel_nobody_is_told_but_the_status(newsroom: Newsroom) -> None:
    await primed(newsroom)
    for _ in range(30):
        await look(newsroom, FetchError("wire.example did not answer in time"))
    await newsroom.flush()
    assert newsroom.platform.posted == []
    assert "did not answer in time" in await newsroom.say("/feeds")


async def test_of_a_private_feed_neither_address_nor_title_is_told(newsroom: Newsroom) -> None:
    secret = "https://paper.example/rss?token=s3cr3t0123456789abcd"
    newsroom.poller.owners = Owners(DESK)
    async with newsroom.store.begin() as tx:
        await tx.feeds.add(secret, tenant="fake", title="Ada's own", private=True, now=newsroom.clock())
    newsroom.source.give(secret, FetchError("paper.example refuses us (HTTP 403)", state="blocked"))
    for _ in range(2):
        newsroom.clock.forward(2 * DAY)
        await newsroom.poller.poll("paper.example")
    [message] = await notices(newsroom)
    assert "s3cr3t" not in message.text and "Ada" not in message.text
    assert message.title == "A private feed brings nothing at the moment"


async def test_who_added_a_feed_is_told_in_private_once_when_it_goes_dark_and_once_when_it_is_back(
    newsroom: Newsroom,
) -> None:
    secret = "https://paper.example/rss?token=s3cr3t0123456789abcd"
    newsroom.poller.owners = Owners(whispers=lambda person: person.startswith("fake:"))
    async with newsroom.store.begin() as tx:
        for tenant, person in (("fake", "fake:ada"), ("other", "fake:bob"), ("third", "elsewhere:eve")):
            await tx.feeds.add(WIRE, tenant=tenant, added_by=person, title="The Wire", now=newsroom.clock())
        quiet, _ = await tx.feeds.add(WIRE, tenant="quiet", added_by="fake:dan", now=newsroom.clock())
        await tx.feeds.pause(quiet.id, "quiet", True)
        await tx.feeds.add(
            secret, tenant="fake", added_by="fake:ada", title="Ada's own", private=True, now=newsroom.clock()
        )
    for url in (WIRE, secret):
        await look(newsroom, document(newsroom, "Norway holds its interest rate"), url=url, tenant="fake")
        for _ in range(30):
            await look(newsroom, FetchError("it did not answer in time"), url=url, tenant="fake")
            for person in ("fake:ada", "fake:bob", "fake:dan", "elsewhere:eve"):
                await newsroom.courier.flush(person)
        for _ in range(2):
            await look(newsroom, Fetched(unchanged=True), url=url, tenant="fake")
            for person in ("fake:ada", "fake:bob", "fake:dan", "elsewhere:eve"):
                await newsroom.courier.flush(person)
    told = [(channel, message.title) for channel, _, message in newsroom.platform.posted]
    assert told == [
        ("fake:ada", "The Wire brings nothing at the moment"),
        ("fake:bob", "The Wire brings nothing at the moment"),
        ("fake:ada", "The Wire is back"),
        ("fake:bob", "The Wire is back"),
        ("fake:ada", "Ada's own brings nothing at the moment"),
        ("fake:ada", "Ada's own is back"),
    ]
    assert not [message for _, _, message in newsroom.platform.posted if "s3cr3t" in f"{message}"]


async def test_our_own_spent_budget_is_not_the_feeds_failure(newsroom: Newsroom) -> None:
    await primed(newsroom)
    after = await look(
        newsroom, Throttled("we ask wire.example at most 30 times a minute", timedelta(seconds=9), ours=True)
    )
    assert (after.state, after.fails) == (FeedState.ACTIVE, 0)
    assert after.next_check_at and after.next_check_at <= newsroom.clock() + timedelta(seconds=11)
    async with newsroom.store.read() as tx:
        assert await tx.feeds.due_hosts(9) == []
    newsroom.clock.forward(timedelta(seconds=11))
    async with newsroom.store.read() as tx:
        assert await tx.feeds.due_hosts(9) == ["wire.example"]


async def test_a_throttled_host_is_left_alone_with_all_its_feeds_by_the_next_life_too(newsroom: Newsroom) -> None:
    await primed(newsroom)
    sport = f"{WIRE}/sport"
    await look(newsroom, Throttled("wire.example asks us to come less often (HTTP 429)", 2 * HOUR))
    await newsroom.restart()
    await newsroom.add_feed(sport, source="Sport")
    newsroom.clock.forward(HOUR)
    await newsroom.poller.poll("wire.example")
    assert newsroom.source.asked[-1].url == WIRE
    newsroom.source.give(sport, Fetched(unchanged=True))
    newsroom.clock.forward(2 * HOUR)
    await newsroom.poller.poll("wire.example")
    assert sport in [asked.url for asked in newsroom.source.asked]


async def test_when_our_own_network_is_down_no_feed_is_blamed(newsroom: Newsroom) -> None:
    hosts = [f"https://h{n}.example/rss" for n in range(8)]
    for url in hosts:
        await newsroom.add_feed(url, source=url)
        await look(newsroom, document(newsroom, url), url=url)
    for url in hosts:
        await look(newsroom, Unreachable("the name was not found"), url=url)
    states = [await newsroom.feed(n + 1) for n in range(8)]
    blamed = [feed.fails for feed in states]
    assert blamed[5:] == [0, 0, 0]
    assert all(
        feed.next_check_at and feed.next_check_at <= newsroom.clock() + timedelta(minutes=11) for feed in states[5:]
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/feed set mine 10m", "every 10 min"),
        ("/feed set mine 0m", "as often as its pace asks for"),
        ("/feed set mine 1m", "5 minutes are the least"),
        ("/feed set The Wire 10m", "heard by others too"),
    ],
)
async def test_a_server_sets_the_pace_of_its_own_feeds(newsroom: Newsroom, line: str, said: str) -> None:
    await newsroom.add_feed()
    await newsroom.add_feed("https://mine.example/rss", tenant="fake", source="mine")
    assert said in await newsroom.say(line)
    if "mine 10m" in line:
        assert "every 10 min" in await newsroom.say("/feed show mine")


async def test_a_feed_that_was_taken_over_is_left_as_the_other_process_noted_it(newsroom: Newsroom) -> None:
    await primed(newsroom)
    feed = await look(newsroom, Fetched(unchanged=True))
    stranger = Poller(
        store=newsroom.store,
        source=newsroom.source,
        jobs=await Jobs.open("sqlite+aiosqlite:///"),
        take_in=newsroom.pipeline.take_in,
        name="stranger",
        random=Random(1),
    )
    await stranger.put_off(feed, FetchError("late news"))
    await stranger.look(feed)
    assert (await newsroom.feed()).fails == 0


async def test_a_feed_that_was_claimed_with_a_slow_sibling_is_looked_at_by_one_process_alone(
    newsroom: Newsroom,
) -> None:
    began, urls = newsroom.clock(), [f"https://wire.example/{name}" for name in "abc"]
    async with newsroom.store.begin() as tx:
        for url in urls:
            await tx.feeds.add(url, now=began)
    answers: dict[str, list[Fetched | FetchError]] = {url: [Fetched()] for url in urls}
    other = Poller(
        store=newsroom.store,
        source=FakeSource(answers),
        jobs=newsroom.poller.jobs,
        take_in=newsroom.pipeline.take_in,
        name="other",
    )

    class Slow(FakeSource):
        async def fetch(self, feed: Feed) -> Fetched:
            newsroom.clock.forward(timedelta(seconds=100))
            await other.poll("wire.example")
            return await super().fetch(feed)

    slow = newsroom.poller.source = Slow(answers)
    newsroom.poller.clock = lambda: newsroom.clock().timestamp()
    await newsroom.poller.poll("wire.example")
    assert isinstance(other.source, FakeSource)
    assert sorted(feed.url for feed in (*slow.asked, *other.source.asked)) == urls
    assert [feed.url for feed in slow.asked[:2]] == urls[:2]
