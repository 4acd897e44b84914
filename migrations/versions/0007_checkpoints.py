"""The tree over the book's leaves, the keys that sign its head, and what was signed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007_checkpoints"
down_revision = "0006_imports"
branch_labels = None
depends_on = None

KEY = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
CLUSTERED = {"sqlite_strict": True, "sqlite_with_rowid": False}

KEPT = {
    "subtree": None,
    "checkpoint": None,
    "signing_key": "book_id, public_key, origin, valid_from, handover",
}


def upgrade() -> None:
    _create_subtree()
    _create_signing_key()
    _create_checkpoint()
    _create_triggers()


def downgrade() -> None:
    raise NotImplementedError  # what was signed stays signed; restore a backup instead


def _create_subtree() -> None:
    op.create_table(
        "subtree",
        sa.Column("book_id", KEY, nullable=False),
        sa.Column("tier", SMALL, nullable=False),
        sa.Column("n", BIG, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("book_id", "tier", "n", name="pk_subtree"),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_subtree_book"),
        sa.CheckConstraint("tier BETWEEN 1 AND 7", name="ck_subtree_tier_counts"),
        sa.CheckConstraint("n >= 0", name="ck_subtree_n_not_negative"),
        sa.CheckConstraint("length(hash) = 32", name="ck_subtree_hash_is_a_hash"),
        **CLUSTERED,
    )


def _create_signing_key() -> None:
    op.create_table(
        "signing_key",
        sa.Column("book_id", KEY, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("valid_from", INSTANT, nullable=False),
        sa.Column("retired_at", INSTANT),
        sa.Column("handover", sa.Text),
        sa.PrimaryKeyConstraint("book_id", "public_key", name="pk_signing_key"),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_signing_key_book"),
        sa.CheckConstraint("length(public_key) = 32", name="ck_signing_key_is_a_key"),
        sa.CheckConstraint("length(origin) BETWEEN 1 AND 200", name="ck_signing_key_origin_fits"),
        sa.CheckConstraint("retired_at >= valid_from", name="ck_signing_key_retired_after"),
        **CLUSTERED,
    )
    where = sa.text("retired_at IS NULL")
    op.create_index(
        "uq_signing_key_one_in_use",
        "signing_key",
        ["book_id"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


def _create_checkpoint() -> None:
    op.create_table(
        "checkpoint",
        sa.Column("book_id", KEY, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("signed_at", INSTANT, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("book_id", "size", name="pk_checkpoint"),
        sa.ForeignKeyConstraint(
            ["book_id", "public_key"],
            ["signing_key.book_id", "signing_key.public_key"],
            name="fk_checkpoint_signing_key",
        ),
        sa.CheckConstraint("size >= 1", name="ck_checkpoint_size_counts"),
        sa.CheckConstraint("length(note) BETWEEN 1 AND 2000", name="ck_checkpoint_note_fits"),
        **CLUSTERED,
    )


def _create_triggers() -> None:
    # On PostgreSQL the function is there since 0001.
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for table, columns in KEPT.items():
        update = f"UPDATE OF {columns}" if columns else "UPDATE"
        if on_postgresql:
            delete = "DELETE OR TRUNCATE"
            then = f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep()"
        else:
            delete = "DELETE"
            then = f"ON {table} BEGIN SELECT RAISE(ABORT, '{table} is kept for ever'); END"
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE {update} {then}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE {delete} {then}")
