"""A delivery's row: as it is read, when it may be claimed, and where it has come to its end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_

from bot.core.model import Delivery, DeliveryState
from bot.store import tables as t
from bot.store.transaction import Record

row = t.delivery.c

GIVEN_UP = (DeliveryState.DEAD.value, DeliveryState.EXPIRED.value)
FINISHED = (DeliveryState.SENT.value, *GIVEN_UP)


def claimable(now: datetime) -> ColumnElement[bool]:
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
