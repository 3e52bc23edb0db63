"""The database behind the store: one URL, two dialects, and transactions that mean what they say.

SQLite runs in WAL mode with `synchronous=FULL` (NORMAL loses acknowledged commits at a power cut). Every write begins
with BEGIN IMMEDIATE, because a deferred transaction that turns into a write after another writer fails at once and
ignores the busy time-out. Inside this process the writers queue at a lock of ours; the busy time-out is for others.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import structlog
from sqlalchemy import event, text
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.core.errors import SettingsError
from bot.store import sqlite
from bot.store.ballast import Ballast

log = structlog.get_logger(__name__)

SETTING = "NEWSBELL_DATABASE_URL"
BUSY_MS = 30_000
READERS = 4
REST = 2.0
"""Seconds after which a connection is tried before it is used."""
CONNECTIONS = 12
"""To PostgreSQL, at most, and the queue's five: five processes fit into the hundred that a server allows by default."""

POSTGRES_DRIVERS = ("postgres", "postgresql", "postgresql+asyncpg", "postgres+asyncpg")
SQLITE_DRIVERS = ("sqlite", "sqlite+aiosqlite")


def parse_url(url: str) -> URL:
    """The URL with the driver that we bring. Raises SettingsError; its text never holds the password."""
    try:
        parsed = make_url(url.strip())
    except (ArgumentError, ValueError):
        raise SettingsError(
            f"{SETTING} is not a database URL. Write sqlite:///data/newsbell.db or postgresql://user:password@host/name."
        ) from None
    if parsed.drivername in SQLITE_DRIVERS:
        name = parsed.database or ""
        if not name or name == ":memory:" or name.startswith("file:"):
            raise SettingsError(f"{SETTING} must name a file, as in sqlite:///data/newsbell.db: memory forgets.")
        return parsed.set(drivername="sqlite+aiosqlite")
    if parsed.drivername in POSTGRES_DRIVERS:
        query = dict(parsed.query)
        if (mode := query.pop("sslmode", None)) is not None:  # libpq's word; asyncpg's is "ssl", with the same values
            query.setdefault("ssl", mode)
        return parsed.set(drivername="postgresql+asyncpg", query=query)
    raise SettingsError(f"{SETTING} is for SQLite or PostgreSQL, not {parsed.drivername!r}.")


class Database:
    """The open database. `connections` of the two kinds come from `begin` (may write) and `read` (may not)."""

    def __init__(
        self,
        url: URL,
        *,
        connector: Callable[..., Any] = sqlite.connect,
        ballast: Ballast | None = None,
        rest: float = REST,
    ) -> None:
        """`connector` opens a connection to SQLite in place of ours: for tests that make it fail."""
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.ballast = ballast or (Ballast(Path(str(url.database))) if self.is_sqlite else None)
        self._writing = asyncio.Lock()
        self._writers: set[asyncio.Task[Any] | None] = set()
        if self.is_sqlite:
            self._write_engine = _sqlite_engine(url, begin="BEGIN IMMEDIATE", size=1, connector=connector)
            self._read_engine = _sqlite_engine(url, begin="BEGIN", size=READERS, connector=connector)
        else:
            self._write_engine = self._read_engine = create_async_engine(
                url, pool_size=8, max_overflow=CONNECTIONS - 8, hide_parameters=True
            )
            _try_after(rest, self._write_engine)

    @asynccontextmanager
    async def begin(self, *, aside: bool = False) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write. Raises RuntimeError inside another one of the same task (it would deadlock).

        `aside` keeps statements that take long from holding up everybody else in this process.
        """
        with self._written_by_this_task():
            if not self.is_sqlite:
                async with self._write_engine.begin() as connection:
                    yield connection
                return
            async with self._writing:
                try:
                    async with (
                        self._write_engine.connect() as connection,
                        _statements(connection, aside=aside),
                        connection.begin(),
                    ):
                        yield connection
                except OperationalError as error:
                    if self.ballast and getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                        self.ballast.give_up()
                    raise

    @contextmanager
    def _written_by_this_task(self) -> Iterator[None]:
        self._not_within_a_write()
        task = asyncio.current_task()
        self._writers.add(task)
        try:
            yield
        finally:
            self._writers.discard(task)

    def _not_within_a_write(self) -> None:
        """Who holds one connection and waits for a second can stand for ever when all of them do."""
        if asyncio.current_task() in self._writers:
            raise RuntimeError("a transaction inside a write transaction")

    @asynccontextmanager
    async def read(self, *, aside: bool = True) -> AsyncIterator[AsyncConnection]:
        """One consistent view; writing in it is an error of the database. Without `aside` for short questions only.

        Raises RuntimeError inside a transaction of the same task that may write.
        """
        self._not_within_a_write()
        async with self._read_engine.connect() as connection:
            if not self.is_sqlite:
                await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                async with connection.begin():
                    yield connection
                return
            async with _statements(connection, aside=aside), connection.begin():
                yield connection

    async def close(self) -> None:
        """Let go of all that belongs to this loop; what is asked afterwards may come from another."""
        await self._write_engine.dispose()
        if self.is_sqlite:
            await self._read_engine.dispose()
        self._writing = asyncio.Lock()


@asynccontextmanager
async def _statements(connection: AsyncConnection, *, aside: bool) -> AsyncIterator[None]:
    """Where the statements run until the end of the block; opening and closing are for the thread in any case."""
    driver = (await connection.get_raw_connection()).driver_connection
    if not isinstance(driver, sqlite.Connection):
        yield
        return
    driver.aside = aside
    try:
        yield
    finally:
        driver.aside = True


def _sqlite_engine(url: URL, *, begin: str, size: int, connector: Callable[..., Any]) -> AsyncEngine:
    # isolation_level=None stops the driver from beginning transactions on its own: ours would come too late.
    # hide_parameters keeps private feed addresses out of the texts of errors, which end up in logs.
    options: dict[str, Any] = {"isolation_level": None, "async_creator_fn": connector}
    engine = create_async_engine(url, pool_size=size, max_overflow=0, connect_args=options, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")  # first: even the switch to WAL may have to wait
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        if begin == "BEGIN":
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _try_after(rest: float, engine: AsyncEngine) -> None:
    """Try a connection that has rested so long before it is used: the server may have been restarted since.

    SQLAlchemy would try it each time, which is three ways to the server before each transaction.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def _rest(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["rests since"] = monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _try(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        if monotonic() - record.info.get("rests since", monotonic()) >= rest:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error  # the pool makes another, and asks us again


async def connect(url: str) -> Database:
    """The database at the URL, reachable; a SQLite file and its folder are made. Raises SettingsError."""
    parsed = parse_url(url)
    shown = parsed.render_as_string(hide_password=True)
    if parsed.get_backend_name() == "sqlite":
        _make_file(Path(str(parsed.database)))
    try:
        database = Database(parsed)
    except (NoSuchModuleError, TypeError) as error:
        raise SettingsError(f"{SETTING}: {shown} cannot be used: {error}.") from error
    try:
        async with database.begin() as connection:
            await connection.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError, TypeError, ValueError) as error:
        await database.close()
        raise SettingsError(f"{SETTING}: cannot open {shown}: {_cause(error)}.") from error
    return database


def _make_file(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Private feed addresses hold tokens: the file, and the journals that copy its mode, are for their owner.
        file.touch(mode=0o600)
    except OSError as error:
        raise SettingsError(
            f"The database cannot be made at {file}: {error.strerror}. "
            f"NEWSBELL_DATA_DIR is its folder, unless {SETTING} names another file."
        ) from error


def _cause(error: BaseException) -> str:
    """The driver's own words in one line, without SQLAlchemy's wrapping."""
    origin = getattr(error, "orig", None) or error
    first = str(origin).strip().splitlines()[:1]
    return re.sub(r"^<class '[^']*'>:\s*", "", first[0] if first else type(origin).__name__).rstrip(".")


def wal_reset_bug(version: tuple[int, ...]) -> bool:
    """Whether this SQLite has the WAL-reset race (3.7.0 to 3.51.2; mended in 3.44.6 and 3.50.7 as well).

    Two connections that write and checkpoint at the same moment may corrupt the file: one more reason for one writer.
    """
    if version[:2] == (3, 44):
        return version < (3, 44, 6)
    if version[:2] == (3, 50):
        return version < (3, 50, 7)
    return (3, 7, 0) <= version < (3, 51, 3)


def sqlite_warnings(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> list[str]:
    """What an operator should know about this SQLite, in sentences."""
    if not wal_reset_bug(version):
        return []
    shown = ".".join(map(str, version))
    return [
        f"SQLite {shown} has the WAL-reset bug (mended in 3.51.3): never let two processes write to the database at"
        " the same time. One running Newsbell is fine."
    ]
