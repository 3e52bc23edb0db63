"""Checks 32 to 36: redirects, believed slowly."""

from __future__ import annotations

import pytest

from bot.core.model import Feed, FeedState
from tests.conformance.world import DAY, HOUR, World, rss, server
from tests.fakes.newsstand import Reply

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def moving(world: World, status: int, *, page: bool = False) -> tuple[Feed, str]:
    """A feed that was read once where it was, and redirects from then on."""
    good = server(lambda: rss("1", "2", at=world.clock()), lambda: {"ETag": '"1"'})
    there = world.on("b", "/new", Reply(b"<html><body>Welcome</body></html>") if page else good)
    old = world.on("a", "/old", good, Reply(status=status, headers={"Location": there}))
    return await world.add(old), there


async def test_32_a_301_is_adopted_after_three_looks_over_two_days_and_not_before(world: World) -> None:
    feed, there = await moving(world, 301)
    await world.live(47 * HOUR)
    assert len(world.log("a")) > 3
    waiting = await world.feed(feed.id)
    assert (waiting.url, waiting.state) == (feed.url, FeedState.MOVING)
    assert len({asked.path for asked in world.log("b")}) == 1
    await world.live(DAY)
    assert (await world.feed(feed.id)).url == there
    asked_there = len(world.log("a"))
    await world.live(DAY)
    assert len(world.log("a")) == asked_there
    assert await world.titles() == ["News 2", "News 1"]


@pytest.mark.slow
async def test_33_a_301_to_a_page_is_never_adopted(world: World) -> None:
    feed, _ = await moving(world, 301, page=True)
    await world.live(4 * DAY)
    known = await world.feed(feed.id)
    assert (known.url, known.state) == (feed.url, FeedState.NOT_FEED)


@pytest.mark.slow
async def test_34_a_302_is_never_adopted(world: World) -> None:
    feed, _ = await moving(world, 302)
    await world.live(4 * DAY)
    known = await world.feed(feed.id)
    assert (known.url, known.state) == (feed.url, FeedState.ACTIVE)
    assert len(world.log("b")) > 10


@pytest.mark.parametrize(("status", "adopted"), [(308, True), (307, False), (303, False)])
async def test_35_a_308_is_as_a_301_and_a_307_as_a_302(world: World, status: int, adopted: bool) -> None:
    feed, there = await moving(world, status)
    await world.live(4 * DAY)
    assert (await world.feed(feed.id)).url == (there if adopted else feed.url)


async def test_36_a_loop_of_redirects_ends_after_five(world: World) -> None:
    there = world.on("a", "/two", Reply(status=302, headers={"Location": "/one"}))
    await world.add(world.on("a", "/one", Reply(status=302, headers={"Location": there})))
    await world.live(HOUR / 6)
    assert len(world.log()) == 6
    known = await world.feed(1)
    assert known.state is FeedState.BACKOFF and "redirects" in known.reason
