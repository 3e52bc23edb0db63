"""Finding a feed again that is no longer where it was: a page stands there, or nothing for a week.

Its site is asked once which feeds it offers, as far as its robots.txt lets programs look (nobody asked for this page).
A feed that shows articles which we know from the old one is the old one: its address is adopted. Others are told, in
private, to those who added it, with a button that adds what was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Protocol

import structlog

from bot.core.errors import FetchError, Missing, NotAFeed
from bot.core.message import Button, Message, Tone, paragraph
from bot.core.model import Channel, Delivery, Feed, Fetched
from bot.owners import Owners
from bot.store import Store

log = structlog.get_logger(__name__)

MISSING_FOR = timedelta(days=7)
"""An address that is not found: shorter outages of a site look the same."""
REPLACED_FAILS = 2
CANDIDATES = 3


class Finder(Protocol):
    """Where feeds come from, as far as a feed is looked for."""

    async def offered(self, feed: Feed) -> Sequence[str]:
        """The addresses of feeds that its site offers. Raises FetchError."""
        ...

    async def look(self, url: str) -> tuple[str, Fetched]: ...


class Rediscovery:
    def __init__(self, *, store: Store, source: Finder, owners: Owners) -> None:
        self.store = store
        self.source = source
        self.owners = owners

    def is_due(self, feed: Feed, error: FetchError, *, now: datetime) -> bool:
        """Whether this failure says that the feed is elsewhere by now."""
        if feed.private or feed.failing_since is None:
            return False
        if isinstance(error, NotAFeed):
            return feed.fails >= REPLACED_FAILS  # not only then: a kick may be lost
        return isinstance(error, Missing) and now - feed.failing_since >= MISSING_FOR

    async def seek(self, feed_id: str) -> None:
        """Look for one feed; once, until it has been read again and is lost again."""
        async with self.store.begin() as tx:
            feed = await tx.feeds.get(int(feed_id))
            if feed is None or feed.failing_since is None:
                return
            if not await tx.budgets.seek(feed.id, feed.failing_since):
                return
        try:
            offered = list(await self.source.offered(feed))[:CANDIDATES]
        except FetchError as error:
            log.info("a lost feed was not found again", feed=feed.id, reason=str(error))
            return
        found = ""
        for address in offered:
            try:
                final, fetched = await self.source.look(address)
            except FetchError:
                continue
            if final == feed.url or not fetched.entries:
                continue
            async with self.store.begin() as tx:
                if await tx.archive.knows(feed.id, fetched.entries):
                    await tx.feeds.put_right(feed.id, final)
                    log.info("a lost feed was found again", feed=feed.id, source=feed.source)
                    return
            found = found or final
        if found:
            async with self.store.begin() as tx:
                now = await tx.now()
                await self.owners.tell(tx, feed, lambda feed, place: _found(feed, place, found, now))
        log.info("a lost feed was looked for on its site", feed=feed.id, offered=len(offered), found=bool(found))


def _found(feed: Feed, place: Channel, address: str, now: datetime) -> Delivery:
    message = Message(
        title=f"{feed.name} may have another address",
        body=(
            paragraph("It is no longer where it was. Its site offers another feed, whose articles are not the same:"),
            paragraph(address),
        ),
        buttons=(Button("Look at it", f"feed test {address}"), Button("Add it", f"feed add {address}")),
        tone=Tone.WARNING,
    )
    number = blake2b(f"found {feed.id} {address} {place.id} {feed.failing_since}".encode(), digest_size=12).hexdigest()
    return Delivery(number, place.tenant, place.id, message, created_at=now)
