"""Checks 13 to 25: how long the poller stays away, and who asked it to."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest

from bot.core.cadence import FAST
from bot.core.model import FeedState
from tests.conformance.world import DAY, HOUR, MINUTE, SECOND, World, rss, server
from tests.fakes.newsstand import Reply

pytestmark = pytest.mark.asyncio(loop_scope="session")


def lively(world: World) -> list[str]:
    """A document whose pace would have it polled every few minutes."""
    return [f"k{n}" for n in range(40)]


async def polled(
    world: World, headers: dict[str, str], span: timedelta, *, head: str = "", every: timedelta | None = None
) -> list[timedelta]:
    """The gaps between the looks at a lively feed that answers with these headers."""
    path = f"/{len(world.log())}"
    document = rss(*lively(world), at=world.clock(), head=head)
    answer = server(lambda: document, lambda: {"ETag": '"1"'}, extra=headers)
    await world.add(world.on("a", path, answer), interval=every)
    await world.live(span)
    return world.gaps("a", path)


@pytest.mark.slow
async def test_13_never_sooner_than_the_floor_jitter_included(world: World) -> None:
    world.cadence = FAST
    await world.start()
    gaps = await polled(world, {}, 4 * HOUR)
    assert len(gaps) > 10
    assert min(gaps) >= FAST.floor
    fixed = await world.add(world.on("b", "/feed", server(lambda: rss("1", at=world.clock()), lambda: {"ETag": '"1"'})))
    async with world.store.begin() as tx:
        await tx.feeds.adjust(fixed.id, interval=HOUR, agent="")
    await world.live(30 * HOUR)
    assert min(world.gaps("b")) >= HOUR  # 59 minutes would be a fault


async def test_14_max_age_is_honoured_less_the_age_that_it_has(world: World) -> None:
    gaps = await polled(world, {"Cache-Control": "public, max-age=7200", "Age": "1800"}, DAY)
    assert min(gaps) >= 5400 * SECOND and max(gaps) <= 1.2 * 5400 * SECOND + SECOND


async def test_15_max_age_on_a_304_is_honoured(world: World) -> None:
    document = Reply(rss(*lively(world), at=world.clock()), headers={"ETag": '"1"'})
    await world.add(world.on("a", "/feed", document, Reply(status=304, headers={"Cache-Control": "max-age=10800"})))
    await world.live(DAY)
    first, *others = world.gaps()
    assert first < HOUR
    assert min(others) >= 3 * HOUR


@pytest.mark.parametrize("skew", [-DAY, timedelta(), DAY])
async def test_16_expires_is_read_against_the_servers_own_date_whatever_its_clock_says(
    world: World, skew: timedelta
) -> None:
    theirs = world.clock() + skew
    dates = {"Date": format_datetime(theirs, usegmt=False), "Expires": format_datetime(theirs + 2 * HOUR)}
    gaps = await polled(world, dates, 15 * HOUR)
    assert min(gaps) >= 2 * HOUR and max(gaps) < 3 * HOUR


async def refused(world: World, *replies: Reply, span: timedelta = DAY) -> list[timedelta]:
    good = Reply(rss(*lively(world), at=world.clock()), headers={"ETag": '"1"'})
    await world.add(world.on("a", "/feed", good, *replies, Reply(status=304)))
    await world.live(span)
    return world.gaps()[1:]


async def test_17_a_429_with_seconds_is_obeyed(world: World) -> None:
    after = await refused(world, Reply(status=429, headers={"Retry-After": "7200"}))
    assert 7200 * SECOND <= after[0] <= 3 * HOUR


async def test_18_a_429_with_a_date_is_obeyed(world: World) -> None:
    good = Reply(rss(*lively(world), at=world.clock()), headers={"ETag": '"1"'})

    def until(_: object) -> Reply:
        now = world.clock()
        return Reply(status=429, headers={"Date": format_datetime(now), "Retry-After": format_datetime(now + 5 * HOUR)})

    await world.add(world.on("a", "/feed", good, until, Reply(status=304)))
    await world.live(DAY)
    assert 5 * HOUR <= world.gaps()[1] <= 6.1 * HOUR


async def test_19_a_bare_429_is_left_alone_for_an_hour_and_longer_each_time(world: World) -> None:
    after = await refused(world, *[Reply(status=429)] * 4, span=2 * DAY)
    assert after[0] >= HOUR and after[1] >= 2 * HOUR and after[2] >= 4 * HOUR


async def test_20_a_503_with_retry_after_is_obeyed(world: World) -> None:
    after = await refused(world, Reply(status=503, headers={"Retry-After": "10000"}))
    assert after[0] >= 10_000 * SECOND


async def siblings(world: World) -> None:
    answer = server(lambda: rss(*lively(world), at=world.clock()), lambda: {"ETag": '"1"'})
    await world.add(world.on("a", "/one", Reply(status=429, headers={"Retry-After": "21600"})))
    await world.add(world.on("a", "/two", answer))
    await world.live(30 * MINUTE)


async def test_21_a_penalty_is_for_all_feeds_of_the_host(world: World) -> None:
    await siblings(world)
    await world.live(5 * HOUR)
    assert len(world.log(path="/one")) == 1
    assert len(world.log(path="/two")) == 0
    await world.live(2 * HOUR)
    assert len(world.log(path="/two")) > 0


async def test_22_a_penalty_survives_a_restart(world: World) -> None:
    await siblings(world)
    async with world.room.new_source() as source:
        world.source = source
        await world.start()
        await world.live(5 * HOUR)
        assert len(world.log()) == 1
        await world.live(3 * HOUR)
        assert len(world.log()) > 1


async def test_23_the_feeds_own_ttl_is_honoured(world: World) -> None:
    gaps = await polled(world, {}, DAY, head="<ttl>180</ttl>")
    assert min(gaps) >= 3 * HOUR


@pytest.mark.slow
async def test_24_skip_hours_and_skip_days_are_honoured(world: World) -> None:
    night = "".join(f"<hour>{hour}</hour>" for hour in (0, 1, 2, 3, 4, 5))
    await polled(world, {}, 2 * DAY, head=f"<skipHours>{night}</skipHours>", every=40 * MINUTE)
    looked = world.log()[1:]
    assert len(looked) > 30
    assert not [asked.at for asked in looked if asked.at.hour < 6]
    await world.retire()
    await polled(world, {}, 8 * DAY, head="<skipDays><day>Saturday</day><day>Sunday</day></skipDays>", every=5 * HOUR)
    days = {asked.at.weekday() for asked in world.log()[len(looked) + 2 :]}
    assert days == {0, 1, 2, 3, 4}


async def test_25_wordpress_default_of_hourly_is_no_wish(world: World) -> None:
    namespace = "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'"
    head = (
        f"<sy:updatePeriod {namespace}>hourly</sy:updatePeriod><sy:updateFrequency {namespace}>1</sy:updateFrequency>"
    )
    gaps = await polled(world, {}, 5 * HOUR, head=head)
    assert max(gaps) < HOUR
    feed = await world.feed(1)
    assert feed.state is FeedState.ACTIVE
