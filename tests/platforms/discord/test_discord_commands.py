"""Application commands from declarations: their limits, their groups, and what is offered."""

from __future__ import annotations

import re
from typing import Annotated, Any

from bot.commands import COMMANDS
from bot.core.command import Choice, Command, Invocation, Option, command
from bot.core.message import Message
from bot.core.router import Router
from bot.platforms.discord.commands import build, offers
from tests.fakes import discord_schema
from tests.fakes.discord_server import FakeDiscord
from tests.platforms.discord.test_discord_end_to_end import running

NAME = re.compile(r"[-_'a-z0-9]{1,32}")


async def _nothing(*_: Any) -> Any:
    return ()


def built(*commands: Command) -> dict[str, Any]:
    return {each.name: each for each in build(commands, _nothing, _nothing)}


@command("feed", "All feeds")
async def feed(_desk: Any, _call: Invocation) -> Message:
    return Message()


@command("feed add", "Add one", manage=True)
async def feed_add(
    _desk: Any,
    _call: Invocation,
    after: Annotated[int, Option("x" * 150, most=2**60)] = 1,
    url: Annotated[str, Option("The address")] = "",
) -> Message:
    return Message()


@command("feed list", "Show them")
async def feed_list(_desk: Any, _call: Invocation) -> Message:
    return Message()


@command("many", "Many choices")
async def many(
    _desk: Any, _call: Invocation, one: Annotated[str, Option("One", choices=tuple(Choice(str(n)) for n in range(30)))]
) -> Message:
    return Message()


def test_a_command_that_is_also_a_groups_name_becomes_its_member() -> None:
    group = built(feed, feed_add, feed_list)["feed"]
    assert {each.name: each.description for each in group.commands} == {
        "add": "Add one",
        "list": "Show them",
        "show": "All feeds",
    }
    assert group.default_permissions is None  # not all of its members need the right; the router asks for each


def test_descriptions_and_numbers_are_within_discords_limits() -> None:
    parameters = {each.name: each for each in built(feed_add)["feed"].get_command("add").parameters}
    assert len(parameters["after"].description) == 100
    assert parameters["after"].max_value == 2**53 - 1


def test_more_choices_than_fit_are_offered_while_typing() -> None:
    (one,) = built(many)["many"].parameters
    assert one.choices == []
    assert one.autocomplete


def test_a_choice_that_is_too_long_is_left_out_and_a_long_name_cut() -> None:
    drawn = offers(
        [Choice("v" * 101), Choice("", "empty"), Choice("v", "n" * 200), *(Choice(str(n)) for n in range(40))]
    )
    assert (drawn[0].value, len(drawn[0].name)) == ("v", 100)
    assert len(drawn) == 25


async def test_all_commands_of_the_house_are_what_discord_takes() -> None:
    async with FakeDiscord() as discord:
        async with running(discord, Router(COMMANDS, None)):
            registered = discord.commands[None]
        assert discord.invalid == [], "with Discord's description" if discord_schema.present() else ""
    assert len(registered) <= 100
    assert all(NAME.fullmatch(each["name"]) for each in registered if each["type"] == 1)
    assert {"subscribe", "sub", "news", "latest", "feed"} <= {each["name"] for each in registered}
