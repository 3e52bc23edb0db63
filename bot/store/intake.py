"""The statements by which articles are taken in: asked at every look that brings something, hence prepared."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, case, func, select, update

from bot.core.model import EVERYONE
from bot.store import tables as t
from bot.store.article_row import SHOWN
from bot.store.feed_row import IN_USE
from bot.store.items import OfItems
from bot.store.prepared import Prepared

FEED, ARTICLE, STORY = (bindparam(f"its_{name}", type_=t.Id) for name in ("feed", "article", "story"))
NOW, SINCE = bindparam("its_now", type_=t.Instant), bindparam("its_since", type_=t.Instant)
AT = bindparam("its_at", type_=t.Instant)
KEY: Any = bindparam("its_key")

TENANT = Prepared(lambda _: select(t.feed.c.tenant).where(t.feed.c.id == FEED, IN_USE))
SEEN = OfItems(t.seen, lambda which: select(t.seen.c.key, t.seen.c.last_seen).where(which))
REMEMBER = Prepared(
    lambda insert: (
        insert(t.seen)
        .values(feed_id=FEED, key=KEY, last_seen=NOW)
        .on_conflict_do_nothing(index_elements=["feed_id", "key"])
        .returning(t.seen.c.key)
    )
)
STORE = Prepared(
    lambda insert: (
        insert(t.article)
        .values(
            {
                column: bindparam(f"its_{column.name}", type_=column.type)
                for column in t.article.c
                if column.name not in ("id", "story_id", "copy_of")
            }
        )
        .on_conflict_do_nothing(index_elements=["feed_id", "key"])
        .returning(t.article.c.id, t.article.c.key)
    )
)
LINKED = Prepared(
    lambda _: select(t.article.c.id, t.article.c.title).where(
        t.article.c.feed_id == FEED, t.article.c.link_key == bindparam("its_link")
    )
)
OPEN = Prepared(
    lambda insert: (
        insert(t.story)
        .values(
            tenant=func.coalesce(
                select(t.article.c.tenant).where(t.article.c.id == ARTICLE).scalar_subquery(), EVERYONE
            ),
            headline=bindparam("its_headline"),
            first_seen=AT,
            last_seen=AT,
            articles=1,
            updated_at=NOW,
        )
        .returning(t.story.c.id)
    )
)
ENTER = Prepared(
    lambda _: (
        update(t.article)
        .where(t.article.c.id == ARTICLE, t.article.c.story_id.is_(None))
        .values(story_id=STORY)
        .returning(t.article.c.id)
    )
)
MEMBER = Prepared(lambda _: select(t.article.c.story_id, t.article.c.at).where(t.article.c.id == ARTICLE))
JOIN = Prepared(
    lambda _: (
        update(t.article)
        .where(t.article.c.id == ARTICLE)
        .values(story_id=STORY, copy_of=bindparam("its_original", type_=t.Id))
    )
)
GROW = Prepared(
    lambda _: (
        update(t.story)
        .where(t.story.c.id == STORY)
        .values(
            articles=t.story.c.articles + 1,
            updated_at=NOW,
            first_seen=case((t.story.c.first_seen > AT, AT), else_=t.story.c.first_seen),
            last_seen=case((t.story.c.last_seen < AT, AT), else_=t.story.c.last_seen),
        )
    )
)
TOLD = Prepared(lambda _: select(t.story).where(t.story.c.id == STORY))
SELECT_OUTLETS = (
    select(
        t.article.c.source,
        func.count().label("reports"),
        func.min(t.article.c.at).label("first"),
        func.max(t.article.c.at).label("last"),
    )
    .group_by(t.article.c.source)
    .order_by(func.min(t.article.c.at), func.min(t.article.c.id))
)
OUTLETS = Prepared(lambda _: SELECT_OUTLETS.where(t.article.c.story_id == STORY))
PLACED = Prepared(
    lambda _: (
        select(*SHOWN)
        .where(t.article.c.id > ARTICLE, t.article.c.story_id.is_not(None), t.article.c.at >= SINCE)
        .order_by(t.article.c.id)
        .limit(bindparam("its_limit", type_=t.Id))
    )
)
