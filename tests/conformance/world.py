"""The examination room: a server that logs what it is asked, the whole way in of the bot, and a clock that is virtual.

Hosts are names under `.example` that all lead to one loopback server; each test has its own. Time passes only between
polls and in the pauses of the gate, so that a month takes a second and every interval can be measured exactly.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import count, pairwise
from random import Random
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.core.cadence import BALANCED, Cadence
from bot.core.model import EVERYONE, Channel, Feed
from bot.courier import Courier
from bot.jobs import Jobs
from bot.pipeline import Pipeline, Rules
from bot.poller import Poller
from bot.sources.feed import FeedSource
from bot.sources.gate import Gate
from bot.store import Store
from bot.stories import Stories
from bot.topics import Catalogue, Following
from tests.fakes.newsstand import CONTACT, Reply
from tests.fakes.ports import Clock, FakePlatform

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
GENERAL = Channel("fake:general", "fake", "general")


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it; `at` is virtual."""

    at: datetime
    method: str
    host: str
    path: str
    headers: tuple[tuple[bytes, bytes], ...]

    def values(self, name: str) -> list[bytes]:
        return [value for key, value in self.headers if key.lower() == name.lower().encode()]

    @property
    def conditional(self) -> bool:
        return bool(self.values("if-none-match") or self.values("if-modified-since"))


Answer = Reply | Callable[[Asked], Reply]


class Everywhere(AbstractResolver):
    """Every name leads to the loopback server."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@dataclass
class Room:
    """What all tests share: the server, the clock, and a source that need not be started each time."""

    clock: Clock = field(default_factory=Clock)
    port: int = 0
    log: list[Asked] = field(default_factory=list)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    under_way: dict[str, int] = field(default_factory=dict)
    most_at_once: dict[str, int] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    source: FeedSource = field(init=False)

    async def sleep(self, seconds: float) -> None:
        self.clock.forward(timedelta(seconds=seconds))
        await asyncio.sleep(0)

    def seconds(self) -> float:
        return self.clock().timestamp()

    def new_source(self, seed: int = 1) -> FeedSource:
        gate = Gate(clock=self.seconds, sleep=self.sleep, random=Random(seed).random)
        return FeedSource(
            contact=CONTACT,
            allowed=[("127.0.0.1", self.port)],
            ports=[self.port],
            resolver=Everywhere(),
            gate=gate,
            lanes=1,
            now=self.clock,
        )

    async def handle(self, request: web.Request) -> web.Response:
        host = request.host.partition(":")[0]
        asked = Asked(self.clock.now, request.method, host, request.path_qs, tuple(request.raw_headers))
        self.log.append(asked)
        self.under_way[host] = self.under_way.get(host, 0) + 1
        self.most_at_once[host] = max(self.most_at_once.get(host, 0), self.under_way[host])
        try:
            await asyncio.sleep(0.002)  # long enough for another one to come in between, if anybody lets it
            answers = self.answers.get(f"{host}{request.path_qs}") or self.answers.get(f"{host}{request.path}")
            if not answers:
                return web.Response(status=404)
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            reply = answer if isinstance(answer, Reply) else answer(asked)
            return web.Response(body=reply.body, status=reply.status, headers=dict(reply.headers))
        finally:
            self.under_way[host] -= 1


@asynccontextmanager
async def opened() -> AsyncIterator[Room]:
    room = Room()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", room.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    room.port = runner.addresses[0][1]
    room.source = room.new_source()
    async with room.source:
        yield room
    await runner.cleanup()


@dataclass
class World:
    """One test's bot and its hosts."""

    room: Room
    store: Store
    catalogue: Catalogue
    platform: FakePlatform = field(default_factory=FakePlatform)
    cadence: Cadence = BALANCED
    source: FeedSource = field(init=False)
    poller: Poller = field(init=False)
    courier: Courier = field(init=False)
    pipeline: Pipeline = field(init=False)
    lives: int = 0
    began: int = field(init=False)

    def __post_init__(self) -> None:
        self.number = next(self.room.numbers)
        self.source = self.room.source
        self.began = len(self.room.log)

    @property
    def clock(self) -> Clock:
        return self.room.clock

    async def start(self) -> None:
        """A new life with the same database: what a kill and a start leave."""
        self.lives += 1
        jobs = await Jobs.open("sqlite+aiosqlite:///")
        name = f"life {self.lives}"
        following = Following(self.catalogue)
        self.pipeline = Pipeline(store=self.store, following=following, stories=Stories(), jobs=jobs, rules=Rules())
        self.poller = Poller(
            store=self.store,
            source=self.source,
            jobs=jobs,
            take_in=self.pipeline.take_in,
            name=name,
            cadence=self.cadence,
            random=Random(self.number),
        )
        platforms = {self.platform.name: self.platform}
        self.courier = Courier(store=self.store, platforms=platforms, jobs=jobs, name=name, random=Random(1))
        await self.pipeline.follow()

    def on(self, host: str, path: str, *answers: Answer) -> str:
        """Answer these in turn, the last one for ever; the URL comes back."""
        name = self.host(host)
        self.room.answers[f"{name}{path}"] = list(answers)
        return f"http://{name}:{self.room.port}{path}"

    def host(self, name: str) -> str:
        return f"{name}-{self.number}.example"

    async def add(self, url: str, **more: Any) -> Feed:
        async with self.store.begin() as tx:
            feed, _ = await tx.feeds.add(url, tenant=EVERYONE, now=self.clock(), **more)
        return feed

    async def retire(self) -> None:
        """Let go of all feeds so far."""
        async with self.store.begin() as tx:
            for feed in await tx.feeds.visible(EVERYONE):
                await tx.feeds.remove(feed.id, EVERYONE)

    async def feed(self, number: int) -> Feed:
        async with self.store.read() as tx:
            feed = await tx.feeds.get(number)
        assert feed
        return feed

    async def follow(self, topic: str) -> None:
        async with self.store.begin() as tx:
            await tx.subscriptions.add("fake", GENERAL, topic, now=self.clock())

    async def live(self, span: timedelta) -> None:
        """Let that time pass, with every poll at its moment."""
        end = self.clock() + span
        while True:
            async with self.store.read() as tx:
                hosts = await tx.feeds.due_hosts(10_000)
                dues = [feed.next_check_at for feed in await tx.feeds.visible(EVERYONE) if feed.next_check_at]
            for host in hosts:
                await self.poller.poll(host)
            if hosts:
                continue
            later = min((due for due in dues if due > self.clock()), default=end + SECOND)
            if any(due <= self.clock() for due in dues):
                later = min(later, self.clock() + 10 * MINUTE)  # a penalty may end before another moment comes
            if later > end:
                break
            self.clock.now = max(later, self.clock() + SECOND)
        self.clock.now = max(self.clock(), end)

    def log(self, host: str = "", path: str = "") -> list[Asked]:
        """What this test's hosts were asked."""
        mine = [asked for asked in self.room.log[self.began :] if asked.host.endswith(f"-{self.number}.example")]
        return [a for a in mine if (not host or a.host == self.host(host)) and (not path or a.path == path)]

    def gaps(self, host: str = "", path: str = "") -> list[timedelta]:
        times = [asked.at for asked in self.log(host, path)]
        return [after - before for before, after in pairwise(times)]

    async def titles(self) -> list[str]:
        """The headlines in the archive, oldest first."""
        async with self.store.read() as tx:
            return [article.title for article in reversed(await tx.archive.latest("fake", limit=1000))]


def rss(*keys: str, at: datetime, head: str = "", built: str = "") -> bytes:
    """A feed with these items, an hour old and a minute apart."""
    items = "".join(
        f"<item><guid>{key}</guid><title>{key if ' ' in key else f'News {key}'}</title>"
        f"<link>https://news.example/{key.replace(' ', '-')}</link>"
        f"<pubDate>{format_datetime(at - HOUR - place * MINUTE)}</pubDate></item>"
        for place, key in enumerate(keys)
    )
    date = f"<lastBuildDate>{built}</lastBuildDate>" if built else ""
    return f"<rss version='2.0'><channel><title>T</title>{head}{date}{items}</channel></rss>".encode()


def server(
    document: Callable[[], bytes], headers: Callable[[], Mapping[str, str]], *, extra: Mapping[str, str] | None = None
) -> Callable[[Asked], Reply]:
    """An honest server: 304 where the validators are the ones of now, else the document."""

    def answer(asked: Asked) -> Reply:
        now = headers()
        tag, stamp = now.get("ETag"), now.get("Last-Modified")
        known = (not tag or asked.values("if-none-match") == [tag.encode()]) and (
            not stamp or asked.values("if-modified-since") == [stamp.encode()]
        )
        if asked.conditional and known:
            return Reply(status=304, headers={**now, **(extra or {})})
        return Reply(document(), headers={**now, **(extra or {})})

    return answer


def sent(log: Sequence[Asked]) -> list[tuple[list[bytes], list[bytes]]]:
    return [(asked.values("if-none-match"), asked.values("if-modified-since")) for asked in log]
