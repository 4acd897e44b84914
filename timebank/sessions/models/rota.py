"""Who does what at a session: what is needed, who has which part, and who looks for a swap."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from timebank.db import Base, OfCommunity, at_most, one_of, within_community

ROLE_NAME_LENGTH_MAX = 40
#: Most people one role can need at one session.
NEEDED_MAX = 20
#: Most roles of a series, and most that one session has beside them.
ROLES_MAX = 12
#: Somebody else asked, and they have not answered; they come; they said no; they cannot come any
#: more; somebody took it over.
SHIFT_STATES = ("asked", "yes", "no", "withdrawn", "passed on")
SWAP_STATES = ("open", "taken", "declined", "withdrawn")


class ShiftRole(OfCommunity, Base):
    """What somebody does at a session, and how many are needed: of a series, or of one session.

    Whoever is named as the host of a session fills a place of the role that `is_hosting`. A role
    that is not `is_open` is given by those who run the group, such as a first aider's.
    """

    __tablename__ = "shift_role"
    __table_args__ = (
        within_community("peer_group", "group_id"),
        within_community("session_series", "series_id"),
        within_community("group_session", "session_id"),
        UniqueConstraint("community_id", "series_id", "name"),
        UniqueConstraint("community_id", "session_id", "name"),
        Index(None, "community_id", "group_id"),
        at_most("name", ROLE_NAME_LENGTH_MAX),
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint(f"needed BETWEEN 1 AND {NEEDED_MAX}", name="needed_in_range"),
        CheckConstraint("(series_id IS NULL) <> (session_id IS NULL)", name="of_one_of_the_two"),
    )

    group_id: Mapped[uuid.UUID]
    series_id: Mapped[uuid.UUID | None]
    session_id: Mapped[uuid.UUID | None]
    name: Mapped[str] = mapped_column(sa.String(ROLE_NAME_LENGTH_MAX))
    needed: Mapped[int]
    is_hosting: Mapped[bool] = mapped_column(default=False)
    is_open: Mapped[bool] = mapped_column(default=True)
    #: Not needed any more from then on; what was on a rota before stays there.
    ended_at: Mapped[dt.datetime | None]


class ShiftNeed(OfCommunity, Base):
    """That one session needs another number in a role than its series does; 0 for none."""

    __tablename__ = "shift_need"
    __table_args__ = (
        within_community("group_session", "session_id"),
        within_community("shift_role", "role_id"),
        UniqueConstraint("community_id", "session_id", "role_id"),
        CheckConstraint(f"needed BETWEEN 0 AND {NEEDED_MAX}", name="needed_in_range"),
    )

    session_id: Mapped[uuid.UUID]
    role_id: Mapped[uuid.UUID]
    needed: Mapped[int]


class Shift(OfCommunity, Base):
    """A member's part in a session: one row for each pair, whatever became of it.

    `by_id` is who put the name down: the member, or somebody who runs the group and waits for the
    member's answer.
    """

    __tablename__ = "shift"
    __table_args__ = (
        within_community("group_session", "session_id"),
        within_community("shift_role", "role_id"),
        within_community("member", "member_id"),
        within_community("member", "by_id"),
        UniqueConstraint("community_id", "session_id", "member_id"),
        Index(None, "community_id", "member_id", "state"),
        Index(None, "community_id", "role_id"),
        one_of("state", SHIFT_STATES),
    )

    session_id: Mapped[uuid.UUID]
    role_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(sa.String(10))
    by_id: Mapped[uuid.UUID]
    since_at: Mapped[dt.datetime]
    #: When they were reminded of it, the day before.
    reminded_at: Mapped[dt.datetime | None]
    #: When those who run the group were told that nobody comes for it, though nobody stepped back.
    gap_told_at: Mapped[dt.datetime | None]


class ShiftSwap(OfCommunity, Base):
    """That somebody looks for another to take their part, and what came of it.

    Until it is taken the one who asks stays on the rota: there is never nobody.
    """

    __tablename__ = "shift_swap"
    __table_args__ = (
        within_community("shift", "shift_id"),
        within_community("member", "asked_id"),
        within_community("member", "settled_by_id"),
        # Two questions about the same part would end in two who come for it.
        Index(
            None,
            "community_id",
            "shift_id",
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        ),
        Index(None, "community_id", "asked_id", "state"),
        one_of("state", SWAP_STATES),
        CheckConstraint("(state = 'open') = (settled_at IS NULL)", name="settled_has_a_time"),
    )

    shift_id: Mapped[uuid.UUID]
    #: Whom they ask; None where they ask everybody in the group.
    asked_id: Mapped[uuid.UUID | None]
    state: Mapped[str] = mapped_column(sa.String(10))
    at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]
    settled_by_id: Mapped[uuid.UUID | None]
