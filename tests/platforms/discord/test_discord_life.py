"""The life of the connection: drops, RESUME, op 7 and op 9, refusals, shards and the budget of session starts."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from bot.core.errors import SettingsError, TryLater
from bot.platforms.discord import DiscordPlatform
from tests.fakes.discord_server import GUILD, FakeDiscord
from tests.fakes.sample_commands import sample_router
from tests.platforms.discord.test_discord_end_to_end import running


async def test_a_platform_that_starts_before_the_network_connects_when_it_comes() -> None:
    discord = FakeDiscord()
    async with discord:
        pass  # takes a port and leaves it
    task = asyncio.create_task(DiscordPlatform("token", **discord.addresses).run(sample_router()[0]))
    await asyncio.wait([task], timeout=0.3)
    async with discord:
        await discord.gateway.connected()
        assert "Topics" in (await discord.slash("topics")).text
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_dropped_gateway_is_resumed_and_the_command_in_between_is_answered(discord: FakeDiscord) -> None:
    router, desk = sample_router()
    async with running(discord, router):
        await discord.slash("topics")
        await discord.gateway.ask_to_reconnect()
        answer = await discord.slash("help")
    assert "Newsbell" in answer.text
    assert [name for name, _, _ in desk.calls] == ["topics", "help"]
    assert (len(discord.gateway.identifies), discord.gateway.resumes) == (1, 1)


async def test_a_connection_cut_without_a_word_is_taken_up_again(discord: FakeDiscord) -> None:
    async with running(discord):
        await discord.gateway.drop()
        await discord.gateway.connected()
        assert "Topics" in (await discord.slash("topics")).text


async def test_an_exception_in_the_parsing_of_an_event_does_not_end_the_platform(discord: FakeDiscord) -> None:
    async with running(discord):
        discord.gateway.ready.clear()
        await discord.gateway.dispatch("CHANNEL_CREATE", {"guild_id": str(GUILD), "type": 0, "id": "not a number"})
        await discord.gateway.connected()
        assert "Topics" in (await discord.slash("topics")).text
    assert len(discord.gateway.identifies) == 2


async def test_a_close_code_that_the_library_does_not_survive_begins_a_new_life(discord: FakeDiscord) -> None:
    async with running(discord):
        await discord.gateway.shut(4012)
        await discord.gateway.connected()
        assert "Topics" in (await discord.slash("topics")).text


async def test_a_check_says_who_the_bot_is_and_names_what_is_wrong(
    discord: FakeDiscord, posting: DiscordPlatform
) -> None:
    assert await posting.check() == "newsbell in 1 server; no privileged intent is needed"
    with pytest.raises(SettingsError, match="NEWSBELL_DISCORD__TOKEN"):
        await DiscordPlatform("wrong", **discord.addresses).check()
    with pytest.raises(TryLater):
        await DiscordPlatform("token", **discord.addresses | {"api_url": "http://127.0.0.1:9/api"}).check()


async def test_a_wrong_token_is_said_in_one_line(discord: FakeDiscord) -> None:
    router = sample_router()[0]
    with pytest.raises(SettingsError, match="NEWSBELL_DISCORD__TOKEN is not accepted"):
        await DiscordPlatform("wrong", **discord.addresses).run(router)
    discord.gateway.refuse_token = True
    with pytest.raises(SettingsError, match="NEWSBELL_DISCORD__TOKEN is not accepted"):
        await DiscordPlatform("token", **discord.addresses).run(router)


async def test_refused_intents_are_said_in_one_line(discord: FakeDiscord) -> None:
    discord.gateway.refuse_intents = True
    with pytest.raises(SettingsError, match="4014"):
        await DiscordPlatform("token", **discord.addresses).run(sample_router()[0])


async def test_no_privileged_intent_is_asked_for(discord: FakeDiscord) -> None:
    async with running(discord):
        assert [identify["intents"] for identify in discord.gateway.identifies] == [1]


async def test_a_session_that_discord_calls_invalid_begins_anew_or_goes_on_as_it_says(discord: FakeDiscord) -> None:
    async with running(discord):
        await discord.slash("topics")
        await discord.gateway.invalidate(resumable=True)
        await discord.gateway.connected()
        assert (len(discord.gateway.identifies), discord.gateway.resumes) == (1, 1)
        await discord.gateway.invalidate(resumable=False)
        await discord.gateway.connected()
        assert len(discord.gateway.identifies) == 2
        assert "Topics" in (await discord.slash("topics")).text


@pytest.mark.parametrize(("code", "words"), [(4004, "NEWSBELL_DISCORD__TOKEN is not accepted"), (4014, "4014")])
async def test_a_token_revoked_or_intents_refused_later_end_it_with_what_to_mend(
    discord: FakeDiscord, code: int, words: str
) -> None:
    platform = DiscordPlatform("token", **discord.addresses)
    task = asyncio.create_task(platform.run(sample_router()[0]))
    await discord.gateway.connected()
    await discord.slash("topics")
    await discord.gateway.shut(code)
    with pytest.raises(SettingsError, match=words):
        await asyncio.wait_for(task, 20)


async def test_as_many_connections_as_discord_asks_for_carry_the_servers(discord: FakeDiscord) -> None:
    discord.gateway.shards = 2
    router, desk = sample_router()
    async with running(discord, router):
        assert [identify["shard"] for identify in discord.gateway.identifies] == [[0, 2], [1, 2]]
        await discord.slash("topics")
        await discord.gateway.drop()
        await discord.gateway.connected()
        assert "Topics" in (await discord.slash("topics")).text
        await discord.slash("subscribe", user=discord.reader, dm=True, topic="Iraq")
    assert discord.gateway.resumes == 1
    assert [name for name, *_ in desk.calls] == ["topics", "topics", "subscribe"]


async def test_the_days_last_session_starts_are_left_alone_until_there_are_new_ones(discord: FakeDiscord) -> None:
    discord.gateway.starts_left = 12
    discord.gateway.reset_after = 600
    platform = DiscordPlatform("token", **discord.addresses)
    task = asyncio.create_task(platform.run(sample_router()[0]))
    async with asyncio.timeout(10):
        while ("GET", "/gateway/bot") not in discord.requests:
            await asyncio.sleep(0.01)
    await asyncio.wait([task], timeout=0.2)
    assert discord.gateway.identifies == []
    discord.gateway.starts_left = 1000
    await discord.gateway.connected()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_reconnects_that_use_up_the_budget_end_the_connection_before_discord_does(discord: FakeDiscord) -> None:
    discord.gateway.starts_left = 41
    discord.gateway.reset_after = 100
    async with running(discord) as platform:
        await discord.slash("topics")
        gateway = platform._gateway
        assert gateway is not None
        gateway._starts_left = 20  # as after many reconnects
        discord.gateway.starts_left = 1000
        await discord.gateway.invalidate(resumable=False)
        await discord.gateway.connected()
        assert "Topics" in (await discord.slash("topics")).text
        assert platform._gateway is not gateway
