"""An entry is replaced at most once; a correction and an overdraft leave a trace of their own."""

import sqlalchemy as sa
from alembic import op

from timebank.db import Key, UtcDateTime

revision = "0012_corrections"
down_revision = "0011_groups"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "uq_entry_one_correction",
        "entry",
        ["book_id", "corrects"],
        unique=True,
        sqlite_where=sa.text("corrects IS NOT NULL"),
        postgresql_where=sa.text("corrects IS NOT NULL"),
    )
    op.create_table(
        "exchange_correction",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("exchange_id", Key(), nullable=False),
        sa.Column("entry_id", Key(), nullable=False),
        sa.Column("reversal_id", Key(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_exchange_correction_community_id"
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "exchange_id"],
            ["exchange.community_id", "exchange.id"],
            name="fk_exchange_correction_community_id_exchange_id",
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_exchange_correction"),
        sa.UniqueConstraint(
            "community_id", "entry_id", name="uq_exchange_correction_community_id_entry_id"
        ),
        sa.UniqueConstraint(
            "community_id", "reversal_id", name="uq_exchange_correction_community_id_reversal_id"
        ),
    )
    op.create_index(
        "ix_exchange_correction_community_id_exchange_id",
        "exchange_correction",
        ["community_id", "exchange_id"],
    )
    op.create_table(
        "overdraft",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("account_code", sa.String(length=60), nullable=False),
        sa.Column("reversal_id", Key(), nullable=False),
        sa.Column("short_minutes", sa.BigInteger(), nullable=False),
        sa.Column("flagged_at", UtcDateTime(), nullable=False),
        sa.Column("seen_to_at", UtcDateTime(), nullable=True),
        sa.Column("seen_to_by_id", Key(), nullable=True),
        sa.CheckConstraint("short_minutes >= 1", name="ck_overdraft_short_of_something"),
        sa.CheckConstraint(
            "(seen_to_at IS NULL) = (seen_to_by_id IS NULL)",
            name="ck_overdraft_seen_to_by_somebody",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_overdraft_community_id"
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "seen_to_by_id"],
            ["member.community_id", "member.id"],
            name="fk_overdraft_community_id_seen_to_by_id",
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_overdraft"),
        sa.UniqueConstraint(
            "community_id",
            "reversal_id",
            "account_code",
            name="uq_overdraft_community_id_reversal_id_account_code",
        ),
    )
    op.create_index(
        "ix_overdraft_waiting",
        "overdraft",
        ["community_id", "id"],
        sqlite_where=sa.text("seen_to_at IS NULL"),
        postgresql_where=sa.text("seen_to_at IS NULL"),
    )


def downgrade() -> None:
    raise NotImplementedError  # books are never taken back; restore a backup instead
