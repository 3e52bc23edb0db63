"""A headline that its outlet changes: kept, told on the card, listed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.message import Message
from bot.core.model import Entry, Fetched
from tests.fakes.newsroom import WIRE, Newsroom
from tests.fakes.ports import entries

FIRST = "Iraqi army says nine Islamic State fighters killed in raid"
CORRECTED = "CORRECTED: Iraqi army says seven Islamic State fighters killed in raid"
TEXT = (
    "Iraqi troops killed 9 Islamic State fighters in a raid on a cave near Hawija, the army said. "
    "Two soldiers were hurt. The cave was sealed with concrete."
)


async def show(room: Newsroom, title: str, text: str = TEXT) -> None:
    now = room.clock() + timedelta(hours=4)
    entry = Entry("raid", title, url="https://wire.example/raid", link_key="wire.example/raid", summary=text,
                  published=now, lang="en")  # fmt: skip
    room.source.give(WIRE, Fetched(entries=(entry,)))
    await room.poll()
    await room.flush()
    await room.edit()


@pytest.fixture
async def room(newsroom: Newsroom) -> Newsroom:
    """An alert that was posted."""
    await newsroom.add_feed()
    newsroom.source.give(WIRE, Fetched(entries=entries("Rain in the hills", at=newsroom.clock())))
    await newsroom.poll()
    await newsroom.say("/subscribe ISIL")
    await show(newsroom, FIRST)
    assert newsroom.platform.titles() == [FIRST]
    return newsroom


def card(room: Newsroom) -> Message:
    [(_, _, message)] = room.platform.posted
    return message


async def test_a_changed_headline_is_on_the_card_with_the_old_one_and_rings_nothing(room: Newsroom) -> None:
    await show(room, CORRECTED)
    assert card(room).title == CORRECTED
    assert card(room).body[-1].text == f"Headline changed by The Wire, 27 Nov, 00:00 UTC; it was “{FIRST}”"
    assert "Coverage" not in card(room).text
    assert len(room.platform.edited) == 1


async def test_a_changed_figure_in_the_text_is_told_too(room: Newsroom) -> None:
    await show(room, FIRST, TEXT.replace("9", "7"))
    assert card(room).title == FIRST
    assert card(room).body[-1].text == "Text changed by The Wire, 27 Nov, 00:00 UTC"
    assert "killed 7" in await room.say("/news ISIL")


async def test_what_is_no_change_is_no_edit(room: Newsroom) -> None:
    await show(room, f"{FIRST}.", f"{TEXT} Read more")
    await show(room, FIRST)
    assert room.platform.edited == []
    assert "Nothing about ISIL was changed" in await room.say("/changes ISIL")


async def test_changes_are_listed_by_topic_newest_first(room: Newsroom) -> None:
    await show(room, CORRECTED)
    await show(room, "Iraqi army says Islamic State raid killed seven")
    listed = await room.say("/changes ISIL")
    assert listed.startswith("2 changes about ISIL in the last 7 days")
    assert listed.index(f"it was “{CORRECTED}”") < listed.index(f"it was “{FIRST}”")
    assert "2 changes in the last 7 days" in await room.say("/changes")
    assert "Nothing about Chile was changed" in await room.say("/changes Chile")


async def test_the_archive_finds_the_new_words_and_no_longer_the_old_ones(room: Newsroom) -> None:
    assert FIRST in await room.say('/news "nine Islamic State"')
    await show(room, CORRECTED)
    assert CORRECTED in await room.say('/news "seven Islamic State"')
    assert FIRST not in await room.say('/news "nine Islamic State"')


async def test_an_item_that_is_in_its_feed_twice_is_not_corrected_at_every_look(room: Newsroom) -> None:
    now = room.clock()
    twice = tuple(
        Entry("twice", title, url="https://wire.example/2", summary=TEXT, published=now)
        for title in ("Daesh cell found in Mosul", "Daesh cell found in Tikrit")
    )
    for _ in range(3):
        room.source.give(WIRE, Fetched(entries=twice))
        await room.poll()
    assert "Nothing was changed" in await room.say("/changes")


async def test_a_live_blog_s_headlines_come_to_an_end(room: Newsroom) -> None:
    for number in range(25):
        await show(room, f"Live: raid on Islamic State cave, update {number}")
    assert "20 changes" in await room.say("/changes")
    assert card(room).title.endswith("update 24")


async def test_another_outlet_s_new_headline_is_told_with_the_old_one(room: Newsroom) -> None:
    other = "https://other.example/rss"
    await room.add_feed(other, source="The Other")

    async def print_there(title: str) -> None:
        entry = Entry("copy", title, summary=TEXT, url="https://other.example/copy", published=room.clock())
        room.source.give(other, Fetched(entries=(entry,)))
        await room.poll(other)
        await room.edit()

    await print_there("Raid near Hawija kills nine of Islamic State")
    await print_there("Raid near Hawija kills seven of Islamic State")
    assert card(room).title == FIRST
    assert card(room).body[-1].text == (
        "Headline changed by The Other, 27 Nov, 04:00 UTC: “Raid near Hawija kills seven of Islamic State”; "
        "it was “Raid near Hawija kills nine of Islamic State”"
    )


async def test_an_article_that_is_about_a_topic_only_since_it_was_changed_rings_then_and_once(room: Newsroom) -> None:
    await room.say("/subscribe Chile")
    await show(room, "Army raid in Chile: nine Islamic State fighters killed", TEXT + " The raid was in Chile.")
    assert room.platform.titles()[1:] == ["Army raid in Chile: nine Islamic State fighters killed"]
    late = room.platform.posted[-1][2]
    assert "only since then" in late.body[0].text
    assert {field.name: field.value for field in late.fields}["Topic"] == "Chile"
    await show(room, FIRST)
    await show(room, "Army raid in Chile: seven Islamic State fighters killed", TEXT + " The raid was in Chile.")
    assert len(room.platform.posted) == 2


async def test_a_change_of_what_is_old_or_was_about_it_before_rings_nothing(room: Newsroom) -> None:
    await room.say("/subscribe Iraq")  # the article was about it before the channel followed it
    await show(room, CORRECTED)
    room.clock.forward(timedelta(days=3))
    await room.say("/subscribe Chile")
    published = room.clock() - timedelta(days=3)
    entry = Entry("raid", "Raid in Chile killed nine", summary="The raid was in Chile.", published=published, lang="en")
    room.source.give(WIRE, Fetched(entries=(entry,)))
    await room.poll()
    await room.flush()
    assert len(room.platform.posted) == 1


def document(room: Newsroom, *left_out: int, raid: bool = True) -> Fetched:
    """The whole feed: the raid, and what is older than it."""
    start = room.clock() - timedelta(hours=30)
    older = entries("Rain in the hills", "Sun", "Snow", "Hail", "Fog", "Wind", at=start, text="It was on the hills.")
    entry = Entry("raid", FIRST, url="https://wire.example/raid", link_key="wire.example/raid", summary=TEXT,
                  published=room.clock(), lang="en")  # fmt: skip
    kept = tuple(each for number, each in enumerate(older) if number not in left_out)
    return Fetched(entries=((entry,) if raid else ()) + kept)


async def look(room: Newsroom, fetched: Fetched) -> None:
    room.source.give(WIRE, fetched)
    await room.poll()
    await room.edit()


async def test_an_article_that_leaves_its_feed_before_older_ones_is_said_to_be_taken_out(room: Newsroom) -> None:
    whole = document(room)
    await look(room, whole)
    await look(room, Fetched(entries=whole.entries[1:]))
    assert card(room).body[-1].text.startswith("Taken out of its feed by The Wire, 27 Nov")
    assert f"{FIRST} — taken out of its feed" in await room.say("/changes ISIL")
    await look(room, Fetched(entries=whole.entries[1:]))
    assert "1 change about ISIL" in await room.say("/changes ISIL")
    await look(room, whole)  # it is back: it was not removed
    assert "Taken out" not in card(room).text
    assert "Nothing about ISIL was changed" in await room.say("/changes ISIL")


async def test_what_drops_off_the_end_or_leaves_with_many_was_not_taken_out(room: Newsroom) -> None:
    whole = document(room)
    await look(room, whole)
    await look(room, Fetched(entries=whole.entries[:1] + whole.entries[3:]))  # the two oldest went
    await look(room, Fetched(entries=whole.entries[4:]))  # the newest went with all but three
    await look(room, Fetched(entries=(whole.entries[5],), known=6))  # only what is new was read
    assert "Nothing was changed" in await room.say("/changes")
