"""The way out against Slack's wire: a post whose answer was lost, or whose process was cut off, is there once."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import open_house
from bot.core.message import Message
from bot.core.model import Channel, Delivery, DeliveryState
from bot.courier import SETTLE
from bot.house import House
from tests.fakes.settings import quiet
from tests.fakes.slack_server import FakeSlack
from tests.fakes.slack_world import ALERTS, TEAM

TENANT = f"slack:{TEAM}"
PLACE = Channel(f"{TENANT}:{ALERTS}", TENANT, "alerts")
PATIENCE = 4 * SETTLE.total_seconds()


async def life(slack: FakeSlack, folder: Path, *, deliveries: int = 0, killed_after: int = 0) -> None:
    """A house that has alerts to deliver; it ends when all are, or is cut off when Slack holds so many posts."""
    tokens = {"bot_token": "xoxb-token", "app_token": "xapp-token", "api_url": slack.api_url}
    async with open_house(quiet(folder, slack=tokens), feeds=()) as house:
        async with house.store.begin() as tx:
            now = await tx.now()
            await tx.channels.remember(PLACE, now=now)
            for number in range(deliveries):
                message = Message(title=f"Alert {number}")
                await tx.outbox.add(Delivery(f"{number:024x}", TENANT, PLACE.id, message, created_at=now))
        running = asyncio.create_task(house.run())
        try:
            async with asyncio.timeout(PATIENCE):
                while not (len(slack.posted) >= killed_after if killed_after else await delivered(house)):
                    await asyncio.sleep(0.001 if killed_after else 0.05)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


async def delivered(house: House) -> bool:
    async with house.store.read() as tx:
        counts = await tx.deliveries.counts(TENANT, await tx.now() - timedelta(days=1))
    return counts.get(DeliveryState.SENT, 0) == sum(counts.values())


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["drop", "drop after", "500", "500 after", "429"])
async def test_an_answer_that_was_lost_loses_and_doubles_nothing(tmp_path: Path, fault: str) -> None:
    async with FakeSlack() as slack:
        slack.fail(fault, seconds=1)
        await life(slack, tmp_path, deliveries=4)
        assert [each.delivery_id for each in slack.posted] == [f"{number:024x}" for number in range(4)]
        assert slack.invalid == []


@pytest.mark.slow
async def test_a_house_that_is_cut_off_while_it_posts_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        slack.fail("well")
        slack.fail("drop after")
        await life(slack, tmp_path, deliveries=5, killed_after=2)
        slack.socket.ready.clear()
        await life(slack, tmp_path)
        assert Counter(each.delivery_id for each in slack.posted) == {f"{number:024x}": 1 for number in range(5)}
        assert slack.invalid == []
