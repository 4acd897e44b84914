"""Limits of one's own, checks of the books, questions to them. Hours are in `ledger`."""

import datetime as dt
import uuid
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from timebank.communities.models import limit_checks
from timebank.db import Base, OfCommunity, at_most, one_of, within_community

#: As long as the ledger keeps a reason beside a change of limits.
REASON_LENGTH_MAX = 500
CODE_LENGTH_MAX = 40
#: How a check ended: it found the books right, found something, or never came to an end.
OUTCOMES: Final = ("right", "wrong", "stopped")
#: Why a check or a question never came to an end.
STOPS: Final = ("time", "memory", "space", "ahead", "foreign", "fault")
#: How a question ended: with rows, with a sentence on what is wrong with it, or not at all.
ENDS: Final = ("answered", "refused", "stopped")
#: Longest question an auditor may write.
QUESTION_LENGTH_MAX: Final = 2_000
#: The name of a question in an auditor's own words; all other names are of saved ones.
OWN_WORDS: Final = "own"
NAME_LENGTH_MAX: Final = 40


class OwnLimits(OfCommunity, Base):
    """The six lines of one account, instead of the community's; never changed, only ended.

    While a row has no `ended_at` it is in force, and there is one such row an account at most. The
    two stops stand in the ledger's account too, where they are held to; what is here says that they
    are this account's own, so that new limits of the community pass it by.
    """

    __tablename__ = "own_limits"
    __table_args__ = (
        within_community("member", "by_member_id"),
        within_community("member", "ended_by_id"),
        at_most("code", CODE_LENGTH_MAX),
        at_most("reason", REASON_LENGTH_MAX),
        *limit_checks(),
        CheckConstraint("ended_at >= since_at", name="ends_after_it_begins"),
        Index(None, "community_id", "code"),
        Index(
            "uq_own_limits_in_force",
            "community_id",
            "code",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    code: Mapped[str] = mapped_column(sa.String(CODE_LENGTH_MAX))
    floor_minutes: Mapped[int | None]
    floor_soft_minutes: Mapped[int | None]
    floor_nudge_minutes: Mapped[int | None]
    ceiling_nudge_minutes: Mapped[int | None]
    ceiling_soft_minutes: Mapped[int | None]
    ceiling_minutes: Mapped[int | None]
    #: Why, in words that the member reads too.
    reason: Mapped[str] = mapped_column(sa.String(REASON_LENGTH_MAX))
    #: The last day on which they hold; None for good.
    until_on: Mapped[dt.date | None]
    since_at: Mapped[dt.datetime]
    #: None where nobody of the community decided, such as when this table came to be.
    by_member_id: Mapped[uuid.UUID | None]
    ended_at: Mapped[dt.datetime | None]
    #: None while they hold, and where their last day ended them.
    ended_by_id: Mapped[uuid.UUID | None]


class BooksCheck(OfCommunity, Base):
    """One check of the exported books by the audit program.

    Attributes:
        asked_by_id: Who wanted it now; None where it was night.
        asked_at: When.
        started_at: When a worker took it up.
        ended_at: When it ended, in whatever way.
        is_whole: Whether it is to read all years, and not only the newest.
        year: The year that was read, where it was one alone; known when it has ended.
        outcome: One of `OUTCOMES`, once it has ended.
        stop: One of `STOPS`, where it was stopped.
        entries: Entries in the books that were looked at.
        head: The chain after the last of them, in hex.
        verdict: What the audit program wrote, as it wrote it.
        told_at: When it was looked at whether somebody has to be told of it.
    """

    __tablename__ = "books_check"
    __table_args__ = (
        within_community("member", "asked_by_id"),
        # One at a time: whoever asks while one waits or runs gets that one.
        Index(
            "uq_books_check_open",
            "community_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        # The worker looks often for what nobody was told of, and there is hardly ever any.
        Index(
            "ix_books_check_untold",
            "community_id",
            "id",
            sqlite_where=sa.text("told_at IS NULL"),
            postgresql_where=sa.text("told_at IS NULL"),
        ),
        one_of("outcome", OUTCOMES, nullable=True),
        one_of("stop", STOPS, nullable=True),
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_with_an_outcome"),
        CheckConstraint(
            "(outcome IS NOT NULL AND outcome = 'stopped') = (stop IS NOT NULL)",
            name="stopped_for_a_reason",
        ),
        CheckConstraint("year IS NULL OR NOT is_whole", name="whole_is_no_year"),
        at_most("head", 64),
    )

    asked_by_id: Mapped[uuid.UUID | None]
    asked_at: Mapped[dt.datetime]
    started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    is_whole: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    year: Mapped[int | None]
    outcome: Mapped[str | None] = mapped_column(sa.String(10))
    stop: Mapped[str | None] = mapped_column(sa.String(10))
    entries: Mapped[int | None] = mapped_column(sa.BigInteger)
    head: Mapped[str] = mapped_column(sa.String(64), default="")
    verdict: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    told_at: Mapped[dt.datetime | None]


class BooksQuestion(OfCommunity, Base):
    """A question put to the books, and its answer; forgotten after a while.

    Attributes:
        asked_by_id: Who asks.
        name: Of a saved question, or `OWN_WORDS`.
        since_on: First day a saved question looks at; None for all of them.
        words: The question itself, where it is in own words.
        asked_at: When.
        started_at: When a worker took it up.
        ended_at: When it ended, in whatever way.
        outcome: One of `ENDS`, once it has ended.
        answer: What the audit program wrote, as it wrote it.
    """

    __tablename__ = "books_question"
    __table_args__ = (
        within_community("member", "asked_by_id"),
        Index(None, "community_id", "asked_by_id", "id"),
        one_of("outcome", ENDS, nullable=True),
        one_of("stop", STOPS, nullable=True),
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_with_an_outcome"),
        CheckConstraint(
            "(outcome IS NOT NULL AND outcome = 'stopped') = (stop IS NOT NULL)",
            name="stopped_for_a_reason",
        ),
        at_most("words", QUESTION_LENGTH_MAX),
        at_most("name", NAME_LENGTH_MAX),
    )

    asked_by_id: Mapped[uuid.UUID]
    name: Mapped[str] = mapped_column(sa.String(NAME_LENGTH_MAX))
    since_on: Mapped[dt.date | None]
    words: Mapped[str] = mapped_column(sa.Text, default="")
    asked_at: Mapped[dt.datetime]
    started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None] = mapped_column(sa.String(10))
    stop: Mapped[str | None] = mapped_column(sa.String(10))
    answer: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
