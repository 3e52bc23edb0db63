"""Topics that a server has named, with every version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_named_topics"
down_revision = "0008_readers"


def upgrade() -> None:
    op.create_table(
        "named_topic",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "key", "version", name=op.f("named_topic_pkey")),
    )
    op.create_index("named_topic_revision", "named_topic", ["revision"], unique=False)
