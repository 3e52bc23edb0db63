"""One process of Newsbell in the simulator: the real poller, pipeline, courier and store; only thread, queue and timer
are the simulator's own. It can be killed at any point and paused between any two."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from random import Random

from bot.core.cadence import BALANCED, Cadence
from bot.core.ports import Source
from bot.courier import Courier
from bot.jobs import Handler, Jobs
from bot.pipeline import Pipeline, Rules
from bot.poller import Poller
from bot.store import Store
from bot.stories import Stories
from bot.topics import Catalogue, Following
from tests.simulator.chat import Chat, Line
from tests.simulator.disk import Dead, Disk


class Queue(Jobs):
    """The engine's three words without the engine: each process drops copies of what waits or runs in it."""

    def __init__(self) -> None:
        self.stopping = False
        self._handlers: dict[str, Handler] = {}
        self._slots = asyncio.Semaphore(64)
        self._repeat: set[tuple[str, str]] = set()
        self._known: dict[tuple[str, str], asyncio.Task[None]] = {}

    def on(self, kind: str, handler: Handler, *, at_once: int = 64) -> None:
        self._handlers[kind] = handler

    async def kick(self, kind: str, keys: Iterable[str]) -> None:
        for key in dict.fromkeys(keys):
            if kind not in self._handlers:
                continue
            if (kind, key) in self._known:
                self._repeat.add((kind, key))
            else:
                self._known[kind, key] = asyncio.create_task(self._work(kind, key))

    async def _work(self, kind: str, key: str) -> None:
        try:
            while True:
                self._repeat.discard((kind, key))
                async with self._slots:
                    try:
                        await self._handlers[kind](key)
                    except Exception:
                        return  # as the engine does: the next tick tries again
                    except Dead:
                        return
                if (kind, key) not in self._repeat:
                    return
        finally:
            self._known.pop((kind, key), None)

    def tasks(self) -> list[asyncio.Task[None]]:
        return list(self._known.values())


class Process:
    def __init__(
        self,
        name: str,
        *,
        disk: Disk,
        clock: Callable[[], datetime],
        source: Source,
        chats: Mapping[str, Chat],
        catalogue: Catalogue,
        dice: Random,
        tick: float,
        breathe: Callable[[Process, str], object],
        cadence: Cadence = BALANCED,
    ) -> None:
        self.name = name
        self.disk = disk
        self.dead = False
        self.paused_until = 0.0
        self._tick = tick
        self._nemesis = breathe
        self._tasks: list[asyncio.Task[None]] = []
        self.queue = Queue()
        self.store = Store(disk.database(), clock)
        self.pipeline = Pipeline(
            store=self.store,
            following=Following(catalogue),
            stories=Stories(),
            jobs=self.queue,
            rules=Rules(),
        )
        self.poller = Poller(
            store=self.store,
            source=source,
            jobs=self.queue,
            take_in=self.pipeline.take_in,
            name=name,
            cadence=cadence,
            random=Random(dice.random()),
        )
        self.poller.serve()
        platforms = {chat.name: Line(chat, self.breathe, Random(dice.random())) for chat in chats.values()}
        self.courier = Courier(
            store=self.store, platforms=platforms, jobs=self.queue, name=name, random=Random(dice.random())
        )
        self.courier.serve()

    def breathe(self, point: str) -> object:
        """Where it may be killed (raises Dead) or stand still (seconds come back)."""
        if self.dead:
            raise Dead
        fate = self._nemesis(self, point)
        if self.dead:
            raise Dead
        return fate

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._live())]

    async def _live(self) -> None:
        while True:
            try:
                await self.store.take_over(self.courier.settle)
                await self.pipeline.follow()
                await self.pipeline.recall()
                break
            except Exception:  # the program ends, and who supervises it starts it again
                await asyncio.sleep(1.0)
        swept = looked = float("-inf")
        loop = asyncio.get_running_loop()
        while True:
            try:
                if loop.time() - looked >= 30:
                    looked = loop.time()
                    await self.store.look_for_room()
                await self.poller.poll_due()
                await self.courier.flush_due()
                if loop.time() - swept >= 60:
                    swept = loop.time()
                    await self.courier.sweep()
            except Exception:  # as the scheduler does: a tick that fails is followed by the next
                pass
            await asyncio.sleep(self._tick)

    def kill(self) -> None:
        """SIGKILL: from now on nothing of it reaches the world or its database. `bury` ends what is left of it."""
        self.dead = True
        self.disk.cut()

    async def bury(self) -> None:
        left = [*self._tasks, *self.queue.tasks()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)
