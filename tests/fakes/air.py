"""The whole house on the sample wire, which says nothing new until the test lets it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import open_house
from bot.core.model import FeedState
from bot.demo import Wire
from bot.house import House
from tests.fakes.settings import ROOT, quiet

PATIENCE = 60
"""Seconds until what never comes is given up; a bound on a broken test, not a measure."""


class Air:
    """The wire's clock: it stands still with the backlog out, and goes on from there once `begin` is called."""

    def __init__(self) -> None:
        self.t0 = datetime.now(UTC)
        self._began: datetime | None = None

    def begin(self) -> None:
        self._began = datetime.now(UTC)

    def __call__(self) -> datetime:
        if self._began is None:
            return self.t0 - timedelta(seconds=1)
        return self.t0 + (datetime.now(UTC) - self._began)


@asynccontextmanager
async def on_air(folder: Path, **tables: dict[str, Any]) -> AsyncIterator[tuple[House, Air]]:
    """A running house that has read the backlog of every outlet once; `begin` puts the live articles out."""
    air = Air()
    wire = Wire(ROOT / "config/demo", clock=air, t0=air.t0, pace=timedelta(seconds=0.3), port=0)
    await wire.start()
    try:
        settings = quiet(folder, feeds={"host_gap_seconds": 0}, **tables)
        async with (
            open_house(
                settings, feeds=wire.feeds(), allowed=frozenset({wire.address}), interval=timedelta(seconds=1)
            ) as house,
            running(house),
        ):
            await _all_read(house)
            yield house, air
    finally:
        await wire.close()


@asynccontextmanager
async def running(house: House, on_air: Callable[[], None] = lambda: None) -> AsyncIterator[None]:
    """It runs as long as the block does, and has stopped in order when that is left."""
    task = asyncio.create_task(house.run(on_air))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not done():
            await asyncio.sleep(0.05)


async def _all_read(house: House) -> None:
    """A feed's first look rings nothing, so nothing may be new before it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with house.store.read() as tx:
                states = await tx.feeds.states()
            if sum(states.values()) and not states.get(FeedState.NEW):
                return
            await asyncio.sleep(0.05)
