"""What may happen only once: a request that is replayed, an event that is told again, a ticket that is used up."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

MOST = 50_000
"""Marks in memory at most; Slack sends one workspace's app 30,000 events an hour."""


class Marks(Protocol):
    """Kept by the house, so that several processes know the same."""

    async def put(self, key: str, keep: timedelta) -> bool:
        """Set a mark for so long; False where it stands already."""
        ...

    async def take(self, key: str) -> bool:
        """Remove a mark; True for the one who did, while it stood."""
        ...


class InMemory:
    """Marks of one process, where no house keeps them."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._until: OrderedDict[str, datetime] = OrderedDict()

    async def put(self, key: str, keep: timedelta) -> bool:
        now = self._clock()
        while self._until and (len(self._until) >= MOST or next(iter(self._until.values())) <= now):
            self._until.popitem(last=False)
        if self._until.get(key, now) > now:
            return False
        self._until[key] = now + keep
        self._until.move_to_end(key)
        return True

    async def take(self, key: str) -> bool:
        return self._until.pop(key, self._clock()) > self._clock()
