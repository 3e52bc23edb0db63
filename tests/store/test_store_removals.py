"""What left a feed, since when feeds are read, and that a surge was told: on each database."""

from __future__ import annotations

from datetime import timedelta

from bot.core.model import EVERYONE, Channel, Entry
from bot.store import Store
from tests.store.databases import START

DAY = timedelta(days=1)


async def test_an_article_that_left_a_whole_document_is_noted_once_and_forgotten_when_it_is_back(store: Store) -> None:
    entries = [
        Entry(str(number), f"Report {number}", published=START - timedelta(hours=9 - number)) for number in range(9)
    ]
    async with store.begin() as tx:
        feed, _ = await tx.feeds.add("https://wire.example/rss", tenant=EVERYONE, now=START)
        for article in await tx.archive.add(feed, entries, now=START):
            await tx.archive.open_story(article, now=START)
        assert list(await tx.archive.begins("web")) == [feed.id]
        assert await tx.revisions.gone(feed, entries, now=START) == []
        [story] = await tx.revisions.gone(feed, entries[:-1], now=START)
        assert await tx.revisions.gone(feed, entries[:-1], now=START) == []
        [noted] = await tx.revisions.of_story(story, "web")
        assert (noted.removed, noted.title) == (True, "Report 8")
        assert await tx.revisions.back(feed, entries) == [story]
        assert await tx.revisions.of_story(story, "web") == []
        assert await tx.revisions.gone(feed, entries[:5], now=START) == [], "so many are a feed in a new order"


async def test_a_surge_is_told_once_within_its_quiet_time(store: Store) -> None:
    async with store.begin() as tx:
        made, _ = await tx.subscriptions.add("web", Channel("web:here", "web", "here"), "ISIL", now=START)
        assert not await tx.subscriptions.was_surging(made.id, START - DAY)
        assert await tx.subscriptions.surges(made.id, now=START, quiet=DAY)
        assert not await tx.subscriptions.surges(made.id, now=START + DAY / 2, quiet=DAY)
        assert await tx.subscriptions.was_surging(made.id, START - DAY)
        assert await tx.subscriptions.surges(made.id, now=START + DAY, quiet=DAY)
        assert await tx.subscriptions.muted_in("web:here") == frozenset()
