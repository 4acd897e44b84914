"""Whoever looks after the books is told once what a check found."""

import sqlalchemy as sa
from alembic import op

revision = "0025_checks_are_told"
down_revision = "0024_rota"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("books_check", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    # What was found until now stood on every page; it is not told once more.
    op.execute("UPDATE books_check SET told_at = ended_at")
    op.create_index(
        "ix_books_check_untold",
        "books_check",
        ["community_id", "id"],
        sqlite_where=sa.text("told_at IS NULL"),
        postgresql_where=sa.text("told_at IS NULL"),
    )


def downgrade() -> None:
    raise NotImplementedError  # books are never taken back; restore a backup instead
