"""Measures delivery: posts a second through one and four workers on PostgreSQL, and how long an article takes to ring.

    python benchmarks/delivery.py [--quick] [--json FILE]

Throughput: alerts wait for 200 channels; workers are processes of their own with the real courier, store and queue, and
a fake platform that takes 50 ms. Once with eight posts at a time for each worker, where the platform is what is waited
for, and once with 64, where the cores are; the scaling factor of the first says what the database and the queue cost
when workers are added. CPU is that of the workers alone.

Latency: 1,000 feeds and 1,000 subscriptions on SQLite (synchronous=FULL) in one process; from the answer of the feed
that first holds an article to the channel's answer, through matching, story, outbox and the platform's 50 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import structlog

from bot.core.errors import TryLater
from bot.core.message import Message
from bot.core.model import Channel, Delivery, DeliveryState, Entry, Feed, Fetched
from bot.core.router import Router
from bot.courier import Courier
from bot.jobs import Jobs
from bot.pipeline import Pipeline
from bot.poller import Poller
from bot.store import Store
from bot.stories import Stories
from bot.topics import Catalogue, Following
from tests.simulator.newswire import word
from tests.store.databases import own_server

CHANNELS = 200
PLATFORM = 0.05
CATALOGUE = Path(__file__).parents[1] / "config" / "topics.toml"


class Slow:
    """A platform that takes 50 ms for a post; `shown` is called with each message."""

    name: str = "fake"
    dedupes_for = timedelta(minutes=1)
    whispers = False

    def __init__(self, shown: Callable[[Message], None] = lambda _: None) -> None:
        self._shown = shown

    async def run(self, router: Router) -> None:
        await asyncio.Event().wait()

    async def check(self) -> str:
        return self.name

    async def send(self, channel: str, message: Message, *, delivery_id: str) -> str:
        await asyncio.sleep(PLATFORM)
        self._shown(message)
        return delivery_id

    async def edit(self, channel: str, remote_id: str, message: Message) -> None:
        raise TryLater("nothing is edited here")

    async def find(self, channel: str, delivery_id: str, since: datetime) -> str | None:
        return None


async def every(seconds: float, tick: Callable[[], Awaitable[object]]) -> None:
    while True:
        with contextlib.suppress(Exception):  # as the scheduler does: the next tick tries again
            await tick()
        await asyncio.sleep(seconds)


# -- throughput -----------------------------------------------------------------------------------------------------


def work(url: str, number: int, at_once: int, go: Event, done: Event, used: Any) -> None:
    quiet()
    asyncio.run(_work(url, number, at_once, go, done))
    spent = resource.getrusage(resource.RUSAGE_SELF)
    used[number] = spent.ru_utime + spent.ru_stime - used[number]


async def _work(url: str, number: int, at_once: int, go: Event, done: Event) -> None:
    store, jobs = await Store.open(url), await Jobs.open(url)
    courier = Courier(store=store, platforms={"fake": Slow()}, jobs=jobs, name=f"worker {number}")
    jobs.on("flush fake", courier.flush, at_once=at_once)
    await asyncio.to_thread(go.wait)
    tasks = [asyncio.create_task(jobs.run()), asyncio.create_task(every(1.0, courier.flush_due))]
    await asyncio.to_thread(done.wait)
    jobs.stopping = True
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await jobs.close()
    await store.close()


def throughput(workers: int, at_once: int, alerts: int) -> dict[str, Any]:
    """Alerts a second from the starting shot to the last note of one as sent."""
    context = multiprocessing.get_context("fork")
    with own_server() as url:
        asyncio.run(_fill(url, alerts))
        go, done = context.Event(), context.Event()
        used: Any = context.Array("d", workers)
        crew = [
            context.Process(target=work, args=(url, number, at_once, go, done, used), daemon=True)
            for number in range(workers)
        ]
        for worker in crew:
            worker.start()
        time.sleep(3)
        began = time.monotonic()
        go.set()
        asyncio.run(_until_sent(url, alerts))
        seconds = time.monotonic() - began
        done.set()
        for worker in crew:
            worker.join(20)
    return {"a_second": round(alerts / seconds, 1), "cpu_ms": round(sum(used) / alerts * 1000, 2)}


async def _fill(url: str, alerts: int) -> None:
    store = await Store.open(url)
    async with store.begin() as tx:
        for number in range(alerts):
            channel = f"fake:{number % CHANNELS}"
            await tx.outbox.add(Delivery(f"d{number}", channel, channel, Message(title=f"Alert {number}")))
    await store.close()


async def _until_sent(url: str, alerts: int) -> None:
    store = await Store.open(url)
    sent = 0
    while sent < alerts:
        await asyncio.sleep(0.2)  # to count is work as well, on the cores of the workers
        async with store.read() as tx:
            counts = await tx.deliveries.counts(None, datetime.now(UTC) - timedelta(days=1))
        sent = counts.get(DeliveryState.SENT, 0)
    await store.close()


# -- latency --------------------------------------------------------------------------------------------------------


class Wire:
    """Feeds that hold nothing at their first look and one article more at each later one, which names one topic."""

    def __init__(self, topics: list[str]) -> None:
        self._topics = topics
        self._dice = Random(1)
        self.seen: dict[str, float] = {}

    async def fetch(self, feed: Feed) -> Fetched:
        if feed.ok_at is None:
            return Fetched(title=feed.url)
        own = [word(self._dice) for _ in range(60)]
        title, url = " ".join(own[:8]), f"https://news.example/{own[0]}{own[1]}"
        text = f"{' '.join(own[8:14])} {self._dice.choice(self._topics)} {' '.join(own[14:])}."
        self.seen[title] = time.monotonic()
        entry = Entry(
            key=title, title=title, url=url, text=text, published=datetime.now(UTC), lang="en",
        )  # fmt: skip
        return Fetched(entries=(entry,), title=feed.url, lang="en")


async def latency(feeds: int, subscriptions: int, articles: int) -> dict[str, Any]:
    dice = Random(2)
    topics = [word(dice, 6) for _ in range(subscriptions)]
    waits: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/newsbell.db"
        store, jobs, wire = await Store.open(url), await Jobs.open(url), Wire(topics)

        def shown(message: Message) -> None:
            waits.append(time.monotonic() - wire.seen[message.title])

        pipeline = Pipeline(
            store=store, following=Following(Catalogue.load(CATALOGUE)), stories=Stories(), jobs=jobs
        )  # fmt: skip
        poller = Poller(store=store, source=wire, jobs=jobs, take_in=pipeline.take_in, name="one")
        courier = Courier(store=store, platforms={"fake": Slow(shown)}, jobs=jobs, name="one")
        poller.serve()
        courier.serve()
        every_feed = timedelta(seconds=max(60.0, feeds / 10))  # ten new articles a second, and as many alerts
        async with store.begin() as tx:
            now = await tx.now()
            for number in range(feeds):
                due = now + every_feed * (number / feeds)
                await tx.feeds.add(f"https://f{number}.example/rss", title=f"f{number}", now=due, interval=every_feed)
            for number, topic in enumerate(topics):
                name = f"fake:{number % CHANNELS}"
                await tx.subscriptions.add(name, Channel(name, name, name), topic, now=now)
        tasks = [
            asyncio.create_task(jobs.run()),
            asyncio.create_task(every(1.0, poller.poll_due)),
            asyncio.create_task(every(1.0, courier.flush_due)),
        ]
        while len(waits) < articles:
            await asyncio.sleep(0.5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await jobs.close()
        await store.close()
    waits.sort()
    return {
        "feeds": feeds,
        "subscriptions": subscriptions,
        "alerts": len(waits),
        "p50_ms": round(waits[len(waits) // 2] * 1000),
        "p99_ms": round(waits[int(len(waits) * 0.99) - 1] * 1000),
    }


def quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="400 alerts, 200 feeds and subscriptions")
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    quiet()
    alerts = 400 if given.quick else 4_000
    figures: dict[str, Any] = {"cores": os.cpu_count()}
    with contextlib.suppress(OSError):
        figures["load"] = round(os.getloadavg()[0], 1)
    for at_once in (8, 64):
        one, four = (throughput(workers, at_once, alerts) for workers in (1, 4))
        factor = round(four["a_second"] / one["a_second"], 2)
        figures[f"{at_once} at a time"] = {"one": one, "four": four, "factor": factor}
    size = 200 if given.quick else 1_000
    figures["latency"] = asyncio.run(latency(size, size, 150 if given.quick else 1_000))
    report(figures)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2))


def report(figures: dict[str, Any]) -> None:
    print(f"{figures['cores']} cores, load {figures.get('load', '?')} at the start; a platform of 50 ms, PostgreSQL")
    print(f"{'posts at a time':<18}{'1 worker':>14}{'4 workers':>14}{'factor':>9}{'CPU a post':>13}")
    for at_once in (8, 64):
        row = figures[f"{at_once} at a time"]
        print(
            f"{at_once:<18}{row['one']['a_second']:>12}/s{row['four']['a_second']:>12}/s{row['factor']:>9}"
            f"{row['one']['cpu_ms']:>10} ms"
        )
    late = figures["latency"]
    print(
        f"{late['feeds']:,} feeds, {late['subscriptions']:,} subscriptions: from the feed's answer to the channel's "
        f"{late['p50_ms']} ms (median), {late['p99_ms']} ms (p99) over {late['alerts']} alerts"
    )


if __name__ == "__main__":
    main()
