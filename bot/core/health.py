"""What becomes of a feed after a look at it: its next state with the reason, and whether somebody should be told.

    NEW ──► ACTIVE ◄──► BACKOFF · THROTTLED · BLOCKED · NOT_FEED ──(30 days)──► DORMANT ──► ACTIVE
            ACTIVE ◄──► MOVING (a permanent redirect, watched)      a 410, and another a day later ──► GONE ──► ACTIVE
            ACTIVE ◄──► DORMANT (a year without an article)

Pure: a feed, what the look brought and the time go in, the feed as it is to be noted comes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.core.cadence import DARK_AFTER, surely_gone
from bot.core.errors import FetchError
from bot.core.model import Article, Feed, FeedState, Fetched, Move

MOVE_LOOKS = 3
MOVE_TIME = timedelta(hours=48)
"""A captive portal, a parked domain or a maintenance page redirects for hours, not for two days with our articles."""
SILENT = timedelta(days=365)
TELL_AFTER = timedelta(days=1)
GAP_LEAST = 5
"""Articles of a document that must all be new before we believe to have missed some."""
FLOOD_LEAST = 10
FLOOD_BURST = 5
"""How many times the largest burst of the last month a burst may be before it is a flood."""
FLOOD_RINGS = 3
AGE_FLOOR = timedelta(days=7)


def after_look(feed: Feed, fetched: Fetched, new: Sequence[Article], *, overlap: bool, now: datetime) -> Feed:
    """The feed after a successful look. `new` are the articles that it brought; `overlap` is true if others were known.

    `next_check_at` and `url` are left to the caller; `moved(feed)` says when the address is to be adopted.
    """
    whole = not fetched.partial and not fetched.unchanged
    dates = [entry.published for entry in fetched.entries if entry.published]
    newest = max((article.when for article in new), default=feed.posted_at)
    posted_at = max(newest, feed.posted_at) if newest and feed.posted_at else newest
    pace = feed.pace.after([article.when for article in new], now) if new or feed.pace.at is None else feed.pace
    gap = feed.ok_at is not None and not overlap and len(new) >= GAP_LEAST
    after = replace(
        feed,
        title=feed.title or fetched.title,
        source=feed.source or fetched.title,
        lang=feed.lang or fetched.lang,
        # A body that was cut may be followed by 304s for ever: its validators are not kept.
        cache=feed.cache if fetched.partial else fetched.cache,
        fails=0,
        failing_since=None,
        gone_since=None,
        checked_at=now,
        ok_at=now,
        pace=pace,
        per_day=round(pace.per_day(now), 3),
        posted_at=posted_at,
        oldest_at=min(dates, default=None) if whole and not fetched.known else feed.oldest_at,
        move=_move(feed, fetched, overlap, now),
        gap_at=now if gap else feed.gap_at,
    )
    state, reason = FeedState.ACTIVE, ""
    if after.move:
        state, reason = FeedState.MOVING, _moving(after)
    elif fetched.moved_to:
        state, reason = (
            FeedState.MOVING,
            f"redirects for good to {_where(fetched.moved_to)}, which shows other articles",
        )
    elif posted_at and now - posted_at > SILENT:
        state, reason = FeedState.DORMANT, f"nothing new since {posted_at:%B %Y}; asked once a week"
    return replace(after, state=state, reason=reason)


def after_failure(feed: Feed, error: FetchError, *, now: datetime) -> Feed:
    """The feed after a look that failed; `next_check_at` is left to the caller."""
    state, reason = FeedState(error.state), str(error)
    gone_since = feed.gone_since
    if state is FeedState.GONE:
        if not surely_gone(feed, now):
            state, reason = FeedState.BACKOFF, f"{reason}; asked once more in a day before we believe it"
        gone_since = gone_since or now
    last = feed.ok_at or feed.failing_since
    if state is not FeedState.GONE and last and now - last > DARK_AFTER:
        state, reason = FeedState.DORMANT, f"not read since {last:%d %B %Y}, asked once a week: {reason}"
    return replace(
        feed,
        state=state,
        reason=reason,
        fails=feed.fails + 1,
        failing_since=feed.failing_since or now,
        gone_since=gone_since,
        checked_at=now,
    )


def is_dark(feed: Feed, *, now: datetime) -> bool:
    """Whether a person should hear that this feed brings nothing: a day of failures, or a refusal said twice."""
    if feed.failing_since is None:
        return False
    refused = feed.state in (FeedState.BLOCKED, FeedState.NOT_FEED) and feed.fails > 1
    return feed.state is FeedState.GONE or refused or now - feed.failing_since >= TELL_AFTER


def moved(feed: Feed, *, now: datetime) -> str:
    """The address to adopt, if the feed has shown for long enough that it lives there now."""
    move = feed.move
    if move is None:
        return ""
    sure = move.seen >= MOVE_LOOKS and now - move.since >= MOVE_TIME
    return move.to if sure or _same_but_safer(feed.url, move.to) else ""


def is_flood(feed: Feed, *, new: int, document: int, largest: int, now: datetime) -> bool:
    """Whether so many new articles at once are rather a feed that renamed its items than news.

    `document` is the number of items in it, `largest` the largest burst of the last month. What its pace lets expect
    since the last look (after an outage) is none.
    """
    if feed.ok_at is None or new < max(FLOOD_LEAST, document / 2):
        return False
    expected = feed.pace.rate(now) * ((now - feed.ok_at) / timedelta(days=1))
    return new >= max(FLOOD_LEAST, FLOOD_BURST * largest, 2 * expected)


def slid_back(feed: Feed, article: Article, *, now: datetime) -> bool:
    """Whether an old item came into view because newer ones were deleted: it is no news."""
    if article.published is None:
        return False
    floor = now - AGE_FLOOR
    return article.published < (min(floor, feed.oldest_at) if feed.oldest_at else floor)


def _move(feed: Feed, fetched: Fetched, overlap: bool, now: datetime) -> Move | None:
    """One more look that ended there, if it brought articles that we know from here."""
    if not fetched.moved_to or not (overlap or fetched.unchanged):
        return None
    if feed.move and feed.move.to == fetched.moved_to:
        return replace(feed.move, seen=feed.move.seen + 1)
    return Move(fetched.moved_to, now)


def _moving(feed: Feed) -> str:
    assert feed.move is not None
    return f"moved to {_where(feed.move.to)}; adopted once that holds for two days"


def _where(url: str) -> str:
    """The host alone: the rest of an address may hold a key."""
    return urlsplit(url).hostname or "another address"


def _same_but_safer(before: str, after: str) -> bool:
    """From http to https and nothing else: no portal does that."""
    old, new = urlsplit(before), urlsplit(after)
    return (old.scheme, new.scheme) == ("http", "https") and old[1:] == new[1:]
