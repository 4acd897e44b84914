"""Groups: their places, their people, their ground rules, and who stays away for a time."""

import sqlalchemy as sa
from alembic import op

from timebank.db import Key, UtcDateTime

revision = "0011_groups"
down_revision = "0010_mutual_help"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "venue",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("postcode", sa.String(length=12), nullable=False),
        sa.Column("area", sa.String(length=60), nullable=False),
        sa.Column("setting", sa.String(length=10), nullable=False),
        sa.Column("access_words", sa.Text(), nullable=False),
        sa.Column("folded", sa.String(length=1000), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("source_key", sa.String(length=40), nullable=True),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "setting IN ('community', 'ward', 'online', 'phone')", name="ck_venue_setting_known"
        ),
        sa.CheckConstraint("closes_on >= opens_on", name="ck_venue_opens_before_it_closes"),
        sa.CheckConstraint("length(access_words) <= 500", name="ck_venue_access_words_fits"),
        sa.CheckConstraint("length(address) <= 200", name="ck_venue_address_fits"),
        sa.CheckConstraint("length(area) <= 60", name="ck_venue_area_fits"),
        sa.CheckConstraint("length(name) <= 80", name="ck_venue_name_fits"),
        sa.CheckConstraint("length(postcode) <= 12", name="ck_venue_postcode_fits"),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_venue_community_id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_venue"),
        sa.UniqueConstraint("community_id", "source_key", name="uq_venue_community_id_source_key"),
    )
    op.create_index(
        "ix_venue_community_id_folded_id", "venue", ["community_id", "folded", "id"], unique=False
    )
    op.create_table(
        "peer_group",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("when_words", sa.String(length=200), nullable=False),
        sa.Column("where_words", sa.String(length=200), nullable=False),
        sa.Column("venue_id", Key(), nullable=True),
        sa.Column("area", sa.String(length=60), nullable=False),
        sa.Column("folded", sa.String(length=1000), nullable=False),
        sa.Column("tone", sa.Integer(), nullable=False),
        sa.Column("sector", sa.String(length=20), nullable=True),
        sa.Column("is_social", sa.Boolean(), nullable=False),
        sa.Column("is_emotional", sa.Boolean(), nullable=False),
        sa.Column("is_practical", sa.Boolean(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("needs_staff", sa.Boolean(), nullable=False),
        sa.Column("joining", sa.String(length=10), nullable=False),
        sa.Column("mailbox", sa.String(length=254), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("checked_by_id", Key(), nullable=True),
        sa.Column("started_by_id", Key(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("source_key", sa.String(length=40), nullable=True),
        sa.CheckConstraint("joining IN ('open', 'ask')", name="ck_peer_group_joining_known"),
        sa.CheckConstraint(
            "sector IS NULL OR sector IN ('peers', 'charity', 'primary care', 'secondary care', 'council', 'faith', 'business')",
            name="ck_peer_group_sector_known",
        ),
        sa.CheckConstraint("state IN ('open', 'ended')", name="ck_peer_group_state_known"),
        sa.CheckConstraint("length(area) <= 60", name="ck_peer_group_area_fits"),
        sa.CheckConstraint("length(mailbox) <= 254", name="ck_peer_group_mailbox_fits"),
        sa.CheckConstraint("length(name) <= 80", name="ck_peer_group_name_fits"),
        sa.CheckConstraint("length(slug) <= 60", name="ck_peer_group_slug_fits"),
        sa.CheckConstraint("length(when_words) <= 200", name="ck_peer_group_when_words_fits"),
        sa.CheckConstraint("length(where_words) <= 200", name="ck_peer_group_where_words_fits"),
        sa.CheckConstraint("length(words) <= 2000", name="ck_peer_group_words_fits"),
        sa.CheckConstraint("number >= 2", name="ck_peer_group_number_follows_the_community"),
        sa.CheckConstraint("rules_version >= 0", name="ck_peer_group_rules_version_counts"),
        sa.CheckConstraint("tone BETWEEN 0 AND 7", name="ck_peer_group_tone_in_set"),
        sa.ForeignKeyConstraint(
            ["community_id", "checked_by_id"],
            ["member.community_id", "member.id"],
            name="fk_peer_group_community_id_checked_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "started_by_id"],
            ["member.community_id", "member.id"],
            name="fk_peer_group_community_id_started_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "venue_id"],
            ["venue.community_id", "venue.id"],
            name="fk_peer_group_community_id_venue_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_peer_group_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_peer_group"),
        sa.UniqueConstraint("community_id", "number", name="uq_peer_group_community_id_number"),
        sa.UniqueConstraint("community_id", "slug", name="uq_peer_group_community_id_slug"),
        sa.UniqueConstraint(
            "community_id", "source_key", name="uq_peer_group_community_id_source_key"
        ),
    )
    op.create_index(
        "ix_peer_group_community_id_state_folded_id",
        "peer_group",
        ["community_id", "state", "folded", "id"],
        unique=False,
    )
    op.create_index(
        "ix_peer_group_community_id_venue_id",
        "peer_group",
        ["community_id", "venue_id"],
        unique=False,
    )
    op.create_table(
        "acknowledgement",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("group_id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("by_member_id", Key(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("way IN ('read', 'aloud')", name="ck_acknowledgement_way_known"),
        sa.CheckConstraint("version >= 1", name="ck_acknowledgement_version_counts_from_one"),
        sa.ForeignKeyConstraint(
            ["community_id", "by_member_id"],
            ["member.community_id", "member.id"],
            name="fk_acknowledgement_community_id_by_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "group_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_acknowledgement_community_id_group_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_acknowledgement_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_acknowledgement_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_acknowledgement"),
        sa.UniqueConstraint(
            "community_id",
            "group_id",
            "member_id",
            "version",
            name="uq_acknowledgement_community_id_group_id_member_id_version",
        ),
    )
    op.create_table(
        "exclusion",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("group_id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by_id", Key(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("reviewed_by_id", Key(), nullable=True),
        sa.Column("review_words", sa.Text(), nullable=False),
        sa.Column("lifted_on", sa.Date(), nullable=True),
        sa.Column("appealed_at", UtcDateTime(), nullable=True),
        sa.Column("appeal_words", sa.Text(), nullable=False),
        sa.Column("appeal_outcome", sa.String(length=10), nullable=True),
        sa.Column("appeal_answer", sa.Text(), nullable=False),
        sa.Column("appeal_answered_by_id", Key(), nullable=True),
        sa.Column("appeal_answered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "appeal_outcome IS NULL OR appeal_outcome IN ('stands', 'shortened', 'lifted')",
            name="ck_exclusion_appeal_outcome_known",
        ),
        sa.CheckConstraint(
            "appeal_answered_by_id IS NULL OR appeal_answered_by_id <> decided_by_id",
            name="ck_exclusion_somebody_else_answers",
        ),
        sa.CheckConstraint(
            "appeal_outcome IS NULL OR appealed_at IS NOT NULL",
            name="ck_exclusion_answered_was_appealed",
        ),
        sa.CheckConstraint("length(appeal_answer) <= 1000", name="ck_exclusion_appeal_answer_fits"),
        sa.CheckConstraint("length(appeal_words) <= 1000", name="ck_exclusion_appeal_words_fits"),
        sa.CheckConstraint("length(reason) <= 1000", name="ck_exclusion_reason_fits"),
        sa.CheckConstraint("length(review_words) <= 1000", name="ck_exclusion_review_words_fits"),
        sa.CheckConstraint(
            "member_id <> decided_by_id", name="ck_exclusion_nobody_decides_on_themselves"
        ),
        sa.CheckConstraint(
            "review_on BETWEEN from_on AND until_on", name="ck_exclusion_reviewed_meanwhile"
        ),
        sa.CheckConstraint("until_on >= from_on", name="ck_exclusion_ends_after_it_begins"),
        sa.ForeignKeyConstraint(
            ["community_id", "appeal_answered_by_id"],
            ["member.community_id", "member.id"],
            name="fk_exclusion_community_id_appeal_answered_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "decided_by_id"],
            ["member.community_id", "member.id"],
            name="fk_exclusion_community_id_decided_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "group_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_exclusion_community_id_group_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_exclusion_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "reviewed_by_id"],
            ["member.community_id", "member.id"],
            name="fk_exclusion_community_id_reviewed_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_exclusion_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_exclusion"),
    )
    op.create_index(
        "ix_exclusion_community_id_group_id_until_on",
        "exclusion",
        ["community_id", "group_id", "until_on"],
        unique=False,
    )
    op.create_index(
        "ix_exclusion_community_id_member_id_until_on",
        "exclusion",
        ["community_id", "member_id", "until_on"],
        unique=False,
    )
    op.create_table(
        "ground_rules",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("group_id", Key(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by_member_id", Key(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(words) <= 4000", name="ck_ground_rules_words_fits"),
        sa.CheckConstraint("version >= 1", name="ck_ground_rules_version_counts_from_one"),
        sa.ForeignKeyConstraint(
            ["community_id", "by_member_id"],
            ["member.community_id", "member.id"],
            name="fk_ground_rules_community_id_by_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "group_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_ground_rules_community_id_group_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_ground_rules_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_ground_rules"),
        sa.UniqueConstraint(
            "community_id",
            "group_id",
            "version",
            name="uq_ground_rules_community_id_group_id_version",
        ),
    )
    op.create_table(
        "group_event",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("group_id", Key(), nullable=False),
        sa.Column("kind", sa.String(length=14), nullable=False),
        sa.Column("member_id", Key(), nullable=True),
        sa.Column("part", sa.String(length=10), nullable=True),
        sa.Column("by_member_id", Key(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('started', 'changed', 'joined', 'invited', 'asked', 'declined', 'left', 'part changed', 'rules changed', 'checked', 'ended')",
            name="ck_group_event_kind_known",
        ),
        sa.CheckConstraint(
            "part IS NULL OR part IN ('lead', 'host', 'member')", name="ck_group_event_part_known"
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "by_member_id"],
            ["member.community_id", "member.id"],
            name="fk_group_event_community_id_by_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "group_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_group_event_community_id_group_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_group_event_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_group_event_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_group_event"),
    )
    op.create_index(
        "ix_group_event_community_id_group_id_id",
        "group_event",
        ["community_id", "group_id", "id"],
        unique=False,
    )
    op.create_table(
        "group_member",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("group_id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("is_paid", sa.Boolean(), nullable=False),
        sa.Column("since_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("part IN ('lead', 'host', 'member')", name="ck_group_member_part_known"),
        sa.CheckConstraint(
            "state IN ('active', 'invited', 'asked', 'left')", name="ck_group_member_state_known"
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "group_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_group_member_community_id_group_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_group_member_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_group_member_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_group_member"),
        sa.UniqueConstraint(
            "community_id",
            "group_id",
            "member_id",
            name="uq_group_member_community_id_group_id_member_id",
        ),
    )
    op.create_index(
        "ix_group_member_community_id_member_id_state",
        "group_member",
        ["community_id", "member_id", "state"],
        unique=False,
    )
    op.create_table(
        "group_slot",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("group_id", Key(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "part IN ('morning', 'afternoon', 'evening')", name="ck_group_slot_part_known"
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="ck_group_slot_weekday_in_week"),
        sa.ForeignKeyConstraint(
            ["community_id", "group_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_group_slot_community_id_group_id",
        ),
        sa.PrimaryKeyConstraint(
            "community_id", "group_id", "weekday", "part", name="pk_group_slot"
        ),
    )
    op.create_table(
        "group_transition",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("group_id", Key(), nullable=False),
        sa.Column("transition", sa.String(length=24), nullable=False),
        sa.CheckConstraint(
            "transition IN ('leaving hospital', 'entering a service', 'leaving a service', 'crisis at a weekend')",
            name="ck_group_transition_transition_known",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "group_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_group_transition_community_id_group_id",
        ),
        sa.PrimaryKeyConstraint(
            "community_id", "group_id", "transition", name="pk_group_transition"
        ),
    )
    op.add_column(
        "community", sa.Column("pot_count", sa.Integer(), server_default="1", nullable=False)
    )


def downgrade() -> None:
    raise NotImplementedError  # books are never taken back; restore a backup instead
