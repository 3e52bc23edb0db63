"""The life of a server with us: welcome, windows, what it closes and opens, and the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from structlog.testing import capture_logs

from bot.core.message import Button, Message
from bot.platforms.discord import DiscordPlatform
from tests.fakes.discord_server import ALERTS, DESK, GENERAL, GUILD, FakeDiscord
from tests.fakes.discord_world import SEND, USUAL, VIEW, Payload, text_of
from tests.fakes.sample_commands import sample_router
from tests.platforms.discord.test_discord_end_to_end import running


class Heard:
    """What the platform told the house of its places."""

    def __init__(self) -> None:
        self.said: list[tuple[str, ...]] = []

    async def closed(self, channel: str, reason: str) -> None:
        self.said.append(("closed", channel, reason))

    async def opened(self, channel: str) -> None:
        self.said.append(("opened", channel))

    async def removed(self, tenant: str) -> None:
        self.said.append(("removed", tenant))

    async def count(self, number: int) -> list[tuple[str, ...]]:
        async with asyncio.timeout(10):
            while len(self.said) < number:
                await asyncio.sleep(0.01)
        return self.said


@asynccontextmanager
async def listening(discord: FakeDiscord) -> AsyncIterator[Heard]:
    heard = Heard()
    async with running(discord, places=heard):
        await discord.slash("topics")  # the server is known by now
        yield heard


async def taken_in_again(discord: FakeDiscord) -> None:
    await discord.put_out()
    await discord.take_in()
    await discord.slash("topics")


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not happened():
            await asyncio.sleep(0.01)


async def welcomed(discord: FakeDiscord) -> Payload:
    """Joins until it is heard: what comes within two seconds of another READY the library takes for known servers."""
    async with asyncio.timeout(30):
        while not discord.posted:
            await asyncio.sleep(2.2)
            await taken_in_again(discord)
            await asyncio.sleep(0.1)
    return discord.channel(discord.posted[0].channel_id).messages[0]


async def asked(discord: FakeDiscord, platform: DiscordPlatform) -> Payload:
    """A message with a button that leaves out what its command needs."""
    message = Message(title="Hello", buttons=(Button("Follow a topic", "subscribe"),))
    await platform.send(f"discord:{ALERTS}", message, delivery_id="d" * 24)
    return discord.channel(ALERTS).messages[0]


async def test_a_server_that_takes_us_in_is_welcomed_once_and_its_button_asks_for_a_topic(discord: FakeDiscord) -> None:
    router, desk = sample_router()
    async with running(discord, router):
        await discord.slash("topics")
        welcome = await welcomed(discord)
        assert "three steps" in text_of(welcome)
        assert int(welcome["channel_id"]) == GENERAL
        window = await discord.press_for_window(welcome, "Follow a topic")
        assert window.title == "Follow a topic in this channel"
        assert list(window.fields) == ["Topic", "To", "Mention"]
        answer = await discord.fill(window, Topic=" Iraq ", To=ALERTS, Mention=DESK)
        await discord.gateway.drop()
        await discord.gateway.connected()
    assert answer.private
    assert "follows Iraq" in answer.text
    name, _, values = desk.calls[-1]
    assert (name, values["topic"], values["to"].id, values["mention"].name) == (
        "subscribe", "Iraq", f"discord:{ALERTS}", "desk",
    )  # fmt: skip
    assert len(discord.posted) == 1


async def test_what_is_left_empty_in_a_window_is_not_said(discord: FakeDiscord) -> None:
    router, desk = sample_router()
    async with running(discord, router) as platform:
        window = await discord.press_for_window(await asked(discord, platform), "Follow a topic")
        await discord.fill(window, Topic="Iraq")
    assert desk.calls[-1][2]["to"].id == f"discord:{ALERTS}"
    assert desk.calls[-1][2]["mention"] is None


async def test_a_window_is_for_those_who_may_use_it(discord: FakeDiscord) -> None:
    async with running(discord) as platform:
        answer = await discord.press(await asked(discord, platform), "Follow a topic", user=discord.reader)
    assert "those who manage this server" in answer.text


async def test_the_welcome_goes_where_all_may_see_it_and_we_may_speak_or_to_the_owner(discord: FakeDiscord) -> None:
    discord.guild.channels[GENERAL].people_lack = VIEW
    async with running(discord):
        await discord.slash("topics")
        assert int((await welcomed(discord))["channel_id"]) == ALERTS
        for channel in discord.guild.channels.values():
            channel.people_lack = VIEW
        discord.deaf = {discord.manager.id}  # lets nobody write, which is borne
        with capture_logs() as logs:
            await taken_in_again(discord)
            await until(lambda: any(each["event"] == "welcome not posted" for each in logs))
        discord.deaf = set()
        await taken_in_again(discord)
        await until(lambda: len(discord.posted) == 2)
    assert discord.posted[1].channel_id in discord.dms
    said = text_of(discord.channel(discord.posted[1].channel_id).messages[0])
    assert "Newsroom, and may write nowhere" in said
    assert "View Channel and Send Messages" in said


async def test_a_server_that_puts_us_out_is_erased_and_one_in_an_outage_is_not(discord: FakeDiscord) -> None:
    async with listening(discord) as heard:
        await discord.gateway.dispatch("GUILD_DELETE", {"id": str(GUILD), "unavailable": True})
        await discord.gateway.dispatch("GUILD_CREATE", discord.guild.payload(discord.bot))
        await discord.put_out()
        assert await heard.count(1) == [("removed", f"discord:{GUILD}")]
    assert discord.posted == []


async def test_a_channel_that_is_deleted_or_closes_is_told_at_once_and_one_that_opens_again_too(
    discord: FakeDiscord,
) -> None:
    async with listening(discord) as heard:
        await discord.change_channel(ALERTS, bot_lacks=SEND)
        await heard.count(1)
        await discord.change_channel(GENERAL, bot_lacks=0)
        await discord.change_channel(ALERTS, bot_lacks=0)
        await heard.count(2)
        await discord.delete_channel(ALERTS)
        closed, opened, deleted = await heard.count(3)
    assert closed[:2] == ("closed", f"discord:{ALERTS}")
    assert "Give the bot the Send Messages right in #alerts" in closed[2]
    assert opened == ("opened", f"discord:{ALERTS}")
    assert deleted[:2] == ("closed", f"discord:{ALERTS}")
    assert "deleted" in deleted[2]


async def test_a_right_that_a_role_loses_closes_every_channel_it_reached(discord: FakeDiscord) -> None:
    async with listening(discord) as heard:
        await discord.change_roles(USUAL & ~SEND)
        closed = {place for _, place, *_ in await heard.count(2)}
        await discord.change_roles(USUAL)
        await heard.count(2 * len(closed))
    assert {f"discord:{ALERTS}", f"discord:{GENERAL}"} <= closed
    assert {place for word, place, *_ in heard.said if word == "opened"} == closed
