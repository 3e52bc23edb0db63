"""A delivery's row: as it is read, when it may be claimed, and where it has come to its end; the statements that each
message on its way needs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Text,
    TextClause,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    text,
    update,
)

from bot.core.model import Delivery, DeliveryState
from bot.store import tables as t
from bot.store.prepared import Now, Prepared, Until
from bot.store.transaction import Record

row = t.delivery.c

GIVEN_UP = (DeliveryState.DEAD.value, DeliveryState.EXPIRED.value)
FINISHED = (DeliveryState.SENT.value, *GIVEN_UP)


MOST_DEATHS = 6
"""Holders that died with a message, one after another; the last three with nothing else in hand: it is poison."""


def claimable(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    return or_(
        and_(row.state == DeliveryState.PENDING.value, row.not_before <= now),
        and_(row.state == DeliveryState.SENDING.value, row.lease_until <= now),
    )


def delivery_of(found: Record) -> Delivery:
    return Delivery(
        id=found.id,
        tenant=found.tenant,
        channel=found.channel,
        message=found.message,
        article_id=found.article_id,
        story_id=found.story_id,
        topics=tuple(found.topics),
        state=DeliveryState(found.state),
        attempt=found.attempt,
        created_at=found.created_at,
        first_dispatch=found.first_dispatch,
        last_dispatch=found.last_dispatch,
        unknown=found.unknown,
        deaths=found.deaths,
        remote_id=found.remote_id,
        reason=found.reason,
    )


DEATHS = case((row.state == DeliveryState.SENDING.value, row.deaths + 1), else_=row.deaths)
"""Of a row that is claimable: with the holder who never came back, if that is why."""
RELEASED: dict[str, Any] = {"owner": None, "lease_until": None}


def ours(delivery: Any, owner: Any, attempt: Any) -> ColumnElement[bool]:
    """Whether the row is still that of this claim."""
    return and_(row.id == delivery, row.owner == owner, row.attempt == attempt)


OURS = ours(bindparam("its_id"), bindparam("its_owner"), bindparam("its_attempt"))
IN_HAND = or_(row.state == DeliveryState.SENDING.value, row.state == DeliveryState.HELD.value)
"""Held rows are a worker's too: a channel may be paused while its message is in the air."""


def _due(_: object) -> Any:
    heads = select(func.min(row.seq)).where(t.OPEN).group_by(row.channel)
    turn = func.row_number().over(partition_by=row.tenant, order_by=(row.not_before, row.seq)).label("turn")
    limit: Any = bindparam("its_limit")
    return (
        select(row.channel, turn)
        .where(row.seq.in_(heads.scalar_subquery()), claimable(Now()))
        .order_by(turn, row.not_before, row.seq)
        .limit(limit)
    )


DUE = Prepared(_due)


def _head() -> ScalarSelect[int]:
    return select(func.min(row.seq)).where(row.channel == bindparam("its_channel"), t.OPEN).scalar_subquery()


def _claim(_: object) -> Any:
    other = t.delivery.alias("other")
    in_flight = exists().where(
        other.c.channel == bindparam("its_channel"),
        text("other.state = 'sending'"),  # a constant, for the partial index: see tables.OPEN
        other.c.lease_until > Now(),
        other.c.seq != row.seq,
    )
    mine = or_(bindparam("its_most") >= DEATHS, DEATHS >= MOST_DEATHS)
    return (
        update(t.delivery)
        # If PostgreSQL had to wait for the row it checks these again: of two claims one finds it taken.
        .where(row.seq == _head(), claimable(Now()), mine, ~in_flight)
        .values(
            state=DeliveryState.SENDING.value, owner=bindparam("its_owner"), lease_until=Until(),
            attempt=row.attempt + 1, first_dispatch=func.coalesce(row.first_dispatch, Now()), last_dispatch=Now(),
            deaths=DEATHS, unknown=or_(row.unknown, row.state == DeliveryState.SENDING.value),
        )
        .returning(t.delivery)
    )  # fmt: skip


CLAIM = Prepared(_claim)
DIED = Prepared(lambda _: select(DEATHS.label("died")).where(row.seq == _head(), claimable(Now())))
HOLDS = Prepared(
    lambda _: select(row.seq).where(OURS, row.state == DeliveryState.SENDING.value, row.lease_until > Now())
)
SENT = Prepared(
    lambda _: (
        update(t.delivery)
        .where(OURS, IN_HAND)
        .values(
            RELEASED
            | {
                "state": DeliveryState.SENT.value,
                "remote_id": bindparam("its_remote_id"),
                "sent_at": bindparam("its_now", type_=t.Instant),
                "late": bindparam("its_late"),
                "reason": "",
            }
        )
        .returning(row.seq)
    )
)


def _expire(*where: ColumnElement[bool] | TextClause) -> Any:
    nobodys = or_(
        row.state == DeliveryState.PENDING.value,
        and_(row.state == DeliveryState.HELD.value, or_(row.owner.is_(None), row.lease_until <= Now())),
        and_(row.state == DeliveryState.SENDING.value, row.lease_until <= Now()),
    )
    in_doubt = or_(row.unknown, row.owner.is_not(None))
    reason = case((in_doubt, bindparam("its_doubt", type_=Text)), else_=bindparam("its_reason", type_=Text))
    return (
        update(t.delivery)
        .where(*where, nobodys, row.created_at <= Until())
        .values(RELEASED | {"state": DeliveryState.EXPIRED.value, "reason": reason})
        .returning(row.channel)
    )


# Each has its partial index.
EXPIRE = Prepared(lambda _: _expire(t.WAITING))
EXPIRE_THERE = Prepared(lambda _: _expire(row.channel == bindparam("its_channel"), t.OPEN))
