"""Change a whole series, end it, and make the next one's sessions ahead of time."""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.groups.models import Group
from timebank.groups.policy.standing import Standing
from timebank.members.models import Member
from timebank.passed_over import PassedOver
from timebank.sessions import queries
from timebank.sessions.errors import DoorStillOpenError, SeriesEndedError
from timebank.sessions.models import GroupSession, Series, SessionPartner
from timebank.sessions.policy import planning, repeating
from timebank.sessions.service import telling
from timebank.sessions.service.planning import (
    Repeat,
    SessionDetails,
    check_details,
    check_plans,
    closed_day_on,
    closed_for,
    copy_details,
    describe,
    make_ahead,
    new_session,
    next_dates,
    place_in_time,
    set_repeat,
    zone_of,
)
from timebank.sessions.service.signing_up import move_up


def repeat_of(series: Series) -> Repeat:
    """Return when a series happens."""
    return Repeat(
        rrule=series.rrule,
        starts_on=series.starts_on,
        until_on=series.until_on,
        starts_minute=series.starts_minute,
        length_minutes=series.length_minutes,
    )


def change_series(
    session: Session,
    community: Community,
    group: Group,
    series: Series,
    details: SessionDetails,
    repeat: Repeat,
    *,
    by: Member | None,
    who: Standing,
    now: dt.datetime,
) -> None:
    """Change a series, and with it those of its sessions that nobody touched and that are to come.

    A date that the rule no longer gives is dropped; a new one is made. Who signed up for a date
    that is at another time or place now, or dropped, is told once.

    Raises:
        NotYoursToPlanError, GroupEndedError, WordsMissingError: As their names say.
        SeriesEndedError: If it has come to its end.
        RuleNotUnderstoodError, NeverHappensError: If the rule gives no date from today on.
        LengthError, EndsBeforeItStartsError, DayOutOfRangeError: If the times make no sense.
        HostUnknownError, VenueNotFoundError: As their names say.
    """
    session.refresh(series, with_for_update=True)
    check_plans(group, who)
    if series.state != "running":
        raise SeriesEndedError
    today = community.day_of(now)
    check_details(session, group, details, but_host=details.host_id == series.host_id)
    next_dates(session, community, group, repeat, now=now, is_going_on=True)
    describe(series, details)
    set_repeat(series, repeat)
    series.sequence += 1
    series.changed_at = now
    session.flush()
    concerned = _remake(session, community, series, today=today, now=now)
    make_ahead(session, community, series, now=now)
    for planned in _to_come(session, series, now=now):
        move_up(session, group, planned, now=now)
    _tell_once(session, series, group, concerned, "session-series-changed", by=by, now=now)


def _remake(
    session: Session, community: Community, series: Series, *, today: dt.date, now: dt.datetime
) -> list[GroupSession]:
    """Bring the dates to come in line with the series; return those that are elsewhere now."""
    zone = zone_of(community)
    last = series.made_until_on or today
    until_on = last if series.until_on is None else min(last, series.until_on)
    wanted = set(repeating.dates(series.rrule, series.starts_on, first_on=today, last_on=until_on))
    closed = closed_for(session, series, today, last)
    concerned = []
    rows = _from(session, series, today)
    for planned in rows:
        if not _is_untouched(planned, now):
            continue
        day = planned.occurrence_on
        assert day is not None  # noqa: S101 - the table holds it: a session of a series has one
        before = _whereabouts(planned)
        planned.state = "planned" if day in wanted else "dropped"
        if day in wanted:
            copy_details(series, planned)
            place_in_time(planned, day, series.starts_minute, series.length_minutes, zone)
            planned.closed_day_id = closed_day_on(closed, day)
        if _whereabouts(planned) != before:
            concerned.append(planned)
        planned.sequence += 1
        planned.changed_at = now
    there = {each.occurrence_on for each in rows}
    made = [new_session(series, day, closed, zone, now) for day in sorted(wanted - there)]
    session.add_all(each for each in made if each.starts_at > now)
    session.flush()
    return concerned


def _from(session: Session, series: Series, day: dt.date) -> Sequence[GroupSession]:
    """Return the sessions of a series whose date is this one or later; locked, in one order."""
    return session.scalars(
        sa.select(GroupSession)
        .where(
            GroupSession.community_id == series.community_id,
            GroupSession.series_id == series.id,
            GroupSession.occurrence_on >= day,
        )
        .order_by(GroupSession.id)
        .with_for_update()
    ).all()


def _to_come(session: Session, series: Series, *, now: dt.datetime) -> Sequence[GroupSession]:
    return session.scalars(
        sa.select(GroupSession)
        .where(
            GroupSession.community_id == series.community_id,
            GroupSession.series_id == series.id,
            GroupSession.state == "planned",
            GroupSession.starts_at > now,
        )
        .order_by(GroupSession.id)
        .with_for_update()
    ).all()


def _is_untouched(planned: GroupSession, now: dt.datetime) -> bool:
    """Tell whether a series may change a date: to come, and nobody moved or cancelled it."""
    return (
        planned.state in {"planned", "dropped"} and not planned.is_moved and planned.starts_at > now
    )


def _whereabouts(planned: GroupSession) -> tuple[object, ...]:
    return (
        *(planned.state, planned.starts_at, planned.ends_at),
        *(planned.venue_id, planned.setting, planned.where_words),
    )


def end_series(
    session: Session,
    group: Group,
    series: Series,
    *,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> int:
    """End a series: what was held stays, and what was to come is dropped, moved dates too.

    Returns:
        How many dates were dropped.

    Raises:
        NotYoursToPlanError, GroupEndedError: As their names say.
        SeriesEndedError: If it has come to its end before.
    """
    session.refresh(series, with_for_update=True)
    check_plans(group, who)
    if series.state != "running":
        raise SeriesEndedError
    dropped = _stop(session, series, now=now)
    _tell_once(session, series, group, dropped, "session-series-ended", by=by, now=now)
    return len(dropped)


def _stop(session: Session, series: Series, *, now: dt.datetime) -> Sequence[GroupSession]:
    series.state = "ended"
    series.sequence += 1
    series.changed_at = now
    return _dropped(session, _to_come(session, series, now=now), now=now)


def _dropped(
    session: Session, dates: Sequence[GroupSession], *, now: dt.datetime
) -> Sequence[GroupSession]:
    for planned in dates:
        planned.state = "dropped"
        planned.sequence += 1
        planned.changed_at = now
    session.flush()
    return dates


def let_go(session: Session, group: Group, by: Member, now: dt.datetime) -> None:
    """Drop what a group that ends had planned, and leave to others what it holds with them.

    Whoever counts on any of the dates is told once.

    Raises:
        DoorStillOpenError: If the door of something that it holds is open: once the group has
            ended, nothing can be posted for it any more.
    """
    _check_doors(session, group)
    running = sa.select(Series).where(
        Series.community_id == group.community_id,
        Series.group_id == group.id,
        Series.state == "running",
    )
    single = sa.select(GroupSession).where(
        GroupSession.community_id == group.community_id,
        GroupSession.group_id == group.id,
        GroupSession.state == "planned",
        GroupSession.ends_at > now,
    )
    dropped: list[GroupSession] = []
    for series in session.scalars(running.order_by(Series.id).with_for_update()).all():
        dropped += _stop(session, series, now=now)
    rest = session.scalars(single.order_by(GroupSession.id).with_for_update()).all()
    dropped += _dropped(session, rest, now=now)
    _tell_once(session, None, group, dropped, "session-group-ended", by=by, now=now)
    # What was closed together stays so, with who said yes to it and when.
    was_closed = sa.exists().where(
        GroupSession.community_id == SessionPartner.community_id,
        GroupSession.id == SessionPartner.session_id,
        GroupSession.state == "closed",
    )
    session.execute(
        sa.update(SessionPartner)
        .where(
            SessionPartner.community_id == group.community_id,
            SessionPartner.group_id == group.id,
            SessionPartner.state.in_(("asked", "joined")),
            ~was_closed,
        )
        .values(state="ended", answered_by_id=by.id, answered_at=now)
    )


def _check_doors(session: Session, group: Group) -> None:
    there = session.scalar(
        sa.select(GroupSession)
        .join(Group, sa.and_(Group.community_id == GroupSession.community_id, Group.id == group.id))
        .where(GroupSession.state == "open", queries.is_held_by(Group.id))
        .order_by(GroupSession.id)
        .limit(1)
    )
    if there is not None:
        raise DoorStillOpenError(there.title)


def _tell_once(
    session: Session,
    series: Series | None,
    group: Group,
    concerned: Sequence[GroupSession],
    kind: str,
    *,
    by: Member | None,
    now: dt.datetime,
) -> None:
    """Tell each who counts on any of these dates once, whatever the number of dates."""
    people = {
        member_id: member
        for planned in concerned
        for member_id, member in telling.counting_on(session, planned).items()
    }
    telling.tell(
        session,
        people.values(),
        kind,
        title=series.title if series is not None else "",
        group=group,
        path=f"groups/{group.slug}/sessions",
        now=now,
        by=by,
    )


def make_next_ahead(session: Session, *, now: dt.datetime, passed: PassedOver) -> int:
    """Make the sessions of the next series whose edge comes near; the worker's nightly task.

    Returns:
        1 if there was such a series; 0 if all are far enough.
    """
    edge = now.date() + dt.timedelta(weeks=planning.WEEKS_LEFT_MIN)
    row = session.execute(
        sa.select(Series, Community)
        .join(Community, Community.id == Series.community_id)
        .join(
            Group, sa.and_(Group.community_id == Series.community_id, Group.id == Series.group_id)
        )
        .where(
            Series.state == "running",
            Series.made_until_on < edge,
            sa.or_(Series.until_on.is_(None), Series.until_on > Series.made_until_on),
            Group.state == "open",
            Series.id.not_in(passed.ids),
        )
        .order_by(Series.made_until_on, Series.id)
        .limit(1)
    ).first()
    if row is None:
        return 0
    series, community = row
    passed.begin(series.id)
    make_ahead(session, community, series, now=now)
    return 1
