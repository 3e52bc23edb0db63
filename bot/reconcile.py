"""The recount: every night the matches of a day are made again and held against what was put into the outbox.

An alert and its article are one transaction, so nothing should ever be missing; this is how we would hear of it if our
memory of the subscriptions were behind, or a row were gone. It builds its own index of all subscriptions and asks for
each article that might ring: who should have heard of it, and has its story rung there? What people changed meanwhile
(a topic, a pause, a story put elsewhere) cannot be judged in hindsight and is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot import metrics
from bot.core.model import EVERYONE, Article, Subscription
from bot.store import Store, Tx
from bot.topics import Catalogue, Following

log = structlog.get_logger(__name__)

DAY = timedelta(hours=25)
"""What a night looks back on: a day, and an hour so that nothing falls between two."""
MARGIN = timedelta(minutes=5)
"""A subscription younger than this when the article came may not have been known yet."""
OVERDUE = timedelta(hours=1)
"""After its shelf life, until an alert that neither went out nor was given up counts as lost."""
PAGE = 200
TOLD = 20
"""Missing alerts that are logged one by one."""


@dataclass(frozen=True, slots=True)
class Missing:
    """An alert that should be there: what its channel did not hear of, and why we think so."""

    channel: str
    what: str
    why: str


@dataclass
class Recount:
    """`earned` are pairs of an article and a subscription that it rings; `missing` those nobody rang for."""

    articles: int = 0
    earned: int = 0
    missing: list[Missing] = field(default_factory=list)


class Reconciler:
    """`started_at` is when this catalogue began to decide: what another one decided is not ours to recount."""

    def __init__(
        self, store: Store, catalogue: Catalogue, *, shelf_life: timedelta, started_at: datetime | None = None
    ) -> None:
        self.store = store
        self.catalogue = catalogue
        self.shelf_life = shelf_life
        self.started_at = started_at

    async def nightly(self) -> None:
        """Recount the last day, for the log and the metrics."""
        found = await self.recount(DAY)
        metrics.LOST.set(len(found.missing))
        metrics.RECOUNTED.set(found.earned)
        for each in found.missing[:TOLD]:
            log.error("an alert is missing", channel=each.channel, what=each.what, why=each.why)
        log.info("recounted", articles=found.articles, earned=found.earned, missing=len(found.missing))

    async def recount(self, span: timedelta) -> Recount:
        """Recount what came within the span until a moment ago."""
        following = await self._following()
        async with self.store.read() as tx:
            now = await tx.now()
            since = max(now - span, self.started_at or now - span)
            found = Recount(missing=await self._rows_gone(tx, since, now))
        after = 0
        while True:
            async with self.store.read() as tx:
                articles = await tx.reports.might_ring(since, now - timedelta(minutes=1), after=after, limit=PAGE)
                for article in articles:
                    await self._check(tx, following, article, found)
            if len(articles) < PAGE:
                return found
            after = int(articles[-1].id)
            await asyncio.sleep(0)

    async def _following(self) -> Following:
        """Who follows what, read anew: not from the memory that is being checked."""
        following = Following(self.catalogue)
        async with self.store.read() as tx:
            alive, ended, revision = await tx.subscriptions.changed(0)
            following.define(await tx.topics.changed(0))
        following.update(alive, ended, revision)
        return following

    async def _check(self, tx: Tx, following: Following, article: Article, found: Recount) -> None:
        found.articles += 1
        hits = [(s, match.topic) for s, match in following.hits(article) if await _judgeable(tx, s, article)]
        await asyncio.sleep(0)  # judging is our own work: let the others have their turn
        if not hits:
            return
        audience = await tx.feeds.audience(article.feed_id)
        muted = await tx.subscriptions.muted(article.story_id)
        heard = await tx.outbox.alerted(article.story_id) | await tx.deliveries.about(int(article.id))
        for subscription, topic in hits:
            hears = EVERYONE in audience or subscription.tenant in audience
            if hears and subscription.channel not in muted:
                found.earned += 1
                if (subscription.channel, topic) not in heard:
                    found.missing.append(Missing(subscription.channel, f"{topic}: {article.title}", "it never rang"))

    async def _rows_gone(self, tx: Tx, since: datetime, now: datetime) -> list[Missing]:
        """Alerts that were queued and are in the outbox no more, and those that nobody sends or gives up."""
        gone: Sequence[tuple[str, str]] = await tx.deliveries.vanished(since)
        stuck = await tx.deliveries.stuck(now - self.shelf_life - OVERDUE)
        return [
            *(Missing(channel, delivery, "its row is gone from the outbox") for channel, delivery in gone),
            *(Missing(channel, delivery, "it waits past its shelf life") for channel, delivery in stuck),
        ]


async def _judgeable(tx: Tx, subscription: Subscription, article: Article) -> bool:
    """Whether it was set up then as it is now."""
    came = article.fetched_at
    changed = subscription.changed_at or subscription.created_at
    if came is None or changed is None or changed > came - MARGIN:
        return False
    return not await tx.audit.has(subscription.tenant, ("feed add", "feed resume", "unmute"), since=came - MARGIN)
