"""Checks of the books and questions put to them; a role for whoever looks over the books."""

import sqlalchemy as sa
from alembic import op

from timebank.db import Key, UtcDateTime

revision = "0016_books_audit"
down_revision = "0015_limits"
branch_labels = None
depends_on = None

ROLE_KNOWN = "ck_role_grant_role_known"
ENDED = sa.text("ended_at IS NULL")


def upgrade() -> None:
    _allow_roles("'coordinator', 'treasurer', 'auditor'")
    op.create_table(
        "books_check",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("asked_by_id", Key(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("stop", sa.String(length=10), nullable=True),
        sa.Column("entries", sa.BigInteger(), nullable=True),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.JSON(), nullable=True),
        *_ends("books_check", "'right', 'wrong', 'stopped'"),
        sa.CheckConstraint("length(head) <= 64", name="ck_books_check_head_fits"),
    )
    op.create_index(
        "uq_books_check_open",
        "books_check",
        ["community_id"],
        unique=True,
        sqlite_where=ENDED,
        postgresql_where=ENDED,
    )
    op.create_table(
        "books_question",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("asked_by_id", Key(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("stop", sa.String(length=10), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        *_ends("books_question", "'answered', 'refused', 'stopped'"),
        sa.CheckConstraint("length(words) <= 2000", name="ck_books_question_words_fits"),
        sa.CheckConstraint("length(name) <= 40", name="ck_books_question_name_fits"),
    )
    op.create_index(
        "ix_books_question_community_id_asked_by_id_id",
        "books_question",
        ["community_id", "asked_by_id", "id"],
    )


def downgrade() -> None:
    op.drop_table("books_question")
    op.drop_table("books_check")
    op.execute("DELETE FROM role_grant WHERE role = 'auditor'")
    _allow_roles("'coordinator', 'treasurer'")


def _allow_roles(roles: str) -> None:
    """Let these roles be given; SQLite makes the table anew for that."""
    with op.batch_alter_table("role_grant") as table:
        if op.get_bind().dialect.name != "sqlite":
            table.drop_constraint(ROLE_KNOWN, type_="check")
        table.create_check_constraint(ROLE_KNOWN, f"role IN ({roles})")


def _ends(table: str, outcomes: str) -> list[sa.Constraint]:
    """What both tables hold themselves to."""
    return [
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=f"fk_{table}_community_id"
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "asked_by_id"],
            ["member.community_id", "member.id"],
            name=f"fk_{table}_community_id_asked_by_id",
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=f"pk_{table}"),
        sa.CheckConstraint(
            f"outcome IS NULL OR outcome IN ({outcomes})", name=f"ck_{table}_outcome_known"
        ),
        sa.CheckConstraint(
            "stop IS NULL OR stop IN ('time', 'memory', 'space', 'fault')",
            name=f"ck_{table}_stop_known",
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (outcome IS NULL)", name=f"ck_{table}_ended_with_an_outcome"
        ),
        sa.CheckConstraint(
            "(outcome IS NOT NULL AND outcome = 'stopped') = (stop IS NOT NULL)",
            name=f"ck_{table}_stopped_for_a_reason",
        ),
    ]
