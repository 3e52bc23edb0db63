"""Feeds: shared addresses, private ones, leases, penalties, and what a tenant sees of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.model import EVERYONE, Channel, Entry, Feed, FeedState
from bot.store import Store, Tx
from tests.store.databases import START, Clock

URL = "https://news.example/rss"
LEASE = timedelta(minutes=2)
HOUR = timedelta(hours=1)


async def add(tx: Tx, url: str = URL, tenant: str = EVERYONE, **more: object) -> Feed:
    feed, _ = await tx.feeds.add(url, tenant=tenant, now=START, **more)  # type: ignore[arg-type]  # a shorthand
    return feed


async def test_adding_twice_is_one_feed_and_one_use(store: Store) -> None:
    async with store.begin() as tx:
        first, created = await tx.feeds.add(URL, tenant="a", added_by="ann", title="News", now=START)
        again, created_again = await tx.feeds.add(URL, tenant="a", now=START + HOUR)
        other, created_for_other = await tx.feeds.add(URL, tenant="b", title="Other title", now=START + HOUR)
    assert (created, created_again, created_for_other) == (True, False, True)
    assert first == again == other
    assert first.state is FeedState.NEW
    assert first.next_check_at == START


async def test_the_pack_has_the_last_word_on_outlet_and_interval(store: Store) -> None:
    async with store.begin() as tx:
        await add(tx, tenant="a", source="what ann calls it", lang="en")
        packed = await add(tx, source="The Example", region="europe", interval=HOUR)
        await add(tx, tenant="b", source="what bob calls it", interval=timedelta(minutes=1))
        seen = await tx.feeds.get(packed.id)
    assert seen is not None
    assert (seen.source, seen.lang, seen.region, seen.interval) == ("The Example", "en", "europe", HOUR)


async def test_a_private_address_is_a_feed_of_its_tenant_alone(store: Store) -> None:
    async with store.begin() as tx:
        public = await add(tx)
        private = await add(tx, tenant="a", private=True)
        assert private.id != public.id
        assert await tx.feeds.by_url(URL, "a") == private
        assert await tx.feeds.by_url(URL, "b") == public
        assert [feed.id for feed in await tx.feeds.visible("b")] == [public.id]
        assert await tx.feeds.audience(private.id) == {"a"}
        assert not await tx.feeds.remove(private.id, "b")
        assert not await tx.feeds.pause(private.id, "b", True)


async def test_only_the_pack_and_own_feeds_are_visible_the_troubled_first(store: Store) -> None:
    async with store.begin() as tx:
        for number, (source, tenant, state) in enumerate(
            [
                ("beta", EVERYONE, FeedState.ACTIVE),
                ("Alpha", EVERYONE, FeedState.ACTIVE),
                ("zeta", EVERYONE, FeedState.BLOCKED),
                ("mine", "a", FeedState.ACTIVE),
                ("theirs", "b", FeedState.GONE),
            ]
        ):
            feed = await add(tx, f"https://h{number}.example/", tenant, source=source)
            await tx.feeds.claim(f"h{number}.example", owner="w", lease=LEASE)
            assert await tx.feeds.save(replace(feed, state=state), owner="w")
        assert [feed.source for feed in await tx.feeds.visible("a")] == ["zeta", "Alpha", "beta", "mine"]
        assert [feed.source for feed in await tx.feeds.visible("a", offset=1, limit=2)] == ["Alpha", "beta"]
        assert await tx.feeds.count("a") == {FeedState.ACTIVE: 3, FeedState.BLOCKED: 1}
        assert await tx.feeds.count("nobody") == {FeedState.ACTIVE: 2, FeedState.BLOCKED: 1}


async def test_a_paused_use_shows_rings_nobody_and_is_not_polled(store: Store) -> None:
    async with store.begin() as tx:
        feed = await add(tx, tenant="a")
        await add(tx, tenant="b")
        assert await tx.feeds.pause(feed.id, "a", True)
        assert [seen.state for seen in await tx.feeds.visible("a")] == [FeedState.PAUSED]
        assert await tx.feeds.count("a") == {FeedState.PAUSED: 1}
        assert [seen.state for seen in await tx.feeds.visible("b")] == [FeedState.NEW]
        assert await tx.feeds.audience(feed.id) == {"b"}
        assert await tx.feeds.due_hosts(10) == ["news.example"]
        assert await tx.feeds.pause(feed.id, "b", True)
        assert await tx.feeds.due_hosts(10) == []
        assert await tx.feeds.claim("news.example", owner="w", lease=LEASE) == []
        assert await tx.feeds.pause(feed.id, "b", False)
        assert await tx.feeds.due_hosts(10) == ["news.example"]


async def test_a_feed_of_the_pack_is_a_tenants_to_pause_for_itself_and_not_to_remove(store: Store) -> None:
    async with store.begin() as tx:
        feed = await add(tx)
        for tenant in "abc":
            await tx.subscriptions.add(tenant, Channel(f"web:{tenant}", tenant), "ISIL", now=START)
        assert not await tx.feeds.owned(feed.id, "a")
        assert not await tx.feeds.remove(feed.id, "a")
        assert not await tx.feeds.pause(feed.id, "a", False)
        assert await tx.feeds.audience(feed.id) == {EVERYONE}
        assert await tx.feeds.pause(feed.id, "a", True)
        assert not await tx.feeds.pause(feed.id, "a", True)
        assert not await tx.feeds.owned(feed.id, "a")
        assert [seen.state for seen in await tx.feeds.visible("a")] == [FeedState.PAUSED]
        assert [seen.state for seen in await tx.feeds.visible("b")] == [FeedState.NEW]
        assert await tx.feeds.audience(feed.id) == {"b", "c"}
        assert await tx.feeds.due_hosts(10) == ["news.example"]
        assert await tx.feeds.pause(feed.id, "a", False)
        assert await tx.feeds.audience(feed.id) == {EVERYONE}
        assert await tx.feeds.pause(feed.id, "a", True)
        mine, created = await tx.feeds.add(URL, tenant="a", now=START)
        assert (mine.id, created) == (feed.id, True)
        assert await tx.feeds.audience(feed.id) == {EVERYONE, "a"}


async def test_a_pause_alone_keeps_no_feed_alive(store: Store) -> None:
    async with store.begin() as tx:
        feed = await add(tx)
        await tx.feeds.pause(feed.id, "a", True)
        assert await tx.feeds.remove(feed.id, EVERYONE)
        assert await tx.feeds.get(feed.id) is None
        assert await tx.feeds.visible("a") == []
        assert await tx.feeds.due_hosts(10) == []
        assert not await tx.feeds.pause(feed.id, "b", True)


async def test_a_feed_lives_as_long_as_somebody_uses_it(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        feed = await add(tx, tenant="a")
        await add(tx, tenant="b")
        assert await tx.feeds.remove(feed.id, "a")
        assert not await tx.feeds.remove(feed.id, "a")
        assert await tx.feeds.get(feed.id) == feed
        assert await tx.feeds.by_url(URL, "a") is None
        assert await tx.feeds.remove(feed.id, "b")
        assert await tx.feeds.get(feed.id) is None
        assert await tx.feeds.due_hosts(10) == []


async def test_a_feed_that_comes_back_is_new_again_and_remembers_what_it_has_shown(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        feed = await add(tx, tenant="a")
        await tx.feeds.claim("news.example", owner="w", lease=LEASE)
        polled = replace(feed, state=FeedState.ACTIVE, cache={"etag": "1"}, ok_at=START, checked_at=START, fails=3)
        assert await tx.feeds.save(polled, owner="w")
        assert len(await tx.archive.add(feed, [Entry("k", "Shown before")], now=START)) == 1
        await tx.feeds.remove(feed.id, "a")
        later = clock.turn(HOUR)
        again, created = await tx.feeds.add(URL, tenant="a", now=later)
        assert created
        assert (again.state, again.cache, again.ok_at, again.next_check_at) == (FeedState.NEW, {}, None, later)
        assert await tx.archive.add(again, [Entry("k", "Shown before")], now=later) == []


async def test_the_longest_overdue_host_comes_first_and_claims_are_leases(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        await tx.feeds.add("https://late.example/1", now=START - HOUR)
        await tx.feeds.add("https://later.example/1", now=START - 2 * HOUR)
        await tx.feeds.add("https://later.example/2", now=START - 3 * HOUR)
        await tx.feeds.add("https://early.example/1", now=START + HOUR)
        assert await tx.feeds.due_hosts(10) == ["later.example", "late.example"]
        assert await tx.feeds.due_hosts(1) == ["later.example"]
        claimed = await tx.feeds.claim("later.example", owner="one", lease=LEASE, limit=5)
        assert [feed.url for feed in claimed] == ["https://later.example/2", "https://later.example/1"]
        assert await tx.feeds.claim("later.example", owner="two", lease=LEASE, limit=5) == []
        assert await tx.feeds.due_hosts(10) == ["late.example"]
        clock.turn(LEASE)
        assert len(await tx.feeds.claim("later.example", owner="two", lease=LEASE, limit=5)) == 2
        assert not await tx.feeds.save(replace(claimed[0], reason="too late"), owner="one")
        saved = replace(
            claimed[0], reason="in time", next_check_at=clock() + HOUR, per_day=2.5, cache={"a": "\x00\ud800"}
        )
        assert await tx.feeds.save(saved, owner="two")
        assert not await tx.feeds.save(saved, owner="two")
        assert await tx.feeds.get(claimed[0].id) == saved


async def test_one_feed_can_be_leased_by_number(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        feed, _ = await tx.feeds.add(URL, now=START + HOUR)
        assert await tx.feeds.lease(feed.id, owner="one", lease=LEASE)
        assert not await tx.feeds.lease(feed.id, owner="two", lease=LEASE)
        assert await tx.feeds.save(feed, owner="one")
        assert not await tx.feeds.lease(feed.id + 1, owner="two", lease=LEASE)


async def test_of_workers_that_claim_at_once_one_gets_the_feed(database_url: str) -> None:
    stores = [await Store.open(database_url) for _ in range(3)]
    async with stores[0].begin() as tx:
        for number in range(10):
            await tx.feeds.add(f"https://news.example/{number}", now=START - HOUR)

    async def claim(store: Store, owner: str) -> list[Feed]:
        async with store.begin() as tx:
            return await tx.feeds.claim("news.example", owner=owner, lease=LEASE, limit=2)

    claims = await asyncio.gather(*(claim(stores[n % 3], f"w{n}") for n in range(9)))
    for store in stores:
        await store.close()
    claimed = [feed.id for feeds in claims for feed in feeds]
    assert len(claimed) == len(set(claimed)) == 10


async def test_a_penalised_host_is_left_alone_until_then_and_never_shorter(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        await add(tx)
        await tx.feeds.penalise("news.example", START + 2 * HOUR)
        await tx.feeds.penalise("news.example", START + HOUR)
        clock.turn(HOUR)
        assert await tx.feeds.due_hosts(10) == []
        assert await tx.feeds.claim("news.example", owner="w", lease=LEASE) == []
        clock.turn(HOUR)
        assert await tx.feeds.due_hosts(10) == ["news.example"]


async def test_a_new_address_is_adopted_unless_another_feed_has_it(store: Store) -> None:
    async with store.begin() as tx:
        feed = await add(tx)
        await add(tx, "https://taken.example/")
        assert not await tx.feeds.rename_url(feed.id, "https://taken.example/")
        assert not await tx.feeds.rename_url(feed.id, "https://long.example/" + "x" * 3000)
        assert not await tx.feeds.rename_url(999, "https://free.example/")
        assert await tx.feeds.rename_url(feed.id, "https://moved.example/rss")
        assert await tx.feeds.by_url(URL, "a") is None
        assert "moved.example" in await tx.feeds.due_hosts(10)


async def test_a_url_that_cannot_be_kept_is_refused(store: Store) -> None:
    async with store.begin() as tx:
        for url in ("", "https://x.example/" + "x" * 3000):
            with pytest.raises(ValueError, match="2,048"):
                await tx.feeds.add(url, now=START)


async def test_articles_of_the_last_days_are_counted(store: Store) -> None:
    async with store.begin() as tx:
        feed = await add(tx)
        entries = [Entry(str(n), "News", published=START - n * timedelta(days=1)) for n in range(5)]
        await tx.archive.add(feed, entries, now=START)
        assert await tx.feeds.posted(feed.id, START - timedelta(days=2)) == 3
