"""Files that are handed over in Slack: in the form of a command, and with a mention; read with the own token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import pytest

from bot.core.command import Invocation, Option, command
from bot.core.message import File, Message
from bot.core.router import Router
from bot.platforms.slack.form import CHOOSE
from tests.fakes.slack_server import FakeSlack
from tests.fakes.slack_views import Window
from tests.platforms.slack.stage import running

LIST = b"<opml/>"


@command("feed import", "Add feeds", manage=True)
async def feed_import(desk: object, call: Invocation, file: Annotated[File, Option("The list")]) -> Message:
    return Message(title=f"{file.name} has {len(file.content)} bytes")


@command("feeds", "List feeds")
async def feeds(desk: object, call: Invocation) -> Message:
    return Message(title="No feeds")


@pytest.fixture(autouse=True)
async def listening(slack: FakeSlack) -> AsyncIterator[None]:
    async with running(slack, Router((feeds, feed_import), None)):
        yield


async def form(slack: FakeSlack) -> Window:
    await slack.type("feed import")
    return await slack.views.window()


async def test_a_command_that_wants_a_file_opens_the_form_that_can_take_one(slack: FakeSlack) -> None:
    window = await form(slack)
    assert window.inputs["feed import:file"]["type"] == "file_input"
    await slack.views.submit(window, file=slack.upload(File("mine.opml", LIST)))
    await window.shows("mine.opml has 7 bytes")


async def test_the_form_without_words_can_take_one_too(slack: FakeSlack) -> None:
    await slack.type("")
    window = await slack.views.window()
    await slack.views.choose(window, CHOOSE, "feed import")
    await slack.views.submit(window)
    await window.shows("What is the file?")


async def test_a_file_comes_with_a_mention(slack: FakeSlack) -> None:
    await slack.mention("feed import", file=slack.upload(File("mine.opml", LIST)))
    assert "mine.opml has 7 bytes" in (await slack.ephemeral()).text
    await slack.mention("feed import")
    assert "What is the file?" in (await slack.ephemeral()).text


async def test_a_file_that_is_not_handed_over_is_told_with_the_reason(slack: FakeSlack) -> None:
    for file, elsewhere, said in (
        (File("big.opml", b" " * 1_000_001), False, "big.opml is larger than 1 MB"),
        (File("cloud.opml", LIST), True, "kept elsewhere than in Slack"),
    ):
        window = await form(slack)
        await slack.views.submit(window, file=slack.upload(file, elsewhere=elsewhere))
        await window.shows(said)
    slack.lose_files = True
    await slack.mention("feed import", file=slack.upload(File("mine.opml", LIST)))
    assert "did not hand over mine.opml (HTTP 302)" in (await slack.ephemeral()).text
    slack.oauth.own.scopes.discard("files:read")
    await slack.mention("feed import", file="F0")
    assert "add the scope files:read" in (await slack.ephemeral()).text


async def test_no_file_is_read_for_who_may_not_set_up_or_for_another_command(slack: FakeSlack) -> None:
    file = slack.upload(File("mine.opml", LIST))
    await slack.mention("feed import", user=slack.guest, file=file)
    assert "those who manage" in (await slack.ephemeral()).text
    refused = await slack.slash("feed import", user=slack.guest)
    assert "those who manage" in refused.text
    await slack.mention("feeds", file=file)
    assert "No feeds" in (await slack.ephemeral()).text
    assert "files.info" not in {method for method, _ in slack.calls}
