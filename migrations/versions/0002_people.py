"""Communities, people, how they sign in, and the answers typed so far."""

import sqlalchemy as sa
from alembic import op

from timebank.db import Key, UtcDateTime

revision = "0002_people"
down_revision = "0001_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "community",
        sa.Column("id", Key(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("locale", sa.String(length=2), nullable=False),
        sa.Column("time_zone", sa.String(length=40), nullable=False),
        sa.Column("joining", sa.String(length=10), nullable=False),
        sa.Column("rounding_minutes", sa.Integer(), nullable=False),
        sa.Column("exchange_minutes_max", sa.Integer(), nullable=False),
        sa.Column("floor_minutes", sa.Integer(), nullable=True),
        sa.Column("ceiling_minutes", sa.Integer(), nullable=True),
        sa.Column("confirm_days", sa.Integer(), nullable=False),
        sa.Column("silent_minutes_max", sa.Integer(), nullable=False),
        sa.Column("house_rules", sa.Text(), nullable=False),
        sa.Column("house_rules_version", sa.Integer(), nullable=False),
        sa.Column("help_words", sa.Text(), nullable=False),
        sa.Column("member_count", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "joining IN ('open', 'approval', 'invitation')", name="ck_community_joining_known"
        ),
        sa.CheckConstraint("locale IN ('en', 'da', 'es', 'ca')", name="ck_community_locale_known"),
        sa.CheckConstraint(
            "ceiling_minutes BETWEEN 0 AND 60000", name="ck_community_ceiling_minutes_in_range"
        ),
        sa.CheckConstraint(
            "confirm_days BETWEEN 1 AND 60", name="ck_community_confirm_days_in_range"
        ),
        sa.CheckConstraint(
            "exchange_minutes_max BETWEEN 1 AND 1440",
            name="ck_community_exchange_minutes_max_in_range",
        ),
        sa.CheckConstraint(
            "floor_minutes BETWEEN -60000 AND 0", name="ck_community_floor_minutes_in_range"
        ),
        sa.CheckConstraint("length(help_words) <= 300", name="ck_community_help_words_fits"),
        sa.CheckConstraint("length(house_rules) <= 4000", name="ck_community_house_rules_fits"),
        sa.CheckConstraint("length(name) <= 80", name="ck_community_name_fits"),
        sa.CheckConstraint("length(slug) <= 40", name="ck_community_slug_fits"),
        sa.CheckConstraint("length(words) <= 1000", name="ck_community_words_fits"),
        sa.CheckConstraint(
            "rounding_minutes IN (1, 5, 6, 10, 15, 30)",
            name="ck_community_rounding_minutes_known",
        ),
        sa.CheckConstraint(
            "silent_minutes_max BETWEEN 0 AND 1440",
            name="ck_community_silent_minutes_max_in_range",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_community"),
        sa.UniqueConstraint("slug", name="uq_community_slug"),
    )
    op.create_table(
        "person",
        sa.Column("id", Key(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", Key(), nullable=False),
        sa.Column("bucket", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_attempt"),
    )
    op.create_index(
        "ix_sign_in_attempt_bucket_at", "sign_in_attempt", ["bucket", "at"], unique=False
    )
    op.create_table(
        "submission",
        sa.Column("id", Key(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("location", sa.String(length=2000), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_submission"),
    )
    op.create_index("ix_submission_sent_at", "submission", ["sent_at"], unique=False)
    op.create_table(
        "address",
        sa.Column("id", Key(), nullable=False),
        sa.Column("person_id", Key(), nullable=False),
        sa.Column("folded", sa.String(length=254), nullable=False),
        sa.Column("verified_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("length(folded) <= 254", name="ck_address_folded_fits"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_address_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_address"),
        sa.UniqueConstraint("folded", name="uq_address_folded"),
    )
    op.create_index("ix_address_person_id", "address", ["person_id"], unique=False)
    op.create_table(
        "device_session",
        sa.Column("id", Key(), nullable=False),
        sa.Column("person_id", Key(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("agent", sa.String(length=60), nullable=False),
        sa.Column("means", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("length(agent) <= 60", name="ck_device_session_agent_fits"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_device_session_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_device_session"),
        sa.UniqueConstraint("secret_hash", name="uq_device_session_secret_hash"),
    )
    op.create_index("ix_device_session_person_id", "device_session", ["person_id"], unique=False)
    op.create_table(
        "draft",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("owner_id", Key(), nullable=True),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(kind) <= 20", name="ck_draft_kind_fits"),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_draft_community_id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_draft"),
    )
    op.create_index(
        "ix_draft_community_id_saved_at", "draft", ["community_id", "saved_at"], unique=False
    )
    op.create_table(
        "member",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("person_id", Key(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("first_name", sa.String(length=60), nullable=False),
        sa.Column("last_name", sa.String(length=60), nullable=False),
        sa.Column("folded_name", sa.String(length=250), nullable=False),
        sa.Column("area", sa.String(length=60), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("could_offer", sa.Text(), nullable=False),
        sa.Column("would_like", sa.Text(), nullable=False),
        sa.Column("last_name_seen_by", sa.String(length=12), nullable=False),
        sa.Column("area_seen_by", sa.String(length=12), nullable=False),
        sa.Column("email_seen_by", sa.String(length=12), nullable=False),
        sa.Column("phone_seen_by", sa.String(length=12), nullable=False),
        sa.Column("about_seen_by", sa.String(length=12), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "about_seen_by IN ('me', 'coordinator', 'community')",
            name="ck_member_about_seen_by_known",
        ),
        sa.CheckConstraint(
            "area_seen_by IN ('me', 'coordinator', 'community')",
            name="ck_member_area_seen_by_known",
        ),
        sa.CheckConstraint(
            "email_seen_by IN ('me', 'coordinator', 'community')",
            name="ck_member_email_seen_by_known",
        ),
        sa.CheckConstraint(
            "last_name_seen_by IN ('me', 'coordinator', 'community')",
            name="ck_member_last_name_seen_by_known",
        ),
        sa.CheckConstraint(
            "phone_seen_by IN ('me', 'coordinator', 'community')",
            name="ck_member_phone_seen_by_known",
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'active', 'paused', 'refused', 'left')",
            name="ck_member_state_known",
        ),
        sa.CheckConstraint("length(about) <= 1000", name="ck_member_about_fits"),
        sa.CheckConstraint("length(area) <= 60", name="ck_member_area_fits"),
        sa.CheckConstraint("length(could_offer) <= 1000", name="ck_member_could_offer_fits"),
        sa.CheckConstraint("length(email) <= 254", name="ck_member_email_fits"),
        sa.CheckConstraint("length(first_name) <= 60", name="ck_member_first_name_fits"),
        sa.CheckConstraint("length(last_name) <= 60", name="ck_member_last_name_fits"),
        sa.CheckConstraint("length(phone) <= 30", name="ck_member_phone_fits"),
        sa.CheckConstraint("length(would_like) <= 1000", name="ck_member_would_like_fits"),
        sa.CheckConstraint("number >= 1", name="ck_member_number_counts_from_one"),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_member_community_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_member_person_id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_member"),
        sa.UniqueConstraint("community_id", "number", name="uq_member_community_id_number"),
        sa.UniqueConstraint("community_id", "person_id", name="uq_member_community_id_person_id"),
    )
    op.create_index(
        "ix_member_community_id_state_id", "member", ["community_id", "state", "id"], unique=False
    )
    op.create_index(
        "ix_member_community_id_folded_name_id",
        "member",
        ["community_id", "folded_name", "id"],
        unique=False,
    )
    op.create_index("ix_member_person_id", "member", ["person_id"], unique=False)
    op.create_table(
        "community_change",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("setting", sa.String(length=24), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("by_member_id", Key(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "setting IN ('name', 'words', 'help_words', 'locale', 'time_zone', 'joining', 'rounding_minutes', 'exchange_minutes_max', 'floor_minutes', 'ceiling_minutes', 'confirm_days', 'silent_minutes_max', 'house_rules')",
            name="ck_community_change_setting_known",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "by_member_id"],
            ["member.community_id", "member.id"],
            name="fk_community_change_community_id_by_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_community_change_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_community_change"),
    )
    op.create_table(
        "code_card",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("code_hash", sa.String(length=200), nullable=False),
        sa.Column("issued_by_id", Key(), nullable=True),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["community_id", "issued_by_id"],
            ["member.community_id", "member.id"],
            name="fk_code_card_community_id_issued_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_code_card_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_code_card_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_code_card"),
    )
    op.create_index(
        "ix_code_card_community_id_member_id",
        "code_card",
        ["community_id", "member_id"],
        unique=False,
    )
    op.create_table(
        "invitation",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_by_id", Key(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_by_id", Key(), nullable=True),
        sa.ForeignKeyConstraint(
            ["community_id", "made_by_id"],
            ["member.community_id", "member.id"],
            name="fk_invitation_community_id_made_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "used_by_id"],
            ["member.community_id", "member.id"],
            name="fk_invitation_community_id_used_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_invitation_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_invitation"),
        sa.UniqueConstraint(
            "community_id", "secret_hash", name="uq_invitation_community_id_secret_hash"
        ),
    )
    op.create_table(
        "member_event",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("by_member_id", Key(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('joined', 'added', 'approved', 'refused', 'paused', 'resumed', 'left', 'card issued', 'card stopped', 'role given', 'role ended', 'changed')",
            name="ck_member_event_kind_known",
        ),
        sa.CheckConstraint("length(reason) <= 300", name="ck_member_event_reason_fits"),
        sa.ForeignKeyConstraint(
            ["community_id", "by_member_id"],
            ["member.community_id", "member.id"],
            name="fk_member_event_community_id_by_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_member_event_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_member_event_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_member_event"),
    )
    op.create_index(
        "ix_member_event_community_id_member_id_id",
        "member_event",
        ["community_id", "member_id", "id"],
        unique=False,
    )
    op.create_table(
        "role_grant",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("given_by_id", Key(), nullable=True),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by_id", Key(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("role IN ('coordinator', 'treasurer')", name="ck_role_grant_role_known"),
        sa.ForeignKeyConstraint(
            ["community_id", "ended_by_id"],
            ["member.community_id", "member.id"],
            name="fk_role_grant_community_id_ended_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "given_by_id"],
            ["member.community_id", "member.id"],
            name="fk_role_grant_community_id_given_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_role_grant_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_role_grant_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_role_grant"),
    )
    op.create_index(
        "ix_role_grant_community_id_member_id",
        "role_grant",
        ["community_id", "member_id"],
        unique=False,
    )
    op.create_index(
        "uq_role_grant_held",
        "role_grant",
        ["community_id", "member_id", "role"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "sign_in_token",
        sa.Column("id", Key(), nullable=False),
        sa.Column("address_id", Key(), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("next_path", sa.String(length=500), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("used_key", sa.String(length=36), nullable=True),
        sa.Column("device_id", Key(), nullable=True),
        sa.Column("community_id", Key(), nullable=True),
        sa.Column("member_id", Key(), nullable=True),
        sa.CheckConstraint("purpose IN ('sign in', 'join')", name="ck_sign_in_token_purpose_known"),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name="fk_sign_in_token_address_id"),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_sign_in_token_community_id_member_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_token"),
        sa.UniqueConstraint("secret_hash", name="uq_sign_in_token_secret_hash"),
    )
    op.create_index("ix_sign_in_token_address_id", "sign_in_token", ["address_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_sign_in_token_address_id", table_name="sign_in_token")
    op.drop_table("sign_in_token")
    op.drop_index(
        "uq_role_grant_held",
        table_name="role_grant",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index("ix_role_grant_community_id_member_id", table_name="role_grant")
    op.drop_table("role_grant")
    op.drop_index("ix_member_event_community_id_member_id_id", table_name="member_event")
    op.drop_table("member_event")
    op.drop_table("invitation")
    op.drop_index("ix_code_card_community_id_member_id", table_name="code_card")
    op.drop_table("code_card")
    op.drop_table("community_change")
    op.drop_index("ix_member_person_id", table_name="member")
    op.drop_index("ix_member_community_id_folded_name_id", table_name="member")
    op.drop_index("ix_member_community_id_state_id", table_name="member")
    op.drop_table("member")
    op.drop_index("ix_draft_community_id_saved_at", table_name="draft")
    op.drop_table("draft")
    op.drop_index("ix_device_session_person_id", table_name="device_session")
    op.drop_table("device_session")
    op.drop_index("ix_address_person_id", table_name="address")
    op.drop_table("address")
    op.drop_index("ix_submission_sent_at", table_name="submission")
    op.drop_table("submission")
    op.drop_index("ix_sign_in_attempt_bucket_at", table_name="sign_in_attempt")
    op.drop_table("sign_in_attempt")
    op.drop_table("person")
    op.drop_table("community")
