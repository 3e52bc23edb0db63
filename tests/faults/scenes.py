"""Single scenes in virtual time: one outbox, couriers on it, a chat service, and one thing that goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import structlog

from bot.core.cadence import Cadence
from bot.core.message import Message
from bot.core.model import Delivery, DeliveryState
from bot.courier import Courier
from bot.rate_limits import LIMITS, Gate
from bot.store import Store
from tests.simulator import clockwork
from tests.simulator.chat import Chat, Fate, Kind, Line
from tests.simulator.disk import Dead, Disk
from tests.simulator.power import after_power_cut, recorded
from tests.simulator.process import Queue
from tests.simulator.world import CALM, START, Account, Plan, World, fast_disk, template

POINTS = ("claimed", "on the wire", "acted", "answered", "committed")
"""Where a process is killed: before a byte left (K1), sent and never acted on (K2), acted on (K4), answered (K5), and
right after our own note (K6)."""
ENDS: tuple[Fate, ...] = ("late", "lost", "reset", "error before", "error after", "hangs")
"""What the service does while we live on, or die as it is late (K3, K7, K8)."""


@dataclass
class Scene:
    """`fate`, `nemesis` and `draw` are read at each use: a test changes them as it goes."""

    kind: Kind
    dice: Random
    file: Path
    fate: Callable[[str], Fate] = lambda _channel: "well"
    nemesis: Callable[[str], object] = lambda _point: None
    draw: Callable[[str, str], None] = lambda _channel, _delivery_id: None
    chat: Chat = field(init=False)
    courier: Courier = field(init=False)
    store: Store = field(init=False)
    lives: int = 0

    def __post_init__(self) -> None:
        self.chat = Chat(self.kind, self.kind, self.dice, fate=self._fate)

    def _fate(self, channel: str) -> Fate:
        return self.fate(channel)

    def _strike(self, point: str) -> object:
        return self.nemesis(point)

    def _drawn(self, channel: str, delivery_id: str) -> None:
        self.draw(channel, delivery_id)

    def _disk_fault(self, kind: str) -> None:
        if kind == "committed":
            self.nemesis(kind)

    async def open(self) -> None:
        """A process comes to be; the one before is gone with all it had in hand."""
        self.lives += 1
        self.disk = Disk(self.file, self._disk_fault)
        self.store = Store(self.disk.database(), lambda: START + timedelta(seconds=asyncio.get_running_loop().time()))
        self.queue = Queue()
        line = Line(self.chat, self._strike, self.dice, self._drawn)
        self.courier = Courier(
            store=self.store,
            platforms={self.kind: line},
            jobs=self.queue,
            name=f"life {self.lives}",
            random=Random(self.dice.random()),
        )
        self.courier.serve()

    async def add(self, count: int, channel: str, tenant: str) -> None:
        async with self.store.begin() as tx:
            for number in range(count):
                name = f"{channel} {number:05}"
                await tx.outbox.add(
                    Delivery(name, tenant, f"{self.kind}:{channel}", Message(title=name), created_at=await tx.now())
                )

    async def states(self) -> dict[DeliveryState, int]:
        async with self.store.read() as tx:
            return await tx.deliveries.counts(None, START - timedelta(days=1))

    async def until_done(self, *, most: float = 3 * 3600) -> None:
        """Tick until nothing is open. Raises Dead where the nemesis struck."""
        loop = asyncio.get_running_loop()
        end = loop.time() + most
        while loop.time() < end:
            await self.courier.flush_due()
            running = self.queue.tasks()
            if running:
                await asyncio.wait(running, timeout=1.0)
            if self.disk.cut_off:
                await asyncio.gather(*running, return_exceptions=True)
                raise Dead
            states = await self.states()
            if not states.get(DeliveryState.PENDING) and not states.get(DeliveryState.SENDING):
                return
            await asyncio.sleep(1.0)


@asynccontextmanager
async def scene(kind: Kind, seed: object) -> AsyncIterator[Scene]:
    with tempfile.TemporaryDirectory(prefix="newsbell-scene-", dir=fast_disk()) as folder:
        file = Path(folder) / "scene.db"
        shutil.copy(template(), file)
        opened = Scene(kind, Random(str(seed)), file)
        await opened.open()
        yield opened


def killed_at(kind: Kind, point: str, seed: int) -> tuple[int, int]:
    """(lost, doubled) of one alert whose process is killed at a point or whose post ends in a way."""

    async def play() -> tuple[int, int]:
        async with scene(kind, f"{kind} {point} {seed}") as stage:
            await stage.add(1, "here", "t")
            struck = False
            commits = stage.dice.choice((1, 2))  # of the claim, of our note

            def strike(at: str) -> None:
                nonlocal struck, commits
                if at == "committed" and point == "committed":
                    commits -= 1
                here = at == point and not struck and (point != "committed" or commits == 0)
                if here or (point == "late" and at == "on the wire" and not struck):
                    struck = True
                    stage.disk.cut()
                    raise Dead

            def once(_channel: str) -> Fate:
                nonlocal struck
                if struck or point in POINTS:
                    return "well"
                struck = point != "late"  # where it is late we die as well
                return point  # type: ignore[return-value]  # one of ENDS

            stage.nemesis, stage.fate = strike, once
            try:
                await stage.until_done()
            except Dead:
                # Back at once, after a while, after the nonce is forgotten, or after an hour.
                await asyncio.sleep(stage.dice.choice((0.1, 5.0, 45.0, 200.0, 3600.0)))
                await stage.open()
                if stage.dice.random() < 0.5:
                    await stage.store.take_over(stage.courier.settle)
                await stage.until_done()
            posts = len(stage.chat.log)
            return max(0, 1 - posts), max(0, posts - 1)

    template()
    return clockwork.run(play())


def ten_thousand_at_once(small: int = 100, big: int = 9_000) -> tuple[float, float, int]:
    """(share of 429s, p95 of the small tenants' wait in seconds, refusals in the worst ten minutes)."""

    async def play() -> tuple[float, float, int]:
        async with scene("nonce", 6) as stage:
            for channel in range(90):
                await stage.add(big // 90, f"big-{channel}", "big")
            for number in range(small):
                await stage.add(10, f"small-{number}", f"small {number}")
            loop = asyncio.get_running_loop()
            stage.courier.gates["nonce"] = Gate(LIMITS["discord"], loop.time)
            recent: list[float] = []
            per_channel: dict[str, list[float]] = {}
            refused: list[float] = []

            def buckets(channel: str) -> Fate:
                now = loop.time()
                lane = per_channel.setdefault(channel, [])
                lane[:] = [at for at in lane if at > now - 5]
                recent[:] = [at for at in recent if at > now - 1]
                if len(lane) >= 5 or len(recent) >= 50:
                    refused.append(now)
                    return "throttled"
                lane.append(now)
                recent.append(now)
                return "well"

            stage.fate = buckets
            await stage.until_done(most=3600)
            firsts: dict[str, float] = {}
            for post in stage.chat.log:
                firsts.setdefault(post.channel, post.at)
            waits = sorted(at for channel, at in firsts.items() if "small" in channel)
            assert len(stage.chat.log) == small * 10 + big, "something is lost"
            worst = max((sum(1 for at in refused if start <= at < start + 600) for start in refused), default=0)
            return len(refused) / max(1, len(stage.chat.calls)), waits[int(len(waits) * 0.95) - 1], worst

    template()
    return clockwork.run(play())


def closed_doors() -> tuple[int, int, int]:
    """(calls for a revoked tenant after its first refusal, calls to a forbidden channel, others left undelivered)."""

    async def play() -> tuple[int, int, int]:
        async with scene("history", 8) as stage:
            for number in range(20):
                await stage.add(3, f"revoked-{number}", "revoked")
                await stage.add(3, f"fine-{number}", "fine")
            await stage.add(5, "forbidden", "fine")
            fates: dict[str, Fate] = {"revoked": "revoked", "forbidden": "forbidden"}
            stage.fate = lambda channel: fates.get(channel.partition(":")[2].partition("-")[0], "well")
            await stage.until_done(most=9 * 60)
            calls = [channel.partition(":")[2] for _, channel in stage.chat.calls]
            others = 60 - sum(1 for post in stage.chat.log if "fine" in post.channel)
            in_flight = 20  # what was under way when the first refusal came back, is not "further"
            first = min(at for at, channel in stage.chat.calls if "revoked" in channel)
            later = [at for at, channel in stage.chat.calls if "revoked" in channel and at > first + 1.0]
            assert in_flight >= sum(1 for each in calls if "revoked" in each) - len(later)
            return len(later), calls.count("forbidden"), others

    template()
    return clockwork.run(play())


def poison() -> tuple[int, int, float]:
    """(attempts of a refused alert, of one whose drawing raises, longest wait of other channels in seconds)."""

    async def play() -> tuple[int, int, float]:
        async with scene("nonce", 9) as stage:
            await stage.add(1, "refused", "t")
            await stage.add(1, "broken", "t")
            for number in range(20):
                await stage.add(1, f"fine-{number}", "t")
            broken = 0

            def draw(channel: str, _delivery_id: str) -> None:
                nonlocal broken
                if "broken" in channel:
                    broken += 1
                    raise ZeroDivisionError

            stage.draw = draw
            stage.fate = lambda channel: "refused" if "refused" in channel else "well"
            await stage.until_done()
            refusals = sum(1 for _, channel in stage.chat.calls if "refused" in channel)
            fine = [post.at for post in stage.chat.log if "fine" in post.channel]
            assert len(fine) == 20
            return refusals, broken, max(fine)

    template()
    return clockwork.run(play())


def deadly() -> tuple[int, float, int, float]:
    """An alert that takes its process down whenever it is drawn, among others, in a house that is started again.

    (processes that died, seconds until its channel went on, others not posted, p95 of the others' wait in seconds)
    """

    async def play() -> tuple[int, float, int, float]:
        async with scene("history", 10) as stage:
            await stage.add(1, "deadly", "t")
            for number in range(20):
                await stage.add(5, f"fine-{number}", "t")
            await stage.add(3, "deadly-2", "t")
            async with stage.store.begin() as tx:
                await tx.outbox.add(
                    Delivery("next", "t", "history:deadly", Message(title="next"), created_at=await tx.now())
                )

            def draw(_channel: str, delivery_id: str) -> None:
                if delivery_id == "deadly 00000":  # memory eaten up, a library that crashes
                    stage.disk.cut()
                    raise Dead

            stage.draw = draw
            lives = 0
            while True:
                try:
                    await stage.until_done()
                    break
                except Dead:
                    lives += 1
                    await asyncio.sleep(2.0)
                    await stage.open()
                    await stage.store.take_over(stage.courier.settle)
            went_on = next(post.at for post in stage.chat.log if post.delivery_id == "next")
            waits = sorted(post.at for post in stage.chat.log if post.delivery_id != "next")
            return lives, went_on, 103 - len(waits), waits[int(len(waits) * 0.95) - 1]

    template()
    return clockwork.run(play())


@dataclass
class Cuts:
    """What was found after power cuts."""

    commits: int
    writes: int
    cuts: int = 0
    corrupt: int = 0
    lost: int = 0
    """Cuts after which an acknowledged commit was missing."""
    torn: int = 0
    """Cuts after which something was there that was never the whole content."""


def power_cuts(count: int, *, seed: int = 1, hours: float = 3.0, synchronous: str = "FULL") -> Cuts:
    """A newsroom's hours on a disk that remembers what was synced, and what a cut at any point would have left."""
    template()
    with tempfile.TemporaryDirectory(prefix="newsbell-power-", dir=fast_disk()) as folder:
        world_of = Path(folder) / "world"
        world_of.mkdir()

        async def live(plan: Plan) -> Cuts:
            world = World(plan, world_of)
            with recorded(world.file, synchronous=synchronous) as (journal, world.opener):
                await world.furnish()
                process = world.spawn()
                await asyncio.sleep(world.over)
                process.kill()
                await process.bury()
            writes = sum(1 for event in journal.events if event.kind == "write")
            found = Cuts(commits=len(journal.contents) - 1, writes=writes)
            dice = Random(seed)
            for number in range(count):
                target = Path(folder) / str(number)
                target.mkdir()
                acknowledged = journal.cut(dice.randrange(len(journal.events)), dice, target)
                verdict, content = after_power_cut(target / world.file.name)
                found.cuts += 1
                found.corrupt += verdict != "ok"
                if verdict == "ok" and content not in journal.contents[acknowledged : acknowledged + 2]:
                    found.lost += content in journal.contents
                    found.torn += content not in journal.contents
                shutil.rmtree(target)
            return found

        plan = Plan(
            seed, hours=hours, feeds=8, tick=20, articles_a_day=150, channels=1, topics=3, killed_every=0,
            killed_while_posting=0, paused=0, api_trouble=0.1, database_trouble=0,
        )  # fmt: skip
        return clockwork.run(live(plan))


def full_disk(folder: Path) -> tuple[Account, int, float]:
    """Half an hour on a full disk, in a folder on a small one of its own.

    (the world's account, alerts posted meanwhile, seconds until feeds were looked at again once there was room)
    """
    template()
    posted, recovered = 0, 0.0

    async def live(plan: Plan) -> Account:
        world = World(plan, folder)

        async def nemesis() -> None:
            nonlocal posted, recovered
            await asyncio.sleep(CALM + 900)
            for chat in world.chats.values():
                chat.fate = lambda _channel: "unreachable"  # so that something waits when the disk is full
            await asyncio.sleep(300)
            before = sum(len(chat.log) for chat in world.chats.values())
            filler = folder / "filler"
            with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4096))
            await asyncio.sleep(60)
            for chat in world.chats.values():
                chat.fate = world.fate
            await asyncio.sleep(1740)
            posted = sum(len(chat.log) for chat in world.chats.values()) - before
            filler.unlink()
            looks = world.wire.fetches
            freed = world.time()
            while world.wire.fetches == looks:
                await asyncio.sleep(1)
            recovered = world.time() - freed

        struck = asyncio.create_task(nemesis())
        account = await world.live()
        await struck
        return account

    plan = Plan(
        31, hours=1.7, feeds=8, tick=20, articles_a_day=100, channels=2, killed_every=0, killed_while_posting=0,
        paused=0, feed_trouble=0, api_trouble=0.5, database_trouble=0, tidy_up=0.3,
        cadence=Cadence(0.5, ceiling=timedelta(minutes=3)),
    )  # fmt: skip
    return clockwork.run(live(plan)), posted, recovered


if __name__ == "__main__":  # in a name space of its own, with a small disk: see figures.disk_is_full
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    told, meanwhile, after = full_disk(Path(sys.argv[1]))
    print(json.dumps([told.lost, told.doubled, told.good, told.expected, meanwhile, after]))
