"""A check or a question also says that the books hold more, or that something else lies there."""

from alembic import op

revision = "0022_books_stops"
down_revision = "0021_set_aside"
branch_labels = None
depends_on = None

STOPS = "'time', 'memory', 'space', 'ahead', 'foreign', 'fault'"


def upgrade() -> None:
    for table in ("books_check", "books_question"):
        name = f"ck_{table}_stop_known"
        with op.batch_alter_table(table) as changing:
            changing.drop_constraint(name, type_="check")
            changing.create_check_constraint(name, f"stop IN ({STOPS})")


def downgrade() -> None:
    raise NotImplementedError  # books are never taken back; restore a backup instead
