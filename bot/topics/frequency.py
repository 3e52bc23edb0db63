"""In how many articles each key was seen, as learned from the articles, fading as they go by.

Where topics wait is decided by what is known at that moment. A key that has since been seen eight times as often is
reported, so that its topics can be posted anew: a few times in its life, for counting stops growing where
fading sets in.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any

DRIFT = 8
"""How many times more often a key is seen before its topics are posted anew."""
LEAST = 256
"""A key seen less often than this is not worth the moving: a pair that waits in vain costs next to nothing."""
LIFE = 50_000
"""Articles after which all counts are halved: a week of a busy house. By articles and not by the calendar, so that a
quiet week forgets nothing."""


class Frequency:
    """By number of key."""

    def __init__(self) -> None:
        self.articles = 0
        """Read since the last halving."""
        self._seen = array("I")
        self._limit = array("I")

    def state(self) -> tuple[Any, ...]:
        """All that it holds as plain values."""
        return self.articles, self._seen.tobytes(), self._limit.tobytes()

    @classmethod
    def restored(cls, state: tuple[Any, ...]) -> Frequency:
        self = cls()
        self.articles, seen, limit = state
        self._seen, self._limit = array("I", seen), array("I", limit)
        return self

    def __getitem__(self, number: int) -> int:
        return self._seen[number] if number < len(self._seen) else 0

    def grow(self, length: int) -> None:
        """Have room for that many keys."""
        missing = length - len(self._seen)
        if missing > 0:
            self._seen.extend([0] * missing)
            self._limit.extend([LEAST] * missing)

    def learn(self, present: Iterable[int]) -> list[int]:
        """Count what one article holds; the keys that have become much commoner than when they were last reported."""
        seen, limit = self._seen, self._limit
        worn: list[int] = []
        for number in present:
            count = seen[number] + 1
            seen[number] = count
            if count > limit[number]:
                limit[number] = DRIFT * count
                worn.append(number)
        self.articles += 1
        if self.articles == LIFE:
            self.articles = 0
            self._seen = array("I", [count >> 1 for count in seen])
            self._limit = array("I", [max(LEAST, count >> 1) for count in limit])
        return worn
