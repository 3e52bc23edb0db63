"""The queue engine behind three words: on(kind), kick(kind, keys), run().

A job is only a kick ("look at host H", "flush channel C"): the truth is in the database, so a lost or doubled
kick costs one tick and nothing else. A key is in the queue at most once. The engine is PgQueuer: in memory
beside SQLite, on PostgreSQL where many processes share the work, with the same handlers.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import timedelta

import asyncpg
import structlog
from pgqueuer import AsyncpgPoolDriver, InMemoryDriver, InMemoryQueries, Job, Queries, QueueManager
from pgqueuer.ports.repository import EntrypointExecutionParameter
from pgqueuer.types import JobId, QueueEntrypoint

log = structlog.get_logger(__name__)

Handler = Callable[[str], Awaitable[None]]

HEARTBEAT = timedelta(seconds=30)
"""A worker silent for this long is taken for dead and its jobs go to another one."""
BATCH = 16
"""Jobs that are taken with one question."""
LOOK = 0.1
"""Seconds after which a process whose hands are full looks again at what it has hands for."""


class Worker(QueueManager):
    """Takes no more jobs of a kind than this process has hands for, and the next one as soon as a hand is free.

    The engine's own limit counts the hands of all processes together, so that more processes would do no more; and
    where it is reached, the next job waits for the next look.
    """

    def __init__(self, queries: InMemoryQueries | Queries) -> None:
        super().__init__(queries)
        self.hands: dict[QueueEntrypoint, int] = {}
        """How many jobs of each kind are done here at a time."""
        self._busy: dict[JobId, QueueEntrypoint] = {}
        self._freed = asyncio.Event()

    def done(self, job: JobId) -> None:
        """A hand is free."""
        self._busy.pop(job, None)
        self._freed.set()

    async def fetch_jobs(
        self, batch_size: int, global_concurrency_limit: int | None, heartbeat_timeout: timedelta
    ) -> AsyncGenerator[Job, None]:
        while not self.shutdown.is_set():
            self._freed.clear()
            free = self._free()
            asked = [([kind], hands) for kind, hands in free.items() if 0 < hands < batch_size]
            if wide := [kind for kind, hands in free.items() if hands >= batch_size]:
                asked.append((wide, batch_size))
            taken = 0
            for kinds, most in asked:
                jobs = await self.queries.dequeue(
                    batch_size=most,
                    entrypoints={kind: EntrypointExecutionParameter(concurrency_limit=0) for kind in kinds},
                    queue_manager_id=self.queue_manager_id,
                    global_concurrency_limit=global_concurrency_limit,
                    heartbeat_timeout=heartbeat_timeout,
                )
                for job in jobs:
                    self._busy[job.id] = job.entrypoint
                    yield job
                taken += len(jobs)
            if not taken:
                if all(free.values()):
                    return
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._freed.wait(), LOOK)

    def _free(self) -> dict[QueueEntrypoint, int]:
        """How many hands are free for each kind. A job that was never begun keeps none."""
        self._busy = {job: kind for job, kind in self._busy.items() if job in self.job_context}
        busy = Counter(self._busy.values())
        return {kind: max(0, hands - busy[kind]) for kind, hands in self.hands.items()}


class Jobs:
    """Kicks, at most one per key, handled by whichever process is free."""

    def __init__(self, queries: InMemoryQueries | Queries, pool: asyncpg.Pool | None = None) -> None:
        self._queries = queries
        self._engine = Worker(queries)
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
        """Have `handler(key)` called for each kick of this kind, in this process at most `at_once` at a time."""

        async def handle(job: Job) -> None:
            try:
                await self._handle(kind, handler, (job.payload or b"").decode())
            finally:
                self._engine.done(job.id)

        self._engine.hands[QueueEntrypoint(kind)] = at_once
        self._engine.entrypoint(kind)(handle)

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
            await self._engine.run(heartbeat_timeout=HEARTBEAT, batch_size=BATCH)
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
