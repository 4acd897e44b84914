"""What groups plan, on which dates, the days without any, and who means to come."""

import sqlalchemy as sa
from alembic import op

from timebank.db import Key, UtcDateTime

revision = "0023_sessions"
down_revision = "0022_books_stops"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "closed_day",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("group_id", Key(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("words", sa.String(length=120), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("by_id", Key(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(words) <= 120", name="ck_closed_day_words_fits"),
        sa.CheckConstraint("until_on >= from_on", name="ck_closed_day_ends_after_it_begins"),
        sa.ForeignKeyConstraint(
            ["community_id", "by_id"],
            ["member.community_id", "member.id"],
            name="fk_closed_day_community_id_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "group_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_closed_day_community_id_group_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_closed_day_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_closed_day"),
    )
    op.create_index(
        "ix_closed_day_community_id_until_on",
        "closed_day",
        ["community_id", "until_on"],
        unique=False,
    )

    op.create_table(
        "session_series",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("group_id", Key(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("venue_id", Key(), nullable=True),
        sa.Column("setting", sa.String(length=10), nullable=False),
        sa.Column("where_words", sa.String(length=200), nullable=False),
        sa.Column("rrule", sa.String(length=300), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("starts_minute", sa.Integer(), nullable=False),
        sa.Column("length_minutes", sa.Integer(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("sign_up", sa.String(length=10), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("host_id", Key(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("made_until_on", sa.Date(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("source_uid", sa.String(length=255), nullable=True),
        sa.Column("by_id", Key(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("rrule <> ''", name="ck_session_series_rrule_given"),
        sa.CheckConstraint(
            "setting IN ('community', 'ward', 'online', 'phone')",
            name="ck_session_series_setting_known",
        ),
        sa.CheckConstraint(
            "sign_up IN ('drop-in', 'sign-up')", name="ck_session_series_sign_up_known"
        ),
        sa.CheckConstraint("state IN ('running', 'ended')", name="ck_session_series_state_known"),
        sa.CheckConstraint(
            "capacity IS NULL OR capacity BETWEEN 1 AND 500",
            name="ck_session_series_capacity_in_range",
        ),
        sa.CheckConstraint("length(rrule) <= 300", name="ck_session_series_rrule_fits"),
        sa.CheckConstraint("length(source_uid) <= 255", name="ck_session_series_source_uid_fits"),
        sa.CheckConstraint("length(title) <= 80", name="ck_session_series_title_fits"),
        sa.CheckConstraint("length(where_words) <= 200", name="ck_session_series_where_words_fits"),
        sa.CheckConstraint("length(words) <= 2000", name="ck_session_series_words_fits"),
        sa.CheckConstraint(
            "length_minutes BETWEEN 1 AND 1440", name="ck_session_series_length_minutes_in_range"
        ),
        sa.CheckConstraint("sequence >= 0", name="ck_session_series_sequence_counts"),
        sa.CheckConstraint(
            "starts_minute BETWEEN 0 AND 1439", name="ck_session_series_starts_minute_in_day"
        ),
        sa.CheckConstraint(
            "until_on IS NULL OR until_on >= starts_on",
            name="ck_session_series_ends_after_it_starts",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "by_id"],
            ["member.community_id", "member.id"],
            name="fk_session_series_community_id_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "group_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_session_series_community_id_group_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "host_id"],
            ["member.community_id", "member.id"],
            name="fk_session_series_community_id_host_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "venue_id"],
            ["venue.community_id", "venue.id"],
            name="fk_session_series_community_id_venue_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_session_series_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_session_series"),
        sa.UniqueConstraint(
            "community_id",
            "group_id",
            "source_uid",
            name="uq_session_series_community_id_group_id_source_uid",
        ),
    )
    op.create_index(
        "ix_session_series_community_id_group_id_state",
        "session_series",
        ["community_id", "group_id", "state"],
        unique=False,
    )
    op.create_index(
        "ix_session_series_community_id_state_made_until_on",
        "session_series",
        ["community_id", "state", "made_until_on"],
        unique=False,
    )

    op.create_table(
        "group_session",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("group_id", Key(), nullable=False),
        sa.Column("series_id", Key(), nullable=True),
        sa.Column("occurrence_on", sa.Date(), nullable=True),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("venue_id", Key(), nullable=True),
        sa.Column("setting", sa.String(length=10), nullable=False),
        sa.Column("where_words", sa.String(length=200), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("sign_up", sa.String(length=10), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("host_id", Key(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("cancelled_words", sa.Text(), nullable=False),
        sa.Column("closed_day_id", Key(), nullable=True),
        sa.Column("is_moved", sa.Boolean(), nullable=False),
        sa.Column("has_own_host", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("opened_by_id", Key(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by_id", Key(), nullable=True),
        sa.CheckConstraint(
            "setting IN ('community', 'ward', 'online', 'phone')",
            name="ck_group_session_setting_known",
        ),
        sa.CheckConstraint(
            "sign_up IN ('drop-in', 'sign-up')", name="ck_group_session_sign_up_known"
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'open', 'closed', 'cancelled', 'dropped')",
            name="ck_group_session_state_known",
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_by_id IS NULL)",
            name="ck_group_session_closed_by_somebody",
        ),
        sa.CheckConstraint(
            "(opened_at IS NULL) = (opened_by_id IS NULL)",
            name="ck_group_session_opened_by_somebody",
        ),
        sa.CheckConstraint(
            "(series_id IS NULL) = (occurrence_on IS NULL)",
            name="ck_group_session_series_gave_a_date",
        ),
        sa.CheckConstraint(
            "capacity IS NULL OR capacity BETWEEN 1 AND 500",
            name="ck_group_session_capacity_in_range",
        ),
        sa.CheckConstraint("ends_at > starts_at", name="ck_group_session_ends_after_it_starts"),
        sa.CheckConstraint(
            "length(cancelled_words) <= 300", name="ck_group_session_cancelled_words_fits"
        ),
        sa.CheckConstraint("length(title) <= 80", name="ck_group_session_title_fits"),
        sa.CheckConstraint("length(where_words) <= 200", name="ck_group_session_where_words_fits"),
        sa.CheckConstraint("length(words) <= 2000", name="ck_group_session_words_fits"),
        sa.CheckConstraint("sequence >= 0", name="ck_group_session_sequence_counts"),
        sa.ForeignKeyConstraint(
            ["community_id", "closed_by_id"],
            ["member.community_id", "member.id"],
            name="fk_group_session_community_id_closed_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "closed_day_id"],
            ["closed_day.community_id", "closed_day.id"],
            name="fk_group_session_community_id_closed_day_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "group_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_group_session_community_id_group_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "host_id"],
            ["member.community_id", "member.id"],
            name="fk_group_session_community_id_host_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "opened_by_id"],
            ["member.community_id", "member.id"],
            name="fk_group_session_community_id_opened_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "series_id"],
            ["session_series.community_id", "session_series.id"],
            name="fk_group_session_community_id_series_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "venue_id"],
            ["venue.community_id", "venue.id"],
            name="fk_group_session_community_id_venue_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_group_session_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_group_session"),
        sa.UniqueConstraint(
            "community_id",
            "series_id",
            "occurrence_on",
            name="uq_group_session_community_id_series_id_occurrence_on",
        ),
    )
    op.create_index(
        "ix_group_session_community_id_closed_day_id",
        "group_session",
        ["community_id", "closed_day_id"],
        unique=False,
    )
    op.create_index(
        "ix_group_session_community_id_group_id_starts_at_id",
        "group_session",
        ["community_id", "group_id", "starts_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_group_session_community_id_starts_at_id",
        "group_session",
        ["community_id", "starts_at", "id"],
        unique=False,
    )

    op.create_table(
        "session_sign_up",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("session_id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("since_at", UtcDateTime(), nullable=False),
        sa.Column("reminded_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('signed', 'waiting', 'withdrawn')", name="ck_session_sign_up_state_known"
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_session_sign_up_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "session_id"],
            ["group_session.community_id", "group_session.id"],
            name="fk_session_sign_up_community_id_session_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_session_sign_up_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_session_sign_up"),
        sa.UniqueConstraint(
            "community_id",
            "session_id",
            "member_id",
            name="uq_session_sign_up_community_id_session_id_member_id",
        ),
    )
    op.create_index(
        "ix_session_sign_up_community_id_member_id_state",
        "session_sign_up",
        ["community_id", "member_id", "state"],
        unique=False,
    )
    op.create_index(
        "ix_session_sign_up_community_id_session_id_state_since_at",
        "session_sign_up",
        ["community_id", "session_id", "state", "since_at"],
        unique=False,
    )


def downgrade() -> None:
    raise NotImplementedError  # what people agreed on is never taken back; restore a backup instead
