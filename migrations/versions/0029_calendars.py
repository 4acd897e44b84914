"""Calendar feeds of members, and which session came from which calendar file."""

import sqlalchemy as sa
from alembic import op

from timebank.db import Key, UtcDateTime

revision = "0029_calendars"
down_revision = "0028_told_of_sessions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_token",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("has_titles", sa.Boolean(), nullable=False),
        sa.Column("has_groups", sa.Boolean(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_feed_token_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_feed_token_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_feed_token"),
        sa.UniqueConstraint(
            "community_id", "member_id", name="uq_feed_token_community_id_member_id"
        ),
        sa.UniqueConstraint(
            "community_id", "secret_hash", name="uq_feed_token_community_id_secret_hash"
        ),
    )
    op.create_table(
        "imported_session",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("group_id", Key(), nullable=False),
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("session_id", Key(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "group_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_imported_session_community_id_group_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "session_id"],
            ["group_session.community_id", "group_session.id"],
            name="fk_imported_session_community_id_session_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_imported_session_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_imported_session"),
        sa.UniqueConstraint(
            "community_id",
            "group_id",
            "source_key",
            name="uq_imported_session_community_id_group_id_source_key",
        ),
        sa.UniqueConstraint(
            "community_id", "session_id", name="uq_imported_session_community_id_session_id"
        ),
    )


def downgrade() -> None:
    raise NotImplementedError  # an address that somebody subscribed to would go dead
