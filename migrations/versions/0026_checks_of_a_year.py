"""A check of the books reads all years, or the newest alone."""

import sqlalchemy as sa
from alembic import op

revision = "0026_checks_of_a_year"
down_revision = "0025_checks_are_told"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("books_check") as changing:
        # Until now each one read all of them.
        changing.add_column(
            sa.Column("is_whole", sa.Boolean(), nullable=False, server_default=sa.true())
        )
        changing.add_column(sa.Column("year", sa.Integer(), nullable=True))
        changing.create_check_constraint(
            "ck_books_check_whole_is_no_year", "year IS NULL OR NOT is_whole"
        )


def downgrade() -> None:
    raise NotImplementedError  # books are never taken back; restore a backup instead
