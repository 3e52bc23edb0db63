"""The store: open it, begin a transaction, and walk into one of its rooms.

    async with store.begin() as tx:
        articles = await tx.archive.add(feed, entries, now=await tx.now())
        await tx.outbox.add(delivery)

All or nothing of it is kept. Never await the network inside: on SQLite every other writer waits meanwhile.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.archive import Archive
from bot.store.audit import Audit
from bot.store.budgets import Budgets
from bot.store.cards import Cards
from bot.store.channels import Channels
from bot.store.chat import ChatLog
from bot.store.deliveries import Deliveries
from bot.store.engine import Database, connect, sqlite_warnings
from bot.store.feeds import Feeds
from bot.store.gaps import Gaps
from bot.store.growth import Growth
from bot.store.marks import Marks
from bot.store.migrate import migrate
from bot.store.outbox import Outbox
from bot.store.pushes import Pushes
from bot.store.readers import Readers
from bot.store.reports import Reports
from bot.store.revisions import Revisions
from bot.store.subscriptions import Subscriptions
from bot.store.topics import Topics
from bot.store.transaction import Clock, Transaction


class Tx(Transaction):
    """One transaction and its rooms."""

    def __init__(self, connection: AsyncConnection, clock: Clock | None, *, writable: bool) -> None:
        super().__init__(connection, clock, writable=writable)
        self.feeds = Feeds(self)
        self.pushes = Pushes(self)
        self.budgets = Budgets(self)
        self.gaps = Gaps(self)
        self.archive = Archive(self)
        self.subscriptions = Subscriptions(self)
        self.outbox = Outbox(self)
        self.deliveries = Deliveries(self)
        self.channels = Channels(self)
        self.readers = Readers(self)
        self.growth = Growth(self)
        self.reports = Reports(self)
        self.revisions = Revisions(self)
        self.cards = Cards(self)
        self.topics = Topics(self)
        self.audit = Audit(self)


class Store:
    """Everything that must survive a restart. Made by `open`."""

    def __init__(self, database: Database, clock: Clock | None) -> None:
        self._database = database
        self._clock = clock
        self.chat = ChatLog(self.begin, self.read)
        self.marks = Marks(self.begin)

    @classmethod
    async def open(cls, url: str, *, clock: Clock | None = None) -> Store:
        """The store at a database URL, with its tables as this version needs them.

        Raises SettingsError that names NEWSBELL_DATABASE_URL. `clock` replaces the database's clock, for tests and
        for virtual time; with several processes leave it to the database.
        """
        database = await connect(url)
        try:
            await migrate(database)
        except BaseException:
            await database.close()
            raise
        return cls(database, clock)

    async def close(self) -> None:
        await self._database.close()

    @property
    def dialect(self) -> str:
        """The database in a word: SQLite or PostgreSQL."""
        return "SQLite" if self._database.is_sqlite else "PostgreSQL"

    async def take_over(self, settle: Callable[[str], timedelta]) -> None:
        """End what an earlier process left leased, as far as it must be dead: SQLite has one bot at a time.

        On PostgreSQL others may be at work, and a lease ends by itself. `settle` says of a channel how long after a
        claim in doubt the platform's history is not yet to be trusted.
        """
        if self._database.is_sqlite:
            async with self.begin() as tx:
                await tx.feeds.reclaim()
                await tx.outbox.reclaim(settle)

    @property
    def short_of_room(self) -> bool:
        """Whether the disk is so full that nothing new is to be taken in; what waits to be posted still is."""
        return self._database.ballast is not None and self._database.ballast.short

    async def look_for_room(self) -> None:
        """See how full the disk is, as far as it is ours to see: PostgreSQL's is elsewhere."""
        if self._database.ballast is not None:
            self._database.ballast.look()

    def begin(self, *, aside: bool = False) -> AbstractAsyncContextManager[Tx]:
        """A transaction that may write: kept as a whole, or not at all if the block raises.

        With `aside` its statements keep nobody else in this process waiting, however long each of them takes.
        """
        return self._begin(aside)

    def read(self, *, aside: bool = True) -> AbstractAsyncContextManager[Tx]:
        """One consistent view of everything, which never waits for a writer. Not `aside` for short questions only."""
        return self._read(aside)

    @asynccontextmanager
    async def _begin(self, aside: bool) -> AsyncIterator[Tx]:
        async with self._database.begin(aside=aside) as connection:
            yield Tx(connection, self._clock, writable=True)

    @asynccontextmanager
    async def _read(self, aside: bool) -> AsyncIterator[Tx]:
        async with self._database.read(aside=aside) as connection:
            yield Tx(connection, self._clock, writable=False)

    def warnings(self) -> list[str]:
        """What the operator should know about this database, in sentences; said by `newsbell check`."""
        if not self._database.is_sqlite:
            return []
        full = "The disk is nearly full: nothing new is taken in until there is room, what waits is still posted."
        return sqlite_warnings() + ([full] if self.short_of_room else [])
