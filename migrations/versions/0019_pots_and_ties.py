"""What goes into pots and out of them by decision, and groups that are connected."""

import sqlalchemy as sa
from alembic import op

from timebank.db import Key, UtcDateTime

revision = "0019_pots_and_ties"
down_revision = "0018_ways_in"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pot_move",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("pot_code", sa.String(length=13), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("member_id", Key(), nullable=True),
        sa.Column("other_code", sa.String(length=13), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_by_id", Key(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("entry_id", Key(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'transfer') = (other_code IS NOT NULL) AND (kind = 'transfer') = (member_id IS NULL)",
            name="ck_pot_move_one_on_the_other_side",
        ),
        sa.CheckConstraint(
            "(state = 'booked') = (entry_id IS NOT NULL)", name="ck_pot_move_booked_has_an_entry"
        ),
        sa.CheckConstraint(
            "kind IN ('gift', 'grant', 'payment', 'transfer')", name="ck_pot_move_kind_known"
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'booked', 'declined', 'withdrawn')",
            name="ck_pot_move_state_known",
        ),
        sa.CheckConstraint("length(words) <= 300", name="ck_pot_move_words_fits"),
        sa.CheckConstraint("minutes BETWEEN 1 AND 60000", name="ck_pot_move_minutes_in_range"),
        sa.CheckConstraint(
            "other_code IS NULL OR other_code <> pot_code", name="ck_pot_move_two_pots"
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "asked_by_id"],
            ["member.community_id", "member.id"],
            name="fk_pot_move_community_id_asked_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_pot_move_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_pot_move_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_pot_move"),
    )
    op.create_index(
        "ix_pot_move_community_id_kind_state_happened_on",
        "pot_move",
        ["community_id", "kind", "state", "happened_on"],
        unique=False,
    )
    op.create_index(
        "ix_pot_move_community_id_pot_code_state_id",
        "pot_move",
        ["community_id", "pot_code", "state", "id"],
        unique=False,
    )
    op.create_table(
        "pot_rule",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("pot_code", sa.String(length=13), nullable=False),
        sa.Column("two_above_minutes", sa.Integer(), nullable=False),
        sa.Column("changed_by_id", Key(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "two_above_minutes BETWEEN 0 AND 60000", name="ck_pot_rule_two_above_minutes_in_range"
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "changed_by_id"],
            ["member.community_id", "member.id"],
            name="fk_pot_rule_community_id_changed_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_pot_rule_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_pot_rule"),
        sa.UniqueConstraint("community_id", "pot_code", name="uq_pot_rule_community_id_pot_code"),
    )
    op.create_table(
        "group_tie",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("first_id", Key(), nullable=False),
        sa.Column("second_id", Key(), nullable=False),
        sa.Column("asking_id", Key(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("since_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('asked', 'joined', 'declined', 'ended')", name="ck_group_tie_state_known"
        ),
        sa.CheckConstraint(
            "asking_id IN (first_id, second_id)", name="ck_group_tie_asked_by_one_of_them"
        ),
        sa.CheckConstraint("first_id < second_id", name="ck_group_tie_pair_in_order"),
        sa.ForeignKeyConstraint(
            ["community_id", "asking_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_group_tie_community_id_asking_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "first_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_group_tie_community_id_first_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "second_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_group_tie_community_id_second_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_group_tie_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_group_tie"),
        sa.UniqueConstraint(
            "community_id",
            "first_id",
            "second_id",
            name="uq_group_tie_community_id_first_id_second_id",
        ),
    )
    op.create_index(
        "ix_group_tie_community_id_second_id",
        "group_tie",
        ["community_id", "second_id"],
        unique=False,
    )
    op.create_table(
        "pot_approval",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("move_id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_pot_approval_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "move_id"],
            ["pot_move.community_id", "pot_move.id"],
            name="fk_pot_approval_community_id_move_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_pot_approval_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_pot_approval"),
        sa.UniqueConstraint(
            "community_id",
            "move_id",
            "member_id",
            name="uq_pot_approval_community_id_move_id_member_id",
        ),
    )
    op.create_table(
        "tie_terms",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("tie_id", Key(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_parts", sa.Integer(), nullable=False),
        sa.Column("second_parts", sa.Integer(), nullable=False),
        sa.Column("mutual_minutes", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("proposing_id", Key(), nullable=False),
        sa.Column("proposed_by_id", Key(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("is_agreed", sa.Boolean(), nullable=True),
        sa.Column("answered_by_id", Key(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(is_agreed IS NULL) = (answered_at IS NULL)",
            name="ck_tie_terms_answered_means_yes_or_no",
        ),
        sa.CheckConstraint(
            "first_parts BETWEEN 0 AND 20 AND second_parts BETWEEN 0 AND 20 AND first_parts + second_parts > 0",
            name="ck_tie_terms_parts_can_be_divided",
        ),
        sa.CheckConstraint("length(words) <= 1000", name="ck_tie_terms_words_fits"),
        sa.CheckConstraint(
            "mutual_minutes BETWEEN 0 AND 60000", name="ck_tie_terms_mutual_minutes_in_range"
        ),
        sa.CheckConstraint("version >= 1", name="ck_tie_terms_version_counts_from_one"),
        sa.ForeignKeyConstraint(
            ["community_id", "answered_by_id"],
            ["member.community_id", "member.id"],
            name="fk_tie_terms_community_id_answered_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "proposed_by_id"],
            ["member.community_id", "member.id"],
            name="fk_tie_terms_community_id_proposed_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "proposing_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_tie_terms_community_id_proposing_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "tie_id"],
            ["group_tie.community_id", "group_tie.id"],
            name="fk_tie_terms_community_id_tie_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_tie_terms_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_tie_terms"),
        sa.UniqueConstraint(
            "community_id", "tie_id", "version", name="uq_tie_terms_community_id_tie_id_version"
        ),
    )


def downgrade() -> None:
    raise NotImplementedError  # books are never taken back; restore a backup instead
