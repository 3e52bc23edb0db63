"""Who may post when: a platform's pace, the pauses that it asked for, a budget of refusals, and room for a suspect.

Seconds are those of a clock that never steps. Everything here is about this process alone: with several that deliver,
each keeps to the pace by itself and the platform's own 429 does the rest.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from aiolimiter import AsyncLimiter

from bot.core.errors import TryLater
from bot.core.model import EVERYONE

REFUSALS, REFUSALS_WITHIN = 1_000, 600.0
"""Discord bans an address after 10,000 answers of 401, 403 or 429 within ten minutes: we stop at a tenth of that."""
REMEMBERED = 10_000
"""Channels whose last seconds are remembered; one that drops out may burst once more."""
OVER = 300.0
"""Seconds without any trouble, and with a post that went well, after which a platform's trouble is taken to be over."""
PROBE = 2.0
"""Seconds until those who wait look again while one of them tries whether a pause is over."""


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Posts in seconds, for a channel and for the whole bot; None where the platform has no such limit.

    A channel's is a window, as the platforms count: never more in any such span. The bot's is a leaky bucket.
    """

    channel: tuple[float, float] | None = None
    platform: tuple[float, float] | None = None


LIMITS = {
    # About five in five seconds to a channel, half a second of it for the way there. 50 requests a second for the bot:
    # 40 and ten at once are never more.
    # The exact buckets are in Discord's headers, and its library keeps to them.
    "discord": RateLimits((5, 5.5), (10, 0.25)),
    # One a second with short bursts; the limit of a workspace comes as a 429 with its wait.
    "slack": RateLimits((3, 3.0)),
}


class Room:
    """Many may send together, and one whom workers died of alone."""

    def __init__(self) -> None:
        self._door = asyncio.Lock()
        self._empty = asyncio.Event()
        self._empty.set()
        self._inside = 0

    @property
    def taken(self) -> bool:
        """Whether somebody is alone in it, or waits for the others to leave."""
        return self._door.locked()

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        async with self._door:
            self._inside += 1
            self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        async with self._door:
            await self._empty.wait()
            yield


class Gate:
    """Asked before each post to one platform, and told how each ended."""

    def __init__(self, limits: RateLimits, clock: Callable[[], float], *, refusals: int = REFUSALS) -> None:
        self._limits = limits
        self._clock = clock
        self._budget = refusals
        self._all = AsyncLimiter(*limits.platform) if limits.platform else None
        self._channels: OrderedDict[str, deque[float]] = OrderedDict()
        self._paused: dict[str, tuple[float, float]] = {}
        """Who must wait, until when, and when somebody last began to try whether it is over."""
        self._refusals: deque[float] = deque()
        self._trouble = self._well = float("-inf")
        """When a post last failed for reasons of the platform's since we were over it, and when one last went well."""

    def ready(self, channel: str, *, spare: int = 0) -> bool:
        """Whether the pace lets a post go to the channel now, and `spare` others after it.

        A slot of the queue is not for waiting. Between this and `turn` nothing may be awaited, or nobody else may post.
        """
        if self._all is not None and not self._all.has_capacity():
            return False
        if self._limits.channel is None:
            return True
        most, seconds = self._limits.channel
        lane = self._lane(channel)
        while lane and lane[0] <= self._clock() - seconds:
            lane.popleft()
        return len(lane) + spare < most

    async def turn(self, channel: str) -> None:
        """Count a post; waits a moment only where several took the last of the bot's pace together."""
        if self._all is not None:
            await self._all.acquire()
        if self._limits.channel is not None:
            self._lane(channel).append(self._clock())

    def wait(self, *who: str) -> float:
        """Seconds that these (a tenant, or "" for the whole platform) must wait; 0 lets the caller try.

        When a pause is over one caller is let through, and the others when that one's post has gone well.
        """
        now = self._clock()
        self._forget_refusals(now)
        if len(self._refusals) >= self._budget:
            return max(self._refusals[0] + REFUSALS_WITHIN - now, PROBE)
        waits = [self._left(each, now) for each in who]
        if longest := max(waits, default=0.0):
            return longest
        for each in who:
            if each in self._paused:
                self._paused[each] = (self._paused[each][0], now)
        return 0.0

    def pause(self, who: str, seconds: float) -> None:
        """Nobody of these is to try before then."""
        self._paused[who] = (self._clock() + seconds, float("-inf"))

    def went_well(self, *who: str) -> None:
        self._well = self._clock()
        for each in who:
            self._paused.pop(each, None)

    def went_ill(self) -> None:
        """A post failed, and not for what it said."""
        self._trouble = self._clock()

    def is_over_it(self) -> bool:
        """Whether there was trouble and it has passed; true once for each trouble."""
        over = self._trouble > float("-inf") and self._well > self._trouble and self._clock() >= self._trouble + OVER
        if over:
            self._trouble = float("-inf")
        return over

    def refused(self) -> bool:
        """Count an answer that the platform counts against us. True if that used up the budget."""
        now = self._clock()
        self._forget_refusals(now)
        self._refusals.append(now)
        return len(self._refusals) == self._budget

    def heed(self, error: TryLater, tenant: str, usual: timedelta) -> bool:
        """Let a refusal that means more than its channel stop the others too. True if it used up the budget."""
        if not error.refused:
            return False
        spent = self.refused()
        if error.reach != "channel":
            self.pause(tenant if error.reach == "tenant" else EVERYONE, (error.after or usual).total_seconds())
        return spent

    def _left(self, who: str, now: float) -> float:
        until, tried = self._paused.get(who, (now, float("-inf")))
        if until > now:
            return until - now
        return PROBE if now - tried < 5 * PROBE else 0.0

    def _forget_refusals(self, now: float) -> None:
        while self._refusals and self._refusals[0] <= now - REFUSALS_WITHIN:
            self._refusals.popleft()

    def _lane(self, channel: str) -> deque[float]:
        """When the last posts to the channel were."""
        lane = self._channels.setdefault(channel, deque())
        self._channels.move_to_end(channel)
        if len(self._channels) > REMEMBERED:
            self._channels.popitem(last=False)
        return lane
