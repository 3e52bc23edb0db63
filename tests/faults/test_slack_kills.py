"""The kill points of a delivery on Slack's real wire: the courier, the SDK and a Slack that counts for itself.

As test_discord_kills.py; but Slack drops no repetition, so all depends on reading back: by the metadata in a channel's
history, which the app may have to join first, in a private channel's, in a thread's and in direct messages'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import count

import pytest

from bot.core.errors import TryLater
from bot.core.message import USUAL, Manner, Message
from bot.core.model import Delivery, DeliveryState
from bot.courier import Courier
from bot.platforms.slack import SlackPlatform
from bot.store import Store
from tests.fakes.ports import Clock
from tests.fakes.slack_server import FakeSlack
from tests.fakes.slack_world import ALERTS, BOT, OPEN, PRIVATE, TEAM
from tests.platforms.slack.stage import MemoryVault, platform_for_many
from tests.simulator.disk import Dead
from tests.simulator.process import Queue

TENANT = f"slack:{TEAM}"
POINTS = ("claimed", "on the wire", "acted", "answered", "committed")
"""As in scenes.POINTS: nothing sent; sent and lost; acted on and the answer lost; answered; noted."""
WAITS = (31, 200, 3600)
"""Seconds until the next life: to Slack they are all the same."""
PLACES = ("channel", "thread", "open", "private", "person")
"""A channel of the bot's, a thread there, a public channel it is not in, a private one it is in, direct messages."""


class Process:
    """One life of a worker that posts; it dies at a point of its next send, and nothing of what it learned is noted."""

    def __init__(self, slack: FakeSlack, platform: SlackPlatform, point: str) -> None:
        self.name, self.dedupes_for, self.whispers = platform.name, platform.dedupes_for, platform.whispers
        self.run, self.check, self.edit, self.find = platform.run, platform.check, platform.edit, platform.find
        self.thread = platform.thread
        self.slack, self.platform, self.point = slack, platform, point

    async def send(self, channel: str, message: Message, *, delivery_id: str) -> str:
        point, self.point = self.point, ""
        if point == "claimed":
            raise Dead
        if point in ("on the wire", "acted"):
            self.slack.fail("drop" if point == "on the wire" else "drop after")
        try:
            remote_id = await self.platform.send(channel, message, delivery_id=delivery_id)
        except TryLater:
            if point:
                raise Dead from None
            raise
        if point == "answered":
            raise Dead
        return remote_id


class Stage:
    """One database and one Slack, through many lives."""

    def __init__(self, slack: FakeSlack, store: Store, clock: Clock) -> None:
        self.slack = slack
        self.store = store
        self.clock = clock
        self.lives = count(1)
        self.vault: MemoryVault | None = None

    async def live(self, channel: str, point: str = "") -> None:
        """A process that flushes the channel, and ends."""
        platform = (
            platform_for_many(self.slack, self.vault, clock=self.clock)
            if self.vault
            else SlackPlatform("xoxb-token", api_url=self.slack.api_url, clock=self.clock)
        )
        courier = Courier(
            store=self.store,
            platforms={"slack": Process(self.slack, platform, point)},
            jobs=Queue(),
            name=f"life {next(self.lives)}",
        )
        try:
            await courier.flush(channel)
        except Dead:
            assert point

    async def add(self, name: str, channel: str, manner: Manner = USUAL) -> Delivery:
        delivery = Delivery(name, TENANT, channel, Message(title=name, manner=manner), created_at=self.clock())
        async with self.store.begin() as tx:
            await tx.outbox.add(delivery)
        return delivery

    async def killed(self, place: str, point: str, wait: float) -> tuple[int, bool, DeliveryState]:
        """How often an alert was posted whose process died, whether in its place, and what the outbox says of it."""
        where = {"open": OPEN, "private": PRIVATE, "person": self.slack.reader.id}.get(place, ALERTS)
        channel, name, manner, root = f"{TENANT}:{where}", f"{place} {point} {wait}", USUAL, None
        if place == "thread":
            first = await self.add(f"root of {name}", channel, Manner(thread=True))
            await self.live(channel)
            manner, root = Manner(within=first.id), self.slack.posted[-1].ts
        delivery = await self.add(name, channel, manner)
        await self.live(channel, point)
        self.clock.forward(timedelta(seconds=wait))
        await self.live(channel)
        self.clock.forward(timedelta(seconds=60))  # what a look-up must wait for
        await self.live(channel)
        async with self.store.read() as tx:
            noted = await tx.outbox.get(delivery.id, delivery.tenant)
        assert noted is not None
        posted = [each for each in self.slack.posted if each.delivery_id == delivery.id]
        return len(posted), {each.body.get("thread_ts") for each in posted} == {root}, noted.state


@pytest.fixture
async def stage(store: Store, clock: Clock) -> AsyncIterator[Stage]:
    def now() -> datetime:
        return clock()

    async with FakeSlack(clock=now) as slack:
        slack.channels[PRIVATE].members.add(BOT)
        yield Stage(slack, store, clock)
        assert slack.invalid == []


@pytest.mark.parametrize("place", PLACES)
async def test_an_alert_is_posted_once_wherever_its_process_is_killed(stage: Stage, place: str) -> None:
    found = {point: await stage.killed(place, point, 31) for point in POINTS}
    assert found == dict.fromkeys(POINTS, (1, True, DeliveryState.SENT))


async def test_so_it_is_in_a_workspace_that_installed_the_app(stage: Stage) -> None:
    stage.vault = MemoryVault()
    granted = stage.slack.oauth.grant(TEAM)
    await stage.vault.put(TENANT, "installation", granted)
    found = {point: await stage.killed("channel", point, 31) for point in POINTS}
    assert found == dict.fromkeys(POINTS, (1, True, DeliveryState.SENT))


@pytest.mark.slow
async def test_nor_does_it_depend_on_how_long_the_process_was_dead(stage: Stage) -> None:
    found = {
        (place, point, wait): await stage.killed(place, point, wait)
        for place in PLACES
        for point in POINTS
        for wait in WAITS
    }
    assert {key: each for key, each in found.items() if each != (1, True, DeliveryState.SENT)} == {}


async def test_what_follows_an_alert_that_was_deleted_is_posted_and_found_in_the_channel(stage: Stage) -> None:
    channel = f"{TENANT}:{ALERTS}"
    root = await stage.add("root", channel, Manner(thread=True))
    await stage.live(channel)
    stage.slack.deleted.add(stage.slack.posted[0].ts)
    stage.slack.channels[ALERTS].messages.clear()
    await stage.add("follows", channel, Manner(within=root.id))
    stage.slack.fail("well")  # the try in the thread, which is refused
    await stage.live(channel, "acted")
    stage.clock.forward(timedelta(seconds=31))
    await stage.live(channel)
    assert Counter(each.delivery_id for each in stage.slack.posted) == {"root": 1, "follows": 1}
    assert stage.slack.posted[1].body["thread_ts"] is None
