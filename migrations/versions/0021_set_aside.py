"""Hours are set aside for what is agreed, where a community wishes it."""

import sqlalchemy as sa
from alembic import op

revision = "0021_set_aside"
down_revision = "0020_months"
branch_labels = None
depends_on = None

SETTINGS = (
    *("name", "words", "help_words", "locale", "time_zone", "joining"),
    *("rounding_minutes", "exchange_minutes_max"),
    *("floor_minutes", "floor_soft_minutes", "floor_nudge_minutes"),
    *("ceiling_nudge_minutes", "ceiling_soft_minutes", "ceiling_minutes"),
    *("confirm_days", "silent_minutes_max", "mutual_help", "setting_aside", "house_rules"),
)
MOVES = (
    *("propose", "agree", "decline", "cancel", "change", "report", "correct", "query"),
    *("settle", "confirm", "hold", "let pass", "reverse", "set aside", "give back", "expire"),
)


def upgrade() -> None:
    # In one statement each: SQLite cannot write a table anew that every other one points at.
    op.execute(
        "ALTER TABLE community ADD COLUMN setting_aside VARCHAR(10) DEFAULT 'never' NOT NULL CONSTRAINT ck_community_setting_aside_known CHECK (setting_aside IN ('never', 'agreed'))"
    )
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    key, moment = ("UUID", "TIMESTAMP WITH TIME ZONE") if is_postgresql else ("BLOB", "DATETIME")
    op.execute(
        f"ALTER TABLE exchange ADD COLUMN set_aside_id {key} CONSTRAINT ck_exchange_set_aside_is_open CHECK (set_aside_id IS NULL OR state IN ('agreed', 'done', 'queried'))"
    )
    op.execute(
        f"ALTER TABLE exchange ADD COLUMN set_aside_ends_at {moment} CONSTRAINT ck_exchange_set_aside_has_its_end CHECK ((set_aside_id IS NULL) = (set_aside_ends_at IS NULL))"
    )
    op.create_index(
        "ix_exchange_set_aside",
        "exchange",
        ["community_id", "set_aside_ends_at"],
        sqlite_where=sa.text("set_aside_id IS NOT NULL"),
        postgresql_where=sa.text("set_aside_id IS NOT NULL"),
    )
    _allow("community_change", "setting", SETTINGS)
    _allow("exchange_move", "move", MOVES)


def downgrade() -> None:
    raise NotImplementedError  # books are never taken back; restore a backup instead


def _allow(table: str, column: str, values: tuple[str, ...]) -> None:
    """Let a column take these values."""
    name = f"ck_{table}_{column}_known"
    listed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table) as changing:
        changing.drop_constraint(name, type_="check")
        changing.create_check_constraint(name, f"{column} IN ({listed})")
