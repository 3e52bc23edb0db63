"""The living card, edge to edge: a story that goes on is told in the message that is there already."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot.cards import LEASE, TRIES
from bot.core.errors import ChannelGone, Rejected, TryLater
from bot.core.message import Message
from bot.core.model import Fetched
from bot.llm import Summary
from bot.rate_limits import Gate, RateLimits
from tests.fakes.newsroom import GENERAL, OIL, WIRE, Newsroom
from tests.fakes.ports import entries

OTHER = "https://other.example/rss"
THIRD = "https://third.example/rss"
HEADLINE = "Iraqi army drives Islamic State out of Hawija"
TEXT = (
    "Iraqi troops drove Islamic State fighters out of Hawija on Thursday, the army said in Baghdad. "
    "The town in Kirkuk province had been held by the group for three years. Families began to return."
)
AGAIN = "Islamic State driven out of Hawija by Iraqi army"
AGAIN_TEXT = (
    "Islamic State fighters fled Hawija in Kirkuk province as the Iraqi army entered the town on Thursday. "
    "Engineers found forty mines on the bridge. A curfew holds until Sunday."
)


async def opened(room: Newsroom, *lines: str) -> None:
    """Three outlets that were read once, and a channel that follows ISIL."""
    for url, source in ((WIRE, "The Wire"), (OTHER, "The Other"), (THIRD, "The Third")):
        await room.add_feed(url, source=source)
        quiet = entries(f"Rain in {source}", at=room.clock(), url=url, text="It rained on the town and on the hills.")
        room.source.give(url, Fetched(entries=quiet))
        await room.poll(url)
    for line in lines or ("/subscribe ISIL",):
        await room.say(line)


async def publish(room: Newsroom, url: str, title: str, text: str) -> None:
    at = room.clock() + timedelta(hours=4)
    room.source.give(url, Fetched(entries=entries(title, at=at, text=text, url=url)))
    await room.poll(url)


async def ring(room: Newsroom) -> Message:
    await publish(room, WIRE, HEADLINE, TEXT)
    await room.flush()
    [(_, _, message)] = room.platform.posted
    return message


def fields(message: Message) -> dict[str, str]:
    return {field.name: field.value for field in message.fields}


async def test_a_second_report_edits_the_card_and_rings_nothing(newsroom: Newsroom) -> None:
    await opened(newsroom)
    first = await ring(newsroom)
    await publish(newsroom, OTHER, AGAIN, AGAIN_TEXT)
    await newsroom.flush()
    await newsroom.edit()
    [(channel, _, card)] = newsroom.platform.posted
    assert channel == GENERAL.id
    assert (card.title, card.url, card.body[0]) == (first.title, first.url, first.body[0])
    assert fields(card)["Coverage"] == "2 outlets, 2 origins"
    assert fields(card)["First seen"] == "27 Nov, 04:00 UTC"
    assert fields(card)["Last update"] == "27 Nov, 08:00 UTC"
    assert f"Latest: {AGAIN} · The Other" in [each.text for each in card.body]
    assert "fled Hawija in Kirkuk province" in card.text
    assert card.buttons[1:] == first.buttons
    assert "Islamic State driven out" in await newsroom.say(f"/{card.buttons[0].command}")


async def test_wire_copies_are_outlets_and_no_origins(newsroom: Newsroom) -> None:
    await opened(newsroom)
    await ring(newsroom)
    copy = "BAGHDAD (Reuters) - " + AGAIN_TEXT * 2
    await publish(newsroom, OTHER, AGAIN, copy)
    await publish(newsroom, THIRD, f"{AGAIN}, army says", copy)
    await newsroom.edit()
    assert fields(newsroom.platform.posted[0][2])["Coverage"] == "3 outlets, 2 origins"


async def test_several_changes_within_moments_are_one_edit(newsroom: Newsroom) -> None:
    await opened(newsroom)
    await ring(newsroom)
    await publish(newsroom, OTHER, AGAIN, AGAIN_TEXT)
    await publish(newsroom, THIRD, "Hawija: Iraqi army ends Islamic State rule", AGAIN_TEXT)
    await newsroom.edit()
    assert len(newsroom.platform.edited) == 1
    assert fields(newsroom.platform.posted[0][2])["Coverage"].startswith("3 outlets")
    await newsroom.edit()
    assert len(newsroom.platform.edited) == 1


async def test_every_channel_has_a_card_of_its_own(newsroom: Newsroom) -> None:
    await opened(newsroom, "/subscribe ISIL", "/subscribe Iraq to #oil")
    await publish(newsroom, WIRE, HEADLINE, TEXT)
    await newsroom.flush()
    await publish(newsroom, OTHER, AGAIN, AGAIN_TEXT)
    await newsroom.edit()
    assert [channel for channel, _, _ in newsroom.platform.posted] == [GENERAL.id, OIL.id]
    assert [fields(message)["Topic"] for _, _, message in newsroom.platform.posted] == ["ISIL", "Iraq"]
    assert all("Coverage" in fields(message) for _, _, message in newsroom.platform.posted)


async def test_nothing_is_edited_before_it_is_posted(newsroom: Newsroom) -> None:
    await opened(newsroom)
    newsroom.platform.faults = [TryLater("slow down", timedelta(minutes=5), refused=True)]
    await publish(newsroom, WIRE, HEADLINE, TEXT)
    await newsroom.flush()
    await publish(newsroom, OTHER, AGAIN, AGAIN_TEXT)
    await newsroom.edit()
    assert newsroom.platform.posted == []
    assert newsroom.platform.edited == []
    await newsroom.flush()
    assert "Coverage" not in fields(newsroom.platform.posted[0][2])
    await newsroom.edit()
    assert fields(newsroom.platform.posted[0][2])["Coverage"] == "2 outlets, 2 origins"


async def test_a_kill_before_the_edit_or_after_it_leaves_a_card_that_the_next_life_brings_up_to_date(
    newsroom: Newsroom,
) -> None:
    await opened(newsroom)
    await ring(newsroom)
    await publish(newsroom, OTHER, AGAIN, AGAIN_TEXT)

    class Killed(BaseException):
        """Nothing of ours may catch it, as nothing catches SIGKILL."""

    edit = newsroom.platform.edit

    async def die(*_: object) -> None:
        raise Killed

    async def edit_and_die(channel: str, remote_id: str, message: Message) -> None:
        await edit(channel, remote_id, message)
        raise Killed

    deaths: tuple[Callable[..., Awaitable[None]], ...] = (die, edit_and_die)
    for death in deaths:
        newsroom.platform.edit = death  # type: ignore[method-assign,assignment]  # the world is cut off mid-call
        with pytest.raises(Killed):
            await newsroom.edit()
        await newsroom.restart()
        newsroom.clock.forward(LEASE)
    newsroom.platform.edit = edit  # type: ignore[method-assign]
    await newsroom.edit()
    assert fields(newsroom.platform.posted[0][2])["Coverage"] == "2 outlets, 2 origins"
    assert len(newsroom.platform.posted) == 1


@pytest.mark.parametrize("gone", [Rejected("The message was deleted"), ChannelGone("The channel was deleted")])
async def test_a_message_deleted_by_hand_is_forgotten_and_the_channel_lives_on(
    newsroom: Newsroom, gone: Rejected | ChannelGone
) -> None:
    await opened(newsroom)
    await ring(newsroom)
    newsroom.platform.edit_faults = [gone]
    for number, url in enumerate((OTHER, THIRD)):
        await publish(newsroom, url, f"{AGAIN} ({number})", AGAIN_TEXT)
        await newsroom.edit()
    assert newsroom.platform.edited == []
    assert "paused" not in await newsroom.say("/subscriptions")


async def test_an_edit_that_fails_is_tried_again_and_in_the_end_left(newsroom: Newsroom) -> None:
    await opened(newsroom)
    await ring(newsroom)
    newsroom.platform.edit_faults = [TryLater("down")]
    await publish(newsroom, OTHER, AGAIN, AGAIN_TEXT)
    await newsroom.edit()
    assert newsroom.platform.edited == []
    await newsroom.edit()
    assert len(newsroom.platform.edited) == 1
    newsroom.platform.edit_faults = [TryLater("down") for _ in range(len(TRIES) + 9)]
    await publish(newsroom, THIRD, f"{AGAIN} again", AGAIN_TEXT)
    for wait in (*TRIES, *TRIES):
        await newsroom.edit()
        newsroom.clock.forward(wait)
    assert len(newsroom.platform.edit_faults) == 8
    assert len(newsroom.platform.edited) == 1


async def test_a_story_that_wakes_gets_a_new_card_and_the_old_one_rests(newsroom: Newsroom) -> None:
    await opened(newsroom)
    await ring(newsroom)
    newsroom.clock.forward(timedelta(hours=30))
    await publish(newsroom, OTHER, HEADLINE, TEXT)
    await newsroom.flush()
    assert len(newsroom.platform.posted) == 2
    await publish(newsroom, THIRD, f"{HEADLINE} again", TEXT)
    await newsroom.edit()
    assert [number for number, _ in newsroom.platform.edited] == ["2"]


async def test_a_private_feed_s_article_is_counted_on_its_own_server_s_card_alone(newsroom: Newsroom) -> None:
    await opened(newsroom)
    await ring(newsroom)
    hidden = "https://hidden.example/rss"
    await newsroom.add_feed(hidden, tenant="somebody else", source="Hidden")
    await publish(newsroom, hidden, "Nothing yet", "Nothing has happened here so far, and nobody minds.")
    await publish(newsroom, hidden, AGAIN, AGAIN_TEXT)
    await newsroom.edit()
    assert newsroom.platform.edited == []
    await publish(newsroom, OTHER, AGAIN, AGAIN_TEXT)
    await newsroom.edit()
    assert fields(newsroom.platform.posted[0][2])["Coverage"] == "2 outlets, 2 origins"
    assert "Hidden" not in newsroom.platform.posted[0][2].text


async def test_a_card_that_began_with_the_model_s_summary_goes_on_with_one(newsroom: Newsroom) -> None:
    class Model:
        async def summarize(self, article: object, *, sentences: int) -> Summary:
            return Summary(f"The model says so, {sentences}.", "llm")

    newsroom.writer = Model()
    await newsroom.restart()
    await opened(newsroom)
    await ring(newsroom)
    await publish(newsroom, OTHER, AGAIN, AGAIN_TEXT)
    await newsroom.edit()
    card = newsroom.platform.posted[0][2]
    assert "The model says so, 2." in card.text
    assert card.footer == "Summary by a language model; the articles are the source."


async def test_edits_and_posts_keep_to_one_pace_and_posts_go_first(newsroom: Newsroom) -> None:
    await opened(newsroom)
    await ring(newsroom)
    now = 0.0
    gate = Gate(RateLimits(channel=(3, 5.0)), lambda: now)
    newsroom.courier.gates[newsroom.platform.name] = gate
    await gate.turn(GENERAL.id)  # an alert was posted this second
    await publish(newsroom, OTHER, AGAIN, AGAIN_TEXT)
    await newsroom.edit()
    assert newsroom.platform.edited == []
    assert gate.ready(GENERAL.id, spare=1)  # what the edit left is for alerts
    now = 6.0
    await newsroom.edit()
    assert len(newsroom.platform.edited) == 1
    assert not gate.ready(GENERAL.id, spare=2)  # and it was counted


async def test_an_edit_that_the_platform_refuses_for_all_stops_the_alerts_too(newsroom: Newsroom) -> None:
    await opened(newsroom)
    await ring(newsroom)
    newsroom.platform.edit_faults = [TryLater("too many requests", timedelta(hours=1), refused=True, reach="platform")]
    await publish(newsroom, OTHER, AGAIN, AGAIN_TEXT)
    await newsroom.edit()
    await publish(newsroom, WIRE, "Islamic State claims bombing in Mosul market", "A bomb of Islamic State hit Mosul.")
    await newsroom.flush()
    assert len(newsroom.platform.posted) == 1
