"""Decides whether a topic surges: far more is written about it now than its own last fortnight lets expect.

Articles are counted in spans of six hours. What is usual is the mean of the spans before, with their own spread: what
comes in waves every morning does not surge every morning. Small counts are guarded three ways, because two articles
where a tenth is usual are no news: a least number, a least factor, and the spread that chance alone has (Poisson).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

SPAN = timedelta(hours=6)
BASELINE = timedelta(days=14)
KNOWN = timedelta(days=4)
"""Of a younger archive nothing is usual yet."""
LEAST = 8
"""Articles in a span, whatever is usual."""
FACTOR = 3.0
DEVIATIONS = 4.0
QUIET = timedelta(hours=24)
"""A surge is told once; what still is one a day later is told again."""


@dataclass(frozen=True, slots=True)
class Usual:
    """A topic's baseline: articles in a span of six hours, in the mean and by their spread."""

    mean: float
    deviation: float

    def surges(self, count: int) -> bool:
        """Whether so many articles in the last span are more than chance and the topic's own ways explain."""
        spread = max(self.deviation, sqrt(self.mean))
        return count >= LEAST and count >= FACTOR * self.mean and count > self.mean + DEVIATIONS * spread


def usual(times: Sequence[datetime], *, since: datetime, now: datetime) -> Usual | None:
    """The baseline of a topic whose articles came at these times; the archive is whole from `since` on.

    None where it does not go back far enough. The last span is left out: it is what is judged.
    """
    end = now - SPAN
    spans = int((end - max(since, end - BASELINE)) / SPAN)
    if spans < KNOWN / SPAN:
        return None
    counts = [0] * spans
    for at in times:
        place = (end - at) / SPAN
        if 0 <= place < spans:
            counts[int(place)] += 1
    mean = sum(counts) / spans
    return Usual(mean, sqrt(sum((count - mean) ** 2 for count in counts) / spans))
