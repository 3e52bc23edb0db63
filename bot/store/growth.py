"""Growth: which stories have how many voices, and how an interest rises and falls over the days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select

from bot.store import tables as t
from bot.store.article_row import visible
from bot.store.transaction import Transaction, slices

report, article, story = t.report.c, t.article.c, t.story.c


@dataclass(frozen=True, slots=True)
class Standing:
    """How a story stands for one tenant. `lately` counts its articles since a moment that the question named."""

    story_id: int
    headline: str
    first_seen: datetime
    last_seen: datetime
    articles: int
    outlets: int
    origins: int
    lately: int


class Growth:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def stories(
        self, tenant: str, *, since: datetime, lately: datetime, among: Sequence[int] | None = None, limit: int = 200
    ) -> list[Standing]:
        """Stories with an article since then, those of most origins first; only `among` these where it is given."""
        if among is None:
            return await self._stories(tenant, since, lately, None, limit)
        found = [
            each for part in slices(list(among)) for each in await self._stories(tenant, since, lately, part, limit)
        ]
        return sorted(found, key=_rank)[:limit]

    async def _stories(
        self, tenant: str, since: datetime, lately: datetime, among: list[int] | None, limit: int
    ) -> list[Standing]:
        origins = func.count(report.origin.distinct())
        new = func.sum(case((article.at >= lately, 1), else_=0))
        wanted = (
            select(
                report.story_id, func.min(article.at).label("first"), func.max(article.at).label("last"),
                func.count().label("articles"), func.count(article.source.distinct()).label("outlets"),
                origins.label("origins"), new.label("lately"),
            )
            .join(t.article, article.id == report.article_id)
            .where(visible(tenant), article.at >= since)
            .group_by(report.story_id)
            .order_by(origins.desc(), new.desc(), func.max(article.at).desc())
            .limit(limit)
        )  # fmt: skip
        if among is not None:
            wanted = wanted.where(report.story_id.in_(among))
        rows = await self.tx.rows(wanted)
        titles = await self._titles([row.story_id for row in rows], tenant)
        return [
            Standing(
                row.story_id, titles.get(row.story_id, ""), row.first, row.last, row.articles, row.outlets,
                row.origins, int(row.lately),
            )
            for row in rows
        ]  # fmt: skip

    async def _titles(self, stories: list[int], tenant: str) -> dict[int, str]:
        """The headline of each story's first article that the tenant may see."""
        titles: dict[int, str] = {}
        for part in slices(stories):
            rows = await self.tx.rows(
                select(article.story_id, article.title)
                .where(article.story_id.in_(part), visible(tenant))
                .order_by(article.at.desc(), article.id.desc())
            )
            titles |= {row.story_id: row.title for row in rows}  # the earliest comes last, and stays
        return titles


def _rank(standing: Standing) -> tuple[int, int, float]:
    return -standing.origins, -standing.lately, -standing.last_seen.timestamp()
