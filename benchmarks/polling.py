"""Measures polling: what a look costs in CPU, from tick to commit, beside the plain way; and the lateness of a fleet.

    python benchmarks/polling.py [--quick] [--feeds N ...] [--json FILE]

N feeds (1,000, then 10,000) on a loopback server in its own process (newsstand.py), at 250 addresses. A look is the
whole way: the tick that finds the host due, the queue, the claim, the request through guard and gate, the slices, the
parsing lane, and the transaction that stores articles, stories, validators and the next check in SQLite
(synchronous=FULL). CPU is that of the bot and its lanes together. The plain way is `feedparser.parse(url)` in a pool of
16 threads, which asks without validators and stores nothing; it runs on the same server right before each round. The
10,000 feeds have documents of ten items and have been read before, by the same way in without the wire and the parser:
what they show is memory, and that a look costs no more. Memory is that of the bot, which has read back the open stories
at its start. Lateness is simulated in virtual time, with the pauses of the host gates, for 10,000 feeds on 2,500 hosts.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import heapq
import json
import math
import multiprocessing
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import feedparser
import structlog
from sqlalchemy import text

from benchmarks.newsstand import ITEMS, MODES, document, items, per_day, remembered, serve
from bot.core.cadence import BALANCED, next_check
from bot.core.model import EVERYONE, Feed, FeedState, Fetched
from bot.core.pace import Pace
from bot.jobs import Jobs
from bot.memory import give_back_what_is_free
from bot.pipeline import Pipeline, Rules
from bot.poller import Poller
from bot.sources.feed import FeedSource
from bot.store import Store
from bot.stories import Stories
from bot.topics import Catalogue, Following

HOSTS = 250
MANY = 5_000
"""Feeds from which on documents have a quarter of the items, and have been read before: to store 400,000 articles would
be most of the run."""
ADDRESSES = [f"127.0.1.{n + 1}" for n in range(HOSTS)]
PLAIN = 60
"""Feeds that are read the plain way before each round."""
CATALOGUE = Path(__file__).parents[1] / "config" / "topics.toml"
LEFT = text("SELECT count(*) FROM feed WHERE checked_at IS NULL OR checked_at < :since")


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


def resident() -> int:
    """Megabytes of this process that are in memory now."""
    return round(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6)


async def looks(poller: Poller, store: Store, feeds: list[int]) -> tuple[float, float]:
    """One look at each feed; CPU milliseconds and wall milliseconds for each."""
    async with store.begin() as tx:
        for feed in feeds:
            await tx.feeds.adjust(feed, interval=timedelta(days=1), agent="")
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


@asynccontextmanager
async def house(port: int, database: Path) -> AsyncIterator[tuple[Store, Jobs, Pipeline, Poller]]:
    """The way in, without what a person would wait for."""
    store = await Store.open(f"sqlite+aiosqlite:///{database}")
    jobs = await Jobs.open("sqlite+aiosqlite:///")
    allowed = [(address, port) for address in ADDRESSES]
    source = FeedSource(contact="https://b.example", allowed=allowed, ports=[port], gap=0, jitter=0, per_minute=0)
    pipeline = Pipeline(store=store, following=Following(Catalogue.load(CATALOGUE)), stories=Stories(), jobs=jobs)
    async with source:
        poller = Poller(store=store, source=source, jobs=jobs, take_in=pipeline.take_in, name="bench")
        yield store, jobs, pipeline, poller
    await jobs.close()
    await store.close()


def addresses(count: int, port: int) -> list[str]:
    return [f"http://{ADDRESSES[n % HOSTS]}:{port}/{n}" for n in range(count)]


async def read_before(count: int, size: int, port: int, database: Path) -> None:
    """Has a database of that many feeds, as a house leaves it that has read them for long."""
    since = datetime.now(UTC) - Rules().window
    async with house(port, database) as (_, _, _, poller):
        for number, url in enumerate(addresses(count, port)):
            await poller.add_feed(url, remembered(number, size, since), tenant=EVERYONE, added_by="")


async def measure(count: int, rounds: int, port: int, state: Any, database: Path) -> dict[str, Any]:
    size = size_of(count)
    state[2] = size
    figures: dict[str, Any] = {"feeds": count, "items": size}
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as others:
        await polled(figures, rounds, port, state, database, others)
    return figures


async def polled(
    figures: dict[str, Any], rounds: int, port: int, state: Any, database: Path, others: ProcessPoolExecutor
) -> None:
    count, size = figures["feeds"], figures["items"]
    async with house(port, database) as (store, jobs, pipeline, poller):
        poller.serve()
        running = asyncio.create_task(jobs.run())
        if count < MANY:
            async with store.begin() as tx:
                for url in addresses(count, port):
                    await tx.feeds.add(url, now=datetime.now(UTC))
        async with store.read() as tx:
            feeds = list((await tx.execute(text("SELECT id FROM feed"))).scalars())
        await pipeline.recall()
        await asyncio.sleep(1)  # the lanes start in the background
        turn = 0
        gc.collect()
        gc.freeze()  # as the house does at its start
        for mode in MODES if count < MANY else MODES[1:]:
            several: list[tuple[float, float, float]] = []
            for _ in range(1 if mode == "full" else rounds):
                turn += 1
                state[0] = MODES.index("same body")
                # In the same minute: what a machine computes in a millisecond goes by what else it has to do.
                plain = await asyncio.wrap_future(others.submit(plainly, addresses(min(count, PLAIN), port), size))
                state[0], state[1] = MODES.index(mode), turn
                several.append((*await looks(poller, store, feeds), plain))
                await jobs.tidy()  # as the house does now and then
            figures[mode] = {
                "cpu_ms": round(statistics.median(used for used, _, _ in several), 2),
                "wall_ms": round(statistics.median(wall for _, wall, _ in several), 2),
                "plain_ms": round(statistics.median(plain for _, _, plain in several), 2),
                "less": round(statistics.median(plain / used for used, _, plain in several), 1),
            }
            figures[mode]["looks_per_core_second"] = round(1000 / figures[mode]["cpu_ms"])
        gc.collect()
        figures["open_stories"] = len(pipeline.stories)
        figures["resident_mb"] = resident()
        figures["peak_mb"] = {
            "bot": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6),
            "lanes": [round(size) for _, size in lanes()],
        }
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def size_of(count: int) -> int:
    return ITEMS if count < MANY else ITEMS // 4


def alone(told: Any, count: int, rounds: int, port: int, state: Any, database: Path) -> None:
    """In a process of its own, whose memory is not what another run left: without rounds read before, else measure."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    give_back_what_is_free()
    if rounds:
        told.send(asyncio.run(measure(count, rounds, port, state, database)))
    else:
        asyncio.run(read_before(count, size_of(count), port, database))
        told.send({})


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
    looked = [0.0] * count
    new = 0
    end = hours * 3600.0
    while due[0][0] < end:
        moment, number = heapq.heappop(due)
        host = number % (count // 4)
        worker = heapq.heappop(workers)
        begin = max(float(int(moment) + 1), free_host.get(host, 0.0), worker)
        free_host[host] = begin + 1 + chance.random()
        heapq.heappush(workers, begin + service)
        late.append(begin - moment)
        new += chance.random() > math.exp(-per_day(number) * (begin - looked[number]) / 86_400)
        looked[number] = begin
        now = start + timedelta(seconds=begin)
        after = next_check(
            feeds[number], now=now, outcome=Fetched(unchanged=True), cadence=BALANCED, random=chance.random
        )
        heapq.heappush(due, ((after - start).total_seconds(), number))
    late.sort()
    return {
        "feeds": count,
        "polls_per_feed_and_day": round(len(late) / count * 24 / hours, 1),
        "new_share": round(new / len(late), 3),
        "late_p50_s": round(late[len(late) // 2], 2),
        "late_p99_s": round(late[int(len(late) * 0.99)], 2),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="200 feeds, one round")
    options.add_argument("--feeds", type=int, nargs="+", default=[1000, 10_000])
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    context = multiprocessing.get_context("spawn")
    port, state, ready = context.Value("i", 0), context.Array("i", [0, 0, ITEMS]), context.Event()
    server = context.Process(target=serve, args=(port, ready, state), daemon=True)
    server.start()
    ready.wait(30)
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        for count in [200] if given.quick else given.feeds:
            rounds = 3 if count < MANY and not given.quick else 1
            for times in [rounds] if count < MANY else [0, rounds]:
                here, there = context.Pipe(duplex=False)
                told = (there, count, times, port.value, state, Path(folder) / f"{count}.db")
                run = context.Process(target=alone, args=told)
                run.start()
                there.close()
                figures = here.recv()
                run.join()
            size = figures["items"]
            measured = [figures[mode]["plain_ms"] for mode in MODES if mode in figures]
            figures["plain"] = {"cpu_ms": round(statistics.median(measured), 2)}
            runs.append(figures | {"bytes": len(document(1, "full", 0, items(1, size)))})
            report(runs[-1])
    server.terminate()
    largest = max(runs, key=lambda run: (run["items"], run["feeds"]))
    late = fleet(10_000, 6 if given.quick else 24, largest["not modified"]["wall_ms"] / 1000)
    report_fleet(late, largest)
    if given.json:
        given.json.write_text(json.dumps({"runs": runs, "fleet": late}, indent=2))


def report(figures: dict[str, Any]) -> None:
    plain, peak = figures["plain"]["cpu_ms"], figures["peak_mb"]
    print(
        f"{figures['feeds']:,} feeds of {figures['bytes'] / 1000:.0f} kB, {figures['open_stories']:,} open stories;"
        f" memory {peak['bot']} MB at most, {figures['resident_mb']} MB then,"
        f" lanes {' + '.join(map(str, peak['lanes']))} MB"
    )
    print(f"{'a look that finds':<18} {'CPU':>9} {'plain/ours':>11} {'looks/s of a core':>18}")
    for mode in [mode for mode in MODES if mode in figures]:
        used = figures[mode]["cpu_ms"]
        print(
            f"{mode:<18} {used:>6.2f} ms {figures[mode]['less']:>10.1f}x {figures[mode]['looks_per_core_second']:>18}"
        )
    print(f"{'the plain way':<18} {plain:>6.2f} ms", flush=True)


def report_fleet(late: dict[str, Any], figures: dict[str, Any]) -> None:
    """How late a fleet is, and what share of a core it takes by the costs just measured."""
    each_second = late["feeds"] * late["polls_per_feed_and_day"] / 86_400
    new = float(late["new_share"])

    def share(cpu_ms: float) -> str:
        return f"{each_second * cpu_ms / 10:.1f} % of a core"

    def usual() -> float:
        """CPU of a look where of the others half change nothing but their build date, and none knows what a 304 is."""
        same, nothing, one = (float(figures[mode]["cpu_ms"]) for mode in MODES[2:])
        return new * one + (1 - new) * (same + nothing) / 2

    print(
        f"{late['feeds']:,} feeds, balanced: {late['polls_per_feed_and_day']} looks a day each, "
        f"late by {late['late_p50_s']} s (median), {late['late_p99_s']} s (p99)"
    )
    print(f"  as they post ({new:.0%} of the looks find something new): {share(usual())}")
    print(f"  if every look finds one new item: {share(figures['one new item']['cpu_ms'])}")
    print(f"  the plain way, as often: {share(figures['plain']['cpu_ms'])}")


if __name__ == "__main__":
    main()
