"""Members agree to each version of the house rules; who was added aloud agreed to the one of then."""

from alembic import op

revision = "0009_house_rules"
down_revision = "0008_card_devices"
branch_labels = None
depends_on = None

KINDS = "'joined', 'added', 'approved', 'refused', 'paused', 'resumed', 'left', 'card issued', 'card stopped', 'role given', 'role ended', 'changed'"


def upgrade() -> None:
    _allow(f"{KINDS}, 'rules agreed'")
    # Version 0 stood for "told aloud when they were added": the rules had some version then.
    op.execute(
        "UPDATE member SET rules_version = 1 + (SELECT count(*) FROM community_change AS each WHERE each.community_id = member.community_id AND each.setting = 'house_rules' AND each.at <= member.joined_at) WHERE rules_version = 0"
    )


def downgrade() -> None:
    op.execute("DELETE FROM member_event WHERE kind = 'rules agreed'")
    _allow(KINDS)


def _allow(kinds: str) -> None:
    """Allow these kinds of events."""
    with op.batch_alter_table("member_event") as table:
        table.drop_constraint("ck_member_event_kind_known", type_="check")
        table.create_check_constraint("ck_member_event_kind_known", f"kind IN ({kinds})")
