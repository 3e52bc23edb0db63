"""How much of strangers' bodies is in memory at once, whatever comes together.

Sixty-four looks at a time, each at five megabytes, would be a third of a gigabyte that strangers decide about. Beyond
`FREE` bytes a body waits for room, and its server with it, since nothing more is read; small bodies never wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from bot.core.errors import Throttled

FREE = 65_536
"""Bytes that need no room: half of all feeds are smaller, and 64 such bodies are no more than one large one."""
ALL = 2_000_000
STEP = 250_000
PATIENCE = 30.0
"""Seconds that a body waits in all, and with it the claim on its feed; then the feed is put back for another turn."""


class Room:
    """`size` bytes for all bodies together.

    The one that came first may always go on, past the size too: so none waits for one that waits for it.
    """

    def __init__(self, size: int = ALL, patience: float = PATIENCE) -> None:
        self._size = size
        self._patience = patience
        self._shares: dict[Share, None] = {}
        self._waiting: dict[Share, asyncio.Future[None]] = {}

    @contextmanager
    def share(self) -> Iterator[Share]:
        """What a body takes in this block is given back at its end: where the body is no longer held."""
        share = Share(self, self._patience)
        try:
            yield share
        finally:
            self._shares.pop(share, None)
            self._wake()

    async def take(self, share: Share, size: int) -> None:
        self._shares.setdefault(share)
        if self._fits(share, size) and not self._waiting:
            share.size = size
            return
        share.wanted = size
        self._waiting[share] = asyncio.get_running_loop().create_future()
        self._wake()
        try:
            await self._waiting[share]
        finally:
            self._waiting.pop(share, None)

    def _fits(self, share: Share, size: int) -> bool:
        first = next(iter(self._shares))
        return share is first or sum(each.size for each in self._shares) - share.size + size <= self._size

    def _wake(self) -> None:
        """Those that came first go first; a later one does not pass who does not fit yet."""
        for share in [each for each in self._shares if each in self._waiting]:
            if not self._fits(share, share.wanted):
                return
            share.size = share.wanted
            if not (future := self._waiting[share]).done():
                future.set_result(None)


class Share:
    """What one body has of the room, in bytes."""

    def __init__(self, room: Room, patience: float) -> None:
        self.size = FREE
        self.wanted = 0
        self._room = room
        self._patience = patience

    async def hold(self, size: int) -> float:
        """Have room for so many bytes; the seconds that this took. Raises Throttled, `ours`, if it takes long."""
        if size <= self.size:
            return 0.0
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._patience):
                await self._room.take(self, size + STEP)
        except TimeoutError:
            raise Throttled("too many large feeds came at once", timedelta(minutes=1), ours=True) from None
        waited = loop.time() - began
        self._patience -= waited
        return waited
