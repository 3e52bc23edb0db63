"""When each sample article appears: a pure function of the start, the pace and the moment that is asked about.

Nothing is remembered between two questions, so a demo that is started again with the same start goes on where it was.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.demo.articles import Outlet, SampleArticle


@dataclass(frozen=True, slots=True)
class Item:
    """An article as it stands at one moment; `updated` is later than `published` once it was corrected."""

    guid: str
    outlet: Outlet
    title: str
    paragraphs: tuple[str, ...]
    published: datetime
    updated: datetime


class Schedule:
    """The backlog is there from the start; then one item (an article or a correction) comes every `pace`.

    The first of them comes one `pace` after `t0`, so that a reader who looks at once has seen the feeds without it;
    `t0` may lie a few seconds ahead to give that reader more time.
    """

    def __init__(self, articles: Iterable[SampleArticle], t0: datetime, pace: timedelta) -> None:
        if t0.tzinfo is None or pace <= timedelta():
            raise ValueError("the start must be an aware instant and the pace positive")
        t0 = t0.astimezone(UTC)
        versions: list[tuple[float, SampleArticle, str, tuple[str, ...]]] = []
        self._history: dict[str, list[Item]] = {}
        for article in articles:
            if article.before is not None:
                when = t0 - article.before
                self._add(article, article.title, article.paragraphs, when)
            if article.place is not None:
                versions.append((article.place, article, article.title, article.paragraphs))
            versions.extend((each.place, article, each.title, each.paragraphs) for each in article.corrections)
        versions.sort(key=lambda version: (version[0], version[1].guid))
        self._moments = [t0 + pace * number for number in range(1, len(versions) + 1)]
        for when, (_, article, title, paragraphs) in zip(self._moments, versions, strict=True):
            self._add(article, title, paragraphs, when)

    def _add(self, article: SampleArticle, title: str, paragraphs: tuple[str, ...], when: datetime) -> None:
        history = self._history.setdefault(article.guid, [])
        published = history[0].published if history else when
        history.append(Item(article.guid, article.outlet, title, paragraphs, published, when))

    def item(self, guid: str, now: datetime) -> Item | None:
        """The article as it stands now; None where there is none, or not yet."""
        current = None
        for version in self._history.get(guid, ()):
            if version.updated <= now:
                current = version
        return current

    def items(self, now: datetime, outlet: Outlet | None = None) -> list[Item]:
        """What is published by now (by one outlet), newest first."""
        current = (self.item(guid, now) for guid in self._history)
        found = [item for item in current if item and outlet in (None, item.outlet)]
        return sorted(found, key=lambda item: (item.published, item.guid), reverse=True)

    def progress(self, now: datetime) -> tuple[int, int]:
        """How many live items have appeared, and how many there are."""
        return bisect_right(self._moments, now), len(self._moments)
