"""One transaction as the rooms of the store see it: a connection, the time, and the words of its dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CursorResult, Executable, Row, Table, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.prepared import Prepared
from bot.store.tables import Instant

Clock = Callable[[], datetime]
Record = Row[*tuple[Any, ...]]
"""A row of any columns."""

# Not now(): that is the beginning of the transaction, and a lock may have kept us waiting since.
DATABASE_CLOCK = select(func.clock_timestamp(type_=Instant))


class Transaction:
    """`writable` is false in a `read()`. The clock is the store's own if it was given one, else the database's."""

    def __init__(self, connection: AsyncConnection, clock: Clock | None, *, writable: bool) -> None:
        self.connection = connection
        self.writable = writable
        self.dialect = connection.dialect.name
        self._clock = clock

    async def now(self) -> datetime:
        """The instant by which leases are counted: workers may disagree about the time, the database does not."""
        return self.known() or (await self.connection.execute(DATABASE_CLOCK)).scalar_one()

    def known(self) -> datetime | None:
        """The instant where it is known without asking the database, which puts in its own: see `prepared.Now`."""
        if self._clock is not None:
            return self._clock().astimezone(UTC)
        if self.dialect == "sqlite":
            return datetime.now(UTC)  # the file is on this machine; SQLite's own 'now' stops at the millisecond
        return None

    async def lock(self, name: str) -> None:
        """Let no other transaction hold this name until ours ends. On SQLite BEGIN IMMEDIATE has done so already."""
        if self.dialect == "postgresql":
            await self.connection.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}
            )

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that knows ON CONFLICT, in the dialect of this transaction."""
        return sqlite.insert(table) if self.dialect == "sqlite" else postgresql.insert(table)

    async def execute(
        self, statement: Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[*tuple[Any, ...]]:
        return await self.connection.execute(statement, values)

    async def ask(self, prepared: Prepared, **values: Any) -> Sequence[Any]:
        """The rows of a statement that is asked again and again."""
        return await prepared.ask(self.connection, values)

    async def rows(self, statement: Executable) -> Sequence[Record]:
        return (await self.connection.execute(statement)).all()

    async def first(self, statement: Executable) -> Record | None:
        return (await self.connection.execute(statement)).first()

    async def changed(self, statement: Executable) -> int:
        """How many rows an UPDATE or DELETE touched."""
        return (await self.connection.execute(statement)).rowcount


Begin = Callable[[], AbstractAsyncContextManager[Transaction]]
"""Begins a transaction: for rooms whose every method is one."""


def slices(items: list[Any], size: int = 5_000) -> list[list[Any]]:
    """Both databases limit the values of one statement to about 32,000."""
    return [items[start : start + size] for start in range(0, len(items), size)]
