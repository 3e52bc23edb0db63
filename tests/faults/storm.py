"""Real processes, real SIGKILL and SIGSTOP: workers on one outbox post to chat services in another process, which keeps
the log. Workers are forked from this one, with everything imported, so that a new one works within milliseconds.

The waits are those of the house divided by fifteen or so, in their proportions.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import bot.store.transaction
from bot.core.errors import SettingsError, TryLater
from bot.core.message import Message
from bot.core.model import Delivery, DeliveryState
from bot.core.router import Router
from bot.courier import Courier, Times
from bot.store import Store
from bot.store.engine import Database, connect
from tests.simulator.chat import Kind
from tests.simulator.process import Queue

TIMES = Times(
    lease=timedelta(seconds=2),
    send=timedelta(seconds=0.6),
    settle=timedelta(seconds=0.8),
    retries=tuple(timedelta(seconds=s) for s in (0.2, 0.4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)),
)
WINDOW, TRUSTED = 12.0, timedelta(seconds=4)
LATENCY = 0.05
fork = multiprocessing.get_context("fork")


@dataclass
class Result:
    kills: int = 0
    stops: int = 0
    queued: int = 0
    lost: int = 0
    doubled: int = 0
    poisoned: int = 0
    out_of_order: int = 0
    seconds: float = 0.0


# -- the services ---------------------------------------------------------------------------------------------------


async def serve(socket: str, ledger: str, seed: int) -> None:
    """A nonce service and a history service behind one socket; what they post goes to the ledger, line by line."""
    dice = Random(seed)
    log: list[tuple[float, str, str]] = []
    loop = asyncio.get_running_loop()
    with Path(ledger).open("a", buffering=1) as out:

        def act(channel: str, delivery: str) -> str:
            now = loop.time()
            if channel.startswith("nonce:"):
                for number in range(len(log) - 1, -1, -1):
                    if log[number][0] < now - WINDOW:
                        break
                    if log[number][1:] == (channel, delivery):
                        return str(number)
            log.append((now, channel, delivery))
            out.write(f"{channel} {delivery}\n")
            return str(len(log) - 1)

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                asked = json.loads(await reader.readline())
                channel, delivery = asked["channel"], asked["id"]
                await asyncio.sleep(dice.uniform(0, LATENCY))
                if asked["find"]:
                    seen = loop.time() - dice.uniform(0, 0.2)
                    found = [
                        str(n) for n, each in enumerate(log) if each[1:] == (channel, delivery) and each[0] <= seen
                    ]
                    writer.write(json.dumps(found[0] if found else None).encode() + b"\n")
                else:
                    luck = dice.random()
                    if luck < 0.02:
                        return  # lost on the way, the connection dropped
                    remote = act(channel, delivery)
                    if luck < 0.04:
                        return  # acted on, the answer lost
                    await asyncio.sleep(dice.uniform(0, LATENCY))
                    writer.write(json.dumps(remote).encode() + b"\n")
                await writer.drain()
            writer.close()

        server = await asyncio.start_unix_server(answer, socket)
        async with server:
            await server.serve_forever()


class Wire:
    """The port `Platform` over the socket."""

    def __init__(self, name: Kind, socket: str) -> None:
        self.name: str = name
        self.whispers = False
        self.dedupes_for = TRUSTED if name == "nonce" else timedelta(0)
        self._socket = socket

    async def run(self, router: Router) -> None:
        await asyncio.Event().wait()

    async def check(self) -> str:
        return self.name

    async def edit(self, channel: str, remote_id: str, message: Message) -> None:
        raise TryLater("nothing is edited here")

    async def _ask(self, channel: str, delivery_id: str, *, find: bool) -> Any:
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket)
            try:
                writer.write(json.dumps({"channel": channel, "id": delivery_id, "find": find}).encode() + b"\n")
                line = await reader.readline()
            finally:
                writer.close()
        except OSError as error:
            raise TryLater(str(error), unknown=not find) from error
        if not line:
            raise TryLater("the connection was dropped", unknown=not find)
        return json.loads(line)

    async def send(self, channel: str, message: Message, *, delivery_id: str) -> str:
        return str(await self._ask(channel, delivery_id, find=False))

    async def find(self, channel: str, delivery_id: str, since: datetime) -> str | None:
        found = await self._ask(channel, delivery_id, find=True)
        return None if found is None else str(found)


# -- the workers ----------------------------------------------------------------------------------------------------


def work(url: str, socket: str, name: str, skew: float) -> None:
    _die_with_the_parent()
    if skew:
        bot.store.transaction.datetime = _skewed(skew)  # type: ignore[attr-defined]  # a machine whose clock is wrong
    asyncio.run(_work(url, socket, name))


def _die_with_the_parent() -> None:
    """So that a run that is cut off leaves nobody behind (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


async def _work(url: str, socket: str, name: str) -> None:
    store = Store(await _connected(url), None)
    queue = Queue()
    kinds: tuple[Kind, ...] = ("nonce", "history")
    courier = Courier(
        store=store, platforms={kind: Wire(kind, socket) for kind in kinds}, jobs=queue, name=name, times=TIMES
    )
    courier.serve()
    await store.take_over(courier.settle)
    while True:
        with contextlib.suppress(Exception):  # a database that is down for a moment
            await courier.flush_due()
        await asyncio.sleep(0.05)


async def _connected(url: str) -> Database:
    """The database once it is there: it may be cut off at this very moment."""
    while True:
        with contextlib.suppress(SettingsError):
            return await connect(url)
        await asyncio.sleep(0.05)


def _skewed(seconds: float) -> type[datetime]:
    class Skewed(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(seconds=seconds)

    return Skewed


@dataclass
class Storm:
    """`workers` at once on the database at `url`, which has its tables."""

    url: str
    folder: Path
    seed: int
    workers: int
    channels: int = 16
    skews: tuple[float, ...] = ()
    disturb: Callable[[], None] = lambda: None
    """Called at each round: for a nemesis of the database."""
    crew: list[Any] = field(default_factory=list)
    result: Result = field(default_factory=Result)

    def run(self, *, kills: int, stops: int = 0, backlog: int = 100) -> Result:
        began = time.monotonic()
        dice = Random(self.seed)
        self.socket, self.ledger = str(self.folder / "chat"), str(self.folder / "ledger")
        server = fork.Process(target=self._serve)
        server.start()
        while not Path(self.socket).exists():
            time.sleep(0.01)
        try:
            self._refill(backlog)
            for place in range(self.workers):
                self.crew.append(self._spawn(place))
            while self.result.kills < kills or self.result.stops < stops:
                time.sleep(dice.uniform(0.02, 0.15))
                place = dice.randrange(self.workers)
                if self.result.stops < stops and (self.result.kills >= kills or dice.random() < 0.5):
                    stopped = dice.sample(range(self.workers), max(1, self.workers * 2 // 3))
                    self._pause(stopped, dice.uniform(1.1, 1.6) * TIMES.lease.total_seconds())
                elif self.result.kills < kills:
                    self._kill(place)
                    self.crew[place] = self._spawn(place)
                self.disturb()
                if (self.result.kills + self.result.stops) % 10 == 0 and self._open() < backlog / 2:
                    self._refill(backlog)
            deadline = time.monotonic() + 90
            while self._open() and time.monotonic() < deadline:
                time.sleep(0.3)
        finally:
            for place in range(len(self.crew)):
                self._kill(place, count=False)
            server.kill()
            server.join()
        self._account()
        self.result.seconds = time.monotonic() - began
        return self.result

    def _serve(self) -> None:
        _die_with_the_parent()
        asyncio.run(serve(self.socket, self.ledger, self.seed))

    def _spawn(self, place: int) -> Any:
        skew = self.skews[place] if place < len(self.skews) else 0.0
        worker = fork.Process(target=work, args=(self.url, self.socket, f"w{place}-{time.monotonic_ns()}", skew))
        worker.start()
        return worker

    def _kill(self, place: int, *, count: bool = True) -> None:
        self.crew[place].kill()
        self.crew[place].join()
        self.result.kills += count

    def _pause(self, places: list[int], seconds: float) -> None:
        for place in places:
            os.kill(self.crew[place].pid, signal.SIGSTOP)
        time.sleep(seconds)
        for place in places:
            os.kill(self.crew[place].pid, signal.SIGCONT)
        self.result.stops += len(places)

    def _ask(self, question: Callable[[Store], Any]) -> Any:
        async def ask() -> Any:
            store = Store(await connect(self.url), None)
            try:
                return await question(store)
            finally:
                await store.close()

        for _ in range(50):
            try:
                return asyncio.run(ask())
            except Exception:  # the database may be away for a moment
                time.sleep(0.2)
        raise RuntimeError("the database does not come back")

    def _refill(self, count: int) -> None:
        first = self.result.queued

        async def fill(store: Store) -> None:
            async with store.begin() as tx:
                for number in range(first, first + count):
                    kind = ("nonce", "history")[number % 2]
                    channel = f"{kind}:{number // 2 % (self.channels // 2)}"
                    await tx.outbox.add(Delivery(f"d{number:06}", kind, channel, Message(title=f"{number}")))

        self._ask(fill)
        self.result.queued = first + count

    def _states(self) -> Counter[str]:
        async def ask(store: Store) -> Counter[str]:
            async with store.read() as tx:
                counts = await tx.outbox.counts(None, (await tx.now()) - timedelta(days=1))
            return Counter({str(state): count for state, count in counts.items()})

        found: Counter[str] = self._ask(ask)
        return found

    @staticmethod
    async def _dead(store: Store) -> set[str]:
        async with store.read() as tx:
            since = await tx.now() - timedelta(days=1)
            return {each.id for each in await tx.outbox.in_state([DeliveryState.DEAD], since=since, limit=100_000)}

    def _open(self) -> int:
        states = self._states()
        return states["pending"] + states["sending"]

    def _account(self) -> None:
        posts = Counter(Path(self.ledger).read_text().splitlines())
        result = self.result
        result.doubled = sum(1 for count in posts.values() if count > 1)
        posted = {line.split()[1] for line in posts}
        missing = {f"d{number:06}" for number in range(result.queued)} - posted
        # By name: one that was given up although it had been posted must not hide another's loss.
        given_up = self._ask(self._dead)
        result.poisoned, result.lost = len(missing & given_up), len(missing - given_up)
        last: dict[str, str] = {}
        for line in dict.fromkeys(Path(self.ledger).read_text().splitlines()):
            channel, delivery = line.split()
            result.out_of_order += delivery < last.get(channel, "")
            last[channel] = delivery
