"""How much of one story is heard, edge to edge, as /ring sets it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.message import Message
from bot.core.model import Channel, Fetched
from tests.fakes.newsroom import GENERAL, Newsroom
from tests.fakes.ports import FakePlatform, entries

SOURCES = ("The Wire", "The Other", "The Third", "The Fourth")
HEADLINE = "Iraqi army drives Islamic State out of Hawija"
TEXT = (
    "Iraqi troops drove Islamic State fighters out of Hawija on Thursday, the army said in Baghdad. "
    "The town in Kirkuk province had been held by the group for three years. {more}"
)
MORE = {
    "The Wire": "Families began to return to their houses by the river.",
    "The Other": "Engineers found forty mines on the bridge.",
    "The Third": "A ceasefire holds in the neighbouring valley, elders told reporters.",
    "The Fourth": "The mayor asked for bread and fuel.",
}


def url(source: str) -> str:
    return f"https://{source.split()[1].lower()}.example/rss"


async def publish(room: Newsroom, source: str, *, text: str = "", title: str = "") -> None:
    fresh = entries(
        title or f"{HEADLINE}, {source.split()[1]} says",
        at=room.clock() + timedelta(hours=4),
        text=text or TEXT.format(more=MORE[source]),
        url=url(source),
    )
    room.source.give(url(source), Fetched(entries=fresh))
    await room.poll(url(source))
    await room.flush()


@pytest.fixture
async def room(newsroom: Newsroom) -> Newsroom:
    for source in SOURCES:
        await newsroom.add_feed(url(source), source=source)
        quiet = entries(f"Rain {source}", at=newsroom.clock(), text=f"Rain fell near the house of {source}.")
        newsroom.source.give(url(source), Fetched(entries=quiet))
        await newsroom.poll(url(source))
    await newsroom.say("/subscribe ISIL")
    return newsroom


def said(room: Newsroom) -> list[Message]:
    return [message for _, _, message in room.platform.posted]


async def test_a_story_rings_once_and_its_card_counts_the_rest(room: Newsroom) -> None:
    for source in SOURCES:
        await publish(room, source)
    await room.edit()
    [card] = said(room)
    assert "4 outlets, 4 origins" in card.text


async def test_every_article_rings_and_the_newest_alert_is_the_card(room: Newsroom) -> None:
    assert "every article" in await room.say("/ring ISIL every")
    for source in SOURCES[:3]:
        await publish(room, source)
    assert len(said(room)) == 3
    await publish(room, "The Wire")  # the same item once more
    assert len(said(room)) == 3
    await room.edit()
    assert {number for number, _ in room.platform.edited} <= {"3"}


async def test_follow_ups_are_short_silent_and_beside_the_card(room: Newsroom) -> None:
    await room.say("/ring ISIL follow")
    for source in SOURCES[:2]:
        await publish(room, source)
    card, follow_up = said(room)
    assert not card.manner.silent
    assert follow_up.manner.silent
    assert follow_up.body[0].text == f"Follow-up to “{card.title}”"
    assert len(follow_up.body) == 1
    await room.edit()
    assert [number for number, _ in room.platform.edited] == ["1"]
    assert "2 outlets" in said(room)[0].text


class WithThreads(FakePlatform):
    def thread(self, channel: str, remote_id: str) -> str:
        return f"{channel}/{remote_id}"


async def test_where_each_story_has_a_thread_it_goes_on_in_there(room: Newsroom) -> None:
    room.platform = WithThreads()
    await room.restart()
    await room.say("/subscribe ISIL thread:yes")
    await room.say("/ring ISIL follow")
    for source in SOURCES[:2]:
        await publish(room, source)
    await room.say("/ring ISIL every")
    await publish(room, SOURCES[2])
    assert [channel for channel, _, _ in room.platform.posted] == [GENERAL.id, f"{GENERAL.id}/1", f"{GENERAL.id}/1"]
    first, follow_up, again = said(room)
    assert (first.manner.thread, again.manner.thread, follow_up.manner.thread) == (True, False, False)
    assert "Mute story" in [button.label for button in again.buttons]
    await room.edit()
    assert {number for number, _ in room.platform.edited} == {"1"}  # the card is the one that the thread is under
    room.clock.forward(timedelta(hours=30))
    await publish(room, SOURCES[3])
    assert room.platform.posted[-1][0] == GENERAL.id  # a story that wakes rings as if it were new


async def test_a_platform_without_threads_says_it_in_the_channel(room: Newsroom) -> None:
    await room.say("/subscribe ISIL thread:yes")
    await room.say("/ring ISIL follow")
    for source in SOURCES[:2]:
        await publish(room, source)
    assert [channel for channel, _, _ in room.platform.posted] == [GENERAL.id] * 2


async def test_a_forum_has_a_thread_for_each_story_unless_somebody_says_no(room: Newsroom) -> None:
    forum = Channel("fake:forum", "fake", "stories", forum=True)
    await room.say("/subscribe Iraq", forum)
    assert "a thread for each story" in await room.say("/subscriptions", forum)
    await room.say("/subscribe Iraq thread:no", forum)
    await room.say("/subscribe Iraq", forum)
    assert "a thread for each story" not in await room.say("/subscriptions", forum)


async def test_a_story_rings_again_at_the_origin_that_was_chosen(room: Newsroom) -> None:
    await room.say("/ring ISIL origins:3")
    for number, source in enumerate(SOURCES):
        await publish(room, source)
        assert len(said(room)) == (1 if number < 2 else 2)
    assert said(room)[1].body[0].text == "Rings again: 3 independent origins report it."
    await room.edit()
    assert "4 origins" in said(room)[1].text
    assert said(room)[1].body[0].text == "Rings again: 3 independent origins report it."


async def test_a_wire_s_copies_are_no_further_origins(room: Newsroom) -> None:
    await room.say("/ring ISIL origins:2")
    wire = "BAGHDAD (Reuters) - " + TEXT.format(more=" ".join(MORE.values()))
    for source in SOURCES[:3]:
        await publish(room, source, text=wire)
    assert len(said(room)) == 1


async def test_a_story_rings_again_at_a_watch_word_even_where_the_topic_is_not_named(room: Newsroom) -> None:
    await room.say('/ring ISIL watch:"ceasefire, resigns"')
    await publish(room, "The Wire")
    await publish(room, "The Other")
    assert len(said(room)) == 1
    text = "Iraqi troops entered Hawija in Kirkuk province on Thursday. A ceasefire holds, the army said in Baghdad."
    await publish(room, "The Third", text=text, title="Iraqi troops hold Hawija in Kirkuk province as ceasefire begins")
    assert said(room)[-1].body[0].text == "Rings again for “ceasefire”."
    await publish(room, "The Fourth", text=text, title="Ceasefire in Hawija, Iraqi troops hold Kirkuk province town")
    assert len(said(room)) == 2


async def test_a_muted_story_stays_muted_whatever_was_chosen(room: Newsroom) -> None:
    await room.say("/ring ISIL every")
    await publish(room, "The Wire")
    mute = next(button.command for button in said(room)[0].buttons if button.label == "Mute story")
    await room.say(f"/{mute}")
    await publish(room, "The Other")
    assert len(said(room)) == 1


async def test_what_was_chosen_is_shown_and_can_be_taken_back(room: Newsroom) -> None:
    await room.say("/ring ISIL 3")
    await room.say("/ring ISIL follow watch:resigns")
    assert "ISIL in #general: with follow-ups, again at 3 origins, again at “resigns”" in await room.say("/ring ISIL")
    assert "with follow-ups, again at 3 origins" in await room.say("/subscriptions")
    await room.say("/ring ISIL once origins:0 watch:none")
    assert "ISIL in #general: once per story" in await room.say("/ring daesh")
    assert "#general does not follow Chile" in await room.say("/ring Chile")
    assert "when is one of: once, follow, every" in await room.say("/ring ISIL when:never")
