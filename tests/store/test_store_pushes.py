"""Pushes, lost feeds and gaps: what is remembered of them, on both databases."""

from __future__ import annotations

from datetime import timedelta

from bot.core.model import EVERYONE, Entry, Feed
from bot.store import Store
from tests.store.databases import Clock

HUB, TOPIC, BASE = "https://hub.example/", "https://news.example/rss", "https://bell.example"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def wished(store: Store, url: str = TOPIC) -> Feed:
    async with store.begin() as tx:
        feed, _ = await tx.feeds.add(url, tenant=EVERYONE, now=await tx.now())
        await tx.pushes.want(feed.id, HUB, url, now=await tx.now())
    return feed


async def test_a_wish_is_taken_once_and_again_if_nothing_comes_of_it(store: Store, clock: Clock) -> None:
    feed = await wished(store)
    async with store.begin() as tx:
        [push] = await tx.pushes.take(BASE, limit=9)
        assert (push.feed_id, push.hub, push.topic) == (feed.id, HUB, TOPIC)
        assert await tx.pushes.take(BASE, limit=9) == []
    clock.turn(6 * MINUTE)
    async with store.begin() as tx:
        [push] = await tx.pushes.take(BASE, limit=9)
        await tx.pushes.asked(push, "hub.example answers with HTTP 500")
        known = await tx.pushes.of(feed.id)
        assert known and (known.tries, known.reason) == (1, "hub.example answers with HTTP 500")
        assert [each.feed_id for each in await tx.pushes.take("https://moved.example", limit=9)] == [feed.id]


async def test_two_processes_do_not_take_one_wish(store: Store) -> None:
    for number in range(4):
        await wished(store, f"{TOPIC}/{number}")
    taken = []
    async with store.begin() as tx:
        taken += [push.feed_id for push in await tx.pushes.take(BASE, limit=3)]
    async with store.begin() as tx:
        taken += [push.feed_id for push in await tx.pushes.take(BASE, limit=3)]
    assert len(taken) == len(set(taken)) == 4


async def test_what_a_hub_grants_before_it_answers_is_kept(store: Store, clock: Clock) -> None:
    feed = await wished(store)
    async with store.begin() as tx:
        [push] = await tx.pushes.take(BASE, limit=9)
    async with store.begin() as tx:
        assert await tx.pushes.by_callback(push.callback) == push
        assert await tx.pushes.by_callback("unknown") is None
        await tx.pushes.confirm(feed.id, until=clock() + DAY, renew_at=clock() + DAY / 2)
        await tx.pushes.asked(push, "")
        known = await tx.pushes.of(feed.id)
    assert known and (known.due_at, known.lease_until, known.tries) == (clock() + DAY / 2, clock() + DAY, 0)


async def test_trust_marks_the_feed_and_ends_with_the_lease_a_no_or_the_switch(store: Store, clock: Clock) -> None:
    feed = await wished(store)

    async def pushed() -> bool:
        async with store.read() as tx:
            known = await tx.feeds.get(feed.id)
        assert known
        return known.pushed

    async with store.begin() as tx:
        await tx.pushes.confirm(feed.id, until=clock() + DAY, renew_at=clock() + DAY / 2)
        await tx.pushes.arrived(feed.id, clock())
        await tx.pushes.trust(feed.id, True)
    assert await pushed()
    clock.turn(25 * HOUR)
    async with store.begin() as tx:
        await tx.pushes.distrust_lapsed()
    assert not await pushed()
    async with store.begin() as tx:
        await tx.pushes.trust(feed.id, True)
        await tx.pushes.denied(feed.id, "no")
    assert not await pushed()
    async with store.begin() as tx:
        await tx.pushes.trust(feed.id, True)
        await tx.pushes.trust(feed.id, False)
        known = await tx.pushes.of(feed.id)
        assert known and known.missed == 1 and known.pushed_at is not None
        await tx.pushes.trust(feed.id, True)
        await tx.pushes.end_all()
        assert await tx.pushes.of(feed.id) is None
    assert not await pushed()


async def test_a_look_is_moved_forward_and_never_back(store: Store, clock: Clock) -> None:
    feed = await wished(store)
    clock.turn(-HOUR)  # the feed is due in an hour
    async with store.begin() as tx:
        await tx.pushes.look_at(feed.id, clock() + MINUTE)
        await tx.pushes.look_at(feed.id, clock() + 2 * MINUTE)
        known = await tx.feeds.get(feed.id)
    assert known and known.next_check_at == clock() + MINUTE


async def test_a_lost_feed_is_sought_once_known_by_its_articles_and_put_right(store: Store, clock: Clock) -> None:
    feed = await wished(store)
    old, new = (Entry(key, key, f"https://news.example/{key}", f"news.example/{key}") for key in ("old", "new"))
    renamed = Entry("other key", "old", old.url, old.link_key)
    async with store.begin() as tx:
        await tx.archive.add(feed, [old], now=clock())
        assert await tx.archive.knows(feed.id, [new, old])
        assert await tx.archive.knows(feed.id, [renamed])
        assert not await tx.archive.knows(feed.id, [new])
        assert not await tx.archive.knows(feed.id, [])
        assert await tx.budgets.seek(feed.id, clock())
        assert not await tx.budgets.seek(feed.id, clock() - DAY)
        assert await tx.feeds.put_right(feed.id, f"{TOPIC}/new")
        known = await tx.feeds.get(feed.id)
    assert known and (known.url, known.cache) == (f"{TOPIC}/new", {})
    clock.turn(DAY)
    async with store.begin() as tx:
        assert await tx.budgets.seek(feed.id, clock() - HOUR)


async def test_gaps_are_counted_with_what_they_span(store: Store, clock: Clock) -> None:
    feed = await wished(store)
    async with store.begin() as tx:
        for _ in range(2):
            await tx.gaps.note(feed.id, since=clock() - HOUR, until=clock())
        clock.turn(DAY)
        await tx.gaps.note(feed.id, since=clock() - 2 * HOUR, until=clock())
        assert await tx.gaps.count(feed.id, clock() - 2 * DAY) == (2, 3 * HOUR)
        assert await tx.gaps.count(feed.id, clock() - HOUR) == (1, HOUR)


async def test_whether_pages_are_read_is_kept_by_feed(store: Store) -> None:
    feed = await wished(store)
    for wanted in (True, False, None):
        async with store.begin() as tx:
            assert await tx.feeds.read_pages(feed.id, wanted)
            known = await tx.feeds.get(feed.id)
        assert known and known.full_text is wanted
