"""Who came to a session: by name, counted without one, and the code they came in with."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from timebank.db import Base, OfCommunity, at_most, one_of, within_community

#: Who held it, who took part, and who did both: among equals everybody gives and takes.
ROLES = ("host", "participant", "both")
HOSTING_ROLES = ("host", "both")
#: By a tap on their name, a scanned card, the code of the day, a sheet of paper, on duty at the
#: opening, put right afterwards, or brought in from a list.
CHECK_IN_WAYS = ("name", "card", "code", "sheet", "duty", "later", "list")
#: How people without a name are counted.
TALLY_WAYS = ("plus", "code", "sheet", "later", "list")
ATTENDED_MINUTES_MAX = 24 * 60
#: Known people of one session: with a rule in which each gives and gets, an entry of the books
#: still holds them all.
KNOWN_MAX = 240
#: People counted at one go, such as a sheet of paper.
COUNT_MAX = 999
TOKEN_LENGTH = 22
DIGITS_LENGTH = 4


class SessionAttendance(OfCommunity, Base):
    """That somebody known was at a session: one row for each pair.

    `minutes` is None for the whole session. `is_paid` is how it stood that day: what somebody is
    paid for is written down and never credited.
    """

    __tablename__ = "session_attendance"
    __table_args__ = (
        within_community("group_session", "session_id"),
        within_community("member", "member_id"),
        within_community("member", "by_id"),
        UniqueConstraint("community_id", "session_id", "member_id"),
        Index(None, "community_id", "member_id", "session_id"),
        one_of("role", ROLES),
        one_of("way", CHECK_IN_WAYS),
        CheckConstraint(
            f"minutes IS NULL OR minutes BETWEEN 0 AND {ATTENDED_MINUTES_MAX}",
            name="minutes_in_range",
        ),
    )

    session_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID]
    role: Mapped[str] = mapped_column(sa.String(12))
    minutes: Mapped[int | None]
    is_paid: Mapped[bool] = mapped_column(default=False)
    #: Their first time with this group.
    is_first: Mapped[bool] = mapped_column(default=False)
    way: Mapped[str] = mapped_column(sa.String(6))
    #: Who noted it; None where a list was brought in.
    by_id: Mapped[uuid.UUID | None]
    at: Mapped[dt.datetime]
    #: When somebody took it back, because they were not there after all.
    undone_at: Mapped[dt.datetime | None]


class SessionTap(Base):
    """That a tap on a name was done: sent again, it changes nothing any more.

    A tap that lets somebody in and one that takes them back are both of a moment. Done once more
    later, it would undo what somebody else did in between.
    """

    __tablename__ = "session_tap"
    __table_args__ = (
        PrimaryKeyConstraint("community_id", "session_id", "client_key"),
        within_community("group_session", "session_id"),
    )

    community_id: Mapped[uuid.UUID]
    session_id: Mapped[uuid.UUID]
    #: Names the tap; the device drew it.
    client_key: Mapped[uuid.UUID]
    at: Mapped[dt.datetime]


class SessionTally(OfCommunity, Base):
    """People counted without a name, or taken back. Never changed: the sum is who came."""

    __tablename__ = "session_tally"
    __table_args__ = (
        within_community("group_session", "session_id"),
        within_community("member", "by_id"),
        UniqueConstraint("community_id", "session_id", "client_key"),
        one_of("way", TALLY_WAYS),
        CheckConstraint(f"number BETWEEN -{COUNT_MAX} AND {COUNT_MAX}", name="number_in_range"),
        CheckConstraint("abs(first_timers) <= abs(number)", name="first_timers_are_among_them"),
    )

    session_id: Mapped[uuid.UUID]
    #: Names the tap, so that one that is sent again counts once.
    client_key: Mapped[uuid.UUID]
    number: Mapped[int]
    first_timers: Mapped[int] = mapped_column(default=0)
    way: Mapped[str] = mapped_column(sa.String(6))
    #: None where somebody counted themselves with the code of the day.
    by_id: Mapped[uuid.UUID | None]
    at: Mapped[dt.datetime]


class SessionCode(OfCommunity, Base):
    """What is on the poster of one session: an address nobody guesses, and four figures.

    A session may be given another; the latest counts. A code that is over stays, so that it can
    say what it was for.
    """

    __tablename__ = "session_code"
    __table_args__ = (
        within_community("group_session", "session_id"),
        within_community("member", "by_id"),
        UniqueConstraint("community_id", "token"),
        UniqueConstraint("community_id", "day_on", "digits"),
        Index(None, "community_id", "digits"),
        Index(None, "community_id", "session_id", "id"),
        at_most("token", TOKEN_LENGTH),
        at_most("digits", DIGITS_LENGTH),
    )

    session_id: Mapped[uuid.UUID]
    day_on: Mapped[dt.date]
    token: Mapped[str] = mapped_column(sa.String(TOKEN_LENGTH))
    digits: Mapped[str] = mapped_column(sa.String(DIGITS_LENGTH))
    by_id: Mapped[uuid.UUID | None]
    at: Mapped[dt.datetime]
