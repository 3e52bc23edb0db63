"""Who is told how a feed is doing: those who added it, in private, and the maintainers' channel where there is one.

Once when it goes dark and once when it is back, in the transaction that notes it, so that it is said exactly once.
A public channel never hears of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.core.model import Channel, Delivery, Feed
from bot.core.notice import back_again, gone_dark, of_room
from bot.core.ports import Whispers
from bot.store import Store, Tx


class Owners:
    def __init__(self, maintainers: Channel | None = None, whispers: Whispers = lambda _: False) -> None:
        self.maintainers = maintainers
        self.whispers = whispers
        self._knows_of_no_room = False

    async def tell_of_room(self, store: Store) -> None:
        """Tell the maintainers once that nothing new is taken in, and once that it is again."""
        if self.maintainers is None or store.short_of_room == self._knows_of_no_room:
            return
        short = store.short_of_room
        async with store.begin() as tx:
            await tx.outbox.add(of_room(self.maintainers, short=short, now=await tx.now()))
        self._knows_of_no_room = short

    async def dark(self, tx: Tx, feed: Feed, *, now: datetime) -> None:
        """`feed` is as it is after the failure that made it dark."""
        for place, own in await self._of(tx, feed):
            await tx.outbox.add(gone_dark(feed, place, now=now, own=own))

    async def back(self, tx: Tx, feed: Feed, *, now: datetime) -> None:
        """`feed` is as it was before the look that succeeded."""
        for place, own in await self._of(tx, feed):
            await tx.outbox.add(back_again(feed, place, now=now, own=own))

    async def tell(self, tx: Tx, feed: Feed, compose: Callable[[Feed, Channel], Delivery]) -> None:
        """Say something else of a feed to those who added it."""
        for place, own in await self._of(tx, feed):
            if own:
                await tx.outbox.add(compose(feed, place))

    async def _of(self, tx: Tx, feed: Feed) -> list[tuple[Channel, bool]]:
        """The places to tell; true for those who added it, who may read a private feed's title."""
        people = [person for person in await tx.feeds.adders(feed.id) if self.whispers(person)]
        places = [(Channel(person, person), True) for person in people]
        if self.maintainers and self.maintainers.id not in people:
            places.append((self.maintainers, False))
        return places
