"""The queue engine behind three words: on(kind), kick(kind, keys), run().

A job is only a kick ("look at host H", "flush channel C"): the truth is in the database, so a lost or doubled
kick costs one tick and nothing else. A key is in the queue at most once. The engine is PgQueuer: in memory
beside SQLite, on PostgreSQL where many processes share the work, with the same handlers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import timedelta

import asyncpg
import structlog
from pgqueuer import AsyncpgPoolDriver, InMemoryDriver, InMemoryQueries, Job, PgQueuer, Queries

log = structlog.get_logger(__name__)

Handler = Callable[[str], Awaitable[None]]

HEARTBEAT = timedelta(seconds=30)
"""A worker silent for this long is taken for dead and its jobs go to another one."""


class Jobs:
    """Kicks, at most one per key, handled by whichever process is free."""

    def __init__(self, queries: InMemoryQueries | Queries, pool: asyncpg.Pool | None = None) -> None:
        self._queries = queries
        self._engine = PgQueuer(connection=queries.driver, queries=queries)
        self._pool = pool
        self._running: set[str] = set()
        self._again: set[str] = set()
        self.stopping = False
        """Set where the process is about to end: who is at work in a loop ends it."""
        logging.getLogger("pgqueuer").setLevel(logging.WARNING)

    @classmethod
    async def open(cls, database_url: str) -> Jobs:
        """In memory, or on PostgreSQL if that is where the store lives (its tables are made when missing)."""
        if not database_url.startswith("postgresql"):
            return cls(InMemoryQueries(driver=InMemoryDriver()))
        pool = await asyncpg.create_pool(
            database_url.replace("postgresql+asyncpg://", "postgresql://"), min_size=2, max_size=4
        )
        queries = Queries(AsyncpgPoolDriver(pool))
        if await queries.has_table(queries.qbe.settings.queue_table):
            await queries.upgrade()
        else:
            with suppress(asyncpg.DuplicateTableError, asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
                await queries.install()  # another process may have been faster
        return cls(queries, pool)

    def on(self, kind: str, handler: Handler, *, at_once: int = 64) -> None:
        """Have `handler(key)` called for each kick of this kind, at most `at_once` of them at a time."""

        async def handle(job: Job) -> None:
            await self._handle(kind, handler, (job.payload or b"").decode())

        self._engine.entrypoint(kind, concurrency_limit=at_once)(handle)

    async def kick(self, kind: str, keys: Iterable[str]) -> None:
        """Ask for a look at each key. One that waits already is not queued again; one that runs here runs on."""
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return
        names = [f"{kind}:{key}" for key in wanted]
        self._again.update(name for name in names if name in self._running)
        await self._queries.enqueue(
            [kind] * len(wanted),
            [key.encode() for key in wanted],
            [0] * len(wanted),
            dedupe_key=list(names),
            on_conflict="skip",
        )

    async def _handle(self, kind: str, handler: Handler, key: str) -> None:
        name = f"{kind}:{key}"
        self._running.add(name)
        try:
            while True:
                # A kick that comes while we are at work would be dropped as a copy of ourselves: look once more.
                self._again.discard(name)
                try:
                    await handler(key)
                except Exception:
                    log.exception("job failed; the next tick tries again", kind=kind, key=key)
                    return
                if name not in self._again or self.stopping:
                    return
        finally:
            self._running.discard(name)

    async def run(self) -> None:
        """Work until cancelled; what is under way is finished first."""
        try:
            await self._engine.run(heartbeat_timeout=HEARTBEAT, batch_size=16)
        except asyncio.CancelledError:
            self._engine.shutdown.set()
            raise

    async def tidy(self) -> None:
        """Drop the engine's log of finished jobs, which nobody reads (0.7 kB a job, for ever)."""
        await self._queries.clear_queue_log()

    async def close(self) -> None:
        self._engine.shutdown.set()
        if self._pool is not None:
            await self._pool.close()
