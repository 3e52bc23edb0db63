"""The figures of `make faults` that take real processes: killed, stopped, cut off from their database."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.faults.figure import Figure
from tests.faults.storm import Result, Storm, together
from tests.simulator.world import fast_disk
from tests.store.databases import own_server

PARTS = 2
"""Storms at the same time, which share the kills."""
UNHARMED = "0 lost, 0 doubled, 0 given up, a post or more for each kill"


@contextmanager
def _sqlite() -> Iterator[tuple[str, Path]]:
    with tempfile.TemporaryDirectory(prefix="newsbell-storm-", dir=fast_disk()) as folder:
        yield f"sqlite:///{folder}/newsbell.db", Path(folder)


@contextmanager
def _postgres() -> Iterator[tuple[str, Path]]:
    with tempfile.TemporaryDirectory(prefix="newsbell-storm-") as folder, own_server() as url:
        yield url, Path(folder)


def _storm(
    what: str,
    target: str,
    database: Callable[[], AbstractContextManager[tuple[str, Path]]],
    *,
    kills: int,
    backlog: int,
    **chosen: Any,
) -> Figure:
    """A storm with `chosen` in it, where there is such a database."""
    try:
        with database() as (url, folder):
            found = Storm(url, folder, **chosen).run(kills=kills, backlog=backlog)
    except pytest.skip.Exception as why:
        return Figure(what, str(why), target, None)
    return Figure(what, str(found), target, found.good)


def storm_on_sqlite(nightly: bool) -> Figure:
    with ExitStack() as stack:
        places = [stack.enter_context(_sqlite()) for _ in range(PARTS)]
        storms = [Storm(url, folder, seed=2 + seed, workers=1) for seed, (url, folder) in enumerate(places)]
        found = together(storms, kills=_kills(nightly), backlog=200)
    return _killed(f"random kill -9 of real workers ({PARTS} houses of one), SQLite", found)


def storm_on_postgres(nightly: bool) -> Figure:
    what = f"random kill -9 of real workers ({PARTS} houses of three), PostgreSQL"
    try:
        with _postgres() as (server, folder):
            storms = [
                Storm(asyncio.run(_database_at(server, f"house{seed}")), folder / f"{seed}", seed=2 + seed, workers=3)
                for seed in range(PARTS)
            ]
            found = together(storms, kills=_kills(nightly), backlog=200)
    except pytest.skip.Exception as why:
        return Figure(what, str(why), UNHARMED, None)
    return _killed(what, found)


def _kills(nightly: bool) -> int:
    return 3_000 if nightly else 1_000


def _killed(what: str, found: Result) -> Figure:
    return Figure(what, str(found), UNHARMED, found.good and found.amid >= found.kills)


async def _database_at(server: str, name: str) -> str:
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def paused(nightly: bool) -> Figure:
    with _sqlite_or_postgres() as (url, folder, name):
        found = Storm(url, folder, seed=3, workers=5).run(kills=0, stops=200 if nightly else 100, backlog=400)
    return Figure(
        f"workers stopped (SIGSTOP) past their lease, {found.stops} times, {name}",
        str(found),
        "0 doubled",
        found.good,
    )


@contextmanager
def _sqlite_or_postgres() -> Iterator[tuple[str, Path, str]]:
    try:
        with _postgres() as (url, folder):
            yield url, folder, "PostgreSQL"
    except pytest.skip.Exception:
        with _sqlite() as (url, folder):
            yield url, folder, "SQLite"


def skewed(nightly: bool) -> Figure:
    return _storm(
        "three workers, two with clocks 10 min off, and kills", "0 doubled", _postgres,
        seed=5, workers=3, skews=(0.0, 600.0, -600.0), kills=300 if nightly else 100, backlog=400,
    )  # fmt: skip


def restarts(nightly: bool) -> Figure:
    kills = 300 if nightly else 60
    return _storm(
        f"PostgreSQL cuts every connection ten times a second ({kills} times), with kills of workers",
        "0 lost, 0 doubled", _postgres, seed=4, workers=3, disturb=_cut_all, kills=kills, backlog=400,
    )  # fmt: skip


def _cut_all(url: str) -> None:
    async def cut() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )
        await connection.close()

    asyncio.run(cut())
