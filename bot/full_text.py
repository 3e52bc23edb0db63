"""Full text: the pages of new articles, read for feeds that give only summaries and were chosen for it.

What the feed said stays the summary and is the fallback: for a page that cannot be had in time, is no article, or is
about something else (a banner, a wall). Pages are asked for one at a time, by the guard, gate and budget of the feeds.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

import structlog

from bot import metrics
from bot.core.errors import FetchError
from bot.core.model import Entry, Feed, Fetched
from bot.store import Store

log = structlog.get_logger(__name__)

ENOUGH = 1500
"""Characters of an item from which on the feed gives the text itself."""
PAGES = 8
"""Of one look; a feed that brings more at once has its newest read."""
SECONDS = 25.0
"""For all pages of one look: alerts wait for them, and the feed's lease runs."""

ReadPage = Callable[[str], Awaitable[str]]
"""The text of a page, through the guard. Raises FetchError."""


class FullText:
    """`everywhere` reads the pages of all feeds but those that were taken out; `seconds` are for those of one look."""

    def __init__(self, *, store: Store, read: ReadPage, everywhere: bool = False, seconds: float = SECONDS) -> None:
        self.store = store
        self.read = read
        self.everywhere = everywhere
        self.seconds = seconds

    def wanted(self, feed: Feed) -> bool:
        return self.everywhere if feed.full_text is None else feed.full_text

    async def fill(self, feed: Feed, fetched: Fetched) -> Fetched:
        """What a look brought, with the texts of the new articles' pages; those of a feed's backlog are not read."""
        if not self.wanted(feed) or not fetched.entries:
            return fetched
        # What the feed says is the summary at every look, so that a page's text is no correction of it, nor it of that.
        entries = [_as_summary(entry) for entry in fetched.entries]
        if feed.ok_at is not None:
            async with self.store.read() as tx:
                fresh = await tx.archive.unseen(feed.id, entries)
            texts = await self._texts(
                [entry for entry in fresh if entry.url and len(entry.summary) < ENOUGH > len(entry.text)]
            )
            entries = [replace(entry, text=texts.get(entry.key, entry.text)) for entry in entries]
        return replace(fetched, entries=tuple(entries))

    async def _texts(self, entries: Sequence[Entry]) -> dict[str, str]:
        """By the entries' keys; as many as can be had in the time."""
        texts: dict[str, str] = {}
        dated = sorted(entries, key=lambda entry: entry.published.timestamp() if entry.published else 0.0, reverse=True)
        try:
            async with asyncio.timeout(self.seconds):
                for entry in dated[:PAGES]:
                    try:
                        text = await self.read(entry.url)
                    except FetchError as error:
                        metrics.PAGES.labels("not read").inc()
                        log.info("article page not read; the feed's summary does", reason=str(error))
                        continue
                    taken = len(text) > len(entry.summary) and is_about(text, f"{entry.title} {entry.summary[:300]}")
                    metrics.PAGES.labels("read" if taken else "not an article").inc()
                    if taken:
                        texts[entry.key] = text
        except TimeoutError:
            log.info("article pages take too long; the feed's summaries do", read=len(texts), wanted=len(entries))
        times = Counter(texts.values())  # what several pages say alike is no article
        return {key: text for key, text in texts.items() if times[text] == 1}


def is_about(text: str, said: str) -> bool:
    """Whether at least half of the words of what the feed said are in a page's text."""
    wanted, known = set(_words(said)), set(_words(text))
    return len(wanted & known) * 2 >= len(wanted)


def _words(text: str) -> Iterable[str]:
    """Words of four letters or more; of scripts that write without spaces, pairs of characters."""
    for word in re.findall(r"\w{2,}", text.casefold()):
        if word[0] >= "\u0e00":  # Thai, and the scripts of East Asia
            yield from (word[at : at + 2] for at in range(len(word) - 1))
        elif len(word) >= 4:
            yield word


def _as_summary(entry: Entry) -> Entry:
    said = max(entry.summary, entry.text, key=len)
    return entry if len(said) >= ENOUGH else replace(entry, summary=said, text="")
