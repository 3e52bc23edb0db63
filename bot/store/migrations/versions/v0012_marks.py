"""Marks of what may happen only once, over all processes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_marks"
down_revision = "0011_weight"


def upgrade() -> None:
    op.create_table(
        "mark",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("mark_pkey")),
    )
    op.create_index("mark_until", "mark", ["until"], unique=False)
