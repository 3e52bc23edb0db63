"""Feeds: shared addresses, private ones, leases, penalties, and what a tenant sees of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.model import EVERYONE, Channel, Entry, Feed, FeedState, Move
from bot.core.pace import Pace
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
    assert first == again == replace(other, weight=1)
    assert other.weight == 2
    assert first.state is FeedState.NEW
    assert first.next_check_at == START


async def test_a_feed_weighs_as_many_servers_as_hear_it_up_to_sixteen(store: Store) -> None:
    async with store.begin() as tx:
        feed = await add(tx)
        other = await add(tx, "https://other.example/rss")

        async def weight() -> int:
            known = await tx.feeds.get(feed.id)
            assert known
            return known.weight

        assert await weight() == 1
        for number in range(20):
            await add(tx, tenant=f"t{number}")
        assert await weight() == 16
        for number in range(17):
            await tx.feeds.remove(feed.id, f"t{number}")
        assert await weight() == 4
        await tx.feeds.pause(feed.id, "t17", True)
        assert await weight() == 3
        await tx.channels.erase_tenant("t18")
        assert await weight() == 2
        assert await tx.feeds.move(other.id, URL)
        assert await weight() == 2


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


async def test_a_new_address_is_adopted(store: Store) -> None:
    async with store.begin() as tx:
        feed = await add(tx)
        assert not await tx.feeds.move(feed.id, "https://long.example/" + "x" * 3000)
        assert not await tx.feeds.move(999, "https://free.example/")
        assert await tx.feeds.move(feed.id, "https://moved.example/rss")
        assert await tx.feeds.by_url(URL, "a") is None
        assert "moved.example" in await tx.feeds.due_hosts(10)


async def test_a_url_that_cannot_be_kept_is_refused(store: Store) -> None:
    async with store.begin() as tx:
        for url in ("", "https://x.example/" + "x" * 3000):
            with pytest.raises(ValueError, match="2,048"):
                await tx.feeds.add(url, now=START)


async def test_a_feed_that_moves_to_one_we_know_hands_its_users_over(store: Store) -> None:
    async with store.begin() as tx:
        feed = await add(tx, tenant="a")
        await tx.feeds.add(URL, tenant="b", added_by="bea", now=START)
        other = await add(tx, "https://taken.example/", tenant="b")
        assert await tx.feeds.users(other.id) == {"b"}
        assert await tx.feeds.move(feed.id, "https://taken.example/")
        assert await tx.feeds.users(other.id) == {"a", "b"}
        assert await tx.feeds.get(feed.id) is None
        assert [seen.id for seen in await tx.feeds.visible("a")] == [other.id]


async def test_what_the_poller_learned_is_kept_and_forgotten_when_the_feed_starts_again(store: Store) -> None:
    async with store.begin() as tx:
        feed = await add(tx, tenant="a")
        assert await tx.feeds.lease(feed.id, owner="w", lease=LEASE)
        learned = replace(
            feed,
            pace=Pace().after([START], START),
            posted_at=START,
            oldest_at=START - HOUR,
            failing_since=START,
            gone_since=START,
            dark=True,
            move=Move("https://new.example/rss", START, 2),
            gap_at=START,
        )
        assert await tx.feeds.save(learned, owner="w")
        assert await tx.feeds.get(feed.id) == learned
        assert await tx.feeds.states() == {FeedState.NEW: 1}
        await tx.feeds.remove(feed.id, "a")
        again, _ = await tx.feeds.add(URL, tenant="a", now=START)
        assert (again.pace, again.move, again.dark, again.gap_at) == (Pace(), None, False, None)


async def test_a_feed_can_be_given_an_interval_and_an_agent_of_its_own(store: Store) -> None:
    async with store.begin() as tx:
        feed = await add(tx)
        assert await tx.feeds.adjust(feed.id, interval=HOUR, agent="Reader/1")
        adjusted = await tx.feeds.get(feed.id)
        assert adjusted and (adjusted.interval, adjusted.agent) == (HOUR, "Reader/1")
        assert not await tx.feeds.adjust(999, interval=None, agent="")


async def test_the_largest_burst_leaves_the_first_look_aside(store: Store) -> None:
    async with store.begin() as tx:
        feed = await add(tx)
        for look, many in enumerate((40, 3, 5)):
            entries = [Entry(f"{look}-{n}", f"News {look}-{n}") for n in range(many)]
            await tx.archive.add(feed, entries, now=START + look * HOUR)
        assert await tx.feeds.largest_burst(feed.id, START - HOUR, before=START + 3 * HOUR) == 5
        assert await tx.feeds.largest_burst(feed.id, START - HOUR, before=START + 2 * HOUR) == 3
        assert await tx.feeds.largest_burst(feed.id, START - HOUR, before=START + HOUR) == 0


async def test_what_was_shown_under_another_key_is_recognised_by_link_and_headline(store: Store) -> None:
    async with store.begin() as tx:
        feed = await add(tx)
        old = [
            Entry("old", "Floods in Chile", link_key="https://e.example/1"),
            Entry("o2", "Vote", link_key="https://e.example/2"),
        ]
        await tx.archive.add(feed, old, now=START)
        new = [
            Entry("n1", "Floods in CHILE", link_key="https://e.example/1"),
            Entry("n2", "Vote is counted", link_key="https://e.example/2"),
            Entry("n3", "Vote", link_key="https://e.example/3"),
            Entry("n4", "Quake", link_key="https://e.example/4"),
        ]
        articles = await tx.archive.add(feed, new, now=START + HOUR)
        titles = {article.id: article.title for article in articles}
        echoes = await tx.archive.echoes(feed, articles, flood=False)
        assert {titles[number] for number in echoes} == {"Floods in CHILE"}
        echoes = await tx.archive.echoes(feed, articles, flood=True)
        assert {titles[number] for number in echoes} == {"Floods in CHILE", "Vote is counted", "Vote"}
        await tx.archive.drop(echoes)
        assert [a.title for a in await tx.archive.of_feed(feed.id, limit=9)] == ["Quake", "Floods in Chile", "Vote"]
        assert await tx.archive.add(feed, new, now=START + HOUR) == []
