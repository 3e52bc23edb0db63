"""Health is work that goes on, and not an open port."""

from __future__ import annotations

from datetime import timedelta

from bot.core.errors import TryLater
from bot.core.model import Fetched
from bot.pulse import LATELY, Pulse, feel
from tests.fakes.newsroom import WIRE, Newsroom
from tests.fakes.ports import entries

WHILE = LATELY + timedelta(minutes=1)


async def pulse(room: Newsroom, *platforms: str) -> Pulse:
    return await feel(room.store, platforms or ("fake",))


async def working(room: Newsroom) -> None:
    """A feed read, an alert posted."""
    await room.add_feed()
    room.source.give(WIRE, Fetched(entries=entries("Rain in Oslo", at=room.clock())))
    await room.say("/subscribe Chile")
    await room.poll()
    room.source.give(WIRE, Fetched(entries=entries("Chile votes", at=room.clock())))
    await room.poll()


async def test_with_nothing_to_do_nothing_is_wrong(newsroom: Newsroom) -> None:
    found = await pulse(newsroom)
    assert (found.trouble, found.polled_at, found.delivered_at) == ((), None, None)


async def test_feeds_that_nobody_looks_at_are_trouble_and_one_look_ends_it(newsroom: Newsroom) -> None:
    await working(newsroom)
    await newsroom.flush()
    newsroom.clock.forward(timedelta(days=1))
    [trouble] = (await pulse(newsroom)).trouble
    assert trouble == "No feed was looked at since 26 Nov, 20:00 UTC, although one is due."
    newsroom.clock.forward(-timedelta(days=1))
    await newsroom.poll()
    assert (await pulse(newsroom)).trouble == ()


async def test_a_look_that_fails_is_a_look(newsroom: Newsroom) -> None:
    await newsroom.add_feed()
    newsroom.clock.forward(WHILE)
    assert len((await pulse(newsroom)).trouble) == 1
    newsroom.source.give(WIRE, Fetched(entries=()))
    await newsroom.poller.poll("wire.example")
    assert (await pulse(newsroom)).trouble == ()


async def test_alerts_that_nobody_carries_are_trouble(newsroom: Newsroom) -> None:
    await working(newsroom)
    assert (await pulse(newsroom)).trouble == (), "they were queued a moment ago"
    newsroom.clock.forward(WHILE)
    assert (await pulse(newsroom)).trouble == ("No post was tried yet, although one is due.",)
    assert (await pulse(newsroom, "other")).trouble == (), "no token, no trouble"
    newsroom.platform.faults = [TryLater("not now")]
    await newsroom.flush()
    assert (await pulse(newsroom)).trouble == (), "it was tried, and waits for its next try"
    newsroom.clock.forward(WHILE)
    await newsroom.flush()
    found = await pulse(newsroom)
    assert found.trouble == ()
    assert found.delivered_at == newsroom.clock()


async def test_who_has_just_begun_gets_a_little_time(newsroom: Newsroom) -> None:
    await working(newsroom)
    newsroom.clock.forward(WHILE)
    assert (await feel(newsroom.store, ["fake"], since=newsroom.clock())).trouble == ()
