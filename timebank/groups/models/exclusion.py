"""That somebody stays away from one group for a time. It says nothing anywhere else."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index, SQLColumnExpression
from sqlalchemy.orm import Mapped, mapped_column

from timebank.db import Base, OfCommunity, at_most, one_of, within_community

REASON_LENGTH_MAX = 1000
#: No exclusion is longer; after it a new decision is needed.
DAYS_MAX = 366
#: How an appeal can end.
APPEAL_OUTCOMES = ("stands", "shortened", "lifted")


class Exclusion(OfCommunity, Base):
    """A decision that a member stays away from one group, from one day to another.

    It ends by itself after `until_on`. `review_on` is when somebody looks at it again at the latest
    and `reviewed_on` when somebody did. An appeal is answered by somebody who did not decide.
    """

    __tablename__ = "exclusion"
    __table_args__ = (
        within_community("peer_group", "group_id"),
        within_community("member", "member_id"),
        within_community("member", "decided_by_id"),
        within_community("member", "reviewed_by_id"),
        within_community("member", "appeal_answered_by_id"),
        Index(None, "community_id", "group_id", "until_on"),
        Index(None, "community_id", "member_id", "until_on"),
        at_most("reason", REASON_LENGTH_MAX),
        at_most("review_words", REASON_LENGTH_MAX),
        at_most("appeal_words", REASON_LENGTH_MAX),
        at_most("appeal_answer", REASON_LENGTH_MAX),
        one_of("appeal_outcome", APPEAL_OUTCOMES, nullable=True),
        CheckConstraint("until_on >= from_on", name="ends_after_it_begins"),
        CheckConstraint("review_on BETWEEN from_on AND until_on", name="reviewed_meanwhile"),
        CheckConstraint("member_id <> decided_by_id", name="nobody_decides_on_themselves"),
        CheckConstraint(
            "appeal_outcome IS NULL OR appealed_at IS NOT NULL", name="answered_was_appealed"
        ),
        CheckConstraint(
            "appeal_answered_by_id IS NULL OR appeal_answered_by_id <> decided_by_id",
            name="somebody_else_answers",
        ),
    )

    group_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID]
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date]
    review_on: Mapped[dt.date]
    reason: Mapped[str] = mapped_column(sa.Text)
    decided_by_id: Mapped[uuid.UUID]
    decided_at: Mapped[dt.datetime]
    reviewed_on: Mapped[dt.date | None]
    reviewed_by_id: Mapped[uuid.UUID | None]
    review_words: Mapped[str] = mapped_column(sa.Text, default="")
    #: The first day on which it no longer holds, where it was lifted before its end.
    lifted_on: Mapped[dt.date | None]
    appealed_at: Mapped[dt.datetime | None]
    appeal_words: Mapped[str] = mapped_column(sa.Text, default="")
    appeal_outcome: Mapped[str | None] = mapped_column(sa.String(10))
    appeal_answer: Mapped[str] = mapped_column(sa.Text, default="")
    appeal_answered_by_id: Mapped[uuid.UUID | None]
    appeal_answered_at: Mapped[dt.datetime | None]

    def holds_on(self, day: dt.date) -> bool:
        """Tell whether it holds on a day."""
        lifted = self.lifted_on is not None and day >= self.lifted_on
        return self.from_on <= day <= self.until_on and not lifted

    @classmethod
    def holding_on(cls, day: SQLColumnExpression[dt.date] | dt.date) -> sa.ColumnElement[bool]:
        """Ask the database for decisions that hold on a day, as `holds_on` tells of one.

        The day may be a column of the question.
        """
        return sa.and_(
            cls.from_on <= day,
            cls.until_on >= day,
            cls.lifted_on.is_(None) | (cls.lifted_on > day),
        )
