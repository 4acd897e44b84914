"""The trail: sign-ins, refusals, roles and exports, append-only, with a chain over them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013_trail"
down_revision = "0012_corrections"
branch_labels = None
depends_on = None

KEY = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
KINDS = "'sign-in', 'sign-in failed', 'denied', 'limit hit', 'role given', 'role ended', 'export'"
FADING = "'sign-in', 'sign-in failed', 'denied', 'limit hit'"
#: A day less than the application waits, so that two clocks need not agree to the second.
KEPT_DAYS = 179


def upgrade() -> None:
    op.create_table(
        "trail_event",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("person_id", KEY, nullable=True),
        sa.Column("community_id", KEY, nullable=True),
        sa.Column("member_id", KEY, nullable=True),
        sa.Column("detail", sa.String(length=100), nullable=False),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="ck_trail_event_kind_known"),
        sa.CheckConstraint("length(detail) <= 100", name="ck_trail_event_detail_fits"),
        sa.PrimaryKeyConstraint("id", name="pk_trail_event"),
    )
    op.create_index("ix_trail_event_person_id_id", "trail_event", ["person_id", "id"])
    op.create_index("ix_trail_event_at", "trail_event", ["at"])
    op.create_table(
        "trail_link",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("content", sa.LargeBinary(length=32), nullable=False),
        sa.Column("chain", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="ck_trail_link_kind_known"),
        sa.CheckConstraint("seq >= 1", name="ck_trail_link_seq_counts_from_one"),
        sa.PrimaryKeyConstraint("seq", name="pk_trail_link"),
        sa.UniqueConstraint("event_id", name="uq_trail_link_event_id"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _keep_on_postgresql()
    else:
        _keep_on_sqlite()


def downgrade() -> None:
    op.drop_table("trail_link")
    op.drop_table("trail_event")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION trail_keep()")


def _keep_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION trail_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is kept', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in ("trail_event", "trail_link"):
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION trail_keep()"
        )
    op.execute(
        "CREATE TRIGGER trail_link_no_delete BEFORE DELETE ON trail_link FOR EACH STATEMENT EXECUTE FUNCTION trail_keep()"
    )
    op.execute(
        f"CREATE TRIGGER trail_event_no_delete BEFORE DELETE ON trail_event FOR EACH ROW WHEN (OLD.kind NOT IN ({FADING}) OR OLD.at > now() - interval '{KEPT_DAYS} days') EXECUTE FUNCTION trail_keep()"
    )


def _keep_on_sqlite() -> None:
    for table in ("trail_event", "trail_link"):
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{table} is kept'); END"
        )
    op.execute(
        "CREATE TRIGGER trail_link_no_delete BEFORE DELETE ON trail_link BEGIN SELECT RAISE(ABORT, 'trail_link is kept'); END"
    )
    op.execute(
        f"CREATE TRIGGER trail_event_no_delete BEFORE DELETE ON trail_event WHEN OLD.kind NOT IN ({FADING}) OR OLD.at > datetime('now', '-{KEPT_DAYS} days') BEGIN SELECT RAISE(ABORT, 'trail_event is kept'); END"
    )
