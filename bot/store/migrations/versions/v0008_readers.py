"""When somebody last asked what was new."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_readers"
down_revision = "0007_revisions"


def upgrade() -> None:
    op.create_table(
        "reader",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "channel"],
            ["channel.tenant", "channel.id"],
            name=op.f("reader_tenant_channel_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("channel", "person", name=op.f("reader_pkey")),
    )
    op.create_index("reader_tenant", "reader", ["tenant", "channel"], unique=False)
