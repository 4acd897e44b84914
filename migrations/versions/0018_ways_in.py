"""A way of signing in that a coordinator set up opens their community, and no other."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018_ways_in"
down_revision = "0017_one_conversation"
branch_labels = None
depends_on = None

KEY = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
COLUMNS = (
    ("person", "password_community_id"),
    ("address", "community_id"),
    ("sign_in_token", "opens_id"),
)


def upgrade() -> None:
    for table, column in COLUMNS:
        op.add_column(table, sa.Column(column, KEY, nullable=True))


def downgrade() -> None:
    for table, column in COLUMNS:
        op.drop_column(table, column)
