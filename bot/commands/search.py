"""The archive asked about a topic: full-text search brings the candidates, the topic engine decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model import Article, Match
from bot.store import Store
from bot.topics import Percolator, Topic

BATCH = 200
MOST_LOOKED_AT = 5000
"""Candidates looked at for one question; a topic that broad is answered from the newest of them."""


@dataclass(frozen=True, slots=True)
class Found:
    article: Article
    match: Match


async def find(store: Store, topic: Topic, *, tenant: str, days: int, limit: int) -> list[Found]:
    """The articles of the last days about a topic, newest first, judged as a subscription would judge them."""
    async with store.read() as tx:
        since = await tx.now() - timedelta(days=days)
    judge = Percolator()
    judge.add(topic)
    found: list[Found] = []
    seen_links: set[str] = set()
    before: tuple[datetime, int] | None = None
    for _ in range(MOST_LOOKED_AT // BATCH):
        async with store.read() as tx:
            candidates = await tx.archive.search(topic.terms, tenant=tenant, since=since, limit=BATCH, before=before)
        for article in candidates:
            matches = judge.match(article)
            if matches and (article.link_key or article.id) not in seen_links:
                seen_links.add(article.link_key or article.id)
                found.append(Found(article, matches[0]))
                if len(found) == limit:
                    return found
        if len(candidates) < BATCH:
            break
        before = (candidates[-1].when, int(candidates[-1].id))
    return found
