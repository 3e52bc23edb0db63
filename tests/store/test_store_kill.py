"""A real `kill -9` in the middle of real transactions: what was acknowledged is there, and nothing is half there."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import sys
from pathlib import Path

from sqlalchemy import text

from bot.store import Store

ROOT = Path(__file__).parents[2]
ROUNDS = {"sqlite": 3, "postgresql": 2}

HALVES = {
    "an article without its story": "SELECT count(*) FROM article WHERE story_id IS NULL",
    "a story without its article": "SELECT count(*) FROM story WHERE id NOT IN (SELECT story_id FROM article)",
    "an article that is not remembered": "SELECT (SELECT count(*) FROM article) - (SELECT count(*) FROM seen)",
    "an article without its alert": "SELECT count(*) FROM article WHERE id NOT IN (SELECT article_id FROM delivery)",
    "an alert without its mark": "SELECT count(*) FROM delivery WHERE id NOT IN (SELECT delivery_id FROM alerted)",
    "a claim without its dispatch": "SELECT count(*) FROM delivery WHERE attempt > 0 AND first_dispatch IS NULL",
    "a message sent twice": "SELECT count(*) - count(DISTINCT remote_id) FROM delivery WHERE remote_id <> ''",
}


async def test_kill_nine_leaves_no_half_and_loses_no_acknowledged_round(database_url: str, tmp_path: Path) -> None:
    await (await Store.open(database_url)).close()
    dice = random.Random(9)
    queued, sent = 0, set[str]()
    for _ in range(ROUNDS[database_url.partition(":")[0]]):
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.store.kill_worker", database_url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        assert worker.stdout is not None
        output = b""
        for _ in range(dice.randint(8, 50)):  # so many lines, and then in the midst of whatever it is at
            output += await worker.stdout.readline()
        await asyncio.sleep(dice.uniform(0, 0.01))
        worker.send_signal(signal.SIGKILL)
        output += await worker.stdout.read()
        assert await worker.wait() == -signal.SIGKILL
        for line in output.decode().splitlines():
            kind, name = line.split()
            queued = max(queued, int(name)) if kind == "queued" else queued
            sent |= {name} if kind == "sent" else set()

        store = await Store.open(database_url)
        async with store.read() as tx:
            for half, question in HALVES.items():
                assert (await tx.execute(text(question))).scalar_one() == 0, half
            kept = (await tx.execute(text("SELECT count(*) FROM delivery"))).scalar_one()
            noted = {row.id for row in await tx.rows(text("SELECT id FROM delivery WHERE state = 'sent'"))}
            indexed = len(await tx.archive.search([["news"]], tenant="t", limit=10_000))
        await store.close()
        assert queued <= kept <= queued + 1  # the last round may be kept and not yet said
        assert sent <= noted
        assert indexed == kept
        queued = kept
    assert queued > 10
    if database_url.startswith("sqlite"):
        with sqlite3.connect(database_url.removeprefix("sqlite:///")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            connection.execute("INSERT INTO article_words (article_words) VALUES ('integrity-check')")
