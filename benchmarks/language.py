"""A made-up language: its syllables, and how often its words come."""

from __future__ import annotations

from itertools import accumulate

SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]
COMMON = 5_000
"""Words beyond this rank are as rare as the square of their rank, those before it as their rank: the two regimes of
natural texts (Ferrer i Cancho and Solé, 2001)."""


def often(words: int, common: int = COMMON) -> list[float]:
    """Cumulative weights of so many words, the commonest first."""
    return list(accumulate(1 / (rank + 10) if rank < common else common / rank**2 for rank in range(words)))
