"""The first tables and the search index."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _feeds()
    _archive()
    _channels()
    _outbox()
    _chat()
    if op.get_bind().dialect.name == "sqlite":
        for statement in FTS5:
            op.execute(sa.text(statement))
    else:
        for statement in TSVECTOR:
            op.execute(sa.text(statement))


# Every letter, mark, digit and sign belongs to a word: the words were made by `fold`, only spaces part them.
FTS5 = (
    """
    CREATE VIRTUAL TABLE article_words USING fts5 (
        words, content='article', content_rowid='id',
        tokenize="unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co'"
    )
    """,
    """
    CREATE TRIGGER article_words_insert AFTER INSERT ON article BEGIN
        INSERT INTO article_words (rowid, words) VALUES (new.id, new.words);
    END
    """,
    """
    CREATE TRIGGER article_words_delete AFTER DELETE ON article BEGIN
        INSERT INTO article_words (article_words, rowid, words) VALUES ('delete', old.id, old.words);
    END
    """,
    """
    CREATE TRIGGER article_words_update AFTER UPDATE OF words ON article BEGIN
        INSERT INTO article_words (article_words, rowid, words) VALUES ('delete', old.id, old.words);
        INSERT INTO article_words (rowid, words) VALUES (new.id, new.words);
    END
    """,
)

# Each word with its place, quoted as tsvector's own input wants it: PostgreSQL's parser never sees the text.
TSVECTOR = (
    r"""
    CREATE FUNCTION article_terms(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT coalesce(
            string_agg(
                '''' || replace(replace(word, '\', '\\'), '''', '''''') || '''\:' || place, ' ' ORDER BY place
            ),
            ''
        )::tsvector
        FROM unnest(string_to_array(words, ' ')) WITH ORDINALITY AS each(word, place)
        WHERE word <> ''
    $$
    """,
    "ALTER TABLE article ADD COLUMN terms tsvector GENERATED ALWAYS AS (article_terms(words)) STORED",
    "CREATE INDEX article_terms ON article USING gin (terms)",
)


def _only(condition: str) -> dict[str, Any]:
    """The condition of a partial index, for both databases."""
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def _feeds() -> None:
    op.create_table(
        "host",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("penalty_until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("host_pkey")),
    )
    op.create_table(
        "feed",
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("cache", sa.Text(), nullable=False),
        sa.Column("interval", sa.Float(), nullable=True),
        sa.Column("fails", sa.Integer(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("checked_at", INSTANT, nullable=True),
        sa.Column("ok_at", INSTANT, nullable=True),
        sa.Column("next_check_at", INSTANT, nullable=False),
        sa.Column("per_day", sa.Float(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("feed_pkey")),
        sa.UniqueConstraint("url", "tenant", name=op.f("feed_url_tenant_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("feed_due", "feed", ["next_check_at"], unique=False)
    op.create_index("feed_host", "feed", ["host", "next_check_at"], unique=False)
    op.create_index("feed_tenant", "feed", ["tenant"], unique=False)
    op.create_table(
        "feed_use",
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("feed_use_feed_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", "tenant", name=op.f("feed_use_pkey")),
    )
    op.create_index("feed_use_tenant", "feed_use", ["tenant"], unique=False)
    op.create_table(
        "seen",
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("last_seen", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("seen_feed_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", "key", name=op.f("seen_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index("seen_last_seen", "seen", ["last_seen"], unique=False)


def _archive() -> None:
    op.create_table(
        "story",
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("first_seen", INSTANT, nullable=False),
        sa.Column("last_seen", INSTANT, nullable=False),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("story_pkey")),
        sqlite_autoincrement=True,
    )
    op.create_index("story_tenant", "story", ["tenant"], unique=False, **_only("tenant <> '*'"))
    op.create_table(
        "article",
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("published", INSTANT, nullable=True),
        sa.Column("fetched_at", INSTANT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("story_id", ID, nullable=True),
        sa.Column("copy_of", ID, nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("link_key", sa.Text(), nullable=False),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("article_feed_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("article_pkey")),
        sa.UniqueConstraint("feed_id", "key", name=op.f("article_feed_id_key_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("article_at", "article", ["at", "id"], unique=False)
    op.create_index("article_feed", "article", ["feed_id", "at"], unique=False)
    op.create_index("article_fetched", "article", ["fetched_at"], unique=False)
    op.create_index("article_story", "article", ["story_id", "id"], unique=False)
    op.create_index("article_tenant", "article", ["tenant"], unique=False, **_only("tenant <> '*'"))


def _channels() -> None:
    op.create_table(
        "channel",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("channel_pkey")),
        sa.UniqueConstraint("tenant", "id", name=op.f("channel_tenant_id_key")),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("counter_pkey")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("sensitivity", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("paused", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "channel"],
            ["channel.tenant", "channel.id"],
            name=op.f("subscription_tenant_channel_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("subscription_pkey")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "subscription_alive", "subscription", ["channel", "topic"], unique=True, **_only("ended_at IS NULL")
    )
    op.create_index("subscription_revision", "subscription", ["revision"], unique=False)
    op.create_index("subscription_tenant", "subscription", ["tenant", "channel"], unique=False)
    op.create_table(
        "erased_subscription",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("erased_subscription_pkey")),
    )
    op.create_index(op.f("erased_subscription_revision"), "erased_subscription", ["revision"], unique=False)
    op.create_table(
        "muted_story",
        sa.Column("story_id", ID, autoincrement=False, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("muted_by", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "channel"],
            ["channel.tenant", "channel.id"],
            name=op.f("muted_story_tenant_channel_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("story_id", "channel", name=op.f("muted_story_pkey")),
    )
    op.create_index("muted_story_tenant", "muted_story", ["tenant", "channel"], unique=False)


def _outbox() -> None:
    op.create_table(
        "delivery",
        sa.Column("seq", ID, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("story_id", ID, nullable=False),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("not_before", INSTANT, nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("first_dispatch", INSTANT, nullable=True),
        sa.Column("last_dispatch", INSTANT, nullable=True),
        sa.Column("unknown", sa.Boolean(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("late", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "channel"],
            ["channel.tenant", "channel.id"],
            name=op.f("delivery_tenant_channel_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("delivery_pkey")),
        sa.UniqueConstraint("id", name=op.f("delivery_id_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("delivery_channel", "delivery", ["channel", "seq"], unique=False)
    op.create_index("delivery_created", "delivery", ["created_at", "state"], unique=False)
    op.create_index(
        "delivery_open", "delivery", ["channel", "seq"], unique=False, **_only("state IN ('pending', 'sending')")
    )
    op.create_index("delivery_remote", "delivery", ["channel", "remote_id"], unique=False, **_only("remote_id <> ''"))
    op.create_index("delivery_sending", "delivery", ["channel"], unique=False, **_only("state = 'sending'"))
    op.create_index("delivery_sent", "delivery", ["sent_at", "late"], unique=False)
    op.create_index("delivery_tenant", "delivery", ["tenant", "created_at"], unique=False)
    op.create_table(
        "alerted",
        sa.Column("story_id", ID, autoincrement=False, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "channel"],
            ["channel.tenant", "channel.id"],
            name=op.f("alerted_tenant_channel_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("story_id", "channel", "topic", name=op.f("alerted_pkey")),
    )
    op.create_index("alerted_tenant", "alerted", ["tenant", "channel"], unique=False)


def _chat() -> None:
    op.create_table(
        "chat_channel",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("chat_channel_pkey")),
    )
    op.create_index("chat_channel_tenant", "chat_channel", ["tenant"], unique=False)
    op.create_table(
        "chat_message",
        sa.Column("id", ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("edited_at", INSTANT, nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel"], ["chat_channel.id"], name=op.f("chat_message_channel_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("chat_message_pkey")),
        sqlite_autoincrement=True,
    )
    op.create_index("chat_message_channel", "chat_message", ["channel", "id"], unique=False)
    op.create_index(
        "chat_message_delivery", "chat_message", ["channel", "delivery_id"], unique=True, **_only("delivery_id <> ''")
    )
    op.create_index(
        "chat_message_edited", "chat_message", ["channel", "edited_at"], unique=False, **_only("edited_at IS NOT NULL")
    )
    op.create_index("chat_message_tenant", "chat_message", ["tenant"], unique=False)
