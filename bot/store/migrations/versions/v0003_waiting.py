"""An index of what waits, held or not, by age: what expires is looked for every minute among 90 days of deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_waiting"
down_revision = "0002"


def upgrade() -> None:
    waiting = sa.text("state IN ('pending', 'sending', 'held')")
    op.create_index(
        "delivery_waiting",
        "delivery",
        ["created_at"],
        unique=False,
        postgresql_where=waiting,
        sqlite_where=waiting,
    )
