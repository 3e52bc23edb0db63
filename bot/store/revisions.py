"""Revisions: what an outlet said before it changed an article that we know."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select, update

from bot.core.model import Article, Entry, Feed, Revision
from bot.store import tables as t
from bot.store.article_row import SHOWN, row_of, to_article, visible
from bot.store.items import OfItems, digest
from bot.store.transaction import Record, Transaction
from bot.store.words import searchable
from bot.stories.corrections import Change, change

OLD = 4_000
"""Characters of an old summary that are kept."""
MOST = 20
"""Revisions kept of one article: a live blog has a new headline every few minutes."""

STAY = 3
"""Items of a document that must be older than one that left it: then its end did not come near."""
LEAVE = 2
"""Articles that may leave together and be called removed; more is a feed that orders itself anew."""
RECENT = timedelta(days=3)

article, revision = t.article.c, t.revision.c
REMOVED = (revision.headline.is_(False), revision.rewritten.is_(False))

KNOWN = OfItems(t.article, lambda which: select(*SHOWN).where(which))


def _back(which: ColumnElement[bool]) -> Any:
    mine = select(article.id).where(which)
    return delete(t.revision).where(*REMOVED, revision.article_id.in_(mine)).returning(revision.article_id)


BACK = OfItems(t.article, _back)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """An article whose text its outlet has changed. `told` where that is a correction, and no noise of the feed."""

    before: Article
    after: Article
    told: bool


class Revisions:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def take(
        self, feed: Feed, entries: Sequence[Entry], *, new: Collection[str] = (), now: datetime
    ) -> list[Rewritten]:
        """Store what has changed of the articles that are known and in a story, and answer with them.

        `new` are the ids of those that have come just now.
        """
        by_key = {digest(entry.key): entry for entry in reversed(entries)}  # of an item that is there twice, the first
        rewritten: list[Rewritten] = []
        for known in await KNOWN.ask(self.tx, feed.id, list(by_key)):
            if str(known.id) not in new:
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
        before = to_article(known._asdict())
        after = replace(before, title=values["title"], summary=values["summary"], text=text)
        return [Rewritten(before, after, bool(found))]

    async def gone(self, feed: Feed, entries: Sequence[Entry], *, now: datetime) -> list[int]:
        """Note what has left a feed's whole document although older items stay; the stories that it belongs to.

        That is as much as a feed lets know of a removal. Where several leave at once the feed is no list of the newest,
        or was rebuilt, and nothing is said.
        """
        published = sorted(entry.published for entry in entries if entry.published)
        if len(published) < STAY:
            return []
        after = max(published[STAY - 1], now - RECENT)
        keys = {digest(entry.key) for entry in entries}
        links = {entry.link_key for entry in entries if entry.link_key}
        rows = await self.tx.rows(
            select(article.id, article.key, article.link_key, article.story_id, article.title)
            .where(article.feed_id == feed.id, article.published > after, article.story_id.is_not(None))
            .order_by(article.at.desc()).limit(len(entries) + MOST)
        )  # fmt: skip
        missing = [row for row in rows if row.key not in keys and row.link_key not in links]
        noted = await self._removed([row.id for row in missing])
        fresh = [row for row in missing if row.id not in noted]
        if len(fresh) > LEAVE or len(fresh) * 4 > len(rows):
            return []
        for row in fresh:
            await self.tx.execute(
                self.tx.insert(t.revision).values(
                    article_id=row.id, at=now, title=row.title, summary="", headline=False, rewritten=False
                )
            )
        return [row.story_id for row in fresh]

    async def back(self, feed: Feed, entries: Sequence[Entry]) -> list[int]:
        """What a feed shows again was not removed; the stories that it belongs to."""
        stories: dict[int, None] = {}
        for row in await BACK.ask(self.tx, feed.id, [digest(entry.key) for entry in entries]):
            found = await self.tx.first(select(article.story_id).where(article.id == row.article_id))
            stories |= {found.story_id: None} if found else {}
        return list(stories)

    async def _removed(self, ids: list[int]) -> set[int]:
        rows = await self.tx.rows(select(revision.article_id).where(*REMOVED, revision.article_id.in_(ids)))
        return {row.article_id for row in rows}

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
