"""What one server may have and how often it may ask, so that none of them is at the cost of the others."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

MINUTE = 60.0
REMEMBERED = 10_000
"""Servers whose last minute is remembered; one that drops out begins a new one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one server, workspace or person: topics followed over all channels, own feeds, named topics, and commands."""

    subscriptions: int = 100
    feeds: int = 50
    topics: int = 200
    commands_per_minute: int = 60


class Turnstile:
    """Lets so many through in any minute, for each server by itself. `clock` is one that never steps, in seconds."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._passed: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, tenant: str) -> float:
        """Seconds until the next turn; 0 takes it."""
        now = self._clock()
        passed = self._passed.setdefault(tenant, deque())
        self._passed.move_to_end(tenant)
        while len(self._passed) > REMEMBERED:
            self._passed.popitem(last=False)
        while passed and passed[0] <= now - MINUTE:
            passed.popleft()
        if len(passed) >= self.per_minute:
            return passed[0] + MINUTE - now
        passed.append(now)
        return 0.0
