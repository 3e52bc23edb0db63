"""What the poller remembers of a feed: its pace, a move that is watched, since when it fails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_feed_states"
down_revision = "0004_cards"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("feed", sa.Column("pace", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("feed", sa.Column("agent", sa.Text(), nullable=False, server_default=""))
    op.add_column("feed", sa.Column("posted_at", INSTANT))
    op.add_column("feed", sa.Column("oldest_at", INSTANT))
    op.add_column("feed", sa.Column("failing_since", INSTANT))
    op.add_column("feed", sa.Column("gone_since", INSTANT))
    op.add_column("feed", sa.Column("dark", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("feed", sa.Column("move_to", sa.Text(), nullable=False, server_default=""))
    op.add_column("feed", sa.Column("move_since", INSTANT))
    op.add_column("feed", sa.Column("move_seen", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("feed", sa.Column("gap_at", INSTANT))
    op.add_column("feed", sa.Column("former_urls", sa.Text(), nullable=False, server_default="[]"))
    op.create_index("article_link", "article", ["feed_id", "link_key"])
