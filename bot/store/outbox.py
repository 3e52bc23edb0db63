"""The outbox: every message that is on its way, in the order of its channel.

A row is claimed with a lease and a fencing number (`attempt`), by the database's clock, and the claim is committed
before any byte leaves. Who sends asks `holds` right before; who comes back late finds that the row is not theirs and
changes nothing. A lease that ran out means that a worker died or slept with the message in hand: outcome unknown.
The protocol with its crash points is the transactional outbox with leases; order comes from claiming the head only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    and_,
    bindparam,
    case,
    delete,
    literal,
    or_,
    select,
    update,
)

from bot.core.model import Delivery, DeliveryState
from bot.store import tables as t
from bot.store.channels import Channels
from bot.store.delivery_row import (
    CLAIM,
    DIED,
    DUE,
    EXPIRE,
    EXPIRE_THERE,
    FINISHED,
    GIVEN_UP,
    HOLDS,
    IN_HAND,
    MOST_DEATHS,
    RELEASED,
    SENT,
    delivery_of,
    ours,
)
from bot.store.prepared import Prepared
from bot.store.transaction import Record, Transaction
from bot.store.words import clean

SUSPECT_DEATHS = 3
"""Two deaths in a row may be chance; from three on only a process that has lived for a while takes the message."""

row = t.delivery.c

SELECT_RUNG = select(t.alerted.c.channel, t.alerted.c.topic)
RUNG = Prepared(lambda _: SELECT_RUNG.where(t.alerted.c.story_id == bindparam("its_story")))


class Outbox:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def add(self, delivery: Delivery, *, not_before: datetime | None = None) -> bool:
        """Queue a message behind the others of its channel. False if this id was queued before.

        Raises IntegrityError if the channel is another tenant's.
        """
        created = delivery.created_at or await self.tx.now()
        await Channels(self.tx).meet(delivery.channel, delivery.tenant, now=created)
        added = await self.tx.first(
            self.tx.insert(t.delivery)
            .values(
                id=delivery.id, tenant=delivery.tenant, channel=delivery.channel, message=delivery.message,
                article_id=delivery.article_id, story_id=delivery.story_id, topics=list(delivery.topics),
                state=DeliveryState.PENDING.value, attempt=0, deaths=0, created_at=created,
                not_before=not_before or created, unknown=False, remote_id="", reason="",
            )
            .on_conflict_do_nothing(index_elements=["id"])
            .returning(row.seq)
        )  # fmt: skip
        return added is not None

    async def alerted(self, story_id: int, since: datetime | None = None) -> frozenset[tuple[str, str]]:
        """(channel, topic) pairs that have rung for this story."""
        if since is None:
            pairs = await self.tx.ask(RUNG, its_story=story_id)
        else:
            pairs = await self.tx.rows(SELECT_RUNG.where(t.alerted.c.story_id == story_id, t.alerted.c.at >= since))
        return frozenset((pair.channel, pair.topic) for pair in pairs)

    async def mark_alerted(
        self, channel: str, story_id: int, topics: Sequence[str], *, delivery_id: str, now: datetime
    ) -> None:
        """Note that a channel has rung; a later alert of the same story renews the time."""
        tenant = (await self.tx.execute(select(t.channel.c.tenant).where(t.channel.c.id == channel))).scalar_one()
        for topic in dict.fromkeys(topics):
            put = self.tx.insert(t.alerted).values(
                story_id=story_id, channel=channel, topic=topic, tenant=tenant, delivery_id=delivery_id, at=now
            )
            await self.tx.execute(
                put.on_conflict_do_update(
                    index_elements=["story_id", "channel", "topic"],
                    set_={"delivery_id": put.excluded.delivery_id, "at": put.excluded.at},
                )
            )

    async def due_channels(self, limit: int = 500) -> list[str]:
        """Channels whose next message can be claimed now: each tenant's longest waiting first, then its next, ...

        So a small tenant's one alert does not stand behind a thousand channels of a big one.
        """
        return [each.channel for each in await self.tx.ask(DUE, its_now=self.tx.known(), its_limit=limit)]

    async def claim(
        self, channel: str, *, owner: str, lease: timedelta, most_deaths: int = MOST_DEATHS
    ) -> Delivery | None:
        """Take the next message of a channel, or None where there is none or it must wait: the order is kept.

        A row whose last holder never came back is marked `unknown`: it may have been posted. One that more than
        `most_deaths` holders died with is left for somebody who may; what is poison is given up here.
        """
        now = self.tx.known()
        asked = {
            "its_channel": channel, "its_owner": owner, "its_most": most_deaths, "its_now": now, "its_lease": lease,
            "its_end": now and now + lease,
        }  # fmt: skip
        while True:
            found = await self.tx.ask(CLAIM, **asked)
            if not found:
                return None
            [claimed] = found
            if claimed.deaths < MOST_DEATHS:
                return replace(delivery_of(claimed), root=await self._root(claimed))
            await self.tx.execute(
                update(t.delivery)
                .where(row.seq == claimed.seq)
                .values(
                    **RELEASED, state=DeliveryState.DEAD.value, attempt=claimed.attempt - 1,
                    reason=f"{MOST_DEATHS} workers died sending it; it may have been posted",
                )
            )  # fmt: skip

    async def _root(self, claimed: Record) -> str:
        """The message in whose thread this one goes, if it is on the platform."""
        within = claimed.message.manner.within
        if not within:
            return ""
        wanted = select(row.remote_id).where(row.id == within, row.channel == claimed.channel)
        return (await self.tx.execute(wanted)).scalar() or ""

    async def deaths(self, channel: str) -> int:
        """How many holders in a row died with the message that could be claimed next; 0 where there is none."""
        found = await self.tx.ask(DIED, its_channel=channel, its_now=self.tx.known())
        return found[0].died if found else 0

    async def holds(self, delivery: Delivery, *, owner: str) -> bool:
        """The fence: whether the row is still ours, asked right before sending."""
        return bool(
            await self.tx.ask(
                HOLDS, its_id=delivery.id, its_owner=owner, its_attempt=delivery.attempt, its_now=self.tx.known()
            )
        )

    async def sent(self, delivery: Delivery, *, owner: str, remote_id: str) -> datetime | None:
        """It is on the platform, since now. None if somebody else has the row by now."""
        now = await self.tx.now()
        late = max(0.0, (now - delivery.created_at).total_seconds()) if delivery.created_at else None
        ended = await self.tx.ask(
            SENT, its_id=delivery.id, its_owner=owner, its_attempt=delivery.attempt, its_remote_id=remote_id,
            its_now=now, its_late=late,
        )  # fmt: skip
        return now if ended else None

    async def retry(
        self,
        delivery: Delivery,
        *,
        owner: str,
        after: timedelta,
        reason: str,
        unknown: bool,
        refused: bool,
        tried: bool = True,
    ) -> bool:
        """Put it back at the head of its channel for `after`. False if somebody else has the row by now.

        `unknown` stays once it is said. `refused` gives the attempt back: the platform turned us away at its door.
        `tried` is false where it was put back without a try, which proves nothing about who died of it.
        """
        now = await self.tx.now()
        never_left = and_(row.attempt <= 1, row.unknown.is_(False))
        given_back: dict[str, Any] = {}
        if refused and not unknown:
            given_back = {
                "attempt": row.attempt - 1,
                "first_dispatch": case((never_left, None), else_=row.first_dispatch),
            }
        return await self._end(
            delivery,
            owner,
            # A row that was held meanwhile stays held.
            state=case((row.state == DeliveryState.HELD.value, row.state), else_=DeliveryState.PENDING.value),
            not_before=now + after,
            reason=clean(reason),
            unknown=or_(row.unknown, literal(unknown)),
            deaths=0 if tried else row.deaths,
            **given_back,
        )

    async def dead(self, delivery: Delivery, *, owner: str, reason: str) -> bool:
        """It will never be sent, for a reason. False if somebody else has the row by now."""
        return await self._end(delivery, owner, state=DeliveryState.DEAD.value, reason=clean(reason))

    async def _end(self, delivery: Delivery, owner: str, **values: Any) -> bool:
        mine = ours(delivery.id, owner, delivery.attempt)
        return await self.tx.changed(update(t.delivery).where(mine, IN_HAND).values(RELEASED | values)) > 0

    async def expire(self, older_than: timedelta, channel: str | None = None) -> list[str]:
        """Give up on what has waited past its shelf life, held or not; the rows say so. What is in the air stays.

        The channels that they were for, one for each.

        In one channel only what is open is looked at: what is held there expires with the others.
        """
        now, reason = self.tx.known(), f"older than {older_than / timedelta(hours=1):g} hours"
        asked = {
            "its_now": now, "its_lease": -older_than, "its_end": now and now - older_than, "its_reason": reason,
            "its_doubt": f"{reason}; it may have been posted",
        }  # fmt: skip
        if channel is None:
            rows = await self.tx.ask(EXPIRE, **asked)
        else:
            rows = await self.tx.ask(EXPIRE_THERE, **asked, its_channel=channel)
        return [each.channel for each in rows]

    async def hasten(self, platform: str) -> int:
        """Have what waits for its next attempt on a platform wait no longer; how many channels that frees.

        Only what was tried already: what is put off on purpose keeps its time.
        """
        now = await self.tx.now()
        return await self.tx.changed(
            update(t.delivery)
            .where(
                t.OPEN, row.state == DeliveryState.PENDING.value, row.attempt > 0, row.not_before > now,
                row.channel.startswith(f"{platform}:", autoescape=True),
            )
            .values(not_before=now)
        )  # fmt: skip

    async def hold_channel(self, channel: str, reason: str) -> int:
        """Keep back what is open in a channel until `release_channel`."""
        return await self.tx.changed(
            update(t.delivery)
            .where(row.channel == channel, t.OPEN)
            .values(state=DeliveryState.HELD.value, reason=clean(reason))
        )

    async def release_channel(self, channel: str) -> int:
        """Let go what was held. What a worker has in hand waits for its lease to end, as ever."""
        return await self.tx.changed(
            update(t.delivery)
            .where(row.channel == channel, row.state == DeliveryState.HELD.value)
            .values(
                state=case((row.owner.is_(None), DeliveryState.PENDING.value), else_=DeliveryState.SENDING.value),
                reason="",
            )
        )

    async def revive(self, delivery_id: str) -> Delivery | None:
        """Queue again what was given up; None if there is no such. What may have been posted is looked up first."""
        now = await self.tx.now()
        in_doubt = or_(row.unknown, row.deaths > 0)
        return _maybe(
            await self.tx.first(
                update(t.delivery)
                .where(row.id == delivery_id, row.state.in_(GIVEN_UP))
                .values(
                    state=DeliveryState.PENDING.value, attempt=0, deaths=0, created_at=now, not_before=now, reason="",
                    unknown=in_doubt,
                )
                .returning(t.delivery)
            )
        )  # fmt: skip

    async def get(self, delivery_id: str, tenant: str) -> Delivery | None:
        return _maybe(await self.tx.first(select(t.delivery).where(row.id == delivery_id, row.tenant == tenant)))

    async def last(self, channel: str, limit: int = 10) -> list[Delivery]:
        """The youngest rows of a channel, whatever their state, newest first."""
        rows = await self.tx.rows(
            select(t.delivery).where(row.channel == channel).order_by(row.seq.desc()).limit(limit)
        )
        return [delivery_of(each) for each in rows]

    async def remote(self, channel: str, remote_id: str) -> Delivery | None:
        """The delivery that became this message of the platform."""
        if not remote_id:
            return None
        return _maybe(
            await self.tx.first(
                select(t.delivery)
                .where(row.channel == channel, row.remote_id == remote_id, t.ON_PLATFORM)
                .order_by(row.seq.desc())
                .limit(1)
            )
        )

    async def reclaim(self, settle: Callable[[str], timedelta]) -> int:
        """End the leases of workers known to be dead, `settle(channel)` after the claim; how many there were."""
        now = await self.tx.now()
        held = await self.tx.rows(
            select(row.seq, row.channel, row.last_dispatch).where(
                t.OPEN, row.state == DeliveryState.SENDING.value, row.lease_until > now
            )
        )
        for each in held:
            end = max(now, each.last_dispatch + settle(each.channel))
            await self.tx.execute(update(t.delivery).where(row.seq == each.seq).values(lease_until=end))
        return len(held)

    async def prune(self, before: datetime, batch: int = 1000) -> int:
        """Delete up to `batch` finished rows created before then; call again until it answers less."""
        old = (
            select(row.seq)
            .where(row.created_at < before, row.state.in_(FINISHED))
            .order_by(row.created_at)
            .limit(batch)
        )
        return await self.tx.changed(delete(t.delivery).where(row.seq.in_(old.scalar_subquery())))


def _maybe(found: Record | None) -> Delivery | None:
    return delivery_of(found) if found else None
