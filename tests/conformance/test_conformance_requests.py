"""Checks 26 to 31: what a request carries, and what it never does."""

from __future__ import annotations

import gzip

import pytest

from bot import __version__
from tests.conformance.world import DAY, World, rss
from tests.fakes.newsstand import CONTACT, Reply

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def day(world: World, path: str = "/feed", **headers: str) -> str:
    url = world.on("a", path, Reply(rss("1", at=world.clock()), headers=headers))
    await world.add(url)
    await world.live(DAY)
    assert len(world.log()) > 3
    return url


async def test_26_no_cookie_is_sent_whatever_was_set(world: World) -> None:
    await day(world, **{"Set-Cookie": "session=1; Path=/", "ETag": '"1"'})
    assert not [asked for asked in world.log() if asked.values("cookie")]


async def test_27_no_referer_is_sent(world: World) -> None:
    await day(world)
    assert not [asked for asked in world.log() if asked.values("referer")]


async def test_28_nothing_is_added_to_the_query(world: World) -> None:
    await day(world, "/feed?format=rss&b=&a=%20x")
    assert {asked.path for asked in world.log()} == {"/feed?format=rss&b=&a=%20x"}


async def test_29_no_fragment_is_sent(world: World) -> None:
    url = world.on("a", "/feed", Reply(rss("1", at=world.clock())))
    await world.add(f"{url}#latest")
    await world.live(DAY)
    assert {asked.path for asked in world.log()} == {"/feed"}


async def test_30_the_user_agent_names_the_product_and_where_to_read_about_it(world: World) -> None:
    await day(world)
    agents = {value for asked in world.log() for value in asked.values("user-agent")}
    assert agents == {f"Newsbell/{__version__} (+{CONTACT}; feed poller)".encode()}


async def test_31_gzip_is_asked_for_and_read_and_nothing_else(world: World) -> None:
    body = gzip.compress(rss("zipped", at=world.clock()))
    await world.add(world.on("a", "/feed", Reply(body, headers={"Content-Encoding": "gzip"})))
    await world.live(DAY)
    assert {value for asked in world.log() for value in asked.values("accept-encoding")} == {b"gzip"}
    assert await world.titles() == ["News zipped"]
