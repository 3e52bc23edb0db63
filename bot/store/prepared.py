"""Statements that are asked again and again, built and compiled once.

SQLAlchemy builds, hashes and wraps a statement anew at each call: a third of a millisecond, of which SQLite itself
takes a tenth. What polling asks at every look is prepared here. On SQLite it goes past SQLAlchemy's execution to the
driver, with the same column types at both ends; on PostgreSQL, where the way there is what costs, it is executed as
any other statement is.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import aiosqlite
from sqlalchemy import Dialect, Executable, Interval, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from bot.store.tables import Instant

Build = Callable[[Any], Any]
"""Makes the statement, given the dialect's `insert`. Its parameters are `bindparam`s, none named like a column."""

MISSING = object()
INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Now(FunctionElement[datetime]):
    """The instant `its_now`. Where that is None PostgreSQL looks at its clock in passing: one way there less."""

    type = Instant()
    inherit_cache = True

    def __init__(self) -> None:
        super().__init__(bindparam("its_now", type_=Instant))


class Until(FunctionElement[datetime]):
    """`its_lease` after that. SQLite, which cannot add an interval, is given `its_end`."""

    type = Instant()
    inherit_cache = True

    def __init__(self) -> None:
        super().__init__(Now(), bindparam("its_lease", type_=Interval), bindparam("its_end", type_=Instant))


@compiles(Now)
def _now(element: Now, compiler: SQLCompiler, **given: Any) -> str:
    return compiler.process(next(iter(element.clauses)), **given)


@compiles(Now, "postgresql")
def _now_there(element: Now, compiler: SQLCompiler, **given: Any) -> str:
    instant = compiler.process(next(iter(element.clauses)), **given)
    return f"coalesce({instant}, clock_timestamp())"


@compiles(Until)
def _until(element: Until, compiler: SQLCompiler, **given: Any) -> str:
    return compiler.process(list(element.clauses)[2], **given)


@compiles(Until, "postgresql")
def _until_there(element: Until, compiler: SQLCompiler, **given: Any) -> str:
    now, lease, _ = element.clauses
    return f"({compiler.process(now, **given)} + {compiler.process(lease, **given)})"


class Prepared:
    """One statement. `ask` answers with its rows, whose columns are attributes; none where it returns none."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._statements: dict[str, Executable] = {}
        self._compiled: _Compiled | None = None

    async def ask(self, connection: AsyncConnection, values: Mapping[str, Any]) -> Sequence[Any]:
        """Raises SQLAlchemy's errors on both databases."""
        dialect = connection.dialect
        if dialect.name not in self._statements:
            self._statements[dialect.name] = self._build(INSERT[dialect.name])
        statement = self._statements[dialect.name]
        if dialect.name != "sqlite":
            result = await connection.execute(statement, dict(values))
            return result.all() if result.returns_rows else ()
        if self._compiled is None:
            self._compiled = _Compiled(statement, dialect)
        pooled = connection.sync_connection
        if pooled is None:
            raise RuntimeError("the connection is closed")
        driver = pooled.connection.driver_connection
        if not isinstance(driver, aiosqlite.Connection):
            raise TypeError("a driver that is not aiosqlite's")
        return await self._compiled.ask(driver, values)


class _Compiled:
    """SQL text for SQLite, with what turns values into the database's and back."""

    def __init__(self, statement: Any, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        self._sql = compiled.string
        self._given = [
            (
                name,
                MISSING if compiled.binds[name].required else compiled.binds[name].value,
                compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect),
            )
            for name in compiled.positiontup or ()
        ]
        columns = (
            dict(statement.exported_columns.items()) if compiled.effective_returning or statement.is_select else {}
        )
        row: Any = namedtuple("Row", columns, rename=True)  # type: ignore[misc]  # made at run time
        self._make = row._make
        self._read = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns.values()]

    async def ask(self, driver: aiosqlite.Connection, values: Mapping[str, Any]) -> list[Any]:
        given = []
        for name, usual, process in self._given:
            value = values[name] if usual is MISSING else values.get(name, usual)
            given.append(process(value) if process else value)
        try:
            rows = await driver.execute_fetchall(self._sql, given)
        except sqlite3.Error as error:
            raise DBAPIError.instance(self._sql, None, error, sqlite3.Error, hide_parameters=True) from error
        read, make = self._read, self._make
        return [
            make([process(value) if process else value for process, value in zip(read, row, strict=True)])
            for row in rows
        ]
