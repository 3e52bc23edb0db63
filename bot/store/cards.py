"""Cards: the one message of a channel that goes on telling a story, and which of its changes it shows.

A change of a story only raises a number (`wanted`); whoever claims the card composes it from the archive as it is then,
edits the message, and notes the number that it read (`shown`). So changes within moments are one edit, an edit that was
lost is made by the next, and one made twice says the same. A card is claimed only when its message is on the platform,
with a lease and a fencing number as in the outbox.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, case, delete, or_, select, update

from bot.core.model import Card, Delivery, DeliveryState
from bot.store import tables as t
from bot.store.delivery_row import GIVEN_UP
from bot.store.prepared import Prepared
from bot.store.transaction import Transaction

COALESCE = timedelta(seconds=2)
"""How long a change waits for the next one."""

card, sent = t.card.c, t.delivery.c
STALE = card.wanted > card.shown

SOON = bindparam("its_soon", type_=t.Instant)
WANT = Prepared(
    lambda _: (
        update(t.card)
        .where(card.story_id == bindparam("its_story"))
        .values(wanted=card.wanted + 1, due_at=case((or_(STALE, card.due_at > SOON), card.due_at), else_=SOON))
    )
)


class Cards:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def open(self, delivery: Delivery, *, now: datetime) -> None:
        """Have a queued alert tell its story from now on, in place of an earlier one in its channel."""
        fresh = {
            "tenant": delivery.tenant, "delivery_id": delivery.id, "wanted": 0, "shown": 0, "due_at": now,
            "owner": None, "lease_until": None, "failures": 0, "face": "",
        }  # fmt: skip
        put = self.tx.insert(t.card).values(story_id=delivery.story_id, channel=delivery.channel, attempt=0, **fresh)
        # The fencing number only grows: who holds the earlier card must not take this one for it.
        again = put.on_conflict_do_update(
            index_elements=["story_id", "channel"], set_={**fresh, "attempt": card.attempt + 1}
        )
        await self.tx.execute(again)

    async def threaded(self, channel: str, story_id: int) -> str:
        """The id of the delivery in whose thread the story goes on in this channel; empty where it has none."""
        found = await self.tx.first(
            select(sent.id, sent.message).join(t.card, sent.id == card.delivery_id)
            .where(card.story_id == story_id, card.channel == channel, sent.state.not_in(GIVEN_UP))
        )  # fmt: skip
        return found.id if found and found.message.manner.thread else ""

    async def want(self, story_id: int, *, now: datetime) -> None:
        """The story has changed: its cards are to be edited, a moment from now."""
        await self.tx.ask(WANT, its_story=story_id, its_soon=now + COALESCE)

    async def due_channels(self, limit: int = 500) -> list[str]:
        """Channels with a card that can be edited now, longest waiting first."""
        now = await self.tx.now()
        rows = await self.tx.rows(
            select(card.channel).join(t.delivery, sent.id == card.delivery_id)
            .where(*_editable(now)).order_by(card.due_at).limit(limit)
        )  # fmt: skip
        return list(dict.fromkeys(row.channel for row in rows))

    async def claim(self, channel: str, *, owner: str, lease: timedelta) -> Card | None:
        """Take the card of a channel that has waited longest for its edit, or None."""
        now = await self.tx.now()
        next_one = await self.tx.first(
            select(card.story_id).join(t.delivery, sent.id == card.delivery_id)
            .where(card.channel == channel, *_editable(now)).order_by(card.due_at, card.story_id).limit(1)
        )  # fmt: skip
        if next_one is None:
            return None
        claimed = await self.tx.first(
            update(t.card)
            .where(card.story_id == next_one.story_id, card.channel == channel, *_free(now))
            .values(owner=owner, lease_until=now + lease, attempt=card.attempt + 1)
            .returning(t.card)
        )
        if claimed is None:
            return None  # another process was faster
        posted = await self.tx.first(
            select(sent.remote_id, sent.message, sent.topics, sent.article_id).where(sent.id == claimed.delivery_id)
        )
        assert posted is not None  # its foreign key holds it
        return Card(
            channel=claimed.channel, tenant=claimed.tenant, story_id=claimed.story_id,
            delivery_id=claimed.delivery_id, remote_id=posted.remote_id, message=posted.message,
            article_id=str(posted.article_id), topics=tuple(posted.topics), wanted=claimed.wanted,
            attempt=claimed.attempt,
            failures=claimed.failures, face=claimed.face,
        )  # fmt: skip

    async def holds(self, held: Card, *, owner: str) -> bool:
        """The fence: whether the card is still ours to edit, asked right before the edit."""
        now = await self.tx.now()
        mine = select(card.story_id).where(_ours(held, owner), card.lease_until > now)
        return await self.tx.first(mine) is not None

    async def shown(self, held: Card, *, owner: str, face: str, rest: timedelta) -> bool:
        """The message says what was wanted when the card was claimed; it is left alone for `rest`."""
        now = await self.tx.now()
        return await self._end(held, owner, shown=held.wanted, face=face, failures=0, due_at=now + rest)

    async def later(self, held: Card, *, owner: str, after: timedelta, failed: bool) -> bool:
        """It could not be edited now; the next try makes up for it."""
        now = await self.tx.now()
        return await self._end(held, owner, due_at=now + after, failures=card.failures + int(failed))

    async def _end(self, held: Card, owner: str, **values: object) -> bool:
        ended = update(t.card).where(_ours(held, owner)).values(owner=None, lease_until=None, **values)
        return await self.tx.changed(ended) > 0

    async def forget(self, held: Card, *, owner: str) -> bool:
        """Its message is gone, or closed to us: it tells the story no more."""
        return await self.tx.changed(delete(t.card).where(_ours(held, owner))) > 0

    async def prune(self, before: datetime) -> int:
        """Let go of the cards whose story has not changed since then."""
        return await self.tx.changed(delete(t.card).where(card.due_at < before))


def _free(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (STALE, card.due_at <= now, or_(card.lease_until.is_(None), card.lease_until <= now))


def _editable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (*_free(now), sent.state == DeliveryState.SENT.value, sent.remote_id != "")


def _ours(held: Card, owner: str) -> ColumnElement[bool]:
    return and_(
        card.story_id == held.story_id, card.channel == held.channel, card.delivery_id == held.delivery_id,
        card.owner == owner, card.attempt == held.attempt,
    )  # fmt: skip
