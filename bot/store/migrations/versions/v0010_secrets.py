"""Sealed secrets: a workspace's tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_secrets"
down_revision = "0009_named_topics"


def upgrade() -> None:
    op.create_table(
        "secret",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("secret_pkey")),
    )
