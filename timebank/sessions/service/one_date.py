"""Change one date: move it, cancel it, give it back, let somebody else hold it."""

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.groups.errors import WordsMissingError
from timebank.groups.models import Group
from timebank.groups.policy.standing import Standing
from timebank.members.models import Member
from timebank.sessions import queries
from timebank.sessions.errors import AlreadyHeldError, OverAlreadyError
from timebank.sessions.models import GroupSession, Series
from timebank.sessions.policy import planning, when
from timebank.sessions.service import telling
from timebank.sessions.service.planning import (
    SessionDetails,
    check_day,
    check_details,
    check_length,
    check_open_on,
    check_plans,
    describe,
    place_in_time,
    zone_of,
)
from timebank.sessions.service.signing_up import move_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """When a session is, on the clock on the wall."""

    day_on: dt.date
    starts_minute: int
    length_minutes: int


def time_of(community: Community, planned: GroupSession) -> Time:
    """Return when a session is, as its form shows it."""
    zone = zone_of(community)
    return Time(
        day_on=planned.day_on,
        starts_minute=when.minute_of(planned.starts_at, zone),
        length_minutes=when.length_between(
            when.minute_of(planned.starts_at, zone), when.minute_of(planned.ends_at, zone)
        )
        or planned.minutes,
    )


def change_session(
    session: Session,
    community: Community,
    group: Group,
    planned: GroupSession,
    details: SessionDetails,
    time: Time,
    *,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> None:
    """Change one date; its series leaves alone from then on what was changed here.

    Who signed up keeps their place, also where there are fewer places now. They are told if it is
    at another time or place.

    Raises:
        NotYoursToPlanError, GroupEndedError, WordsMissingError, LengthError: As their names say.
        AlreadyHeldError: If it was opened, closed or cancelled in the meantime, or is over.
        OverAlreadyError: If it would be over already.
        ClosedThatDayError: If the group or the community is closed on that day.
        HostUnknownError, VenueNotFoundError: As their names say.
    """
    session.refresh(planned, with_for_update=True)
    check_plans(group, who)
    _check_to_come(planned, now)
    before, was_host, was_details = _whereabouts(planned), planned.host_id, details_of(planned)
    if details.host_id == was_host:
        # Whoever holds it may have left the group meanwhile; that is not what is being changed.
        check_details(session, group, details, but_host=True)
    else:
        check_details(session, group, details)
    check_length(time.length_minutes)
    if time != time_of(community, planned):
        check_day(time.day_on, today=community.day_of(now))
        if time.day_on != planned.day_on:
            check_open_on(session, group, time.day_on)
            planned.closed_day_id = None
        place_in_time(
            planned, time.day_on, time.starts_minute, time.length_minutes, zone_of(community)
        )
        if planned.ends_at <= now:
            raise OverAlreadyError
    describe(planned, details)
    is_elsewhere = _whereabouts(planned) != before
    if planned.series_id is not None:
        planned.has_own_host = planned.has_own_host or planned.host_id != was_host
        planned.is_moved = planned.is_moved or is_elsewhere or _is_other(was_details, details)
    _changed(planned, now)
    session.flush()
    if is_elsewhere:
        _forget_reminders(session, planned)
        telling.tell_all(session, planned, group, "session-moved", now=now, by=by)
    _tell_hosts(session, planned, group, was_host, by=by, now=now)
    move_up(session, group, planned, now=now)


def details_of(planned: GroupSession | Series) -> SessionDetails:
    """Return what a session or a series says about itself."""
    return SessionDetails(
        title=planned.title,
        words=planned.words,
        venue_id=planned.venue_id,
        setting=planned.setting,
        where_words=planned.where_words,
        capacity=planned.capacity,
        sign_up=planned.sign_up,
        is_public=planned.is_public,
        host_id=planned.host_id,
    )


def cancel_session(
    session: Session,
    group: Group,
    planned: GroupSession,
    words: str,
    *,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> None:
    """Cancel one date, and tell those who signed up why.

    Raises:
        NotYoursToPlanError, GroupEndedError, WordsMissingError: As their names say.
        AlreadyHeldError: If it was opened, closed or cancelled in the meantime, or is over.
    """
    session.refresh(planned, with_for_update=True)
    check_plans(group, who)
    _check_to_come(planned, now)
    if not words.strip():
        raise WordsMissingError
    planned.state, planned.cancelled_words = "cancelled", words.strip()
    _changed(planned, now)
    telling.tell_all(session, planned, group, "session-cancelled", now=now, by=by)


def give_back(
    session: Session,
    group: Group,
    planned: GroupSession,
    *,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> None:
    """Let a cancelled date take place after all; who had signed up still has.

    Raises:
        NotYoursToPlanError, GroupEndedError: As their names say.
        AlreadyHeldError: If it is not cancelled, or its time is over.
    """
    session.refresh(planned, with_for_update=True)
    check_plans(group, who)
    if planned.state != "cancelled" or planned.ends_at <= now:
        raise AlreadyHeldError
    planned.state, planned.cancelled_words = "planned", ""
    _changed(planned, now)
    session.flush()
    telling.tell_all(session, planned, group, "session-back", now=now, by=by)
    move_up(session, group, planned, now=now)


def _check_to_come(planned: GroupSession, now: dt.datetime) -> None:
    if not planning.is_to_come(planned, now):
        raise AlreadyHeldError


def _changed(planned: GroupSession, now: dt.datetime) -> None:
    planned.sequence += 1
    planned.changed_at = now


def _whereabouts(planned: GroupSession) -> tuple[object, ...]:
    return (
        *(planned.starts_at, planned.ends_at),
        *(planned.venue_id, planned.setting, planned.where_words),
    )


def _is_other(before: SessionDetails, after: SessionDetails) -> bool:
    """Tell whether a date says something else of itself than before, but for who holds it."""
    return _said(before) != _said(after)


def _said(details: SessionDetails) -> tuple[object, ...]:
    return (
        *(details.title.strip(), details.words, details.capacity, details.sign_up),
        *(details.is_public,),
    )


def _forget_reminders(session: Session, planned: GroupSession) -> None:
    """Let everybody be reminded of the new time."""
    for each in queries.coming(session, planned, states=("signed",)):
        each.sign_up.reminded_at = None


def _tell_hosts(
    session: Session,
    planned: GroupSession,
    group: Group,
    was_host: uuid.UUID | None,
    *,
    by: Member,
    now: dt.datetime,
) -> None:
    """Tell who holds a session from now on, and who does not any more."""
    if planned.host_id == was_host:
        return
    for host_id, kind in ((planned.host_id, "session-yours"), (was_host, "session-not-yours")):
        telling.tell(
            session,
            telling.holding(session, planned, host_id),
            kind,
            title=planned.title,
            group=group,
            path=telling.path_of(planned),
            now=now,
            by=by,
        )
