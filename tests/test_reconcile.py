"""The recount finds what is missing, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from bot.core.errors import TryLater
from bot.core.model import Entry, Fetched
from bot.metrics import REGISTRY
from bot.reconcile import Missing, Reconciler, Recount
from tests.fakes.newsroom import GENERAL, OIL, WIRE, Newsroom
from tests.fakes.ports import entries

DAY = timedelta(hours=24)


async def primed(room: Newsroom, *lines: str) -> None:
    """A feed that was read once, and subscriptions that are not new any more."""
    await room.add_feed()
    room.source.give(WIRE, Fetched(entries=entries("Rain in Oslo", at=room.clock())))
    for line in lines or ("/subscribe Chile", "/subscribe Peru to #oil"):
        await room.say(line)
    await room.poll()


async def publish(room: Newsroom, *titles: str) -> None:
    room.source.give(WIRE, Fetched(entries=entries(*titles, at=room.clock())))
    await room.poll()
    room.clock.forward(timedelta(minutes=2))


async def recount(room: Newsroom, span: timedelta = DAY) -> Recount:
    return await Reconciler(room.store, room.catalogue, shelf_life=timedelta(hours=24)).recount(span)


async def sql(room: Newsroom, statement: str) -> None:
    async with room.store.begin() as tx:
        await tx.execute(text(statement))


async def test_where_all_is_well_nothing_is_missing(newsroom: Newsroom) -> None:
    await primed(
        newsroom, "/subscribe Chile", "/subscribe Peru to #oil", "/subscribe Chile to #oil", "/ring Peru every"
    )
    await publish(newsroom, "Chile votes", "Peru counts llamas", "Football in Spain")
    await publish(newsroom, "Chile votes again after a recount", "Peru and Chile sign a treaty")
    await newsroom.flush()
    found = await recount(newsroom)
    assert found.missing == []
    assert (found.articles, found.earned) == (5, 8)


async def test_a_memory_that_is_behind_is_found_out(newsroom: Newsroom) -> None:
    await primed(newsroom)

    async def deaf() -> None:
        """As if a process had missed that there are subscriptions."""

    newsroom.pipeline.following.update([], [1, 2], newsroom.pipeline.following.revision)
    newsroom.pipeline.follow = deaf  # type: ignore[method-assign]  # the fault that is to be found
    await publish(newsroom, "Chile votes", "Peru counts llamas")
    found = await recount(newsroom)
    assert found.missing == [
        Missing(GENERAL.id, "Chile: Chile votes", "it never rang"),
        Missing(OIL.id, "Peru: Peru counts llamas", "it never rang"),
    ]


async def test_a_row_that_is_gone_and_one_that_nobody_sends_are_found(newsroom: Newsroom) -> None:
    await primed(newsroom)
    await publish(newsroom, "Chile votes", "Peru counts llamas")
    await sql(newsroom, f"DELETE FROM delivery WHERE channel = '{GENERAL.id}'")
    [gone] = (await recount(newsroom)).missing
    assert (gone.channel, gone.why) == (GENERAL.id, "its row is gone from the outbox")
    newsroom.platform.faults = [TryLater("not now")]
    newsroom.clock.forward(timedelta(hours=26))
    [stuck] = (await recount(newsroom, timedelta(hours=1))).missing
    assert (stuck.channel, stuck.why) == (OIL.id, "it waits past its shelf life")


async def test_what_rings_nothing_by_right_is_not_missed(newsroom: Newsroom) -> None:
    """The backlog, what is too old, what is muted, a paused feed, and what people changed since."""
    await primed(newsroom)
    old = entries("Chile long ago", at=newsroom.clock() - timedelta(days=5))
    newsroom.source.give(WIRE, Fetched(entries=old))
    await newsroom.poll()
    await publish(newsroom, "Chile votes", "Peru counts llamas")
    await sql(newsroom, "DELETE FROM alerted")
    await sql(newsroom, "DELETE FROM delivery")
    assert len((await recount(newsroom)).missing) == 2
    await newsroom.say("/subscribe Chile silent:yes")
    [left] = (await recount(newsroom)).missing
    assert left.channel == OIL.id
    await newsroom.say("/feed pause The Wire")
    assert (await recount(newsroom)).missing == []
    await newsroom.say("/feed resume The Wire")
    assert (await recount(newsroom)).missing == [], "it may have been paused when the article came"


async def test_a_subscription_made_since_and_a_text_changed_since_are_left_out(newsroom: Newsroom) -> None:
    await primed(newsroom, "/subscribe Norway")
    await publish(newsroom, "Chile votes", "Peru counts llamas")
    await newsroom.say("/subscribe Chile")
    changed = Entry("Peru counts llamas", "Norway counts reindeer", published=newsroom.clock())
    newsroom.source.give(WIRE, Fetched(entries=(changed,)))
    await newsroom.poll()
    await sql(newsroom, "DELETE FROM alerted")
    await sql(newsroom, "DELETE FROM delivery")
    newsroom.clock.forward(timedelta(minutes=2))
    assert (await recount(newsroom)).missing == []


async def test_the_night_tells_log_and_metrics(newsroom: Newsroom) -> None:
    await primed(newsroom)
    await publish(newsroom, "Chile votes", "Peru counts llamas")
    await sql(newsroom, "DELETE FROM alerted")
    await sql(newsroom, "DELETE FROM delivery")
    reconciler = Reconciler(newsroom.store, newsroom.catalogue, shelf_life=DAY)
    await reconciler.nightly()
    assert REGISTRY.get_sample_value("newsbell_lost_alerts") == 2
    assert REGISTRY.get_sample_value("newsbell_recounted_alerts") == 2
    reconciler.started_at = newsroom.clock()
    await reconciler.nightly()
    assert REGISTRY.get_sample_value("newsbell_lost_alerts") == 0, "what was decided before the start is not recounted"
