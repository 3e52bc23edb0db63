"""ETag and Last-Modified: taken as they come, sent back byte for byte, and doubted where they never change.

They live in the feed's `cache` under `etag` and `last_modified`, with `validated` (since when they are these), `bare`
(how many answers in a row brought none), `probed` (the last look without them) and `distrusted`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bot.core.model import Fetched

NAMES = (("etag", "etag", "If-None-Match"), ("last_modified", "last-modified", "If-Modified-Since"))
BARE_MOST = 3
STUCK_AFTER = timedelta(days=14)
STUCK_ARTICLES = 20
"""Articles that a feed's pace lets expect while its validators stand still: then they are not believed any more."""
PROBE_EVERY = timedelta(days=7)
DAY = timedelta(days=1)


def validators(headers: Mapping[str, str]) -> dict[str, str]:
    """The raw header values: they are the server's, quotes and all, and only ever sent back."""
    return {name: headers[header] for name, header, _ in NAMES if headers.get(header)}


def validators_to_send(cache: Mapping[str, str]) -> dict[str, str]:
    """The request's headers: both where both were given, none where they were found to lie."""
    if cache.get("distrusted"):
        return {}
    return {header: cache[name] for name, _, header in NAMES if cache.get(name)}


def validation(cache: Mapping[str, str]) -> dict[str, str]:
    """What a new body leaves of the cache: nothing that speaks of the old one's text."""
    kept = ("etag", "last_modified", "validated", "bare", "probed", "distrusted")
    return {name: cache[name] for name in kept if name in cache}


def after_200(cache: Mapping[str, str], headers: Mapping[str, str], *, now: datetime) -> dict[str, str]:
    """The cache with the validators of a 200: both are replaced, and one that is absent must not be sent again."""
    given = validators(headers)
    kept = {name: value for name, value in cache.items() if name not in ("etag", "last_modified")}
    before = {name: cache[name] for name, _, _ in NAMES if name in cache}
    if given != before or "validated" not in kept:
        kept["validated"] = now.isoformat()
    kept["bare"] = "0" if given else str(min(int(cache.get("bare", "0")) + 1, BARE_MOST))
    return kept | given


def is_conditional(cache: Mapping[str, str]) -> bool:
    """False once three answers in a row brought no validators, or where they are not used."""
    return int(cache.get("bare", "0")) < BARE_MOST and not cache.get("distrusted")


def is_stuck(cache: Mapping[str, str], *, per_day: float, now: datetime) -> bool:
    """Whether to look once without validators: some servers say 304 for ever, whatever was published.

    They are doubted if they stand still while 20 articles were to be expected, or if Last-Modified lies in the future.
    """
    if not validators_to_send(cache) or "validated" not in cache:
        return False
    last = max(datetime.fromisoformat(cache[name]) for name in ("validated", "probed") if name in cache)
    if now - last < PROBE_EVERY:
        return False
    age = now - datetime.fromisoformat(cache["validated"])
    return (age >= STUCK_AFTER and per_day * (age / DAY) >= STUCK_ARTICLES) or _in_future(cache, now)


def probed(cache: Mapping[str, str], fetched: Fetched, *, now: datetime) -> dict[str, str]:
    """The cache after such a look: if it brought other items under the same validators, they are not used again."""
    if fetched.partial:
        return dict(fetched.cache)
    kept = {**fetched.cache, "probed": now.isoformat()}
    if not fetched.unchanged and all(cache.get(name) == fetched.cache.get(name) for name, _, _ in NAMES):
        kept["distrusted"] = "1"
    return kept


def _in_future(cache: Mapping[str, str], now: datetime) -> bool:
    try:
        moment = parsedate_to_datetime(cache.get("last_modified", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return False
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) > now + DAY
