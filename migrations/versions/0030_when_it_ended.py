"""A closing says when the session ended, where that was not as planned."""

import sqlalchemy as sa
from alembic import op

from timebank.db import UtcDateTime

revision = "0030_when_it_ended"
down_revision = "0029_calendars"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What was closed until now counted as long as it was planned.
    op.add_column("session_closing", sa.Column("ended_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError  # books are never taken back; restore a backup instead
