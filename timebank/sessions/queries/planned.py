"""One session, one series, and the sessions of a time."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.groups.models import Group, Venue
from timebank.sessions.errors import (
    ClosedDayNotFoundError,
    SeriesNotFoundError,
    SessionNotFoundError,
)
from timebank.sessions.models import ClosedDay, GroupSession, Series
from timebank.sessions.queries import joins
from timebank.sessions.queries.coming import NOBODY, Count


@dataclass(frozen=True, slots=True)
class Meeting:
    """A session with its group, its place, and why it is closed that day; and who comes."""

    session: GroupSession
    group: Group
    venue: Venue | None
    closed: ClosedDay | None
    #: How many come and wait, where a list counted them.
    count: Count = NOBODY
    #: How it stands with the one who looks at a list: "signed", "waiting" or nothing.
    mine: str = ""


def session_by_id(session: Session, community_id: uuid.UUID, session_id: uuid.UUID) -> GroupSession:
    """Return a session by its key; one that its series dropped is not there.

    Raises:
        SessionNotFoundError: If the community has no such session.
    """
    found = session.get(GroupSession, (community_id, session_id))
    if found is None or found.state == "dropped":
        raise SessionNotFoundError
    return found


def series_by_id(session: Session, community_id: uuid.UUID, series_id: uuid.UUID) -> Series:
    """Return a series by its key.

    Raises:
        SeriesNotFoundError: If the community has no such series.
    """
    found = session.get(Series, (community_id, series_id))
    if found is None:
        raise SeriesNotFoundError
    return found


def series_of_group(
    session: Session, group: Group, *, state: str = "running", limit: int = 50
) -> Sequence[Series]:
    """Return the series of a group, those that began first at the top."""
    return session.scalars(
        sa.select(Series)
        .where(
            Series.community_id == group.community_id,
            Series.group_id == group.id,
            Series.state == state,
        )
        .order_by(Series.id)
        .limit(limit)
    ).all()


def meetings() -> sa.Select[GroupSession, Group, Venue, ClosedDay]:
    """Begin a question for sessions with all that a line about one needs."""
    return (
        sa.select(GroupSession, Group, Venue, ClosedDay)
        .join(
            Group,
            joins.of_group(),
        )
        .outerjoin(
            Venue,
            sa.and_(
                Venue.community_id == GroupSession.community_id, Venue.id == GroupSession.venue_id
            ),
        )
        .outerjoin(
            ClosedDay,
            sa.and_(
                ClosedDay.community_id == GroupSession.community_id,
                ClosedDay.id == GroupSession.closed_day_id,
            ),
        )
        .where(GroupSession.state != "dropped")
    )


def meeting(session: Session, community_id: uuid.UUID, session_id: uuid.UUID) -> Meeting:
    """Return a session with its group and its place, in one question.

    Raises:
        SessionNotFoundError: If the community has no such session.
    """
    row = session.execute(
        meetings().where(GroupSession.community_id == community_id, GroupSession.id == session_id)
    ).one_or_none()
    if row is None:
        raise SessionNotFoundError
    return Meeting(row[0], row[1], row[2], row[3])


def sessions_between(
    session: Session,
    community_id: uuid.UUID,
    *,
    group_id: uuid.UUID | None = None,
    begin: dt.datetime,
    end: dt.datetime,
    limit: int | None = None,
) -> Sequence[GroupSession]:
    """Return the sessions that start in a time, in order, also those that were cancelled.

    Args:
        session: Any session.
        community_id: The community.
        group_id: Only of this group; of all where None.
        begin: The first moment of the time.
        end: The moment after its last.
        limit: At most so many; all where None.
    """
    wanted = (
        sa.select(GroupSession)
        .where(
            GroupSession.community_id == community_id,
            GroupSession.starts_at >= begin,
            GroupSession.starts_at < end,
            GroupSession.state != "dropped",
        )
        .order_by(GroupSession.starts_at, GroupSession.id)
        .limit(limit)
    )
    if group_id is not None:
        wanted = wanted.where(GroupSession.group_id == group_id)
    return session.scalars(wanted).all()


def is_to_come(now: dt.datetime) -> sa.ColumnElement[bool]:
    """Tell, in a question about sessions, which have not begun; also what is off or dropped."""
    return sa.and_(
        GroupSession.state.in_(("planned", "cancelled", "dropped")), GroupSession.starts_at > now
    )


def number_to_come(session: Session, community_id: uuid.UUID, *, now: dt.datetime) -> int:
    """Return how many sessions are planned from now on."""
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(GroupSession)
            .where(
                GroupSession.community_id == community_id,
                GroupSession.state == "planned",
                GroupSession.starts_at > now,
            )
        )
        or 0
    )


def closed_day(session: Session, community_id: uuid.UUID, closed_id: uuid.UUID) -> ClosedDay:
    """Return a closed time by its key; one that was taken back is not there.

    Raises:
        ClosedDayNotFoundError: If the community has no such closed time.
    """
    found = session.get(ClosedDay, (community_id, closed_id))
    if found is None or found.withdrawn_at is not None:
        raise ClosedDayNotFoundError
    return found


def closed_days(
    session: Session,
    community_id: uuid.UUID,
    *,
    group_id: uuid.UUID | None = None,
    first_on: dt.date,
    last_on: dt.date | None = None,
    limit: int = 200,
) -> Sequence[ClosedDay]:
    """Return the closed days that touch a time: the community's, and a group's where one is given.

    The first to begin is at the top; what was taken back is left out.
    """
    whose: sa.ColumnElement[bool] = ClosedDay.group_id.is_(None)
    if group_id is not None:
        whose |= ClosedDay.group_id == group_id
    wanted = (
        sa.select(ClosedDay)
        .where(
            ClosedDay.community_id == community_id,
            ClosedDay.until_on >= first_on,
            ClosedDay.withdrawn_at.is_(None),
            whose,
        )
        .order_by(ClosedDay.from_on, ClosedDay.id)
        .limit(limit)
    )
    if last_on is not None:
        wanted = wanted.where(ClosedDay.from_on <= last_on)
    return session.scalars(wanted).all()
