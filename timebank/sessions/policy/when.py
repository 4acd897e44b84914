"""From the clock on the wall to moments, also where the clocks change in between.

A time that the clocks jump over in spring begins an hour later, at the same moment as without the
jump. A time that comes twice in autumn is the first of the two. What begins at a time that was
jumped over keeps its length; everything else ends when the clock on the wall says so, and lasts an
hour less or more.
"""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from timebank.sessions.models import DAY_MINUTES

_MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Span:
    """When a session is: on which day it starts where the community is, and two moments."""

    day_on: dt.date
    starts_at: dt.datetime
    ends_at: dt.datetime


def wall(day: dt.date, minute: int) -> dt.datetime:
    """Return a minute of a day as the clock on the wall shows it, without a zone."""
    return dt.datetime.combine(day, dt.time()) + minute * _MINUTE


def instant(shown: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return the moment at which the clock on the wall shows this."""
    return shown.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)


def exists(shown: dt.datetime, zone: ZoneInfo) -> bool:
    """Tell whether the clock on the wall ever shows this."""
    return instant(shown, zone).astimezone(zone).replace(tzinfo=None) == shown


def span(day: dt.date, minute: int, length_minutes: int, zone: ZoneInfo) -> Span:
    """Return when a session is that begins at a minute of a day, for so long on the wall."""
    begins = wall(day, minute)
    starts_at = instant(begins, zone)
    ends_at = instant(begins + length_minutes * _MINUTE, zone)
    if ends_at <= starts_at or not exists(begins, zone):
        ends_at = starts_at + length_minutes * _MINUTE
    return Span(day, starts_at, ends_at)


def length_between(starts_minute: int, ends_minute: int) -> int:
    """Return the length from one time of day to another; an earlier one is on the next day.

    The same time twice has no length: 0, which nobody can plan.
    """
    return (ends_minute - starts_minute) % DAY_MINUTES


def minute_of(moment: dt.datetime, zone: ZoneInfo) -> int:
    """Return the minute of the day that the clock on the wall shows at a moment."""
    local = moment.astimezone(zone)
    return local.hour * 60 + local.minute


def begin_of(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return the moment at which a day begins where the community is."""
    return instant(wall(day, 0), zone)
