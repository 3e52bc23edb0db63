"""The kill points of a delivery on Discord's real wire: the courier, discord.py and a Discord that counts for itself.

The simulator's scenes (scenes.py) have the same points in virtual time with a chat service in memory. Here what Discord
really offers must carry the promise: a nonce that is known for a few minutes, marks in the cards of the history, in a
forum the posts, in a thread the thread's own history, and in direct messages those.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Literal

import pytest

from bot.core.message import Button
from bot.core.model import DeliveryState
from bot.platforms.discord import DiscordPlatform
from bot.store import Store
from tests.fakes.discord_server import ALERTS, GUILD, STORIES, FakeDiscord
from tests.fakes.discord_world import text_of
from tests.fakes.ports import Clock
from tests.faults.lives import WAITS, Lives
from tests.faults.scenes import POINTS

TENANT = f"discord:{GUILD}"
PLACES = ("channel", "thread", "forum", "person")
FORGOTTEN = WAITS[1]
TWO = (Button("Mute story", "mute 1"), Button("Why", "why 1"))


class Stage:
    """One Discord through the lives."""

    def __init__(self, discord: FakeDiscord, store: Store, clock: Clock) -> None:
        self.alerts: Literal["card", "embed"] = "card"
        self.discord = discord
        self.clock = clock
        self.lives = Lives(discord, store, clock, self.platform)

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[DiscordPlatform]:
        platform = DiscordPlatform("token", alerts=self.alerts, clock=self.clock, **self.discord.addresses)
        try:
            yield platform
        finally:
            await platform.close()

    async def killed(
        self, place: str, point: str, wait: float, buttons: tuple[Button, ...] = ()
    ) -> tuple[int, DeliveryState]:
        """How often an alert was posted whose process was killed, and what the outbox says of it."""
        person = f"discord:user:{self.discord.reader.id}"
        channel = {"forum": f"discord:{STORIES}", "person": person}.get(place, f"discord:{ALERTS}")
        tenant = person if place == "person" else TENANT
        name = f"{place} {point} {wait}"
        noted = await self.lives.killed(
            name, tenant, channel, point, wait, in_thread=place == "thread", buttons=buttons
        )
        return sum(text_of(each.body).removeprefix("### ") == name for each in self.discord.posted), noted.state


@pytest.fixture
async def stage(store: Store, clock: Clock) -> AsyncIterator[Stage]:
    def now() -> datetime:
        return clock()

    async with FakeDiscord(clock=now) as discord:
        yield Stage(discord, store, clock)


@pytest.mark.parametrize("place", PLACES)
async def test_an_alert_is_posted_once_wherever_its_process_is_killed(stage: Stage, place: str) -> None:
    first = PLACES.index(place)
    found = {
        point: await stage.killed(place, point, WAITS[(first + number) % len(WAITS)])
        for number, point in enumerate(POINTS)
    }
    assert found == dict.fromkeys(POINTS, (1, DeliveryState.SENT))


@pytest.mark.parametrize("buttons", [TWO, ()])
async def test_nor_does_it_depend_on_how_alerts_are_drawn(stage: Stage, buttons: tuple[Button, ...]) -> None:
    stage.alerts = "embed"
    found = {point: await stage.killed("channel", point, FORGOTTEN, buttons) for point in ("on the wire", "answered")}
    assert found == dict.fromkeys(found, (1, DeliveryState.SENT))


@pytest.mark.slow
async def test_nor_does_it_depend_on_how_long_the_process_was_dead(stage: Stage) -> None:
    found = {
        (place, point, wait): await stage.killed(place, point, wait)
        for place in PLACES
        for point in POINTS
        for wait in WAITS
    }
    assert {key: each for key, each in found.items() if each != (1, DeliveryState.SENT)} == {}
