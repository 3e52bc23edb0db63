"""The counters that number every change of a subscription, and every move of an article by hand."""

from __future__ import annotations

from bot.store import tables as t
from bot.store.transaction import Transaction


async def next_revision(tx: Transaction, name: str = "subscription") -> int:
    """The next number. Its row stays locked until the end of the transaction: numbers appear in their order."""
    put = tx.insert(t.counter).values(name=name, value=1)
    result = await tx.execute(
        put.on_conflict_do_update(index_elements=["name"], set_={"value": t.counter.c.value + 1}).returning(
            t.counter.c.value
        )
    )
    return int(result.scalar_one())
