"""The one door to the commands."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Annotated

import pytest

from bot.core.command import Choice, Command, Invocation, Option, command
from bot.core.errors import UserError
from bot.core.message import Message
from bot.core.model import Channel, Person
from bot.core.router import Router

HERE = Channel("web:general", "web", "general")
CALL = Invocation("web", HERE, Person("1", "Ada", may_manage=True), (HERE, Channel("web:oil", "web", "oil")))
GUEST = Invocation("web", HERE, Person("2", "Bob"), (HERE,))


async def fruits(desk: object, call: Invocation, partial: str) -> Sequence[Choice]:
    return [Choice(f) for f in ("apple", "apricot", "pear", "star fruit") if f.startswith(partial)]


@command("eat", "Eat a fruit", private=False)
async def eat(
    desk: list[str],
    call: Invocation,
    fruit: Annotated[str, Option("Which", rest=True, complete=fruits)],
    times: Annotated[int, Option("How often", most=9)] = 1,
    to: Annotated[Channel | None, Option("Where", word="to")] = None,
) -> Message:
    desk.append(fruit)
    return Message(title=f"{fruit} {times} {to.name if to else '-'}")


@command("burn", "Fail", manage=True)
async def burn(desk: object, call: Invocation, how: Annotated[str, Option("How")] = "") -> Message:
    if how == "politely":
        raise UserError("No fire here.")
    raise RuntimeError("secret detail")


@command("call", "Give a fruit another name")
async def call_(
    desk: object,
    call: Invocation,
    name: Annotated[str, Option("Which", complete=fruits)],
    other: Annotated[str, Option("What", rest=True, complete=fruits)],
) -> Message:
    raise NotImplementedError


@pytest.fixture
def router() -> Router:
    return Router((eat, burn, call_), [])


async def test_a_typed_line_and_a_typed_call_are_the_same(router: Router) -> None:
    by_line = await router.answer(CALL, "/eat apple 3 to #oil")
    by_call = await router.call(CALL, "eat", {"fruit": "apple", "times": 3, "to": "web:oil"})
    assert by_line == by_call
    assert by_line.message.title == "apple 3 oil"
    assert not by_line.private


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "What is the fruit? Which."),
        ({"fruit": "apple", "times": "many"}, "times must be a number from 1 to 9, not 'many'."),
        ({"fruit": "apple", "times": 10}, "times must be a number from 1 to 9, not 10."),
        ({"fruit": "apple", "to": "#oul"}, "There is no channel #oul here. Did you mean #oil?"),
    ],
)
async def test_a_wrong_value_is_named(router: Router, values: dict[str, object], said: str) -> None:
    reply = await router.call(CALL, "eat", values)
    assert reply.message.text == said
    assert reply.private


async def test_a_command_of_the_managers_is_refused_to_others(router: Router) -> None:
    reply = await router.answer(GUEST, "/burn")
    assert "for those who manage this server" in reply.message.text


async def test_a_bug_is_logged_and_its_details_stay_there(router: Router, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        reply = await router.answer(CALL, "/burn")
    reference = reply.message.text.split()[-1].rstrip(".")
    assert "secret detail" not in reply.message.text
    assert reference in caplog.text
    assert "secret detail" in caplog.text


async def test_an_expected_failure_is_the_answer(router: Router) -> None:
    assert (await router.answer(CALL, "/burn politely")).message.text == "No fire here."


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("/", ["/burn ", "/call ", "/eat "]),
        ("/call st", ['/call "star fruit"']),
        ('/call "st', ['/call "star fruit"']),
        ('/call "star fruit" st', ['/call "star fruit" star fruit']),
        ("/e", ["/eat "]),
        ("/eat ap", ["/eat apple", "/eat apricot"]),
        ("/eat apple to #o", ["/eat apple to #oil"]),
        ("/burn x", []),
        ("/none ", []),
    ],
)
async def test_completion_offers_whole_lines(router: Router, line: str, lines: list[str]) -> None:
    assert [choice.value for choice in await router.complete(CALL, line)] == lines


def test_two_commands_of_one_name_are_a_mistake_at_start() -> None:
    again = Command("eat", "Again", eat.run)
    with pytest.raises(ValueError, match="two commands are called 'eat'"):
        Router((eat, again), [])
