"""An article's row: as an entry is written, as it is read, and who may see it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select

from bot.core.model import EVERYONE, Article, Entry, Feed
from bot.store import tables as t
from bot.store.words import (
    LONGEST_SUMMARY,
    LONGEST_TEXT,
    LONGEST_TITLE,
    clean,
    clean_instant,
    clean_url,
    searchable,
)

SHOWN = [
    *(column for column in t.article.c if column.name != "words"),
    select(t.feed.c.region).where(t.feed.c.id == t.article.c.feed_id).scalar_subquery().label("region"),
]


def visible(tenant: str) -> ColumnElement[bool]:
    """Of an article: whether the tenant may see it."""
    use = t.feed_use.c
    return exists().where(
        use.feed_id == t.article.c.feed_id,
        use.tenant.in_((EVERYONE, tenant)),
        use.own.is_(True),
        or_(use.ended_at.is_(None), use.ended_at >= t.article.c.fetched_at),
    )


def number(article_id: str) -> int:
    """The row's number, or 0, which no row has, for what is not an id of ours."""
    return int(article_id) if article_id.isascii() and article_id.isdecimal() and len(article_id) < 19 else 0


def row_of(feed: Feed, tenant: str, key: str, entry: Entry, now: datetime) -> dict[str, Any]:
    title = clean(entry.title, LONGEST_TITLE)
    summary = clean(entry.summary, LONGEST_SUMMARY)
    text = clean(entry.text, LONGEST_TEXT)
    published = clean_instant(entry.published)
    return {
        "tenant": tenant,
        "feed_id": feed.id,
        "key": key,
        "title": title,
        "summary": summary,
        "text": text,
        "url": clean_url(entry.url),
        "link_key": clean_url(entry.link_key),
        "source": clean(feed.source or feed.title),
        "lang": clean(entry.lang or feed.lang, 40),
        "image": clean_url(entry.image),
        "published": published,
        "fetched_at": now,
        "at": min(published, now) if published else now,
        "words": searchable(title, summary, text),
    }


def to_article(row: Any) -> Article:
    return Article(
        id=str(row["id"]),
        title=row["title"],
        summary=row["summary"],
        text=row["text"],
        url=row["url"],
        published=row["published"],
        source=row["source"],
        lang=row["lang"],
        region=row["region"] or "",
        image=row["image"],
        link_key=row["link_key"],
        feed_id=row["feed_id"],
        fetched_at=row["fetched_at"],
        story_id=row["story_id"] or 0,
    )
