"""Readers: when somebody last asked what was new."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from bot.store import tables as t
from bot.store.channels import Channels
from bot.store.transaction import Transaction
from bot.store.words import clean

reader = t.reader.c


class Readers:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def looked(self, tenant: str, channel_id: str, person: str) -> datetime | None:
        """When the person last asked in this channel."""
        row = await self.tx.first(
            select(reader.at).where(
                reader.channel == channel_id, reader.person == clean(person), reader.tenant == tenant
            )
        )
        return row.at if row else None

    async def look(self, tenant: str, channel_id: str, person: str, *, now: datetime) -> None:
        """The person has seen what there is. Raises IntegrityError if the channel is another tenant's."""
        await Channels(self.tx).meet(channel_id, tenant, now=now)
        put = self.tx.insert(t.reader).values(channel=channel_id, person=clean(person), tenant=tenant, at=now)
        await self.tx.execute(put.on_conflict_do_update(index_elements=["channel", "person"], set_={"at": now}))
