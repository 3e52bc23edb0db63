"""Opening: URLs, folders, sentences for the operator, and migrations that may be cut short anywhere."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, event, inspect, text

from bot.core.errors import SettingsError
from bot.store import Store
from bot.store.engine import connect, parse_url, sqlite_warnings, wal_reset_bug
from bot.store.migrate import upgrade
from bot.store.tables import metadata

NOT_IN_METADATA = {"alembic_version", "article_words", "article_terms"}


async def test_a_store_opens_twice_and_keeps_what_it_has(database_url: str) -> None:
    first = await Store.open(database_url)
    async with first.begin() as tx:
        feed, created = await tx.feeds.add("https://news.example/rss", now=await tx.now())
    await first.close()
    second = await Store.open(database_url)
    async with second.read() as tx:
        assert await tx.feeds.get(feed.id) == feed
    await second.close()
    assert created


async def test_the_migrations_make_exactly_the_tables_that_the_queries_know(database_url: str) -> None:
    await (await Store.open(database_url)).close()
    database = await connect(database_url)

    def differences(connection: Connection) -> list[object]:
        def ours(_object: object, name: str | None, _type: str, _reflected: bool, _compare: object) -> bool:
            return name != "terms" and not any((name or "").startswith(known) for known in NOT_IN_METADATA)

        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
        return list(compare_metadata(context, metadata))

    async with database.begin() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///data/newsbell.db", "sqlite+aiosqlite:///data/newsbell.db"),
        ("postgres://me:pw@db/news", "postgresql+asyncpg://me:pw@db/news"),
        ("postgresql://me@db/news?sslmode=require", "postgresql+asyncpg://me@db/news?ssl=require"),
        ("postgresql+asyncpg://me@db/news", "postgresql+asyncpg://me@db/news"),
    ],
)
def test_urls_are_taken_as_people_write_them(url: str, driver: str) -> None:
    assert parse_url(url).render_as_string(hide_password=False) == driver


@pytest.mark.parametrize(
    "url", ["", "newsbell.db", "mysql://me:hunter2@db/news", "sqlite://", "sqlite:///:memory:", "postgresql://:x:y"]
)
async def test_a_url_that_cannot_be_meant_names_the_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="NEWSBELL_DATABASE_URL") as caught:
        await Store.open(url)
    assert "hunter2" not in str(caught.value)


async def test_an_unreachable_server_is_one_sentence_without_the_password() -> None:
    with pytest.raises(SettingsError, match="NEWSBELL_DATABASE_URL") as caught:
        await Store.open("postgresql://me:hunter2@127.0.0.1:9/news")
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_file_that_is_no_database_is_said_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but somebody's notes, which are longer than a page header " * 20)
    before = file.read_bytes()
    with pytest.raises(SettingsError, match=r"NEWSBELL_DATABASE_URL.*not a database"):
        await Store.open(f"sqlite:///{file}")
    assert file.read_bytes() == before


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match=r"cannot be made at .*: .* NEWSBELL_DATA_DIR"):
        await Store.open(f"sqlite:///{tmp_path}/file/data/newsbell.db")


async def test_a_database_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/newsbell.db"
    await (await Store.open(url)).close()
    with sqlite3.connect(tmp_path / "newsbell.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SettingsError, match="newer version"):
        await Store.open(url)


async def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/data/newsbell.db"
    await (await Store.open(url)).close()
    assert os.stat(tmp_path / "data" / "newsbell.db").st_mode & 0o077 == 0


class CutOffError(Exception):
    """The power goes out here."""


async def test_a_migration_cut_short_at_any_statement_starts_again(
    database_url: str, pytestconfig: pytest.Config
) -> None:
    if database_url.startswith("sqlite"):
        database_url = database_url.replace("newsbell.db", "empty.db")
    database = await connect(database_url)
    if not database.is_sqlite:
        async with database.begin() as connection:
            await connection.execute(text("DROP SCHEMA public CASCADE"))
            await connection.execute(text("CREATE SCHEMA public"))
    # PostgreSQL's DDL is transactional by fame; ours on SQLite must show it: at each statement with --slow.
    step = 9 if not database.is_sqlite else 1 if pytestconfig.getoption("--slow") else 4
    try:
        for last in range(1, 500, step):
            count = 0

            def cut(*_: object, last: int = last) -> None:
                nonlocal count
                count += 1
                if count > last:
                    raise CutOffError

            def upgrade_and_cut(connection: Connection, cut: Callable[..., None] = cut) -> None:
                event.listen(connection, "before_cursor_execute", cut)
                try:
                    upgrade(connection)
                finally:
                    event.remove(connection, "before_cursor_execute", cut)

            try:
                async with database.begin() as connection:
                    await connection.run_sync(upgrade_and_cut)
                break
            except CutOffError:
                async with database.begin() as connection:
                    names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
                assert names == []
        else:
            pytest.fail("the migration never came to its end")
        assert last > 20
    finally:
        await database.close()
    store = await Store.open(database_url)
    async with store.begin() as tx:
        await tx.feeds.add("https://news.example/rss", now=await tx.now())
    await store.close()


@pytest.mark.parametrize(
    ("version", "has_bug"),
    [
        ((3, 6, 23), False),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 54, 1), False),
    ],
)
def test_the_wal_reset_bug_is_known_by_its_versions(version: tuple[int, ...], has_bug: bool) -> None:
    assert wal_reset_bug(version) is has_bug
    assert bool(sqlite_warnings(version)) is has_bug
