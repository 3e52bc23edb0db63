"""The store on each database it is made for.

PostgreSQL is the server at TEST_DATABASE_URL (its user must be allowed to create a database), or one that is started
from an installed PostgreSQL; where there is neither, its tests are skipped.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio

from bot.store import Store
from tests.store.databases import Clock, own_server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A URL of a PostgreSQL server."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    with own_server() as url:
        yield url


async def database_for(server: str, what: str, *, anew: bool = False) -> str:
    """The URL of a database of our own, one for each test process; `anew` drops what an earlier run left of it."""
    name = f"newsbell_{what}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    plain = server.replace("+asyncpg", "").replace("postgres://", "postgresql://")
    admin = await asyncpg.connect(plain)
    if anew:
        await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        await admin.execute(f'CREATE DATABASE "{name}"')
    await admin.close()
    return urlsplit(plain)._replace(path=f"/{name}").geturl()


@pytest_asyncio.fixture
async def postgres_url(postgres_server: str) -> str:
    """An empty database of our own."""
    url = await database_for(postgres_server, "test")
    connection = await asyncpg.connect(url)
    tables = await connection.fetch(
        "SELECT quote_ident(tablename) AS name FROM pg_tables"
        " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    )
    if tables:
        names = ", ".join(table["name"] for table in tables)
        await connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    await connection.close()
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with its tables: copying it is quicker than migrating for each test."""
    file = tmp_path_factory.mktemp("template") / "newsbell.db"

    async def migrate() -> None:
        await (await Store.open(f"sqlite:///{file}")).close()

    asyncio.run(migrate())
    return file


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each database in turn, empty."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "newsbell.db")
        return f"sqlite:///{tmp_path / 'newsbell.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def store(database_url: str, clock: Clock) -> AsyncIterator[Store]:
    """An open store on each database in turn, whose time is `clock`."""
    opened = await Store.open(database_url, clock=clock)
    yield opened
    await opened.close()
