"""The way to SQLite: statements where they are asked for, on a thread only what may wait for a lock or for the disk.

aiosqlite sends each call to a thread and back, which costs more than most statements do: a look at a feed was a
hundred such ways. SQLite itself waits in two places, for the write lock as a transaction begins and for the disk as it
is committed. Those go to the thread; the statements between run here, in turns, so that nobody waits long for the loop.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import aiosqlite

TURN = 0.005
"""Seconds of statements after which the others have their turn."""

WAITING = frozenset({"commit", "rollback"})


class Connection(aiosqlite.Connection):
    """`aside` has every call made on the thread: for statements that take long by themselves."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, 64)
        self._thread.daemon = True
        self._began = 0.0
        self.aside = True

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self.aside or fn.__name__ in WAITING or (args and args[0] == "BEGIN IMMEDIATE"):
            done = await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]  # untyped there
            self._began = perf_counter()
            return done
        if perf_counter() - self._began > TURN:
            await asyncio.sleep(0)
            self._began = perf_counter()
        return fn(*args, **kwargs)


def connect(database: str, **options: Any) -> Connection:
    """As `aiosqlite.connect`: a connection to be awaited."""
    return Connection(partial(sqlite3.connect, database, **options))
