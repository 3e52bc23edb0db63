"""SQLite without threads, and with a switch: a process's database is cut off with it, and a call can be made to fail.

The store's own engine runs on this; only the thread between it and the file is gone, so that every run is the same.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite

from bot.store.ballast import Ballast
from bot.store.engine import Database, parse_url


class Dead(BaseException):
    """Raised in a process that is no more wherever it would touch the world; nothing may catch it, as with SIGKILL."""


class Disk:
    """The file as one process sees it."""

    def __init__(
        self,
        file: Path,
        fault: Callable[[str], None] = lambda _: None,
        opener: Callable[..., Any] = sqlite3.connect,
    ) -> None:
        """`opener` stands in for `sqlite3.connect`."""
        self.file = file
        self.opener = opener
        self.ballast = Ballast(file, size=5 * 2**20, spare=2**20)
        self.fault = fault
        """Called with "execute", "commit" or "committed" at each such call; what it raises is the call's failure."""
        self.cut_off = False
        self.calls = 0
        self._open: list[Any] = []

    def database(self) -> Database:
        return Database(parse_url(f"sqlite:///{self.file}"), connector=self._connect, ballast=self.ballast)

    def _connect(self, *given: Any, **options: Any) -> InlineConnection:
        options.pop("check_same_thread", None)

        def connector() -> Any:
            connection = self.opener(*given, **options)
            self._open.append(connection)
            return connection

        return InlineConnection(connector, self)

    def cut(self) -> None:
        """What a kill does: open transactions are gone with their process."""
        self.cut_off = True
        for connection in self._open:
            connection.close()
        self._open.clear()


class InlineConnection(aiosqlite.Connection):
    """Each call is made where it is asked for, at once."""

    def __init__(self, connector: Callable[[], Any], disk: Disk) -> None:
        super().__init__(connector, 64)
        self._disk = disk
        self._tx = _AtOnce()  # type: ignore[assignment]  # a queue that runs what it is given

    def __del__(self) -> None:
        """There is no thread to stop."""

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        if self._disk.cut_off:
            raise Dead
        kind = getattr(fn, "__name__", "").removeprefix("_").removesuffix("_fetchall")
        if kind == "execute" and str(args[:1]).lstrip("('\"").upper().startswith(("PRAGMA", "BEGIN")):
            kind = ""
        if kind in ("execute", "commit"):
            self._disk.calls += 1
            self._disk.fault(kind)
        result = fn(*args, **kwargs)
        if kind == "commit":
            self._disk.fault("committed")
        return result

    async def _connect(self) -> aiosqlite.Connection:
        if self._connection is None:
            self._connection = self._connector()
        return self

    def __await__(self) -> Generator[Any, None, aiosqlite.Connection]:
        return self._connect().__await__()

    def stop(self) -> None:
        self._running = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def close(self) -> None:
        self.stop()


class _AtOnce:
    def put_nowait(self, call: tuple[asyncio.Future[Any] | None, partial[Any]]) -> None:
        future, function = call
        result = function()
        if future is not None and not future.done():
            future.set_result(result)
