"""Whether the pages of a feed's articles are read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016_full_text"
down_revision = "0015_surges"


def upgrade() -> None:
    op.add_column("feed", sa.Column("full_text", sa.Boolean()))
