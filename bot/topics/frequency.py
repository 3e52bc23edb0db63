"""In how many articles each key was seen, as learned from the articles, fading as they go by.

Where topics wait is decided by what is known at that moment. A key that is seen often, and eight times as often as when
that was last decided, is reported, so that its topics can be posted anew: a few times in its life, for counting stops
growing where fading sets in.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any

DRIFT = 8
"""How many times more often a key is seen before its topics are posted anew."""
LEAST = 16
"""Articles with a key before anything is made of how many there are."""
RARE = 64
"""A key that is seen in fewer than one of so many articles is not worth the moving: what waits in vain costs next to
nothing."""
LIFE = 50_000
"""Articles after which all counts are halved: a week of a busy house. By articles and not by the calendar, so that a
quiet week forgets nothing."""
_EVERY = 8
"""A count is compared when it is a multiple of this: most of what an article holds is then counted and no more."""


class Frequency:
    """By number of key."""

    def __init__(self) -> None:
        self.articles = 0
        """Read so far, faded as the counts are."""
        self._seen = array("I")
        self._limit = array("I")
        """The count from which a key is reported once more."""

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
        self.articles += 1
        often = self.articles // RARE
        worn: list[int] = []
        for number in present:
            count = seen[number] + 1
            seen[number] = count
            if count % _EVERY == 0 and count >= often and count >= limit[number]:
                limit[number] = DRIFT * count
                worn.append(number)
        if self.articles == 2 * LIFE:
            self.articles = LIFE
            self._seen = array("I", [count >> 1 for count in seen])
            self._limit = array("I", [max(LEAST, count >> 1) for count in limit])
        return worn
