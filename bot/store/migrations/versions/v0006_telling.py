"""When a story that has rung in a channel rings there again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_telling"
down_revision = "0005_feed_states"


def upgrade() -> None:
    op.add_column("subscription", sa.Column("telling", sa.Text(), nullable=False, server_default="{}"))
