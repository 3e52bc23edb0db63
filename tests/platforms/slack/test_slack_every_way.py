"""Every command of the house in each way there is in Slack; who may not set up may not by any of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.commands import COMMANDS
from bot.core.chart import Chart
from bot.core.command import Command, Invocation, Option, OptionKind, command
from bot.core.message import Button, Message
from bot.core.router import Router
from bot.platforms.slack.form import CHOOSE
from tests.fakes.sample_commands import Desk, sample_router
from tests.fakes.slack_server import FakeSlack
from tests.fakes.slack_world import ALERTS, TEAM, text_of
from tests.platforms.slack.stage import running

HOUSE = tuple(each for each in COMMANDS if not any(o.kind is OptionKind.FILE for o in each.options))
"""Those that can be typed in Slack; how a file is handed over there is in test_slack_files.py."""
CHART = Chart("ISIL", "articles", (("25 Nov", 3), ("26 Nov", 8)))


def a_value(option: Option) -> Any:
    if option.choices:
        return option.choices[0].value
    return option.least if option.kind is OptionKind.INT else "Iraq"


def recording(desk: Desk) -> tuple[Command, ...]:
    """The house's commands as they are declared; what they were asked is kept."""

    def noted(name: str) -> Any:
        async def run(_: Desk, call: Invocation, **values: Any) -> Message:
            desk.calls.append((name, call, values))
            return Message(title=f"Done {name}.")

        return run

    return tuple(replace(each, run=noted(each.name)) for each in HOUSE)


ASKED = {each.name: {o.name: a_value(o) for o in each.options if o.required and not o.hidden} for each in HOUSE}


def asked(desk: Desk) -> dict[str, dict[str, Any]]:
    """What reached the commands, of what is required."""
    return {name: {key: given[key] for key in ASKED[name]} for name, _, given in desk.calls}


def line(name: str) -> str:
    return " ".join((name, *map(str, ASKED[name].values())))


async def test_every_command_is_typed(slack: FakeSlack) -> None:
    desk = Desk()
    async with running(slack, Router(recording(desk), desk)):
        for each in HOUSE:
            answer = await slack.slash(line(each.name) if each.name != "news" else "search Iraq")
            assert (answer.text.strip(), answer.private) == (f"*Done {each.name}.*", each.private)
    assert asked(desk) == ASKED


async def test_every_command_is_said_to_the_bot_in_a_thread(slack: FakeSlack) -> None:
    desk = Desk()
    async with running(slack, Router(recording(desk), desk)):
        for each in HOUSE:
            await slack.mention(line(each.name), channel=ALERTS, thread="1.000001")
            if each.private:
                assert (await slack.ephemeral()).message["thread_ts"] == "1.000001"
        public = [each.name for each in HOUSE if not each.private]
        async with asyncio.timeout(20):
            while len(slack.posted) < len(public):
                await asyncio.sleep(0.01)
    assert {each.body["text"] for each in slack.posted} == {f"Done {name}." for name in public}
    assert {each.body["thread_ts"] for each in slack.posted} == {"1.000001"}
    assert asked(desk) == ASKED


async def test_every_command_is_pressed(slack: FakeSlack) -> None:
    desk = Desk()
    async with running(slack, Router(recording(desk), desk)) as platform:
        for number, each in enumerate(HOUSE):
            shown = Message(title="Buttons", buttons=(Button("Go", line(each.name)),))
            await platform.send(f"slack:{TEAM}:{ALERTS}", shown, delivery_id=str(number))
            answer = await slack.press(slack.channels[ALERTS].messages[-1], "Go", channel=ALERTS)
            assert (answer.text.strip(), answer.private) == (f"*Done {each.name}.*", True)
    assert asked(desk) == ASKED


@pytest.mark.slow
async def test_every_command_is_filled_in(slack: FakeSlack) -> None:
    desk = Desk()
    async with running(slack, Router(recording(desk), desk)):
        for each in HOUSE:
            await slack.type("", channel=ALERTS)
            window = await slack.views.window()
            await slack.views.choose(window, CHOOSE, each.name)
            await slack.views.submit(window, **ASKED[each.name])
            await window.shows(f"Done {each.name}.")
    assert asked(desk) == ASKED


async def test_a_guest_sets_up_nothing_by_any_way_there_is(slack: FakeSlack) -> None:
    router, desk = sample_router()
    guest = slack.guest
    slack.channels[ALERTS].members.add(guest.id)
    refusal = "those who manage"
    async with running(slack, router) as platform:
        shown = Message(title="Alert", buttons=(Button("Unsubscribe", "unsubscribe ISIL"),))
        await platform.send(f"slack:{TEAM}:{ALERTS}", shown, delivery_id="d1")
        posted = slack.channels[ALERTS].messages[0]

        assert refusal in (await slack.slash("subscribe ISIL", user=guest, channel=ALERTS)).text
        await slack.mention("subscribe ISIL", user=guest, channel=ALERTS)
        assert refusal in (await slack.ephemeral()).text
        assert refusal in (await slack.press(posted, "Unsubscribe", user=guest, channel=ALERTS)).text
        await slack.type("", user=guest, channel=ALERTS)
        form = await slack.views.window()
        await slack.views.submit(form, topic="ISIL")
        await form.shows(refusal)
        await slack.views.shortcut("subscribe", user=guest)
        form = await slack.views.window()
        await slack.views.submit(form, topic="ISIL", where=ALERTS)
        await form.shows(refusal)
        # A button of somebody else's Home tab, as a forged request would press it.
        home = await slack.views.home(guest)
        home.view = {
            "type": "home",
            "blocks": [
                {
                    "type": "actions",
                    "block_id": f"in:{ALERTS}:1",
                    "elements": [
                        {
                            "type": "button",
                            "text": {"type": "plain_text", "text": "Stop following"},
                            "action_id": "press:stop:1",
                            "value": "unsubscribe ISIL confirm:yes",
                        }
                    ],
                }
            ],
        }
        await slack.views.press(home, "Stop following")
        await (await slack.views.window()).shows(refusal)
    assert [name for name, _, _ in desk.calls if name in ("subscribe", "unsubscribe")] == []


async def test_an_answer_that_its_address_no_longer_takes_is_given_all_the_same(slack: FakeSlack) -> None:
    async with running(slack):
        slack.expired_addresses = True
        await slack.type("topics")
        assert "ISIL" in (await slack.ephemeral()).text


async def test_an_answer_whose_blocks_are_refused_is_given_more_plainly_everywhere(slack: FakeSlack) -> None:
    @command("picture", "Shows one", private=False)
    async def picture(desk: Desk, call: Invocation) -> Message:
        return Message(title="Seen", image="https://news.example/gone.jpg", chart=CHART)

    async with running(slack, Router((picture,), Desk())) as platform:
        slack.fail("invalid_blocks")
        await slack.mention("picture", channel=ALERTS)
        async with asyncio.timeout(20):
            while not slack.posted:
                await asyncio.sleep(0.01)
        slack.fail("invalid_blocks")
        shown = Message(title="Seen", chart=CHART)
        await platform.send(f"slack:{TEAM}:{ALERTS}", shown, delivery_id="d1")
    for posted in slack.posted:
        assert {each["type"] for each in posted.body["blocks"]} == {"section", "context"}
        assert "25 Nov" in text_of(posted.body)


async def test_a_command_that_is_typed_while_the_connection_changes_is_answered(slack: FakeSlack) -> None:
    async with running(slack):
        await slack.slash("topics")
        await slack.socket.close()  # without a word, as a network does
        key = await slack.type("topics")
        await slack.socket.connected()
        assert "ISIL" in (await slack.answer(key)).text
    assert slack.socket.opened == 2
