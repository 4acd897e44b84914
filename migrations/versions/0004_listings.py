"""Categories, offers and requests, and the words they are found by."""

import sqlalchemy as sa
from alembic import op

from timebank.db import Key, UtcDateTime

revision = "0004_listings"
down_revision = "0003_messages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "category",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("parent_id", Key(), nullable=True),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("check_hint", sa.String(length=10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "check_hint IN ('none', 'ask lead', 'regulated')", name="ck_category_check_hint_known"
        ),
        sa.CheckConstraint("key <> ''", name="ck_category_has_a_key"),
        sa.CheckConstraint("length(name) <= 60", name="ck_category_name_fits"),
        sa.ForeignKeyConstraint(
            ["community_id", "parent_id"],
            ["category.community_id", "category.id"],
            name="fk_category_community_id_parent_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_category_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_category"),
        sa.UniqueConstraint("community_id", "key", name="uq_category_community_id_key"),
    )
    op.create_table(
        "listing",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("category_id", Key(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("is_social", sa.Boolean(), nullable=False),
        sa.Column("is_emotional", sa.Boolean(), nullable=False),
        sa.Column("is_practical", sa.Boolean(), nullable=False),
        sa.Column("about_minutes", sa.Integer(), nullable=False),
        sa.Column("when_words", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=10), nullable=False),
        sa.Column("area", sa.String(length=60), nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("transition", sa.String(length=24), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("is_anonymous", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("posted_at", UtcDateTime(), nullable=False),
        sa.Column("renewed_at", UtcDateTime(), nullable=True),
        sa.Column("nudged_days", sa.Integer(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "audience IN ('everyone', 'community', 'coordinator')",
            name="ck_listing_audience_known",
        ),
        sa.CheckConstraint("kind IN ('offer', 'request')", name="ck_listing_kind_known"),
        sa.CheckConstraint(
            "language IN ('en', 'da', 'es', 'ca')", name="ck_listing_language_known"
        ),
        sa.CheckConstraint(
            "place IN ('area', 'public', 'phone', 'online')", name="ck_listing_place_known"
        ),
        sa.CheckConstraint("state IN ('open', 'paused', 'closed')", name="ck_listing_state_known"),
        sa.CheckConstraint(
            "transition IS NULL OR transition IN ('leaving hospital', 'entering a service', 'leaving a service', 'crisis at a weekend')",
            name="ck_listing_transition_known",
        ),
        sa.CheckConstraint(
            "about_minutes BETWEEN 1 AND 1440", name="ck_listing_about_minutes_in_range"
        ),
        sa.CheckConstraint("length(area) <= 60", name="ck_listing_area_fits"),
        sa.CheckConstraint("length(title) <= 80", name="ck_listing_title_fits"),
        sa.CheckConstraint("length(when_words) <= 200", name="ck_listing_when_words_fits"),
        sa.CheckConstraint("length(words) <= 1500", name="ck_listing_words_fits"),
        sa.ForeignKeyConstraint(
            ["community_id", "category_id"],
            ["category.community_id", "category.id"],
            name="fk_listing_community_id_category_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_listing_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_listing_community_id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_listing"),
    )
    op.create_index(
        "ix_listing_community_id_category_id",
        "listing",
        ["community_id", "category_id"],
        unique=False,
    )
    op.create_index(
        "ix_listing_community_id_kind_state_area_audience",
        "listing",
        ["community_id", "kind", "state", "area", "audience"],
        unique=False,
    )
    op.create_index(
        "ix_listing_community_id_kind_state_id",
        "listing",
        ["community_id", "kind", "state", "id"],
        unique=False,
    )
    op.create_index(
        "ix_listing_community_id_member_id",
        "listing",
        ["community_id", "member_id"],
        unique=False,
    )
    op.create_index(
        "ix_listing_community_id_state_ends_on",
        "listing",
        ["community_id", "state", "ends_on"],
        unique=False,
    )
    op.create_table(
        "listing_slot",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("listing_id", Key(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "part IN ('morning', 'afternoon', 'evening')", name="ck_listing_slot_part_known"
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="ck_listing_slot_weekday_in_week"),
        sa.ForeignKeyConstraint(
            ["community_id", "listing_id"],
            ["listing.community_id", "listing.id"],
            name="fk_listing_slot_community_id_listing_id",
        ),
        sa.PrimaryKeyConstraint(
            "community_id", "listing_id", "weekday", "part", name="pk_listing_slot"
        ),
    )
    op.create_table(
        "listing_word",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column(
            "word",
            sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("listing_id", Key(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "listing_id"],
            ["listing.community_id", "listing.id"],
            name="fk_listing_word_community_id_listing_id",
        ),
        sa.PrimaryKeyConstraint("community_id", "word", "listing_id", name="pk_listing_word"),
    )
    op.create_index(
        "ix_listing_word_community_id_listing_id",
        "listing_word",
        ["community_id", "listing_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_listing_word_community_id_listing_id", table_name="listing_word")
    op.drop_table("listing_word")
    op.drop_table("listing_slot")
    op.drop_index("ix_listing_community_id_state_ends_on", table_name="listing")
    op.drop_index("ix_listing_community_id_member_id", table_name="listing")
    op.drop_index("ix_listing_community_id_kind_state_id", table_name="listing")
    op.drop_index("ix_listing_community_id_kind_state_area_audience", table_name="listing")
    op.drop_index("ix_listing_community_id_category_id", table_name="listing")
    op.drop_table("listing")
    op.drop_table("category")
