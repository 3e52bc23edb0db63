"""How many servers have added a feed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_weight"
down_revision = "0010_secrets"


def upgrade() -> None:
    op.add_column("feed", sa.Column("weight", sa.Integer(), nullable=False, server_default="1"))
    feed, use = (
        sa.table("feed", sa.column("id"), sa.column("weight")),
        sa.table("feed_use", sa.column("feed_id"), sa.column("own"), sa.column("paused"), sa.column("ended_at")),
    )
    users = (
        sa.select(sa.func.count())
        .where(use.c.feed_id == feed.c.id, use.c.own.is_(True), use.c.paused.is_(False), use.c.ended_at.is_(None))
        .scalar_subquery()
    )
    op.execute(sa.update(feed).where(users > 1).values(weight=sa.case((users > 16, 16), else_=users)))
