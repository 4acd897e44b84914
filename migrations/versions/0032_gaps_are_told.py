"""Whoever runs a group is told once of a gap that nobody stepped back from."""

import sqlalchemy as sa
from alembic import op

from timebank.db import UtcDateTime

revision = "0032_gaps_are_told"
down_revision = "0031_taps_once"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shift", sa.Column("gap_told_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError  # books are never taken back; restore a backup instead
