"""Two groups that know each other, and what they agreed on."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from timebank.db import Base, OfCommunity, at_most, one_of, within_community

TIE_STATES = ("asked", "joined", "declined", "ended")
AGREEMENT_LENGTH_MAX = 1000
PARTS_MAX = 20
#: Furthest apart that two pots may let each other go, in minutes.
MUTUAL_MINUTES_MAX = 1000 * 60


class Tie(OfCommunity, Base):
    """That two groups are connected, or that one has asked the other.

    The row is the pair: `first_id` sorts before `second_id`, so that no pair has two rows, whoever
    asked.
    """

    __tablename__ = "group_tie"
    __table_args__ = (
        within_community("peer_group", "first_id"),
        within_community("peer_group", "second_id"),
        within_community("peer_group", "asking_id"),
        UniqueConstraint("community_id", "first_id", "second_id"),
        Index(None, "community_id", "second_id"),
        one_of("state", TIE_STATES),
        CheckConstraint("first_id < second_id", name="pair_in_order"),
        CheckConstraint("asking_id IN (first_id, second_id)", name="asked_by_one_of_them"),
    )

    first_id: Mapped[uuid.UUID]
    second_id: Mapped[uuid.UUID]
    #: Which of the two asked.
    asking_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(sa.String(10))
    #: When it got into this state.
    since_at: Mapped[dt.datetime]

    def other(self, group_id: uuid.UUID) -> uuid.UUID:
        """Return the other of the two."""
        return self.second_id if group_id == self.first_id else self.first_id


class TieTerms(OfCommunity, Base):
    """A version of what two groups agree on: one proposes it, the other says yes, or no.

    Minutes and contacts of sessions held together are divided `first_parts` to `second_parts`.
    Hours may flow from pot to pot while the difference stays within `mutual_minutes`.
    """

    __tablename__ = "tie_terms"
    __table_args__ = (
        within_community("group_tie", "tie_id"),
        within_community("peer_group", "proposing_id"),
        within_community("member", "proposed_by_id"),
        within_community("member", "answered_by_id"),
        UniqueConstraint("community_id", "tie_id", "version"),
        at_most("words", AGREEMENT_LENGTH_MAX),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        CheckConstraint(
            f"first_parts BETWEEN 0 AND {PARTS_MAX} AND second_parts BETWEEN 0 AND {PARTS_MAX} "
            "AND first_parts + second_parts > 0",
            name="parts_can_be_divided",
        ),
        CheckConstraint(
            f"mutual_minutes BETWEEN 0 AND {MUTUAL_MINUTES_MAX}", name="mutual_minutes_in_range"
        ),
        CheckConstraint(
            "(is_agreed IS NULL) = (answered_at IS NULL)", name="answered_means_yes_or_no"
        ),
    )

    tie_id: Mapped[uuid.UUID]
    version: Mapped[int]
    first_parts: Mapped[int] = mapped_column(default=1)
    second_parts: Mapped[int] = mapped_column(default=1)
    mutual_minutes: Mapped[int] = mapped_column(default=0)
    words: Mapped[str] = mapped_column(sa.Text, default="")
    proposing_id: Mapped[uuid.UUID]
    proposed_by_id: Mapped[uuid.UUID]
    proposed_at: Mapped[dt.datetime]
    #: None while the other group has not answered.
    is_agreed: Mapped[bool | None]
    answered_by_id: Mapped[uuid.UUID | None]
    answered_at: Mapped[dt.datetime | None]
