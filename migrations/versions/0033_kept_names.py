"""A last name that a member keeps to themselves is not in the name that search compares."""

import unicodedata

import sqlalchemy as sa
from alembic import op

from timebank.db import Key

revision = "0033_kept_names"
down_revision = "0032_gaps_are_told"
branch_labels = None
depends_on = None

# How a name is folded, as it was when this was written.
LETTERS = str.maketrans(
    {
        "ø": "o",
        "æ": "ae",
        "å": "a",
        "œ": "oe",
        "ß": "ss",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "\u0131": "i",
        "ħ": "h",
        "ŧ": "t",
        "ŋ": "n",
        "ĸ": "k",
    }
)
LENGTH_MAX = 250
MEMBER = sa.table(
    "member",
    sa.column("community_id", Key()),
    sa.column("id", Key()),
    *(sa.column(name) for name in ("first_name", "last_name", "last_name_seen_by", "folded_name")),
)


def upgrade() -> None:
    take_out_kept_names(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError  # books are never taken back; restore a backup instead


def take_out_kept_names(connection: sa.Connection) -> None:
    kept = sa.select(MEMBER.c.community_id, MEMBER.c.id, MEMBER.c.first_name).where(
        MEMBER.c.last_name_seen_by == "me", MEMBER.c.last_name != ""
    )
    for community_id, member_id, first_name in connection.execute(kept).all():
        connection.execute(
            sa.update(MEMBER)
            .where(MEMBER.c.community_id == community_id, MEMBER.c.id == member_id)
            .values(folded_name=fold(first_name)[:LENGTH_MAX])
        )


def fold(text: str) -> str:
    small = unicodedata.normalize("NFKD", text.casefold()).translate(LETTERS)
    bare = "".join(character for character in small if not unicodedata.combining(character))
    return " ".join(bare.split())
