"""Channels: the places we have heard of, and the end of a tenant."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select, update

from bot.core.model import EVERYONE, Channel
from bot.store import tables as t
from bot.store.feeds import Feeds
from bot.store.revision import next_revision
from bot.store.transaction import Transaction
from bot.store.words import clean


class Channels:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def remember(self, channel: Channel, *, now: datetime) -> None:
        """Note a channel and the name it has today. Raises ValueError if another tenant has a channel of that id."""
        # No conflict target: naming an index guards that one only, and PostgreSQL raises for the other unique index,
        # (tenant, id), when two processes meet the same new channel at once.
        put = self.tx.insert(t.channel).values(
            id=channel.id, tenant=channel.tenant, name=clean(channel.name), seen_at=now
        )
        if await self.tx.first(put.on_conflict_do_nothing().returning(t.channel.c.id)) is not None:
            return
        known = update(t.channel).where(t.channel.c.id == channel.id, t.channel.c.tenant == channel.tenant)
        if not await self.tx.changed(known.values(name=clean(channel.name), seen_at=now)):
            raise ValueError("the channel belongs to another tenant")

    async def meet(self, channel_id: str, tenant: str, *, now: datetime) -> None:
        """Note a channel of which only the id is known; one that is known stays as it is."""
        await self.tx.execute(
            self.tx.insert(t.channel)
            .values(id=channel_id, tenant=tenant, name="", seen_at=now)
            .on_conflict_do_nothing()
        )

    async def get(self, channel_id: str) -> Channel | None:
        row = await self.tx.first(select(t.channel).where(t.channel.c.id == channel_id))
        return Channel(row.id, row.tenant, row.name) if row else None

    async def of_tenant(self, tenant: str) -> list[Channel]:
        rows = await self.tx.rows(
            select(t.channel).where(t.channel.c.tenant == tenant).order_by(t.channel.c.name, t.channel.c.id)
        )
        return [Channel(row.id, row.tenant, row.name) for row in rows]

    async def tenants_below(self, tenant: str) -> list[str]:
        """Tenants within this one by their names: the people of a workspace ("slack:T1" has "slack:T1:U1")."""
        rows = await self.tx.rows(
            select(t.channel.c.tenant).distinct().where(t.channel.c.tenant.startswith(f"{tenant}:", autoescape=True))
        )
        return [row.tenant for row in rows]

    async def erase_tenant(self, tenant: str) -> int:
        """Delete every row of a tenant, in every table; how many that were.

        The bare numbers of its subscriptions stay, so that those who keep them in memory let them go.
        """
        if tenant == EVERYONE:
            raise ValueError("what all tenants share is not one tenant's to erase")
        ended = select(t.subscription.c.id).where(t.subscription.c.tenant == tenant)
        revision = await next_revision(self.tx)
        numbers = [{"id": row.id, "revision": revision} for row in await self.tx.rows(ended)]
        if numbers:
            await self.tx.execute(self.tx.insert(t.erased_subscription), numbers)
        erased = await self.tx.changed(delete(t.article).where(t.article.c.tenant == tenant))
        await self._hand_over_stories(tenant)
        # Children before parents: what a cascade deletes is not counted.
        for table in reversed(t.metadata.sorted_tables):
            if "tenant" in table.c:
                erased += await self.tx.changed(delete(table).where(table.c.tenant == tenant))
        await Feeds(self.tx).weigh()
        return erased

    async def _hand_over_stories(self, tenant: str) -> None:
        """A story that the tenant's private feed opened goes on with the articles that others may see."""
        rest = select(t.article.c.title).where(t.article.c.story_id == t.story.c.id)
        await self.tx.execute(
            update(t.story)
            .where(t.story.c.tenant == tenant, rest.exists())
            .values(
                tenant=EVERYONE,
                headline=rest.order_by(t.article.c.at, t.article.c.id).limit(1).scalar_subquery(),
                articles=rest.with_only_columns(func.count()).scalar_subquery(),
            )
        )
