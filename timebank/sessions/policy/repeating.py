"""Which dates a rule gives, and the rules that can be said in words.

A rule is text of RFC 5545 without DTSTART and UNTIL. Dates are found on the clock on the wall,
without a zone: what is at ten stays at ten when the clocks change.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from dateutil import rrule

from timebank.sessions.errors import RuleNotUnderstoodError
from timebank.sessions.models import RULE_LENGTH_MAX

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
#: How often, as a person says it. The last two are of a month.
OFTEN = ("every week", "every second week", "weekday of the month", "day of the month")
#: Which of its kind in the month; -1 is the last.
POSITIONS = (1, 2, 3, 4, -1)
MONTH_DAYS = 31
#: Nothing is looked for beyond this: a rule without a date by then never happens.
YEARS_AHEAD = 8
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_PARTS = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"}
)
_OF_A_MONTH = frozenset({"MONTHLY", "YEARLY"})
_INTERVAL_MAX = 400
#: A weekday, perhaps the second or the last one of a month; and which of those that fit.
_WEEKDAY = re.compile(rf"(?P<number>[+-]?[1-5])?(?:{'|'.join(DAYS)})")
_POSITION = re.compile(r"[+-]?([1-9][0-9]?)")
#: Every month has each weekday so often.
_WEEKS_OF_A_MONTH = 4
#: Days of the longest year's months.
_MONTH_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rule that has words.

    Attributes:
        often: One of `OFTEN`.
        weekdays: Days of the week, 0 is Monday; one of them where it is a weekday of the month.
        position: Which weekday of the month.
        month_day: Which day of the month; in a month without it nothing happens.
    """

    often: str
    weekdays: tuple[int, ...] = ()
    position: int = 1
    month_day: int = 1


def rule_of(pattern: Pattern) -> str:
    """Return a pattern as a rule."""
    days = ",".join(DAYS[day] for day in sorted(set(pattern.weekdays)))
    match pattern.often:
        case "every week":
            return f"FREQ=WEEKLY;BYDAY={days}"
        case "every second week":
            return f"FREQ=WEEKLY;INTERVAL=2;BYDAY={days}"
        case "weekday of the month":
            return f"FREQ=MONTHLY;BYDAY={pattern.position:+d}{DAYS[pattern.weekdays[0]]}"
        case _:
            return f"FREQ=MONTHLY;BYMONTHDAY={pattern.month_day}"


def pattern_of(rule: str) -> Pattern | None:
    """Return what a rule says in words, or None where it says more than our form can."""
    for pattern in _candidates(rule):
        if rule_of(pattern) == rule:
            return pattern
    return None


def _candidates(rule: str) -> Iterator[Pattern]:
    parts = _parts(rule)
    days = parts.get("BYDAY", "").split(",")
    if set(days) <= set(DAYS):
        chosen = tuple(DAYS.index(day) for day in days)
        yield Pattern("every week", chosen)
        yield Pattern("every second week", chosen)
    elif days[0][-2:] in DAYS:
        for position in POSITIONS:
            yield Pattern("weekday of the month", (DAYS.index(days[0][-2:]),), position)
    elif parts.get("BYMONTHDAY", "").isdecimal():
        yield Pattern("day of the month", month_day=int(parts["BYMONTHDAY"]))


def check(rule: str) -> None:
    """Refuse a rule that cannot be read, or that would be looked through for very long.

    Raises:
        RuleNotUnderstoodError: If it is no such rule.
    """
    parts = _parts(rule)
    frequency = parts.get("FREQ", "")
    if (
        len(rule) > RULE_LENGTH_MAX
        or frequency not in _FREQUENCIES
        or not set(parts) <= _PARTS
        or not _numbers_fit(parts)
        or not _weekdays_fit(parts)
        or not _positions_fit(parts)
        or not _day_is_in_a_month(parts)
    ):
        raise RuleNotUnderstoodError(rule)
    _read(rule, dt.date(2026, 1, 1))


def _parts(rule: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in rule.split(";")]
    parts = {name: value for name, _equals, value in pairs}
    if len(parts) != len(pairs) or not all(equals and value for _name, equals, value in pairs):
        raise RuleNotUnderstoodError(rule)
    return parts


def _numbers_fit(parts: dict[str, str]) -> bool:
    return all(
        parts[name].isascii() and parts[name].isdecimal() and 1 <= int(parts[name]) <= _INTERVAL_MAX
        for name in ("INTERVAL", "COUNT")
        if name in parts
    )


def _weekdays_fit(parts: dict[str, str]) -> bool:
    """Tell whether its weekdays are some, and the second Tuesday is one of a month."""
    if "BYDAY" not in parts:
        return True
    found = [_WEEKDAY.fullmatch(day) for day in parts["BYDAY"].split(",")]
    numbered = any(each and each["number"] for each in found)
    if not all(found) or (numbered and "BYMONTHDAY" in parts):
        return False
    # Every seventh day is always the same weekday, or none of those asked for.
    is_seventh = parts["FREQ"] == "DAILY" and int(parts.get("INTERVAL", "1")) % len(DAYS) == 0
    return not is_seventh and (not numbered or parts["FREQ"] in _OF_A_MONTH)


def _positions_fit(parts: dict[str, str]) -> bool:
    """Tell whether every month has as many of its weekdays as it counts: four of each."""
    if "BYSETPOS" not in parts:
        return True
    if parts["FREQ"] not in _OF_A_MONTH or "BYMONTHDAY" in parts or "BYDAY" not in parts:
        return False
    positions = [_POSITION.fullmatch(each) for each in parts["BYSETPOS"].split(",")]
    most = _WEEKS_OF_A_MONTH * len(parts["BYDAY"].split(","))
    return all(each and int(each[1]) <= most for each in positions)


def _day_is_in_a_month(parts: dict[str, str]) -> bool:
    """Tell whether one of its days of the month is in one of its months, as 30 February is not."""
    if "BYMONTHDAY" not in parts:
        return True
    months = parts.get("BYMONTH", "1").split(",")
    try:
        days = [abs(int(day)) for day in parts["BYMONTHDAY"].split(",")]
        longest = max(_MONTH_LENGTHS[int(month) - 1] for month in months)
    except (ValueError, IndexError):
        return False
    return 1 <= min(days) <= longest


def _read(rule: str, starts_on: dt.date) -> rrule.rrule:
    try:
        read = rrule.rrulestr(rule, dtstart=dt.datetime.combine(starts_on, dt.time()))
    except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
        raise RuleNotUnderstoodError(rule) from error
    if not isinstance(read, rrule.rrule):
        raise RuleNotUnderstoodError(rule)
    return read


def dates(
    rule: str, starts_on: dt.date, *, first_on: dt.date, last_on: dt.date
) -> Iterator[dt.date]:
    """Yield the dates a rule gives from one day to another, both included, in order.

    The day it starts on counts only where the rule gives it.

    Raises:
        RuleNotUnderstoodError: If it is no rule.
    """
    for moment in _read(rule, starts_on):
        day = moment.date()
        if day > last_on:
            return
        if day >= first_on:
            yield day


def next_dates(
    rule: str,
    starts_on: dt.date,
    *,
    first_on: dt.date,
    until_on: dt.date | None = None,
    closed: Collection[tuple[dt.date, dt.date]] = (),
    limit: int = 6,
) -> list[dt.date]:
    """Return the next dates on which something would happen; `closed` are times when nothing does.

    An empty list means that it never happens.
    """
    first = max(first_on, starts_on)
    last = first + dt.timedelta(days=366 * YEARS_AHEAD)
    last = last if until_on is None else min(last, until_on)
    found = (
        day
        for day in dates(rule, starts_on, first_on=first, last_on=last)
        if not any(begin <= day <= end for begin, end in closed)
    )
    return list(islice(found, limit))
