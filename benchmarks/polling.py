"""Measures polling: what a look costs in CPU, from claim to commit, beside the plain way; and the lateness of a fleet.

    python benchmarks/polling.py [--quick] [--feeds N] [--json FILE]

N feeds of about 60 kB on a loopback server in its own process, on 250 addresses. A look is the whole way: claim the
feed, fetch it through guard and gate, parse in a lane, store articles, stories, validators and the next check in SQLite
(synchronous=FULL). CPU is that of the bot and its lanes together. The plain way is `feedparser.parse(url)` in a pool of
16 threads, which stores nothing. Lateness is simulated in virtual time, with the pauses of the host gates, for 10,000
feeds on 2,500 hosts.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import json
import multiprocessing
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from multiprocessing.synchronize import Event
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import feedparser
import structlog
from aiohttp import web

from bot.core.cadence import BALANCED, next_check
from bot.core.model import EVERYONE, Feed, FeedState, Fetched
from bot.core.pace import Pace
from bot.jobs import Jobs
from bot.pipeline import Pipeline
from bot.poller import Poller
from bot.sources.feed import FeedSource
from bot.store import Store
from bot.stories import Stories
from bot.topics import Catalogue, Following

HOSTS = 250
ITEMS = 40
AT_ONCE = 32
CATALOGUE = Path(__file__).parents[1] / "config" / "topics.toml"
BEGAN = datetime.now(UTC)
MODES = ("full", "not modified", "same body", "nothing new", "one new item")


def document(number: int, mode: str, turn: int) -> bytes:
    """A blog's feed: 40 items with a screen of HTML each; the newest ones differ by mode and turn."""
    words = Random(number)
    syllables = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]

    def word() -> str:
        return "".join(words.choices(syllables, k=3))

    def item(key: str, place: int) -> str:
        text = "".join(
            f"<p class='lead' style='margin:0'>{' '.join(word() for _ in range(20))} "
            f"<a href='/{word()}?a={place}&amp;b=1'>{word()}</a> <em>{word()}</em> "
            f"{' '.join(word() for _ in range(15))}<img src='/img/{word()}.jpg' alt='{word()}' width='640'/></p>"
            for _ in range(4)
        )
        title = " ".join(word() for _ in range(8))
        return (
            f"<item><title>{title}</title><link>https://h{number}.example/{key}</link><guid>{number}-{key}</guid>"
            f"<pubDate>{format_datetime(BEGAN - timedelta(hours=place))}</pubDate>"
            f"<description><![CDATA[{text}]]></description></item>"
        )

    items = [item(str(place), place) for place in range(ITEMS)]
    if mode == "one new item":
        items.insert(0, item(f"new{turn}", 0))
    built = turn if mode in ("nothing new", "one new item") else 0
    head = f"<title>Feed {number}</title><link>https://h{number}.example/</link><lastBuildDate>{built}</lastBuildDate>"
    return f"<?xml version='1.0'?><rss version='2.0'><channel>{head}{''.join(items)}</channel></rss>".encode()


def serve(port: Any, ready: Event, state: Any) -> None:
    """The server: `state` is the mode and the turn, set by the measuring process."""

    async def handle(request: web.Request) -> web.Response:
        mode, turn = MODES[state[0]], state[1]
        if mode == "not modified" and request.headers.get("If-None-Match"):
            return web.Response(status=304, headers={"ETag": '"1"'})
        body = document(int(request.path[1:]), mode, turn)
        return web.Response(body=body, headers={"ETag": '"1"', "Content-Type": "application/rss+xml"})

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/{number}", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", 0).start()
        port.value = runner.addresses[0][1]
        ready.set()
        await asyncio.Event().wait()

    asyncio.run(run())


def lanes() -> Iterator[tuple[float, float]]:
    """CPU seconds and resident MB of each child of this process that parses."""
    me = str(os.getpid())
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdecimal() else []
            if len(fields) > 21 and fields[1] == me and b"bot.sources.child" in (entry / "cmdline").read_bytes():
                tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
                yield (int(fields[11]) + int(fields[12])) / tick, int(fields[21]) * page / 1e6
        except OSError:
            continue


def cpu() -> float:
    return time.process_time() + sum(seconds for seconds, _ in lanes())


async def looks(poller: Poller, store: Store, feeds: list[Feed]) -> tuple[float, float]:
    """One look at each feed; CPU milliseconds and wall milliseconds for each."""
    now = datetime.now(UTC)
    async with store.begin() as tx:
        for feed in feeds:
            await tx.feeds.adjust(feed.id, interval=timedelta(days=1), agent="")
    hosts = sorted({feed.url.split("/")[2].partition(":")[0] for feed in feeds})
    waiting: list[str] = list(hosts)

    async def worker() -> None:
        while waiting:
            await poller.poll(waiting.pop())

    used, began = cpu(), time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    used, wall = cpu() - used, time.perf_counter() - began
    async with store.read() as tx:
        states = {feed.reason for feed in await tx.feeds.visible(EVERYONE) if (feed.checked_at or now) < now}
        assert not states, f"not all were looked at: {states}"
        assert await tx.feeds.states() == {FeedState.ACTIVE: len(feeds)}
    return used / len(feeds) * 1000, wall / len(feeds) * 1000


def plainly(urls: list[str]) -> float:
    """CPU milliseconds for each by the plain way."""

    def parse(url: str) -> int:
        return len(feedparser.parse(url).entries)

    used = time.process_time()
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(parse, urls))
    assert min(found) >= ITEMS
    return (time.process_time() - used) / len(urls) * 1000


async def measure(count: int, rounds: int, port: int, state: Any, folder: Path) -> dict[str, Any]:
    addresses = [f"127.0.1.{n + 1}" for n in range(HOSTS)]
    urls = [f"http://{addresses[n % HOSTS]}:{port}/{n}" for n in range(count)]
    store = await Store.open(f"sqlite+aiosqlite:///{folder / 'bench.db'}")
    jobs = await Jobs.open("sqlite+aiosqlite:///")
    allowed = [(address, port) for address in addresses]
    source = FeedSource(contact="https://b.example", allowed=allowed, ports=[port], gap=0, jitter=0, per_minute=0)
    pipeline = Pipeline(store=store, following=Following(Catalogue.load(CATALOGUE)), stories=Stories(), jobs=jobs)
    figures: dict[str, Any] = {"feeds": count, "bytes": len(document(1, "full", 0))}
    async with source:
        poller = Poller(store=store, source=source, jobs=jobs, take_in=pipeline.take_in, name="bench")
        async with store.begin() as tx:
            feeds = [(await tx.feeds.add(url, now=datetime.now(UTC)))[0] for url in urls]
        await asyncio.sleep(1)  # the lanes start in the background
        turn = 0
        for mode in MODES:
            several: list[tuple[float, float]] = []
            for _ in range(1 if mode == "full" else rounds):
                turn += 1
                state[0], state[1] = MODES.index(mode), turn
                several.append(await looks(poller, store, feeds))
            figures[mode] = {
                "cpu_ms": round(statistics.median(used for used, _ in several), 2),
                "wall_ms": round(statistics.median(wall for _, wall in several), 2),
            }
        figures["peak_mb"] = round(
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000 + sum(size for _, size in lanes())
        )
    await jobs.close()
    await store.close()
    sample = urls[: min(count, 200)]
    state[0] = MODES.index("same body")
    figures["plain"] = {"cpu_ms": round(plainly(sample), 2)}
    return figures


def fleet(count: int, hours: int, service: float) -> dict[str, Any]:
    """Lateness of that many feeds by the balanced rule: a tick each second, one look at a time for each host.

    Two thirds post less than once a day, a tenth more than twenty times; `service` is a look's seconds on the wall.
    """
    chance = random.Random(11)
    start = datetime(2026, 11, 26, tzinfo=UTC)
    feeds: list[Feed] = []
    for number in range(count):
        per_day = 10 ** chance.gauss(-0.4, 0.9)
        moments = [start - timedelta(days=chance.random() * 60) for _ in range(min(int(per_day * 60), 4000))]
        feeds.append(Feed(number, "https://x.example/", state=FeedState.ACTIVE, pace=Pace().after(moments, start)))
    due = [(chance.random() * 3600, number) for number in range(count)]
    heapq.heapify(due)
    free_host: dict[int, float] = {}
    workers = [0.0] * 64
    late: list[float] = []
    end = hours * 3600.0
    while due[0][0] < end:
        moment, number = heapq.heappop(due)
        host = number % (count // 4)
        worker = heapq.heappop(workers)
        begin = max(float(int(moment) + 1), free_host.get(host, 0.0), worker)
        free_host[host] = begin + 1 + chance.random()
        heapq.heappush(workers, begin + service)
        late.append(begin - moment)
        now = start + timedelta(seconds=begin)
        after = next_check(
            feeds[number], now=now, outcome=Fetched(unchanged=True), cadence=BALANCED, random=chance.random
        )
        heapq.heappush(due, ((after - start).total_seconds(), number))
    late.sort()
    return {
        "feeds": count,
        "polls_per_feed_and_day": round(len(late) / count * 24 / hours, 1),
        "late_p50_s": round(late[len(late) // 2], 2),
        "late_p99_s": round(late[int(len(late) * 0.99)], 2),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="200 feeds, one round")
    options.add_argument("--feeds", type=int, default=1000)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    context = multiprocessing.get_context("spawn")
    port, state, ready = context.Value("i", 0), context.Array("i", [0, 0]), context.Event()
    server = context.Process(target=serve, args=(port, ready, state), daemon=True)
    server.start()
    ready.wait(30)
    count = 200 if given.quick else given.feeds
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(count, 1 if given.quick else 3, port.value, state, Path(folder)))
    server.terminate()
    figures["fleet"] = fleet(10_000, 6 if given.quick else 24, figures["not modified"]["wall_ms"] / 1000)
    report(figures)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2))


def report(figures: dict[str, Any]) -> None:
    plain = figures["plain"]["cpu_ms"]
    print(f"{figures['feeds']} feeds of {figures['bytes'] / 1000:.0f} kB; peak {figures['peak_mb']} MB with the lanes")
    print(f"{'a look that finds':<18} {'CPU':>9} {'plain/ours':>11} {'looks/s of a core':>18}")
    for mode in MODES:
        used = figures[mode]["cpu_ms"]
        print(f"{mode:<18} {used:>6.2f} ms {plain / used:>10.1f}x {1000 / used:>18.0f}")
    print(f"{'the plain way':<18} {plain:>6.2f} ms")
    fleet_ = figures["fleet"]
    looks_a_second = fleet_["feeds"] * fleet_["polls_per_feed_and_day"] / 86_400
    print(
        f"{fleet_['feeds']:,} feeds, balanced: {fleet_['polls_per_feed_and_day']} looks a day each, "
        f"late by {fleet_['late_p50_s']} s (median), {fleet_['late_p99_s']} s (p99)"
    )
    for mode in ("not modified", "nothing new", "one new item"):
        share = looks_a_second * figures[mode]["cpu_ms"] / 10
        print(f"  if every look finds {mode}: {share:.1f} % of a core")


if __name__ == "__main__":
    main()
