from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.errors import SettingsError
from bot.store import Store

pytest_plugins = ("databases",)


async def test_a_store_opens_twice_and_keeps_what_it_has(database_url: str) -> None:
    first = await Store.open(database_url)
    async with first.begin() as tx:
        feed, created = await tx.feeds.add("https://news.example/rss", now=await tx.now())
    await first.close()
    second = await Store.open(database_url)
    async with second.read() as tx:
        assert await tx.feeds.get(feed.id) == feed
    await second.close()
    assert created
