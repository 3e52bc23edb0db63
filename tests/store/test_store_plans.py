"""Every query of the steady state walks an index: nothing that runs each second may read a whole table."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import event, text

from bot.core.message import Message
from bot.core.model import Channel, Delivery, Entry
from bot.store import Store
from tests.store.databases import START, Clock

HERE = Channel("web:here", "web", "here")
LEASE = timedelta(seconds=30)
DAY = timedelta(days=1)

SMALL = {"alembic_version", "counter", "erased_subscription", "chat_channel", "host"}
"""Tables of a few rows, where reading them whole is the quickest."""

WHOLE = re.compile(r"^SCAN (\w+)$")


@pytest.fixture(scope="module")
def busy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("busy") / "newsbell.db"
    asyncio.run(fill(file))
    return file


@pytest_asyncio.fixture
async def busy(busy_file: Path, tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    """A store without statistics, as they are in the field: nobody runs ANALYZE there."""
    shutil.copy(busy_file, tmp_path / "newsbell.db")
    store = await Store.open(f"sqlite:///{tmp_path}/newsbell.db", clock=clock)
    yield store
    await store.close()


async def fill(file: Path) -> None:
    store = await Store.open(f"sqlite:///{file}", clock=Clock())
    async with store.begin() as tx:
        for number in range(40):
            feed, _ = await tx.feeds.add(f"https://h{number % 10}.example/{number}", now=START)
            entries = [Entry(f"{number}-{n}", f"News {n}", published=START - n * timedelta(hours=1)) for n in range(25)]
            articles = await tx.archive.add(feed, entries, now=START)
            story = await tx.archive.open_story(articles[0], now=START)
            await tx.archive.join_story(articles[1].id, story, copy_of=None, now=START)
        await tx.subscriptions.add("web", HERE, "topic", now=START)
        for number in range(200):
            await tx.outbox.add(Delivery(f"d{number}", "web", f"web:{number % 20}", Message(title="x")))
        for number in range(100):
            await tx.subscriptions.add("web", HERE, f"topic {number}", now=START)
    await store.close()


async def steady_state(store: Store, clock: Clock) -> None:
    """What polls, flushes, commands and pages do all day."""
    async with store.begin() as tx:
        await tx.feeds.due_hosts(100)
        [feed] = await tx.feeds.claim("h1.example", owner="w", lease=LEASE)
        await tx.feeds.get(feed.id)
        await tx.feeds.by_url(feed.url, "web")
        await tx.feeds.audience(feed.id)
        await tx.feeds.owned(feed.id, "web")
        await tx.feeds.pause(feed.id, "web", True)
        await tx.feeds.audience(feed.id)
        await tx.feeds.largest_burst(feed.id, START - DAY, before=START)
        await tx.feeds.users(feed.id)
        await tx.feeds.penalise("h2.example", START)
        await tx.feeds.move(feed.id, "https://h1.example/moved")
        [article] = await tx.archive.add(feed, [Entry("new", "News", link_key="https://h1.example/1")], now=START)
        await tx.archive.echoes(feed, [article], flood=True)
        story = await tx.archive.open_story(article, now=START)
        await tx.archive.join_story(article.id, story - 1, copy_of=None, now=START)
        await tx.archive.story(story)
        await tx.archive.story(story, "web")
        await tx.archive.get(article.id, "web")
        await tx.archive.of_feed(feed.id, limit=3)
        await tx.archive.of_story(story, "web")
        await tx.archive.placed_after(int(article.id) - 10, START - DAY)
        await tx.archive.latest("web")
        await tx.archive.latest("web", before=(START, 7))
        await tx.archive.search([["news"]], tenant="web", since=START - DAY, limit=10)
        await tx.archive.search([["news", "no news"], ["10"]], tenant="web", before=(START, 7), limit=10)
        await tx.archive.count("web", START - DAY)
        await tx.feeds.save(replace(feed, next_check_at=START + DAY), owner="w")
        await tx.subscriptions.changed(95)
        await tx.subscriptions.of_channel(HERE.id, "web")
        await tx.subscriptions.of_tenant("web")
        await tx.subscriptions.remove(7, "web")
        await tx.subscriptions.pause_channel(HERE.id, "reason")
        await tx.subscriptions.mute_story(HERE.id, "web", story, by="ann", now=START)
        await tx.subscriptions.muted(story)
        await tx.subscriptions.unmute_story(HERE.id, "web", story)
        await tx.outbox.alerted(story)
        await tx.outbox.mark_alerted(HERE.id, story, ["ISIL"], delivery_id="d", now=START)
        await tx.outbox.due_channels()
        delivery = await tx.outbox.claim("web:1", owner="w", lease=LEASE)
        assert delivery is not None
        await tx.outbox.holds(delivery, owner="w")
        await tx.outbox.retry(delivery, owner="w", after=timedelta(), reason="", unknown=False, refused=True)
        delivery = await tx.outbox.claim("web:1", owner="w", lease=LEASE)
        assert delivery is not None
        await tx.outbox.sent(delivery, owner="w", remote_id="r")
        await tx.reports.note(article.id, story, origin="AP", why="new", score=0.0)
        await tx.reports.move(article.id, story, why="merged", moved_by="ann", now=START)
        await tx.reports.moved_after(0, START - DAY)
        await tx.revisions.take(feed, [Entry("new", "News, corrected")], now=START)
        await tx.revisions.of_story(story, "web")
        await tx.growth.stories("web", since=START - DAY, lately=START, among=[story])
        await tx.readers.looked("web", HERE.id, "ann")
        await tx.readers.look("web", HERE.id, "ann", now=START)
        await tx.revisions.since(START - DAY, "web")
        await tx.reports.of_story(story, "web")
        await tx.reports.get(article.id, "web")
        await tx.reports.standing(story, "AP", "web")
        await tx.cards.open(replace(delivery, story_id=story), now=START)
        await tx.cards.want(story, now=START - DAY)
        await tx.cards.due_channels()
        card = await tx.cards.claim("web:1", owner="w", lease=LEASE)
        assert card is not None
        await tx.cards.holds(card, owner="w")
        await tx.cards.later(card, owner="w", after=timedelta(), failed=True)
        await tx.cards.shown(card, owner="w", face="", rest=DAY)
        await tx.cards.forget(card, owner="w")
        await tx.cards.prune(START - DAY)
        await tx.outbox.get("d1", "web")
        await tx.outbox.last("web:1")
        await tx.outbox.remote("web:1", "r")
        await tx.outbox.hold_channel("web:2", "reason")
        await tx.outbox.release_channel("web:2")
        await tx.outbox.expire(DAY)
        await tx.deliveries.counts("web", START)
        await tx.deliveries.counts(None, START)
        await tx.deliveries.lateness("web", START)
        await tx.outbox.prune(START - DAY)
        await tx.channels.get(HERE.id)
        await tx.channels.of_tenant("web")
    await store.chat.add_channel(HERE)
    number = await store.chat.post(HERE.id, Message(title="x"), delivery_id="d1")
    await store.chat.edit(number, Message(title="y"))
    await store.chat.find(HERE.id, "d1")
    await store.chat.after(HERE.id)
    await store.chat.after(HERE.id, number)
    await store.chat.changed(HERE.id, START)


@contextmanager
def _asked(store: Store) -> Iterator[dict[str, None]]:
    """What SQLite itself is asked meanwhile, by whichever way, with the values in place."""
    asked: dict[str, None] = {}

    def note(statement: str) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "EXPLAIN", "--")):
            asked[statement] = None

    def listen(connection: Any, *_: object) -> None:
        connection.driver_connection._conn.set_trace_callback(note)

    def leave(connection: Any, *_: object) -> None:
        connection.driver_connection._conn.set_trace_callback(None)

    pools = [engine.sync_engine.pool for engine in (store._database._write_engine, store._database._read_engine)]
    for pool in pools:
        event.listen(pool, "checkout", listen)
        event.listen(pool, "checkin", leave)
    yield asked
    for pool in pools:
        event.remove(pool, "checkout", listen)
        event.remove(pool, "checkin", leave)


async def test_no_query_of_the_steady_state_reads_a_whole_table(busy: Store, clock: Clock) -> None:
    with _asked(busy) as asked:
        await steady_state(busy, clock)

    assert len(asked) > 60
    async with busy.read() as tx:
        for statement in asked:
            plan = (await tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")).all()
            for step in plan:
                whole = WHOLE.match(step.detail)
                if whole and whole[1] not in SMALL and await _is_table(tx, whole[1]):
                    pytest.fail(f"{step.detail}\n{statement}")


async def _is_table(tx: Any, name: str) -> bool:
    found = await tx.first(text(f"SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '{name}'"))
    return found is not None


@pytest.mark.parametrize(
    ("act", "index"),
    [
        (lambda tx: tx.archive.latest("web"), "article_at"),
        (lambda tx: tx.archive.latest("web", before=(START, 7)), "article_at (at<?)"),
        (lambda tx: tx.archive.search([["news"]], tenant="web"), "article_words VIRTUAL TABLE INDEX"),
        (lambda tx: tx.archive.prune(START - DAY), "article_fetched (fetched_at<?)"),
        (lambda tx: tx.archive.prune(START - DAY), "seen_last_seen (last_seen<?)"),
        (lambda tx: tx.outbox.claim("web:1", owner="w", lease=LEASE), "delivery_open (channel=?)"),
        (lambda tx: tx.outbox.claim("web:1", owner="w", lease=LEASE), "delivery_sending (channel=?)"),
        (lambda tx: tx.outbox.due_channels(), "delivery_open"),
        (lambda tx: tx.outbox.expire(DAY), "delivery_waiting (created_at<?)"),
        (lambda tx: tx.outbox.expire(DAY, "web:1"), "delivery_open (channel=?)"),
        (lambda tx: tx.feeds.claim("h1.example", owner="w", lease=LEASE), "feed_host (host=? AND next_check_at<?)"),
        (lambda tx: tx.subscriptions.changed(95), "subscription_revision (revision>?)"),
        (lambda tx: tx.outbox.remote("web:1", "r"), "delivery_remote (channel=? AND remote_id=?)"),
    ],
)
async def test_the_queries_that_matter_use_the_index_made_for_them(busy: Store, act: Any, index: str) -> None:
    with _asked(busy) as asked:
        async with busy.begin() as tx:
            await act(tx)
    plans: list[str] = []
    async with busy.read() as tx:
        for statement in asked:
            rows = (await tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")).all()
            plans += [str(row.detail) for row in rows]
    assert any(index in plan.replace("SCAN ", "") for plan in plans), "\n".join(plans)
