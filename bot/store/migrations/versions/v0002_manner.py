"""How a subscription's alerts arrive: whom they call, whether they ring, whether they open a thread."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("subscription", sa.Column("manner", sa.Text(), nullable=False, server_default="{}"))
