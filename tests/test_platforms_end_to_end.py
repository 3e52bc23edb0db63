"""The whole house against servers that speak Discord's and Slack's wire protocols: subscribe there, hear it there."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

from tests.fakes.air import PATIENCE, on_air, until
from tests.fakes.discord_server import ALERTS, DESK, FakeDiscord
from tests.fakes.discord_world import SEND, buttons_of, text_of
from tests.fakes.slack_server import FakeSlack
from tests.fakes.slack_world import text_of as slack_text


async def test_subscribed_on_discord_an_alert_arrives_there_and_its_story_is_muted(tmp_path: Path) -> None:
    async with (
        FakeDiscord() as discord,
        on_air(tmp_path, discord={"token": "token", **discord.addresses}) as (_, air),
    ):
        await discord.gateway.connected()
        answer = await discord.slash("subscribe", topic="Russia-Iraq")
        assert "Following Russia-Iraq" in answer.text
        assert answer.private
        air.begin()
        await until(lambda: bool(discord.posted))
        first = discord.posted[0]
        message = next(m for m in discord.channel(first.channel_id).messages if m["id"] == first.message_id)
        assert "Russia-Iraq" in text_of(message)
        muted = await discord.press(message, "Mute story")
        assert "Muted:" in muted.text
        assert muted.private
        assert discord.invalid == []


async def test_a_card_on_discord_is_edited_as_its_story_goes_on(tmp_path: Path) -> None:
    async with (
        FakeDiscord() as discord,
        on_air(tmp_path, discord={"token": "token", **discord.addresses}) as (_, air),
    ):
        await discord.gateway.connected()
        await discord.slash("subscribe", topic="Iraq", mention=DESK)
        air.begin()
        await until(lambda: bool(discord.edits))
        number, edit = discord.edits[0]
        posted = next(each for each in discord.posted if each.message_id == number)
        card = next(m for m in discord.channel(posted.channel_id).messages if m["id"] == number)
        assert re.search(r"[2-9] outlets|Headline changed", text_of(card))
        assert "Mute story" in buttons_of(card)
        # The alert calls who was to be called, once; what goes on in the card calls nobody.
        assert posted.body["allowed_mentions"] == {"parse": [], "roles": [DESK]}
        assert edit["allowed_mentions"] == {"parse": []}
        assert discord.invalid == []


async def test_a_card_on_slack_is_edited_as_its_story_goes_on(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        tokens = {"bot_token": "xoxb-token", "app_token": "xapp-token", "api_url": slack.api_url}
        async with on_air(tmp_path, slack=tokens) as (_, air):
            await slack.socket.connected()
            await slack.slash("subscribe Iraq mention @here")
            air.begin()
            await until(lambda: bool(slack.edits))
            edit = slack.edits[0]
            posted = next(each for each in slack.posted if each.ts == edit["ts"])
            assert '"broadcast"' in json.dumps(posted.body["blocks"])
            assert re.search(r"[2-9] outlets|Headline changed", slack_text(edit))
            assert slack.invalid == []


async def test_subscribed_on_slack_an_alert_arrives_there_and_its_story_is_muted(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        tokens = {"bot_token": "xoxb-token", "app_token": "xapp-token", "api_url": slack.api_url}
        async with on_air(tmp_path, slack=tokens) as (_, air):
            await slack.socket.connected()
            answer = await slack.slash("subscribe Russia-Iraq")
            assert "Following Russia-Iraq in #" in answer.text
            assert answer.private
            air.begin()
            await until(lambda: bool(slack.posted))
            message = slack.posted[0].body
            assert "Russia-Iraq" in slack_text(message)
            muted = await slack.press(message, "Mute story")
            assert "Muted:" in muted.text
            assert muted.private
            assert slack.invalid == []


async def test_a_discord_channel_that_closes_is_told_to_who_subscribed_and_a_server_that_leaves_is_erased(
    tmp_path: Path,
) -> None:
    async with (
        FakeDiscord() as discord,
        on_air(tmp_path, discord={"token": "token", **discord.addresses}) as (house, _),
    ):
        await discord.gateway.connected()
        await discord.slash("subscribe", topic="Norway", to=ALERTS)
        await discord.change_channel(ALERTS, bot_lacks=SEND)
        inbox = discord.people.dm_with(discord.manager)
        await until(lambda: bool(inbox.messages))
        assert "are paused" in text_of(inbox.messages[0])
        assert "Send Messages right in \\#alerts" in text_of(inbox.messages[0])
        assert "closed to me" in (await discord.slash("subscriptions", channel=ALERTS)).text
        await discord.change_channel(ALERTS, bot_lacks=0)
        await discord.slash("help")
        await discord.put_out()
        tenant = f"discord:{discord.guild.id}"
        async with asyncio.timeout(PATIENCE):
            while True:
                async with house.store.read() as tx:
                    if not await tx.channels.of_tenant(tenant):
                        break
                await asyncio.sleep(0.05)
        assert discord.invalid == []
