"""What the platforms really send: a house on the sample wire, before servers that speak Discord's and Slack's wire."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes import discord_world, slack_world
from tests.fakes.air import on_air
from tests.fakes.discord_server import FakeDiscord
from tests.fakes.slack_server import FakeSlack

Payload = dict[str, Any]

FOLLOWED = ("Russia-Iraq", "ISIL", "oil price")
TYPED = "russia-ir"
CARD = re.compile(r"[2-9] outlets")
"""An alert whose story has gone on: what it says then is the fullest."""
WANTED = re.compile(r"(?s)Topic.*Russia-Iraq")
PATIENCE = 120


@dataclass(frozen=True)
class Sitting:
    """Messages as they stand in a channel, `offers` what is completed, `home` a view."""

    discord: Payload
    offers: list[tuple[str, str]]
    slack: tuple[Payload, ...]
    home: Payload


async def sit(folder: Path) -> Sitting:
    """Subscribe on both platforms, wait for a story that goes on, and see what stands there."""
    async with FakeDiscord() as discord, FakeSlack() as slack:
        tokens = {"bot_token": "xoxb-token", "app_token": "xapp-token", "api_url": slack.api_url}
        async with on_air(folder, discord={"token": "token", **discord.addresses}, slack=tokens) as (_, air):
            await discord.gateway.connected()
            await slack.socket.connected()
            for topic in FOLLOWED:
                await discord.slash("subscribe", topic=topic)
                await slack.slash(f"subscribe {topic}")
            offers = await discord.autocomplete("subscribe", "topic", TYPED)
            air.begin()
            await _until(lambda: _card(_standing(discord), discord_world.text_of) is not None)
            await _until(lambda: _card(slack.edits, slack_world.text_of) is not None)
            home = (await slack.views.home()).view
            on_discord = _card(_standing(discord), discord_world.text_of)
            on_slack = _card(slack.edits, slack_world.text_of)
            others = [each.body for each in slack.posted if on_slack and each.ts != on_slack["ts"]]
    assert on_discord is not None
    assert on_slack is not None
    return Sitting(on_discord, offers, (*others[-1:], on_slack), home)


def _standing(discord: FakeDiscord) -> list[Payload]:
    return [message for channel in discord.guild.channels.values() for message in channel.messages]


def _card(messages: list[Payload], text_of: Callable[[Payload], str]) -> Payload | None:
    told = [each for each in messages if CARD.search(text_of(each)) and WANTED.search(text_of(each))]
    return told[-1] if told else None


async def _until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not done():  # noqa: ASYNC110  (the fakes keep a log and ring no bell)
            await asyncio.sleep(0.1)
