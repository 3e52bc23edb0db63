"""Pushes: which feed's hub was asked to tell us of news, until when it will, and whether it does.

A row is a wish. It is taken with a moment from which on another process may try it again, so that of many processes
one asks; what the hub grants is a lease, which is renewed at its half.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe

from sqlalchemy import delete, or_, select, update

from bot.store import tables as t
from bot.store.feed_row import POLLED
from bot.store.transaction import Record, Transaction
from bot.store.words import clean

TAKEN = timedelta(minutes=5)
UNANSWERED = timedelta(hours=1)
"""A hub that took our wish and then never asks back: it is asked again, and again after twice as long."""
RETRY_LEAST, RETRY_MOST = timedelta(minutes=10), timedelta(days=1)

row = t.push.c


@dataclass(frozen=True, slots=True)
class Push:
    """`callback` names it to the hub, `secret` signs what the hub sends. `lease_until` is None before it confirmed.

    `due_at` is when the hub is to be asked, and changes whenever something becomes of it.
    """

    feed_id: int
    callback: str
    hub: str
    topic: str
    secret: str
    due_at: datetime
    lease_until: datetime | None = None
    pushed_at: datetime | None = None
    missed: int = 0
    tries: int = 0
    reason: str = ""


class Pushes:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def of(self, feed_id: int) -> Push | None:
        found = await self.tx.first(select(t.push).where(row.feed_id == feed_id))
        return _push(found) if found else None

    async def by_callback(self, callback: str) -> Push | None:
        """The push of that name, while somebody uses its feed."""
        found = await self.tx.first(
            select(t.push).join(t.feed, t.feed.c.id == row.feed_id).where(row.callback == callback, POLLED)
        )
        return _push(found) if found else None

    async def want(self, feed_id: int, hub: str, topic: str, *, now: datetime) -> None:
        """Wish for news of the topic from this hub, under a new name and secret; what was before ends."""
        await self.end(feed_id)
        wish = self.tx.insert(t.push).values(
            feed_id=feed_id, callback=token_urlsafe(16), hub=hub, topic=topic, secret=token_urlsafe(32), base="",
            due_at=now, missed=0, tries=0, reason="",
        )  # fmt: skip
        await self.tx.execute(wish.on_conflict_do_nothing())

    async def end(self, feed_id: int) -> None:
        await self.tx.execute(delete(t.push).where(row.feed_id == feed_id))
        await self._mark(feed_id, False)

    async def end_all(self) -> None:
        """Where push is switched off: no feed is looked at more rarely because of it."""
        await self.tx.execute(delete(t.push))
        await self.tx.execute(update(t.feed).where(t.feed.c.pushed.is_(True)).values(pushed=False))

    async def take(self, base: str, *, limit: int) -> list[Push]:
        """Those whose hub is to be asked now; also those that were asked for under another address of ours."""
        now = await self.tx.now()
        used = select(t.feed.c.id).where(POLLED)
        due = (
            select(row.feed_id)
            .where(or_(row.due_at <= now, row.base != base), row.feed_id.in_(used))
            .order_by(row.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True, of=t.push)
            .cte("due")
        )
        rows = await self.tx.rows(
            update(t.push)
            .where(row.feed_id.in_(select(due.c.feed_id)))
            .values(due_at=now + TAKEN, base=base)
            .returning(t.push)
        )
        return [_push(found) for found in rows]

    async def asked(self, push: Push, reason: str) -> None:
        """Note that the hub was asked; with a reason where it did not take the wish.

        Many hubs ask back before they even answer us: what came of that stays.
        """
        now = await self.tx.now()
        first = RETRY_LEAST if reason else UNANSWERED
        wait = min(first * (1 << min(push.tries, 10)), RETRY_MOST)
        await self.tx.execute(
            update(t.push)
            .where(row.feed_id == push.feed_id, row.due_at == push.due_at)
            .values(due_at=now + wait, tries=push.tries + 1, reason=clean(reason, 200))
        )

    async def confirm(self, feed_id: int, *, until: datetime, renew_at: datetime) -> None:
        await self.tx.execute(
            update(t.push).where(row.feed_id == feed_id).values(lease_until=until, due_at=renew_at, tries=0, reason="")
        )

    async def denied(self, feed_id: int, reason: str) -> None:
        """The hub will not have us: nothing is expected of it, and it is asked again in a day."""
        now = await self.tx.now()
        said = clean(f"the hub said no{f': {reason}' if reason else ''}", 200)
        await self.tx.execute(
            update(t.push).where(row.feed_id == feed_id).values(lease_until=None, due_at=now + RETRY_MOST, reason=said)
        )
        await self._mark(feed_id, False)

    async def arrived(self, feed_id: int, now: datetime) -> None:
        await self.tx.execute(update(t.push).where(row.feed_id == feed_id).values(pushed_at=now))

    async def trust(self, feed_id: int, trusted: bool) -> None:
        """Look at the feed less often, or as often as ever; a trust that ends is counted as a miss."""
        if not trusted:
            await self.tx.execute(update(t.push).where(row.feed_id == feed_id).values(missed=row.missed + 1))
        await self._mark(feed_id, trusted)

    async def distrust_lapsed(self) -> None:
        """A lease that ran out unrenewed brings no more news."""
        now = await self.tx.now()
        lapsed = select(row.feed_id).where(row.lease_until <= now)
        await self.tx.execute(
            update(t.feed).where(t.feed.c.pushed.is_(True), t.feed.c.id.in_(lapsed)).values(pushed=False)
        )

    async def look_at(self, feed_id: int, moment: datetime, *, apart: timedelta = timedelta()) -> None:
        """Have a feed looked at then, unless it will be sooner; never within `apart` of the look before."""
        feed = t.feed.c
        found = await self.tx.first(select(feed.checked_at).where(feed.id == feed_id))
        if found is None:
            return
        soon = max(moment, found.checked_at + apart) if found.checked_at else moment
        await self.tx.execute(
            update(t.feed).where(feed.id == feed_id, feed.next_check_at > soon).values(next_check_at=soon)
        )

    async def _mark(self, feed_id: int, pushed: bool) -> None:
        await self.tx.execute(
            update(t.feed).where(t.feed.c.id == feed_id, t.feed.c.pushed.is_(not pushed)).values(pushed=pushed)
        )


def _push(found: Record) -> Push:
    return Push(
        feed_id=found.feed_id,
        callback=found.callback,
        hub=found.hub,
        topic=found.topic,
        secret=found.secret,
        due_at=found.due_at,
        lease_until=found.lease_until,
        pushed_at=found.pushed_at,
        missed=found.missed,
        tries=found.tries,
        reason=found.reason,
    )
