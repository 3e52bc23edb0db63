"""What is known of a feed's items, by their keys."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam

from bot.store import tables as t
from bot.store.prepared import Prepared
from bot.store.transaction import Transaction, slices

FEW = 10
"""Up to so many keys are asked for one by one, by a statement that is ready; more in one that is built for them."""


def digest(key: str) -> str:
    """16 bytes of a key: keys are as long as their publisher likes, an index entry is not."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class OfItems:
    """A statement about some items of a feed, made by `build` from what says which of the table's rows are theirs."""

    def __init__(self, table: Table, build: Callable[[ColumnElement[bool]], Any]) -> None:
        feed: Any = bindparam("its_feed", type_=t.Id)
        key: Any = bindparam("its_key")
        self._items = table.c
        self._build = build
        self._one = Prepared(lambda _: build(and_(table.c.feed_id == feed, table.c.key == key)))

    async def ask(self, tx: Transaction, feed_id: int, keys: list[str]) -> list[Any]:
        """Its rows for these keys."""
        if len(keys) <= FEW:
            return [row for key in keys for row in await tx.ask(self._one, its_feed=feed_id, its_key=key)]
        items = self._items
        return [
            row
            for some in slices(keys)
            for row in await tx.rows(self._build(and_(items.feed_id == feed_id, items.key.in_(some))))
        ]
