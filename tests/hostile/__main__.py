"""`make hostile`: the whole way in among hostile servers, and what an honest feed beside them notices of it.

Every body of the hostile corpus, every broken wire and an honest feed are polled by the real poller, three times:
honest at first, then hostile, then healed with one more item. Besides, every fetch path is sent to every form of a
forbidden address. Times and memory are measured and printed; crashes, connects and losses fail the run.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import text

from bot.core.errors import FetchError
from bot.core.model import Feed
from bot.jobs import Jobs
from bot.memory import give_back_what_is_free
from bot.pipeline import Pipeline
from bot.poller import Poller
from bot.sources.feed import FeedSource
from bot.sources.fetch import Limits
from bot.store import Store
from bot.stories import Stories
from bot.topics import Catalogue, Following
from tests.fakes.newsstand import Reply, newsstand
from tests.hostile.town import BODIES, serve
from tests.sources.hostile_wires import WIRES
from tests.sources.test_guard import CANARY, FORMS, canary, names

CATALOGUE = Path(__file__).parents[2] / "config" / "topics.toml"
AT_ONCE = 32
HONEST = "127.0.3.1"
"""A host of its own: a feed on the host of one that hangs waits for its turn there, as politeness has it."""
LIMITS = Limits(connect=2, idle=1, total=3)
"""Shorter than in earnest, so that sixteen hanging servers are no wait of half an hour."""


@dataclass
class Watch:
    """How the loop fares: the CPU that one turn took, and how late a sleeper woke; the memory of this process."""

    turns: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    before: float = 0.0
    most: float = 0.0

    async def watch(self) -> None:
        self.before = self.most = resident()
        while True:
            used, began = time.thread_time(), time.perf_counter()
            await asyncio.sleep(0.005)
            self.turns.append(time.thread_time() - used)
            self.late.append(time.perf_counter() - began - 0.005)
            self.most = max(self.most, resident())

    async def ask(self, source: FeedSource, url: str) -> None:
        """An honest feed that is changed each time, asked for again and again."""
        feed = Feed(0, url)
        while True:
            began = time.perf_counter()
            fetched = await source.fetch(feed)
            self.waits.append(time.perf_counter() - began)
            feed = Feed(0, url, cache=dict(fetched.cache))
            await asyncio.sleep(0.05)


def resident() -> float:
    """Megabytes of this process that are in memory."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
    except OSError:
        return 0.0


async def look_at_all(poller: Poller, store: Store, feeds: list[Feed]) -> float:
    """One look at each feed; the seconds that took."""
    async with store.begin() as tx:
        for feed in feeds:
            await tx.feeds.adjust(feed.id, interval=timedelta(days=1), agent="")
        await tx.execute(text("DELETE FROM host"))
    waiting = sorted({feed.url.split("/")[2].partition(":")[0] for feed in feeds})

    async def worker() -> None:
        while waiting:
            await poller.poll(waiting.pop())

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return time.perf_counter() - began


async def among_hostile_servers(folder: Path) -> bool:
    """Polls the town; true if nothing crashed and nothing was lost."""
    context = multiprocessing.get_context("spawn")
    heard, told = context.Pipe(duplex=False)
    state = context.Array("i", [0, 2])
    town = context.Process(target=serve, args=(told, state), daemon=True)
    town.start()
    port, wires = heard.recv()
    at = [(f"127.0.2.{number + 1}", port) for number in range(len(BODIES))] + [("127.0.0.1", each) for each in wires]
    async with AsyncExitStack() as stack:
        stack.callback(town.terminate)
        store = await Store.open(f"sqlite:///{folder / 'hostile.db'}")
        stack.push_async_callback(store.close)
        jobs = await Jobs.open("sqlite:///")
        stack.push_async_callback(jobs.close)
        source = FeedSource(
            contact="https://h.example", allowed=[*at, (HONEST, port)], ports=[], gap=0, jitter=0, per_minute=0,
            limits=LIMITS,
        )  # fmt: skip
        await stack.enter_async_context(source)
        pipeline = Pipeline(store=store, following=Following(Catalogue.load(CATALOGUE)), stories=Stories(), jobs=jobs)
        poller = Poller(store=store, source=source, jobs=jobs, take_in=pipeline.take_in, name="hostile")
        async with store.begin() as tx:
            urls = [f"http://{host}:{door}/{number}" for number, (host, door) in enumerate(at)]
            feeds = [(await tx.feeds.add(url, now=await tx.now()))[0] for url in urls]
        await look_at_all(poller, store, feeds)
        gc.collect()
        watch = Watch()
        watching = [
            asyncio.create_task(watch.watch()),
            asyncio.create_task(watch.ask(source, f"http://{HONEST}:{port}/honest")),
        ]
        await asyncio.sleep(1)
        calm = statistics.median(watch.waits)
        for samples in (watch.turns, watch.late, watch.waits):
            samples.clear()
        state[0] = 1
        took = await look_at_all(poller, store, feeds)
        failed = [task for task in watching if task.done()]
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        gc.collect()
        after = resident()
        async with store.read() as tx:
            states = await tx.feeds.states()
            reasons = await tx.rows(text("SELECT reason FROM feed"))
        state[0], state[1] = 0, 3
        lost = len(feeds) * 3
        for _ in range(3):  # who does not answer within these short limits is asked again, as in earnest
            await look_at_all(poller, store, feeds)
            async with store.read() as tx:
                rows = await tx.rows(text("SELECT count(*) FROM article WHERE title LIKE 'News _ of %'"))
            lost = len(feeds) * 3 - rows[0][0]
            if not lost:
                break
    crashes = sum("could not be stored" in row.reason for row in reasons) + len(failed)
    print(f"{len(BODIES)} hostile bodies and {len(WIRES)} broken wires in {took:.0f} s: {crashes} crashes")
    print("  feeds then: " + ", ".join(f"{count} {state.value}" for state, count in sorted(states.items())))
    print(f"  loop: longest turn {max(watch.turns) * 1000:.0f} ms of CPU; a sleeper woke at most"
          f" {max(watch.late) * 1000:.0f} ms late")  # fmt: skip
    print(f"  memory of the bot: {after - watch.before:+.0f} MB after, {watch.most - watch.before:+.0f} MB at most")
    print(f"  an honest feed beside them: {len(watch.waits)} looks, delayed by at most"
          f" {max(watch.waits) - calm:.2f} s (median {statistics.median(watch.waits) - calm:+.3f} s)")  # fmt: skip
    print(f"  healed: {lost} of {len(feeds) * 3} articles lost")
    return crashes == 0 and lost == 0


async def at_forbidden_addresses() -> bool:
    """Sends every fetch path to every form; true if nothing was connected to."""
    refused: Counter[str] = Counter()
    async with canary() as (port, caught), newsstand() as stand:
        forms = [form.replace(CANARY, str(port)) for form in FORMS]
        source = FeedSource(
            contact="https://h.example", allowed=[stand.at], ports=[80, 443, port], gap=0, jitter=0, per_minute=0,
            lanes=1, limits=Limits(connect=3, idle=3, total=5), resolver=names(port),
        )  # fmt: skip

        async def redirected(form: str) -> object:
            target = form.encode("ascii", "backslashreplace").decode()
            stand.on("/feed", Reply(status=302, headers={"Location": target}))
            return await source.fetch(Feed(1, stand.url()))

        async def redirected_page(form: str) -> object:
            target = form.encode("ascii", "backslashreplace").decode()
            stand.on("/page", Reply(status=301, headers={"Location": target}))
            return await source.page(stand.url("/page"))

        paths: dict[str, Callable[[str], Awaitable[object]]] = {
            "a feed's address": lambda form: source.fetch(Feed(1, form)),
            "a typed address": source.look,
            "a redirect": redirected,
            "an article's page": source.page,
            "a redirect of a page": redirected_page,
            "a hub": lambda form: source.ask_hub(form, {"hub.mode": "subscribe"}),
            "a lost feed's site": lambda form: source.offered(Feed(1, "https://x.example/f", cache={"site": form})),
        }
        async with source:
            for path, go in paths.items():
                for form in forms:
                    try:
                        await go(form)
                    except FetchError:
                        refused[path] += 1
        await asyncio.sleep(0)
    for path in paths:
        print(f"  {refused[path]}/{len(forms)} refused: {path}")
    print(f"{len(forms)} forms of forbidden addresses on {len(paths)} fetch paths: {len(caught)} forbidden connects")
    return not caught and all(refused[path] == len(forms) for path in paths)


def main() -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    give_back_what_is_free()
    with tempfile.TemporaryDirectory() as folder:
        good = asyncio.run(among_hostile_servers(Path(folder)))
    return 0 if asyncio.run(at_forbidden_addresses()) and good else 1


if __name__ == "__main__":
    sys.exit(main())
