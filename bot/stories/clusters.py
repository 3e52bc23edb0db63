"""Decides which story an article belongs to: one pass, in memory, undoable.

An article is compared in this order: the same item again (link, or headline by the same outlet), a copy of a text that
we have, then the nearest story by TF-IDF (`bot.stories.index`). Deciding and recording are two calls, because the
archive decides in between who was first. State is a pure function of the clock and of the articles that were
remembered and not forgotten, so a restart that remembers the last window answers as before.

The rule of single-pass clustering is old (Hill, 1968; topic detection and tracking, Allan et al., 1998); what makes
it work on news is time and a threshold that follows the text's length. A merge that should not be is worse than a
second alert, because nobody sees what was swallowed: the guards all err to that side.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from heapq import heappop, heappush
from math import log

from bot.core.model import Article
from bot.stories.copies import CONTAINMENT, Copies, containment, shingles, short
from bot.stories.index import Index
from bot.stories.origin import outlet, strip_dateline
from bot.stories.rubric import is_rubric
from bot.stories.shelf import Shelf
from bot.stories.words import language, terms, words

_FEW, _MANY = 8, 40
"""Terms of a text between which the threshold rises with their logarithm."""

_USUAL = (0.087, 0.175)
_CAREFUL = (0.12, 0.24)
"""Thresholds at few terms and at many. Careful opens an eighth more stories and swallows half as many."""

_LEAD = 80
"""Words of headline and lead that count; the rest of a text is background that all reports share."""

_FADES = timedelta(hours=8)
"""The silence that halves a similarity, and no more after that: of all that tells two look-alike events apart, time
tells most; yet what is as alike as two reports of one event mostly are comes together a day later too."""

_OWN = 0.6
"""The cosine that a story must reach whose articles are all by the outlet that comes with the next one: two articles of
one outlet are mostly two stories. Once another outlet has the story too, it is as open as any."""

_OWN_COPY = 0.8
"""The same for its own texts: below it is a form that is filled in every day, above a corrected version."""

_ANOTHER_DAY = timedelta(hours=16)
"""A headline that differs only in its numbers from an older one: sooner an update, later another instalment."""

_TITLE = 400
"""Characters of a headline that are read; a longer one is a mistake of the feed."""

_CANDIDATES = 16

_TELLING = 12
"""Characters that a headline must have to identify an item; "Update" does not."""

_NUMBERS = re.compile(
    r"\d+(?:st|nd|rd|th)?|\b(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|mon|tues|wednes|thurs|fri|satur|sunday"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag"
    r"|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo)\b"
)


class Why(StrEnum):
    """What decided."""

    SAME_ITEM = "same item"
    COPY = "copy"
    SIMILAR = "similar"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an article belongs. `story` is None where it opens a new one.

    `score` is the similarity to `nearest`, the closest story that was looked at, whether or not it was joined;
    `threshold` is what it had to reach. `copy_of` is the id of the article whose text or item this one repeats.
    """

    story: int | None
    score: float = 0.0
    copy_of: str | None = None
    nearest: int | None = None
    threshold: float = 0.0
    why: Why = Why.NEW


@dataclass(slots=True, eq=False)
class _Item:
    """What is kept of an article: no text, only what the next one is compared with.

    Of the heading, of its outlet with the heading's `form` (its numbers and dates aside) and of the link only a number
    is kept, which is the same for the same; 0 where there is none.
    """

    id: str
    when: float
    outlet: str
    heading: int
    form: int
    link: int
    title: tuple[str, ...]
    lead: tuple[str, ...]
    shingles: array[int]
    """Those of the text for as long as it is at hand, then short ones."""
    story: int = 0
    copy: int = 0
    """Its number among the copies."""

    @property
    def keys(self) -> list[int]:
        """By what the same item is found again."""
        return [key for key in (self.link, self.form) if key]

    @property
    def weights(self) -> dict[str, int]:
        return {**dict.fromkeys(self.lead, 1), **dict.fromkeys(self.title, 2)}


class _Open:
    """A story with articles in the window, and when they were. Most have one: each byte of it is there 40,000 times."""

    __slots__ = ("first", "items", "last")

    def __init__(self) -> None:
        self.items: list[_Item] = []
        self.first = self.last = 0.0

    def put(self, item: _Item) -> None:
        self.first = min(self.first, item.when) if self.items else item.when
        self.last = max(self.last, item.when) if self.items else item.when
        self.items.append(item)

    def take(self, item: _Item) -> None:
        self.items.remove(item)
        if self.items and item.when in (self.first, self.last):
            times = [each.when for each in self.items]
            self.first, self.last = min(times), max(times)

    def distance(self, when: float) -> float:
        """Seconds between an instant and the story's life."""
        return max(0.0, when - self.last, self.first - when)

    def is_of(self, outlet: str) -> bool:
        """Whether all of it is by that outlet."""
        return all(item.outlet == outlet for item in self.items)


class Stories:
    """The stories of the last `window`, as they are needed to place the next article.

    `careful` prefers two alerts to one more often. `keep` is how many articles are kept although they are older than
    the window: none for a live stream; some for a file that may be out of order.
    """

    def __init__(self, window: timedelta = timedelta(hours=72), *, careful: bool = False, keep: int = 0) -> None:
        self._window = window.total_seconds()
        self._thresholds = _CAREFUL if careful else _USUAL
        self._keep = keep
        self._items: dict[str, _Item] = {}
        self._stories: dict[int, _Open] = {}
        self._keys: Shelf[int] = Shelf()
        self._copies = Copies()
        self._index = Index()
        self._by_age: list[tuple[float, str]] = []
        self._last: tuple[Article, _Item] | None = None
        self._now = float("-inf")
        self._latest: deque[float] = deque(maxlen=2)

    def __len__(self) -> int:
        """How many stories are open."""
        return len(self._stories)

    def place(self, article: Article, now: datetime | None = None) -> Placed:
        """Which open story the article belongs to, if any. Nothing is recorded; `remember` does that.

        `now` lets go of what is older than the window; without it the articles' own times do.
        """
        self._pass_time(now.timestamp() if now else None)
        if self._is_past(article):
            return Placed(None)
        item = self._read(article)
        if known := self._items.get(item.id) or self._linked(item):
            return Placed(known.story, 1.0, known.id, known.story, 0.0, Why.SAME_ITEM)
        older = self._instalments(item)
        if known := next((each for each in older if _repeats(item, each)), None):
            return Placed(known.story, 1.0, known.id, known.story, 0.0, Why.SAME_ITEM)
        others = {each.story for each in older if abs(item.when - each.when) >= _ANOTHER_DAY.total_seconds()}
        return self._copied(item, others) or self._similar(item, others)

    def remember(self, article: Article, story: int) -> None:
        """Record that the article belongs to the story, which opens with its first article.

        Said again with another story, it moves the article there.
        """
        if known := self._items.get(article.id):
            if known.story == story:
                return
            self.forget([article.id])
        if self._is_past(article):
            return
        item = self._read(article)
        item.story = story
        self._items[item.id] = item
        self._stories.setdefault(story, _Open()).put(item)
        self._index.add(story, item.weights)
        item.copy = self._copies.put(item.id, item.shingles)
        item.shingles = short(item.shingles)
        self._last = None
        for key in item.keys:
            self._keys.put(key, item.id)
        heappush(self._by_age, (item.when, item.id))
        # One article with a date in the far future must not end every story: the clock follows the second latest.
        self._latest.append(item.when)
        self._now = max(self._now, min(self._latest) if len(self._latest) == 2 else float("-inf"))

    def forget(self, articles: Iterable[str]) -> None:
        """Take articles back as if they had never been remembered. Unknown ids are ignored."""
        for name in articles:
            if item := self._items.pop(name, None):
                story = self._stories[item.story]
                story.take(item)
                self._index.remove(item.story, item.weights, last=not story.items)
                self._copies.take(item.copy)
                for key in item.keys:
                    self._keys.take(key, name)
                if not story.items:
                    del self._stories[item.story]

    def _pass_time(self, now: float | None) -> None:
        self._now = max(self._now, now or float("-inf"))
        while len(self._items) > self._keep and self._by_age and self._by_age[0][0] < self._now - self._window:
            when, name = heappop(self._by_age)
            held = self._items.get(name)
            if held and held.when == when:
                self.forget([name])

    def _is_past(self, article: Article) -> bool:
        """Whether every open story is more than a window younger: most of a feed's first document is not even read."""
        return not self._keep and article.when.timestamp() < self._now - 2 * self._window

    def _read(self, article: Article) -> _Item:
        """What is compared of an article; the last one is kept, because it is placed first and remembered next."""
        if self._last is None or self._last[0] is not article:
            self._last = (article, _item(article))
        return self._last[1]

    def _near(self, item: _Item, names: Iterable[str]) -> Iterator[_Item]:
        for name in names:
            known = self._items[name]
            if abs(item.when - known.when) <= self._window:
                yield known

    def _linked(self, item: _Item) -> _Item | None:
        return next(self._near(item, self._keys.get(item.link)), None) if item.link else None

    def _instalments(self, item: _Item) -> list[_Item]:
        """The outlet's own items whose headline differs in nothing but numbers and dates, oldest first."""
        return list(self._near(item, self._keys.get(item.form))) if item.form else []

    def _copied(self, item: _Item, others: set[int]) -> Placed | None:
        best: tuple[float, float, str] | None = None
        candidates = self._copies.candidates(item.shingles)
        mine = frozenset(short(item.shingles)) if candidates else frozenset()
        for known in self._near(item, candidates):
            share = containment(mine, known.shingles)
            own = bool(item.outlet) and known.outlet == item.outlet
            if known.story not in others and share >= (_OWN_COPY if own else CONTAINMENT):
                best = min(best or (0.0, 0.0, ""), (-share, known.when, known.id))
        if best is None:
            return None
        known = self._items[best[2]]
        return Placed(known.story, -best[0], known.id, known.story, CONTAINMENT, Why.COPY)

    def _texts(self, story: int) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        return [(item.lead, item.title) for item in self._stories[story].items]

    def _similar(self, item: _Item, others: set[int]) -> Placed:
        weights = item.weights
        threshold = _threshold(len(weights), *self._thresholds)
        scored: list[tuple[float, float, int]] = []
        for cosine, story in self._index.nearest(weights, _CANDIDATES, self._texts):
            silence = self._stories[story].distance(item.when)
            if silence <= self._window:
                scored.append((cosine / (1 + min(1.0, silence / _FADES.total_seconds())), cosine, story))
        scored.sort(key=lambda found: (-found[0], found[2]))
        for score, cosine, story in scored:
            own = bool(item.outlet) and self._stories[story].is_of(item.outlet)
            if score >= threshold and story not in others and not (own and cosine < _OWN):
                return Placed(story, score, None, story, threshold, Why.SIMILAR)
        score, _, nearest = scored[0] if scored else (0.0, 0.0, None)
        return Placed(None, score, None, nearest, threshold, Why.NEW)


def _item(article: Article) -> _Item:
    publisher = outlet(article)
    title = _without_outlet(article.title[:_TITLE], publisher)
    by = sys.intern(publisher.casefold())
    heading = " ".join(words(title))
    body = strip_dateline(article.body)
    lang = language(article.lang, f"{title} {body[:600]}")
    lead = " ".join(body[: _LEAD * 16].split()[: max(0, _LEAD - len(title.split()))])
    if is_rubric(title):
        # The weather is like nothing else, and nothing is like the weather: only itself again, or a copy of it.
        title = lead = ""
    in_title = tuple(dict.fromkeys(terms(title, lang)))
    return _Item(
        id=article.id,
        when=article.when.timestamp(),
        outlet=by,
        heading=_number("heading", heading),
        form=_number("form", f"{by}\n{_NUMBERS.sub('#', heading)}") if by and len(heading) >= _TELLING else 0,
        link=_number("link", article.link_key) if article.link_key else 0,
        title=in_title,
        lead=tuple(term for term in dict.fromkeys(terms(lead, lang)) if term not in in_title),
        shingles=shingles(article.body),
    )


def _without_outlet(title: str, publisher: str) -> str:
    """ "Bridge closes - Harbour Post" says the outlet's name, which is nothing of the event."""
    for dash in (" - ", " | ", " – ", " — "):
        head, found, tail = title.rpartition(dash)
        if found and tail.strip().casefold() == publisher.casefold():
            return head
    return title


def _number(kind: str, text: str) -> int:
    """63 bits of a text, the same in every process: a text that is kept to be compared costs three times as much."""
    return int.from_bytes(blake2b(f"{kind} {text}".encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 1


def _repeats(item: _Item, known: _Item) -> bool:
    """The same headline by the same outlet: an update, unless it comes back another day as another article."""
    if item.heading != known.heading:
        return False
    if abs(item.when - known.when) < _ANOTHER_DAY.total_seconds():
        return True
    elsewhere = bool(item.link and known.link and item.link != known.link)
    rewritten = bool(item.shingles and known.shingles)
    rewritten = rewritten and containment(short(item.shingles), known.shingles) < CONTAINMENT
    return not (elsewhere or rewritten)


def _threshold(count: int, low: float, high: float) -> float:
    share = log(max(_FEW, min(count, _MANY)) / _FEW) / log(_MANY / _FEW)
    return low + share * (high - low)
