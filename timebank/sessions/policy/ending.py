"""When a session ended, where that was not as planned. Pure."""

import datetime as dt
from zoneinfo import ZoneInfo

from timebank.sessions.errors import EndOutOfRangeError
from timebank.sessions.models import ATTENDED_MINUTES_MAX, GroupSession
from timebank.sessions.policy import when

_MINUTE = dt.timedelta(minutes=1)


def end_of(held: GroupSession, ended_at: dt.datetime | None) -> dt.datetime:
    """Return when a session ended: as planned, where nobody says when."""
    return held.ends_at if ended_at is None else ended_at


def lasted_minutes(held: GroupSession, ended_at: dt.datetime | None) -> int:
    """Return how long a session lasted."""
    return (end_of(held, ended_at) - held.starts_at) // _MINUTE


def latest_end(held: GroupSession, *, now: dt.datetime) -> dt.datetime:
    """Return the latest end that can be written down: now, or the planned one if that is later."""
    longest = held.starts_at + ATTENDED_MINUTES_MAX * _MINUTE
    return max(held.ends_at, min(now, longest))


def check_end(held: GroupSession, ended_at: dt.datetime | None, *, now: dt.datetime) -> None:
    """Refuse an end that can not be.

    Raises:
        EndOutOfRangeError: With the times between which it can be.
    """
    latest_at = latest_end(held, now=now)
    if not held.starts_at < end_of(held, ended_at) <= latest_at:
        raise EndOutOfRangeError(held.starts_at, latest_at)


def offered_end(held: GroupSession, *, now: dt.datetime, step_minutes: int) -> dt.datetime | None:
    """Return the end to begin with when a session is closed.

    It is the planned one. Whoever closes before that has let people go, so it is now: the whole
    steps that were held, and the one that was begun. Before it has begun there is none.
    """
    if now >= held.ends_at:
        return held.ends_at
    if now <= held.starts_at:
        return None
    step = step_minutes * _MINUTE
    begun = -((held.starts_at - now) // step)
    return min(held.ends_at, held.starts_at + begun * step)


def typed_end(held: GroupSession, minute: int, zone: ZoneInfo) -> dt.datetime:
    """Return the moment that a time of day means as the end of a session.

    It is the first one after its beginning, which may be after midnight.
    """
    if minute == when.minute_of(held.ends_at, zone):
        return held.ends_at
    # The clock on the wall may be another one since it was planned: then it began on another day.
    day, begins = held.starts_at.astimezone(zone).date(), when.minute_of(held.starts_at, zone)
    return when.span(day, begins, when.length_between(begins, minute), zone).ends_at
