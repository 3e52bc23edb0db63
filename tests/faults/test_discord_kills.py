"""The kill points of a delivery on Discord's real wire: the courier, discord.py and a Discord that counts for itself.

The simulator's scenes (scenes.py) have the same points in virtual time with a chat service in memory. Here what Discord
really offers must carry the promise: a nonce that is known for a few minutes, marks in the cards of the history, in a
forum the posts, in a thread the thread's own history, and in direct messages those.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import count

import pytest

from bot.core.errors import TryLater
from bot.core.message import USUAL, Manner, Message
from bot.core.model import Delivery, DeliveryState
from bot.courier import Courier
from bot.platforms.discord import DiscordPlatform
from bot.store import Store
from tests.fakes.discord_server import ALERTS, GUILD, STORIES, FakeDiscord
from tests.fakes.discord_world import text_of
from tests.fakes.ports import Clock
from tests.simulator.disk import Dead
from tests.simulator.process import Queue

TENANT = f"discord:{GUILD}"
POINTS = ("claimed", "on the wire", "acted", "answered", "committed")
"""As in scenes.POINTS: nothing sent; sent and lost; acted on and the answer lost; answered; noted."""
WAITS = (31, 200, 3600)
"""Seconds until the next life: the nonce is known still; it is forgotten; everything is."""
PLACES = ("channel", "thread", "forum", "person")


class Mortal(DiscordPlatform):
    """Dies at a point of its next send, as a process does: nothing of what it learned is noted."""

    discord: FakeDiscord
    point = ""

    async def send(self, channel: str, message: Message, *, delivery_id: str) -> str:
        point, self.point = self.point, ""
        if point == "claimed":
            raise Dead
        if point in ("on the wire", "acted"):
            self.discord.fail("drop" if point == "on the wire" else "drop after")
        try:
            remote_id = await super().send(channel, message, delivery_id=delivery_id)
        except TryLater:
            if point:
                raise Dead from None
            raise
        if point == "answered":
            raise Dead
        return remote_id


class Stage:
    """One database and one Discord, through many lives."""

    def __init__(self, discord: FakeDiscord, store: Store, clock: Clock) -> None:
        self.discord = discord
        self.store = store
        self.clock = clock
        self.lives = count(1)

    async def live(self, channel: str, point: str = "") -> None:
        """A process that flushes the channel, and ends."""
        platform = Mortal("token", clock=self.clock, **self.discord.addresses)
        platform.discord, platform.point = self.discord, point
        courier = Courier(
            store=self.store, platforms={"discord": platform}, jobs=Queue(), name=f"life {next(self.lives)}"
        )
        try:
            await courier.flush(channel)
        except Dead:
            assert point
        finally:
            await platform.close()

    async def add(self, name: str, channel: str, manner: Manner = USUAL) -> Delivery:
        tenant = channel if channel.startswith("discord:user:") else TENANT
        delivery = Delivery(name, tenant, channel, Message(title=name, manner=manner), created_at=self.clock())
        async with self.store.begin() as tx:
            await tx.outbox.add(delivery)
        return delivery

    async def killed(self, place: str, point: str, wait: float) -> tuple[int, DeliveryState]:
        """How often an alert was posted whose process was killed, and what the outbox says of it."""
        channel = {"forum": f"discord:{STORIES}", "person": f"discord:user:{self.discord.reader.id}"}.get(
            place, f"discord:{ALERTS}"
        )
        name = f"{place} {point} {wait}"
        manner = USUAL
        if place == "thread":
            root = await self.add(f"root of {name}", channel, Manner(thread=True))
            await self.live(channel)
            manner = Manner(within=root.id)
        delivery = await self.add(name, channel, manner)
        await self.live(channel, point)
        self.clock.forward(timedelta(seconds=wait))
        await self.live(channel)
        self.clock.forward(timedelta(seconds=60))  # what a look-up must wait for
        await self.live(channel)
        async with self.store.read() as tx:
            noted = await tx.outbox.get(delivery.id, delivery.tenant)
        assert noted is not None
        return sum(f"### {name}" == text_of(posted.body) for posted in self.discord.posted), noted.state


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


@pytest.mark.slow
async def test_nor_does_it_depend_on_how_long_the_process_was_dead(stage: Stage) -> None:
    found = {
        (place, point, wait): await stage.killed(place, point, wait)
        for place in PLACES
        for point in POINTS
        for wait in WAITS
    }
    assert {key: each for key, each in found.items() if each != (1, DeliveryState.SENT)} == {}
