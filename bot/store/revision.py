"""The counters that number every change of a subscription, and every move of an article by hand."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from bot.store import tables as t
from bot.store.prepared import Prepared
from bot.store.transaction import Transaction

NEWEST = Prepared(lambda _: select(t.counter.c.value).where(t.counter.c.name == bindparam("its_name")))


async def next_revision(tx: Transaction, name: str = "subscription") -> int:
    """The next number. Its row stays locked until the end of the transaction: numbers appear in their order."""
    put = tx.insert(t.counter).values(name=name, value=1)
    result = await tx.execute(
        put.on_conflict_do_update(index_elements=["name"], set_={"value": t.counter.c.value + 1}).returning(
            t.counter.c.value
        )
    )
    return int(result.scalar_one())


async def newest_revision(tx: Transaction, name: str = "subscription") -> int:
    """The number of the last change, 0 where there was none: cheap enough to be asked at every look."""
    rows = await tx.ask(NEWEST, its_name=name)
    return int(rows[0].value) if rows else 0
