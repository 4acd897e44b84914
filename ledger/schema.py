"""The ledger's tables, and the triggers that keep what is written.

One description for both databases. Keys start with the book, so that a book can be
moved or sharded whole; every rule a table can hold, it holds. On SQLite the tables are
STRICT, so that a column can not quietly take another type.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    DDL,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)

from ledger.accounts import ACCOUNT_KINDS, ACCOUNT_STATES, CODE_LENGTH_MAX
from ledger.columns import Big, Day, Instant, Small, UuidKey, fits, one_of
from ledger.entries import (
    CATEGORY_LENGTH_MAX,
    ENTRY_KINDS,
    IDEM_KEY_LENGTH_MAX,
    LEG_MINUTES_MAX,
    LEGS_MAX,
    MEMO_LENGTH_MAX,
    RESOLVING_KINDS,
)

#: Where others find the types of columns too.
__all__ = ["Day", "Instant", "UuidKey"]

#: The longest reason kept beside a change of limits.
REASON_LENGTH_MAX: Final = 500
BOOK_CODE_LENGTH_MAX: Final = 60
ORIGIN_LENGTH_MAX: Final = 200
NOTE_LENGTH_MAX: Final = 2_000

metadata = MetaData()

book = Table(
    "book",
    metadata,
    Column("book_id", UuidKey, nullable=False),
    # A label for people; it may be changed, so nothing is hashed over it.
    Column("code", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    # The head of the chain. Locking this row orders all writers of the book.
    Column("seq", Big, nullable=False, server_default=text("0")),
    Column("chain", LargeBinary, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    PrimaryKeyConstraint("book_id", name="pk_book"),
    CheckConstraint(fits("code", BOOK_CODE_LENGTH_MAX), name="ck_book_code_fits"),
    CheckConstraint("seq >= 0", name="ck_book_seq_not_negative"),
    CheckConstraint("length(chain) = 32", name="ck_book_chain_is_a_hash"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

account = Table(
    "account",
    metadata,
    Column("book_id", UuidKey, nullable=False),
    Column("code", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("floor_minutes", Big),
    Column("ceiling_minutes", Big),
    Column("state", Text, nullable=False, server_default=text("'open'")),
    Column("posted_in", Big, nullable=False, server_default=text("0")),
    Column("posted_out", Big, nullable=False, server_default=text("0")),
    Column("held_in", Big, nullable=False, server_default=text("0")),
    Column("held_out", Big, nullable=False, server_default=text("0")),
    # Counts the legs that touched the account.
    Column("version", Big, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("book_id", "code", name="pk_account"),
    ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_account_book"),
    CheckConstraint(fits("code", CODE_LENGTH_MAX), name="ck_account_code_fits"),
    CheckConstraint(one_of("kind", ACCOUNT_KINDS), name="ck_account_kind_known"),
    CheckConstraint(
        "kind = CASE substr(code, 1, 1) WHEN 'M' THEN 'member' WHEN 'G' THEN 'pot'"
        " WHEN 'N' THEN 'neighbour' ELSE 'source' END",
        name="ck_account_kind_fits_code",
    ),
    CheckConstraint(one_of("state", ACCOUNT_STATES), name="ck_account_state_known"),
    CheckConstraint(
        "kind = 'source' OR floor_minutes IS NOT NULL",
        name="ck_account_only_sources_without_floor",
    ),
    CheckConstraint("floor_minutes <= ceiling_minutes", name="ck_account_floor_under_ceiling"),
    CheckConstraint(
        "posted_in >= 0 AND posted_out >= 0 AND held_in >= 0 AND held_out >= 0 AND version >= 0",
        name="ck_account_counters_not_negative",
    ),
    sqlite_strict=True,
    sqlite_with_rowid=False,
    # Rows here are updated in place all day; leave room on the page.
    postgresql_with={"fillfactor": 80},
)

account_change = Table(
    "account_change",
    metadata,
    Column("book_id", UuidKey, nullable=False),
    Column("code", Text, nullable=False),
    Column("n", Big, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("actor", UuidKey),
    # May be emptied, never rewritten; the figures beside it stay.
    Column("reason", Text),
    Column("floor_before", Big),
    Column("floor_after", Big),
    Column("ceiling_before", Big),
    Column("ceiling_after", Big),
    Column("state_before", Text, nullable=False),
    Column("state_after", Text, nullable=False),
    PrimaryKeyConstraint("book_id", "code", "n", name="pk_account_change"),
    ForeignKeyConstraint(
        ["book_id", "code"],
        ["account.book_id", "account.code"],
        name="fk_account_change_account",
    ),
    CheckConstraint("n >= 1", name="ck_account_change_n_counts"),
    CheckConstraint(fits("reason", REASON_LENGTH_MAX), name="ck_account_change_reason_fits"),
    CheckConstraint(
        f"{one_of('state_before', ACCOUNT_STATES)} AND {one_of('state_after', ACCOUNT_STATES)}",
        name="ck_account_change_state_known",
    ),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

entry = Table(
    "entry",
    metadata,
    Column("book_id", UuidKey, nullable=False),
    Column("id", UuidKey, nullable=False),
    Column("seq", Big, nullable=False),
    Column("kind", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("occurred_on", Day, nullable=False),
    Column("actor", UuidKey),
    Column("idem_key", Text, nullable=False),
    Column("idem_hash", LargeBinary, nullable=False),
    Column("memo_commit", LargeBinary, nullable=False),
    Column("reverses", UuidKey),
    Column("hold_id", UuidKey),
    Column("expires_at", Instant),
    Column("corrects", UuidKey),
    Column("leaf", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    Column("enc", Small, nullable=False),
    PrimaryKeyConstraint("book_id", "id", name="pk_entry"),
    UniqueConstraint("book_id", "seq", name="uq_entry_seq"),
    UniqueConstraint("book_id", "idem_key", name="uq_entry_idem_key"),
    ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_entry_book"),
    ForeignKeyConstraint(
        ["book_id", "reverses"], ["entry.book_id", "entry.id"], name="fk_entry_reverses"
    ),
    ForeignKeyConstraint(
        ["book_id", "hold_id"], ["entry.book_id", "entry.id"], name="fk_entry_hold"
    ),
    ForeignKeyConstraint(
        ["book_id", "corrects"], ["entry.book_id", "entry.id"], name="fk_entry_corrects"
    ),
    CheckConstraint("seq >= 1", name="ck_entry_seq_counts"),
    CheckConstraint(one_of("kind", ENTRY_KINDS), name="ck_entry_kind_known"),
    CheckConstraint(fits("category", CATEGORY_LENGTH_MAX), name="ck_entry_category_fits"),
    CheckConstraint(fits("idem_key", IDEM_KEY_LENGTH_MAX), name="ck_entry_idem_key_fits"),
    CheckConstraint(
        "length(idem_hash) = 32 AND length(memo_commit) = 32"
        " AND length(leaf) = 32 AND length(chain) = 32",
        name="ck_entry_hashes_are_hashes",
    ),
    CheckConstraint(
        "(kind = 'reversal') = (reverses IS NOT NULL)",
        name="ck_entry_reversal_names_its_entry",
    ),
    CheckConstraint(
        f"({one_of('kind', RESOLVING_KINDS)}) = (hold_id IS NOT NULL)",
        name="ck_entry_resolution_names_its_hold",
    ),
    CheckConstraint("expires_at IS NULL OR kind = 'hold'", name="ck_entry_only_holds_expire"),
    CheckConstraint("enc = 1", name="ck_entry_encoding_known"),
    Index("ix_entry_recorded_at", "book_id", "recorded_at"),
    # The day, then the place: what was reported after some moment is a short range of each day.
    Index("ix_entry_occurred_on", "book_id", "occurred_on", "seq"),
    Index(
        "uq_entry_one_reversal",
        "book_id",
        "reverses",
        unique=True,
        sqlite_where=text("reverses IS NOT NULL"),
        postgresql_where=text("reverses IS NOT NULL"),
    ),
    Index(
        "uq_entry_one_correction",
        "book_id",
        "corrects",
        unique=True,
        sqlite_where=text("corrects IS NOT NULL"),
        postgresql_where=text("corrects IS NOT NULL"),
    ),
    Index(
        "uq_entry_one_resolution",
        "book_id",
        "hold_id",
        unique=True,
        sqlite_where=text("hold_id IS NOT NULL"),
        postgresql_where=text("hold_id IS NOT NULL"),
    ),
    sqlite_strict=True,
)

leg = Table(
    "leg",
    metadata,
    Column("book_id", UuidKey, nullable=False),
    Column("seq", Big, nullable=False),
    Column("n", Small, nullable=False),
    Column("payer_code", Text, nullable=False),
    Column("payee_code", Text, nullable=False),
    Column("minutes", Big, nullable=False),
    # Both balances after this leg, and how often each account had then been touched.
    Column("payer_balance", Big, nullable=False),
    Column("payer_version", Big, nullable=False),
    Column("payee_balance", Big, nullable=False),
    Column("payee_version", Big, nullable=False),
    PrimaryKeyConstraint("book_id", "seq", "n", name="pk_leg"),
    ForeignKeyConstraint(["book_id", "seq"], ["entry.book_id", "entry.seq"], name="fk_leg_entry"),
    ForeignKeyConstraint(
        ["book_id", "payer_code"],
        ["account.book_id", "account.code"],
        name="fk_leg_payer",
    ),
    ForeignKeyConstraint(
        ["book_id", "payee_code"],
        ["account.book_id", "account.code"],
        name="fk_leg_payee",
    ),
    CheckConstraint(f"n BETWEEN 1 AND {LEGS_MAX}", name="ck_leg_n_counts"),
    CheckConstraint(f"minutes BETWEEN 1 AND {LEG_MINUTES_MAX}", name="ck_leg_minutes_in_range"),
    CheckConstraint("payer_code <> payee_code", name="ck_leg_two_accounts"),
    CheckConstraint("payer_version >= 1 AND payee_version >= 1", name="ck_leg_versions_count"),
    # In the order of the book, so that a month of one account is one short range.
    Index("ix_leg_payer", "book_id", "payer_code", "seq", "n", unique=True),
    Index("ix_leg_payee", "book_id", "payee_code", "seq", "n", unique=True),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

memo = Table(
    "memo",
    metadata,
    Column("book_id", UuidKey, nullable=False),
    Column("entry_id", UuidKey, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("book_id", "entry_id", name="pk_memo"),
    ForeignKeyConstraint(
        ["book_id", "entry_id"], ["entry.book_id", "entry.id"], name="fk_memo_entry"
    ),
    CheckConstraint("length(salt) = 32", name="ck_memo_salt_is_long"),
    CheckConstraint(fits("body", MEMO_LENGTH_MAX), name="ck_memo_body_fits"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

# Above the chain: the tree over the leaves, who signs its head, and what was signed.

subtree = Table(
    "subtree",
    metadata,
    Column("book_id", UuidKey, nullable=False),
    # A hash of tier 1 stands for 256 leaves, one of tier 2 for 256 of those, and so on.
    Column("tier", Small, nullable=False),
    Column("n", Big, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("book_id", "tier", "n", name="pk_subtree"),
    ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_subtree_book"),
    CheckConstraint("tier BETWEEN 1 AND 7", name="ck_subtree_tier_counts"),
    CheckConstraint("n >= 0", name="ck_subtree_n_not_negative"),
    CheckConstraint("length(hash) = 32", name="ck_subtree_hash_is_a_hash"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

signing_key = Table(
    "signing_key",
    metadata,
    Column("book_id", UuidKey, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    # The name under which it signs: where the community was found when its first was made.
    Column("origin", Text, nullable=False),
    Column("valid_from", Instant, nullable=False),
    Column("retired_at", Instant),
    # The key before it says so itself; nothing where there was none.
    Column("handover", Text),
    PrimaryKeyConstraint("book_id", "public_key", name="pk_signing_key"),
    ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_signing_key_book"),
    CheckConstraint("length(public_key) = 32", name="ck_signing_key_is_a_key"),
    CheckConstraint(fits("origin", ORIGIN_LENGTH_MAX), name="ck_signing_key_origin_fits"),
    CheckConstraint("retired_at >= valid_from", name="ck_signing_key_retired_after"),
    Index(
        "uq_signing_key_one_in_use",
        "book_id",
        unique=True,
        sqlite_where=text("retired_at IS NULL"),
        postgresql_where=text("retired_at IS NULL"),
    ),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("book_id", UuidKey, nullable=False),
    Column("size", Big, nullable=False),
    Column("signed_at", Instant, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    # What was signed and the signature, byte for byte as it was published.
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("book_id", "size", name="pk_checkpoint"),
    ForeignKeyConstraint(
        ["book_id", "public_key"],
        ["signing_key.book_id", "signing_key.public_key"],
        name="fk_checkpoint_signing_key",
    ),
    CheckConstraint("size >= 1", name="ck_checkpoint_size_counts"),
    CheckConstraint(fits("note", NOTE_LENGTH_MAX), name="ck_checkpoint_note_fits"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

# The end of a month: what the book held when it was over, signed, one after the other.

period_seal = Table(
    "period_seal",
    metadata,
    Column("book_id", UuidKey, nullable=False),
    # Such as 2026-05, where the community lives.
    Column("period", Text, nullable=False),
    Column("through_on", Day, nullable=False),
    Column("ended_at", Instant, nullable=False),
    # Entries that had been recorded by then, the tree over them, and the chain after the last.
    Column("size", Big, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    # Accounts that had moved by then, and the tree over their balances in code order.
    Column("accounts", Big, nullable=False),
    Column("trial_root", LargeBinary, nullable=False),
    # A hash over what the seal before says; of zeros where there is none.
    Column("prev", LargeBinary, nullable=False),
    Column("sealed_at", Instant, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    # All of the above in words and the signature, byte for byte as it was published.
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("book_id", "period", name="pk_period_seal"),
    ForeignKeyConstraint(
        ["book_id", "public_key"],
        ["signing_key.book_id", "signing_key.public_key"],
        name="fk_period_seal_signing_key",
    ),
    CheckConstraint("length(period) = 7", name="ck_period_seal_period_is_a_month"),
    CheckConstraint("size >= 1 AND accounts >= 1", name="ck_period_seal_counts"),
    CheckConstraint(
        "length(root) = 32 AND length(chain) = 32"
        " AND length(trial_root) = 32 AND length(prev) = 32",
        name="ck_period_seal_hashes_are_hashes",
    ),
    CheckConstraint("sealed_at >= ended_at", name="ck_period_seal_sealed_after"),
    CheckConstraint(fits("note", NOTE_LENGTH_MAX), name="ck_period_seal_note_fits"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

# What may never be deleted, and the columns that may never change once written.
# None means every column. The memo is missing on purpose: it is the one that may go.
KEPT: Final[dict[str, tuple[str, ...] | None]] = {
    "entry": None,
    "leg": None,
    "book": ("book_id", "opened_at"),
    "account": ("book_id", "code", "kind"),
    "subtree": None,
    "checkpoint": None,
    "period_seal": None,
    "signing_key": ("book_id", "public_key", "origin", "valid_from", "handover"),
    "account_change": (
        *("book_id", "code", "n", "changed_at", "actor"),
        *("floor_before", "floor_after", "ceiling_before", "ceiling_after"),
        *("state_before", "state_after"),
    ),
}


def sqlite_triggers(table: str) -> tuple[str, ...]:
    """The statements that make a table keep what it holds, on SQLite."""
    columns = KEPT[table]
    of = f" OF {', '.join(columns)}" if columns else ""
    says = f"BEGIN SELECT RAISE(ABORT, '{table} is kept for ever'); END"
    return (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE{of} ON {table} {says}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {says}",
    )


#: The function all triggers call on PostgreSQL.
POSTGRESQL_FUNCTION: Final = (
    "CREATE FUNCTION ledger_keep() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION '% is kept for ever', TG_TABLE_NAME"
    " USING ERRCODE = 'integrity_constraint_violation'; END $$"
)


def postgresql_triggers(table: str) -> tuple[str, ...]:
    """The statements that make a table keep what it holds, on PostgreSQL."""
    columns = KEPT[table]
    of = f" OF {', '.join(columns)}" if columns else ""
    then = f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep()"
    return (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE{of} {then}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE OR TRUNCATE {then}",
    )


def _listen() -> None:
    """Create the triggers wherever the metadata creates the tables."""
    # `%` would be a placeholder to DDL.
    function = DDL(POSTGRESQL_FUNCTION.replace("%", "%%"))  # type: ignore[no-untyped-call]
    event.listen(metadata, "before_create", function.execute_if(dialect="postgresql"))
    for name in KEPT:
        for dialect, statements in (
            ("sqlite", sqlite_triggers(name)),
            ("postgresql", postgresql_triggers(name)),
        ):
            for statement in statements:
                ddl = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
                event.listen(metadata.tables[name], "after_create", ddl)


_listen()
