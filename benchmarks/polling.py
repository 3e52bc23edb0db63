"""Measures polling: what a look costs in CPU, from tick to commit, beside the plain way; and the lateness of a fleet.

    python benchmarks/polling.py [--quick] [--feeds N ...] [--json FILE]

N feeds (1,000, then 10,000) of real size on a loopback server in its own process, on 250 addresses. A look is the whole
way: the tick that finds the host due, the queue, the claim, the request through guard and gate, the slices, the parsing
lane, and the transaction that stores articles, stories, validators and the next check in SQLite (synchronous=FULL). CPU
is that of the bot and its lanes together. The plain way is `feedparser.parse(url)` in a pool of 16 threads, which asks
without validators and stores nothing; it runs right after on the same server. Lateness is simulated in virtual time,
with the pauses of the host gates, for 10,000 feeds on 2,500 hosts.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
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
from functools import cache
from multiprocessing.synchronize import Event
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import feedparser
import structlog
from aiohttp import web
from sqlalchemy import text

from bot.core.cadence import BALANCED, next_check
from bot.core.model import Feed, FeedState, Fetched
from bot.core.pace import Pace
from bot.jobs import Jobs
from bot.memory import give_back_what_is_free
from bot.pipeline import Pipeline
from bot.poller import Poller
from bot.sources.feed import FeedSource
from bot.store import Store
from bot.stories import Stories
from bot.topics import Catalogue, Following

HOSTS = 250
ITEMS = 40
MANY = 5_000
"""Feeds from which on documents have a quarter of the items: storing 400,000 articles would be most of the run."""
CATALOGUE = Path(__file__).parents[1] / "config" / "topics.toml"
BEGAN = datetime.now(UTC)
OLDEST = BEGAN - timedelta(days=3650)
LEFT = text("SELECT count(*) FROM feed WHERE checked_at IS NULL OR checked_at < :since")
MODES = ("full", "not modified", "same body", "nothing new", "one new item")


def per_day(number: int) -> float:
    """What a feed posts: two thirds less than once a day, a tenth more than twenty times."""
    return float(10 ** Random(number).gauss(-0.4, 0.9))


SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]


def item(number: int, key: str, published: datetime, words: Random) -> str:
    def word() -> str:
        return "".join(words.choices(SYLLABLES, k=3))

    text = "".join(
        f"<p class='lead' style='margin:0'>{' '.join(word() for _ in range(20))} "
        f"<a href='/{word()}?a={key}&amp;b=1'>{word()}</a> <em>{word()}</em> "
        f"{' '.join(word() for _ in range(15))}<img src='/img/{word()}.jpg' alt='{word()}' width='640'/></p>"
        for _ in range(4)
    )
    title = " ".join(word() for _ in range(8))
    return (
        f"<item><title>{title}</title><link>https://h{number}.example/{key}</link><guid>{number}-{key}</guid>"
        f"<pubDate>{format_datetime(published)}</pubDate><description><![CDATA[{text}]]></description></item>"
    )


@cache
def items(number: int, size: int) -> str:
    """What a feed has had for long: as far apart as it posts."""
    words, apart = Random(number), timedelta(days=1 / per_day(number))
    return "".join(item(number, str(n), max(BEGAN - n * apart, OLDEST), words) for n in range(1, size + 1))


def document(number: int, mode: str, turn: int, size: int = ITEMS) -> bytes:
    """A blog's feed: items with a screen of HTML each; what is new in it goes by mode and turn."""
    new = item(number, f"new{turn}", BEGAN, Random(f"{number} {turn}")) if mode == "one new item" else ""
    built = turn if mode in ("nothing new", "one new item") else 0
    head = f"<title>Feed {number}</title><link>https://h{number}.example/</link><lastBuildDate>{built}</lastBuildDate>"
    return f"<?xml version='1.0'?><rss version='2.0'><channel>{head}{new}{items(number, size)}</channel></rss>".encode()


def serve(port: Any, ready: Event, state: Any) -> None:
    """The server: `state` is the mode, the turn and the items of a document, set by the measuring process."""

    async def handle(request: web.Request) -> web.Response:
        mode, turn = MODES[state[0]], state[1]
        if mode == "not modified" and request.headers.get("If-None-Match"):
            return web.Response(status=304, headers={"ETag": '"1"'})
        body = document(int(request.path[1:]), mode, turn, state[2])
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
    """CPU seconds and MB of each child of this process that parses: its own, and its part of what it shares (PSS)."""
    me = str(os.getpid())
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdecimal() else []
            if len(fields) > 21 and fields[1] == me and b"bot.sources.child" in (entry / "cmdline").read_bytes():
                kilobytes = next(line for line in (entry / "smaps_rollup").read_text().splitlines() if "Pss:" in line)
                seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
                yield seconds, int(kilobytes.split()[1]) * 1024 / 1e6
        except (OSError, StopIteration):
            continue


def cpu() -> float:
    return time.process_time() + sum(seconds for seconds, _ in lanes())


async def looks(poller: Poller, store: Store, feeds: list[Feed]) -> tuple[float, float]:
    """One look at each feed; CPU milliseconds and wall milliseconds for each."""
    async with store.begin() as tx:
        for feed in feeds:
            await tx.feeds.adjust(feed.id, interval=timedelta(days=1), agent="")
        began_at = await tx.now()
    used, began = cpu(), time.perf_counter()
    while True:
        await poller.poll_due()
        async with store.read(aside=False) as tx:
            left = (await tx.execute(LEFT, {"since": began_at.replace(tzinfo=None).isoformat(" ")})).scalar_one()
        if not left:
            break
        await asyncio.sleep(1)
    used, wall = cpu() - used, time.perf_counter() - began
    async with store.read() as tx:
        assert (await tx.feeds.states()).keys() <= {FeedState.ACTIVE, FeedState.DORMANT}
    return used / len(feeds) * 1000, wall / len(feeds) * 1000


def plainly(urls: list[str], size: int) -> float:
    """CPU milliseconds for each by the plain way."""

    def parse(url: str) -> int:
        return len(feedparser.parse(url).entries)

    used = time.process_time()
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(parse, urls))
    assert min(found) >= size
    return (time.process_time() - used) / len(urls) * 1000


async def measure(count: int, rounds: int, port: int, state: Any, folder: Path) -> dict[str, Any]:
    size = ITEMS if count < MANY else ITEMS // 4
    state[2] = size
    addresses = [f"127.0.1.{n + 1}" for n in range(HOSTS)]
    urls = [f"http://{addresses[n % HOSTS]}:{port}/{n}" for n in range(count)]
    store = await Store.open(f"sqlite+aiosqlite:///{folder / f'bench{count}.db'}")
    jobs = await Jobs.open("sqlite+aiosqlite:///")
    allowed = [(address, port) for address in addresses]
    source = FeedSource(contact="https://b.example", allowed=allowed, ports=[port], gap=0, jitter=0, per_minute=0)
    stories = Stories()
    pipeline = Pipeline(store=store, following=Following(Catalogue.load(CATALOGUE)), stories=stories, jobs=jobs)
    figures: dict[str, Any] = {"feeds": count, "bytes": len(document(1, "full", 0, size)), "items": size}
    async with source:
        poller = Poller(store=store, source=source, jobs=jobs, take_in=pipeline.take_in, name="bench")
        poller.serve()
        running = asyncio.create_task(jobs.run())
        async with store.begin() as tx:
            feeds = [(await tx.feeds.add(url, now=datetime.now(UTC)))[0] for url in urls]
        await asyncio.sleep(1)  # the lanes start in the background
        turn = 0
        gc.collect()  # what the run before left would else be frozen too
        gc.freeze()  # as the house does at its start
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
            figures[mode]["looks_per_core_second"] = round(1000 / figures[mode]["cpu_ms"])
        figures["peak_mb"] = {
            "bot": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
            "lanes": [round(size) for _, size in lanes()],
        }
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    await jobs.close()
    await store.close()
    state[0] = MODES.index("same body")
    figures["plain"] = {"cpu_ms": round(plainly(urls[: min(count, 200)], size), 2)}
    return figures


def fleet(count: int, hours: int, service: float) -> dict[str, Any]:
    """Lateness of that many feeds by the balanced rule: a tick each second, one look at a time for each host.

    `service` is a look's seconds on the wall.
    """
    chance = random.Random(11)
    start = datetime(2026, 11, 26, tzinfo=UTC)
    feeds: list[Feed] = []
    for number in range(count):
        daily = per_day(number)
        moments = [start - timedelta(days=chance.random() * 60) for _ in range(min(int(daily * 60), 4000))]
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
    options.add_argument("--feeds", type=int, nargs="+", default=[1000, 10_000])
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    give_back_what_is_free()
    context = multiprocessing.get_context("spawn")
    port, state, ready = context.Value("i", 0), context.Array("i", [0, 0, ITEMS]), context.Event()
    server = context.Process(target=serve, args=(port, ready, state), daemon=True)
    server.start()
    ready.wait(30)
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        for count in [200] if given.quick else given.feeds:
            rounds = 3 if count < MANY and not given.quick else 1
            runs.append(asyncio.run(measure(count, rounds, port.value, state, Path(folder))))
            report(runs[-1])
    server.terminate()
    late = fleet(10_000, 6 if given.quick else 24, runs[-1]["not modified"]["wall_ms"] / 1000)
    report_fleet(late, runs[-1])
    if given.json:
        given.json.write_text(json.dumps({"runs": runs, "fleet": late}, indent=2))


def report(figures: dict[str, Any]) -> None:
    plain, peak = figures["plain"]["cpu_ms"], figures["peak_mb"]
    print(
        f"{figures['feeds']:,} feeds of {figures['bytes'] / 1000:.0f} kB; peak {peak['bot']} MB"
        f" and {' + '.join(map(str, peak['lanes']))} MB for the lanes"
    )
    print(f"{'a look that finds':<18} {'CPU':>9} {'plain/ours':>11} {'looks/s of a core':>18}")
    for mode in MODES:
        used = figures[mode]["cpu_ms"]
        print(f"{mode:<18} {used:>6.2f} ms {plain / used:>10.1f}x {figures[mode]['looks_per_core_second']:>18}")
    print(f"{'the plain way':<18} {plain:>6.2f} ms", flush=True)


def report_fleet(late: dict[str, Any], figures: dict[str, Any]) -> None:
    """How late a fleet is, and what share of a core it takes by the costs just measured."""
    each_second = late["feeds"] * late["polls_per_feed_and_day"] / 86_400
    print(
        f"{late['feeds']:,} feeds, balanced: {late['polls_per_feed_and_day']} looks a day each, "
        f"late by {late['late_p50_s']} s (median), {late['late_p99_s']} s (p99)"
    )
    for mode in ("not modified", "nothing new", "one new item"):
        print(f"  if every look finds {mode}: {each_second * figures[mode]['cpu_ms'] / 10:.1f} % of a core")


if __name__ == "__main__":
    main()
