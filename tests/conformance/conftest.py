"""One examination room for all the checks, and a fresh bot for each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from bot.store import Store
from bot.topics import Catalogue
from tests.conformance.world import Room, World, opened


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def room() -> AsyncIterator[Room]:
    async with opened() as room:
        yield room


@pytest_asyncio.fixture(loop_scope="session")
async def world(room: Room, tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[World]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'newsbell.db'}", clock=room.clock)
    world = World(room, store, catalogue)
    await world.start()
    yield world
    await store.close()
