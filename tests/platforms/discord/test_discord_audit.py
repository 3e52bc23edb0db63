"""newsbell check and newsbell invite against Discord: the exact right that is missing, and the least that is needed."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.cli.check import _check
from bot.cli.invite import _discord
from bot.core.errors import ChannelGone, SettingsError
from bot.core.message import USUAL, Manner, Message
from bot.core.model import Channel
from bot.platforms.discord import DiscordPlatform
from bot.settings import Settings
from bot.store import Store
from tests.fakes.discord_server import ALERTS, GENERAL, LOCKED, STORIES, FakeDiscord
from tests.fakes.discord_world import (
    APPLICATION,
    CREATE_THREADS,
    HISTORY,
    SEND,
    SEND_IN_THREADS,
    THREAD,
    VIEW,
)
from tests.fakes.discord_world import Channel as Thread
from tests.fakes.settings import quiet


def settings(folder: Path, discord: FakeDiscord) -> Settings:
    return quiet(folder, discord={"token": "token", **discord.addresses})


async def follow(where: Settings, *channels: int, manner: Manner = USUAL) -> None:
    store = await Store.open(where.database)
    async with store.begin() as tx:
        for number in channels:
            place = Channel(f"discord:{number}", "discord:1", "")
            made, _ = await tx.subscriptions.add("discord:1", place, "ISIL", now=await tx.now())
            await tx.subscriptions.arrange(made.id, "discord:1", manner)
    await store.close()


async def test_each_channel_that_follows_something_is_checked_for_the_rights_it_needs(
    tmp_path: Path, discord: FakeDiscord, capsys: pytest.CaptureFixture[str]
) -> None:
    where = settings(tmp_path, discord)
    await follow(where, GENERAL)
    assert await _check(where, feeds=False) == 0
    said = capsys.readouterr().out
    assert "newsbell in 1 server; no privileged intent is needed" in said
    assert "discord: #general in Newsroom" in said
    discord.guild.channels[ALERTS].bot_lacks = HISTORY
    await follow(where, ALERTS, LOCKED, 12345)
    assert await _check(where, feeds=False) == 1
    said = capsys.readouterr().out
    assert "Give the bot the Read Message History right in #alerts" in said
    assert "Give the bot the Send Messages right in #locked" in said
    assert "discord:12345: The channel does not exist any more" in said


async def test_where_each_story_has_a_thread_the_rights_for_it_are_asked_for(
    tmp_path: Path, discord: FakeDiscord, capsys: pytest.CaptureFixture[str]
) -> None:
    where = settings(tmp_path, discord)
    for channel in (ALERTS, STORIES):
        discord.guild.channels[channel].bot_lacks = CREATE_THREADS | SEND_IN_THREADS
    await follow(where, ALERTS, STORIES)
    assert await _check(where, feeds=False) == 0
    await follow(where, ALERTS, STORIES, manner=Manner(thread=True))
    assert await _check(where, feeds=False) == 1
    said = capsys.readouterr().out
    assert "Give the bot the Create Public Threads and Send Messages in Threads rights in #alerts" in said
    assert "Give the bot the Send Messages in Threads right in #stories" in said


async def test_a_thread_in_which_somebody_subscribed_has_the_rights_of_its_channel(discord: FakeDiscord) -> None:
    thread = discord.guild.channels[777] = Thread(777, "Iraq signs pact", THREAD, parent=ALERTS)
    platform = DiscordPlatform("token", **discord.addresses)
    assert await platform.check_channel("discord:777") == "the thread “Iraq signs pact” in Newsroom"
    thread.locked = True
    with pytest.raises(ChannelGone, match="“Iraq signs pact” is locked"):
        await platform.check_channel("discord:777")
    with pytest.raises(ChannelGone, match="archived"):
        await platform.send("discord:777", Message(title="News"), delivery_id="d" * 24)
    discord.guild.channels[ALERTS].bot_lacks = SEND_IN_THREADS
    with pytest.raises(ChannelGone, match="Send Messages in Threads right in #alerts"):
        await platform.check_channel("discord:777")
    await platform.close()


async def test_a_channel_that_we_cannot_see_lacks_everything(discord: FakeDiscord) -> None:
    platform = DiscordPlatform("token", **discord.addresses)
    discord.guild.channels[ALERTS].bot_lacks = VIEW | SEND | HISTORY
    with pytest.raises(ChannelGone, match="View Channel and Send Messages and Read Message History rights in #alerts"):
        await platform.check_channel(f"discord:{ALERTS}")
    assert await platform.check_channel(f"discord:user:{discord.reader.id}") == "direct messages"
    await platform.close()


async def test_the_invitation_asks_for_the_least_and_says_what_for(tmp_path: Path, discord: FakeDiscord) -> None:
    said = await _discord(settings(tmp_path, discord), threads=False)
    server, person = [line.strip() for line in said.splitlines() if "https://" in line]
    asked = parse_qs(urlsplit(server).query)
    assert asked["client_id"] == [str(APPLICATION)]
    assert asked["permissions"] == [str(VIEW | SEND | HISTORY)]
    assert asked["scope"] == ["bot applications.commands"]
    assert parse_qs(urlsplit(person).query)["integration_type"] == ["1"]
    assert "Send Messages: for the alerts" in said
    assert "Threads" not in said
    more = await _discord(settings(tmp_path, discord), threads=True)
    assert "Create Public Threads: for a thread under each alert" in more


async def test_without_a_token_there_is_nobody_to_invite(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="NEWSBELL_DISCORD__TOKEN"):
        await _discord(quiet(tmp_path), threads=False)
