"""The whole story with the world shut out: feeds on loopback, and whoever reaches for anything else is caught."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

import pytest

from bot.demo import Wire
from bot.sources.feed import FeedSource
from bot.store import Store
from bot.topics import Catalogue
from tests.fakes.newsroom import GENERAL, Newsroom
from tests.fakes.ports import Clock, FakePlatform, FakeSource
from tests.fakes.settings import ROOT

_watching: list[str] | None = None
"""What was reached for while the world is shut out; None where it is open."""


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching is None or event not in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        return
    address = arguments[1] if event == "socket.connect" else arguments
    if isinstance(address, tuple) and not _is_here(str(address[0])):
        _watching.append(f"{event} {address[0]}")
        raise OSError(f"the world is shut out: {address[0]}")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


sys.addaudithook(_hook)  # it sees what any library does, and cannot be taken off; so it sleeps by itself


@contextmanager
def shut_out() -> Iterator[list[str]]:
    global _watching  # noqa: PLW0603  (an audit hook is one for the process)
    _watching = []
    try:
        yield _watching
    finally:
        _watching = None


@pytest.fixture
async def wire(clock: Clock) -> AsyncIterator[Wire]:
    t0 = clock() + timedelta(hours=4)
    wire = Wire(ROOT / "config/demo", clock=clock, t0=t0, pace=timedelta(minutes=1), port=0)
    await wire.start()
    yield wire
    await wire.close()


async def test_feeds_matches_stories_summaries_and_cards_need_no_network(
    wire: Wire, store: Store, clock: Clock, catalogue: Catalogue
) -> None:
    with shut_out() as reached:
        allowed = frozenset({wire.address})
        async with FeedSource(
            contact="https://newsbell.example/", allowed=allowed, gap=0, jitter=0, now=clock
        ) as source:
            room = Newsroom(store, clock, cast(FakeSource, source), FakePlatform(), catalogue)
            await room.restart()
            feeds = wire.feeds()
            for feed in feeds:
                await room.add_feed(feed.url, source=feed.source)
            host = "http://127.0.0.1/"
            await room.poll(host)  # the backlog, which rings nothing
            await room.say("/subscribe Russia-Iraq")
            await room.poll(host)
            await room.poll(host)
            await room.flush(GENERAL)
            await room.edit(GENERAL)
    assert reached == []
    posted = [message for _, _, message in room.platform.posted]
    assert posted
    assert any("Coverage" in message.text for message in posted), "a card goes on as its story does"
    assert all(message.body for message in posted), "each says why it rings, or what it is about"


def test_who_reaches_out_is_caught() -> None:
    import socket

    with shut_out() as reached:
        with pytest.raises(OSError, match="shut out"):
            socket.create_connection(("192.0.2.1", 80), timeout=1)
        with pytest.raises(OSError, match="shut out"):
            socket.getaddrinfo("news.example", 80)
    assert reached == ["socket.getaddrinfo 192.0.2.1", "socket.getaddrinfo news.example"]
