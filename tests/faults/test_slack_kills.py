"""The kill points of a delivery on Slack's real wire: the courier, the SDK and a Slack that counts for itself.

As test_discord_kills.py; but Slack drops no repetition, so all depends on reading back: by the metadata in a channel's
history, which the app may have to join first, in a private channel's, in a thread's and in direct messages'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from bot.core.message import Manner
from bot.core.model import DeliveryState
from bot.platforms.slack import SlackPlatform
from bot.store import Store
from tests.fakes.ports import Clock
from tests.fakes.slack_server import FakeSlack
from tests.fakes.slack_world import ALERTS, BOT, OPEN, PRIVATE, TEAM
from tests.faults.lives import WAITS, Lives
from tests.faults.scenes import POINTS
from tests.platforms.slack.stage import MemoryVault, platform_for_many

TENANT = f"slack:{TEAM}"
PLACES = ("channel", "thread", "open", "private", "person")
"""A channel of the bot's, a thread there, a public channel it is not in, a private one it is in, direct messages."""


class Stage:
    """One Slack through the lives, by the token of the settings or by one in the vault."""

    def __init__(self, slack: FakeSlack, store: Store, clock: Clock) -> None:
        self.slack = slack
        self.clock = clock
        self.lives = Lives(slack, store, clock, self.platform)
        self.vault: MemoryVault | None = None

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[SlackPlatform]:
        if self.vault:
            yield platform_for_many(self.slack, self.vault, clock=self.clock)
        else:
            yield SlackPlatform("xoxb-token", api_url=self.slack.api_url, clock=self.clock)

    async def killed(self, place: str, point: str, wait: float) -> tuple[int, bool, DeliveryState]:
        """How often an alert was posted whose process died, whether in its place, and what the outbox says of it."""
        where = {"open": OPEN, "private": PRIVATE, "person": self.slack.reader.id}.get(place, ALERTS)
        noted = await self.lives.killed(
            f"{place} {point} {wait}", TENANT, f"{TENANT}:{where}", point, wait, in_thread=place == "thread"
        )
        followed = noted.message.manner.within
        roots = {each.ts for each in self.slack.posted if each.delivery_id == followed} if followed else {None}
        posted = [each for each in self.slack.posted if each.delivery_id == noted.id]
        return len(posted), {each.body.get("thread_ts") for each in posted} == roots, noted.state


@pytest.fixture
async def stage(store: Store, clock: Clock) -> AsyncIterator[Stage]:
    def now() -> datetime:
        return clock()

    async with FakeSlack(clock=now) as slack:
        slack.channels[PRIVATE].members.add(BOT)
        yield Stage(slack, store, clock)


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
    root = await stage.lives.add("root", TENANT, channel, Manner(thread=True))
    await stage.lives.live(channel)
    stage.slack.deleted.add(stage.slack.posted[0].ts)
    stage.slack.channels[ALERTS].messages.clear()
    await stage.lives.add("follows", TENANT, channel, Manner(within=root.id))
    stage.slack.fail("well")  # the try in the thread, which is refused
    await stage.lives.live(channel, "acted")
    stage.clock.forward(timedelta(seconds=31))
    await stage.lives.live(channel)
    assert Counter(each.delivery_id for each in stage.slack.posted) == {"root": 1, "follows": 1}
    assert stage.slack.posted[1].body["thread_ts"] is None
