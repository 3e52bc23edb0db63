"""The archive asked about a topic: full-text search brings the candidates, the topic engine decides."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from bot.core.model import Article, Match, Sensitivity
from bot.store import Store
from bot.topics import Following, Topic

BATCH = 200
MOST_LOOKED_AT = 5000
"""Candidates looked at for one question; a topic that broad is answered from the newest of them."""


@dataclass(frozen=True, slots=True)
class Found:
    article: Article
    match: Match


async def find(
    store: Store,
    following: Following,
    topic: Topic,
    *,
    tenant: str,
    since: datetime,
    limit: int,
    sensitivity: Sensitivity = Sensitivity.NORMAL,
) -> list[Found]:
    """The articles since then about a topic, newest first, judged as a subscription would judge them."""
    found, _ = await look(store, following, topic, tenant=tenant, since=since, limit=limit, sensitivity=sensitivity)
    return found


async def look(
    store: Store,
    following: Following,
    topic: Topic,
    *,
    tenant: str,
    since: datetime,
    limit: int,
    sensitivity: Sensitivity = Sensitivity.NORMAL,
    most: int = MOST_LOOKED_AT,
) -> tuple[list[Found], datetime]:
    """As `find`, with the moment from which on nothing was left out: later than `since` for too broad a topic."""
    found: list[Found] = []
    seen_links: set[str] = set()
    before: tuple[datetime, int] | None = None
    for first in range(0, most, BATCH):
        batch = min(BATCH, most - first)
        async with store.read() as tx:
            candidates = await tx.archive.search(topic.terms, tenant=tenant, since=since, limit=batch, before=before)
        for number, article in enumerate(candidates):
            if number % 20 == 19:
                await asyncio.sleep(0)  # judging is our own work: let the others have their turn
            match = following.judge(topic, article, sensitivity)
            if match and (article.link_key or article.id) not in seen_links:
                seen_links.add(article.link_key or article.id)
                found.append(Found(article, match))
                if len(found) == limit:
                    return found, article.when
        if len(candidates) < batch:
            return found, since
        before = (candidates[-1].when, int(candidates[-1].id))
    return found, before[0] if before else since
