"""Members are told of sessions, and can turn off mail about them."""

from alembic import op

revision = "0028_told_of_sessions"
down_revision = "0027_door"
branch_labels = None
depends_on = None

TOPICS = "'message', 'exchange', 'listing', 'session', 'hours', 'membership', 'work'"


def upgrade() -> None:
    for table in ("notice", "mail_choice"):
        name = f"ck_{table}_topic_known"
        with op.batch_alter_table(table) as changing:
            changing.drop_constraint(name, type_="check")
            changing.create_check_constraint(name, f"topic IN ({TOPICS})")


def downgrade() -> None:
    raise NotImplementedError  # what people were told is never taken back; restore a backup instead
