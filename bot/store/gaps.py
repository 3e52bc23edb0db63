"""Gaps: spans between two looks at a feed that had nothing in common, so that news may have come and gone unseen."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from bot.store import tables as t
from bot.store.transaction import Transaction

KEPT = timedelta(days=90)

gap = t.gap.c


class Gaps:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def note(self, feed_id: int, *, since: datetime, until: datetime) -> None:
        """`since` is the look before, `until` the one that found nothing of it."""
        put = self.tx.insert(t.gap).values(feed_id=feed_id, since=since, until=until)
        await self.tx.execute(put.on_conflict_do_nothing(index_elements=["feed_id", "until"]))

    async def count(self, feed_id: int, after: datetime) -> tuple[int, timedelta]:
        """How many ended after that moment, and how long they were together."""
        rows = await self.tx.rows(select(gap.since, gap.until).where(gap.feed_id == feed_id, gap.until > after))
        return len(rows), sum((row.until - max(row.since, after) for row in rows), timedelta())

    async def prune(self) -> None:
        await self.tx.execute(delete(t.gap).where(gap.until < await self.tx.now() - KEPT))
