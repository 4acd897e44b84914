"""Two members have one conversation about one thing, whoever begins it and however fast."""

import hashlib
import uuid
from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0017_one_conversation"
down_revision = "0016_books_audit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("pair_key", sa.LargeBinary(length=32), nullable=True))
    _fill()
    op.create_index(
        "uq_conversation_pair", "conversation", ["community_id", "pair_key"], unique=True
    )


def downgrade() -> None:
    op.drop_index("uq_conversation_pair", table_name="conversation")
    op.drop_column("conversation", "pair_key")


def _fill() -> None:
    """Give each pair's first conversation its key; a second one that came to be stays readable."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT c.community_id, c.id, c.about_id, p.member_id FROM conversation AS c JOIN participant AS p ON p.community_id = c.community_id AND p.conversation_id = c.id ORDER BY c.id"
        )
    )
    talks: dict[tuple[object, object, uuid.UUID | bytes | None], list[bytes]] = defaultdict(list)
    for community_id, conversation_id, about_id, member_id in rows:
        talks[community_id, conversation_id, about_id].append(_bytes(member_id))
    taken = set()
    for (community_id, conversation_id, about_id), members in talks.items():
        if len(members) != 2:  # noqa: PLR2004 - a pair
            continue
        about = b"" if about_id is None else _bytes(about_id)
        key = hashlib.sha256(b"".join(sorted(members)) + about).digest()
        if (community_id, key) in taken:
            continue
        taken.add((community_id, key))
        connection.execute(
            sa.text(
                "UPDATE conversation SET pair_key = :key WHERE community_id = :community AND id = :id"
            ),
            {"key": key, "community": community_id, "id": conversation_id},
        )


def _bytes(key: uuid.UUID | bytes) -> bytes:
    return key.bytes if isinstance(key, uuid.UUID) else bytes(key)
