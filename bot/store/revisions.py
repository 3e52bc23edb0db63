"""Revisions: what an outlet said before it changed an article that we know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update

from bot.core.model import Article, Entry, Feed, Revision
from bot.store import tables as t
from bot.store.archive import SHOWN, digest, row_of, slices, to_article, visible
from bot.store.transaction import Record, Transaction
from bot.store.words import searchable
from bot.stories.corrections import Change, change

OLD = 4_000
"""Characters of an old summary that are kept."""
MOST = 20
"""Revisions kept of one article: a live blog has a new headline every few minutes."""

article, revision = t.article.c, t.revision.c


@dataclass(frozen=True, slots=True)
class Rewritten:
    """An article whose text its outlet has changed. `told` where that is a correction, and no noise of the feed."""

    before: Article
    after: Article
    told: bool


class Revisions:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def take(self, feed: Feed, entries: Sequence[Entry], *, now: datetime) -> list[Rewritten]:
        """Store what has changed of the articles that are known and in a story, and answer with them."""
        by_key = {digest(entry.key): entry for entry in reversed(entries)}  # of an item that is there twice, the first
        rewritten: list[Rewritten] = []
        for keys in slices(list(by_key)):
            rows = await self.tx.rows(
                select(*SHOWN).where(article.feed_id == feed.id, article.key.in_(keys))
            )  # fmt: skip
            for known in rows:
                rewritten += await self._changed(feed, known, by_key[known.key], now)
        return [each for each in rewritten if each.before.story_id]

    async def _changed(self, feed: Feed, known: Record, entry: Entry, now: datetime) -> list[Rewritten]:
        fresh = row_of(feed, known.tenant, known.key, entry, now)
        same_title, same_summary = fresh["title"] == known.title, fresh["summary"] == known.summary
        if not fresh["title"] or (same_title and same_summary and fresh["text"] in (known.text, "")):
            return []
        found = change(
            known.title,
            known.text if len(known.text) > len(known.summary) else known.summary,
            fresh["title"],
            fresh["text"] if len(fresh["text"]) > len(fresh["summary"]) else fresh["summary"],
        )
        values = {name: fresh[name] for name in ("title", "summary")}
        text = fresh["text"] or known.text  # a feed that carries no full text any more takes none back
        values |= {"text": text, "words": searchable(fresh["title"], fresh["summary"], text)}
        await self.tx.execute(update(t.article).where(article.id == known.id).values(**values))
        if found and await self._kept(known.id) < MOST:
            await self._note(known, found, now)
        if found.headline:
            story = t.story.c
            await self.tx.execute(
                update(t.story)
                .where(story.id == known.story_id, story.headline == known.title)
                .values(headline=fresh["title"], updated_at=now)
            )
        before = to_article(known._mapping)
        after = replace(before, title=values["title"], summary=values["summary"], text=text)
        return [Rewritten(before, after, bool(found))]

    async def _kept(self, article_id: int) -> int:
        counted = await self.tx.execute(select(func.count()).where(revision.article_id == article_id))
        return int(counted.scalar_one())

    async def _note(self, known: Record, found: Change, now: datetime) -> None:
        await self.tx.execute(
            self.tx.insert(t.revision).values(
                article_id=known.id, at=now, title=known.title, summary=(known.summary or known.text)[:OLD],
                headline=found.headline, rewritten=found.text,
            )
        )  # fmt: skip

    async def of_story(self, story_id: int, tenant: str) -> list[Revision]:
        """What has changed in a story's articles as far as the tenant may see them, oldest first."""
        rows = await self.tx.rows(
            _revisions().where(article.story_id == story_id, visible(tenant)).order_by(revision.at, revision.id)
        )
        return [_revision(row) for row in rows]

    async def since(self, since: datetime, tenant: str, *, limit: int = 500) -> list[Revision]:
        """What has changed since then in the articles that the tenant may see, newest first."""
        rows = await self.tx.rows(
            _revisions()
            .where(revision.at >= since, visible(tenant))
            .order_by(revision.at.desc(), revision.id.desc())
            .limit(limit)
        )
        return [_revision(row) for row in rows]


def _revisions() -> Select[Any]:
    return select(
        revision.article_id, revision.at, revision.title, revision.summary, revision.headline, revision.rewritten
    ).join(t.article, article.id == revision.article_id)


def _revision(row: Record) -> Revision:
    return Revision(
        article_id=str(row.article_id),
        at=row.at,
        title=row.title,
        summary=row.summary,
        headline=row.headline,
        text=row.rewritten,
    )
