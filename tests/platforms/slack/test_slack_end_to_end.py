"""The Slack platform against a Slack on loopback: unmodified slack-bolt and slack_sdk on the real wire protocol."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.errors import ChannelGone, Rejected, SettingsError, TryLater
from bot.core.message import Button, Field, Kind, Manner, Message, Role, Tone, marked, paragraph
from bot.platforms.slack import SlackPlatform
from bot.platforms.slack.platform import freshen
from tests.fakes.sample_commands import sample_router
from tests.fakes.slack_server import FakeSlack
from tests.fakes.slack_world import (
    ALERTS,
    ARCHIVED,
    BOT,
    DIRECT,
    GENERAL,
    OPEN,
    PRIVATE,
    TEAM,
    User,
    buttons_of,
    text_of,
)
from tests.platforms.slack.stage import platform_at, running

DELIVERY = "0123456789abcdef01234567"
PLACE = f"slack:{TEAM}:{ALERTS}"
ALERT = Message(
    title="Iraq signs pact with *Russia* & <others>",
    url="https://news.example/iraq?a=1&b=(2)",
    source="The Example",
    at=datetime(2026, 11, 26, 10, tzinfo=UTC),
    body=(marked("Baghdad and Moscow signed.", [(0, 7)]), paragraph("A summary of two sentences.")),
    fields=(Field("Topic", "Russia-Iraq"),),
    buttons=(Button("Mute story", "topics"), Button("Source", url="https://news.example/iraq")),
    image="https://news.example/picture.jpg",
    tone=Tone.ALERT,
)


@pytest.fixture
def posting(slack: FakeSlack) -> SlackPlatform:
    """A platform that posts without Socket Mode, as a worker does."""
    return platform_at(slack)


# What people say


async def test_a_set_up_word_is_answered_privately(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        answer = await slack.slash("subscribe ISIL")
    assert answer.private
    assert "follows ISIL" in answer.text
    assert "*3 a day*" in answer.text
    name, call, values = desk.calls[0]
    assert (name, values["topic"], values["to"].id) == ("subscribe", "ISIL", f"slack:{TEAM}:{GENERAL}")
    assert (call.tenant, call.channel.name, call.zone) == (f"slack:{TEAM}", "general", "Europe/Berlin")
    assert (call.person.name, call.person.may_manage) == ("mia", True)


async def test_a_public_word_is_answered_for_all(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        answer = await slack.slash('news "oil price" 14d')
        again = await slack.slash("search Syria")
    assert not answer.private
    assert desk.calls[0][2] == {"query": '"oil price"', "days": 14, "count": 5}
    assert desk.calls[1][2]["query"] == "Syria"
    assert "Syria" in again.text


async def test_slacks_markup_in_what_was_typed_is_read_as_it_was_meant(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        await slack.slash(f"subscribe R&amp;D to <#{ALERTS}|alerts>")
        await slack.slash("feed add <https://feeds.example/a?b=1&amp;c=2>")
        await slack.slash(f"subscribe Iraq to <#{ALERTS}|>")
        await slack.slash("subscribe Iraq to #alerts")
    assert (desk.calls[0][2]["topic"], desk.calls[0][2]["to"].id) == ("R&D", PLACE)
    assert desk.calls[1][2]["url"] == "https://feeds.example/a?b=1&c=2"
    assert [call[2]["to"].id for call in desk.calls[2:]] == [PLACE, PLACE]


async def test_help_and_an_unknown_word_show_the_way(slack: FakeSlack) -> None:
    async with running(slack):
        bare = await slack.slash("help")
        wrong = await slack.slash("subscrbe ISIL")
        pressed = await slack.press(bare.message, "Topics", private=True)
    assert "/news subscribe topic [to channel]" in bare.text
    assert "/news search words" in bare.text
    assert "Did you mean /news subscribe?" in wrong.text
    assert "ISIL" in pressed.text
    assert pressed.replaced


async def test_the_command_has_the_name_of_the_setting(slack: FakeSlack) -> None:
    async with running(slack, command="/newsbell"):
        answer = await slack.slash("help", command="/newsbell")
    assert "/newsbell news words" in answer.text


async def test_guests_cannot_set_up_and_members_can(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        refused = await slack.slash("subscribe ISIL", user=slack.guest)
        await slack.slash("subscribe ISIL", user=slack.reader)
    assert "those who manage" in refused.text
    assert [call.person.name for _, call, _ in desk.calls] == ["rob"]


async def test_a_stranger_of_a_shared_channel_may_ask_and_sets_up_nothing(slack: FakeSlack) -> None:
    """The channel is the workspace's that installed the app, whatever team the event names."""
    router, desk = sample_router()
    stranger = User("U0STRANGER", "sid", team="T0ELSEWHERE")
    slack.users[stranger.id] = stranger
    slack.channels[ALERTS].members.add(stranger.id)
    async with running(slack, router) as platform:
        await platform.send(PLACE, ALERT, delivery_id=DELIVERY)
        refused = await slack.slash("subscribe ISIL", user=stranger, channel=ALERTS)
        await slack.press(slack.channels[ALERTS].messages[0], "Mute story", user=stranger, channel=ALERTS)
    assert "those who manage" in refused.text
    assert [(name, call.tenant, call.channel.id) for name, call, _ in desk.calls] == [
        ("topics", f"slack:{TEAM}", PLACE)
    ]


async def test_who_cannot_be_asked_about_has_no_rights_but_an_answer(slack: FakeSlack) -> None:
    slack.scopes.discard("users:read")
    async with running(slack):
        refused = await slack.slash("subscribe ISIL")
        read = await slack.slash("topics")
    assert "those who manage" in refused.text
    assert "ISIL" in read.text


async def test_only_channels_of_that_person_can_be_chosen(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        await slack.slash("topics", user=slack.reader)
        answer = await slack.slash("subscribe ISIL to #private")
    assert {channel.name for channel in desk.calls[0][1].channels} == {"general", "alerts", "open"}
    assert "no channel #private" in answer.text


async def test_a_person_can_be_rung_in_the_apps_own_conversation(slack: FakeSlack) -> None:
    router, desk = sample_router()
    since = datetime.now(UTC)
    async with running(slack, router) as platform:
        await slack.slash("subscribe ISIL", channel=DIRECT)
        place = desk.calls[0][2]["to"]
        ts = await platform.send(place.id, ALERT, delivery_id=DELIVERY)
    assert place.name == "direct message"
    assert await platform_at(slack).find(place.id, DELIVERY, since) == ts


async def test_people_and_channels_are_asked_about_once(slack: FakeSlack) -> None:
    async with running(slack):
        for _ in range(3):
            await slack.slash("topics")
    assert sum(method == "users.info" for method, _ in slack.calls) == 1
    assert sum(method == "users.conversations" for method, _ in slack.calls) == 2  # two pages


async def test_a_mention_says_the_same_words(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        await slack.mention("topics", event_id="Ev1")
        answer = await slack.ephemeral()
        await slack.mention("topics", event_id="Ev1")
        await slack.mention("news Iraq", thread="1.000001")
        await slack.socket.acknowledged()
        while not slack.posted:
            await asyncio.sleep(0.01)
    assert "ISIL" in answer.text
    assert [name for name, _, _ in desk.calls] == ["topics", "news"]
    assert slack.posted[0].body["thread_ts"] == "1.000001"


async def test_a_bug_in_a_command_is_answered_and_not_shown(slack: FakeSlack) -> None:
    async with running(slack):
        answer = await slack.slash("broken")
    assert "Something went wrong" in answer.text
    assert "a bug" not in answer.text


async def test_a_button_runs_its_command_privately(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router) as platform:
        await platform.send(PLACE, ALERT, delivery_id=DELIVERY)
        posted = slack.channels[ALERTS].messages[0]
        answer = await slack.press(posted, "Mute story", user=slack.reader, channel=ALERTS)
    assert answer.private
    assert not answer.replaced
    assert (desk.calls[0][0], desk.calls[0][1].channel.id) == ("topics", PLACE)


async def test_a_press_in_a_thread_is_answered_there(slack: FakeSlack) -> None:
    async with running(slack) as platform:
        await platform.send(PLACE, ALERT, delivery_id=DELIVERY)
        posted = slack.channels[ALERTS].messages[0]
        above = {**posted, "thread_ts": posted["ts"]}  # somebody has replied to it
        assert "thread_ts" not in (await slack.press(above, "Mute story", channel=ALERTS)).message
        below = {**posted, "ts": "9.1", "thread_ts": posted["ts"]}
        assert (await slack.press(below, "Mute story", channel=ALERTS)).message["thread_ts"] == posted["ts"]


async def test_a_button_works_after_a_restart(slack: FakeSlack) -> None:
    async with running(slack) as platform:
        await platform.send(PLACE, ALERT, delivery_id=DELIVERY)
    slack.socket.ready.clear()
    async with running(slack):
        assert "ISIL" in (await slack.press(slack.channels[ALERTS].messages[0], "Mute story")).text


async def test_every_envelope_is_acknowledged_although_a_command_takes_long(slack: FakeSlack) -> None:
    async with running(slack):
        await asyncio.gather(*(slack.slash("topics") for _ in range(20)))
        await slack.socket.acknowledged()
    assert len(slack.socket.acks) == 20


# Alerts


async def test_an_alert_is_blocks_with_a_text_and_its_deliverys_id(slack: FakeSlack, posting: SlackPlatform) -> None:
    ts = await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    (posted,) = slack.posted
    assert (posted.ts, posted.delivery_id) == (ts, DELIVERY)
    assert (posted.body["unfurl_links"], posted.body["unfurl_media"]) == (False, False)
    assert posted.body["metadata"]["event_type"] == "delivery"
    assert "Iraq signs pact" in posted.body["text"]
    shown = text_of(posted.body)
    assert "*<https://news.example/iraq?a=1&amp;b=%282%29|Iraq signs pact with ∗Russia∗ &amp; &lt;others&gt;>*" in shown
    assert "The Example · <!date^1795687200^{date_short_pretty} {time}|26 Nov, 10:00 UTC>" in shown
    assert "*Baghdad* and Moscow signed." in shown
    assert buttons_of(posted.body)["Source"]["url"] == "https://news.example/iraq"


@pytest.mark.parametrize("fault", ["drop after", "500 after"])
async def test_an_alert_whose_answer_was_lost_is_found_and_not_posted_again(
    slack: FakeSlack, posting: SlackPlatform, fault: str
) -> None:
    since = datetime.now(UTC)
    slack.fail(fault)
    with pytest.raises(TryLater) as lost:
        await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    assert lost.value.unknown
    assert not lost.value.refused
    found = await posting.find(PLACE, DELIVERY, since)
    assert found == slack.posted[0].ts
    assert await posting.send(PLACE, ALERT, delivery_id=DELIVERY) == found
    assert len(slack.posted) == 1


async def test_an_alert_that_was_never_posted_is_not_found(slack: FakeSlack, posting: SlackPlatform) -> None:
    slack.fail("drop")
    with pytest.raises(TryLater):
        await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    assert await posting.find(PLACE, DELIVERY, datetime.now(UTC)) is None


async def test_a_lost_alert_is_found_behind_many_others(slack: FakeSlack, posting: SlackPlatform) -> None:
    since = datetime.now(UTC)
    await platform_at(slack).send(PLACE, ALERT, delivery_id=DELIVERY)
    for number in range(40):
        await posting.send(PLACE, Message(title=f"Other {number}"), delivery_id=f"other-{number}")
    assert await posting.find(PLACE, DELIVERY, since) == slack.posted[0].ts


async def test_a_public_channel_is_joined_to_read_it_back(slack: FakeSlack, posting: SlackPlatform) -> None:
    place = f"slack:{TEAM}:{OPEN}"
    since = datetime.now(UTC)
    await platform_at(slack).send(place, ALERT, delivery_id=DELIVERY)
    assert BOT not in slack.channels[OPEN].members
    assert await posting.find(place, DELIVERY, since) == slack.posted[0].ts


async def test_a_delivery_is_posted_once_by_one_process(slack: FakeSlack, posting: SlackPlatform) -> None:
    first = await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    assert await posting.send(PLACE, ALERT, delivery_id=DELIVERY) == first
    assert len(slack.posted) == 1


async def test_a_rate_limit_is_refused_with_its_wait(slack: FakeSlack, posting: SlackPlatform) -> None:
    slack.fail("429", seconds=7)
    with pytest.raises(TryLater) as refused:
        await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    assert (refused.value.refused, refused.value.unknown) == (True, False)
    assert refused.value.after == timedelta(seconds=7)
    assert slack.posted == []


@pytest.mark.parametrize("fault", ["500", "page", "internal_error"])
async def test_a_fault_of_slacks_is_unknown(slack: FakeSlack, posting: SlackPlatform, fault: str) -> None:
    slack.fail(fault)
    with pytest.raises(TryLater) as failed:
        await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    assert failed.value.unknown


async def test_a_request_that_never_left_is_not_unknown() -> None:
    with pytest.raises(TryLater) as failed:
        await SlackPlatform("xoxb-token", api_url="http://127.0.0.1:9/api/").send(PLACE, ALERT, delivery_id=DELIVERY)
    assert not failed.value.unknown


@pytest.mark.parametrize(
    ("channel", "advice"),
    [
        (ARCHIVED, "unarchive it"),
        ("C0NOWHERE", "choose another channel"),
        (PRIVATE, "/invite @"),
    ],
)
async def test_a_channel_that_is_gone_or_closed_says_what_to_do(
    slack: FakeSlack, posting: SlackPlatform, channel: str, advice: str
) -> None:
    with pytest.raises(ChannelGone, match=advice):
        await posting.send(f"slack:{TEAM}:{channel}", ALERT, delivery_id=DELIVERY)


@pytest.mark.parametrize("error", ["account_inactive", "token_revoked", "restricted_action", "not_in_channel"])
async def test_errors_that_close_the_channel_to_us(slack: FakeSlack, posting: SlackPlatform, error: str) -> None:
    slack.fail(error)
    with pytest.raises(ChannelGone):
        await posting.send(PLACE, ALERT, delivery_id=DELIVERY)


async def test_a_missing_scope_is_named(slack: FakeSlack, posting: SlackPlatform) -> None:
    slack.scopes.discard("channels:history")
    with pytest.raises(ChannelGone, match="channels:history"):
        await posting.find(PLACE, DELIVERY, datetime.now(UTC))


@pytest.mark.parametrize("error", ["msg_too_long", "invalid_arguments"])
async def test_what_slack_will_never_take_is_rejected(slack: FakeSlack, posting: SlackPlatform, error: str) -> None:
    slack.fail(error)
    with pytest.raises(Rejected, match=error):
        await posting.send(PLACE, ALERT, delivery_id=DELIVERY)


async def test_a_token_that_is_wrong_waits_and_loses_nothing(slack: FakeSlack) -> None:
    with pytest.raises(TryLater, match="NEWSBELL_SLACK__BOT_TOKEN") as refused:
        await SlackPlatform("xoxb-wrong", api_url=slack.api_url).send(PLACE, ALERT, delivery_id=DELIVERY)
    assert refused.value.refused


async def test_a_picture_that_slack_cannot_fetch_does_not_cost_the_alert(
    slack: FakeSlack, posting: SlackPlatform
) -> None:
    slack.fail("invalid_blocks picture")
    await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    assert "picture.jpg" not in str(slack.posted[0].body)
    assert slack.posted[0].body["blocks"]


async def test_blocks_that_slack_refuses_go_out_as_text(slack: FakeSlack, posting: SlackPlatform) -> None:
    slack.fail("invalid_blocks", times=2)
    await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    assert slack.posted[0].body["blocks"] == []
    assert "A summary of two sentences." in slack.posted[0].body["text"]


async def test_an_edit_changes_the_message_in_place(slack: FakeSlack, posting: SlackPlatform) -> None:
    ts = await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    await posting.edit(PLACE, ts, Message(title="Iraq signs pact", footer="Also reported by 3 others"))
    (message,) = slack.channels[ALERTS].messages
    assert "Also reported by 3 others" in text_of(message)
    assert message["metadata"]["event_payload"]["id"] == DELIVERY
    with pytest.raises(Rejected, match="message_not_found"):
        await posting.edit(PLACE, "1.000001", ALERT)


CARD = replace(
    ALERT,
    body=(*ALERT.body, paragraph("Latest: Pact is signed · The Other", kind=Kind.ITEM)),
    fields=(*ALERT.fields, Field("Coverage", "2 outlets, 2 origins")),
    manner=Manner((Role("slack:here", "here"),), thread=True),
)


async def test_a_storys_updates_are_said_in_its_thread_each_once(slack: FakeSlack, posting: SlackPlatform) -> None:
    ts = await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    await posting.edit(PLACE, ts, CARD)
    await posting.edit(PLACE, ts, CARD)
    await platform_at(slack).edit(PLACE, ts, CARD)  # after a restart
    changed = replace(CARD, body=(*CARD.body, paragraph("Headline changed by The Example", kind=Kind.NOTE)))
    await posting.edit(PLACE, ts, changed)
    await posting.edit(PLACE, ts, replace(changed, fields=(Field("Coverage", "3 outlets, 2 origins"),)))
    _, first, second = slack.posted
    assert (first.body["thread_ts"], second.body["thread_ts"]) == (ts, ts)
    assert text_of(first.body).strip() == "Latest: Pact is signed · The Other"
    assert text_of(second.body).strip() == "Headline changed by The Example"
    assert "<!here>" not in str(first.body)
    assert len(slack.edits) == 5
    assert "3 outlets" in text_of(slack.channels[ALERTS].messages[0])
    assert await platform_at(slack).find(PLACE, DELIVERY, datetime.fromtimestamp(0, UTC)) == ts


async def test_without_the_wish_for_a_thread_a_card_is_edited_and_nothing_is_posted(
    slack: FakeSlack, posting: SlackPlatform
) -> None:
    ts = await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    await posting.edit(PLACE, ts, replace(CARD, manner=Manner()))
    assert len(slack.posted) == 1


async def test_an_update_whose_answer_was_lost_is_not_said_twice(slack: FakeSlack, posting: SlackPlatform) -> None:
    ts = await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    slack.fail("well")  # the edit itself
    slack.fail("500 after")  # the reply in its thread
    with pytest.raises(TryLater):
        await posting.edit(PLACE, ts, CARD)
    await posting.edit(PLACE, ts, CARD)
    assert [each.body.get("thread_ts") for each in slack.posted] == [None, ts]


async def test_a_public_channel_is_joined_to_read_a_thread(slack: FakeSlack, posting: SlackPlatform) -> None:
    place = f"slack:{TEAM}:{OPEN}"
    ts = await posting.send(place, ALERT, delivery_id=DELIVERY)
    await posting.edit(place, ts, CARD)
    assert [each.body.get("thread_ts") for each in slack.posted] == [None, ts]


# Life


async def test_a_platform_that_starts_before_the_network_connects_when_it_comes() -> None:
    slack = FakeSlack()
    async with slack:
        pass  # takes a port and leaves it
    task = asyncio.create_task(platform_at(slack).run(sample_router()[0]))
    await asyncio.wait([task], timeout=0.3)
    async with slack:
        await slack.socket.connected()
        assert "ISIL" in (await slack.slash("topics")).text
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_connection_that_stays_lost_takes_a_new_address() -> None:
    class Lost:
        def __init__(self) -> None:
            self.wss_uri: str | None = "wss://spent.example"
            self.looks = 0

        async def is_connected(self) -> bool:
            self.looks += 1
            return self.looks == 2

    socket = Lost()
    watch = asyncio.create_task(freshen(socket, 0))
    while socket.looks < 3:
        assert socket.wss_uri
        await asyncio.sleep(0)
    while socket.wss_uri:
        await asyncio.sleep(0)
    watch.cancel()
    assert socket.looks == 4  # the first look was bad too, and the second good


async def test_a_refreshed_connection_loses_no_command(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        await slack.slash("topics")
        await slack.socket.disconnect()
        await slack.socket.connected()
        answer = await slack.slash("help")
    assert "Newsbell" in answer.text
    assert slack.socket.opened == 2
    assert [name for name, _, _ in desk.calls] == ["topics", "help"]


async def test_a_check_says_who_the_bot_is_and_names_what_is_wrong(slack: FakeSlack) -> None:
    assert await platform_at(slack).check() == "@newsbell in Newsroom"
    alone = SlackPlatform("xoxb-token", api_url=slack.api_url)
    assert "hears no commands" in await alone.check()
    slack.scopes -= {"users:read", "commands"}
    with pytest.raises(SettingsError, match="lacks the scopes commands, users:read"):
        await platform_at(slack).check()
    with pytest.raises(SettingsError, match="NEWSBELL_SLACK__APP_TOKEN is not accepted"):
        await SlackPlatform("xoxb-token", "xapp-wrong", api_url=slack.api_url).check()
    with pytest.raises(TryLater):
        await SlackPlatform("xoxb-token", api_url="http://127.0.0.1:9/api/").check()


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (("xapp-1", "xoxb-1"), "NEWSBELL_SLACK__BOT_TOKEN holds an app-level token"),
        (("xoxp-1", "xapp-1"), "NEWSBELL_SLACK__BOT_TOKEN holds a person's token"),
        (("xoxb-1", "xoxb-1"), "NEWSBELL_SLACK__APP_TOKEN holds a bot token"),
        (("xoxe.xoxb-1", "xapp-1"), "ends within hours.*Turn token rotation off"),
        (("hunter2", "xapp-1"), "holds no token of Slack's"),
    ],
)
async def test_a_token_of_another_kind_is_named_and_not_shown(tokens: tuple[str, str], said: str) -> None:
    platform = SlackPlatform(*tokens, api_url="http://127.0.0.1:9/api/")
    for asked in (platform.check(), platform.run(sample_router()[0])):
        with pytest.raises(SettingsError, match=said) as told:
            await asked
        assert "hunter2" not in str(told.value)


async def test_wrong_tokens_are_said_in_one_line(slack: FakeSlack) -> None:
    router = sample_router()[0]
    with pytest.raises(SettingsError, match="NEWSBELL_SLACK__BOT_TOKEN is not accepted"):
        await SlackPlatform("xoxb-wrong", "xapp-token", api_url=slack.api_url).run(router)
    with pytest.raises(SettingsError, match="NEWSBELL_SLACK__APP_TOKEN is not accepted"):
        await SlackPlatform("xoxb-token", "xapp-wrong", api_url=slack.api_url).run(router)
    with pytest.raises(SettingsError, match="NEWSBELL_SLACK__APP_TOKEN is not set"):
        await SlackPlatform("xoxb-token", api_url=slack.api_url).run(router)
