"""How long a server, or the feed itself, asks us to stay away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

DAY = timedelta(days=1)
ZERO = timedelta(0)
RETRY_LEAST = timedelta(seconds=1)
RETRY_MOST = 7 * DAY
"""A server that names a time means it; beyond a week it is a mistake. Hints by caches are another matter: a day."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the feed's own text asks for: minutes between looks, the hours (UTC) and days on which not to; its hub,
    and the site it is of."""

    ttl: int = 0
    update: int = 0
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()
    hub: str = ""
    topic: str = ""
    site: str = ""

    def to_cache(self) -> dict[str, str]:
        """As text values, because a feed that answers 304 does not repeat its wishes."""
        values = {
            "ttl": str(self.ttl or ""),
            "update": str(self.update or ""),
            "skip_hours": ",".join(map(str, self.skip_hours)),
            "skip_days": ",".join(self.skip_days),
            "hub": self.hub,
            "topic": self.topic,
            "site": self.site,
        }
        return {name: value for name, value in values.items() if value}

    @classmethod
    def from_cache(cls, cache: Mapping[str, str]) -> Wishes:
        return cls(
            int(cache.get("ttl", "0")),
            int(cache.get("update", "0")),
            tuple(int(hour) for hour in cache.get("skip_hours", "").split(",") if hour),
            tuple(day for day in cache.get("skip_days", "").split(",") if day),
            cache.get("hub", ""),
            cache.get("topic", ""),
            cache.get("site", ""),
        )


def hint(headers: Mapping[str, str], wishes: Wishes, *, per_day: float, now: datetime) -> timedelta | None:
    """The shortest interval that is asked for, at most a day; None where nothing is.

    Two defaults of feed generators are no wishes: a ttl of 60 on a lively feed, and "hourly" (left out by the parser).
    """
    wait = cached_for(headers, now)
    if 5 <= wishes.ttl <= 1440 and (wishes.ttl != 60 or per_day < 2):
        wait = max(wait, timedelta(minutes=wishes.ttl))
    wait = min(max(wait, timedelta(minutes=min(wishes.update, 1440))), DAY)
    return wait if wait > ZERO else None


def cached_for(headers: Mapping[str, str], now: datetime) -> timedelta:
    """How long the answer stays fresh (RFC 9111): max-age less Age, else Expires less Date (whatever our clock)."""
    control = headers.get("cache-control", "").casefold()
    if re.search(r"\bno-(?:cache|store)\b", control):
        return ZERO
    if found := re.search(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,12})", control):
        age = headers.get("age", "").strip()
        spent = int(age) if age.isdecimal() and len(age) <= 12 else 0
        return timedelta(seconds=min(max(int(found[1]) - spent, 0), 10**9))
    expires, sent = _date(headers.get("expires", "")), _date(headers.get("date", ""))
    return max(expires - (sent or now), ZERO) if expires else ZERO


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Retry-After in its two forms, within [1 s, 7 days]; None where it is absent or junk (NaN, -1, a broken date)."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(?:\.\d+)?", value, re.ASCII):
        whole = value.partition(".")[0]
        wait = timedelta(seconds=int(whole)) if len(whole) < 9 else RETRY_MOST
    elif moment := _date(value):
        wait = moment - (_date(headers.get("date", "")) or now)
    else:
        return None
    return min(max(wait, RETRY_LEAST), RETRY_MOST)


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
