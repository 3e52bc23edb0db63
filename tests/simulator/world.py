"""A world from a seed: feeds that publish, processes that are killed and paused, chat services in storms, a clock that
steps, a disk that fails; and at the end a checker that knows what must have been posted without asking the program.

    account = run(Plan(seed=7))
    account.lost, account.doubled, account.out_of_order        # counted in the chat services' logs
    account.digest                                             # the same for the same plan, bit for bit
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any

from bot.core.cadence import Cadence
from bot.core.model import Channel
from bot.store import Store
from bot.topics import Catalogue
from tests.simulator import clockwork
from tests.simulator.chat import STORM, Chat, Fate, Kind
from tests.simulator.disk import Disk
from tests.simulator.newswire import Newswire, faulty, word
from tests.simulator.process import Process

ROOT = Path(__file__).parents[2]
START = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
QUICK = Cadence(0.5, ceiling=timedelta(minutes=30))
CALM = 1800.0
"""Seconds without any fault at the beginning, in which every feed has its first look."""
LONGEST = 24 * 3600.0
"""Seconds that a world is given at most, after its last fault, to post what it has: the shelf life of an alert."""


@dataclass(frozen=True)
class Plan:
    """What happens in a world. Shares are probabilities, hours and minutes are virtual."""

    seed: int
    feeds: int = 30
    hours: float = 6.0
    articles_a_day: float = 8.0
    processes: int = 1
    kinds: tuple[Kind, ...] = ("nonce", "history")
    channels: int = 3
    topics: int = 6
    killed_every: float = 20.0
    """Minutes between two kills on the average; 0 for none."""
    killed_while_posting: float = 0.05
    """Share of the points of a post at which its process is killed."""
    paused: float = 0.02
    api_trouble: float = 0.15
    feed_trouble: float = 0.02
    database_trouble: float = 0.0005
    clock_steps: tuple[float, ...] = ()
    """Seconds by which the clock jumps, at even distances."""
    start: datetime = START
    tick: float = 5.0
    cadence: Cadence = QUICK
    tidy_up: float = 2.0
    """Hours without any fault at the end: longer than the longest wait between two looks at a feed."""


@dataclass
class Account:
    seed: int
    expected: int = 0
    posted: int = 0
    lost: int = 0
    waiting: int = 0
    """Still not posted when the world ended, although it ran on until all was quiet, or for a day."""
    given_up: int = 0
    """Not posted, and said why: as poison, or after its last attempt. Nothing in a world deserves that."""
    quiet_after: float = 0.0
    """Hours from the last fault until nothing was left to post."""
    doubled: int = 0
    out_of_order: int = 0
    unasked: int = 0
    kills: int = 0
    pauses: int = 0
    database_faults: int = 0
    polls: int = 0
    doubled_by_kind: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    latest: float = 0.0
    """Seconds from an article's appearance in its feed to its post, at most."""
    last_out: float = 0.0
    """Seconds from the last fault until what was queued before it was posted, at most."""
    digest: str = ""

    @property
    def good(self) -> bool:
        bad = (self.lost, self.waiting, self.given_up, self.doubled, self.out_of_order, self.unasked)
        return not any(bad)

    def __str__(self) -> str:
        return (
            f"seed {self.seed}: {self.posted} of {self.expected} posted, {self.lost} lost, {self.waiting} waiting, "
            f"{self.given_up} given up, {self.doubled} doubled, {self.out_of_order} out of order, "
            f"{self.unasked} unasked; {self.kills} kills, {self.pauses} pauses, "
            f"{self.database_faults} database faults, {self.polls} polls"
        )


class World:
    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.dice = Random(f"nemesis {plan.seed}")
        self.file = folder / "world.db"
        shutil.copy(template(), self.file)
        self.opener: Callable[..., Any] = sqlite3.connect
        self.disk_fault: Callable[[str], None] = self.trouble_the_disk
        self.over = plan.hours * 3600
        dice = Random(f"things {plan.seed}")
        self.topics = [word(dice, 6) for _ in range(plan.topics)]
        self.wire = Newswire(
            Random(f"wire {plan.seed}"),
            plan.start,
            self.time,
            feeds=plan.feeds,
            per_day=lambda number: plan.articles_a_day * 2 ** (number % 3 - 1),
            until=self.over,
            topics=self.topics,
        )
        self.wire.items = {url: [item for item in items if item.at > CALM] for url, items in self.wire.items.items()}
        self.chats: dict[str, Chat] = {
            kind: Chat(kind, kind, Random(f"{kind} {plan.seed}"), fate=self.fate) for kind in plan.kinds
        }
        self.places = {
            f"{kind}:{tenant}:{place}": sorted(dice.sample(self.topics, max(1, len(self.topics) // 2)))
            for kind in plan.kinds
            for tenant in ("a", "b")
            for place in range(plan.channels)
        }
        self.processes: list[Process] = []
        self.names = 0
        self.steps = 0.0
        self.account = Account(plan.seed)
        self.catalogue = empty_catalogue()
        self.burials: list[asyncio.Task[None]] = []

    # -- time and faults ----------------------------------------------------------------------------------------

    def time(self) -> float:
        return asyncio.get_running_loop().time()

    def clock(self) -> datetime:
        return self.plan.start + timedelta(seconds=self.time() + self.steps)

    @property
    def troubled(self) -> bool:
        return CALM < self.time() < self.over

    def fate(self, _channel: str) -> Fate:
        if self.troubled and self.dice.random() < self.plan.api_trouble:
            return self.dice.choice(STORM)
        return "well"

    def breathe(self, process: Process, _point: str) -> object:
        """The nemesis at a point of a post."""
        if not self.troubled:
            return None
        if self.dice.random() < self.plan.killed_while_posting:
            self.kill(process)
        elif self.dice.random() < self.plan.paused:
            self.account.pauses += 1
            return self.dice.uniform(1, 90)
        return None

    def trouble_the_disk(self, kind: str) -> None:
        if self.troubled and self.dice.random() < self.plan.database_trouble:
            self.account.database_faults += 1
            text = self.dice.choice(["database is locked", "disk I/O error", "database or disk is full"])
            raise sqlite3.OperationalError(f"{text} ({kind})")

    # -- processes ----------------------------------------------------------------------------------------------

    def spawn(self) -> Process:
        self.names += 1
        process = Process(
            f"process {self.names}",
            disk=Disk(self.file, self.disk_fault, self.opener),
            clock=self.clock,
            source=self.wire,
            chats=self.chats,
            catalogue=self.catalogue,
            dice=Random(f"process {self.names} {self.plan.seed}"),
            tick=self.plan.tick,
            breathe=self.breathe,
            cadence=self.plan.cadence,
        )
        self.processes.append(process)
        process.start()
        return process

    def kill(self, process: Process) -> None:
        """Kill it now, bury it when nothing of it runs, and start another one a little later."""
        if process.dead:
            return
        self.account.kills += 1
        process.kill()
        self.processes.remove(process)

        async def replace() -> None:
            await process.bury()
            await asyncio.sleep(self.dice.choice([0.2, 2.0, 30.0, 300.0]))
            self.spawn()

        self.burials.append(asyncio.create_task(replace()))

    # -- the run ------------------------------------------------------------------------------------------------

    async def furnish(self) -> None:
        store = Store(Disk(self.file, opener=self.opener).database(), self.clock)
        async with store.begin() as tx:
            now = await tx.now()
            for url in self.wire.items:
                await tx.feeds.add(url, title=url, source=url, now=now)
            for place, topics in self.places.items():
                channel = Channel(place, place.rpartition(":")[0], place)
                for topic in topics:
                    await tx.subscriptions.add(channel.tenant, channel, topic, now=now)
        await store.close()

    async def live(self) -> Account:
        await self.furnish()
        for _ in range(self.plan.processes):
            self.spawn()
        nemeses = [asyncio.create_task(self.killer()), asyncio.create_task(self.clockmaker())]
        await asyncio.sleep(CALM)
        self.wire.trouble = faulty(self.dice, self.plan.feed_trouble)
        await asyncio.sleep(self.over - CALM)
        self.wire.trouble = lambda _url: None
        for nemesis in nemeses:
            nemesis.cancel()
        await asyncio.sleep(self.plan.tidy_up * 3600)
        await asyncio.gather(*self.burials)
        while self.unposted() and self.time() < self.over + LONGEST:
            await asyncio.sleep(60)
        self.account.quiet_after = (self.time() - self.over) / 3600
        for process in list(self.processes):
            process.kill()
            await process.bury()
        self.check()
        return self.account

    async def killer(self) -> None:
        if not self.plan.killed_every:
            return
        await asyncio.sleep(CALM)
        while True:
            await asyncio.sleep(self.dice.expovariate(1 / (self.plan.killed_every * 60)))
            if self.processes:
                self.kill(self.dice.choice(self.processes))

    async def clockmaker(self) -> None:
        for step in self.plan.clock_steps:
            await asyncio.sleep(self.over / (len(self.plan.clock_steps) + 1))
            self.steps += step

    def unposted(self) -> int:
        """Alerts that still wait: for a retry, or behind one that does."""
        with sqlite3.connect(self.file) as database:
            [count] = database.execute("SELECT count(*) FROM delivery WHERE state IN ('pending', 'sending')").fetchone()
        return int(count)

    # -- the checker --------------------------------------------------------------------------------------------

    def check(self) -> None:
        """What the services' logs hold, against what was published for whom."""
        account = self.account
        out = {item.title: item for items in self.wire.items.values() for item in items}
        wanted = {
            (place, item.title)
            for item in out.values()
            for place, topics in self.places.items()
            if item.topic in topics
        }
        counted: Counter[tuple[str, str]] = Counter()
        for chat in self.chats.values():
            for post in chat.log:
                counted[post.channel, post.title] += 1
                if counted[post.channel, post.title] == 1 and post.title in out:
                    account.latest = max(account.latest, post.at - out[post.title].at)
                elif counted[post.channel, post.title] == 2:
                    account.doubled_by_kind[chat.kind] += 1
        account.expected = len(wanted)
        account.posted = len(counted)
        account.unasked = len(counted.keys() - wanted)
        account.doubled = sum(1 for count in counted.values() if count > 1)
        account.polls = self.wire.fetches
        with sqlite3.connect(self.file) as database:
            rows = database.execute("SELECT id, channel, state FROM delivery ORDER BY channel, seq").fetchall()
            end = str((self.plan.start + timedelta(seconds=self.over)).replace(tzinfo=None))
            early = {name for [name] in database.execute("SELECT id FROM delivery WHERE created_at <= ?", (end,))}
            dead = database.execute("SELECT channel, message FROM delivery WHERE state = 'dead'")
            open_ = database.execute("SELECT channel, message FROM delivery WHERE state IN ('pending', 'sending')")
            waiting = {(channel, str(json.loads(message)["title"])) for channel, message in open_}
            given_up = {(channel, str(json.loads(message)["title"])) for channel, message in dead}
        outs = (post.at - self.over for chat in self.chats.values() for post in chat.log if post.delivery_id in early)
        account.last_out = max(outs, default=0.0)
        missing = wanted - counted.keys()
        account.given_up, account.lost = len(missing & given_up), len(missing - given_up - waiting)
        account.waiting = len(missing & waiting)
        account.states.update(state for _, _, state in rows)
        account.out_of_order = sum(self._disorder(chat, rows) for chat in self.chats.values())
        logs = repr([[(p.at, p.channel, p.delivery_id) for p in chat.log] for chat in self.chats.values()])
        account.digest = blake2b(logs.encode(), digest_size=8).hexdigest()

    @staticmethod
    def _disorder(chat: Chat, rows: Iterable[tuple[str, str, str]]) -> int:
        """Posts that came before one that was queued earlier for the same channel."""
        place = {delivery: number for number, (delivery, _, _) in enumerate(rows)}
        last: dict[str, int] = {}
        wrong, seen = 0, set[str]()
        for post in chat.log:
            if post.delivery_id in seen:
                continue  # a double is counted elsewhere
            seen.add(post.delivery_id)
            wrong += place[post.delivery_id] < last.get(post.channel, -1)
            last[post.channel] = max(last.get(post.channel, -1), place[post.delivery_id])
        return wrong


@cache
def template() -> Path:
    """An empty database with its tables."""
    folder = Path(tempfile.mkdtemp(prefix="newsbell-world-", dir=fast_disk()))
    file = folder / "template.db"

    async def make() -> None:
        store = await Store.open(f"sqlite:///{file}")
        await store.close()

    asyncio.run(make())
    return file


def fast_disk() -> Path | None:
    """Memory where there is some: what is tested here is the order of things, and not the disk."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None


@cache
def empty_catalogue() -> Catalogue:
    return Catalogue.load(ROOT / "config/topics.toml")


def run(plan: Plan, watch: Callable[[World], None] = lambda _: None) -> Account:
    """Live a plan through in a folder of its own."""
    template()
    with tempfile.TemporaryDirectory(prefix="newsbell-world-", dir=fast_disk()) as folder:

        async def live() -> Account:
            world = World(plan, Path(folder))
            watch(world)
            return await world.live()

        return clockwork.run(live())
