"""When a subscription was last told that its topic surges."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.store.tables import Instant

revision = "0015_surges"
down_revision = "0014_push"


def upgrade() -> None:
    op.add_column("subscription", sa.Column("surged_at", Instant()))
