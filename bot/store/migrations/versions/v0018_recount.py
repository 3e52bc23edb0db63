"""What a recount must know: which articles might ring, and when a subscription was last changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018_recount"
down_revision = "0017_domains"


def upgrade() -> None:
    op.add_column("report", sa.Column("may_ring", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("subscription", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
