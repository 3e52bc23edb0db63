"""When to look at a feed again: often where news is frequent, rarely where it is not, never sooner than we were asked.

The rule is K / sqrt(posts per day): for a given number of polls in total it gives the least mean delay
(K. C. Sia, J. Cho, H.-K. Cho, "Efficient Monitoring Algorithm for Fast News Alerts", IEEE TKDE 19(7), 2007).
Everything else here bends it: a feed's own fixed interval, the server's hints, failures, and jitter, which only ever
adds, so that no floor is undercut and the feeds of one host drift apart.
"""

from __future__ import annotations

import random as chance
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import sqrt
from types import MappingProxyType

from bot.core.errors import FetchError, Throttled
from bot.core.model import Feed, FeedState, Fetched
from bot.core.pace import rate

Random = Callable[[], float]
"""Uniform in [0, 1), like `random.random`."""

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

MOST_WEIGHT = 16
PUSHED = 4
PUSHED_MOST = 6 * HOUR
"""Of a feed whose hub tells us of news. Hubs die in silence: what a dead one costs must stay small."""
JITTER = 0.2
HINT_MOST = DAY
"""Cache lifetimes often come from a CDN's defaults: nobody means a year by `max-age=31536000` on a feed."""

BACKOFF_LEAST = timedelta(minutes=5)
BACKOFF_MOST = DAY
THROTTLE_LEAST = timedelta(minutes=15)
BLOCKED = (4 * HOUR, 12 * HOUR, DAY)
DARK_AFTER = 30 * DAY
WEEKLY = 7 * DAY
"""A feed that failed for a month, or was silent for a year, is still asked once a week: we never give up."""
GONE_CONFIRM = DAY
GONE_PROBE = 30 * DAY
HEAVY = 500_000
"""Bytes on the wire beyond which a poll is not repeated within the hour, whatever the rate.

Nor is one that cannot be conditional: the publishers' rule of thumb (R. Kroll, "The feed reader score project").
"""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How eager the poller is: `hours` is K, the hours between two looks at a feed with one article a day."""

    hours: float = 1.0
    floor: timedelta = timedelta(minutes=5)
    ceiling: timedelta = timedelta(hours=6)


FAST = Cadence(0.6, ceiling=timedelta(hours=4))
BALANCED = Cadence(1.0)
GENTLE = Cadence(2.0, floor=timedelta(minutes=10), ceiling=timedelta(hours=12))
PRESETS: Mapping[str, Cadence] = MappingProxyType({"fast": FAST, "balanced": BALANCED, "gentle": GENTLE})


def interval(feed: Feed, cadence: Cadence = BALANCED, *, now: datetime) -> timedelta:
    """The time between two looks while all is well, before hints and jitter.

    A feed that many servers have added is looked at more often: by the square root of up to 16, so at most four times.
    The hour of the day counts once there are two articles a day to judge by; after a possible gap the interval is
    halved for a day.
    """
    if feed.interval is not None:
        return max(feed.interval, timedelta(seconds=1))
    per_day = feed.pace.rate(now) if feed.pace.at else rate(0, max(feed.per_day, 0) * 14, 0)
    if (share := feed.pace.share(now)) is not None:
        per_day *= min(max(share * 12, 0.35), 2.5)
    chosen = timedelta(hours=cadence.hours / sqrt(per_day * min(max(feed.weight, 1), MOST_WEIGHT)))
    if feed.state is FeedState.NEW:
        chosen = min(chosen, HOUR)  # its rate is not known yet: an unlucky guess must not cost six hours
    if feed.pushed:
        chosen = max(chosen, min(chosen * PUSHED, PUSHED_MOST))
    if feed.gap_at and now - feed.gap_at < DAY:
        chosen = min(chosen, cadence.ceiling) / 2
    return min(max(chosen, cadence.floor), cadence.ceiling)


def next_check(
    feed: Feed,
    *,
    now: datetime,
    outcome: Fetched | FetchError,
    cadence: Cadence = BALANCED,
    random: Random = chance.random,
) -> datetime:
    """When to look again after this outcome; `feed` is as it was before it (`feed.fails` does not count it yet)."""
    usual = interval(feed, cadence, now=now)
    if isinstance(outcome, Fetched):
        wait = max(usual, _hinted(outcome.hint))
        if (outcome.size > HEAVY or not outcome.conditional) and feed.interval is None:
            wait = max(wait, HOUR)
        if feed.state is FeedState.DORMANT and outcome.unchanged:
            wait = max(wait, WEEKLY)
        return out_of_skipped(now + wait * (1 + JITTER * random()), outcome.skip_hours, outcome.skip_days)
    return now + _after_failure(feed, outcome, usual, now, random)


def out_of_skipped(moment: datetime, hours: Sequence[int], days: Sequence[str]) -> datetime:
    """The first moment from then on that the feed does not skip (hours and days are UTC).

    The moment itself where it skips the whole week: then it means nothing by it.
    """
    at = moment
    for _ in range(7 * 24 + 1):
        at_utc = at.astimezone(UTC)
        if at_utc.hour not in hours and WEEK[at_utc.weekday()] not in days:
            return at
        at = at.replace(minute=0, second=0, microsecond=0) + HOUR
    return moment


def _hinted(hint: timedelta | None) -> timedelta:
    return min(max(hint, timedelta(0)), HINT_MOST) if hint else timedelta(0)


def surely_gone(feed: Feed, now: datetime) -> bool:
    """Whether a 410 now is the second one, a day after the first. Then a monthly look: sites do come back."""
    return feed.state is FeedState.GONE or (feed.gone_since is not None and now - feed.gone_since >= GONE_CONFIRM)


def _after_failure(feed: Feed, error: FetchError, usual: timedelta, now: datetime, random: Random) -> timedelta:
    if isinstance(error, Throttled):
        return max(error.wait, usual, THROTTLE_LEAST) * (1 + JITTER * random())
    if error.state == FeedState.GONE:
        return (GONE_PROBE if surely_gone(feed, now) else GONE_CONFIRM) * (1 + JITTER * random())
    dark_since = feed.ok_at or feed.checked_at
    if feed.state is FeedState.DORMANT or (dark_since is not None and feed.fails and now - dark_since > DARK_AFTER):
        return WEEKLY * (1 + JITTER * random())
    if error.state == FeedState.BLOCKED:
        return BLOCKED[min(max(feed.fails, 0), len(BLOCKED) - 1)] * (1 + JITTER * random())
    first = HOUR if error.state == FeedState.NOT_FEED else max(usual, BACKOFF_LEAST)
    doubled = first * (1 << min(max(feed.fails, 0), 12))  # 12 doublings of five minutes are two weeks: more is noise
    return min(doubled, BACKOFF_MOST) * (0.8 + 0.4 * random())


def first_check(place: int, of: int, *, now: datetime) -> datetime:
    """When the feed at `place` (from 0) of a batch is first looked at: spread, so that an import is no burst.

    Five a second, and at most ten minutes in all.
    """
    span = min(600.0, of / 5)
    return now + timedelta(seconds=span * place / of if of else 0)
