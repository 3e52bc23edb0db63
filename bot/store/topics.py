"""Topics that a server has named: every version of every one, so that an edit can be taken back.

A change takes the next number of the subscriptions' counter and touches those that follow the topic: who keeps them in
memory reads the new definition with them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update

from bot.core.model import NamedTopic
from bot.store import tables as t
from bot.store.revision import next_revision
from bot.store.transaction import Record, Transaction
from bot.store.words import clean

LONGEST_QUERY = 2_000

named = t.named_topic.c


class Topics:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def write(self, tenant: str, key: str, name: str, query: str, *, by: str, now: datetime) -> NamedTopic:
        """The next version of a topic; `key` is its folded name, and an empty query deletes it."""
        revision = await next_revision(self.tx)  # whose row is locked: two edits at once get two versions
        last = await self.tx.first(
            select(func.max(named.version).label("version")).where(named.tenant == tenant, named.key == key)
        )
        row = {
            "tenant": tenant,
            "key": key,
            "version": (last.version or 0) + 1 if last else 1,
            "name": clean(name),
            "query": clean(query, LONGEST_QUERY),
            "author": clean(by),
            "at": now,
            "revision": revision,
        }
        await self.tx.execute(self.tx.insert(t.named_topic).values(**row))
        subscription = t.subscription.c
        await self.tx.execute(
            update(t.subscription)
            .where(subscription.tenant == tenant, subscription.topic == row["name"], subscription.ended_at.is_(None))
            .values(revision=revision, changed_at=now)
        )
        return NamedTopic(tenant, name, str(row["query"]), int(str(row["version"])), by, now)

    async def of_tenant(self, tenant: str) -> list[NamedTopic]:
        """The topics that stand, by name."""
        newest: dict[str, NamedTopic] = {}
        for row in await self.tx.rows(select(t.named_topic).where(named.tenant == tenant).order_by(named.version)):
            newest[row.key] = _topic(row)
        return sorted((topic for topic in newest.values() if topic.query), key=lambda topic: topic.name.casefold())

    async def history(self, tenant: str, key: str) -> list[NamedTopic]:
        """Every version, the newest first."""
        rows = await self.tx.rows(
            select(t.named_topic).where(named.tenant == tenant, named.key == key).order_by(named.version.desc())
        )
        return [_topic(row) for row in rows]

    async def changed(self, revision: int) -> list[NamedTopic]:
        """Versions that came after that revision, in their order."""
        rows = await self.tx.rows(select(t.named_topic).where(named.revision > revision).order_by(named.revision))
        return [_topic(row) for row in rows]


def _topic(row: Record) -> NamedTopic:
    return NamedTopic(row.tenant, row.name, row.query, row.version, row.author, row.at)
