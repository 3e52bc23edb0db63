"""Every table of the house, and the three column types that make SQLite and PostgreSQL agree.

A row that belongs to a server carries its `tenant`; rows that all share carry EVERYONE. The migrations create what is
described here (a test compares the two); the search index is the migrations' own, because each database has its kind.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)

from bot.core.message import Manner, Message, from_json, manner_from_json, manner_to_json, to_json
from bot.core.model import Repeat, Telling


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC: `timestamptz` on PostgreSQL, fixed-width text that sorts in order on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """A plain value as ASCII JSON text.

    Not `jsonb`, which refuses NUL, and not UTF-8, which refuses half a surrogate pair: both arrive in feeds.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Said(TypeDecorator[Message]):
    """A message frozen at creation, so that every retry sends the same."""

    impl = Json
    cache_ok = True

    def process_bind_param(self, value: Message | None, dialect: Dialect) -> Any:
        return None if value is None else to_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Message | None:
        return None if value is None else from_json(value)


class Arriving(TypeDecorator[Manner]):
    """How a subscription's alerts arrive."""

    impl = Json
    cache_ok = True

    def process_bind_param(self, value: Manner | None, dialect: Dialect) -> Any:
        return manner_to_json(value or Manner())

    def process_result_value(self, value: Any, dialect: Dialect) -> Manner:
        return manner_from_json(value or {})


class Retelling(TypeDecorator[Telling]):
    """When a story rings again."""

    impl = Json
    cache_ok = True

    def process_bind_param(self, value: Telling | None, dialect: Dialect) -> Any:
        telling = value or Telling()
        return {
            "repeat": telling.repeat.value,
            "origins": telling.origins,
            "watch": list(telling.watch),
            "surge": telling.surge,
        }

    def process_result_value(self, value: Any, dialect: Dialect) -> Telling:
        known = value or {}
        return Telling(
            Repeat(known.get("repeat", "once")),
            known.get("origins", 0),
            tuple(known.get("watch", ())),
            known.get("surge", False),
        )


Id = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts rows by themselves only in a column of exactly the type INTEGER."""

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

host = Table(
    "host",
    metadata,
    Column("name", Text, primary_key=True),
    Column("penalty_until", Instant, nullable=False),
)

domain = Table(
    "domain",  # what it was asked in the last minute, by all processes
    metadata,
    Column("name", Text, primary_key=True),
    Column("asked", Json, nullable=False),  # (seconds since 1970, host)
    Column("asked_at", Instant, nullable=False),
)

feed = Table(
    "feed",
    metadata,
    Column("id", Id, primary_key=True),
    Column("tenant", Text, nullable=False),  # EVERYONE, or the owner of a private address
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("cache", Json, nullable=False),
    Column("interval", Float),  # seconds
    Column("fails", Integer, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("checked_at", Instant),
    Column("ok_at", Instant),
    Column("next_check_at", Instant, nullable=False),
    Column("per_day", Float, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until", Instant),
    Column("pace", Json, nullable=False, server_default="{}"),
    Column("agent", Text, nullable=False, server_default=""),
    Column("posted_at", Instant),
    Column("oldest_at", Instant),
    Column("failing_since", Instant),
    Column("gone_since", Instant),
    Column("dark", Boolean, nullable=False, server_default=false()),
    Column("move_to", Text, nullable=False, server_default=""),
    Column("move_since", Instant),
    Column("move_seen", Integer, nullable=False, server_default="0"),
    Column("gap_at", Instant),
    Column("former_urls", Json, nullable=False, server_default="[]"),
    Column("weight", Integer, nullable=False, server_default="1"),  # servers that added it, at most 16
    Column("full_text", Boolean),  # null: as the setting says
    Column("pushed", Boolean, nullable=False, server_default=false()),  # its hub announces its news
    UniqueConstraint("url", "tenant"),
    Index("feed_due", "next_check_at"),
    Index("feed_host", "host", "next_check_at"),
    Index("feed_tenant", "tenant"),
    sqlite_autoincrement=True,  # an id is never given twice: articles and kicks may still name it
)

feed_use = Table(
    "feed_use",
    metadata,
    Column("feed_id", Id, ForeignKey("feed.id", ondelete="CASCADE"), primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("added_by", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("own", Boolean, nullable=False),  # false where a tenant only pauses, for itself, what the pack brings
    Column("paused", Boolean, nullable=False),
    Column("ended_at", Instant),  # a use that ended still opens the archive up to that moment
    Index("feed_use_tenant", "tenant"),
)

sought = Table(
    "sought",  # when a lost feed was last looked for on its site
    metadata,
    Column("feed_id", Id, ForeignKey("feed.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
)

gap = Table(
    "gap",  # a span between two looks that had nothing in common
    metadata,
    Column("feed_id", Id, ForeignKey("feed.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("until", Instant, primary_key=True),
    Column("since", Instant, nullable=False),
    Index("gap_until", "until"),
)

push = Table(
    "push",  # our subscription at a feed's hub
    metadata,
    Column("feed_id", Id, ForeignKey("feed.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("callback", Text, nullable=False, unique=True),  # what the hub calls us by: nobody can guess it
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("base", Text, nullable=False),  # our own address as the hub was told it
    Column("due_at", Instant, nullable=False),  # when the hub is to be asked
    Column("lease_until", Instant),
    Column("pushed_at", Instant),
    Column("missed", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Index("push_due", "due_at"),
)

seen = Table(
    "seen",
    metadata,
    Column("feed_id", Id, ForeignKey("feed.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("last_seen", Instant, nullable=False),
    Index("seen_last_seen", "last_seen"),
    sqlite_with_rowid=False,
)

article = Table(
    "article",
    metadata,
    # The long texts come last: SQLite walks over them to reach what stands behind.
    Column("id", Id, primary_key=True),
    Column("tenant", Text, nullable=False),  # that of its feed
    Column("feed_id", Id, ForeignKey("feed.id", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False),
    Column("published", Instant),
    Column("fetched_at", Instant, nullable=False),
    Column("at", Instant, nullable=False),  # Article.when: what the archive is ordered by
    Column("story_id", Id),
    Column("copy_of", Id),
    Column("source", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("link_key", Text, nullable=False),
    Column("image", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("words", Text, nullable=False),  # folded; the search index is derived from it
    UniqueConstraint("feed_id", "key"),
    Index("article_at", "at", "id"),
    Index("article_fetched", "fetched_at"),
    Index("article_feed", "feed_id", "at"),
    Index("article_link", "feed_id", "link_key"),
    Index("article_story", "story_id", "id"),
    Index("article_tenant", "tenant", postgresql_where=text("tenant <> '*'"), sqlite_where=text("tenant <> '*'")),
    sqlite_autoincrement=True,
)

story = Table(
    "story",
    metadata,
    Column("id", Id, primary_key=True),
    Column("tenant", Text, nullable=False),  # that of the article that opened it
    Column("headline", Text, nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("articles", Integer, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("story_tenant", "tenant", postgresql_where=text("tenant <> '*'"), sqlite_where=text("tenant <> '*'")),
    sqlite_autoincrement=True,
)

report = Table(
    "report",  # how an article came to its story; apart from the article, whose long texts are no help in counting
    metadata,
    Column("article_id", Id, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("story_id", Id, nullable=False),
    Column("origin", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("moved_by", Text, nullable=False),  # who put it there by hand; empty for what we decided
    Column("revision", BigInteger, nullable=False),  # of the last move by hand, else 0
    Column("may_ring", Boolean, nullable=False, server_default=false()),  # neither backlog, flood nor too old
    Index("report_story", "story_id"),
    Index("report_moved", "revision", postgresql_where=text("revision > 0"), sqlite_where=text("revision > 0")),
)

revision = Table(
    "revision",  # what an article said before its outlet changed it, or took it out of its feed (then neither is true)
    metadata,
    Column("id", Id, primary_key=True),
    Column("article_id", Id, ForeignKey("article.id", ondelete="CASCADE"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("headline", Boolean, nullable=False),
    Column("rewritten", Boolean, nullable=False),
    Index("revision_article", "article_id", "at"),
    Index("revision_at", "at"),
    sqlite_autoincrement=True,
)

channel = Table(
    "channel",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("seen_at", Instant, nullable=False),
    UniqueConstraint("tenant", "id"),  # what the composite keys below point at: no row can cross tenants
)


def _channel_of_tenant() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant", "channel"], ["channel.tenant", "channel.id"], ondelete="CASCADE")


counter = Table(
    "counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

ALIVE = text("ended_at IS NULL")

subscription = Table(
    "subscription",
    metadata,
    Column("id", Id, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("sensitivity", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("paused", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("ended_at", Instant),
    Column("manner", Arriving, nullable=False, server_default="{}"),
    Column("telling", Retelling, nullable=False, server_default="{}"),
    Column("surged_at", Instant),  # when it was last told that its topic surges
    Column("changed_at", Instant),  # when it was last set up otherwise
    _channel_of_tenant(),
    Index("subscription_alive", "channel", "topic", unique=True, postgresql_where=ALIVE, sqlite_where=ALIVE),
    Index("subscription_revision", "revision"),
    Index("subscription_tenant", "tenant", "channel"),
    sqlite_autoincrement=True,
)

named_topic = Table(
    "named_topic",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("key", Text, primary_key=True),  # the folded name
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),  # empty for a version that deletes
    Column("author", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Index("named_topic_revision", "revision"),
)

erased_subscription = Table(
    "erased_subscription",  # a bare number, so that memories of an erased tenant's subscriptions end too
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False, index=True),
)

muted_story = Table(
    "muted_story",
    metadata,
    Column("story_id", Id, primary_key=True, autoincrement=False),
    Column("channel", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("muted_by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    _channel_of_tenant(),
    Index("muted_story_tenant", "tenant", "channel"),
)

# These are texts, not bound values: a planner can prove that a query falls within a partial index only from constants.
OPEN = text("state IN ('pending', 'sending')")
WAITING = text("state IN ('pending', 'sending', 'held')")
SENDING = text("state = 'sending'")
ON_PLATFORM = text("remote_id <> ''")

delivery = Table(
    "delivery",
    metadata,
    Column("seq", Id, primary_key=True),  # the order in a channel
    Column("id", Text, nullable=False, unique=True),
    Column("tenant", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("message", Said, nullable=False),
    Column("article_id", Id, nullable=False),
    Column("story_id", Id, nullable=False),
    Column("topics", Json, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("deaths", Integer, nullable=False),  # leases that ran out in a row
    Column("created_at", Instant, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("owner", Text),
    Column("lease_until", Instant),
    Column("first_dispatch", Instant),
    Column("last_dispatch", Instant),
    Column("unknown", Boolean, nullable=False),
    Column("remote_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("sent_at", Instant),
    Column("late", Float),  # seconds from created_at to sent_at
    _channel_of_tenant(),
    Index("delivery_open", "channel", "seq", postgresql_where=OPEN, sqlite_where=OPEN),
    Index("delivery_sending", "channel", postgresql_where=SENDING, sqlite_where=SENDING),
    Index("delivery_channel", "channel", "seq"),
    Index("delivery_remote", "channel", "remote_id", postgresql_where=ON_PLATFORM, sqlite_where=ON_PLATFORM),
    Index("delivery_created", "created_at", "state"),
    Index("delivery_waiting", "created_at", postgresql_where=WAITING, sqlite_where=WAITING),
    Index("delivery_tenant", "tenant", "created_at"),
    Index("delivery_sent", "sent_at", "late"),
    sqlite_autoincrement=True,
)

alerted = Table(
    "alerted",
    metadata,
    Column("story_id", Id, primary_key=True, autoincrement=False),
    Column("channel", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("delivery_id", Text, nullable=False),
    Column("at", Instant, nullable=False),
    _channel_of_tenant(),
    Index("alerted_tenant", "tenant", "channel"),
)

card = Table(
    "card",  # the one message of a channel that goes on telling a story
    metadata,
    Column("story_id", Id, primary_key=True, autoincrement=False),
    Column("channel", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("delivery_id", Text, ForeignKey("delivery.id", ondelete="CASCADE"), nullable=False),
    Column("wanted", BigInteger, nullable=False),  # changes of the story since the message was queued
    Column("shown", BigInteger, nullable=False),  # those that the message shows
    Column("due_at", Instant, nullable=False),
    Column("owner", Text),
    Column("lease_until", Instant),
    Column("attempt", Integer, nullable=False),  # also the fencing number
    Column("failures", Integer, nullable=False),  # in a row
    Column("face", Text, nullable=False),  # a digest of what is shown, so that an edit that says nothing new is spared
    _channel_of_tenant(),
    Index("card_stale", "due_at", postgresql_where=text("wanted > shown"), sqlite_where=text("wanted > shown")),
    Index("card_due", "due_at"),
    Index("card_delivery", "delivery_id"),
    Index("card_channel", "tenant", "channel"),
)

reader = Table(
    "reader",  # when somebody last asked what was new
    metadata,
    Column("channel", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("at", Instant, nullable=False),
    _channel_of_tenant(),
    Index("reader_tenant", "tenant", "channel"),
)

secret = Table(
    "secret",  # what opens only with a key of the settings: a workspace's tokens
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

mark = Table(
    "mark",  # what may happen only once: keys of platforms, opaque here
    metadata,
    Column("key", Text, primary_key=True),
    Column("until", Instant, nullable=False),
    Index("mark_until", "until"),
)

audit = Table(
    "audit",  # who changed what; written with the change, never changed itself
    metadata,
    Column("id", Id, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("person", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("did", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("channel", Text, nullable=False),  # no foreign key: a channel may go, what was done there stays
    Column("detail", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Index("audit_tenant", "tenant", "id"),
    Index("audit_at", "at"),
    sqlite_autoincrement=True,
)

chat_channel = Table(
    "chat_channel",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
    Index("chat_channel_tenant", "tenant"),
)

DELIVERED = text("delivery_id <> ''")
EDITED = text("edited_at IS NOT NULL")

chat_message = Table(
    "chat_message",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", Text, ForeignKey("chat_channel.id", ondelete="CASCADE"), nullable=False),
    Column("tenant", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("edited_at", Instant),
    Column("message", Said, nullable=False),
    Column("delivery_id", Text, nullable=False),
    Index("chat_message_channel", "channel", "id"),
    Index(
        "chat_message_delivery",
        "channel",
        "delivery_id",
        unique=True,
        postgresql_where=DELIVERED,
        sqlite_where=DELIVERED,
    ),
    Index("chat_message_edited", "channel", "edited_at", postgresql_where=EDITED, sqlite_where=EDITED),
    Index("chat_message_tenant", "tenant"),
    sqlite_autoincrement=True,
)
