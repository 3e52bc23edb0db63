"""What a transaction promises: all or nothing, writers one after the other, readers that never wait."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.store import Store
from bot.store.engine import Database, parse_url
from tests.store.databases import START, Clock


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    return tmp_path / "newsbell.db"


async def test_sqlite_is_set_up_to_keep_what_it_acknowledged(sqlite_file: Path) -> None:
    store = await Store.open(f"sqlite:///{sqlite_file}")
    for kind, query_only in ((store.begin, 0), (store.read, 1)):
        async with kind() as tx:
            seen = {
                name: (await tx.execute(text(f"PRAGMA {name}"))).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "query_only")
            }
        assert seen == {
            "journal_mode": "wal",
            "synchronous": 2,  # FULL
            "foreign_keys": 1,
            "busy_timeout": 30_000,
            "query_only": query_only,
        }
    await store.close()


async def test_begin_takes_the_write_lock_before_the_first_statement(sqlite_file: Path) -> None:
    store = await Store.open(f"sqlite:///{sqlite_file}")
    other = sqlite3.connect(sqlite_file, timeout=0, isolation_level=None)
    async with store.begin():
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    async with store.read() as tx:
        await tx.feeds.visible("t")
        other.execute("BEGIN IMMEDIATE")  # a reader is in nobody's way
        other.execute("ROLLBACK")
    other.close()
    await store.close()


async def test_a_block_that_raises_leaves_nothing(store: Store) -> None:
    with pytest.raises(LookupError):
        async with store.begin() as tx:
            feed, _ = await tx.feeds.add("https://news.example/rss", now=START)
            raise LookupError
    async with store.read() as tx:
        assert await tx.feeds.get(feed.id) is None


async def test_a_task_cancelled_in_its_transaction_leaves_nothing_and_frees_the_writer(store: Store) -> None:
    inside = asyncio.Event()

    async def never_ends() -> None:
        async with store.begin() as tx:
            await tx.feeds.add("https://news.example/rss", now=START)
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(never_ends())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10), store.begin() as tx:
        assert await tx.feeds.visible("t") == []


async def test_reading_transactions_cannot_write(store: Store) -> None:
    with pytest.raises(DBAPIError):
        async with store.read() as tx:
            await tx.feeds.add("https://news.example/rss", now=START)


async def test_a_transaction_inside_a_write_is_refused_instead_of_waiting_for_itself(store: Store) -> None:
    async with store.begin():
        for another in (store.begin, store.read):
            with pytest.raises(RuntimeError, match="inside a write"):
                async with another():
                    pass
    async with store.begin(), asyncio.timeout(10):
        pass


async def test_a_reader_sees_one_moment_while_others_write(store: Store) -> None:
    async with store.read() as reader:
        assert await reader.feeds.visible("t") == []
        async with store.begin() as tx:
            await tx.feeds.add("https://news.example/rss", now=START)
        assert await reader.feeds.visible("t") == []
    async with store.read() as reader:
        assert len(await reader.feeds.visible("t")) == 1


async def test_two_stores_that_read_and_then_write_lose_no_update(database_url: str) -> None:
    stores = [await Store.open(database_url) for _ in range(2)]
    async with stores[0].begin() as tx:
        feed, _ = await tx.feeds.add("https://news.example/rss", now=START - timedelta(days=1))
        await tx.feeds.claim("news.example", owner="all", lease=timedelta(days=9))

    async def count_one_up(store: Store) -> None:
        async with store.begin() as tx:
            await tx.lock("count")
            current = await tx.feeds.get(feed.id)
            assert current is not None
            await tx.execute(text("UPDATE feed SET fails = :fails"), {"fails": current.fails + 1})

    await asyncio.gather(*(count_one_up(stores[number % 2]) for number in range(20)))
    async with stores[1].read() as tx:
        counted = await tx.feeds.get(feed.id)
    for store in stores:
        await store.close()
    assert counted == replace(feed, fails=20)


async def test_the_clock_is_the_stores_own_or_the_databases(database_url: str, store: Store, clock: Clock) -> None:
    clock.turn(timedelta(minutes=3))
    async with store.read() as tx:
        assert await tx.now() == START + timedelta(minutes=3)
    without = await Store.open(database_url)
    async with without.read() as tx:
        now = await tx.now()
    await without.close()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=5)


async def test_many_statements_give_the_others_their_turn_and_a_long_one_is_made_on_the_thread(
    sqlite_file: Path,
) -> None:
    store = await Store.open(f"sqlite:///{sqlite_file}")
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counted = text(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 50000) SELECT sum(x) FROM n"
    )
    watching = asyncio.create_task(others())
    async with store.begin() as tx:
        before = turns
        for _ in range(10):
            await tx.execute(counted)
        between = turns - before
    async with store.begin(aside=True) as tx:
        before = turns
        await tx.execute(counted)
        during = turns - before
    watching.cancel()
    assert between > 0
    assert during > 0
    await store.close()


def test_what_was_closed_serves_another_loop_as_it_did_the_first(tmp_path: Path) -> None:
    """A lock that somebody once waited for belongs to the loop in which that was."""
    store = Store(Database(parse_url(f"sqlite:///{tmp_path}/newsbell.db")), None)

    async def some_at_once() -> None:
        async def write() -> None:
            async with store.begin() as tx:
                await tx.execute(text("SELECT 1"))

        await asyncio.gather(*(write() for _ in range(3)))
        await store.close()

    asyncio.run(some_at_once())
    asyncio.run(some_at_once())


@pytest.mark.postgres
async def test_connections_that_were_cut_while_they_rested_are_made_anew(postgres_url: str) -> None:
    store = Store(Database(parse_url(postgres_url), rest=0.0), None)
    mine = text("SELECT pg_backend_pid()")
    async with store.begin() as tx:
        [before] = await tx.rows(mine)
    other = await asyncpg.connect(postgres_url)
    await other.fetch("SELECT pg_terminate_backend($1, 5000)", before[0])
    await other.close()
    for kind in (store.begin, store.read):
        async with kind() as tx:
            assert (await tx.rows(mine))[0] != before
    await store.close()
