"""Every gap between two looks at a feed, not the last one alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019_gaps"
down_revision = "0018_recount"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "gap",
        sa.Column("feed_id", ID, autoincrement=False, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("gap_feed_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", "until", name=op.f("gap_pkey")),
    )
    op.create_index("gap_until", "gap", ["until"], unique=False)
