"""Secrets that the house was trusted with, by tenant and name: stored sealed, never in plain text.

They go with all else that is a tenant's, when it is erased.
"""

from __future__ import annotations

from sqlalchemy import select, update

from bot.store import tables as t
from bot.store.seal import Seal
from bot.store.transaction import Begin

kept = t.secret.c


class Vault:
    """The room of its own transactions, because who asks for a token is no part of the store."""

    def __init__(self, begin: Begin, read: Begin, seal: Seal) -> None:
        self._begin = begin
        self._read = read
        self.seal = seal

    async def put(self, tenant: str, name: str, plain: str) -> None:
        """Keep a secret of a tenant in place of the one of that name. Raises SettingsError where there is no key."""
        sealed = self.seal.seal(plain, tenant)
        async with self._begin() as tx:
            values = {"sealed": sealed, "at": await tx.now()}
            await tx.execute(
                tx.insert(t.secret)
                .values(tenant=tenant, name=name, **values)
                .on_conflict_do_update(index_elements=[kept.tenant, kept.name], set_=values)
            )

    async def get(self, tenant: str, name: str) -> str | None:
        """The secret, or None. Raises SettingsError where its key is missing, SealBroken where the row was changed."""
        async with self._read() as tx:
            row = await tx.first(select(kept.sealed).where(kept.tenant == tenant, kept.name == name))
        return self.seal.open(row.sealed, tenant) if row else None

    async def tenants(self, name: str) -> list[str]:
        """Who has a secret of that name."""
        async with self._read() as tx:
            rows = await tx.rows(select(kept.tenant).where(kept.name == name).order_by(kept.tenant))
        return [row.tenant for row in rows]

    async def check(self) -> int:
        """Open every secret; how many there are. Raises as `get` does, for the first that does not open."""
        async with self._read() as tx:
            rows = await tx.rows(select(kept.tenant, kept.sealed).order_by(kept.tenant, kept.name))
        for row in rows:
            self.seal.open(row.sealed, row.tenant)
        return len(rows)

    async def rotate(self) -> int:
        """Seal anew, with the first key, what an older one sealed; how many that were. All of them, or none."""
        async with self._begin() as tx:
            rows = await tx.rows(select(kept.tenant, kept.name, kept.sealed))
            old = [row for row in rows if not self.seal.fresh(row.sealed)]
            for row in old:
                sealed = self.seal.seal(self.seal.open(row.sealed, row.tenant), row.tenant)
                mine = update(t.secret).where(kept.tenant == row.tenant, kept.name == row.name)
                # Who put a new one meanwhile has sealed it with a key of today.
                await tx.execute(mine.where(kept.sealed == row.sealed).values(sealed=sealed))
        return len(old)
