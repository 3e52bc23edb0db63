"""Deliveries: what became of the messages in the outbox, and what waits there for too long.

Asked by people and by who watches over the house; nothing is claimed or changed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, exists, func, select

from bot.core.model import Delivery, DeliveryState
from bot.store import tables as t
from bot.store.delivery_row import GIVEN_UP, claimable, delivery_of
from bot.store.transaction import Transaction

row = t.delivery.c


class Deliveries:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def about(self, article_id: int) -> frozenset[tuple[str, str]]:
        """(channel, topic) pairs of the alerts about an article."""
        rows = await self.tx.rows(select(row.channel, row.topics).where(row.article_id == article_id))
        return frozenset((each.channel, topic) for each in rows for topic in each.topics)

    async def vanished(self, since: datetime) -> list[tuple[str, str]]:
        """(channel, id) of alerts noted as rung since then whose row is no more."""
        known = exists().where(row.id == t.alerted.c.delivery_id)
        rows = await self.tx.rows(
            select(t.alerted.c.channel, t.alerted.c.delivery_id).where(t.alerted.c.at >= since, ~known).distinct()
        )
        return [(each.channel, each.delivery_id) for each in rows]

    async def stuck(self, before: datetime) -> list[tuple[str, str]]:
        """(channel, id) of what was queued before then and still waits."""
        rows = await self.tx.rows(select(row.channel, row.id).where(t.WAITING, row.created_at < before))
        return [(each.channel, each.id) for each in rows]

    async def overdue(self, limit: int = 1000) -> list[tuple[str, datetime]]:
        """(channel, since when) of heads that could be claimed now, the longest waiting first."""
        now = await self.tx.now()
        heads = select(func.min(row.seq)).where(t.OPEN).group_by(row.channel)
        since = case((row.state == DeliveryState.SENDING.value, row.lease_until), else_=row.not_before).label("since")
        rows = await self.tx.rows(
            select(row.channel, since)
            .where(row.seq.in_(heads.scalar_subquery()), claimable(now))
            .order_by(since)
            .limit(limit)
        )
        return [(each.channel, each.since) for each in rows]

    async def pulse(self) -> tuple[datetime | None, datetime | None]:
        """When anything was last tried, and when anything was last posted."""
        sent = await self.tx.first(select(func.max(row.sent_at).label("at")))
        tried = await self.tx.first(select(func.max(row.last_dispatch).label("at")).where(t.WAITING))
        posted = sent.at if sent else None
        moments = [moment for moment in (posted, tried.at if tried else None) if moment]
        return max(moments, default=None), posted

    async def in_state(self, states: Sequence[DeliveryState], *, since: datetime, limit: int) -> list[Delivery]:
        """Deliveries of all tenants in these states created since then, newest first: for the operator."""
        rows = await self.tx.rows(
            select(t.delivery)
            .where(row.created_at >= since, row.state.in_([each.value for each in states]))
            .order_by(row.created_at.desc(), row.seq.desc())
            .limit(limit)
        )
        return [delivery_of(each) for each in rows]

    async def counts(self, tenant: str | None, since: datetime) -> dict[DeliveryState, int]:
        """How many deliveries created since then stand where; None counts all tenants."""
        wanted = select(row.state, func.count()).where(row.created_at >= since).group_by(row.state)
        if tenant is not None:
            wanted = wanted.where(row.tenant == tenant)
        return {DeliveryState(each.state): each[1] for each in await self.tx.rows(wanted)}

    async def reasons(self, tenant: str, since: datetime, limit: int = 3) -> list[tuple[str, int]]:
        """Why alerts created since then were given up, the most frequent reasons first."""
        rows = await self.tx.rows(
            select(row.reason, func.count().label("times"))
            .where(
                row.tenant == tenant,
                row.created_at >= since,
                row.state.in_(GIVEN_UP),
            )
            .group_by(row.reason)
            .order_by(func.count().desc(), row.reason)
            .limit(limit)
        )
        return [(each.reason, each.times) for each in rows]

    async def lateness(self, tenant: str | None, since: datetime) -> tuple[float, float] | None:
        """Median and 95th percentile, in seconds from queued to sent, of what was sent since then (nearest rank)."""
        sent = [row.sent_at >= since, row.late.is_not(None)]
        if tenant is not None:
            sent.append(row.tenant == tenant)
        count = (await self.tx.execute(select(func.count()).select_from(t.delivery).where(*sent))).scalar_one()
        if not count:
            return None
        ranks = [-(-count * percent // 100) - 1 for percent in (50, 95)]
        ordered = select(row.late).where(*sent).order_by(row.late)
        p50, p95 = [(await self.tx.execute(ordered.offset(rank).limit(1))).scalar_one() for rank in ranks]
        return float(p50), float(p95)
