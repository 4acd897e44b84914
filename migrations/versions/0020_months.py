"""A seal for each month that is over, and an index that finds what was reported late."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020_months"
down_revision = "0019_pots_and_ties"
branch_labels = None
depends_on = None

KEY = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
DAY = sa.Date().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.drop_index("ix_entry_occurred_on", "entry")
    op.create_index("ix_entry_occurred_on", "entry", ["book_id", "occurred_on", "seq"])
    op.create_table(
        "period_seal",
        sa.Column("book_id", KEY, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("through_on", DAY, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("accounts", BIG, nullable=False),
        sa.Column("trial_root", sa.LargeBinary(), nullable=False),
        sa.Column("prev", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", INSTANT, nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("book_id", "period", name="pk_period_seal"),
        sa.ForeignKeyConstraint(
            ["book_id", "public_key"],
            ["signing_key.book_id", "signing_key.public_key"],
            name="fk_period_seal_signing_key",
        ),
        sa.CheckConstraint("length(period) = 7", name="ck_period_seal_period_is_a_month"),
        sa.CheckConstraint("size >= 1 AND accounts >= 1", name="ck_period_seal_counts"),
        sa.CheckConstraint(
            "length(root) = 32 AND length(chain) = 32"
            " AND length(trial_root) = 32 AND length(prev) = 32",
            name="ck_period_seal_hashes_are_hashes",
        ),
        sa.CheckConstraint("sealed_at >= ended_at", name="ck_period_seal_sealed_after"),
        sa.CheckConstraint("length(note) BETWEEN 1 AND 2000", name="ck_period_seal_note_fits"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    _create_triggers()


def downgrade() -> None:
    raise NotImplementedError  # what was sealed stays sealed; restore a backup instead


def _create_triggers() -> None:
    table = "period_seal"
    if op.get_bind().dialect.name == "sqlite":
        says = f"BEGIN SELECT RAISE(ABORT, '{table} is kept for ever'); END"
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {says}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {says}")
        return
    then = f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep()"
    op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE {then}")
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE OR TRUNCATE {then}")
