"""A feed that is no longer where it was: when it is looked for, what is believed, and who is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.core.errors import FetchError, Missing, NotAFeed
from bot.core.model import Feed, Fetched
from bot.owners import Owners
from bot.rediscovery import Rediscovery
from tests.fakes.newsroom import WIRE, Newsroom
from tests.fakes.ports import entries

DAY = timedelta(days=1)
NEW = "https://wire.example/new.xml"
GONE = Missing("wire.example has no such page any more (HTTP 404)")


class Lost:
    """A feed that was read once and then lost; `offers` is what its site shows."""

    def __init__(self, room: Newsroom) -> None:
        self.room = room
        self.offers: Sequence[str] | FetchError = (NEW,)
        self.asked: list[Feed] = []
        owners = Owners(whispers=lambda _: True)
        self.rediscovery = Rediscovery(store=room.store, source=self, owners=owners)
        room.poller.rediscovery = self.rediscovery
        room.poller.owners = owners

    async def offered(self, feed: Feed) -> Sequence[str]:
        self.asked.append(feed)
        if isinstance(self.offers, FetchError):
            raise self.offers
        return self.offers

    async def look(self, url: str) -> tuple[str, Fetched]:
        return await self.room.source.look(url)

    async def fails(self, error: FetchError, times: int, after: timedelta = DAY) -> Feed:
        """So often, a day apart; each time, what is due is looked for."""
        self.room.source.give(WIRE, error)
        for _ in range(times):
            self.room.clock.forward(after)
            feed = await self.room.look(tenant="fake")
            if self.rediscovery.is_due(feed, error, now=self.room.clock()):
                await self.rediscovery.seek("1")
        return await self.room.feed()


@pytest.fixture
async def lost(newsroom: Newsroom) -> Lost:
    stage = Lost(newsroom)
    async with newsroom.store.begin() as tx:
        await tx.feeds.add(WIRE, tenant="fake", added_by="fake:ada", title="The Wire", now=newsroom.clock())
    newsroom.source.give(WIRE, Fetched(entries=entries("one", "two", at=newsroom.clock())))
    await newsroom.poller.poll("wire.example")
    return stage


async def test_after_a_week_of_404_the_site_is_asked_once_and_the_feed_with_its_articles_adopted(lost: Lost) -> None:
    lost.room.source.give(NEW, Fetched(entries=entries("three", "two", at=lost.room.clock())))
    await lost.fails(GONE, 7)
    assert lost.asked == []
    feed = await lost.fails(GONE, 1)
    assert feed.url == NEW and len(lost.asked) == 1
    await lost.room.poller.poll("wire.example")
    assert (await lost.room.feed()).ok_at == lost.room.clock()
    async with lost.room.store.read() as tx:
        assert {article.title for article in await tx.archive.of_feed(1)} == {"one", "two", "three"}


async def test_another_feed_is_offered_in_private_and_not_adopted(lost: Lost) -> None:
    lost.room.source.give(NEW, Fetched(entries=entries("sport", at=lost.room.clock())))
    await lost.fails(GONE, 8)
    await lost.room.courier.flush("fake:ada")
    feed = await lost.fails(GONE, 1)
    assert feed.url == WIRE and len(lost.asked) == 1
    last = lost.room.platform.posted[-1]
    assert last[0] == "fake:ada" and "may have another address" in last[2].title and NEW in last[2].text
    assert [button.command for button in last[2].buttons] == [f"feed test {NEW}", f"feed add {NEW}"]
    assert all(channel == "fake:ada" for channel, _, _ in lost.room.platform.posted)


async def test_a_page_in_its_place_is_asked_for_at_its_second_sight(lost: Lost) -> None:
    lost.room.source.give(NEW, Fetched(entries=entries("two", at=lost.room.clock())))
    page = NotAFeed("a web page", (NEW,))
    assert (await lost.fails(page, 1)).url == WIRE
    assert (await lost.fails(page, 1)).url == NEW


async def test_a_page_is_asked_for_later_where_the_kick_was_lost_and_only_once(lost: Lost) -> None:
    page = NotAFeed("a web page", (NEW,))
    lost.offers = ()
    lost.room.source.give(WIRE, page)
    for _ in range(3):  # the looks whose kicks nobody hears
        lost.room.clock.forward(DAY)
        await lost.room.look(tenant="fake")
    assert lost.asked == []
    await lost.fails(page, 4)
    assert len(lost.asked) == 1


@pytest.mark.parametrize(
    "offers", [(), (WIRE,), ("https://nowhere.example/",), FetchError("its robots.txt does not let programs look")]
)
async def test_where_nothing_is_found_the_feed_goes_on_being_asked(
    lost: Lost, offers: tuple[str, ...] | FetchError
) -> None:
    lost.offers = offers
    feed = await lost.fails(GONE, 9)
    assert feed.url == WIRE and feed.next_check_at and len(lost.asked) == 1


async def test_other_failures_and_private_feeds_are_not_looked_for(lost: Lost) -> None:
    await lost.fails(FetchError("wire.example answers with HTTP 500"), 9)
    assert lost.asked == []
    private = Feed(9, WIRE, private=True, failing_since=lost.room.clock() - 30 * DAY)
    assert not lost.rediscovery.is_due(private, GONE, now=lost.room.clock())


async def test_a_feed_that_was_read_again_and_is_lost_again_is_looked_for_again(lost: Lost) -> None:
    lost.offers = ()
    await lost.fails(GONE, 9)
    lost.room.source.give(WIRE, Fetched(unchanged=True))
    lost.room.clock.forward(DAY)
    await lost.room.look(tenant="fake")
    await lost.fails(GONE, 9)
    assert len(lost.asked) == 2
