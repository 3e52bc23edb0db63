"""newsbell feeds test: everything learned from one look at an address, and what would come of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.cadence import Cadence, interval
from bot.core.errors import FetchError
from bot.core.health import after_look, slid_back
from bot.core.model import Article, Entry, Feed, Fetched
from bot.full_text import is_about

if TYPE_CHECKING:
    from bot.house import House

SHOWN = 10
"""The newest items, each with what it would ring."""


async def examine(house: House, url: str) -> Iterator[tuple[str, str]]:
    """What the look taught, as lines of a name and a value. Raises FetchError, and NotAFeed with what was found."""
    final, fetched = await house.source.look(url)
    async with house.store.read() as tx:
        now = await tx.now()
    try:
        again = await house.source.fetch(Feed(0, final, cache=fetched.cache))
    except FetchError as error:
        again = error  # type: ignore[assignment]  # told below, in its own words
    await house.pipeline.follow()
    feed = Feed(0, final, lang=fetched.lang, private=fetched.private)
    page = await _page(house, fetched)
    articles = [_article(entry, fetched, now) for entry in fetched.entries]
    after = after_look(feed, fetched, articles, overlap=False, now=now)
    lines = [*_answer(final, fetched), ("asked again", _again(again)), *_items(fetched, articles, now), *page]
    lines += _pace(after, house.poller.cadence, fetched, now)
    lines += [(_age(article, now), _outcome(house, after, article, now)) for article in _newest(articles)]
    return iter(lines)


def _answer(final: str, fetched: Fetched) -> Iterator[tuple[str, str]]:
    yield (
        "address",
        "private: it holds a key, is shown to nobody and shared by no two servers" if fetched.private else final,
    )
    if fetched.moved_to and not fetched.private:
        yield "moved for good to", fetched.moved_to
    yield "title", fetched.title or "none"
    yield "language", fetched.lang or "not said"
    yield "size", f"{fetched.size:,} bytes on the wire" + (", cut" if fetched.partial else "")
    yield from fetched.told.items()
    if fetched.hub:
        yield "pushed by", f"{fetched.hub} for {fetched.topic}"


def _again(outcome: Fetched | FetchError) -> str:
    if isinstance(outcome, FetchError):
        return str(outcome)
    if outcome.status == 304:
        return "HTTP 304: its validators work"
    if outcome.unchanged:
        return "the same items once more in full: its validators do nothing, hashes tell"
    return f"{len(outcome.entries)} other items within seconds"


def _items(fetched: Fetched, articles: list[Article], now: datetime) -> Iterator[tuple[str, str]]:
    dates = sorted(entry.published for entry in fetched.entries if entry.published)
    yield (
        "items",
        f"{len(fetched.entries)}, {len(dates)} with a date, {sum(bool(e.url) for e in fetched.entries)} with a link",
    )
    if dates:
        yield "dates", f"{dates[0]:%Y-%m-%d %H:%M} to {dates[-1]:%Y-%m-%d %H:%M} UTC"
    texts = [len(article.body) for article in articles if article.body]
    if texts:
        yield "text", f"{sorted(texts)[len(texts) // 2]:,} characters in the median item"


async def _page(house: House, fetched: Fetched) -> list[tuple[str, str]]:
    """What full text would bring, tried on the newest item with a link."""
    linked = [entry for entry in fetched.entries if entry.url]
    if house.poller.full_text is None or not linked:
        return []
    newest = max(linked, key=lambda entry: entry.published.timestamp() if entry.published else 0.0)
    try:
        text = await house.source.page(newest.url)
    except FetchError as error:
        return [("its page", str(error))]
    about = is_about(text, f"{newest.title} {newest.summary[:300]}")
    return [("its page", f"{len(text):,} characters of text{'' if about else ', not about what the feed says'}")]


def _pace(feed: Feed, cadence: Cadence, fetched: Fetched, now: datetime) -> Iterator[tuple[str, str]]:
    yield "pace", f"{feed.per_day:.1f} articles a day"
    wish = f"{_span(fetched.hint)} at least" if fetched.hint else "none"
    skipped = [f"{hour}:00" for hour in fetched.skip_hours] + list(fetched.skip_days)
    yield "its wish", wish + (f"; not at {', '.join(skipped)} (UTC)" if skipped else "")
    wait = max(interval(feed, cadence, now=now), fetched.hint or timedelta())
    yield "looked at", f"every {_span(wait)} or a little later"


def _outcome(house: House, feed: Feed, article: Article, now: datetime) -> str:
    """What this item would ring, or why it would not."""
    hits = house.pipeline.following.hits(article)
    topics = ", ".join(dict.fromkeys(match.topic for _, match in hits))
    if not topics:
        return f"{article.title} -- nobody follows what it is about"
    if article.when < now - house.pipeline.rules.max_age:
        return f"{article.title} -- is about {topics}, but too old"
    if slid_back(replace(feed, oldest_at=None), article, now=now):
        return f"{article.title} -- is about {topics}, but would have slid back in"
    return f"{article.title} -- would ring for {topics}, if it came after the first look"


def _newest(articles: list[Article]) -> list[Article]:
    return sorted(articles, key=lambda article: article.when, reverse=True)[:SHOWN]


def _article(entry: Entry, fetched: Fetched, now: datetime) -> Article:
    return Article(
        id=entry.key,
        title=entry.title,
        summary=entry.summary,
        text=entry.text,
        url=entry.url,
        published=entry.published,
        source=fetched.title,
        lang=entry.lang or fetched.lang,
        link_key=entry.link_key,
        fetched_at=now,
    )


def _age(article: Article, now: datetime) -> str:
    return f"{_span(now - article.published)} ago" if article.published else "undated"


def _span(span: timedelta) -> str:
    minutes = round(span / timedelta(minutes=1))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes / 60:.1f} h" if minutes < 48 * 60 else f"{minutes // 1440} days"
