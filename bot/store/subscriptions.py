"""Subscriptions: which channel hears about which topic, and which stories it does not want to hear of again.

Every change takes the next number of a counter, in the same transaction: whoever keeps the subscriptions in memory asks
for what has changed since its own number and misses nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update

from bot.core.message import Manner
from bot.core.model import Channel, Sensitivity, Subscription, Telling
from bot.store import tables as t
from bot.store.channels import Channels
from bot.store.revision import newest_revision, next_revision
from bot.store.transaction import Record, Transaction
from bot.store.words import clean

CLOSED = "the channel is closed to me. "
"""How the reason of such a pause begins, so that it ends by itself and a pause that somebody asked for does not."""

ALIVE = t.subscription.c.ended_at.is_(None)


class Subscriptions:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def add(
        self,
        tenant: str,
        channel: Channel,
        topic: str,
        *,
        sensitivity: Sensitivity | None = None,
        created_by: str = "",
        now: datetime,
    ) -> tuple[Subscription, bool]:
        """Subscribe a channel; true if it is new. An old one takes over the sensitivity, where one is given.

        Raises ValueError if the channel is another tenant's.
        """
        if channel.tenant != tenant:
            raise ValueError("a channel can be subscribed by its own tenant only")
        await Channels(self.tx).remember(channel, now=now)
        topic = clean(topic)
        fresh = await self.tx.first(
            self.tx.insert(t.subscription)
            .values(
                tenant=tenant, channel=channel.id, topic=topic, sensitivity=(sensitivity or Sensitivity.NORMAL).value,
                created_by=clean(created_by), created_at=now, paused="", manner=Manner(), telling=Telling(),
                revision=await next_revision(self.tx),
            )
            .on_conflict_do_nothing(index_elements=["channel", "topic"], index_where=t.ALIVE)
            .returning(t.subscription)
        )  # fmt: skip
        if fresh is not None:
            return _subscription(fresh), True
        old = (t.subscription.c.channel == channel.id, t.subscription.c.topic == topic)
        if sensitivity is not None:
            await self._change(*old, sensitivity=sensitivity.value)
        return (await self._alive(*old))[0], False

    async def arrange(self, subscription_id: int, tenant: str, manner: Manner) -> bool:
        """How its alerts are to arrive from now on."""
        mine = (t.subscription.c.id == subscription_id, t.subscription.c.tenant == tenant)
        return await self._change(*mine, manner=manner) > 0

    async def retell(self, subscription_id: int, tenant: str, telling: Telling) -> bool:
        """When its stories are to ring again from now on."""
        mine = (t.subscription.c.id == subscription_id, t.subscription.c.tenant == tenant)
        return await self._change(*mine, telling=telling) > 0

    async def was_surging(self, subscription_id: int, since: datetime) -> bool:
        """Whether it was told since then that its topic surges."""
        row = t.subscription.c
        told = select(row.id).where(row.id == subscription_id, row.surged_at > since)
        return await self.tx.first(told) is not None

    async def surges(self, subscription_id: int, *, now: datetime, quiet: timedelta) -> bool:
        """Note that its topic surges; False where that was told less than `quiet` ago, here or elsewhere."""
        told = t.subscription.c.surged_at
        due = or_(told.is_(None), told <= now - quiet)
        # No new revision: nothing that an article is judged by has changed.
        noted = update(t.subscription).where(ALIVE, t.subscription.c.id == subscription_id, due).values(surged_at=now)
        return await self.tx.changed(noted) > 0

    async def remove(self, subscription_id: int, tenant: str) -> bool:
        """End it. The row stays, so that "why did this ring?" has an answer."""
        return (
            await self._change(
                t.subscription.c.id == subscription_id,
                t.subscription.c.tenant == tenant,
                ended_at=await self.tx.now(),
            )
            > 0
        )

    async def of_channel(self, channel_id: str, tenant: str) -> list[Subscription]:
        return await self._alive(t.subscription.c.channel == channel_id, t.subscription.c.tenant == tenant)

    async def of_tenant(self, tenant: str) -> list[Subscription]:
        return await self._alive(t.subscription.c.tenant == tenant)

    async def _alive(self, *conditions: Any) -> list[Subscription]:
        rows = await self.tx.rows(select(t.subscription).where(ALIVE, *conditions).order_by(t.subscription.c.id))
        return [_subscription(row) for row in rows]

    async def changed(self, revision: int) -> tuple[list[Subscription], list[int], int]:
        """What changed after that revision: those alive, the numbers of those that ended, and the newest revision."""
        newest = await newest_revision(self.tx)
        if newest == revision:
            return [], [], revision
        rows = await self.tx.rows(
            select(t.subscription).where(t.subscription.c.revision > revision).order_by(t.subscription.c.revision)
        )
        erased = await self.tx.rows(
            select(t.erased_subscription.c.id).where(t.erased_subscription.c.revision > revision)
        )
        ended = [row.id for row in rows if row.ended_at is not None] + [row.id for row in erased]
        return [_subscription(row) for row in rows if row.ended_at is None], ended, newest

    async def pause_channel(self, channel_id: str, reason: str) -> int:
        """Silence what rings in a channel, for a reason; how many that are."""
        return await self._change(
            t.subscription.c.channel == channel_id, t.subscription.c.paused == "", paused=clean(reason) or "paused"
        )

    async def close_channel(self, channel_id: str, reason: str) -> int:
        """Pause what rings in a channel that nobody lets us post in; `reopen_channel` ends just that."""
        return await self.pause_channel(channel_id, f"{CLOSED}{reason}")

    async def reopen_channel(self, channel_id: str) -> int:
        mine = t.subscription.c.paused.startswith(CLOSED, autoescape=True)
        return await self._change(t.subscription.c.channel == channel_id, mine, paused="")

    async def resume_channel(self, channel_id: str) -> int:
        return await self._change(t.subscription.c.channel == channel_id, t.subscription.c.paused != "", paused="")

    async def _change(self, *conditions: Any, **values: Any) -> int:
        return await self.tx.changed(
            update(t.subscription)
            .where(ALIVE, *conditions)
            .values(revision=await next_revision(self.tx), changed_at=await self.tx.now(), **values)
        )

    async def mute_story(self, channel_id: str, tenant: str, story_id: int, *, by: str, now: datetime) -> bool:
        """No more of this story in this channel; false if so already.

        Raises IntegrityError if the channel is another tenant's.
        """
        await Channels(self.tx).meet(channel_id, tenant, now=now)
        muted = await self.tx.first(
            self.tx.insert(t.muted_story)
            .values(story_id=story_id, channel=channel_id, tenant=tenant, muted_by=clean(by), at=now)
            .on_conflict_do_nothing(index_elements=["story_id", "channel"])
            .returning(t.muted_story.c.story_id)
        )
        return muted is not None

    async def unmute_story(self, channel_id: str, tenant: str, story_id: int) -> bool:
        muted = t.muted_story.c
        return (
            await self.tx.changed(
                delete(t.muted_story).where(
                    muted.story_id == story_id, muted.channel == channel_id, muted.tenant == tenant
                )
            )
            > 0
        )

    async def muted_in(self, channel_id: str) -> frozenset[int]:
        """The stories of which a channel does not want to hear."""
        rows = await self.tx.rows(select(t.muted_story.c.story_id).where(t.muted_story.c.channel == channel_id))
        return frozenset(row.story_id for row in rows)

    async def muted(self, story_id: int) -> frozenset[str]:
        """The channels that do not want to hear of it."""
        rows = await self.tx.rows(select(t.muted_story.c.channel).where(t.muted_story.c.story_id == story_id))
        return frozenset(row.channel for row in rows)


def _subscription(row: Record) -> Subscription:
    return Subscription(
        id=row.id,
        tenant=row.tenant,
        channel=row.channel,
        topic=row.topic,
        sensitivity=Sensitivity(row.sensitivity),
        created_by=row.created_by,
        created_at=row.created_at,
        changed_at=row.changed_at,
        paused=row.paused,
        manner=row.manner,
        telling=row.telling,
    )
