"""A community decides what becomes of help that two people gave each other."""

from alembic import op

revision = "0010_mutual_help"
down_revision = "0009_house_rules"
branch_labels = None
depends_on = None

SETTINGS = "'name', 'words', 'help_words', 'locale', 'time_zone', 'joining', 'rounding_minutes', 'exchange_minutes_max', 'floor_minutes', 'ceiling_minutes', 'confirm_days', 'silent_minutes_max', 'house_rules'"


def upgrade() -> None:
    # In one statement: SQLite cannot write a table anew that every other one points at.
    op.execute(
        "ALTER TABLE community ADD COLUMN mutual_help VARCHAR(10) DEFAULT 'even' NOT NULL CONSTRAINT ck_community_mutual_help_known CHECK (mutual_help IN ('even', 'credited'))"
    )
    _allow(f"{SETTINGS}, 'mutual_help'")


def downgrade() -> None:
    op.execute("DELETE FROM community_change WHERE setting = 'mutual_help'")
    _allow(SETTINGS)
    op.drop_column("community", "mutual_help")


def _allow(settings: str) -> None:
    """Allow changes of these settings."""
    with op.batch_alter_table("community_change") as table:
        table.drop_constraint("ck_community_change_setting_known", type_="check")
        table.create_check_constraint(
            "ck_community_change_setting_known", f"setting IN ({settings})"
        )
