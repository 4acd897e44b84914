"""The clock on the wall becomes another one; what is planned goes along or keeps its moment."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities import service as communities
from timebank.communities.models import Community
from timebank.members.models import Member
from timebank.sessions.models import GroupSession, Series
from timebank.sessions.policy import repeating, when
from timebank.sessions.queries import is_to_come
from timebank.sessions.service.one_date import Time, time_of
from timebank.sessions.service.planning import zone_of


@dataclass(frozen=True, slots=True)
class Changed:
    """What another clock on the wall did to what is planned.

    Attributes:
        moved: How many dates are at another moment now.
        look_at: Series whose dates are on another day now, while their plan is as it was.
    """

    moved: int
    look_at: Sequence[Series]


def change_time_zone(
    session: Session,
    community: Community,
    time_zone: str,
    *,
    keeps_time_of_day: bool,
    by: Member,
    now: dt.datetime,
) -> Changed:
    """Change a community's time zone, and with it the dates that are to come.

    What is open or closed stays, and so does what would be over by the new clock.

    Args:
        session: The open unit of work; this function never commits it.
        community: Whose clock.
        time_zone: The name of the new one.
        keeps_time_of_day: Whether Tuesday 14:00 stays Tuesday 14:00. Else each date keeps its
            moment, and has another time of day; its series goes on at that.
        by: The coordinator.
        now: When.

    Raises:
        UnknownTimeZoneError: If this machine does not know the time zone.
    """
    # Whoever makes sessions ahead locks their series first, and reads the clock after that.
    running = session.scalars(
        sa.select(Series)
        .where(Series.community_id == community.id, Series.state == "running")
        .order_by(Series.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    plans = [(series, _next_of(community, series, now=now)) for series in running]
    to_come = [
        (planned, _as_planned(community, planned, series))
        for planned, series in _to_come(session, community.id, now=now)
    ]
    communities.change_settings(
        session, community, {"time_zone": time_zone}, by_member_id=by.id, now=now
    )
    zone = zone_of(community)
    moved = 0
    for planned, time in to_come:
        if not keeps_time_of_day:
            planned.day_on = planned.starts_at.astimezone(zone).date()
            continue
        span = when.span(time.day_on, time.starts_minute, time.length_minutes, zone)
        if span.starts_at <= now or span.starts_at == planned.starts_at:
            continue
        planned.starts_at, planned.ends_at = span.starts_at, span.ends_at
        planned.sequence += 1
        planned.changed_at = now
        moved += 1
    look_at = []
    if not keeps_time_of_day:
        look_at = [each for each, span in plans if span and not _keeps(each, span, zone, now=now)]
    session.flush()
    return Changed(moved, look_at)


def _next_of(community: Community, series: Series, *, now: dt.datetime) -> when.Span | None:
    """Return when a series is next by its plan; None where it is over, or the clock jumps over it.

    The clock jumps over a time once a year, so one of the next two tells.
    """
    zone = zone_of(community)
    days = repeating.next_dates(
        series.rrule,
        series.starts_on,
        first_on=community.day_of(now),
        until_on=series.until_on,
        limit=2,
    )
    for day in days:
        if when.exists(when.wall(day, series.starts_minute), zone):
            return when.span(day, series.starts_minute, series.length_minutes, zone)
    return None


def _keeps(series: Series, span: when.Span, zone: ZoneInfo, *, now: dt.datetime) -> bool:
    """Let a series go on at the time of day that its next date has now; False on another day.

    Which days a plan means then is for people to say: “the last Friday” is not a day before
    the last Saturday.
    """
    if span.starts_at.astimezone(zone).date() != span.day_on:
        return False
    minute = when.minute_of(span.starts_at, zone)
    if minute != series.starts_minute:
        series.starts_minute = minute
        series.sequence += 1
        series.changed_at = now
    return True


def _to_come(
    session: Session, community_id: uuid.UUID, *, now: dt.datetime
) -> list[tuple[GroupSession, Series | None]]:
    """Return what is to come with its series, locked; what is off or dropped may come back."""
    rows = session.execute(
        sa.select(GroupSession, Series)
        .outerjoin(
            Series,
            sa.and_(
                Series.community_id == GroupSession.community_id,
                Series.id == GroupSession.series_id,
            ),
        )
        .where(GroupSession.community_id == community_id, is_to_come(now))
        .order_by(GroupSession.id)
        .with_for_update(of=GroupSession)
    )
    return [(row[0], row[1]) for row in rows]


def _as_planned(community: Community, planned: GroupSession, series: Series | None) -> Time:
    """Return when a date is on the clock on the wall, also where the clock jumped over it."""
    if series is None or planned.is_moved:
        return time_of(community, planned)
    time = Time(
        day_on=planned.day_on,
        starts_minute=series.starts_minute,
        length_minutes=series.length_minutes,
    )
    span = when.span(time.day_on, time.starts_minute, time.length_minutes, zone_of(community))
    # A date that kept its moment before is not at the time of day that its series has.
    return time if span.starts_at == planned.starts_at else time_of(community, planned)
