"""The budget of a domain over all processes, and feeds that were looked for once more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017_domains"
down_revision = "0016_full_text"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "domain",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("domain_pkey")),
    )
    op.create_table(
        "sought",
        sa.Column("feed_id", ID, autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("sought_feed_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("sought_pkey")),
    )
