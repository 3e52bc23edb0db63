"""A thread under an alert, and forums, where each alert is a post with tags."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.errors import ChannelGone, Rejected, TryLater
from bot.core.message import Field, Manner, Message, Role
from bot.platforms.discord import DiscordPlatform
from tests.fakes.discord_server import ALERTS, DESK, IRAQ_TAG, STORIES, FakeDiscord
from tests.fakes.discord_world import CREATE_THREADS, SEND, SUPPRESS_NOTIFICATIONS, THREAD, Channel, text_of
from tests.platforms.discord.test_discord_end_to_end import ALERT, DELIVERY, PLACE

FORUM_PLACE = f"discord:{STORIES}"
TALKED_ABOUT = replace(ALERT, manner=Manner(thread=True))


def threads(discord: FakeDiscord) -> list[Channel]:
    return [each for each in discord.guild.channels.values() if each.type == THREAD]


async def test_an_alert_opens_a_thread_called_by_its_headline(discord: FakeDiscord, posting: DiscordPlatform) -> None:
    remote_id = await posting.send(PLACE, TALKED_ABOUT, delivery_id=DELIVERY)
    (thread,) = threads(discord)
    assert (str(thread.id), thread.parent, thread.name) == (remote_id, ALERTS, "Iraq signs pact with *Russia*")
    await posting.send(PLACE, ALERT, delivery_id="other")
    assert len(threads(discord)) == 1


async def test_an_alert_sent_twice_has_one_thread(discord: FakeDiscord, posting: DiscordPlatform) -> None:
    await posting.send(PLACE, TALKED_ABOUT, delivery_id=DELIVERY)
    await posting.send(PLACE, TALKED_ABOUT, delivery_id=DELIVERY)
    assert len(threads(discord)) == len(discord.posted) == 1


async def test_a_thread_that_cannot_be_does_not_cost_the_alert(discord: FakeDiscord, posting: DiscordPlatform) -> None:
    discord.channel(ALERTS).bot_lacks = CREATE_THREADS
    remote_id = await posting.send(PLACE, TALKED_ABOUT, delivery_id=DELIVERY)
    inbox = await posting.send(f"discord:user:{discord.reader.id}", TALKED_ABOUT, delivery_id="direct")
    assert [posted.message_id for posted in discord.posted] == [remote_id, inbox]
    assert threads(discord) == []


async def test_what_follows_goes_into_the_thread_and_can_be_found_and_edited_there(
    discord: FakeDiscord, posting: DiscordPlatform
) -> None:
    since = datetime.now(UTC)
    for place, first in ((PLACE, TALKED_ABOUT), (FORUM_PLACE, ALERT)):
        root = await posting.send(place, first, delivery_id=f"first in {place}")
        within = posting.thread(place, root)
        remote_id = await posting.send(within, Message(title="It goes on"), delivery_id=DELIVERY)
        thread = threads(discord)[-1]
        assert text_of(thread.messages[-1]) == "### It goes on"
        assert remote_id == f"{thread.id}/{thread.messages[-1]['id']}"
        assert await posting.find(within, DELIVERY, since) == remote_id
        await posting.edit(place, remote_id, Message(title="It ended"))
        assert text_of(thread.messages[-1]) == "### It ended"
        assert await posting.send(within, Message(title="It goes on"), delivery_id=DELIVERY) == remote_id
    assert posting.thread(PLACE, "deleted") == PLACE


async def test_a_thread_that_a_kill_prevented_is_opened_by_what_follows(
    discord: FakeDiscord, posting: DiscordPlatform
) -> None:
    root = await posting.send(PLACE, ALERT, delivery_id=DELIVERY)
    await posting.send(posting.thread(PLACE, root), Message(title="It goes on"), delivery_id="next")
    (thread,) = threads(discord)
    assert (str(thread.id), thread.parent, len(thread.messages)) == (root, ALERTS, 1)


@pytest.mark.parametrize("place", [PLACE, FORUM_PLACE])
async def test_what_follows_stands_in_the_channel_where_the_thread_is_closed_to_us(
    discord: FakeDiscord, posting: DiscordPlatform, place: str
) -> None:
    since = datetime.now(UTC)
    root = await posting.send(place, TALKED_ABOUT, delivery_id=DELIVERY)
    threads(discord)[0].locked = True
    remote_id = await posting.send(posting.thread(place, root), Message(title="It goes on"), delivery_id="next")
    assert [posted.channel_id for posted in discord.posted] == [int(place.removeprefix("discord:"))] * 2
    assert await posting.find(posting.thread(place, root), "next", since) == remote_id


async def test_in_a_forum_each_alert_is_a_post_with_the_tags_of_its_topics(
    discord: FakeDiscord, posting: DiscordPlatform
) -> None:
    manner = Manner(roles=(Role(f"discord:{DESK}", "desk"),), silent=True, thread=True)
    alert = replace(ALERT, fields=(Field("Topics", "iraq, Russia-Iraq"),), manner=manner)
    remote_id = await posting.send(FORUM_PLACE, alert, delivery_id=DELIVERY)
    (post,) = threads(discord)
    assert remote_id == f"post:{post.id}"
    assert (post.parent, post.name, post.applied) == (STORIES, "Iraq signs pact with *Russia*", (IRAQ_TAG,))
    assert "A summary of two sentences." in text_of(post.messages[0])
    (posted,) = discord.posted
    assert posted.body["allowed_mentions"] == {"parse": [], "roles": [DESK]}
    assert posted.body["flags"] & SUPPRESS_NOTIFICATIONS
    await posting.edit(FORUM_PLACE, remote_id, Message(title="Iraq signs pact", footer="Also reported by 3 others"))
    assert "Also reported by 3 others" in text_of(post.messages[0])


async def test_a_post_whose_answer_was_lost_is_found_and_not_posted_again(
    discord: FakeDiscord, posting: DiscordPlatform
) -> None:
    since = datetime.now(UTC)
    await posting.send(FORUM_PLACE, Message(title="Another"), delivery_id="another")
    discord.fail("drop after")
    with pytest.raises(TryLater) as lost:
        await posting.send(FORUM_PLACE, ALERT, delivery_id=DELIVERY)
    assert lost.value.unknown
    remote_id = f"post:{discord.posted[1].message_id}"
    assert await posting.find(FORUM_PLACE, DELIVERY, since) == remote_id
    assert await posting.find(FORUM_PLACE, "f" * 24, since) is None
    assert await posting.send(FORUM_PLACE, ALERT, delivery_id=DELIVERY) == remote_id
    assert len(discord.posted) == 2


async def test_a_forum_that_refuses_us_is_closed_and_a_picture_it_cannot_take_is_left_out(
    discord: FakeDiscord, posting: DiscordPlatform
) -> None:
    await posting.send(FORUM_PLACE, Message(title="Another"), delivery_id="another")
    discord.fail("400 picture")
    await posting.send(FORUM_PLACE, ALERT, delivery_id=DELIVERY)
    assert "picture.jpg" not in str(discord.posted[1].body)
    discord.channel(STORIES).bot_lacks = SEND
    with pytest.raises(ChannelGone):
        await posting.send(FORUM_PLACE, ALERT, delivery_id="f" * 24)
    with pytest.raises(Rejected):
        await posting.edit(FORUM_PLACE, "deleted", ALERT)
