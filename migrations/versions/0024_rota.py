"""What sessions need, who has which part on their rotas, and who looks for a swap."""

import sqlalchemy as sa
from alembic import op

from timebank.db import Key, UtcDateTime

revision = "0024_rota"
down_revision = "0023_sessions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shift_role",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("group_id", Key(), nullable=False),
        sa.Column("series_id", Key(), nullable=True),
        sa.Column("session_id", Key(), nullable=True),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("is_hosting", sa.Boolean(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("name <> ''", name="ck_shift_role_name_given"),
        sa.CheckConstraint(
            "(series_id IS NULL) <> (session_id IS NULL)", name="ck_shift_role_of_one_of_the_two"
        ),
        sa.CheckConstraint("length(name) <= 40", name="ck_shift_role_name_fits"),
        sa.CheckConstraint("needed BETWEEN 1 AND 20", name="ck_shift_role_needed_in_range"),
        sa.ForeignKeyConstraint(
            ["community_id", "group_id"],
            ["peer_group.community_id", "peer_group.id"],
            name="fk_shift_role_community_id_group_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "series_id"],
            ["session_series.community_id", "session_series.id"],
            name="fk_shift_role_community_id_series_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "session_id"],
            ["group_session.community_id", "group_session.id"],
            name="fk_shift_role_community_id_session_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_shift_role_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_shift_role"),
        sa.UniqueConstraint(
            "community_id", "series_id", "name", name="uq_shift_role_community_id_series_id_name"
        ),
        sa.UniqueConstraint(
            "community_id", "session_id", "name", name="uq_shift_role_community_id_session_id_name"
        ),
    )
    op.create_index(
        "ix_shift_role_community_id_group_id",
        "shift_role",
        ["community_id", "group_id"],
        unique=False,
    )
    op.create_table(
        "shift",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("session_id", Key(), nullable=False),
        sa.Column("role_id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("by_id", Key(), nullable=False),
        sa.Column("since_at", UtcDateTime(), nullable=False),
        sa.Column("reminded_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'yes', 'no', 'withdrawn', 'passed on')", name="ck_shift_state_known"
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "by_id"],
            ["member.community_id", "member.id"],
            name="fk_shift_community_id_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_shift_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "role_id"],
            ["shift_role.community_id", "shift_role.id"],
            name="fk_shift_community_id_role_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "session_id"],
            ["group_session.community_id", "group_session.id"],
            name="fk_shift_community_id_session_id",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_shift_community_id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_shift"),
        sa.UniqueConstraint(
            "community_id",
            "session_id",
            "member_id",
            name="uq_shift_community_id_session_id_member_id",
        ),
    )
    op.create_index(
        "ix_shift_community_id_member_id_state",
        "shift",
        ["community_id", "member_id", "state"],
        unique=False,
    )
    op.create_index(
        "ix_shift_community_id_role_id", "shift", ["community_id", "role_id"], unique=False
    )
    op.create_table(
        "shift_need",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("session_id", Key(), nullable=False),
        sa.Column("role_id", Key(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.CheckConstraint("needed BETWEEN 0 AND 20", name="ck_shift_need_needed_in_range"),
        sa.ForeignKeyConstraint(
            ["community_id", "role_id"],
            ["shift_role.community_id", "shift_role.id"],
            name="fk_shift_need_community_id_role_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "session_id"],
            ["group_session.community_id", "group_session.id"],
            name="fk_shift_need_community_id_session_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_shift_need_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_shift_need"),
        sa.UniqueConstraint(
            "community_id",
            "session_id",
            "role_id",
            name="uq_shift_need_community_id_session_id_role_id",
        ),
    )
    op.create_table(
        "shift_swap",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("shift_id", Key(), nullable=False),
        sa.Column("asked_id", Key(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("settled_by_id", Key(), nullable=True),
        sa.CheckConstraint(
            "(state = 'open') = (settled_at IS NULL)", name="ck_shift_swap_settled_has_a_time"
        ),
        sa.CheckConstraint(
            "state IN ('open', 'taken', 'declined', 'withdrawn')", name="ck_shift_swap_state_known"
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "asked_id"],
            ["member.community_id", "member.id"],
            name="fk_shift_swap_community_id_asked_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "settled_by_id"],
            ["member.community_id", "member.id"],
            name="fk_shift_swap_community_id_settled_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "shift_id"],
            ["shift.community_id", "shift.id"],
            name="fk_shift_swap_community_id_shift_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_shift_swap_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_shift_swap"),
    )
    op.create_index(
        "ix_shift_swap_community_id_asked_id_state",
        "shift_swap",
        ["community_id", "asked_id", "state"],
        unique=False,
    )
    op.create_index(
        "ix_shift_swap_community_id_shift_id",
        "shift_swap",
        ["community_id", "shift_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    raise NotImplementedError  # books are never taken back; restore a backup instead
