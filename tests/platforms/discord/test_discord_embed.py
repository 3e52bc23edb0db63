"""Alerts as classic embeds: the same words, the same buttons, the same limits, found again in the same way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from bot.core.errors import TryLater
from bot.core.message import Manner, Message, Role
from bot.platforms.discord import DiscordPlatform
from bot.platforms.discord.embed import look
from bot.platforms.plain import INVISIBLE, safe_url
from tests.fakes import discord_schema
from tests.fakes.discord_server import ALERTS, DESK, STORIES, FakeDiscord
from tests.fakes.discord_world import COMPONENTS_V2, buttons_of, faults_by_hand, text_of
from tests.platforms import hostile
from tests.platforms.discord.discord_grammar import read
from tests.platforms.discord.test_discord_end_to_end import ALERT, DELIVERY, PLACE


@pytest.fixture
async def posting(discord: FakeDiscord) -> AsyncIterator[DiscordPlatform]:
    platform = DiscordPlatform("token", alerts="embed", **discord.addresses)
    yield platform
    await platform.close()


async def test_an_alert_is_one_embed_with_its_buttons(discord: FakeDiscord, posting: DiscordPlatform) -> None:
    manner = Manner(roles=(Role(f"discord:{DESK}", "desk"),))
    remote_id = await posting.send(PLACE, replace(ALERT, manner=manner), delivery_id=DELIVERY)
    (message,) = discord.channel(ALERTS).messages
    assert not message["flags"] & COMPONENTS_V2
    (embed,) = message["embeds"]
    assert embed["title"] == "Iraq signs pact with \\*Russia\\*"
    assert embed["url"] == "https://news.example/iraq%28pact%29"
    assert embed["author"]["name"] == "The Example"
    assert embed["timestamp"].startswith("2026-11-26T10:00:00")
    assert "> **Baghdad** and Moscow signed." in embed["description"]
    assert message["content"] == f"<@&{DESK}>"
    assert set(buttons_of(message)) == {"Mute story", "Source"}
    await posting.edit(PLACE, remote_id, replace(ALERT, footer="Also reported by 3 others"))
    assert message["embeds"][0]["footer"]["text"] == "Also reported by 3 others"
    assert message["content"] == f"<@&{DESK}>"


async def test_an_embed_that_was_lost_is_found_by_its_buttons(discord: FakeDiscord, posting: DiscordPlatform) -> None:
    since = datetime.now(UTC)
    discord.fail("drop after")
    with pytest.raises(TryLater):
        await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    assert await posting.find(PLACE, DELIVERY, since) == discord.posted[0].message_id
    assert await posting.find(PLACE, "f" * 24, since) is None
    assert (await posting.send(f"discord:{STORIES}", ALERT, delivery_id=DELIVERY)).startswith("post:")


@pytest.mark.parametrize("buttons", [0, 1])
async def test_what_has_too_few_buttons_for_the_marks_is_a_card_and_found_too(
    discord: FakeDiscord, posting: DiscordPlatform, buttons: int
) -> None:
    notice = replace(ALERT, buttons=ALERT.buttons[:buttons])
    since = datetime.now(UTC)
    discord.fail("drop after")
    with pytest.raises(TryLater):
        await posting.send(PLACE, notice, delivery_id=DELIVERY)
    (message,) = discord.channel(ALERTS).messages
    assert message["flags"] & COMPONENTS_V2
    assert await posting.find(PLACE, DELIVERY, since) == message["id"]
    assert await posting.find(PLACE, "f" * 24, since) is None
    await posting.edit(PLACE, message["id"], replace(notice, footer="Read on"))
    assert "Read on" in text_of(message)


def drawn(message: Message) -> dict[str, object]:
    said = look(replace(message, buttons=(*ALERT.buttons, *message.buttons)), delivery_id=DELIVERY)
    return {
        "embeds": [said["embed"].to_dict()],
        "components": said["view"].to_components(),
        "allowed_mentions": {"parse": []},
    }


@settings(max_examples=60, deadline=None)
@given(hostile.messages)
def test_an_embed_of_any_message_pings_nobody_and_keeps_the_limits(message: Message) -> None:
    body = drawn(message)
    assert faults_by_hand(body) == []
    said = text_of(body)
    shown = read(said)
    assert not INVISIBLE.search(said.replace("\u200b", ""))
    assert not [mark for mark in shown.marks if mark.startswith(("ping", "address", "line #"))]
    given_urls = {span.url for each in message.body for span in each.spans}
    assert set(shown.links) <= {safe_url(url) for url in given_urls} - {""}


@pytest.mark.skipif(not discord_schema.present(), reason="Discord's description is not beside this repository")
@pytest.mark.parametrize("message", [hostile.EMPTY, hostile.HUGE])
def test_the_smallest_and_the_largest_are_what_discords_description_allows(message: Message) -> None:
    assert discord_schema.request_faults("POST", "/channels/1/messages", drawn(message), {}) == []
    assert faults_by_hand(drawn(message)) == []
