"""Feed servers that publish by a timetable made from a seed. Every article has words of its own, so that none is
another's story, and names one topic: what must ring where is known without asking the program under test.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from bot.core.errors import FetchError, Throttled
from bot.core.model import Entry, Feed, Fetched

SYLLABLES = [
    "ba",
    "be",
    "bi",
    "bo",
    "bu",
    "da",
    "de",
    "di",
    "do",
    "du",
    "fa",
    "fe",
    "fi",
    "fo",
    "fu",
    "ka",
    "ke",
    "ki",
    "ko",
    "ku",
    "la",
    "le",
    "li",
    "lo",
    "lu",
    "ma",
    "me",
    "mi",
    "mo",
    "mu",
    "na",
    "ne",
    "ni",
    "no",
]
SHOWN = 200
"""Items that a feed shows; more than any publishes within an outage."""


def word(dice: Random, syllables: int = 4) -> str:
    return "".join(dice.choice(SYLLABLES) for _ in range(syllables))


@dataclass(frozen=True)
class Item:
    at: float  # seconds since the world began
    key: str
    topic: str
    title: str
    text: str


class Newswire:
    """`trouble(url)` decides whether a fetch goes well: None, or the error."""

    def __init__(
        self,
        dice: Random,
        start: datetime,
        now: Callable[[], float],
        *,
        feeds: int,
        per_day: Callable[[int], float],
        until: float,
        topics: list[str],
    ) -> None:
        self._start = start
        self._now = now
        self.trouble: Callable[[str], FetchError | None] = lambda _url: None
        self.fetches = 0
        self.items: dict[str, list[Item]] = {}
        for number in range(feeds):
            url = f"https://feed{number}.example/rss"
            times = sorted(dice.uniform(0, until) for _ in range(_poisson(dice, per_day(number) * until / 86400)))
            self.items[url] = [self._item(dice, at, f"{number}-{place}", topics) for place, at in enumerate(times)]

    @staticmethod
    def _item(dice: Random, at: float, key: str, topics: list[str]) -> Item:
        topic = dice.choice(topics)
        own = [word(dice) for _ in range(60)]
        lead = f"{' '.join(own[8:14])} {topic} {' '.join(own[14:20])}"
        return Item(at, key, topic, " ".join(own[:8]), f"{lead}. {' '.join(own[20:40])}. {' '.join(own[40:])}.")

    async def fetch(self, feed: Feed) -> Fetched:
        self.fetches += 1
        if error := self.trouble(feed.url):
            raise error
        known = self.items[feed.url]
        out = known[: bisect_right([item.at for item in known], self._now())][-SHOWN:]
        etag = out[-1].key if out else ""
        if feed.cache.get("etag") == etag:
            return Fetched(unchanged=True, cache=feed.cache, status=304)
        entries = tuple(
            Entry(
                key=item.key,
                title=item.title,
                url=f"https://news.example/{item.key}",
                link_key=f"news.example/{item.key}",
                text=item.text,
                published=self._start + timedelta(seconds=item.at),
                lang="en",
            )
            for item in out
        )
        return Fetched(entries=entries, cache={"etag": etag}, title=feed.url, lang="en")


def faulty(dice: Random, share: float) -> Callable[[str], FetchError | None]:
    """A share of the fetches fails in the ways that feeds fail."""

    def trouble(_url: str) -> FetchError | None:
        if dice.random() >= share:
            return None
        return dice.choice(
            [FetchError("the host does not answer"), Throttled("429", timedelta(minutes=dice.randint(1, 20)))]
        )

    return trouble


def _poisson(dice: Random, mean: float) -> int:
    count, at = 0, dice.expovariate(1.0)
    while at < mean:
        count += 1
        at += dice.expovariate(1.0)
    return count
