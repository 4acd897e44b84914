"""What goes into pots and out of them by somebody's decision, and who decided."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from timebank.communities.models import LIMIT_MINUTES_MAX
from timebank.db import Base, OfCommunity, at_most, one_of, within_community

#: A member gives to the pot; the pot helps a member; it pays a host; it gives to another pot.
MOVE_KINDS = ("gift", "grant", "payment", "transfer")
MOVE_STATES = ("waiting", "booked", "declined", "withdrawn")
POT_WORDS_LENGTH_MAX = 300
CODE_LENGTH_MAX = 13
#: From more than this on, two people decide, until a pot says otherwise.
TWO_ABOVE_MINUTES = 10 * 60
#: A pot may be let go this far below nothing, and no further.
FLOOR_MINUTES_MIN = -LIMIT_MINUTES_MAX


class PotMove(OfCommunity, Base):
    """Hours that somebody wants to move into or out of a pot, and what became of it.

    `member_id` gives (a gift) or gets (a grant, a payment); `other_code` is the pot a transfer goes
    to. A gift is booked at once; all else waits for those who decide about the pot.
    """

    __tablename__ = "pot_move"
    __table_args__ = (
        within_community("member", "member_id"),
        within_community("member", "asked_by_id"),
        Index(None, "community_id", "pot_code", "state", "id"),
        Index(None, "community_id", "kind", "state", "happened_on"),
        one_of("kind", MOVE_KINDS),
        one_of("state", MOVE_STATES),
        at_most("words", POT_WORDS_LENGTH_MAX),
        CheckConstraint(f"minutes BETWEEN 1 AND {LIMIT_MINUTES_MAX}", name="minutes_in_range"),
        CheckConstraint(
            "(kind = 'transfer') = (other_code IS NOT NULL) "
            "AND (kind = 'transfer') = (member_id IS NULL)",
            name="one_on_the_other_side",
        ),
        CheckConstraint("other_code IS NULL OR other_code <> pot_code", name="two_pots"),
        CheckConstraint("(state = 'booked') = (entry_id IS NOT NULL)", name="booked_has_an_entry"),
    )

    pot_code: Mapped[str] = mapped_column(sa.String(CODE_LENGTH_MAX))
    kind: Mapped[str] = mapped_column(sa.String(10))
    member_id: Mapped[uuid.UUID | None]
    other_code: Mapped[str | None] = mapped_column(sa.String(CODE_LENGTH_MAX))
    minutes: Mapped[int]
    words: Mapped[str] = mapped_column(sa.String(POT_WORDS_LENGTH_MAX), default="")
    happened_on: Mapped[dt.date]
    state: Mapped[str] = mapped_column(sa.String(10))
    asked_by_id: Mapped[uuid.UUID]
    asked_at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]
    entry_id: Mapped[uuid.UUID | None]


class PotApproval(OfCommunity, Base):
    """That somebody who decides about a pot said yes to a move. Once each."""

    __tablename__ = "pot_approval"
    __table_args__ = (
        within_community("pot_move", "move_id"),
        within_community("member", "member_id"),
        UniqueConstraint("community_id", "move_id", "member_id"),
    )

    move_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID]
    at: Mapped[dt.datetime]


class PotRule(OfCommunity, Base):
    """From how many minutes on two people decide about a pot. Its floor stands in the books."""

    __tablename__ = "pot_rule"
    __table_args__ = (
        within_community("member", "changed_by_id"),
        UniqueConstraint("community_id", "pot_code"),
        CheckConstraint(
            f"two_above_minutes BETWEEN 0 AND {LIMIT_MINUTES_MAX}",
            name="two_above_minutes_in_range",
        ),
    )

    pot_code: Mapped[str] = mapped_column(sa.String(CODE_LENGTH_MAX))
    two_above_minutes: Mapped[int]
    changed_by_id: Mapped[uuid.UUID]
    changed_at: Mapped[dt.datetime]
