"""A feed's row: as it is read, claimed when due, and saved after a look; the statements that polling lives on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select, update

from bot.core.model import Feed, FeedState, Move
from bot.core.pace import Pace
from bot.store import tables as t
from bot.store.prepared import Prepared
from bot.store.transaction import Record
from bot.store.words import clean, clean_url

USED = and_(t.feed_use.c.own.is_(True), t.feed_use.c.ended_at.is_(None))
IN_USE = exists().where(t.feed_use.c.feed_id == t.feed.c.id, USED)
POLLED = exists().where(t.feed_use.c.feed_id == t.feed.c.id, USED, t.feed_use.c.paused.is_(False))

NOW, END = bindparam("its_now", type_=t.Instant), bindparam("its_end", type_=t.Instant)
LIMIT: Any = bindparam("its_limit")


def unleased(now: Any) -> ColumnElement[bool]:
    """Of a feed: whether nobody is at it."""
    return or_(t.feed.c.lease_until.is_(None), t.feed.c.lease_until <= now)


def due(now: Any) -> ColumnElement[bool]:
    """Of a feed: whether it is to be looked at now."""
    penalised = exists().where(t.host.c.name == t.feed.c.host, t.host.c.penalty_until > now)
    return and_(t.feed.c.next_check_at <= now, unleased(now), POLLED, ~penalised)


DUE = due(NOW)

DUE_HOSTS = Prepared(
    lambda _: (
        select(t.feed.c.host).where(DUE).group_by(t.feed.c.host).order_by(func.min(t.feed.c.next_check_at)).limit(LIMIT)
    )
)


def _claim(_: object) -> Any:
    # A CTE and not a bare subquery, which PostgreSQL may run again and then lease more than asked for.
    some = (
        select(t.feed.c.id)
        .where(t.feed.c.host == bindparam("its_host"), DUE)
        .order_by(t.feed.c.next_check_at)
        .limit(LIMIT)
        .with_for_update(skip_locked=True, of=t.feed)
        .cte("due")
    )
    return (
        update(t.feed)
        .where(t.feed.c.id.in_(select(some.c.id)))
        .values(lease_owner=bindparam("its_owner"), lease_until=END)
        .returning(*(column for column in t.feed.c if column.name != "former_urls"))
    )


CLAIM = Prepared(_claim)

SAVED = (
    "title", "source", "lang", "state", "reason", "cache", "fails", "checked_at", "ok_at", "per_day", "pace",
    "posted_at", "oldest_at", "failing_since", "gone_since", "dark", "move_to", "move_since", "move_seen", "gap_at",
)  # fmt: skip

SAVE = Prepared(
    lambda _: (
        update(t.feed)
        .where(t.feed.c.id == bindparam("its_id"), t.feed.c.lease_owner == bindparam("its_owner"))
        .values(
            **{name: bindparam(f"its_{name}", type_=t.feed.c[name].type) for name in SAVED},
            next_check_at=func.coalesce(bindparam("its_next", type_=t.Instant), t.feed.c.next_check_at),
            lease_owner=None,
            lease_until=None,
        )
        .returning(t.feed.c.id)
    )
)


def saved(feed: Feed) -> dict[str, Any]:
    """What a look may change, as `SAVE` takes it."""
    move = feed.move
    return {
        "its_title": clean(feed.title), "its_source": clean(feed.source), "its_lang": clean(feed.lang),
        "its_state": feed.state.value, "its_reason": clean(feed.reason), "its_cache": dict(feed.cache),
        "its_fails": feed.fails, "its_checked_at": feed.checked_at, "its_ok_at": feed.ok_at,
        "its_per_day": feed.per_day, "its_pace": feed.pace.to_json(), "its_posted_at": feed.posted_at,
        "its_oldest_at": feed.oldest_at, "its_failing_since": feed.failing_since, "its_gone_since": feed.gone_since,
        "its_dark": feed.dark, "its_move_to": clean_url(move.to) if move else "",
        "its_move_since": move.since if move else None, "its_move_seen": move.seen if move else 0,
        "its_gap_at": feed.gap_at, "its_next": feed.next_check_at,
    }  # fmt: skip


def feed_of(row: Record) -> Feed:
    resting = getattr(row, "resting", 0)
    return Feed(
        id=row.id,
        url=row.url,
        title=row.title,
        source=row.source,
        lang=row.lang,
        region=row.region,
        state=FeedState.PAUSED if resting else FeedState(row.state),
        reason=row.reason,
        cache=row.cache,
        interval=None if row.interval is None else timedelta(seconds=row.interval),
        fails=row.fails,
        private=row.private,
        checked_at=row.checked_at,
        ok_at=row.ok_at,
        next_check_at=row.next_check_at,
        per_day=row.per_day,
        pace=Pace.from_json(row.pace),
        agent=row.agent,
        posted_at=row.posted_at,
        oldest_at=row.oldest_at,
        failing_since=row.failing_since,
        gone_since=row.gone_since,
        dark=row.dark,
        move=Move(row.move_to, row.move_since, row.move_seen) if row.move_since else None,
        weight=row.weight,
        pushed=row.pushed,
        full_text=row.full_text,
        gap_at=row.gap_at,
    )
