"""What a domain was asked in the last minute, by all processes together, and feeds that were looked for once more."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from bot.store import tables as t
from bot.store.transaction import Transaction

MINUTE = timedelta(minutes=1)
FORGOTTEN = timedelta(days=1)


class Budgets:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def take(self, domain: str, host: str, *, per_minute: int, gap: float) -> float:
        """Seconds until the host may be asked: zero for now, and then the request is counted.

        Never more than `per_minute` in any minute for the domain, nor two within `gap` seconds for one host of it.
        """
        await self.tx.lock(f"domain {domain}")
        now = (await self.tx.now()).timestamp()
        row = await self.tx.first(select(t.domain.c.asked).where(t.domain.c.name == domain))
        before: list[tuple[float, str]] = row.asked if row else []
        asked = [(at, where) for at, where in before if at > now - MINUTE.total_seconds()]
        last = max((at for at, where in asked if where == host), default=0.0)
        if (wait := last + gap - now) > 0:
            return wait
        if per_minute and len(asked) >= per_minute:
            return min(at for at, _ in asked) + MINUTE.total_seconds() - now
        put = self.tx.insert(t.domain).values(name=domain, asked=[*asked, (now, host)], asked_at=await self.tx.now())
        await self.tx.execute(
            put.on_conflict_do_update(
                index_elements=["name"], set_={"asked": put.excluded.asked, "asked_at": put.excluded.asked_at}
            )
        )
        return 0.0

    async def prune(self) -> None:
        """Forget domains that nobody asks any more."""
        await self.tx.execute(delete(t.domain).where(t.domain.c.asked_at < await self.tx.now() - FORGOTTEN))

    async def seek(self, feed_id: int, since: datetime) -> bool:
        """Note that a feed is looked for on its site; false if that was done since then."""
        now = await self.tx.now()
        put = self.tx.insert(t.sought).values(feed_id=feed_id, at=now)
        done = await self.tx.first(
            put.on_conflict_do_update(
                index_elements=["feed_id"], set_={"at": put.excluded.at}, where=t.sought.c.at < since
            ).returning(t.sought.c.feed_id)
        )
        return done is not None
