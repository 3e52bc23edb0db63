"""A surge over a topic's own last fortnight, edge to edge: the archive is asked, one alert a day rings."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.model import Fetched
from bot.surges import Surges
from tests.fakes.newsroom import GENERAL, WIRE, Newsroom
from tests.fakes.ports import entries

OTHER = "https://other.example/rss"
PLACES = ("Mosul", "Tikrit", "Hawija", "Kirkuk", "Anbar", "Raqqa", "Samarra", "Baiji", "Tal Afar", "Sinjar")


def surges(room: Newsroom) -> Surges:
    """As a process has them that was started just now."""
    return Surges(room.pipeline)


async def publish(room: Newsroom, *titles: str, url: str = WIRE) -> None:
    """A look four hours later, that brings these headlines."""
    room.source.give(url, Fetched(entries=entries(*titles, at=room.clock() + timedelta(hours=4), url=url)))
    await room.poll(url)
    await room.flush()


async def burst(room: Newsroom, count: int, url: str = WIRE, day: int = 1) -> None:
    """The event of the day by so many reports within minutes."""
    places = PLACES[:count]
    await publish(room, *(f"Islamic State storms {place}, report {count} of day {day}" for place in places), url=url)


@pytest.fixture
async def room(newsroom: Newsroom) -> Newsroom:
    """Six days of a feed that brings an article a day about the topic, and a channel that follows it."""
    await newsroom.add_feed()
    await publish(newsroom, "Rain in the hills")
    for day in range(6):
        newsroom.clock.forward(timedelta(hours=20))
        await publish(newsroom, f"Islamic State trial number {day} begins in Paris", f"Rain on day {day}")
    newsroom.clock.forward(timedelta(hours=4))
    await newsroom.say("/subscribe ISIL")
    return newsroom


def said(room: Newsroom) -> list[str]:
    """Why each alert rings, where it says so."""
    return [message.body[0].text for _, _, message in room.platform.posted if "surges" in message.text]


async def test_a_surge_rings_once_where_it_was_asked_for(room: Newsroom) -> None:
    assert "again at a surge" in await room.say("/ring ISIL surge:yes")
    await burst(room, 8)
    rung = len(room.platform.posted)
    await surges(room).look()
    await surges(room).look()
    await room.flush()
    assert said(room) == ["ISIL surges: 8 articles in 6 hours, where 0.2 are usual."]
    assert len(room.platform.posted) == rung + 1
    await room.restart()
    await surges(room).look()
    await room.flush()
    assert len(said(room)) == 1, "a restart does not tell it again"
    room.clock.forward(timedelta(days=2))
    await burst(room, 9, day=3)
    await surges(room).look()
    await room.flush()
    assert len(said(room)) == 2, "what surges another day is told again"


async def test_without_the_wish_or_below_the_guards_nothing_rings(room: Newsroom) -> None:
    await burst(room, 8)
    await surges(room).look()
    await room.say("/ring ISIL surge:yes")
    room.clock.forward(timedelta(days=1))
    await burst(room, 5, day=2)
    await surges(room).look()
    await room.flush()
    assert said(room) == []


async def test_a_feed_that_was_added_is_no_surge(room: Newsroom) -> None:
    await room.say("/ring ISIL surge:yes")
    await room.add_feed(OTHER, source="The Other")
    await publish(room, "Rain there too", url=OTHER)
    await burst(room, 9, url=OTHER)
    await surges(room).look()
    await room.flush()
    assert said(room) == []


async def test_a_muted_story_is_not_what_a_surge_rings_with(room: Newsroom) -> None:
    await room.say("/ring ISIL surge:yes")
    await burst(room, 8)
    async with room.store.begin() as tx:
        for article in await tx.archive.latest(GENERAL.tenant, limit=8):
            await tx.subscriptions.mute_story(GENERAL.id, GENERAL.tenant, article.story_id, by="ada", now=room.clock())
    await surges(room).look()
    await room.flush()
    assert said(room) == []


async def test_the_wish_is_shown_and_can_be_taken_back(room: Newsroom) -> None:
    await room.say("/ring ISIL surge:yes")
    assert "again at a surge" in await room.say("/subscriptions")
    assert "once per story" in await room.say("/ring ISIL surge:no")
