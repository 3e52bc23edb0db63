"""How many articles a feed brings a day, and at which hours: counts that fade, so that nothing is counted twice.

A count that fades with e^(-t / window) has, at a steady rate, the value that counting within the window would give, and
needs neither the articles nor a query: only itself and the moment it was last touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp, inf
from typing import Any

DAY = timedelta(days=1)
WINDOWS = (2.0, 14.0, 60.0)
"""Days: so a feed that wakes up is noticed within two, and one that falls asleep is let go slowly."""
ENOUGH = 28.0
"""Articles in a fortnight (two a day) from which on the hours of the day say something."""


def rate(two: float, fourteen: float, sixty: float, observed: float = inf) -> float:
    """Articles a day, from the counts of three windows: the liveliest wins, damped by half an article in 3.5 days.

    `observed` is the number of days that the counts can know of: a feed's first document may hold only hours.
    """
    spans = [3.5 + window * (1 - exp(-observed / window)) for window in WINDOWS]
    return max(0.8 * (0.5 + two) / spans[0], (0.5 + fourteen) / spans[1], 0.8 * (0.5 + sixty) / spans[2])


@dataclass(frozen=True, slots=True)
class Pace:
    """`at` is the moment of the counts, `since` the earliest article they know of; `hours` are 24 counts in UTC."""

    at: datetime | None = None
    since: datetime | None = None
    counts: tuple[float, ...] = (0.0, 0.0, 0.0)
    hours: tuple[float, ...] = ()

    def after(self, moments: Iterable[datetime], now: datetime) -> Pace:
        """The pace after articles of these moments."""
        came = [min(moment, now) for moment in moments]
        if not came and self.at is not None:
            return self
        ages = [(now - moment) / DAY for moment in came]
        counts = [
            count + sum(exp(-age / window) for age in ages)
            for count, window in zip(self._faded(now), WINDOWS, strict=True)
        ]
        fading = self._fading(now, WINDOWS[1])
        hours = [count * fading for count in self.hours] or [0.0] * 24
        for moment, age in zip(came, ages, strict=True):
            hours[moment.astimezone(UTC).hour] += exp(-age / WINDOWS[1])
        return Pace(
            now,
            min([self.since or now, *came]),
            tuple(round(count, 4) for count in counts),
            tuple(round(count, 3) for count in hours),
        )

    def rate(self, now: datetime) -> float:
        """Articles a day as a forecast: never zero."""
        observed = (now - self.since) / DAY if self.since else inf
        return rate(*self._faded(now), observed)

    def per_day(self, now: datetime) -> float:
        """Articles a day over the last fortnight, as people are told."""
        observed = (now - self.since) / DAY if self.since else inf
        return self._faded(now)[1] / max(WINDOWS[1] * (1 - exp(-observed / WINDOWS[1])), 1.0)

    def share(self, now: datetime) -> float | None:
        """The part of a day's articles that comes in this hour and the next; None where there are too few to say."""
        total = sum(self.hours)
        if self._faded(now)[1] < ENOUGH or not total:
            return None
        hour = now.astimezone(UTC).hour
        return (self.hours[hour] + self.hours[(hour + 1) % 24]) / total

    def _faded(self, now: datetime) -> tuple[float, float, float]:
        two, fourteen, sixty = (
            count * self._fading(now, window) for count, window in zip(self.counts, WINDOWS, strict=True)
        )
        return two, fourteen, sixty

    def _fading(self, now: datetime, window: float) -> float:
        return exp(-max((now - self.at) / DAY, 0.0) / window) if self.at else 0.0

    def to_json(self) -> dict[str, Any]:
        if self.at is None:
            return {}
        since = self.since or self.at
        return {
            "at": self.at.isoformat(),
            "since": since.isoformat(),
            "counts": list(self.counts),
            "hours": list(self.hours),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Pace:
        if not value:
            return cls()
        at, since = (datetime.fromisoformat(value[name]) for name in ("at", "since"))
        return cls(at, since, tuple(value["counts"]), tuple(value["hours"]))
