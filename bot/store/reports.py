"""Reports: how each article came to its story, whose words it brings, and who moved it."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, delete, exists, func, select, update

from bot.core.model import Article, Report
from bot.store import tables as t
from bot.store.archive import Archive
from bot.store.article_row import SHOWN, number, to_article, visible
from bot.store.cards import Cards
from bot.store.prepared import Prepared
from bot.store.revision import newest_revision, next_revision
from bot.store.transaction import Record, Transaction
from bot.store.words import clean

MOST = 500
"""Reports of one story that are looked at; a story with more is a live event that nobody reads to its end."""

SPLIT, MERGED = "split", "merged"
"""Why an article is in its story, where a person said so."""

report, article = t.report.c, t.article.c


@cache
def _put(*names: str) -> Prepared:
    """Sets these columns of an article's report, and leaves the others as they are."""

    def build(insert: Any) -> Any:
        its = {name: bindparam(f"its_{name}", type_=report[name].type) for name in ("article_id", *names)}
        changed = {name: its[name] for name in names}
        return insert(t.report).values(its).on_conflict_do_update(index_elements=["article_id"], set_=changed)

    return Prepared(build)


class Reports:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def note(
        self, article_id: str, story_id: int, *, origin: str, why: str, score: float, may_ring: bool = False
    ) -> None:
        """Record what put an article into its story, and whether it is such that it might ring."""
        values = {"origin": clean(origin), "why": why, "score": score, "may_ring": may_ring}
        await self._put(article_id, story_id, **values, moved_by="", revision=0)

    async def might_ring(self, since: datetime, until: datetime, *, after: int, limit: int) -> list[Article]:
        """Articles of that time that might ring and are as they were then, in order: to be recounted."""
        revised = exists().where(t.revision.c.article_id == article.id)
        rows = await self.tx.rows(
            select(*SHOWN)
            .join(t.report, report.article_id == article.id)
            .where(
                article.fetched_at >= since,
                article.fetched_at < until,
                article.id > after,
                report.may_ring,
                report.revision == 0,
                ~revised,
            )
            .order_by(article.id)
            .limit(limit)
        )
        return [to_article(row._mapping) for row in rows]

    async def move(
        self, article_id: str, story_id: int, *, why: str, moved_by: str, now: datetime, copy_of: str | None = None
    ) -> None:
        """Put an article into another story by hand; other processes hear of it by its revision."""
        await Archive(self.tx).join_story(article_id, story_id, copy_of=copy_of, now=now)
        old = await self.tx.first(select(report.origin).where(report.article_id == number(article_id)))
        await self._put(
            article_id, story_id, origin=old.origin if old else "", why=why, score=0.0, moved_by=clean(moved_by),
            revision=await next_revision(self.tx, "move"),
        )  # fmt: skip

    async def split(self, article_id: str, *, moved_by: str, now: datetime) -> int | None:
        """Give an article, with the copies of it, a story of its own; its number, or None where it has one already."""
        known = await self.tx.first(select(report.story_id).where(report.article_id == number(article_id)))
        if known is None:
            return None
        members = await self._members(known.story_id)
        chosen = number(article_id)
        gone = [member for member in members if chosen in (member.id, member.copy_of)]
        if len(gone) == len(members) or not gone:
            return None
        archive = Archive(self.tx)
        gone.sort(key=lambda member: member.id != chosen)
        opened = await archive.open_story(to_article(gone[0]._mapping), now=now)
        for member in gone:
            copied = article_id if member.copy_of == chosen else None
            await self.move(str(member.id), opened, why=SPLIT, moved_by=moved_by, now=now, copy_of=copied)
        await Cards(self.tx).want(known.story_id, now=now)
        return opened

    async def merge(self, source: int, target: int, *, moved_by: str, now: datetime) -> int:
        """Put a story's articles into another one, and end it; how many there were.

        Who rang for it has rung for the other, a channel that muted it has muted the other, and its cards go on there.
        """
        members = await self._members(source)
        for member in members:
            copied = str(member.copy_of) if member.copy_of else None
            await self.move(str(member.id), target, why=MERGED, moved_by=moved_by, now=now, copy_of=copied)
        for table in (t.alerted, t.muted_story, t.card):
            keys = [column for column in table.primary_key.columns if column.name != "story_id"]
            other = table.alias("other")
            taken = exists().where(other.c.story_id == target, *(other.c[key.name] == key for key in keys))
            mine = table.c.story_id == source
            await self.tx.execute(delete(table).where(mine, taken))
            await self.tx.execute(update(table).where(mine).values(story_id=target))
        await self.tx.execute(delete(t.story).where(t.story.c.id == source))
        await Cards(self.tx).want(target, now=now)
        return len(members)

    async def heard_by_others(self, story_id: int, tenant: str) -> bool:
        """Whether the story has rung on a server that is not this one."""
        rung = select(t.alerted.c.channel).where(t.alerted.c.story_id == story_id, t.alerted.c.tenant != tenant)
        return await self.tx.first(rung.limit(1)) is not None

    async def _members(self, story_id: int) -> list[Record]:
        """All of a story's articles, whoever may see them."""
        rows = await self.tx.rows(select(*SHOWN).where(article.story_id == story_id).order_by(article.id))
        return list(rows)

    async def _put(self, article_id: str, story_id: int, **values: object) -> None:
        said = {f"its_{name}": value for name, value in values.items()}
        put = _put("story_id", *values)
        await self.tx.ask(put, its_article_id=number(article_id), its_story_id=story_id, **said)

    async def moved_after(self, revision: int, since: datetime) -> tuple[list[Article], int]:
        """The articles moved by hand since that revision that are not older than `since`, and the newest revision."""
        newest = await newest_revision(self.tx, "move")
        if newest <= revision:
            return [], revision
        rows = await self.tx.rows(
            select(*SHOWN).join(t.report, report.article_id == article.id)
            .where(report.revision > revision, article.at >= since).order_by(report.revision)
        )  # fmt: skip
        return [to_article(row._mapping) for row in rows], newest

    async def of_story(self, story_id: int, tenant: str) -> list[Report]:
        """A story's reports as far as the tenant may see them, oldest first."""
        rows = await self.tx.rows(
            _reports().where(report.story_id == story_id, visible(tenant)).order_by(article.at, article.id).limit(MOST)
        )
        return [_report(row) for row in rows]

    async def get(self, article_id: str, tenant: str) -> tuple[Report, int] | None:
        """An article's report and the number of its story."""
        row = await self.tx.first(
            _reports(report.story_id).where(report.article_id == number(article_id), visible(tenant))
        )
        return (_report(row), row.story_id) if row else None

    async def standing(self, story_id: int, origin: str, tenant: str) -> tuple[int, int]:
        """How many independent origins a story has for a tenant, and how many of its reports are of this one."""
        counted = await self.tx.execute(
            select(func.count(report.origin.distinct()), func.count().filter(report.origin == clean(origin)))
            .join(t.article, article.id == report.article_id)
            .where(report.story_id == story_id, visible(tenant))
        )
        origins, of_this = counted.one()
        return int(origins), int(of_this)


def _reports(*more: ColumnElement[Any]) -> Select[Any]:
    return select(
        report.article_id, article.at, article.source, article.url, article.title, article.copy_of,
        report.origin, report.why, report.score, report.moved_by, *more,
    ).join(t.article, article.id == report.article_id)  # fmt: skip


def _report(row: Record) -> Report:
    return Report(
        article_id=str(row.article_id),
        title=row.title,
        at=row.at,
        url=row.url,
        source=row.source,
        origin=row.origin or row.source,
        copy_of=str(row.copy_of or ""),
        why=row.why,
        score=row.score,
        moved_by=row.moved_by,
    )
