"""Days without sessions: of a group, or of the whole community."""

import datetime as dt
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.db import new_id
from timebank.groups import queries as groups
from timebank.groups.models import Group
from timebank.groups.policy import standing
from timebank.groups.policy.standing import Standing
from timebank.members.models import Member
from timebank.sessions import queries
from timebank.sessions.errors import (
    ClosedDayNotFoundError,
    EndsBeforeItStartsError,
    NotYoursToPlanError,
    OverAlreadyError,
    TooLongClosedError,
)
from timebank.sessions.models import CLOSED_DAYS_MAX, ClosedDay, GroupSession
from timebank.sessions.service import telling
from timebank.sessions.service.planning import (
    check_day,
    check_plans,
    closed_day_on,
)
from timebank.sessions.service.signing_up import move_up


def close_days(
    session: Session,
    community: Community,
    group: Group | None,
    *,
    from_on: dt.date,
    until_on: dt.date,
    words: str,
    by: Member | None,
    who: Standing,
    now: dt.datetime,
) -> ClosedDay:
    """Close a group, or the whole community where `group` is None, from one day to another.

    Sessions on these days stay planned and say that it is closed; who signed up is told.

    Raises:
        NotYoursToPlanError, GroupEndedError: As their names say.
        EndsBeforeItStartsError, OverAlreadyError, TooLongClosedError, DayOutOfRangeError: If the
            days make no sense.
    """
    _check_closes(group, who)
    today = community.day_of(now)
    if until_on < from_on:
        raise EndsBeforeItStartsError
    if until_on < today:
        raise OverAlreadyError
    if (until_on - from_on).days >= CLOSED_DAYS_MAX:
        raise TooLongClosedError(CLOSED_DAYS_MAX)
    check_day(until_on, today=today)
    closed = ClosedDay(
        community_id=community.id,
        id=new_id(),
        group_id=group.id if group is not None else None,
        from_on=from_on,
        until_on=until_on,
        words=words,
        by_id=by.id if by is not None else None,
        at=now,
    )
    session.add(closed)
    session.flush()
    for planned in _to_come(session, closed, None, now=now):
        planned.closed_day_id = closed.id
        _say(session, planned, "session-closed-day", by=by, now=now)
    session.flush()
    return closed


def open_again(
    session: Session,
    community: Community,
    closed: ClosedDay,
    *,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> None:
    """Take a closed time back: its sessions take place, unless another one covers them too.

    Raises:
        NotYoursToPlanError, GroupEndedError: As their names say.
        ClosedDayNotFoundError: If it was taken back before.
    """
    session.refresh(closed, with_for_update=True)
    if closed.withdrawn_at is not None:
        raise ClosedDayNotFoundError
    group = (
        groups.by_id(session, community.id, closed.group_id)
        if closed.group_id is not None
        else None
    )
    _check_closes(group, who)
    closed.withdrawn_at = now
    session.flush()
    for planned in _to_come(session, closed, closed.id, now=now):
        others = queries.closed_days(
            session,
            community.id,
            group_id=planned.group_id,
            first_on=planned.day_on,
            last_on=planned.day_on,
        )
        planned.closed_day_id = closed_day_on(others, planned.day_on)
        if planned.closed_day_id is None:
            held_by = groups.by_id(session, community.id, planned.group_id)
            _say(session, planned, "session-back", by=by, now=now)
            move_up(session, held_by, planned, now=now)


def _check_closes(group: Group | None, who: Standing) -> None:
    """Let those who run a group close it, and coordinators the community."""
    if group is None:
        if not who.is_coordinator:
            raise NotYoursToPlanError
        return
    if not standing.may_run(who):
        raise NotYoursToPlanError
    check_plans(group, who)


def _to_come(
    session: Session, closed: ClosedDay, closed_by: uuid.UUID | None, *, now: dt.datetime
) -> Sequence[GroupSession]:
    """Return what is planned in a closed time and closed by this, or by nothing yet; locked."""
    wanted = (
        sa.select(GroupSession)
        .where(
            GroupSession.community_id == closed.community_id,
            GroupSession.state == "planned",
            GroupSession.ends_at > now,
            GroupSession.day_on >= closed.from_on,
            GroupSession.day_on <= closed.until_on,
            GroupSession.closed_day_id.is_(None)
            if closed_by is None
            else GroupSession.closed_day_id == closed_by,
        )
        .order_by(GroupSession.id)
        .with_for_update()
    )
    if closed.group_id is not None:
        wanted = wanted.where(GroupSession.group_id == closed.group_id)
    return session.scalars(wanted).all()


def _say(
    session: Session, planned: GroupSession, kind: str, *, by: Member | None, now: dt.datetime
) -> None:
    planned.sequence += 1
    planned.changed_at = now
    group = groups.by_id(session, planned.community_id, planned.group_id)
    telling.tell_all(session, planned, group, kind, now=now, by=by)
