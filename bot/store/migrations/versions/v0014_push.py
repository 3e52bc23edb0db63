"""Subscriptions at the hubs of feeds, which push."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_push"
down_revision = "0013_audit"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("feed", sa.Column("pushed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "push",
        sa.Column("feed_id", ID, autoincrement=False, nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("pushed_at", INSTANT, nullable=True),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("push_feed_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("push_pkey")),
        sa.UniqueConstraint("callback", name=op.f("push_callback_key")),
    )
    op.create_index("push_due", "push", ["due_at"], unique=False)
