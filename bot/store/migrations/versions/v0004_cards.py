"""Living cards, and how each article came to its story."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004_cards"
down_revision = "0003_waiting"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "report",
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("story_id", ID, nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("moved_by", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("report_article_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("report_pkey")),
    )
    op.create_index("report_story", "report", ["story_id"], unique=False)
    op.create_index("report_moved", "report", ["revision"], unique=False, **_only("revision > 0"))
    # What came before is counted by its outlet: whom it was credited to is not known any more.
    op.execute(
        sa.text(
            "INSERT INTO report (article_id, story_id, origin, why, score, moved_by, revision)"
            " SELECT id, story_id, source, '', 0, '', 0 FROM article WHERE story_id IS NOT NULL"
        )
    )
    op.create_table(
        "card",
        sa.Column("story_id", ID, autoincrement=False, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column("shown", sa.BigInteger(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("face", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("card_delivery_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "channel"],
            ["channel.tenant", "channel.id"],
            name=op.f("card_tenant_channel_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("story_id", "channel", name=op.f("card_pkey")),
    )
    op.create_index("card_stale", "card", ["due_at"], unique=False, **_only("wanted > shown"))
    op.create_index("card_due", "card", ["due_at"], unique=False)
    op.create_index("card_delivery", "card", ["delivery_id"], unique=False)
    op.create_index("card_channel", "card", ["tenant", "channel"], unique=False)


def _only(condition: str) -> dict[str, Any]:
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}
