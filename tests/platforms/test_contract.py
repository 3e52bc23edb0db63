"""The promise of every platform, asked of each one that is there: a new one is found by itself and walks it too."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import io
import pkgutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import bot.platforms
from bot.core.errors import ChannelGone, DeliveryError
from bot.core.message import Button, Message, Span, Tone, paragraph
from bot.core.model import Channel
from bot.core.ports import Platform
from bot.platforms.console import ConsolePlatform
from bot.platforms.discord import DiscordPlatform
from bot.platforms.slack import SlackPlatform
from bot.platforms.web import WebPlatform
from tests.fakes.discord_server import ALERTS, FakeDiscord
from tests.fakes.sample_commands import sample_router
from tests.fakes.slack_server import FakeSlack
from tests.fakes.slack_world import ALERTS as SLACK_ALERTS
from tests.fakes.slack_world import TEAM
from tests.platforms import hostile
from tests.platforms.web.memory_chat import MemoryChat

PLATFORMS = {
    found.name: module
    for found in pkgutil.iter_modules(bot.platforms.__path__)
    if hasattr(module := importlib.import_module(f"bot.platforms.{found.name}"), "connect")
}
PLAIN = Message(
    title="A headline",
    url="https://news.example/a",
    body=(paragraph("A ", Span("bold", bold=True), " word."),),
    buttons=(Button("Topics", "topics"),),
    tone=Tone.ALERT,
)


@dataclass
class Stage:
    """A platform with what stands behind it: a channel that is there, one that is not, and what was posted."""

    platform: Platform
    channel: str
    gone: str
    posted: Callable[[], int]


@asynccontextmanager
async def discord_stage() -> AsyncIterator[Stage]:
    async with FakeDiscord() as discord:
        platform = DiscordPlatform("token", **discord.addresses)
        yield Stage(platform, f"discord:{ALERTS}", "discord:42", lambda: len(discord.posted))
        await platform.close()
        assert discord.invalid == []


@asynccontextmanager
async def slack_stage() -> AsyncIterator[Stage]:
    async with FakeSlack() as slack:
        platform = SlackPlatform("xoxb-token", "xapp-token", api_url=slack.api_url)
        yield Stage(platform, f"slack:{TEAM}:{SLACK_ALERTS}", f"slack:{TEAM}:C42", lambda: len(slack.posted))
        assert slack.invalid == []


@asynccontextmanager
async def web_stage() -> AsyncIterator[Stage]:
    chat = MemoryChat(lambda: datetime.now(UTC))
    await chat.add_channel(Channel("web:general", "web", "general"))

    async def health() -> dict[str, Any]:
        return {}

    platform = WebPlatform(
        host="127.0.0.1",
        port=0,
        password=None,
        chat=chat,
        health=health,
        metrics=lambda: b"",
        clock=lambda: datetime.now(UTC),
    )
    yield Stage(platform, "web:general", "web:gone", lambda: len(chat.lines))


@asynccontextmanager
async def console_stage() -> AsyncIterator[Stage]:
    out = io.StringIO()
    platform = ConsolePlatform(source=io.StringIO(), out=out)
    yield Stage(platform, "console:terminal", "console:other", lambda: out.getvalue().count(PLAIN.title))


STAGES: dict[str, Callable[[], AbstractAsyncContextManager[Stage]]] = {
    "discord": discord_stage,
    "slack": slack_stage,
    "web": web_stage,
    "console": console_stage,
}

each_platform = pytest.mark.parametrize("name", sorted(PLATFORMS))


@pytest.fixture
async def stage(name: str) -> AsyncIterator[Stage]:
    async with STAGES[name]() as built:
        yield built


def test_every_platform_has_a_stage_here() -> None:
    assert set(PLATFORMS) == set(STAGES)


@each_platform
def test_it_is_called_as_its_module(name: str) -> None:
    assert PLATFORMS[name].connect.name == name


@each_platform
@pytest.mark.parametrize("method", ["run", "send", "edit", "find"])
def test_it_has_the_ports_signatures(name: str, method: str) -> None:
    promised = getattr(Platform, method)
    kept = getattr(PLATFORMS[name].connect, method)
    assert inspect.iscoroutinefunction(kept)
    assert inspect.signature(kept) == inspect.signature(promised)


@each_platform
def test_its_settings_are_keywords_or_plain_values(name: str) -> None:
    parameters = list(inspect.signature(PLATFORMS[name].connect).parameters.values())
    assert all(each.kind is not inspect.Parameter.VAR_KEYWORD for each in parameters)
    assert all(not each.name.startswith("settings") for each in parameters)


@each_platform
async def test_a_delivery_is_posted_once_and_found_again(stage: Stage) -> None:
    since = datetime.now(UTC)
    first = await stage.platform.send(stage.channel, PLAIN, delivery_id="a" * 24)
    second = await stage.platform.send(stage.channel, PLAIN, delivery_id="a" * 24)
    assert isinstance(first, str)
    assert first
    assert first == second
    assert stage.posted() == 1
    assert await stage.platform.find(stage.channel, "a" * 24, since) == first
    assert await stage.platform.find(stage.channel, "b" * 24, since) is None


@each_platform
async def test_two_deliveries_of_the_same_words_are_two_posts(stage: Stage) -> None:
    first = await stage.platform.send(stage.channel, PLAIN, delivery_id="a" * 24)
    second = await stage.platform.send(stage.channel, PLAIN, delivery_id="b" * 24)
    assert first != second
    assert stage.posted() == 2


@each_platform
async def test_a_posted_message_can_be_edited(stage: Stage) -> None:
    remote_id = await stage.platform.send(stage.channel, PLAIN, delivery_id="a" * 24)
    await stage.platform.edit(stage.channel, remote_id, Message(title="Another"))
    assert stage.posted() == 1


@each_platform
async def test_a_channel_that_is_not_there_is_gone(stage: Stage) -> None:
    with pytest.raises(ChannelGone) as gone:
        await stage.platform.send(stage.gone, PLAIN, delivery_id="a" * 24)
    assert len(str(gone.value)) > 20  # it says what can be done
    for foreign in ("elsewhere:1", "", ":"):
        with pytest.raises(ChannelGone):
            await stage.platform.send(foreign, PLAIN, delivery_id="a" * 24)


@each_platform
async def test_what_cannot_be_edited_fails_in_one_of_the_three_ways(stage: Stage) -> None:
    for remote_id in ("", "nonsense", "99999999999"):
        with suppress(DeliveryError):
            await stage.platform.edit(stage.channel, remote_id, PLAIN)


@each_platform
@pytest.mark.parametrize("message", [hostile.EMPTY, hostile.HUGE], ids=["empty", "huge"])
async def test_the_smallest_and_the_largest_message_are_posted(stage: Stage, message: Message) -> None:
    assert await stage.platform.send(stage.channel, message, delivery_id="a" * 24)


@each_platform
def test_any_message_is_posted(name: str) -> None:
    """One stage for all examples: starting a server for each would take the time."""

    async def walk() -> None:
        async with STAGES[name]() as stage:
            for number, message in enumerate(examples):
                assert await stage.platform.send(stage.channel, message, delivery_id=f"{number:024x}")

    examples: list[Message] = []

    @settings(
        max_examples=20,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(hostile.messages)
    def gather(message: Message) -> None:
        examples.append(message)

    gather()
    asyncio.run(walk())


@each_platform
async def test_it_runs_until_it_is_cancelled(stage: Stage) -> None:
    task = asyncio.create_task(stage.platform.run(sample_router()[0]))
    await asyncio.wait([task], timeout=0.5)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
