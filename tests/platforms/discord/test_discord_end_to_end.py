"""The Discord platform against a Discord on loopback: unmodified discord.py on the real wire protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core.chart import Chart
from bot.core.command import Invocation, Reply, command
from bot.core.errors import ChannelGone, Rejected, TryLater
from bot.core.message import Button, Field, Manner, Message, Role, Tone, marked, paragraph
from bot.core.ports import Places
from bot.core.router import Router
from bot.platforms.discord import DiscordPlatform
from tests.fakes.discord_server import ALERTS, DESK, ELITE, GENERAL, GUILD, LOCKED, VOICE, FakeDiscord
from tests.fakes.discord_world import SEND, SUPPRESS_NOTIFICATIONS, VIEW, buttons_of, text_of, walk
from tests.fakes.sample_commands import sample_router
from tests.platforms.discord.discord_grammar import read

DELIVERY = "0123456789abcdef01234567"
PLACE = f"discord:{ALERTS}"
ALERT = Message(
    title="Iraq signs pact with *Russia*",
    url="https://news.example/iraq(pact)",
    source="The Example",
    at=datetime(2026, 11, 26, 10, tzinfo=UTC),
    body=(marked("Baghdad and Moscow signed.", [(0, 7)]), paragraph("A summary of two sentences.")),
    fields=(Field("Topic", "Russia-Iraq"),),
    buttons=(Button("Mute story", "topics"), Button("Source", url="https://news.example/iraq")),
    image="https://news.example/picture.jpg",
    tone=Tone.ALERT,
)


@asynccontextmanager
async def running(
    discord: FakeDiscord, router: Router | None = None, guild_id: int | None = None, places: Places | None = None
) -> AsyncIterator[DiscordPlatform]:
    platform = DiscordPlatform("token", guild_id=guild_id, places=places, **discord.addresses)
    task = asyncio.create_task(platform.run(router or sample_router()[0]))
    try:
        connected = asyncio.create_task(discord.gateway.connected())
        done, _ = await asyncio.wait({task, connected}, return_when=asyncio.FIRST_COMPLETED)
        if task in done:
            connected.cancel()
            await task
        yield platform
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


CHART = Chart("ISIL", "articles", (("25 Nov", 3), ("26 Nov", 8)))


@command("chart", "A chart")
async def chart(desk: Any, call: Invocation) -> Message:
    return Message(title="ISIL: the last 2 days", chart=CHART, buttons=(Button("Plain", "plain"),))


@command("plain", "No chart")
async def plain(desk: Any, call: Invocation) -> Message:
    return Message(title="Nothing to see")


# Commands


async def test_a_chart_is_a_picture_of_the_answer_and_goes_with_it(discord: FakeDiscord) -> None:
    async with running(discord, Router((chart, plain), None)):
        answer = await discord.slash("chart")
        gallery = next(each for each in walk(answer.message["components"]) if each["type"] == 12)
        [shown] = gallery["items"]
        assert shown["media"]["url"] == "attachment://chart.png"
        assert shown["description"] == CHART.alt
        assert discord.files["chart.png"].startswith(b"\x89PNG")
        after = await discord.press(answer.message, "Plain")
        assert "Nothing to see" in after.text
        assert (answer.interaction.attached, after.interaction.attached) == (["chart.png"], [])


async def test_commands_are_registered_from_their_declarations(discord: FakeDiscord) -> None:
    async with running(discord):
        commands = {command["name"]: command for command in discord.commands[None]}
    assert set(commands) >= {"subscribe", "sub", "unsub", "news", "topics", "feed", "help", "sensitivity"}
    topic, to, mention = commands["subscribe"]["options"]
    assert (topic["name"], topic["type"], topic["required"], topic["autocomplete"]) == ("topic", 3, True, True)
    assert (to["name"], to["type"], to["channel_types"]) == ("to", 7, [0, 5, 15])
    assert (mention["name"], mention["type"]) == ("mention", 8)
    days = commands["news"]["options"][1]
    assert (days["type"], days["min_value"], days["max_value"]) == (4, 1, 365)
    assert [choice["value"] for choice in commands["sensitivity"]["options"][0]["choices"]] == ["normal", "strong"]
    assert [option["name"] for option in commands["feed"]["options"]] == ["add", "remove"]
    remove = commands["feed"]["options"][1]
    assert [option["name"] for option in remove["options"]] == ["url"]  # `confirm` is set by buttons only
    manage_guild = str(1 << 5)
    assert commands["subscribe"]["default_member_permissions"] == manage_guild
    assert commands["feed"]["default_member_permissions"] == manage_guild
    assert commands["news"]["default_member_permissions"] is None
    assert commands["news"]["contexts"] == [0, 1, 2]
    assert commands["news"]["integration_types"] == [0, 1]


async def test_commands_are_not_registered_again_while_they_are_the_same(discord: FakeDiscord) -> None:
    async with running(discord):
        pass
    async with running(discord):
        pass
    assert discord.command_syncs == 1
    router, desk = sample_router()
    async with running(discord, Router(router.commands[:3], desk)):
        pass
    assert discord.command_syncs == 2


async def test_with_a_server_set_commands_are_registered_there_only(discord: FakeDiscord) -> None:
    router, desk = sample_router()
    async with running(discord, router, guild_id=GUILD):
        await discord.slash("topics")
    async with running(discord, router, guild_id=GUILD):
        pass
    assert None not in discord.commands
    assert {"topics", "subscribe", "sub", "feed"} <= {each["name"] for each in discord.commands[GUILD]}
    assert discord.command_syncs == 1
    assert desk.calls[0][0] == "topics"


async def test_a_set_up_command_is_answered_privately(discord: FakeDiscord) -> None:
    router, desk = sample_router()
    async with running(discord, router):
        answer = await discord.slash("subscribe", topic="ISIL")
    assert answer.private
    assert "follows ISIL" in answer.text
    assert "**3 a day**" in answer.text
    name, call, values = desk.calls[0]
    assert (name, values["topic"], values["to"].id) == ("subscribe", "ISIL", f"discord:{GENERAL}")
    assert call.tenant == f"discord:{GUILD}"
    assert call.channel.name == "general"
    assert call.person.may_manage
    assert call.locale == "en-US"


async def test_a_picked_channel_arrives_as_the_houses_channel(discord: FakeDiscord) -> None:
    router, desk = sample_router()
    async with running(discord, router):
        await discord.slash("subscribe", topic="Iraq", to=ALERTS)
    assert desk.calls[0][2]["to"].id == PLACE


async def test_only_channels_where_both_may_post_can_be_chosen(discord: FakeDiscord) -> None:
    router, desk = sample_router()
    async with running(discord, router):
        await discord.slash("help", user=discord.reader)
        names = {channel.name for channel in desk.calls[0][1].channels}
        locked = await discord.slash("subscribe", topic="Iraq", to=LOCKED)
    assert names == {"general", "alerts", "wire", "stories"}
    assert "Give the bot the Send Messages right in \\#locked" in locked.text
    assert [name for name, _, _ in desk.calls] == ["help"]


async def test_a_picked_role_arrives_if_the_bot_can_mention_it(discord: FakeDiscord) -> None:
    router, desk = sample_router()
    async with running(discord, router):
        await discord.slash("subscribe", topic="Iraq", mention=DESK)
        closed = await discord.slash("subscribe", topic="Iraq", mention=ELITE)
        everyone = await discord.slash("subscribe", topic="Iraq", mention=GUILD)
    assert desk.calls[0][2]["mention"] == Role(f"discord:{DESK}", "desk")
    assert "Allow anyone to @\u200bmention this role" in closed.text
    assert "never mentions everyone" in everyone.text
    assert len(desk.calls) == 1


async def test_the_right_to_manage_is_asked_again_when_the_command_runs(discord: FakeDiscord) -> None:
    router, desk = sample_router()
    async with running(discord, router):
        answer = await discord.slash("feed add", user=discord.reader, url="https://feeds.example/a")
    assert "those who manage this server" in answer.text
    assert desk.calls == []


async def test_in_a_direct_message_one_manages_ones_own(discord: FakeDiscord) -> None:
    router, desk = sample_router()
    async with running(discord, router):
        answer = await discord.slash("subscribe", user=discord.reader, dm=True, topic="Iraq")
    assert "follows Iraq" in answer.text
    call = desk.calls[0][1]
    assert call.tenant == call.channel.id == call.person.id == f"discord:user:{discord.reader.id}"
    assert call.person.may_manage


async def test_who_takes_the_bot_along_sets_up_nothing_but_their_own_direct_messages(discord: FakeDiscord) -> None:
    router, desk = sample_router()
    async with running(discord, router) as platform:
        await discord.slash("subscribe", user=discord.reader, alone=True, topic="Iraq")
        refused = await discord.slash("subscribe", user=discord.reader, topic="Iraq")
        call = desk.calls[0][1]
        assert call.tenant == call.channel.id == f"discord:user:{discord.reader.id}"
        assert (call.channels, call.roles) == ((), ())
        await platform.send(call.channel.id, ALERT, delivery_id=DELIVERY)
        discord.deaf.add(discord.manager.id)
        with pytest.raises(ChannelGone, match="allow direct messages"):
            await platform.send(f"discord:user:{discord.manager.id}", ALERT, delivery_id=DELIVERY)
    assert "those who manage this server" in refused.text
    assert [posted.channel_id for posted in discord.posted] == [discord.people.dm_with(discord.reader).id]


async def test_a_public_command_answers_in_public_and_its_failure_in_private(discord: FakeDiscord) -> None:
    async with running(discord):
        found = await discord.slash("news", query="oil price", days=14)
        missing = await discord.slash("news", query="nothing")
    assert not found.private
    assert "5 results for oil price in 14 days" in found.text
    assert missing.private
    assert "Nothing was found" in missing.text


async def test_a_bug_in_a_command_is_answered_and_not_shown(discord: FakeDiscord) -> None:
    async with running(discord):
        answer = await discord.slash("broken")
    assert "Something went wrong" in answer.text
    assert "a bug" not in answer.text


async def test_nobody_is_left_waiting_when_the_router_itself_fails(discord: FakeDiscord) -> None:
    class Broken(Router):
        async def call(self, *_: Any) -> Reply:
            raise RuntimeError("a bug")

        async def answer(self, *_: Any) -> Reply:
            raise RuntimeError("a bug")

    router, desk = sample_router()
    async with running(discord, Broken(router.commands, desk)) as platform:
        typed = await discord.slash("topics")
        await platform.send(PLACE, ALERT, delivery_id=DELIVERY)
        pressed = await discord.press(discord.channel(ALERTS).messages[0], "Mute story")
    assert "went wrong on our side" in typed.text
    assert "went wrong on our side" in pressed.text


async def test_options_are_completed_while_they_are_typed(discord: FakeDiscord) -> None:
    async with running(discord):
        assert await discord.autocomplete("subscribe", "topic", "ir") == [("Iraq", "Iraq"), ("Iran", "Iran")]


# Buttons


async def test_a_button_runs_its_command_privately(discord: FakeDiscord) -> None:
    router, desk = sample_router()
    async with running(discord, router) as platform:
        await platform.send(PLACE, ALERT, delivery_id=DELIVERY)
        posted = discord.channel(ALERTS).messages[0]
        answer = await discord.press(posted, "Mute story", user=discord.reader)
    assert answer.private
    assert answer.message["id"] != posted["id"]
    assert desk.calls[0][0] == "topics"
    assert desk.calls[0][1].channel.id == PLACE


async def test_a_button_works_after_a_restart(discord: FakeDiscord) -> None:
    async with running(discord) as platform:
        await platform.send(PLACE, ALERT, delivery_id=DELIVERY)
    router, desk = sample_router()
    async with running(discord, router):
        await discord.press(discord.channel(ALERTS).messages[0], "Mute story")
    assert desk.calls[0][0] == "topics"


async def test_a_button_of_a_private_answer_changes_that_answer(discord: FakeDiscord) -> None:
    router, desk = sample_router()
    async with running(discord, router):
        first = await discord.slash("feed remove", url="https://feeds.example/a")
        second = await discord.press(first.message, "Remove")
    assert second.message["id"] == first.message["id"]
    assert second.private
    assert "Removed" in second.text
    assert desk.calls[-1][2]["confirm"] is True


async def test_a_long_command_line_works_until_the_restart_and_says_so_after_it(discord: FakeDiscord) -> None:
    line = "news " + "peace talks " * 12
    message = Message(title="Search", buttons=(Button("More", line),))
    router, desk = sample_router()
    async with running(discord, router) as platform:
        await platform.send(PLACE, message, delivery_id=DELIVERY)
        posted = discord.channel(ALERTS).messages[0]
        assert len(buttons_of(posted)["More"]["custom_id"]) <= 100
        await discord.press(posted, "More")
    assert desk.calls[0][2]["query"] == ("peace talks " * 12).strip()
    async with running(discord, router):
        answer = await discord.press(posted, "More")
    assert "too old" in answer.text


# Alerts


async def test_an_alert_is_one_card(discord: FakeDiscord, posting: DiscordPlatform) -> None:
    remote_id = await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    (posted,) = discord.posted
    assert posted.message_id == remote_id
    assert posted.nonce == DELIVERY
    assert posted.body["allowed_mentions"] == {"parse": []}
    text = text_of(discord.channel(ALERTS).messages[0])
    assert "### [Iraq signs pact with \\*Russia\\*](https://news.example/iraq%28pact%29)" in text
    assert "-# The Example · <t:1795687200:R>" in text
    assert "> **Baghdad** and Moscow signed." in text
    assert "**Topic:** Russia-Iraq" in text
    source = buttons_of(discord.channel(ALERTS).messages[0])["Source"]
    assert (source["style"], source["url"]) == (5, "https://news.example/iraq")


async def test_an_alert_mentions_the_role_it_was_told_to_and_nobody_else(
    discord: FakeDiscord, posting: DiscordPlatform
) -> None:
    manner = Manner(roles=(Role(f"discord:{DESK}", "desk"),), silent=True)
    await posting.send(PLACE, replace(ALERT, title="@everyone <@&1> look", manner=manner), delivery_id=DELIVERY)
    (posted,) = discord.posted
    assert posted.body["allowed_mentions"] == {"parse": [], "roles": [DESK]}
    assert posted.body["flags"] & SUPPRESS_NOTIFICATIONS
    assert [mark for mark in read(text_of(posted.body)).marks if mark.startswith("ping <@")] == [f"ping <@&{DESK}>"]


@pytest.mark.parametrize("fault", ["drop after", "500 after"])
async def test_an_alert_whose_answer_was_lost_is_posted_once(
    discord: FakeDiscord, posting: DiscordPlatform, fault: str
) -> None:
    discord.fail(fault)
    with pytest.raises(TryLater) as lost:
        await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    assert lost.value.unknown
    assert not lost.value.refused
    remote_id = await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    assert [posted.message_id for posted in discord.posted] == [remote_id]


async def test_a_lost_alert_is_found_again_without_its_nonce(discord: FakeDiscord, posting: DiscordPlatform) -> None:
    since = datetime.now(UTC)
    await posting.send(PLACE, Message(title="Another"), delivery_id="another")
    discord.fail("drop after")
    with pytest.raises(TryLater):
        await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    assert "nonce" not in discord.channel(ALERTS).messages[1]
    assert await posting.find(PLACE, DELIVERY, since) == discord.posted[1].message_id
    assert await posting.find(PLACE, "f" * 24, since) is None


async def test_a_request_that_never_left_is_not_unknown(discord: FakeDiscord) -> None:
    addresses = discord.addresses | {"api_url": "http://127.0.0.1:9/api/v10"}
    platform = DiscordPlatform("token", **addresses)
    with pytest.raises(TryLater) as failed:
        await platform.send(PLACE, ALERT, delivery_id=DELIVERY)
    assert not failed.value.unknown


async def test_a_rate_limit_is_refused_with_its_wait_and_at_once(
    discord: FakeDiscord, posting: DiscordPlatform
) -> None:
    discord.fail("429", seconds=120)
    with pytest.raises(TryLater) as refused:
        await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    assert refused.value.refused
    assert refused.value.after == timedelta(seconds=120)
    await posting.send(PLACE, ALERT, delivery_id=DELIVERY)


async def test_a_channels_bucket_is_waited_for_and_no_request_is_refused() -> None:
    async with FakeDiscord(rate=(3, 0.3)) as discord:
        platform = DiscordPlatform("token", **discord.addresses)
        for number in range(8):
            await platform.send(PLACE, ALERT, delivery_id=f"{number:024x}")
        await platform.close()
    assert len(discord.posted) == 8
    assert discord.throttled == 0


@pytest.mark.parametrize("fault", ["429 everywhere", "429 wall", "401"])
async def test_when_the_whole_bot_must_wait_no_further_request_is_made(
    discord: FakeDiscord, posting: DiscordPlatform, fault: str
) -> None:
    discord.fail(fault, seconds=120)
    for _ in range(3):
        with pytest.raises(TryLater) as refused:
            await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
        assert refused.value.refused
        assert refused.value.after
    assert sum(path.endswith("/messages") for _, path in discord.requests) == 1


async def test_a_channel_that_is_gone_or_closed_says_what_to_do(discord: FakeDiscord, posting: DiscordPlatform) -> None:
    with pytest.raises(ChannelGone, match="does not exist any more"):
        await posting.send("discord:1", ALERT, delivery_id=DELIVERY)
    with pytest.raises(ChannelGone, match="Send Messages"):
        await posting.send(f"discord:{LOCKED}", ALERT, delivery_id=DELIVERY)
    with pytest.raises(ChannelGone, match="takes no messages"):
        await posting.send(f"discord:{VOICE}", ALERT, delivery_id=DELIVERY)
    with pytest.raises(ChannelGone, match="not a Discord channel"):
        await posting.send("discord:x", ALERT, delivery_id=DELIVERY)


async def test_with_the_gateway_up_the_advice_names_channel_and_right(discord: FakeDiscord) -> None:
    async with running(discord) as platform:
        await discord.slash("topics")
        await discord.change_channel(ALERTS, bot_lacks=SEND)
        await discord.slash("topics")  # the event before it has arrived
        with pytest.raises(ChannelGone, match="Give the bot the Send Messages right in #alerts"):
            await platform.send(PLACE, ALERT, delivery_id=DELIVERY)
        await discord.change_channel(ALERTS, bot_lacks=VIEW)
        await discord.slash("topics")
        with pytest.raises(ChannelGone, match="Give the bot the View Channel"):
            await platform.find(PLACE, DELIVERY, datetime.now(UTC))


async def test_what_discord_will_never_take_is_rejected(discord: FakeDiscord, posting: DiscordPlatform) -> None:
    discord.fail("400", times=2)
    with pytest.raises(Rejected):
        await posting.send(PLACE, ALERT, delivery_id=DELIVERY)


async def test_a_picture_that_discord_cannot_take_does_not_cost_the_alert(
    discord: FakeDiscord, posting: DiscordPlatform
) -> None:
    discord.fail("400 picture")
    await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    assert len(discord.posted) == 1
    assert "picture.jpg" not in str(discord.posted[0].body)


async def test_an_alert_that_somebody_deleted_at_once_is_not_posted_again(
    discord: FakeDiscord, posting: DiscordPlatform
) -> None:
    discord.fail("drop after")
    with pytest.raises(TryLater):
        await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    discord.channel(ALERTS).messages.clear()
    remote_id = await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    assert len(discord.posted) == 1
    with pytest.raises(Rejected):
        await posting.edit(PLACE, remote_id, ALERT)


async def test_an_edit_changes_the_card_in_place(discord: FakeDiscord, posting: DiscordPlatform) -> None:
    remote_id = await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    await posting.edit(PLACE, remote_id, Message(title="Iraq signs pact", footer="Also reported by 3 others"))
    (message,) = discord.channel(ALERTS).messages
    assert "Also reported by 3 others" in text_of(message)
    with pytest.raises(Rejected, match="deleted"):
        await posting.edit(PLACE, "12345", ALERT)
