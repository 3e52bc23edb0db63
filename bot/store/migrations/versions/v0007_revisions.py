"""What an article said before its outlet changed it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_revisions"
down_revision = "0006_telling"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "revision",
        sa.Column("id", ID, nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("headline", sa.Boolean(), nullable=False),
        sa.Column("rewritten", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("revision_article_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("revision_pkey")),
        sqlite_autoincrement=True,
    )
    op.create_index("revision_article", "revision", ["article_id", "at"], unique=False)
    op.create_index("revision_at", "revision", ["at"], unique=False)
