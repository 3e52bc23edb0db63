"""Real processes, real SIGKILL and SIGSTOP: workers on one outbox post to chat services in another process, which keeps
the log. Workers are forked from this one, with everything imported and every statement compiled, so that a new one
works within milliseconds. A kill waits for posts rather than seconds: on a slow machine kills come slower, and not
before anything is done.

The waits are those of the house divided by ten or so, in their proportions.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import json
import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import bot.store.transaction
from bot.core.errors import TryLater
from bot.core.message import Message
from bot.core.model import Delivery, DeliveryState
from bot.core.router import Router
from bot.courier import Courier, Times
from bot.store import Store
from bot.store.engine import Database, parse_url
from tests.simulator.chat import Chat, Kind
from tests.simulator.process import Queue

TIMES = Times(
    lease=timedelta(seconds=3),
    send=timedelta(seconds=1.2),
    settle=timedelta(seconds=1.2),
    retries=tuple(timedelta(seconds=s) for s in (0.2, 0.4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)),
    calm=timedelta(seconds=6),
)
KINDS: tuple[Kind, ...] = ("nonce", "history")
WINDOW, LAG, TRUSTED = 18.0, 0.2, timedelta(seconds=6)
LATENCY = 0.02
DRY = 4.0
"""Seconds without a post after which there is nothing left that could go out at once: longer than a lease."""
PATIENCE = 60.0
"""Seconds without a single post after which a storm's end is not waited for any longer."""
fork = multiprocessing.get_context("fork")


@dataclass
class Result:
    kills: int = 0
    stops: int = 0
    queued: int = 0
    lost: int = 0
    doubled: int = 0
    given_up: int = 0
    waiting: int = 0
    """Not posted when for a minute nothing was."""
    out_of_order: int = 0
    amid: int = 0
    """Posts until the last of the kills."""
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.given_up or self.waiting or self.out_of_order)

    def __add__(self, other: Result) -> Result:
        mine, others = astuple(self), astuple(other)
        return Result(*(a + b for a, b in zip(mine, others, strict=True)))

    def __str__(self) -> str:
        amid = f" ({self.amid / self.kills:.1f} posts for each)" if self.kills else ""
        return (
            f"{self.kills} kills{amid}, {self.queued} alerts, {self.lost} lost, {self.doubled} doubled, "
            f"{self.out_of_order} out of order, {self.given_up} given up, {self.waiting} waiting for ever"
        )


# -- the services ---------------------------------------------------------------------------------------------------


async def serve(socket: str, ledger: str, seed: int) -> None:
    """A nonce service and a history service behind one socket; what they post goes to the ledger, line by line."""
    dice = Random(seed)
    chats: dict[str, Chat] = {kind: Chat(kind, kind, dice, window=WINDOW, lag=LAG) for kind in KINDS}
    with Path(ledger).open("a", buffering=1) as out:

        def act(channel: str, delivery: str) -> str:
            chat = chats[channel.partition(":")[0]]
            before = len(chat.log)
            remote = chat.act(channel, delivery, "")
            if len(chat.log) > before:
                out.write(f"{channel} {delivery}\n")
            return remote

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                asked = json.loads(await reader.readline())
                channel, delivery = asked["channel"], asked["id"]
                await asyncio.sleep(dice.uniform(0, LATENCY))
                if asked["find"]:
                    found = chats[channel.partition(":")[0]].shown(channel, delivery)
                    writer.write(json.dumps(found).encode() + b"\n")
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


def work(database: Database, socket: str, name: str, skew: float) -> None:
    _die_with_the_parent()
    if skew:
        bot.store.transaction.datetime = _skewed(skew)  # type: ignore[attr-defined]  # a machine whose clock is wrong
    asyncio.run(carry(database, socket, name))


def _die_with_the_parent() -> None:
    """So that a run that is cut off leaves nobody behind (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


async def carry(database: Database, socket: str, name: str) -> None:
    """A process that delivers, until it is ended."""
    store = Store(database, None)
    queue = Queue()
    courier = Courier(
        store=store, platforms={kind: Wire(kind, socket) for kind in KINDS}, jobs=queue, name=name, times=TIMES
    )
    courier.serve()
    fresh = True
    try:
        while True:
            with contextlib.suppress(Exception):  # a database that is away for a moment
                if fresh:
                    await store.take_over(courier.settle)
                fresh = False
                await courier.flush_due()
            await asyncio.sleep(0.2)
    finally:
        queue.stopping = True
        await asyncio.gather(*queue.tasks())


def _skewed(seconds: float) -> type[datetime]:
    class Skewed(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(seconds=seconds)

    return Skewed


@dataclass
class Storm:
    """`workers` at once on the database at `url`, which is made for it."""

    url: str
    folder: Path
    seed: int
    workers: int
    channels: int = 16
    skews: tuple[float, ...] = ()
    disturb: Callable[[str], None] = lambda _url: None
    """Called at each round: for a nemesis of the database."""
    crew: list[Any] = field(default_factory=list)
    database: Database = field(init=False)
    result: Result = field(default_factory=Result)

    def run(self, *, kills: int, stops: int = 0, backlog: int = 100) -> Result:
        began = time.monotonic()
        dice = Random(self.seed)
        asyncio.run(self._make_tables())
        self.database = Database(parse_url(self.url))
        self.folder.mkdir(exist_ok=True)
        self.socket, self.ledger = str(self.folder / "chat"), str(self.folder / "ledger")
        server = fork.Process(target=self._serve)
        server.start()
        while not Path(self.socket).exists():
            time.sleep(0.01)
        try:
            self._refill(backlog)
            self._warm_up()
            before = self._posts()
            for place in range(self.workers):
                self.crew.append(self._spawn(place))
            while self.result.kills < kills or self.result.stops < stops:
                if self.result.stops < stops and (self.result.kills >= kills or dice.random() < 0.5):
                    time.sleep(dice.uniform(0.02, 0.1))
                    stopped = dice.sample(range(self.workers), max(1, self.workers * 2 // 3))
                    self._pause(stopped, dice.uniform(1.1, 1.6) * TIMES.lease.total_seconds())
                elif self.result.kills < kills:
                    self._await_posts(dice.randrange(1, 4), backlog)
                    time.sleep(dice.uniform(0, LATENCY))
                    place = dice.randrange(self.workers)
                    self._kill(place)
                    self.crew[place] = self._spawn(place)
                self.disturb(self.url)
                if (self.result.kills + self.result.stops) % 10 == 0 and self._open() < backlog / 4:
                    self._refill(backlog)
            self.result.amid = self._posts() - before
            while self._open() and self._wait_for(1, at_most=PATIENCE):
                time.sleep(0.3)
        finally:
            for place in range(len(self.crew)):
                self._kill(place, count=False)
            server.kill()
            server.join()
        self._account()
        self.result.seconds = time.monotonic() - began
        return self.result

    async def _make_tables(self) -> None:
        await (await Store.open(self.url)).close()

    def _warm_up(self) -> None:
        """Carry a little in this process, which the workers are copies of: they need not compile every statement."""

        async def some() -> None:
            carrying = asyncio.create_task(carry(self.database, self.socket, "warm"))
            while self._posts() < 8:
                await asyncio.sleep(0.01)
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)
            await self.database.close()

        asyncio.run(some())
        gc.freeze()

    def _posts(self) -> int:
        with contextlib.suppress(OSError):
            return Path(self.ledger).read_bytes().count(b"\n")
        return 0

    def _await_posts(self, posts: int, backlog: int) -> None:
        """Until so many more are in the ledger, or none can come.

        What worker after worker died of waits for one that lives for a while, and may be at the head of all that is
        left: the other channels get more then. If it is at the head of every channel, that worker is waited for.
        """
        if not self._wait_for(posts, at_most=DRY):
            self._refill(backlog)
            self._wait_for(posts, at_most=2 * TIMES.calm.total_seconds())

    def _wait_for(self, posts: int, *, at_most: float) -> bool:
        """Until so many more are in the ledger; false if they do not come."""
        before, end = self._posts(), time.monotonic() + at_most
        while time.monotonic() < end:
            if self._posts() >= before + posts:
                return True
            time.sleep(0.005)
        return False

    def _serve(self) -> None:
        _die_with_the_parent()
        asyncio.run(serve(self.socket, self.ledger, self.seed))

    def _spawn(self, place: int) -> Any:
        skew = self.skews[place] if place < len(self.skews) else 0.0
        worker = fork.Process(target=work, args=(self.database, self.socket, f"w{place}-{time.monotonic_ns()}", skew))
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
            try:
                return await question(Store(self.database, None))
            finally:
                await self.database.close()  # its connections belong to this loop

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
                    kind = KINDS[number % 2]
                    channel = f"{kind}:{number // 2 % (self.channels // 2)}"
                    await tx.outbox.add(Delivery(f"d{number:06}", kind, channel, Message(title=f"{number}")))

        self._ask(fill)
        self.result.queued = first + count

    def _states(self) -> Counter[str]:
        async def ask(store: Store) -> Counter[str]:
            async with store.read() as tx:
                counts = await tx.deliveries.counts(None, (await tx.now()) - timedelta(days=1))
            return Counter({str(state): count for state, count in counts.items()})

        found: Counter[str] = self._ask(ask)
        return found

    @staticmethod
    async def _in_state(store: Store) -> dict[str, DeliveryState]:
        async with store.read() as tx:
            since = await tx.now() - timedelta(days=1)
            found = await tx.deliveries.in_state(list(DeliveryState), since=since, limit=100_000)
        return {each.id: each.state for each in found}

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
        known = self._ask(self._in_state)
        states = Counter(str(known.get(name, "lost")) for name in missing)
        result.given_up, result.waiting = states["dead"], states["pending"] + states["sending"]
        result.lost = len(missing) - result.given_up - result.waiting
        last: dict[str, str] = {}
        for line in dict.fromkeys(Path(self.ledger).read_text().splitlines()):
            channel, delivery = line.split()
            result.out_of_order += delivery < last.get(channel, "")
            last[channel] = delivery


def together(storms: list[Storm], *, kills: int, backlog: int) -> Result:
    """Storms at the same time, each on a database of its own and in a process of its own: most of one is waiting."""
    ends = []
    for storm in storms:
        out, into = fork.Pipe(duplex=False)
        part = fork.Process(target=_weather, args=(storm, kills // len(storms), backlog, into))
        part.start()
        into.close()
        ends.append((part, out))
    found = Result()
    for part, out in ends:
        with out:
            found += out.recv()  # EOFError if it broke, which it has told by then
        part.join()
    return found


def _weather(storm: Storm, kills: int, backlog: int, into: Any) -> None:
    _die_with_the_parent()
    into.send(storm.run(kills=kills, backlog=backlog))
