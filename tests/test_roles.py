"""Many processes, each with its part; and an end that leaves nothing half done."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import open_house
from bot.core.errors import SettingsError
from bot.core.message import Message
from bot.core.model import Delivery, DeliveryState
from bot.core.pack import PackFeed
from bot.core.router import Router
from bot.house import WORKER
from tests.fakes.air import running
from tests.fakes.ports import FakePlatform
from tests.fakes.settings import quiet


class Slow(FakePlatform):
    """Takes a moment for each post, and notes whether anybody listens to it."""

    listens = False
    posting: asyncio.Event | None = None

    async def run(self, router: Router) -> None:
        self.listens = True
        await asyncio.Event().wait()

    async def send(self, channel: str, message: Message, *, delivery_id: str) -> str:
        if self.posting:
            self.posting.set()
        await asyncio.sleep(0.3)
        return await super().send(channel, message, delivery_id=delivery_id)


async def test_a_worker_listens_to_nobody_and_its_queue_has_no_page(tmp_path: Path) -> None:
    async with open_house(quiet(tmp_path), feeds=(), roles=WORKER) as house:
        platform = Slow()
        house.platforms["fake"] = platform  # type: ignore[index]  # connected as app does it
        on_air = asyncio.Event()
        async with running(house, on_air.set):
            async with asyncio.timeout(30):
                await on_air.wait()
            await asyncio.sleep(0)  # whoever was to listen has begun
            assert not platform.listens
            assert house.front_door == ""


async def test_a_process_that_only_listens_takes_no_jobs(tmp_path: Path) -> None:
    feeds = (PackFeed("https://a.example/rss", "A", "A"),)
    async with open_house(quiet(tmp_path), feeds=feeds, roles=frozenset({"gateway"})) as house:
        registered = house.jobs._engine.entrypoint_registry
        assert not [kind for kind in registered if kind == "poll" or kind.startswith("flush")]


async def test_a_stop_lets_the_post_that_is_out_be_noted_and_leaves_no_lease(tmp_path: Path) -> None:
    async with open_house(quiet(tmp_path), feeds=()) as house:
        platform = Slow()
        platform.posting = asyncio.Event()
        house.platforms["fake"] = platform  # type: ignore[index]  # connected as app does it
        house.courier.serve()
        async with house.store.begin() as tx:
            for number in range(50):
                await tx.outbox.add(Delivery(f"d{number}", "fake", "fake:here", Message(title=f"{number}")))
        async with running(house), asyncio.timeout(30):
            await platform.posting.wait()
        async with house.store.read() as tx:
            states = await tx.deliveries.counts(None, (await tx.now()) - timedelta(days=1))
    assert states.get(DeliveryState.SENDING, 0) == 0
    assert states[DeliveryState.SENT] == len(platform.posted) < 50


def test_parts_need_a_database_that_can_be_shared(tmp_path: Path) -> None:
    from bot.cli.serve import _run

    with pytest.raises(SettingsError, match="PostgreSQL"):
        _run(quiet(tmp_path), WORKER)
