"""Marks: what may happen only once, over all processes: an event that is told twice, a ticket that is used up."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from bot.store import tables as t
from bot.store.transaction import Begin


class Marks:
    """Every method is a transaction of its own. A key is opaque, and ends by itself."""

    def __init__(self, begin: Begin) -> None:
        self._begin = begin

    async def put(self, key: str, keep: timedelta) -> bool:
        """Set a mark for so long; False where it stands already."""
        async with self._begin() as tx:
            now = await tx.now()
            put = tx.insert(t.mark).values(key=key, until=now + keep)
            # One that has ended and was not cleared away yet is set anew.
            again = put.on_conflict_do_update(
                index_elements=["key"], set_={"until": put.excluded.until}, where=t.mark.c.until <= now
            )
            return await tx.first(again.returning(t.mark.c.key)) is not None

    async def take(self, key: str) -> bool:
        """Remove a mark; True for the one who did, while it stood."""
        async with self._begin() as tx:
            now = await tx.now()
            gone = delete(t.mark).where(t.mark.c.key == key).returning(t.mark.c.until)
            taken = await tx.first(gone)
            return taken is not None and taken.until > now

    async def prune(self) -> int:
        """Let go of those that have ended; how many."""
        async with self._begin() as tx:
            return await tx.changed(delete(t.mark).where(t.mark.c.until <= await tx.now()))
