"""Room on the disk: what is given up in need, and laid down again."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot.core.message import Message
from bot.core.model import Channel, Delivery
from bot.owners import Owners
from bot.store import Store
from bot.store.ballast import Ballast
from bot.store.engine import Database, parse_url

PLENTY = 1 << 60


def test_the_file_is_laid_down_where_there_is_room(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "n.db", size=4096, spare=0)
    ballast.look()
    assert (tmp_path / "n.db.ballast").stat().st_size == 4096
    assert not ballast.short


def test_with_little_room_nothing_new_is_taken_in_and_the_file_is_kept_for_the_worst(tmp_path: Path) -> None:
    Ballast(tmp_path / "n.db", size=4096, spare=0).look()
    ballast = Ballast(tmp_path / "n.db", size=4096, spare=PLENTY)
    ballast.look()
    assert ballast.short
    assert ballast.file.exists()


async def test_a_full_disk_gives_the_file_up_and_what_waits_can_still_be_noted(tmp_path: Path) -> None:
    """SQLite's own limit of pages stands for the disk: it answers as a full one does."""
    url = f"sqlite:///{tmp_path}/n.db"
    await (await Store.open(url)).close()
    ballast = Ballast(tmp_path / "n.db", size=4096, spare=0)
    database = Database(parse_url(url), ballast=ballast)
    store = Store(database, None)
    await store.look_for_room()
    async with store.begin() as tx:
        await tx.outbox.add(Delivery("first", "t", "web:here", Message(title="first")))
    async with database.begin() as connection:
        await connection.exec_driver_sql("PRAGMA max_page_count = 1")
    with pytest.raises(OperationalError, match="full"):
        async with store.begin() as tx:
            for number in range(200):
                await tx.outbox.add(Delivery(f"d{number}", "t", "web:here", Message(title="x" * 500)))
    assert store.short_of_room
    assert not ballast.file.exists()
    assert any("nearly full" in warning for warning in store.warnings())
    async with database.begin() as connection:
        await connection.exec_driver_sql("PRAGMA max_page_count = 100000")
    await store.look_for_room()
    assert not store.short_of_room
    assert ballast.file.exists()
    await store.close()


async def test_the_maintainers_hear_once_that_nothing_is_taken_in_and_once_that_it_is_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/n.db"
    await (await Store.open(url)).close()
    ballast = Ballast(tmp_path / "n.db", size=4096, spare=0)
    store = Store(Database(parse_url(url), ballast=ballast), None)
    owners = Owners(Channel("web:ops", "web", "ops"))
    for short in (False, True, True, False, False):
        ballast.short = short
        await owners.tell_of_room(store)
    async with store.read() as tx:
        told = [each.message.title for each in await tx.outbox.last("web:ops")]
    assert told == ["There is room on the disk again", "The disk is nearly full"]
    await store.close()
