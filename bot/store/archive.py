"""The archive: every article that came, the memory of what was seen, and the stories that articles make up.

An article belongs to its feed. A tenant sees the articles of the feeds it uses; where a use has ended, those that came
before the end.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import (
    Select,
    delete,
    exists,
    func,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from bot.core.model import EVERYONE, Article, Entry, Feed, Story
from bot.store import intake
from bot.store import tables as t
from bot.store.article_row import SHOWN, number, row_of, to_article, visible
from bot.store.feeds import Feeds
from bot.store.items import FEW, digest
from bot.store.search import matching
from bot.store.transaction import Transaction, slices
from bot.store.words import LONGEST_TITLE, clean

log = structlog.get_logger(__name__)

MEMORY = timedelta(days=90)
"""How much longer than its article a key is remembered: a feed may slide back and show old items once more."""

TOUCH = timedelta(days=1)
"""How often the memory of an item that is still in its feed is renewed; each poll would be a write for nothing."""


@dataclass(frozen=True, slots=True)
class ArchiveCount:
    articles: int
    stories: int
    sources: int
    feeds: int


class Archive:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def unseen(self, feed_id: int, entries: Sequence[Entry]) -> list[Entry]:
        """The entries whose key this feed has never shown, in their order, each key once.

        In a write transaction the memory of the others is renewed: what is still in the document is not forgotten.
        """
        by_key: dict[str, Entry] = {}
        for entry in entries:
            by_key.setdefault(digest(entry.key), entry)
        now = await self.tx.now()
        rows = await intake.SEEN.ask(self.tx, feed_id, list(by_key))
        seen = {row.key for row in rows}
        fading = [row.key for row in rows if row.last_seen < now - TOUCH]
        if self.tx.writable:
            for keys in slices(fading):
                await self.tx.execute(
                    update(t.seen).where(t.seen.c.feed_id == feed_id, t.seen.c.key.in_(keys)).values(last_seen=now)
                )
        return [entry for key, entry in by_key.items() if key not in seen]

    async def knows(self, feed_id: int, entries: Sequence[Entry]) -> bool:
        """Whether the feed has shown one of these entries: by its key, or its link."""
        keys = {digest(entry.key) for entry in entries}
        links = {entry.link_key for entry in entries if entry.link_key}
        seen = select(t.seen.c.key).where(t.seen.c.feed_id == feed_id, t.seen.c.key.in_(list(keys)[:5_000]))
        if await self.tx.first(seen.limit(1)) is not None:
            return True
        linked = select(t.article.c.id).where(
            t.article.c.feed_id == feed_id, t.article.c.link_key.in_(list(links)[:5_000])
        )
        return await self.tx.first(linked.limit(1)) is not None

    async def add(self, feed: Feed, entries: Sequence[Entry], *, now: datetime) -> list[Article]:
        """Store what is new; the new articles come back, oldest first.

        An entry that a database refuses is logged and skipped, and remembered so that it is not tried at every poll.
        """
        in_use = await self.tx.ask(intake.TENANT, its_feed=feed.id)
        if not in_use:
            return []  # removed while it was being fetched
        kept = in_use[0]
        if len(entries) <= FEW:
            # Few are nearly always news: noted at once, and asked for only where they were not.
            unique = {digest(entry.key): entry for entry in reversed(entries)}
            fresh = await self._remember(feed.id, list(unique), now)
            if len(fresh) < len(unique):
                await self.unseen(feed.id, [entry for key, entry in unique.items() if key not in fresh])
        else:
            unique = {digest(entry.key): entry for entry in reversed(await self.unseen(feed.id, entries))}
            fresh = await self._remember(feed.id, list(unique), now)
        # Documents list the newest first: reversed, entries without a date come out oldest first as well.
        rows = []
        for key, entry in unique.items():
            if key in fresh:
                try:
                    rows.append(row_of(feed, kept.tenant, key, entry, now))
                except Exception:  # whatever an entry does to us, it does to itself alone
                    log.exception("an article could not be read", feed=feed.id)
        rows.sort(key=lambda row: row["at"])
        ids = await self._insert(rows)
        articles = [
            to_article(row | {"id": ids[row["key"]], "story_id": None, "region": feed.region})
            for row in rows
            if row["key"] in ids
        ]
        return sorted(articles, key=lambda article: int(article.id))

    async def echoes(self, feed: Feed, articles: Sequence[Article], *, flood: bool) -> frozenset[str]:
        """Those of the new articles that the feed has shown before under another key; their ids.

        The same is what has the same link and headline; in a flood, where a feed renamed its items, one of them will do
        (a link that several of the articles share says nothing).
        """
        new = {number(article.id) for article in articles}
        links = [article.link_key for article in articles]
        known: dict[str, set[str]] = {}
        titles: set[str] = set()
        row = t.article.c
        for link in sorted({link for link in links if link}):
            for old in await self.tx.ask(intake.LINKED, its_feed=feed.id, its_link=link):
                if old.id not in new:
                    known.setdefault(link, set()).add(_said(old.title))
        if flood:
            recent = select(row.id, row.title).where(row.feed_id == feed.id).order_by(row.at.desc()).limit(5_000)
            titles = {_said(old.title) for old in await self.tx.rows(recent) if old.id not in new}
        return frozenset(
            article.id
            for article in articles
            if _said(article.title) in known.get(article.link_key, ())
            or (flood and article.link_key in known and links.count(article.link_key) == 1)
            or _said(article.title) in titles
        )

    async def drop(self, ids: Collection[str]) -> None:
        """Take articles out again that are in no story yet; that their keys were seen stays known."""
        for numbers in slices([number(each) for each in ids]):
            await self.tx.execute(delete(t.article).where(t.article.c.id.in_(numbers), t.article.c.story_id.is_(None)))

    async def _remember(self, feed_id: int, keys: list[str], now: datetime) -> set[str]:
        """Note the keys as seen; those that nobody else noted meanwhile come back."""
        if self.tx.dialect == "sqlite" or len(keys) <= FEW:
            asked = [await self.tx.ask(intake.REMEMBER, its_feed=feed_id, its_key=key, its_now=now) for key in keys]
            return {row.key for rows in asked for row in rows}
        rows = await self.tx.execute(
            self.tx.insert(t.seen).on_conflict_do_nothing(index_elements=["feed_id", "key"]).returning(t.seen.c.key),
            [{"feed_id": feed_id, "key": key, "last_seen": now} for key in keys],
        )
        return {row.key for row in rows}

    async def _insert(self, rows: list[dict[str, Any]]) -> dict[str, int]:
        """Insert the rows and answer with their ids by key: all at once, or in halves until a poison row is alone."""
        if not rows:
            return {}
        try:
            return await self._insert_all(rows)
        except (SQLAlchemyError, ValueError, OverflowError) as error:
            if not _is_poison(error):
                raise
            if len(rows) == 1:
                reason = type(getattr(error, "orig", None) or error).__name__
                log.warning("an article could not be stored", feed=rows[0]["feed_id"], reason=reason)
                return {}
        half = len(rows) // 2
        return await self._insert(rows[:half]) | await self._insert(rows[half:])

    async def _insert_all(self, rows: list[dict[str, Any]]) -> dict[str, int]:
        if self.tx.dialect == "sqlite" and len(rows) == 1:  # where a statement that fails takes nothing along
            values = {f"its_{name}": value for name, value in rows[0].items()}
            return {row.key: row.id for row in await self.tx.ask(intake.STORE, **values)}
        insert = (
            self.tx.insert(t.article)
            .on_conflict_do_nothing(index_elements=["feed_id", "key"])
            .returning(t.article.c.id, t.article.c.key)
        )
        async with self.tx.connection.begin_nested():
            return {row.key: row.id for row in await self.tx.execute(insert, rows)}

    async def open_story(self, article: Article, *, now: datetime) -> int:
        """A new story with this article in it; its number."""
        (story,) = await self.tx.ask(
            intake.OPEN, its_article=number(article.id), its_headline=clean(article.title, LONGEST_TITLE),
            its_at=article.when, its_now=now,
        )  # fmt: skip
        story_id = int(story.id)
        if not await self.tx.ask(intake.ENTER, its_article=number(article.id), its_story=story_id):
            await self.tx.execute(update(t.story).where(t.story.c.id == story_id).values(articles=0))
            await self.join_story(article.id, story_id, copy_of=None, now=now)  # it leaves another one
        return story_id

    async def join_story(self, article_id: str, story_id: int, *, copy_of: str | None, now: datetime) -> None:
        """Put an article into a story, out of any other; saying it twice changes nothing."""
        found = await self.tx.ask(intake.MEMBER, its_article=number(article_id))
        if not found:
            return
        (row,) = found
        copied = number(copy_of) if copy_of else None
        await self.tx.ask(intake.JOIN, its_article=number(article_id), its_story=story_id, its_original=copied)
        if row.story_id == story_id:
            return
        if row.story_id is not None:
            story = t.story.c
            await self.tx.execute(
                update(t.story).where(story.id == row.story_id).values(articles=story.articles - 1, updated_at=now)
            )
        await self.tx.ask(intake.GROW, its_story=story_id, its_at=row.at, its_now=now)

    async def story(self, story_id: int, tenant: str | None = None) -> Story | None:
        """A story with its outlets, the earliest first.

        With `tenant`, as that tenant may see it: a private feed's article is neither counted nor named to others.
        """
        found = await self.tx.ask(intake.TOLD, its_story=story_id)
        if not found:
            return None
        (row,) = found
        if tenant is None:
            outlets = await self.tx.ask(intake.OUTLETS, its_story=story_id)
            sources = tuple(outlet.source for outlet in outlets if outlet.source)
            return Story(row.id, row.headline, row.first_seen, row.last_seen, row.articles, sources)
        article = t.article.c
        mine = (article.story_id == story_id, visible(tenant))
        outlets = await self.tx.rows(intake.SELECT_OUTLETS.where(*mine))
        sources = tuple(outlet.source for outlet in outlets if outlet.source)
        title = await self.tx.first(select(article.title).where(*mine).order_by(article.at, article.id).limit(1))
        if title is None:
            return None
        first, last = min(outlet[2] for outlet in outlets), max(outlet[3] for outlet in outlets)
        return Story(row.id, title[0], first, last, sum(outlet[1] for outlet in outlets), sources)

    async def placed_after(self, article_id: int, since: datetime, limit: int = 500) -> list[Article]:
        """Articles with a larger id that are in a story and not older than `since`, by id: with their texts."""
        rows = await self.tx.ask(intake.PLACED, its_article=article_id, its_since=since, its_limit=limit)
        return [to_article(row._asdict()) for row in rows]

    async def get(self, article_id: str, tenant: str) -> Article | None:
        row = await self.tx.first(select(*SHOWN).where(t.article.c.id == number(article_id), visible(tenant)))
        return to_article(row._mapping) if row else None

    async def of_feed(self, feed_id: int, *, limit: int = 10) -> list[Article]:
        """The newest articles of a feed that the caller may see."""
        return await self._newest(select(t.article.c.id).where(t.article.c.feed_id == feed_id), limit, None)

    async def of_story(self, story_id: int, tenant: str, *, limit: int = 50) -> list[Article]:
        """The newest articles of a story, as far as the tenant may see them."""
        if not story_id:
            return []
        return await self._newest(
            select(t.article.c.id).where(t.article.c.story_id == story_id, visible(tenant)), limit, None
        )

    async def search(
        self,
        terms: Sequence[Sequence[str]],
        *,
        tenant: str,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        before: tuple[datetime, int] | None = None,
    ) -> list[Article]:
        """Articles with at least one phrase of every group, newest first; `terms` are folded phrases.

        No group at all asks for everything; a group without a phrase is found nowhere.
        The next page begins `before=(last.when, int(last.id))`. `until` is exclusive.
        """
        found = matching(self.tx.dialect, terms)
        if found is None:
            return []
        wanted = select(t.article.c.id).where(visible(tenant), *found)
        if since is not None:
            wanted = wanted.where(t.article.c.at >= since)
        if until is not None:
            wanted = wanted.where(t.article.c.at < until)
        return await self._newest(wanted, limit, before)

    async def latest(
        self, tenant: str, *, limit: int = 10, before: tuple[datetime, int] | None = None
    ) -> list[Article]:
        return await self._newest(select(t.article.c.id).where(visible(tenant)), limit, before)

    async def _newest(self, wanted: Select[Any], limit: int, before: tuple[datetime, int] | None) -> list[Article]:
        if before is not None:
            moment, number = before
            wanted = wanted.where(
                t.article.c.at <= moment,  # said twice: SQLite seeks by this one and filters by the pair
                tuple_(t.article.c.at, t.article.c.id) < tuple_(literal(moment, t.Instant), literal(number, t.Id)),
            )
        newest_first = (t.article.c.at.desc(), t.article.c.id.desc())
        # First which, then what they say: sorting all that match would carry their texts along.
        which = wanted.order_by(*newest_first).limit(limit).scalar_subquery()
        rows = await self.tx.rows(select(*SHOWN).where(t.article.c.id.in_(which)).order_by(*newest_first))
        return [to_article(row._mapping) for row in rows]

    async def count(self, tenant: str, since: datetime) -> ArchiveCount:
        """What the tenant's feeds have brought since then."""
        article = t.article.c
        counted = await self.tx.execute(
            select(
                func.count(),
                func.count(article.story_id.distinct()),
                func.count(article.source.distinct()),
                func.count(article.feed_id.distinct()),
            ).where(article.at >= since, visible(tenant))
        )
        articles, stories, sources, feeds = counted.one()
        return ArchiveCount(articles, stories, sources, feeds)

    async def begins(self, tenant: str) -> dict[int, datetime]:
        """Since when the tenant's feeds are read, by feed, as far back as the archive goes."""
        article, use = t.article.c, t.feed_use.c
        mine = select(use.feed_id).where(use.tenant.in_((EVERYONE, tenant)), use.own.is_(True), use.ended_at.is_(None))
        rows = await self.tx.rows(
            select(article.feed_id, func.min(article.fetched_at)).where(article.feed_id.in_(mine))
            .group_by(article.feed_id)
        )  # fmt: skip
        return {row[0]: row[1] for row in rows}

    async def prune(self, before: datetime, batch: int = 1000) -> int:
        """Delete up to `batch` articles that came before then, and what they leave empty; how many went.

        Call it again, each time in its own transaction, until it answers less than `batch`.
        """
        old = (
            select(t.article.c.id).where(t.article.c.fetched_at < before).order_by(t.article.c.fetched_at).limit(batch)
        )
        gone = await self.tx.rows(
            delete(t.article).where(t.article.c.id.in_(old.scalar_subquery())).returning(t.article.c.story_id)
        )
        stories = sorted({row.story_id for row in gone if row.story_id is not None})
        for numbers in slices(stories):
            await self._forget_empty(numbers)
        forgotten = select(t.seen.c.feed_id, t.seen.c.key).where(t.seen.c.last_seen < before - MEMORY).limit(batch)
        await self.tx.execute(delete(t.seen).where(tuple_(t.seen.c.feed_id, t.seen.c.key).in_(forgotten)))
        if len(gone) < batch:
            await Feeds(self.tx).forget_unused()
        return len(gone)

    async def _forget_empty(self, stories: list[int]) -> None:
        filled = exists().where(t.article.c.story_id == t.story.c.id)
        rows = await self.tx.rows(delete(t.story).where(t.story.c.id.in_(stories), ~filled).returning(t.story.c.id))
        empty = [row.id for row in rows]
        for table in (t.alerted, t.muted_story, t.card):
            await self.tx.execute(delete(table).where(table.c.story_id.in_(empty)))


def _is_poison(error: Exception) -> bool:
    """Whether the row is to blame. For a full disk or a lost connection it is not: then the poll fails whole."""
    if not isinstance(error, DBAPIError):
        return True  # refused on the way to the database: no UTF-8, no 64-bit number
    state = getattr(error.orig, "sqlstate", None) or ""
    return isinstance(error, DataError | IntegrityError) or state[:2] in ("22", "54")  # data, limits of the program


def _said(title: str) -> str:
    return " ".join(title.casefold().split())
