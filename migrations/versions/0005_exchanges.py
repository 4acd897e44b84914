"""Exchanges and every move they make."""

import sqlalchemy as sa
from alembic import op

from timebank.db import Key, UtcDateTime

revision = "0005_exchanges"
down_revision = "0004_listings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exchange",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("giver_id", Key(), nullable=False),
        sa.Column("receiver_id", Key(), nullable=False),
        sa.Column("proposed_by_id", Key(), nullable=False),
        sa.Column("listing_id", Key(), nullable=True),
        sa.Column("category_id", Key(), nullable=False),
        sa.Column("conversation_id", Key(), nullable=True),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("basis", sa.String(length=10), nullable=False),
        sa.Column("is_informal", sa.Boolean(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("part_of_day", sa.String(length=10), nullable=True),
        sa.Column("place", sa.String(length=10), nullable=False),
        sa.Column("agreed_minutes", sa.Integer(), nullable=False),
        sa.Column("worked_minutes", sa.Integer(), nullable=True),
        sa.Column("happened_on", sa.Date(), nullable=True),
        sa.Column("reported_by_id", Key(), nullable=True),
        sa.Column("awaiting_id", Key(), nullable=True),
        sa.Column("silence_ends_at", UtcDateTime(), nullable=True),
        sa.Column("reminded_at", UtcDateTime(), nullable=True),
        sa.Column("held_up_at", UtcDateTime(), nullable=True),
        sa.Column("held_up_by", sa.String(length=10), nullable=True),
        sa.Column("entry_id", Key(), nullable=True),
        sa.Column("reversal_id", Key(), nullable=True),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("moved_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("basis IN ('hours', 'mutual', 'paid')", name="ck_exchange_basis_known"),
        sa.CheckConstraint(
            "part_of_day IS NULL OR part_of_day IN ('morning', 'afternoon', 'evening')",
            name="ck_exchange_part_of_day_known",
        ),
        sa.CheckConstraint(
            "place IN ('area', 'public', 'phone', 'online')", name="ck_exchange_place_known"
        ),
        sa.CheckConstraint(
            "state <> 'confirmed' OR basis <> 'hours' OR entry_id IS NOT NULL",
            name="ck_exchange_confirmed_is_booked",
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'agreed', 'done', 'confirmed', 'declined', 'cancelled', 'queried')",
            name="ck_exchange_state_known",
        ),
        sa.CheckConstraint(
            "state NOT IN ('done', 'confirmed', 'queried') OR (worked_minutes IS NOT NULL AND happened_on IS NOT NULL)",
            name="ck_exchange_reported_is_told",
        ),
        sa.CheckConstraint(
            "agreed_minutes BETWEEN 1 AND 1440", name="ck_exchange_agreed_minutes_in_range"
        ),
        sa.CheckConstraint("giver_id <> receiver_id", name="ck_exchange_two_people"),
        sa.CheckConstraint(
            "held_up_by IS NULL OR held_up_by IN ('floor', 'ceiling', 'account')",
            name="ck_exchange_held_up_by_known",
        ),
        sa.CheckConstraint(
            "reversal_id IS NULL OR entry_id IS NOT NULL", name="ck_exchange_reversed_was_booked"
        ),
        sa.CheckConstraint("length(title) <= 80", name="ck_exchange_title_fits"),
        sa.CheckConstraint(
            "worked_minutes BETWEEN 1 AND 1440", name="ck_exchange_worked_minutes_in_range"
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "awaiting_id"],
            ["member.community_id", "member.id"],
            name="fk_exchange_community_id_awaiting_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "category_id"],
            ["category.community_id", "category.id"],
            name="fk_exchange_community_id_category_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "conversation_id"],
            ["conversation.community_id", "conversation.id"],
            name="fk_exchange_community_id_conversation_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "giver_id"],
            ["member.community_id", "member.id"],
            name="fk_exchange_community_id_giver_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "listing_id"],
            ["listing.community_id", "listing.id"],
            name="fk_exchange_community_id_listing_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "proposed_by_id"],
            ["member.community_id", "member.id"],
            name="fk_exchange_community_id_proposed_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "receiver_id"],
            ["member.community_id", "member.id"],
            name="fk_exchange_community_id_receiver_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_exchange_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_exchange"),
        sa.UniqueConstraint("community_id", "entry_id", name="uq_exchange_community_id_entry_id"),
    )
    op.create_index(
        "uq_exchange_reversal",
        "exchange",
        ["community_id", "reversal_id"],
        unique=True,
        sqlite_where=sa.text("reversal_id IS NOT NULL"),
        postgresql_where=sa.text("reversal_id IS NOT NULL"),
    )
    op.create_index(
        "ix_exchange_community_id_awaiting_id",
        "exchange",
        ["community_id", "awaiting_id"],
        unique=False,
    )
    op.create_index(
        "ix_exchange_community_id_giver_id_id",
        "exchange",
        ["community_id", "giver_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_exchange_community_id_listing_id",
        "exchange",
        ["community_id", "listing_id"],
        unique=False,
    )
    op.create_index(
        "ix_exchange_community_id_receiver_id_id",
        "exchange",
        ["community_id", "receiver_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_exchange_community_id_state_happened_on",
        "exchange",
        ["community_id", "state", "happened_on"],
        unique=False,
    )
    op.create_index(
        "ix_exchange_community_id_state_silence_ends_at",
        "exchange",
        ["community_id", "state", "silence_ends_at"],
        unique=False,
    )
    op.create_table(
        "exchange_move",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("exchange_id", Key(), nullable=False),
        sa.Column("move", sa.String(length=10), nullable=False),
        sa.Column("state_after", sa.String(length=10), nullable=False),
        sa.Column("by_member_id", Key(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "move IN ('propose', 'agree', 'decline', 'cancel', 'change', 'report', 'correct', 'query', 'settle', 'confirm', 'hold', 'reverse')",
            name="ck_exchange_move_move_known",
        ),
        sa.CheckConstraint(
            "state_after IN ('proposed', 'agreed', 'done', 'confirmed', 'declined', 'cancelled', 'queried')",
            name="ck_exchange_move_state_after_known",
        ),
        sa.CheckConstraint("length(words) <= 500", name="ck_exchange_move_words_fits"),
        sa.ForeignKeyConstraint(
            ["community_id", "by_member_id"],
            ["member.community_id", "member.id"],
            name="fk_exchange_move_community_id_by_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "exchange_id"],
            ["exchange.community_id", "exchange.id"],
            name="fk_exchange_move_community_id_exchange_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_exchange_move_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_exchange_move"),
    )
    op.create_index(
        "ix_exchange_move_community_id_exchange_id_id",
        "exchange_move",
        ["community_id", "exchange_id", "id"],
        unique=False,
    )
    op.create_table(
        "thank_you",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("exchange_id", Key(), nullable=False),
        sa.Column("by_member_id", Key(), nullable=False),
        sa.Column("to_member_id", Key(), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(words) <= 500", name="ck_thank_you_words_fits"),
        sa.ForeignKeyConstraint(
            ["community_id", "by_member_id"],
            ["member.community_id", "member.id"],
            name="fk_thank_you_community_id_by_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "exchange_id"],
            ["exchange.community_id", "exchange.id"],
            name="fk_thank_you_community_id_exchange_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "to_member_id"],
            ["member.community_id", "member.id"],
            name="fk_thank_you_community_id_to_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_thank_you_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_thank_you"),
        sa.UniqueConstraint(
            "community_id",
            "exchange_id",
            "by_member_id",
            name="uq_thank_you_community_id_exchange_id_by_member_id",
        ),
    )
    op.create_index(
        "ix_thank_you_community_id_to_member_id_id",
        "thank_you",
        ["community_id", "to_member_id", "id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_thank_you_community_id_to_member_id_id", table_name="thank_you")
    op.drop_table("thank_you")
    op.drop_index("ix_exchange_move_community_id_exchange_id_id", table_name="exchange_move")
    op.drop_table("exchange_move")
    op.drop_index("ix_exchange_community_id_state_silence_ends_at", table_name="exchange")
    op.drop_index("ix_exchange_community_id_state_happened_on", table_name="exchange")
    op.drop_index("ix_exchange_community_id_receiver_id_id", table_name="exchange")
    op.drop_index("ix_exchange_community_id_listing_id", table_name="exchange")
    op.drop_index("ix_exchange_community_id_giver_id_id", table_name="exchange")
    op.drop_index("ix_exchange_community_id_awaiting_id", table_name="exchange")
    op.drop_index("uq_exchange_reversal", table_name="exchange")
    op.drop_table("exchange")
