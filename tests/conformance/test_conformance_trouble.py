"""Checks 37 to 48: failures, crowds, and what never happens."""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from itertools import pairwise
from random import Random
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from bot.core.cadence import first_check
from bot.core.model import EVERYONE, FeedState
from bot.push import Door, Hubs
from bot.sources import opml
from bot.sources.gate import Gate
from bot.store import Store
from tests.conformance.world import DAY, HOUR, MINUTE, SECOND, World, rss, server
from tests.fakes.asgi import call
from tests.fakes.newsstand import Reply
from tests.store.databases import own_server

pytestmark = pytest.mark.asyncio(loop_scope="session")


def good(world: World) -> Reply:
    return Reply(rss("1", "2", at=world.clock()), headers={"ETag": '"1"'})


DUE = int(os.environ.get("CONFORMANCE_FEEDS", "1000"))
"""Feeds that are due at once after the outage of the last check; `make conformance` takes ten thousand."""


async def test_37_a_410_said_twice_a_day_apart_stops_the_polling(world: World) -> None:
    feed = await world.add(world.on("a", "/feed", good(world), Reply(status=410)))
    await world.live(3 * DAY)
    assert (await world.feed(feed.id)).state is FeedState.GONE
    assert len(world.log()) == 3
    assert world.gaps()[1] >= DAY
    await world.live(25 * DAY)
    assert len(world.log()) == 3


async def test_38_a_410_said_once_stops_nothing(world: World) -> None:
    feed = await world.add(world.on("a", "/feed", good(world), Reply(status=410), good(world)))
    await world.live(4 * DAY)
    assert (await world.feed(feed.id)).state is FeedState.ACTIVE
    assert len(world.log()) > 10


async def test_39_a_404_is_asked_ever_less_often_and_never_given_up(world: World) -> None:
    feed = await world.add(world.on("a", "/feed", good(world), Reply(status=404)))
    await world.live(20 * DAY)
    gaps = world.gaps()
    assert gaps[1] < gaps[3] and max(gaps) <= 1.2 * DAY
    assert gaps[-1] >= DAY * 0.75
    await world.live(60 * DAY)
    known = await world.feed(feed.id)
    assert known.state is FeedState.DORMANT and known.next_check_at
    assert world.gaps()[-1] <= 8.5 * DAY


@pytest.mark.slow
async def test_40_a_5xx_backs_off_with_jitter(world: World) -> None:
    for name in "abc":
        await world.add(world.on(name, "/feed", good(world), Reply(status=500)))
    await world.live(4 * DAY)
    gaps = [world.gaps(name)[1:5] for name in "abc"]
    assert all(earlier < later for each in gaps for earlier, later in pairwise(each))
    assert len({gap for each in gaps for gap in each}) == 12


async def test_41_one_request_at_a_time_and_a_second_apart_for_each_host(world: World) -> None:
    for number in range(12):
        await world.add(world.on("a", f"/{number}", good(world)))
    host = world.host("a")
    await asyncio.gather(*(world.poller.poll(host) for _ in range(4)))
    assert len(world.log()) == 12
    assert world.room.most_at_once[host] == 1
    assert min(world.gaps("a")) >= SECOND


@pytest.mark.slow
async def test_42_a_hundred_feeds_of_one_host_that_come_by_opml_are_spread(world: World) -> None:
    outlines = [opml.Outline(url=world.on("a", f"/{n}", good(world)), title=f"Feed {n}") for n in range(100)]
    found = opml.read(opml.write(outlines, title="Many", now=world.clock()).encode())
    async with world.store.begin() as tx:
        for place, outline in enumerate(found.outlines):
            due = first_check(place, len(found.outlines), now=world.clock())
            await tx.feeds.add(outline.url, tenant=EVERYONE, title=outline.title, now=due)
    await world.live(HOUR)
    log = world.log("a")
    assert len({asked.path for asked in log}) == 100
    assert min(world.gaps("a")) >= SECOND
    for minute in range(60):
        start = log[0].at + minute * MINUTE
        assert sum(start <= asked.at < start + MINUTE for asked in log) <= 31


async def test_43_neither_icons_nor_robots_nor_the_sites_root_is_fetched_by_the_poller(world: World) -> None:
    await world.add(world.on("a", "/x/feed", good(world), Reply(status=404), Reply(b"<html></html>"), good(world)))
    await world.live(5 * DAY)
    assert {asked.path for asked in world.log()} == {"/x/feed"}


async def test_44_only_get_is_used(world: World) -> None:
    await world.add(world.on("a", "/feed", good(world), Reply(status=405), Reply(status=503), good(world)))
    final, _ = await world.source.look(world.on("b", "/feed", good(world)))
    await world.live(3 * DAY)
    assert final and {asked.method for asked in world.log()} == {"GET"}


async def test_45_a_password_is_not_carried_to_another_origin(world: World) -> None:
    there = world.on("b", "/feed", good(world))
    url = world.on("a", "/feed", Reply(status=302, headers={"Location": there})).replace(
        "http://", "http://ada:s3cr3t@"
    )
    await world.add(url, private=True)
    await world.live(HOUR)
    assert world.log("a")[0].values("authorization")
    assert world.log("b")
    assert not [asked for asked in world.log("b") if asked.values("authorization") or asked.values("cookie")]


async def test_46_websub_is_only_ever_a_hint(world: World) -> None:
    forms: list[Mapping[str, str]] = []
    keys = ["1"]

    async def ask(hub: str, form: Mapping[str, str]) -> None:
        forms.append(form)
        await world.source.ask_hub(hub, form)

    async def hour() -> None:
        await hubs.renew()
        await world.live(HOUR)

    hub = world.on("hub", "/hub", Reply(status=202))
    link = f'<link xmlns="http://www.w3.org/2005/Atom" rel="hub" href="{hub}"/>'
    url = world.on("a", "/feed", server(lambda: rss(*keys, at=world.clock(), head=link), lambda: {"ETag": f'"{keys}"'}))
    hubs = world.poller.hubs = Hubs(store=world.store, ask=ask, base="https://bell.example")
    door = Door(world.store)
    feed = await world.add(url)
    await world.live(MINUTE)
    await hubs.renew()
    assert [(asked.method, asked.path) for asked in world.log("hub")] == [("POST", "/hub")]
    callback = forms[0]["hub.callback"].removeprefix("https://bell.example")

    # A challenge is echoed only for a known topic and mode.
    async def asks_back(topic: str, mode: str = "subscribe") -> tuple[int, bytes]:
        said = {"hub.mode": mode, "hub.topic": topic, "hub.challenge": "echo", "hub.lease_seconds": "86400"}
        return await call(door, "GET", f"{callback}&{urlencode(said)}")

    assert await asks_back("https://other.example/feed") == (404, b"")
    assert await asks_back(url, "unsubscribe") == (404, b"")
    assert await asks_back(url) == (200, b"echo")
    await world.live(10 * MINUTE)

    # A bad signature is ignored; a good one has the feed looked at, and what it carries is not read.
    body = rss("forged", at=world.clock())
    sign = hmac.new(forms[0]["hub.secret"].encode(), body, "sha256").hexdigest()
    before = (await world.feed(feed.id)).next_check_at
    await call(door, "POST", callback, body=body, headers={"X-Hub-Signature": f"sha256={sign[::-1]}"})
    assert (await world.feed(feed.id)).next_check_at == before
    keys.insert(0, "2")
    looks = len(world.log("a"))
    await call(door, "POST", callback, body=body, headers={"X-Hub-Signature": f"sha256={sign}"})
    await world.live(MINUTE)
    assert len(world.log("a")) == looks + 1
    assert await world.titles() == ["News 1", "News 2"]
    assert (await world.feed(feed.id)).pushed

    # The lease of a day is renewed before its end.
    for _ in range(13):
        await hour()
    assert len(forms) == 2

    # News that nobody announced is found by the pull that never stopped, and withdraws the trust.
    assert (await world.feed(feed.id)).pushed
    keys.insert(0, "3")
    for _ in range(8):
        await hour()
    assert "News 3" in await world.titles()
    assert not (await world.feed(feed.id)).pushed


@pytest_asyncio.fixture(loop_scope="session")
async def two_stores(world: World) -> AsyncIterator[list[Store]]:
    with own_server() as url:
        stores = [await Store.open(url, clock=world.clock) for _ in range(2)]
        yield stores
        for store in stores:
            await store.close()


async def test_47_two_workers_on_one_postgresql_never_fetch_a_feed_in_the_same_lease(
    world: World, two_stores: list[Store]
) -> None:
    urls = [world.on(f"h{n % 5}", f"/{n}", good(world)) for n in range(40)]
    async with two_stores[0].begin() as tx:
        for url in urls:
            await tx.feeds.add(url, tenant=EVERYONE, now=world.clock())
    workers = []
    for store in two_stores:
        world.store = store
        await world.start()
        workers.append(world.poller)
    hosts = [world.host(f"h{n}") for n in range(5)]
    await asyncio.gather(*(worker.poll(host) for worker in workers for host in hosts))
    assert sorted(asked.path for asked in world.log()) == sorted(f"/{n}" for n in range(40))


@pytest.mark.slow
async def test_48_what_is_due_after_an_outage_is_drained_politely_and_old_news_does_not_ring(
    world: World,
) -> None:
    """The host gates of the drain at full size, in virtual time; the age floor through the whole way in."""
    gate = Gate(clock=world.room.seconds, sleep=world.room.sleep, random=Random(3).random, per_minute=0)
    starts: dict[str, list[timedelta]] = {}
    hosts = [f"h{n % (DUE // 4)}.example" for n in range(DUE)]
    async with world.store.begin() as tx:
        for number, host in enumerate(hosts):
            await tx.feeds.add(f"https://{host}/{number}", tenant=EVERYONE, now=world.clock() - DAY)
    began, drained = world.clock(), 0
    while True:
        async with world.store.read() as tx:
            due = await tx.feeds.due_hosts(500)
        if not due:
            break
        async with world.store.begin() as tx:
            claimed = [await tx.feeds.claim(host, owner="w", lease=3 * MINUTE, limit=10) for host in due]
        for host, feeds in zip(due, claimed, strict=True):
            for _ in feeds:
                async with gate.turn(host):
                    starts.setdefault(host, []).append(world.clock() - began)
                drained += 1
        async with world.store.begin() as tx:
            for feeds in claimed:
                for feed in feeds:
                    await tx.feeds.put_back(feed.id, owner="w", until=world.clock() + 30 * DAY)
    assert drained == DUE
    assert min(b - a for times in starts.values() for a, b in pairwise(times)) >= SECOND
    await world.retire()

    headlines = ["Chile elects a president", "Copper mine in Chile is closed", "Chile wins the football cup"]
    news = [headlines[0]]
    ages = world.clock()
    await world.add(world.on("a", "/feed", server(lambda: rss(*news, at=ages), lambda: {"ETag": f'"{len(news)}"'})))
    await world.live(HOUR)
    await world.follow("Chile")
    news.insert(0, headlines[1])
    world.clock.forward(3 * DAY)  # the outage
    await world.live(HOUR)
    ages = world.clock()
    news.insert(0, headlines[2])
    await world.live(DAY)
    await world.courier.flush("fake:general")
    assert headlines[1] in await world.titles()
    assert world.platform.titles() == [headlines[2]]
