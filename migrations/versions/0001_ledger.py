"""The hours ledger: books, accounts, entries, legs, memos, and what keeps them.

Written out and frozen; `ledger/schema.py` describes the same tables, and a test holds
the two together.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001_ledger"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
DAY = sa.Date().with_variant(sa.Text(), "sqlite")
STATES = "('open', 'frozen', 'closed')"
STRICT = {"sqlite_strict": True}
CLUSTERED = {"sqlite_strict": True, "sqlite_with_rowid": False}

KEPT = {
    "book": "book_id, opened_at",
    "account": "book_id, code, kind",
    "account_change": (
        "book_id, code, n, changed_at, actor, floor_before, floor_after, ceiling_before,"
        " ceiling_after, state_before, state_after"
    ),
    "entry": None,
    "leg": None,
}


def upgrade() -> None:
    _create_book()
    _create_account()
    _create_account_change()
    _create_entry()
    _create_leg()
    _create_memo()
    _create_triggers()


def downgrade() -> None:
    raise NotImplementedError  # books are never taken back; restore a backup instead


def _create_book() -> None:
    op.create_table(
        "book",
        sa.Column("book_id", KEY, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("seq", BIG, nullable=False, server_default=sa.text("0")),
        sa.Column("chain", sa.LargeBinary, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("book_id", name="pk_book"),
        sa.CheckConstraint("length(code) BETWEEN 1 AND 60", name="ck_book_code_fits"),
        sa.CheckConstraint("seq >= 0", name="ck_book_seq_not_negative"),
        sa.CheckConstraint("length(chain) = 32", name="ck_book_chain_is_a_hash"),
        **CLUSTERED,
    )


def _create_account() -> None:
    op.create_table(
        "account",
        sa.Column("book_id", KEY, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("floor_minutes", BIG),
        sa.Column("ceiling_minutes", BIG),
        sa.Column("state", sa.Text, nullable=False, server_default=sa.text("'open'")),
        *(
            sa.Column(name, BIG, nullable=False, server_default=sa.text("0"))
            for name in ("posted_in", "posted_out", "held_in", "held_out", "version")
        ),
        sa.PrimaryKeyConstraint("book_id", "code", name="pk_account"),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_account_book"),
        sa.CheckConstraint("length(code) BETWEEN 1 AND 60", name="ck_account_code_fits"),
        sa.CheckConstraint(
            "kind IN ('member', 'pot', 'neighbour', 'source')", name="ck_account_kind_known"
        ),
        sa.CheckConstraint(
            "kind = CASE substr(code, 1, 1) WHEN 'M' THEN 'member' WHEN 'G' THEN 'pot'"
            " WHEN 'N' THEN 'neighbour' ELSE 'source' END",
            name="ck_account_kind_fits_code",
        ),
        sa.CheckConstraint(f"state IN {STATES}", name="ck_account_state_known"),
        sa.CheckConstraint(
            "kind = 'source' OR floor_minutes IS NOT NULL",
            name="ck_account_only_sources_without_floor",
        ),
        sa.CheckConstraint(
            "floor_minutes <= ceiling_minutes", name="ck_account_floor_under_ceiling"
        ),
        sa.CheckConstraint(
            "posted_in >= 0 AND posted_out >= 0 AND held_in >= 0 AND held_out >= 0"
            " AND version >= 0",
            name="ck_account_counters_not_negative",
        ),
        postgresql_with={"fillfactor": 80},
        **CLUSTERED,
    )


def _create_account_change() -> None:
    op.create_table(
        "account_change",
        sa.Column("book_id", KEY, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("n", BIG, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("actor", KEY),
        sa.Column("reason", sa.Text),
        sa.Column("floor_before", BIG),
        sa.Column("floor_after", BIG),
        sa.Column("ceiling_before", BIG),
        sa.Column("ceiling_after", BIG),
        sa.Column("state_before", sa.Text, nullable=False),
        sa.Column("state_after", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("book_id", "code", "n", name="pk_account_change"),
        sa.ForeignKeyConstraint(
            ["book_id", "code"],
            ["account.book_id", "account.code"],
            name="fk_account_change_account",
        ),
        sa.CheckConstraint("n >= 1", name="ck_account_change_n_counts"),
        sa.CheckConstraint(
            "length(reason) BETWEEN 1 AND 500", name="ck_account_change_reason_fits"
        ),
        sa.CheckConstraint(
            f"state_before IN {STATES} AND state_after IN {STATES}",
            name="ck_account_change_state_known",
        ),
        **CLUSTERED,
    )


def _create_entry() -> None:
    op.create_table(
        "entry",
        sa.Column("book_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("occurred_on", DAY, nullable=False),
        sa.Column("actor", KEY),
        sa.Column("idem_key", sa.Text, nullable=False),
        sa.Column("idem_hash", sa.LargeBinary, nullable=False),
        sa.Column("memo_commit", sa.LargeBinary, nullable=False),
        sa.Column("reverses", KEY),
        sa.Column("hold_id", KEY),
        sa.Column("expires_at", INSTANT),
        sa.Column("corrects", KEY),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("chain", sa.LargeBinary, nullable=False),
        sa.Column("enc", SMALL, nullable=False),
        sa.PrimaryKeyConstraint("book_id", "id", name="pk_entry"),
        sa.UniqueConstraint("book_id", "seq", name="uq_entry_seq"),
        sa.UniqueConstraint("book_id", "idem_key", name="uq_entry_idem_key"),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_entry_book"),
        *(
            sa.ForeignKeyConstraint(
                ["book_id", column], ["entry.book_id", "entry.id"], name=f"fk_entry_{name}"
            )
            for column, name in (
                ("reverses", "reverses"),
                ("hold_id", "hold"),
                ("corrects", "corrects"),
            )
        ),
        sa.CheckConstraint("seq >= 1", name="ck_entry_seq_counts"),
        sa.CheckConstraint(
            "kind IN ('opening', 'exchange', 'activity', 'gift', 'grant', 'hold', 'capture',"
            " 'release', 'expiry', 'reversal', 'adjustment', 'clearing')",
            name="ck_entry_kind_known",
        ),
        sa.CheckConstraint("length(category) BETWEEN 1 AND 60", name="ck_entry_category_fits"),
        sa.CheckConstraint("length(idem_key) BETWEEN 1 AND 100", name="ck_entry_idem_key_fits"),
        sa.CheckConstraint(
            "length(idem_hash) = 32 AND length(memo_commit) = 32"
            " AND length(leaf) = 32 AND length(chain) = 32",
            name="ck_entry_hashes_are_hashes",
        ),
        sa.CheckConstraint(
            "(kind = 'reversal') = (reverses IS NOT NULL)",
            name="ck_entry_reversal_names_its_entry",
        ),
        sa.CheckConstraint(
            "(kind IN ('capture', 'release', 'expiry')) = (hold_id IS NOT NULL)",
            name="ck_entry_resolution_names_its_hold",
        ),
        sa.CheckConstraint(
            "expires_at IS NULL OR kind = 'hold'", name="ck_entry_only_holds_expire"
        ),
        sa.CheckConstraint("enc = 1", name="ck_entry_encoding_known"),
        **STRICT,
    )
    op.create_index("ix_entry_recorded_at", "entry", ["book_id", "recorded_at"])
    op.create_index("ix_entry_occurred_on", "entry", ["book_id", "occurred_on"])
    for name, column in (
        ("uq_entry_one_reversal", "reverses"),
        ("uq_entry_one_resolution", "hold_id"),
    ):
        where = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            name,
            "entry",
            ["book_id", column],
            unique=True,
            sqlite_where=where,
            postgresql_where=where,
        )


def _create_leg() -> None:
    op.create_table(
        "leg",
        sa.Column("book_id", KEY, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("n", SMALL, nullable=False),
        sa.Column("payer_code", sa.Text, nullable=False),
        sa.Column("payee_code", sa.Text, nullable=False),
        sa.Column("minutes", BIG, nullable=False),
        sa.Column("payer_balance", BIG, nullable=False),
        sa.Column("payer_version", BIG, nullable=False),
        sa.Column("payee_balance", BIG, nullable=False),
        sa.Column("payee_version", BIG, nullable=False),
        sa.PrimaryKeyConstraint("book_id", "seq", "n", name="pk_leg"),
        sa.ForeignKeyConstraint(
            ["book_id", "seq"], ["entry.book_id", "entry.seq"], name="fk_leg_entry"
        ),
        *(
            sa.ForeignKeyConstraint(
                ["book_id", f"{side}_code"],
                ["account.book_id", "account.code"],
                name=f"fk_leg_{side}",
            )
            for side in ("payer", "payee")
        ),
        sa.CheckConstraint("n BETWEEN 1 AND 500", name="ck_leg_n_counts"),
        sa.CheckConstraint("minutes BETWEEN 1 AND 6000000", name="ck_leg_minutes_in_range"),
        sa.CheckConstraint("payer_code <> payee_code", name="ck_leg_two_accounts"),
        sa.CheckConstraint(
            "payer_version >= 1 AND payee_version >= 1", name="ck_leg_versions_count"
        ),
        **CLUSTERED,
    )
    for side in ("payer", "payee"):
        columns = ["book_id", f"{side}_code", "seq", "n"]
        op.create_index(f"ix_leg_{side}", "leg", columns, unique=True)


def _create_memo() -> None:
    op.create_table(
        "memo",
        sa.Column("book_id", KEY, nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("book_id", "entry_id", name="pk_memo"),
        sa.ForeignKeyConstraint(
            ["book_id", "entry_id"], ["entry.book_id", "entry.id"], name="fk_memo_entry"
        ),
        sa.CheckConstraint("length(salt) = 32", name="ck_memo_salt_is_long"),
        sa.CheckConstraint("length(body) BETWEEN 1 AND 2000", name="ck_memo_body_fits"),
        **CLUSTERED,
    )


def _create_triggers() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    if on_postgresql:
        op.execute(
            "CREATE FUNCTION ledger_keep() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION '% is kept for ever', TG_TABLE_NAME"
            " USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
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
