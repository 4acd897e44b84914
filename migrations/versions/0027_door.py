"""What the door of a session needs: who came, the code of the day, and what it came to."""

import sqlalchemy as sa
from alembic import op

from timebank.db import Key, UtcDateTime

revision = "0027_door"
down_revision = "0026_checks_of_a_year"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session_attendance",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("session_id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("is_paid", sa.Boolean(), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("way", sa.String(length=6), nullable=False),
        sa.Column("client_key", Key(), nullable=True),
        sa.Column("by_id", Key(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "role IN ('host', 'participant', 'both')", name="ck_session_attendance_role_known"
        ),
        sa.CheckConstraint(
            "way IN ('name', 'card', 'code', 'sheet', 'duty', 'later', 'list')",
            name="ck_session_attendance_way_known",
        ),
        sa.CheckConstraint(
            "minutes IS NULL OR minutes BETWEEN 0 AND 1440",
            name="ck_session_attendance_minutes_in_range",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "by_id"],
            ["member.community_id", "member.id"],
            name="fk_session_attendance_community_id_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_session_attendance_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "session_id"],
            ["group_session.community_id", "group_session.id"],
            name="fk_session_attendance_community_id_session_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_session_attendance_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_session_attendance"),
        sa.UniqueConstraint(
            "community_id",
            "session_id",
            "member_id",
            name="uq_session_attendance_community_id_session_id_member_id",
        ),
    )
    op.create_index(
        "ix_session_attendance_community_id_member_id_session_id",
        "session_attendance",
        ["community_id", "member_id", "session_id"],
        unique=False,
    )
    op.create_table(
        "session_closing",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("session_id", Key(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entry_id", Key(), nullable=True),
        sa.Column("reversal_id", Key(), nullable=True),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("contacts", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("first_timers", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("topics", sa.String(length=160), nullable=False),
        sa.Column("topic_words", sa.Text(), nullable=False),
        sa.Column("follow_up", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", Key(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(version = 1) = (reason = '')", name="ck_session_closing_put_right_for_a_reason"
        ),
        sa.CheckConstraint(
            "contacts BETWEEN 0 AND 5000", name="ck_session_closing_contacts_in_range"
        ),
        sa.CheckConstraint("counted >= 0", name="ck_session_closing_counted_counts"),
        sa.CheckConstraint(
            "first_timers BETWEEN 0 AND contacts",
            name="ck_session_closing_first_timers_are_contacts",
        ),
        sa.CheckConstraint(
            "known BETWEEN 0 AND contacts", name="ck_session_closing_known_are_contacts"
        ),
        sa.CheckConstraint("length(follow_up) <= 1000", name="ck_session_closing_follow_up_fits"),
        sa.CheckConstraint("length(reason) <= 500", name="ck_session_closing_reason_fits"),
        sa.CheckConstraint(
            "length(topic_words) <= 500", name="ck_session_closing_topic_words_fits"
        ),
        sa.CheckConstraint("length(topics) <= 160", name="ck_session_closing_topics_fits"),
        sa.CheckConstraint("rule_version >= 0", name="ck_session_closing_rule_version_counts"),
        sa.CheckConstraint(
            "version > 1 OR reversal_id IS NULL", name="ck_session_closing_first_takes_nothing_back"
        ),
        sa.CheckConstraint("version >= 1", name="ck_session_closing_version_counts_from_one"),
        sa.ForeignKeyConstraint(
            ["community_id", "by_id"],
            ["member.community_id", "member.id"],
            name="fk_session_closing_community_id_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "session_id"],
            ["group_session.community_id", "group_session.id"],
            name="fk_session_closing_community_id_session_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_session_closing_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_session_closing"),
        sa.UniqueConstraint(
            "community_id",
            "session_id",
            "version",
            name="uq_session_closing_community_id_session_id_version",
        ),
    )
    op.create_index(
        "ix_session_closing_community_id_entry_id",
        "session_closing",
        ["community_id", "entry_id"],
        unique=False,
    )
    op.create_index(
        "ix_session_closing_community_id_reversal_id",
        "session_closing",
        ["community_id", "reversal_id"],
        unique=False,
    )
    op.create_table(
        "session_code",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("session_id", Key(), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("token", sa.String(length=22), nullable=False),
        sa.Column("digits", sa.String(length=4), nullable=False),
        sa.Column("by_id", Key(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(digits) <= 4", name="ck_session_code_digits_fits"),
        sa.CheckConstraint("length(token) <= 22", name="ck_session_code_token_fits"),
        sa.ForeignKeyConstraint(
            ["community_id", "by_id"],
            ["member.community_id", "member.id"],
            name="fk_session_code_community_id_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "session_id"],
            ["group_session.community_id", "group_session.id"],
            name="fk_session_code_community_id_session_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_session_code_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_session_code"),
        sa.UniqueConstraint(
            "community_id", "day_on", "digits", name="uq_session_code_community_id_day_on_digits"
        ),
        sa.UniqueConstraint("community_id", "token", name="uq_session_code_community_id_token"),
    )
    op.create_index(
        "ix_session_code_community_id_digits",
        "session_code",
        ["community_id", "digits"],
        unique=False,
    )
    op.create_index(
        "ix_session_code_community_id_session_id_id",
        "session_code",
        ["community_id", "session_id", "id"],
        unique=False,
    )
    op.create_table(
        "session_partner",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("session_id", Key(), nullable=True),
        sa.Column("series_id", Key(), nullable=True),
        sa.Column("group_id", Key(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("own_parts", sa.Integer(), nullable=False),
        sa.Column("other_parts", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", Key(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("answered_by_id", Key(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'joined', 'declined', 'ended')",
            name="ck_session_partner_state_known",
        ),
        sa.CheckConstraint(
            "(session_id IS NULL) <> (series_id IS NULL)", name="ck_session_partner_of_one_of_both"
        ),
        sa.CheckConstraint(
            "own_parts BETWEEN 0 AND 20 AND other_parts BETWEEN 0 AND 20 AND own_parts + other_parts > 0",
            name="ck_session_partner_parts_can_be_divided",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "answered_by_id"],
            ["member.community_id", "member.id"],
            name="fk_session_partner_community_id_answered_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "asked_by_id"],
            ["member.community_id", "member.id"],
            name="fk_session_partner_community_id_asked_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "group_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_session_partner_community_id_group_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "series_id"],
            ["session_series.community_id", "session_series.id"],
            name="fk_session_partner_community_id_series_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "session_id"],
            ["group_session.community_id", "group_session.id"],
            name="fk_session_partner_community_id_session_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_session_partner_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_session_partner"),
        sa.UniqueConstraint(
            "community_id",
            "series_id",
            "group_id",
            name="uq_session_partner_community_id_series_id_group_id",
        ),
        sa.UniqueConstraint(
            "community_id",
            "session_id",
            "group_id",
            name="uq_session_partner_community_id_session_id_group_id",
        ),
    )
    op.create_index(
        "ix_session_partner_community_id_group_id_state",
        "session_partner",
        ["community_id", "group_id", "state"],
        unique=False,
    )
    op.create_table(
        "session_tally",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("session_id", Key(), nullable=False),
        sa.Column("client_key", Key(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_timers", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=6), nullable=False),
        sa.Column("by_id", Key(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "way IN ('plus', 'code', 'sheet', 'later', 'list')", name="ck_session_tally_way_known"
        ),
        sa.CheckConstraint(
            "abs(first_timers) <= abs(number)", name="ck_session_tally_first_timers_are_among_them"
        ),
        sa.CheckConstraint("number BETWEEN -999 AND 999", name="ck_session_tally_number_in_range"),
        sa.ForeignKeyConstraint(
            ["community_id", "by_id"],
            ["member.community_id", "member.id"],
            name="fk_session_tally_community_id_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "session_id"],
            ["group_session.community_id", "group_session.id"],
            name="fk_session_tally_community_id_session_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_session_tally_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_session_tally"),
        sa.UniqueConstraint(
            "community_id",
            "session_id",
            "client_key",
            name="uq_session_tally_community_id_session_id_client_key",
        ),
    )
    op.create_table(
        "session_closing_person",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("closing_id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("is_paid", sa.Boolean(), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "role IN ('host', 'participant', 'both')", name="ck_session_closing_person_role_known"
        ),
        sa.CheckConstraint(
            "minutes BETWEEN 0 AND 1440", name="ck_session_closing_person_minutes_in_range"
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "closing_id"],
            ["session_closing.community_id", "session_closing.id"],
            name="fk_session_closing_person_community_id_closing_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_session_closing_person_community_id_member_id",
        ),
        sa.PrimaryKeyConstraint(
            "community_id", "closing_id", "member_id", name="pk_session_closing_person"
        ),
    )
    op.create_index(
        "ix_session_closing_person_community_id_member_id",
        "session_closing_person",
        ["community_id", "member_id"],
        unique=False,
    )
    op.create_table(
        "session_closing_share",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("closing_id", Key(), nullable=False),
        sa.Column("group_id", Key(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("contacts", sa.Integer(), nullable=False),
        sa.Column("hosted_minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "parts >= 0 AND contacts >= 0 AND hosted_minutes >= 0",
            name="ck_session_closing_share_shares_are_whole",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "closing_id"],
            ["session_closing.community_id", "session_closing.id"],
            name="fk_session_closing_share_community_id_closing_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "group_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_session_closing_share_community_id_group_id",
        ),
        sa.PrimaryKeyConstraint(
            "community_id", "closing_id", "group_id", name="pk_session_closing_share"
        ),
    )
    op.create_index(
        "ix_session_closing_share_community_id_group_id_closing_id",
        "session_closing_share",
        ["community_id", "group_id", "closing_id"],
        unique=False,
    )


def downgrade() -> None:
    raise NotImplementedError  # books are never taken back; restore a backup instead
