"""Forms and shortcuts of Slack, driven over the real wire protocol by unmodified slack-bolt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

import pytest

from bot.core.command import Choice, Invocation, Option, command
from bot.core.errors import UserError
from bot.core.message import Message
from bot.core.router import Router
from bot.platforms.slack.form import CHOOSE, Form, asked, form, offered, values
from tests.fakes.sample_commands import COMMANDS, Desk, sample_router
from tests.fakes.slack_server import FakeSlack
from tests.fakes.slack_views import Window, view_faults
from tests.fakes.slack_world import ALERTS, DIRECT, GENERAL, GROUP, PRIVATE, TEAM
from tests.platforms import hostile
from tests.platforms.slack.stage import running


@pytest.fixture(params=["socket", "http"])
async def slack(request: pytest.FixtureRequest) -> AsyncIterator[FakeSlack]:
    async with FakeSlack(transport=request.param) as server:
        yield server


async def opened(slack: FakeSlack, **options: Any) -> Window:
    await slack.type("", **options)
    return await slack.views.window()


async def test_the_bare_command_opens_a_form_that_does_the_same_by_clicking(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        window = await opened(slack, channel=ALERTS)
        assert set(window.inputs) == {"subscribe:topic", "subscribe:to", "subscribe:mention"}
        await slack.views.submit(window, topic="Iraq")
        await window.shows("follows Iraq")
    name, call, given = desk.calls[0]
    assert (name, given["topic"], given["to"].id) == ("subscribe", "Iraq", f"slack:{TEAM}:{ALERTS}")
    assert (call.person.name, call.channel.name) == ("mia", "alerts")


async def test_another_command_draws_its_own_options(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        window = await opened(slack)
        await slack.views.choose(window, CHOOSE, "news")
        await window.shows("How far back")
        await slack.views.submit(window, query='"oil price"', days=14)
        await window.shows("results for")
    assert desk.calls == [("news", desk.calls[0][1], {"query": '"oil price"', "days": 14, "count": 5})]


@pytest.mark.parametrize("name", [each.name for each in COMMANDS if each.name != "broken"])
async def test_every_command_can_be_done_by_clicking(slack: FakeSlack, name: str) -> None:
    filled: dict[str, dict[str, Any]] = {
        "more": {"article": "42"},
        "why": {"article": "42"},
        "subscribe": {"topic": "ISIL"},
        "unsubscribe": {"topic": "ISIL"},
        "news": {"query": "oil"},
        "feed add": {"url": "https://a.example/"},
        "feed remove": {"url": "https://a.example/"},
        "sensitivity": {"level": "strong"},
        "topics": {"all": True},
    }
    router, desk = sample_router()
    async with running(slack, router):
        window = await opened(slack)
        await slack.views.choose(window, CHOOSE, name)
        await slack.views.submit(window, **filled.get(name, {}))
        await window.shows("Something else")
    assert [each for each, _, _ in desk.calls] == [name]
    assert filled.get(name, {}).items() <= desk.calls[0][2].items()


async def test_an_answer_that_takes_long_is_awaited_in_the_window(slack: FakeSlack) -> None:
    seen = asyncio.Event()

    @command("slow", "Takes its time")
    async def slow(desk: Desk, call: Invocation) -> Message:
        await seen.wait()
        return Message(title="At last")

    async with running(slack, Router((*COMMANDS, slow), Desk())):
        window = await opened(slack)
        await slack.views.choose(window, CHOOSE, "slow")
        await slack.views.submit(window)
        await window.shows("One moment")
        seen.set()
        await window.shows("At last")


async def test_the_answers_buttons_work_in_the_window_and_lead_back(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        window = await opened(slack, channel=ALERTS)
        await slack.views.submit(window, topic="ISIL")
        await window.shows("follows ISIL")
        await slack.views.press(window, "Undo")
        await window.shows("no longer follows ISIL")
        await slack.views.press(window, "Something else")
        await window.shows("A topic or words")
    assert [(name, call.channel.id) for name, call, _ in desk.calls] == [
        ("subscribe", f"slack:{TEAM}:{ALERTS}"),
        ("unsubscribe", f"slack:{TEAM}:{ALERTS}"),
    ]


async def test_topics_are_completed_and_may_be_any_words(slack: FakeSlack) -> None:
    async with running(slack):
        window = await opened(slack)
        found = await slack.views.suggestions(window, "subscribe:topic", "ira")
        assert [each["value"] for each in found] == ["Iraq", "Iran", "ira"]
        assert found[2]["text"]["text"] == "“ira” as typed"
        assert [each["value"] for each in await slack.views.suggestions(window, "subscribe:topic", "Iraq")] == ["Iraq"]
        assert len(await slack.views.suggestions(window, "subscribe:topic", "")) == 5
        await slack.views.submit(window, topic="ira")
        await window.shows("follows ira")


async def test_a_mention_is_chosen_from_the_user_groups_and_here(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        window = await opened(slack)
        found = await slack.views.suggestions(window, "subscribe:mention", "")
        assert [each["value"] for each in found] == ["@here", "@newsdesk"]
        await slack.views.submit(window, topic="ISIL", mention="@newsdesk")
        await window.shows("follows ISIL")
        await slack.slash(f"subscribe Iraq mention <!subteam^{GROUP}>")
        await slack.slash("subscribe Iraq mention <!here>")
        refused = await slack.slash("subscribe Iraq mention <!channel>")
    assert [call[2]["mention"].id for call in desk.calls] == [f"slack:{GROUP}", f"slack:{GROUP}", "slack:here"]
    assert "no role @channel here that I may mention" in refused.text


async def test_a_form_cannot_do_what_its_person_may_not(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        window = await opened(slack, user=slack.guest)
        await slack.views.submit(window, topic="ISIL")
        await window.shows("is for those who manage this server")
    assert desk.calls == []


@pytest.mark.parametrize("channel", [PRIVATE, "C0NOWHERE"])
async def test_a_channel_that_is_not_this_persons_cannot_be_chosen(slack: FakeSlack, channel: str) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        await slack.views.shortcut("subscribe")
        window = await slack.views.window()
        await slack.views.submit(window, topic="ISIL", where=channel)
        await window.shows("/invite @newsbell")
    assert desk.calls == []


async def test_the_shortcut_subscribe_asks_for_the_channel(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        await slack.views.shortcut("subscribe")
        window = await slack.views.window()
        await slack.views.submit(window, topic="ISIL", where=ALERTS)
        await window.shows("#alerts follows ISIL")
    assert desk.calls[0][1].channel.id == f"slack:{TEAM}:{ALERTS}"


async def test_a_form_in_the_apps_own_conversation_is_for_it(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        window = await opened(slack, channel=DIRECT)
        await slack.views.submit(window, topic="ISIL")
        await window.shows("follows ISIL")
        await slack.views.press(window, "Undo")
        await window.shows("no longer")
    assert [call.channel.id for _, call, _ in desk.calls] == [f"slack:{TEAM}:{DIRECT}"] * 2


async def test_a_form_that_slack_does_not_open_is_answered_with_help(slack: FakeSlack) -> None:
    async with running(slack):
        slack.views.refuse = True
        assert "Newsbell" in (await slack.slash("")).text


async def named_now(_desk: object, _call: Invocation, values: Mapping[str, Any]) -> str:
    return f"what {values['name']} means now"


@command("topic edit", "Change a topic", manage=True)
async def topic_edit(
    desk: list[str],
    call: Invocation,
    name: Annotated[str, Option("Its name")],
    query: Annotated[str, Option("What it means", rest=True, long=True, now=named_now)],
) -> Message:
    if query.count("(") != query.count(")"):
        raise UserError("Column 6: expected ).")
    desk.append(query)
    return Message(title=f"{name} is changed")


async def test_a_long_text_is_edited_in_the_form_and_a_mistake_leaves_it_there(slack: FakeSlack) -> None:
    asked_for: list[str] = []
    async with running(slack, Router((topic_edit,), asked_for)):
        await slack.type("topic edit acme")
        window = await slack.views.window()
        query = window.inputs["topic edit:query"]
        assert (query["multiline"], query["initial_value"]) == (True, "what acme means now")
        assert window.inputs["topic edit:name"]["initial_value"] == "acme"
        drawn = window.drawn
        await slack.views.submit(window, query="Acme (OR\nZenith")
        await window.redrawn(drawn)
        assert window.errors == {"topic edit:query": "Column 6: expected )."}
        await slack.views.submit(window, query="Acme OR\nZenith")
        await window.shows("acme is changed")
        assert "is changed" in (await slack.slash("topic edit acme Zenith")).text
        assert "those who manage" in (await slack.slash("topic edit acme", user=slack.guest)).text
    assert asked_for == ["Acme OR\nZenith", "Zenith"]


async def test_more_like_any_message_and_why_an_alert_rang(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        message = {"text": "Look:  <https://news.example/a>", "attachments": [{"title": "Oil & gas"}]}
        await slack.views.shortcut("more", message=message, channel=GENERAL)
        window = await slack.views.window()
        await window.shows("Oil &amp; gas")
        alert = {"blocks": [{"type": "actions", "elements": [{"action_id": "press:2", "value": "more 42"}]}]}
        await slack.views.shortcut("more", message=alert, channel=GENERAL)
        window = await slack.views.window()
        await window.shows("like 42")
        await slack.views.shortcut("why", message=alert, channel=ALERTS)
        await (await slack.views.window()).shows("Why 42")
    articles = [(name, given["article"]) for name, _, given in desk.calls]
    assert articles == [("more", "Look: <https://news.example/a> Oil & gas"), ("more", "42"), ("why", "42")]
    assert desk.calls[2][1].channel.id == f"slack:{TEAM}:{ALERTS}"


async def test_a_window_that_was_closed_meanwhile_is_nobodys_error(slack: FakeSlack) -> None:
    async with running(slack):
        window = await opened(slack)
        del slack.views.windows[window.id]
        await slack.views.submit(window, topic="ISIL")
        await slack.wire.acknowledged()
        assert "ISIL" in (await slack.slash("topics")).text


def test_every_command_of_the_house_makes_a_valid_form() -> None:
    from bot.commands import COMMANDS as HOUSE

    for number, each in enumerate(HOUSE):
        wanted = Form(each.name, ("", "C1")[number % 2])
        drawn = form(wanted, HOUSE, {"news": "search"}, {"topic": "x" * 400})
        assert view_faults(drawn, "modal") == []
        assert Form.of(drawn) == wanted
        assert values(each, "T1", drawn) == ({}, "")


def test_any_completion_is_within_slacks_limits() -> None:
    assert asked("feed show:feed") == ("feed show", "feed")
    for text in hostile.many(2000):
        for each in offered([Choice(text), Choice(text, text * 9), Choice("")], text):
            assert 0 < len(each["text"]["text"]) <= 75
            assert 0 < len(each["value"]) <= 150
