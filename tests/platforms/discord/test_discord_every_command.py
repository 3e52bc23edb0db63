"""Every command of the house on Discord's wire: typed, completed, pressed, and filled into windows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_house
from bot.commands import COMMANDS
from bot.core.command import Command, Option, OptionKind
from bot.core.message import File
from bot.core.model import EVERYONE, Article, Fetched
from bot.house import House
from bot.poller import Admitted
from bot.store import Tx
from tests.fakes.discord_server import ALERTS, DESK, FakeDiscord
from tests.fakes.discord_world import Payload, buttons_of
from tests.fakes.ports import entries
from tests.fakes.settings import quiet
from tests.platforms.discord.test_discord_end_to_end import running

SAID: dict[str, Any] = {
    "topic": "ISIL", "search": "kurd", "query": "Ukraine NEAR/20 grain", "text": "oil-watch = oil price",
    "article": "1",
    "story": 1, "into": 1, "url": "https://nowhere.invalid/rss", "feed": "The Wire", "minutes": 30, "version": 1,
    "words": "africa", "watch": "ceasefire", "origins": 3, "days": 7, "count": 3,
}  # fmt: skip
"""What is said for an option of that name."""
SORRY = "Something went wrong"
LINK = 5


@asynccontextmanager
async def archived(house: House) -> AsyncIterator[None]:
    """A feed with three articles, two of them one story."""
    now = datetime.now(UTC) - timedelta(hours=3)
    told = entries(
        "Iraqi army drives ISIL out of Hawija", "ISIL driven out of Hawija, Iraqi army says", "Norway skis", at=now
    )
    async with house.store.begin() as tx:
        feed, _ = await tx.feeds.add(
            "https://wire.example/rss", tenant=EVERYONE, title="The Wire", source="The Wire", now=now
        )

    async def admit(_tx: Tx, articles: Sequence[Article], _now: datetime) -> Admitted:
        return Admitted(frozenset(article.id for article in articles))

    await house.pipeline.take_in(feed, Fetched(entries=told), admit)
    yield


def given(option: Option, command: Command) -> Any:
    if option.kind is OptionKind.CHANNEL:
        return ALERTS
    if option.kind is OptionKind.ROLE:
        return DESK
    if option.kind is OptionKind.FLAG:
        return True
    if option.kind is OptionKind.FILE:
        return File("mine.opml", b"<opml><body><outline text='A' xmlUrl='https://a.example/rss'/></body></opml>")
    if option.choices:
        return option.choices[-1].value
    if option.name == "name":
        return {"topic": "ISIL", "help": "subscribe"}.get(command.name, "grain-deal")
    return SAID[option.name]


def spelt(command: Command, known: set[str]) -> str:
    """As Discord has it: a group cannot be called, so its own command is a member of it."""
    first = command.name.partition(" ")[0]
    grouped = any(each.name.startswith(f"{first} ") for each in COMMANDS)
    return (
        command.name
        if " " in command.name or not grouped
        else f"{first} {'show' if f'{first} show' in known else 'list'}"
    )


@pytest.mark.parametrize("with_buttons", [False, pytest.param(True, marks=pytest.mark.slow)])
async def test_every_command_is_typed_completed_filled_in_and_its_buttons_pressed(
    tmp_path: Path, with_buttons: bool
) -> None:
    async with (
        FakeDiscord() as discord,
        open_house(quiet(tmp_path), feeds=()) as house,
        archived(house),
        running(discord, house.router),
    ):
        typed, completed, pressed, filled = set(), set(), set(), set()
        members = {
            f"{each['name']} {option['name']}"
            for each in discord.commands[None]
            for option in each.get("options") or ()
            if option["type"] == 1
        }
        answers: list[Payload] = []  # as they were: a press may change them
        for command in COMMANDS:
            name = spelt(command, members)
            values = {option.name: given(option, command) for option in command.options if not option.hidden}
            answer = await discord.slash(name, **values)
            assert SORRY not in answer.text, (command.name, answer.text)
            answers.append(deepcopy(answer.message))
            typed.add(command.name)
            for option in command.options:
                if option.complete and not option.hidden:
                    await discord.autocomplete(name, option.name, "is")
                    completed.add((command.name, option.name))
        for message in answers if with_buttons else ():
            for label, button in buttons_of(message).items():
                if button["style"] == LINK or button["custom_id"] in pressed:
                    continue
                pressed.add(button["custom_id"])
                reply = await discord.press(deepcopy(message), label)
                assert SORRY not in reply.text, (label, reply.text)
        for command in COMMANDS:
            required = [option for option in command.options if option.required and not option.hidden]
            if any(option.long for option in required):
                window = await discord.slash_for_window(command.name)
                entered = {option.name.capitalize(): given(option, command) for option in required}
                reply = await discord.fill(window, **entered)
                assert SORRY not in reply.text, (command.name, reply.text)
                filled.add(command.name)
    assert typed == {command.name for command in COMMANDS}
    assert completed == {(c.name, o.name) for c in COMMANDS for o in c.options if o.complete and not o.hidden}
    assert filled == {"topic create", "topic edit"}
    assert not with_buttons or len(pressed) > len(COMMANDS) / 2
