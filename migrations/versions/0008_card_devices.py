"""A device that was signed in with a card opens the community of that card, and no other."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008_card_devices"
down_revision = "0007_checkpoints"
branch_labels = None
depends_on = None

KEY = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")


def upgrade() -> None:
    op.add_column("device_session", sa.Column("community_id", KEY, nullable=True))


def downgrade() -> None:
    op.drop_column("device_session", "community_id")
