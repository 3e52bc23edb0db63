"""The way in of the story: due feeds -> fetch -> what it brought, politely and for ever.

    poll_due     every second: which hosts have feeds to look at?  ............ kicks poll(host)
    poll         one host at a time: claim a feed, fetch it, and then
    look         hand what it brought to the story (`take_in`), or note why it could not be read
    admit        within the story's transaction: note the look, and say which new articles may ring

A feed is claimed with a lease; who comes back after its end finds that the feed is not theirs and changes nothing.
Whatever happens, a feed gets its next check: none is ever given up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from bot import metrics
from bot.core.cadence import BALANCED, Cadence, next_check
from bot.core.errors import FetchError, Throttled
from bot.core.model import Article, Feed, FeedState, Fetched
from bot.core.ports import Source
from bot.jobs import Jobs
from bot.store import Store, Tx

log = structlog.get_logger(__name__)

POLL_LEASE = timedelta(minutes=3)
"""Longer than the longest fetch and parse: who needs more has died."""

Admit = Callable[[Tx, Sequence[Article], datetime], Awaitable[frozenset[str]]]
"""Notes a look within the transaction that stored its new articles; the ids of those that may ring come back."""


class TakeIn(Protocol):
    """Stores what a look brought in one transaction, in which it asks `admit`."""

    async def __call__(self, feed: Feed, fetched: Fetched, admit: Admit) -> list[Article]: ...


class LeaseLost(Exception):
    """Another process took the feed over while we were at it; what it stores is the truth."""


class Poller:
    """Looks at feeds when they are due."""

    def __init__(
        self,
        *,
        store: Store,
        source: Source,
        jobs: Jobs,
        take_in: TakeIn,
        name: str,
        cadence: Cadence = BALANCED,
        random: Random | None = None,
    ) -> None:
        self.store = store
        self.source = source
        self.jobs = jobs
        self.take_in = take_in
        self.name = name
        self.cadence = cadence
        self.random = random or Random()  # noqa: S311  (jitter, not secrets)
        jobs.on("poll", self.poll)

    async def poll_due(self) -> None:
        """Kick a look at every host that has a feed due."""
        async with self.store.read() as tx:
            hosts = await tx.feeds.due_hosts(limit=500)
        await self.jobs.kick("poll", hosts)

    async def poll(self, host: str) -> None:
        """Look at the due feeds of one host, one after the other."""
        while True:
            async with self.store.begin() as tx:
                claimed = await tx.feeds.claim(host, owner=self.name, lease=POLL_LEASE)
            if not claimed:
                return
            for feed in claimed:
                await self.look(feed)

    async def look(self, feed: Feed) -> None:
        """Fetch one claimed feed and take in what it brought; whatever happens, the feed gets its next check."""
        try:
            await self._bring(feed, await self.source.fetch(feed))
        except FetchError as error:
            await self.put_off(feed, error)
        except LeaseLost:
            log.warning("feed was taken over by another process", feed=feed.id)
        except Exception:
            log.exception("feed could not be taken in", feed=feed.id)
            await self.put_off(feed, FetchError("what it sent could not be stored; the log says why"))

    async def add_feed(self, url: str, fetched: Fetched, *, tenant: str, added_by: str) -> tuple[Feed, bool]:
        """Take on a feed that a person found, with the first look at it that was just made."""
        async with self.store.begin() as tx:
            now = await tx.now()
            feed, new = await tx.feeds.add(
                url,
                tenant=tenant,
                added_by=added_by,
                title=fetched.title,
                lang=fetched.lang,
                private=fetched.private,
                now=now,
            )
            claimed = feed.ok_at is None and await tx.feeds.lease(feed.id, owner=self.name, lease=POLL_LEASE)
        if claimed:
            await self._bring(feed, fetched)
        return feed, new

    async def _bring(self, feed: Feed, fetched: Fetched) -> None:
        async def admit(tx: Tx, articles: Sequence[Article], now: datetime) -> frozenset[str]:
            return await self.admit(tx, feed, fetched, articles, now)

        await self.take_in(feed, fetched, admit)
        metrics.POLLS.labels("unchanged" if fetched.unchanged else "read").inc()

    async def admit(
        self, tx: Tx, feed: Feed, fetched: Fetched, articles: Sequence[Article], now: datetime
    ) -> frozenset[str]:
        """Note a successful look. The ids of the new articles that may ring come back."""
        per_day = feed.per_day
        if not feed.ok_at or articles:
            per_day = await tx.feeds.posted(feed.id, now - timedelta(days=14)) / 14
        after = replace(
            feed,
            title=feed.title or fetched.title,
            source=feed.source or fetched.title,
            lang=feed.lang or fetched.lang,
            state=FeedState.ACTIVE,
            reason="",
            # A body that was cut may be followed by 304s for ever: its validators are not kept.
            cache=feed.cache if fetched.partial else fetched.cache,
            fails=0,
            checked_at=now,
            ok_at=now,
            per_day=per_day,
            next_check_at=next_check(feed, now=now, outcome=fetched, cadence=self.cadence, random=self.random.random),
        )
        if not await tx.feeds.save(after, owner=self.name):
            raise LeaseLost
        if fetched.moved_to and len(articles) < len(fetched.entries):
            # It answers there with articles that we know from here: no captive portal, no parked domain.
            await tx.feeds.rename_url(feed.id, fetched.moved_to)
        if feed.ok_at is None:
            return frozenset()  # a feed's first look fills the archive and rings nothing: no flood
        return frozenset(article.id for article in articles)

    async def put_off(self, feed: Feed, error: FetchError) -> None:
        """Note why a feed could not be read, and when to look again."""
        state, fails = FeedState(error.state), feed.fails + 1
        wait = error.wait if isinstance(error, Throttled) else None
        async with self.store.begin() as tx:
            now = await tx.now()
            due = next_check(feed, now=now, outcome=error, cadence=self.cadence, random=self.random.random)
            failed = replace(feed, state=state, reason=str(error), fails=fails, checked_at=now, next_check_at=due)
            await tx.feeds.save(failed, owner=self.name)
            if wait:
                await tx.feeds.penalise(urlsplit(feed.url).hostname or "", now + wait)
        metrics.POLLS.labels(state).inc()
        log.info("feed not read", feed=feed.id, source=feed.source, state=state, reason=str(error), fails=fails)
