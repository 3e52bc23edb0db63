"""The pulse: whether the work goes on. An open port says nothing; what was due and nobody touched says it all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.message import in_utc
from bot.store import Store

LATELY = timedelta(minutes=10)
"""Due for so long while nothing of its kind was done: then nobody is at work, or nobody gets anywhere."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """`trouble` is what stands still, in sentences; empty where all goes on."""

    at: datetime
    polled_at: datetime | None
    delivered_at: datetime | None
    trouble: tuple[str, ...] = ()


async def feel(store: Store, platforms: Collection[str], *, since: datetime | None = None) -> Pulse:
    """Look at what is due in the database, whichever process has to do it. Who began at `since` gets a little time.

    Only what goes to these platforms counts: nobody can post where no token is.
    """
    async with store.read() as tx:
        now = await tx.now()
        waits, polled_at = await tx.feeds.pulse()
        due = [at for channel, at in await tx.deliveries.overdue() if channel.partition(":")[0] in platforms]
        tried_at, delivered_at = await tx.deliveries.pulse()
    trouble = []
    if _still(waits, polled_at, since, now):
        trouble.append(f"No feed was looked at {_since(polled_at)}, although one is due.")
    if _still(min(due, default=None), tried_at, since, now):
        trouble.append(f"No post was tried {_since(tried_at)}, although one is due.")
    return Pulse(now, polled_at, delivered_at, tuple(trouble))


def _still(due: datetime | None, done: datetime | None, since: datetime | None, now: datetime) -> bool:
    """Whether something is due for long, and nothing was done for as long."""
    moments = [moment for moment in (due, done, since) if moment is not None]
    return due is not None and max(moments) < now - LATELY


def _since(at: datetime | None) -> str:
    return f"since {in_utc(at)}" if at else "yet"
