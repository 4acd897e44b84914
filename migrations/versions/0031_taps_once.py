"""Every tap on a name at a door is remembered: sent again, it undoes nothing that came after it."""

import sqlalchemy as sa
from alembic import op

from timebank.db import Key, UtcDateTime

revision = "0031_taps_once"
down_revision = "0030_when_it_ended"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session_tap",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("session_id", Key(), nullable=False),
        sa.Column("client_key", Key(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "session_id"],
            ["group_session.community_id", "group_session.id"],
            name="fk_session_tap_community_id_session_id",
        ),
        sa.PrimaryKeyConstraint("community_id", "session_id", "client_key", name="pk_session_tap"),
    )
    # What a device still has to send was noted with the person until now.
    op.execute(
        "INSERT INTO session_tap (community_id, session_id, client_key, at) "
        "SELECT DISTINCT community_id, session_id, client_key, MAX(at) FROM session_attendance "
        "WHERE client_key IS NOT NULL GROUP BY community_id, session_id, client_key"
    )
    op.drop_column("session_attendance", "client_key")


def downgrade() -> None:
    raise NotImplementedError  # books are never taken back; restore a backup instead
