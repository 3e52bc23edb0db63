"""Worlds from seeds, the short ones: the long ones are walked by `make faults`.

A world that fails is printed with its seed; `python -m tests.faults world SEED` lives it again, bit for bit.
"""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from bot.core.message import Message
from tests.simulator import clockwork
from tests.simulator.chat import LAG, WINDOW, Chat, Line
from tests.simulator.world import Plan, World, run

SHORT = {"hours": 1.2, "feeds": 6, "tick": 60.0, "articles_a_day": 60.0, "channels": 2}


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_world_with_every_fault_loses_and_doubles_nothing(seed: int) -> None:
    account = run(
        Plan(seed, killed_while_posting=0.04, paused=0.05, database_trouble=0.002, **SHORT)  # type: ignore[arg-type]
    )
    assert account.good, account
    assert account.kills + account.pauses > 3
    assert account.posted > 20


def test_a_seed_lives_the_same_world_again() -> None:
    plan = Plan(3, killed_while_posting=0.04, **SHORT)  # type: ignore[arg-type]
    assert run(plan).digest == run(plan).digest


def test_a_courier_without_its_look_up_is_found_out() -> None:
    """The checker can fail: a world in which nothing is ever found again doubles."""

    def blind(world: World) -> None:
        world.chats["history"].shown = lambda *_: None  # type: ignore[method-assign]  # what is under test is the checker

    account = run(Plan(4, api_trouble=0.6, kinds=("history",), **(SHORT | {"feeds": 25})), blind)  # type: ignore[arg-type]
    assert account.doubled > 0
    assert account.lost == 0


def test_a_message_that_is_thrown_away_is_found_out() -> None:
    def deaf(world: World) -> None:
        chat, dice = world.chats["nonce"], Random(1)
        act = chat.act
        chat.act = lambda *given: act(*given) if dice.random() < 0.9 else "?"  # type: ignore[method-assign]

    assert run(Plan(5, kinds=("nonce",), **SHORT), deaf).lost > 0  # type: ignore[arg-type]


def test_the_services_keep_their_kinds() -> None:
    async def live() -> None:
        def line(chat: Chat) -> Line:
            return Line(chat, lambda _: None, Random(1))

        nonce, history = Chat("n", "nonce", Random(1)), Chat("h", "history", Random(1))
        for chat, posts in ((nonce, 1), (history, 2)):
            for _ in range(2):
                await line(chat).send("c", Message(title="t"), delivery_id="d")
            assert len(chat.log) == posts
            await asyncio.sleep(LAG)
            assert chat.shown("c", "d") == "0"
        await asyncio.sleep(WINDOW)
        await line(nonce).send("c", Message(title="t"), delivery_id="d")
        assert len(nonce.log) == 2

    clockwork.run(live())


def test_a_world_in_which_everybody_waits_is_no_hang() -> None:
    with pytest.raises(clockwork.Standstill):
        clockwork.run(asyncio.Event().wait())
