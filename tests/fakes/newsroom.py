"""A small newsroom: a real database, fakes at the two ports, and a clock that is set by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from bot.cards import Cards
from bot.commands import COMMANDS, Desk
from bot.core.cadence import BALANCED
from bot.core.command import Invocation
from bot.core.model import EVERYONE, Channel, Feed, Person
from bot.core.pack import PackFeed
from bot.core.router import Router
from bot.courier import Courier
from bot.jobs import Jobs
from bot.pipeline import Pipeline, Rules, Writer
from bot.poller import Poller
from bot.sources import opml
from bot.store import Store
from bot.stories import Stories
from bot.topics import Catalogue, Following
from tests.fakes.ports import Clock, FakePlatform, FakeSource

GENERAL = Channel("fake:general", "fake", "general")
OIL = Channel("fake:oil", "fake", "oil")
ADA = Person("ada", "Ada", may_manage=True)
WIRE = "https://wire.example/rss"


@dataclass
class Newsroom:
    """Everything a test may look at. `restart` is what a kill and a new start leave: the database and the world."""

    store: Store
    clock: Clock
    source: FakeSource
    platform: FakePlatform
    catalogue: Catalogue
    writer: Writer | None = None
    pack: tuple[PackFeed, ...] = ()
    pipeline: Pipeline = field(init=False)
    poller: Poller = field(init=False)
    courier: Courier = field(init=False)
    cards: Cards = field(init=False)
    router: Router = field(init=False)
    lives: int = 0

    async def restart(self) -> None:
        self.lives += 1
        jobs = await Jobs.open("sqlite+aiosqlite:///")
        name = f"life {self.lives}"
        self.pipeline = Pipeline(
            store=self.store,
            following=Following(self.catalogue),
            stories=Stories(),
            jobs=jobs,
            rules=Rules(),
            writer=self.writer,
        )
        self.poller = Poller(
            store=self.store,
            source=self.source,
            jobs=jobs,
            take_in=self.pipeline.take_in,
            name=name,
            cadence=BALANCED,
            random=Random(7),
        )
        platforms = {self.platform.name: self.platform}
        self.courier = Courier(store=self.store, platforms=platforms, jobs=jobs, name=name, random=Random(7))
        self.cards = Cards(
            store=self.store,
            platforms=platforms,
            jobs=jobs,
            name=name,
            gate=self.courier.gate,
            writer=self.writer,
        )
        desk = Desk(
            self.store,
            self.catalogue,
            self.poller,
            self.pipeline,
            platforms,
            self.source.look,
            self.clock(),
            "test",
            COMMANDS,
            self.pack,
            lists=opml,
        )
        self.router = Router(COMMANDS, desk, refused=desk.refused)
        await self.pipeline.follow()
        await self.pipeline.recall()

    async def add_feed(self, url: str = WIRE, *, tenant: str = EVERYONE, source: str = "The Wire") -> Feed:
        async with self.store.begin() as tx:
            feed, _ = await tx.feeds.add(url, tenant=tenant, title=source, source=source, now=self.clock())
        return feed

    async def say(self, line: str, channel: Channel = GENERAL, person: Person = ADA) -> str:
        """Type a command; the reply as text."""
        call = Invocation(channel.tenant, channel, person, (GENERAL, OIL))
        return (await self.router.answer(call, line)).message.text

    async def poll(self, url: str = WIRE) -> None:
        """Look at the host's feeds as if they were due now."""
        self.clock.forward(timedelta(days=1) - timedelta(hours=20))
        await self.poller.poll(url.split("/")[2])

    async def feed(self, number: int = 1) -> Feed:
        async with self.store.read() as tx:
            feed = await tx.feeds.get(number)
        assert feed
        return feed

    async def look(self, url: str = WIRE, *, tenant: str = EVERYONE) -> Feed:
        """Have a feed due this moment and look at it; as it is known then."""
        async with self.store.begin() as tx:
            feed = await tx.feeds.by_url(url, tenant)
            assert feed
            await tx.feeds.adjust(feed.id, interval=feed.interval, agent=feed.agent)
        await self.poller.poll(url.split("/")[2])
        return await self.feed(feed.id)

    async def edit(self, *channels: Channel) -> None:
        """Edit what is behind its story, the moment of waiting for more being over."""
        self.clock.forward(timedelta(seconds=15))
        for channel in channels or (GENERAL, OIL):
            await self.cards.edit(channel.id)

    async def flush(self, *channels: Channel) -> None:
        for channel in channels or (GENERAL, OIL):
            await self.courier.flush(channel.id)
