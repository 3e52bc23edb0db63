"""What an operator does by hand: look at what was given up and try again, copy the database and bring it back."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.core.errors import NewsbellError
from bot.core.message import Message
from bot.core.model import Deed, Delivery, DeliveryState
from bot.courier import SEND_LEASE
from bot.store import Seal, Store, Vault

ROOT = Path(__file__).parents[2]


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(ROOT)
    for name in [name for name in os.environ if name.startswith("NEWSBELL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NEWSBELL_DATA_DIR", str(tmp_path))
    return f"sqlite:///{tmp_path / 'newsbell.db'}"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def fill(url: str) -> None:
    """Two alerts: one is dead, one waits."""

    async def work() -> None:
        store = await Store.open(url)
        async with store.begin() as tx:
            for name in ("given up", "waiting"):
                await tx.outbox.add(Delivery(name.replace(" ", "-"), "web", "web:here", Message(title=name)))
            claimed = await tx.outbox.claim("web:here", owner="w", lease=SEND_LEASE)
            assert claimed is not None
            await tx.outbox.dead(claimed, owner="w", reason="400: too strange")
        await store.close()

    asyncio.run(work())


def row(url: str, name: str) -> Delivery:
    async def ask() -> Delivery | None:
        store = await Store.open(url)
        async with store.read() as tx:
            found = await tx.outbox.get(name, "web")
        await store.close()
        return found

    found = asyncio.run(ask())
    assert found is not None
    return found


def deeds(url: str, tenant: str) -> list[Deed]:
    async def ask() -> list[Deed]:
        store = await Store.open(url)
        async with store.read() as tx:
            found = await tx.audit.of_tenant(tenant, limit=10)
        await store.close()
        return found

    return asyncio.run(ask())


def test_what_was_given_up_is_listed_with_its_reason_and_can_be_tried_again(url: str) -> None:
    fill(url)
    shown = run("deliveries", "list").stdout
    assert "given-up" in shown
    assert "400: too strange" in shown
    assert "waiting" not in shown
    assert "waiting" in run("deliveries", "list", "waiting").stdout
    assert "1 back in the outbox" in run("deliveries", "retry", "given-up", "waiting", "nonsense").stdout
    again = row(url, "given-up")
    assert (again.state, again.attempt, again.reason) == (DeliveryState.PENDING, 0, "")
    assert "Nothing is undelivered" in run("deliveries", "list").stdout
    assert [(deed.name, deed.did, deed.what, deed.channel) for deed in deeds(url, "web")] == [
        ("operator", "deliveries retry", "given up", "web:here")
    ]
    assert "Nothing was changed" in run("audit").stdout


def test_all_that_was_given_up_lately_can_be_tried_again(url: str) -> None:
    fill(url)
    assert "1 back in the outbox" in run("deliveries", "retry", "all").stdout


def test_a_copy_is_made_while_the_bot_writes_and_comes_back(url: str, tmp_path: Path) -> None:
    fill(url)
    copy = tmp_path / "copy.db"

    async def at_work() -> str:
        store = await Store.open(url)
        async with store.begin() as tx:
            await tx.outbox.add(Delivery("unfinished", "web", "web:here", Message(title="not committed yet")))
            said = (await asyncio.to_thread(run, "backup", str(copy))).stdout
        await store.close()
        return said

    assert "checked" in asyncio.run(at_work())
    assert copy.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT count(*) FROM delivery").fetchone() == (2,)

    with closing(sqlite3.connect(tmp_path / "newsbell.db")) as database, database:
        database.execute("DELETE FROM delivery")
    result = run("restore", str(copy))
    assert "newsbell.db.before-1" in result.stdout
    waiting = row(url, "waiting")
    assert waiting.unknown, "what the copy holds as waiting may have been posted since"
    assert not row(url, "given-up").unknown


def test_a_copy_replaces_no_file_and_what_is_no_copy_is_refused(url: str, tmp_path: Path) -> None:
    fill(url)
    there = tmp_path / "there.db"
    there.write_text("somebody's notes " * 1000)
    for words in (("backup", str(there)), ("restore", str(there)), ("restore", str(tmp_path / "nowhere"))):
        result = run(*words)
        assert isinstance(result.exception, NewsbellError)
    assert there.read_text().startswith("somebody's notes")
    assert row(url, "waiting").state is DeliveryState.PENDING


def test_nothing_is_restored_under_a_running_bot(url: str, tmp_path: Path) -> None:
    fill(url)
    copy = tmp_path / "copy.db"
    run("backup", str(copy))

    async def at_work() -> Result:
        store = await Store.open(url)
        async with store.begin():
            result = await asyncio.to_thread(run, "restore", str(copy))
        await store.close()
        return result

    assert "stop it first" in str(asyncio.run(at_work()).exception)


def test_a_key_is_made_used_changed_and_asked_for(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = run("secret", "new").output.strip(), run("secret", "new").output.strip()

    async def keep() -> None:
        store = await Store.open(url)
        await Vault(store.begin, store.read, Seal(old)).put("slack:T1", "installation", "xoxb-1")
        await store.close()

    asyncio.run(keep())
    monkeypatch.setenv("NEWSBELL_SECRETS_KEY", new)
    failed = run("secret", "rotate")
    assert "Put the key that was used before behind the new one" in str(failed.exception)
    assert "bad  stored secrets" in run("check", "--quick").output
    monkeypatch.setenv("NEWSBELL_SECRETS_KEY", f"{new},{old}")
    assert "1 sealed anew" in run("secret", "rotate").output
    monkeypatch.setenv("NEWSBELL_SECRETS_KEY", new)
    assert "ok   stored secrets (1)" in run("check", "--quick").output


def test_a_recount_says_what_is_missing_and_a_container_is_told_whether_the_work_goes_on(
    url: str, tmp_path: Path
) -> None:
    fill(url)
    well = run("deliveries", "reconcile")
    assert (well.exit_code, well.output) == (0, "0 articles that might ring, 0 alerts earned, 0 missing.\n")
    assert run("check", "--lately").output == "ok   polled and delivered lately\n"
    with closing(sqlite3.connect(tmp_path / "newsbell.db")) as connection, connection:
        connection.execute(
            "INSERT INTO alerted"
            " SELECT 1, channel, 'Chile', tenant, 'a-row-that-is-gone', created_at FROM delivery LIMIT 1"
        )
        connection.execute("UPDATE delivery SET not_before = '2020-01-01 00:00:00.000000', last_dispatch = NULL")
    missing = run("deliveries", "reconcile")
    assert missing.exit_code == 1
    assert "a-row-that-is-gone" in missing.output
    assert "1 missing" in missing.output
    still = run("check", "--lately")
    assert still.exit_code == 1
    assert "No post was tried yet" in still.output
