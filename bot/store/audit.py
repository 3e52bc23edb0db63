"""The audit log: who did what to which subscription, feed or topic. Written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select

from bot.core.model import Deed, Outcome
from bot.store import tables as t
from bot.store.transaction import Transaction
from bot.store.words import clean

LONGEST = 500
"""Of each text: a query may be longer, and its versions are kept elsewhere."""

line = t.audit.c


class Audit:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def note(self, deed: Deed) -> None:
        """Append a line. It lasts if its transaction does: no change without a line, no line without a change."""
        await self.tx.execute(
            self.tx.insert(t.audit).values(
                tenant=deed.tenant,
                at=deed.at or await self.tx.now(),
                person=clean(deed.person, LONGEST),
                name=clean(deed.name, LONGEST),
                did=deed.did,
                what=clean(deed.what, LONGEST),
                channel=clean(deed.channel, LONGEST),
                detail=clean(deed.detail, LONGEST),
                outcome=deed.outcome.value,
            )
        )

    async def of_tenant(self, tenant: str, *, limit: int, skip: int = 0) -> list[Deed]:
        """A page of what was done in a server, newest first."""
        rows = await self.tx.rows(
            select(t.audit).where(line.tenant == tenant).order_by(line.id.desc()).limit(limit).offset(skip)
        )
        return [
            Deed(
                tenant=row.tenant,
                did=row.did,
                what=row.what,
                channel=row.channel,
                detail=row.detail,
                person=row.person,
                name=row.name,
                outcome=Outcome(row.outcome),
                at=row.at,
            )
            for row in rows
        ]

    async def count(self, tenant: str) -> int:
        """How many lines a server has."""
        wanted = select(func.count()).select_from(t.audit).where(line.tenant == tenant)
        return int((await self.tx.execute(wanted)).scalar_one())

    async def has(self, tenant: str, did: Collection[str], *, since: datetime) -> bool:
        """Whether any of these was done in a server since then."""
        wanted = select(line.id).where(line.tenant == tenant, line.at >= since, line.did.in_(list(did))).limit(1)
        return await self.tx.first(wanted) is not None

    async def prune(self, before: datetime, batch: int = 1000) -> int:
        """Delete up to `batch` lines older than that; call again until it answers less."""
        old = select(line.id).where(line.at < before).order_by(line.at).limit(batch)
        return await self.tx.changed(delete(t.audit).where(line.id.in_(old.scalar_subquery())))
