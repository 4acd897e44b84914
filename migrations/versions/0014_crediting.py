"""What an hour with a group moves in the books: its crediting rule, in versions."""

import sqlalchemy as sa
from alembic import op

from timebank.db import Key, UtcDateTime

revision = "0014_crediting"
down_revision = "0013_trail"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "crediting_rule",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("group_id", Key(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("activity", sa.String(length=20), nullable=False),
        sa.Column("pot_minutes", sa.Integer(), nullable=False),
        sa.Column("cost_minutes", sa.Integer(), nullable=False),
        sa.Column("is_shared_evenly", sa.Boolean(), nullable=False),
        sa.Column("credits_participants", sa.Boolean(), nullable=False),
        sa.Column("applies_from_on", sa.Date(), nullable=False),
        sa.Column("by_member_id", Key(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "NOT credits_participants OR kind = 'activity'",
            name="ck_crediting_rule_participants_credited_by_activity",
        ),
        sa.CheckConstraint(
            "NOT is_shared_evenly OR kind = 'participants'",
            name="ck_crediting_rule_only_participants_share",
        ),
        sa.CheckConstraint(
            "activity IN ('drop-in', 'peer-support', 'crisis-support', 'training', 'sport', 'food-growing', 'event', 'meeting')",
            name="ck_crediting_rule_activity_known",
        ),
        sa.CheckConstraint(
            "cost_minutes BETWEEN 0 AND 60 AND (cost_minutes = 0 OR kind = 'participants')",
            name="ck_crediting_rule_cost_minutes_of_an_hour",
        ),
        sa.CheckConstraint(
            "kind <> 'participants' OR (cost_minutes > 0) <> is_shared_evenly",
            name="ck_crediting_rule_participants_pay_in_one_way",
        ),
        sa.CheckConstraint(
            "kind IN ('activity', 'pot', 'participants', 'donated', 'unpaid')",
            name="ck_crediting_rule_kind_known",
        ),
        sa.CheckConstraint(
            "pot_minutes BETWEEN 0 AND 60 AND (pot_minutes = 0 OR kind = 'activity')",
            name="ck_crediting_rule_pot_minutes_of_an_hour",
        ),
        sa.CheckConstraint("version >= 1", name="ck_crediting_rule_version_counts_from_one"),
        sa.ForeignKeyConstraint(
            ["community_id", "by_member_id"],
            ["member.community_id", "member.id"],
            name="fk_crediting_rule_community_id_by_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "group_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_crediting_rule_community_id_group_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_crediting_rule_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_crediting_rule"),
        sa.UniqueConstraint(
            "community_id",
            "group_id",
            "version",
            name="uq_crediting_rule_community_id_group_id_version",
        ),
    )
    op.create_index(
        "ix_crediting_rule_community_id_group_id_applies_from_on",
        "crediting_rule",
        ["community_id", "group_id", "applies_from_on"],
        unique=False,
    )


def downgrade() -> None:
    raise NotImplementedError  # books are never taken back; restore a backup instead
