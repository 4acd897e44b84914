"""Plan a series or a single session, and make the sessions of a series ahead of time."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.db import new_id
from timebank.groups import queries as groups
from timebank.groups.errors import DayOutOfRangeError, GroupEndedError, WordsMissingError
from timebank.groups.models import Group
from timebank.groups.policy.standing import Standing
from timebank.members.models import Member
from timebank.sessions import queries
from timebank.sessions.errors import (
    ClosedThatDayError,
    EndsBeforeItStartsError,
    HostUnknownError,
    LengthError,
    NeverHappensError,
    NotYoursToPlanError,
)
from timebank.sessions.models import LENGTH_MINUTES_MAX, ClosedDay, GroupSession, Series
from timebank.sessions.policy import planning, repeating, when


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDetails:
    """What a session says about itself, but for when it is."""

    title: str
    words: str = ""
    venue_id: uuid.UUID | None = None
    setting: str = "community"
    where_words: str = ""
    capacity: int | None = None
    sign_up: str = "drop-in"
    is_public: bool = False
    host_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """When a series happens, on the clock on the wall of the community.

    Attributes:
        rrule: A rule of RFC 5545 without DTSTART and UNTIL (`policy.repeating`).
        starts_on: The first day that it may give.
        until_on: The last one; None where nobody knows yet.
        starts_minute: Minute of the day.
        length_minutes: From beginning to end on the wall; it may pass midnight.
    """

    rrule: str
    starts_on: dt.date
    starts_minute: int
    length_minutes: int
    until_on: dt.date | None = None


def plan_series(
    session: Session,
    community: Community,
    group: Group,
    details: SessionDetails,
    repeat: Repeat,
    *,
    by: Member | None,
    who: Standing,
    now: dt.datetime,
    source_uid: str | None = None,
) -> Series:
    """Plan what a group does again and again, and make its sessions up to the horizon.

    Args:
        session: The open unit of work; never committed here.
        community: Whose clock on the wall is meant.
        group: Who holds it.
        details: What each session says about itself.
        repeat: When it happens. Days in the past are made too.
        by: Who plans it; None where a calendar is brought in by the command line.
        who: What `by` is to the group.
        now: When.
        source_uid: Names the event of a calendar file it came from, so that it comes once.

    Raises:
        NotYoursToPlanError, GroupEndedError, WordsMissingError: As their names say.
        RuleNotUnderstoodError, NeverHappensError: If the rule gives no date.
        LengthError, EndsBeforeItStartsError, DayOutOfRangeError: If the times make no sense.
        HostUnknownError: If the host does not belong to the group.
        VenueNotFoundError: If the community knows no such place.
    """
    check_plans(group, who)
    check_details(session, group, details)
    next_dates(session, community, group, repeat, now=now)
    series = Series(
        community_id=community.id,
        id=new_id(),
        group_id=group.id,
        source_uid=source_uid,
        by_id=by.id if by is not None else None,
        at=now,
        changed_at=now,
        sequence=0,
        state="running",
    )
    describe(series, details)
    set_repeat(series, repeat)
    session.add(series)
    session.flush()
    make_ahead(session, community, series, now=now)
    return series


def plan_session(
    session: Session,
    community: Community,
    group: Group,
    details: SessionDetails,
    *,
    day_on: dt.date,
    starts_minute: int,
    length_minutes: int,
    who: Standing,
    now: dt.datetime,
) -> GroupSession:
    """Plan a single session of a group.

    Raises:
        NotYoursToPlanError, GroupEndedError, WordsMissingError, LengthError: As their names say.
        ClosedThatDayError: If the group or the community is closed on that day.
        DayOutOfRangeError: If the day is so far away that it must be a slip.
        HostUnknownError: If the host does not belong to the group.
        VenueNotFoundError: If the community knows no such place.
    """
    check_plans(group, who)
    check_details(session, group, details)
    check_length(length_minutes)
    check_day(day_on, today=community.day_of(now))
    check_open_on(session, group, day_on)
    planned = GroupSession(
        community_id=community.id,
        id=new_id(),
        group_id=group.id,
        state="planned",
        sequence=0,
        changed_at=now,
    )
    describe(planned, details)
    place_in_time(planned, day_on, starts_minute, length_minutes, zone_of(community))
    session.add(planned)
    session.flush()
    return planned


def make_ahead(
    session: Session,
    community: Community,
    series: Series,
    *,
    now: dt.datetime,
    until_on: dt.date | None = None,
) -> list[GroupSession]:
    """Make the sessions of a series that are not made yet, up to the horizon or to `until_on`.

    Doing it again makes nothing: the series says up to where its sessions were made, and no date
    of a series is made twice.
    """
    session.refresh(series, with_for_update=True)
    # Somebody may have changed the clock while this waited for the series.
    session.refresh(community, ["time_zone"])
    zone = zone_of(community)
    last = until_on or planning.horizon_on(community.day_of(now))
    made_until_on = series.made_until_on
    first = series.starts_on if made_until_on is None else made_until_on + dt.timedelta(days=1)
    if series.state != "running" or (made_until_on is not None and first > last):
        return []
    days = list(
        repeating.dates(
            series.rrule,
            series.starts_on,
            first_on=first,
            last_on=last if series.until_on is None else min(last, series.until_on),
        )
    )
    closed = closed_for(session, series, first, last)
    made = [new_session(series, day, closed, zone, now) for day in days]
    session.add_all(made)
    series.made_until_on = last
    session.flush()
    return made


def new_session(
    series: Series, day: dt.date, closed: Sequence[ClosedDay], zone: ZoneInfo, now: dt.datetime
) -> GroupSession:
    """Make the session of a series on one of its dates."""
    made = GroupSession(
        community_id=series.community_id,
        id=new_id(),
        group_id=series.group_id,
        series_id=series.id,
        occurrence_on=day,
        state="planned",
        sequence=0,
        changed_at=now,
    )
    copy_details(series, made)
    place_in_time(made, day, series.starts_minute, series.length_minutes, zone)
    made.closed_day_id = closed_day_on(closed, day)
    return made


def closed_for(
    session: Session, series: Series, first: dt.date, last: dt.date
) -> Sequence[ClosedDay]:
    """Return the closed days that matter to a series between two days."""
    return queries.closed_days(
        session, series.community_id, group_id=series.group_id, first_on=first, last_on=last
    )


def closed_day_on(closed: Sequence[ClosedDay], day: dt.date) -> uuid.UUID | None:
    """Return which of some closed days a day falls on, or None."""
    return next((each.id for each in closed if each.from_on <= day <= each.until_on), None)


def zone_of(community: Community) -> ZoneInfo:
    """Return the zone of a community's clock on the wall."""
    return ZoneInfo(community.time_zone)


def check_plans(group: Group, who: Standing) -> None:
    """Refuse what only those who hold or run a group may do, and any plan of one that has ended.

    Raises:
        NotYoursToPlanError, GroupEndedError: As their names say.
    """
    if not planning.may_plan(who):
        raise NotYoursToPlanError
    if not group.is_open:
        raise GroupEndedError


def check_details(
    session: Session, group: Group, details: SessionDetails, *, but_host: bool = False
) -> None:
    """Refuse details that name nothing, nowhere or nobody; `but_host` passes over the host."""
    if not details.title.strip():
        raise WordsMissingError
    if details.venue_id is not None:
        groups.venue(session, group.community_id, details.venue_id)
    if details.host_id is not None and not but_host:
        check_host(session, group, details.host_id)


def check_host(session: Session, group: Group, host_id: uuid.UUID) -> None:
    """Refuse a host who does not belong to the group.

    Raises:
        HostUnknownError: If they do not.
    """
    link = groups.link(session, group, host_id)
    if link is None or link.state != "active":
        raise HostUnknownError


def check_length(length_minutes: int) -> None:
    """Refuse a session of no length, or of more than a day.

    Raises:
        LengthError: If it is.
    """
    if not 1 <= length_minutes <= LENGTH_MINUTES_MAX:
        raise LengthError


def check_day(day: dt.date, *, today: dt.date) -> None:
    """Refuse a day so far away that it must be a slip.

    Raises:
        DayOutOfRangeError: If it is.
    """
    first, last = planning.first_and_last_day(today)
    if not first <= day <= last:
        raise DayOutOfRangeError(first, last)


def check_open_on(session: Session, group: Group, day: dt.date) -> None:
    """Refuse to plan something on a closed day.

    Raises:
        ClosedThatDayError: If it is one.
    """
    found = queries.closed_days(
        session, group.community_id, group_id=group.id, first_on=day, last_on=day, limit=1
    )
    if found:
        raise ClosedThatDayError(day, found[0].words)


def next_dates(
    session: Session,
    community: Community,
    group: Group,
    repeat: Repeat,
    *,
    now: dt.datetime,
    is_going_on: bool = False,
) -> list[dt.date]:
    """Return the next dates of a rule, and refuse one that never happens.

    Args:
        session: Any session.
        community: Whose clock on the wall is meant.
        group: Whose closed days count.
        repeat: The rule, and when it begins and ends.
        now: When.
        is_going_on: Whether only dates from today on count, and none of the past.

    Raises:
        RuleNotUnderstoodError, LengthError, EndsBeforeItStartsError: As their names say.
        DayOutOfRangeError: If its first day is so far away that it must be a slip.
        NeverHappensError: If there is no date, with the reason.
    """
    today = community.day_of(now)
    check_day(repeat.starts_on, today=today)
    repeating.check(repeat.rrule)
    check_length(repeat.length_minutes)
    if repeat.until_on is not None and repeat.until_on < repeat.starts_on:
        raise EndsBeforeItStartsError
    first_on = max(today, repeat.starts_on) if is_going_on else repeat.starts_on
    if not repeating.next_dates(repeat.rrule, repeat.starts_on, first_on=first_on, limit=1):
        reason = "no such day"
        raise NeverHappensError(reason)
    if repeat.until_on is not None and repeat.until_on < today:
        reason = "all over"
        raise NeverHappensError(reason)
    within = repeating.next_dates(
        repeat.rrule, repeat.starts_on, first_on=first_on, until_on=repeat.until_on, limit=1
    )
    if not within:
        reason = "ends too soon"
        raise NeverHappensError(reason)
    closed = queries.closed_days(
        session,
        group.community_id,
        group_id=group.id,
        first_on=first_on,
        last_on=repeat.until_on,
    )
    found = repeating.next_dates(
        repeat.rrule,
        repeat.starts_on,
        first_on=first_on,
        until_on=repeat.until_on,
        closed=[(each.from_on, each.until_on) for each in closed],
    )
    if not found:
        reason = "always closed"
        raise NeverHappensError(reason)
    return found


def describe(thing: Series | GroupSession, details: SessionDetails) -> None:
    """Write down what a series or a session says about itself."""
    thing.title, thing.words = details.title.strip(), details.words
    thing.venue_id, thing.setting = details.venue_id, details.setting
    thing.where_words = details.where_words
    thing.capacity, thing.sign_up = details.capacity, details.sign_up
    thing.is_public, thing.host_id = details.is_public, details.host_id


def copy_details(series: Series, planned: GroupSession) -> None:
    """Let a session say what its series says; a host of its own stays."""
    planned.title, planned.words = series.title, series.words
    planned.venue_id, planned.setting = series.venue_id, series.setting
    planned.where_words = series.where_words
    planned.capacity, planned.sign_up = series.capacity, series.sign_up
    planned.is_public = series.is_public
    if not planned.has_own_host:
        planned.host_id = series.host_id


def set_repeat(series: Series, repeat: Repeat) -> None:
    """Write down when a series happens."""
    series.rrule, series.starts_on, series.until_on = (
        repeat.rrule,
        repeat.starts_on,
        repeat.until_on,
    )
    series.starts_minute, series.length_minutes = repeat.starts_minute, repeat.length_minutes


def place_in_time(
    planned: GroupSession, day: dt.date, minute: int, length_minutes: int, zone: ZoneInfo
) -> None:
    """Set when a session is."""
    found = when.span(day, minute, length_minutes, zone)
    planned.day_on, planned.starts_at, planned.ends_at = (
        found.day_on,
        found.starts_at,
        found.ends_at,
    )
