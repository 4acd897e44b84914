"""What a calendar file's rule means on the clock on the wall of the community. Pure."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from zoneinfo import ZoneInfo

from timebank.sessions.calendars.clocks import as_shown
from timebank.sessions.calendars.events import Said
from timebank.sessions.errors import EventError, RuleNotUnderstoodError
from timebank.sessions.policy import repeating

#: A rule is compared with the same rule on our own clock for so long.
COMPARED_DAYS = 400
#: More dates than this nobody counts to.
COUNT_MAX = 1_000
RULE_SHOWN_MAX = 80
_OFTEN = frozenset({"HOURLY", "MINUTELY", "SECONDLY"})
#: In this order, and nothing else, a series keeps a rule.
_KEPT = ("FREQ", "INTERVAL", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS", "WKST")
#: Times of the day in a rule say what the beginning says already, or make several dates of a day.
_OF_THE_DAY = {"BYHOUR": "hour", "BYMINUTE": "minute", "BYSECOND": "second"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happens:
    """When a series happens, on the clock on the wall of the community.

    Attributes:
        rrule: Without DTSTART, UNTIL and COUNT.
        starts_on: The next date from today on that the rule gives; the first, if it lies ahead.
        until_on: The last date; None where the file names none.
        is_beside_start: Whether the event's own beginning is no date of its rule.
        is_over: Whether the last date has passed.
    """

    rrule: str
    starts_on: dt.date
    starts_minute: int
    length_minutes: int
    until_on: dt.date | None
    is_beside_start: bool = False
    is_over: bool = False


def happens(said: Said, zone: ZoneInfo, today: dt.date) -> Happens:
    """Return when a series happens.

    Raises:
        EventError: If its rule cannot be followed, never comes true, comes true several times a
            day, or follows a clock that changes on other days than ours.
    """
    parts = _parts(said.rule)
    rule = _kept(parts, said)
    starts = as_shown(said.starts.shown, said.starts.clock, zone)
    try:
        repeating.check(rule)
        until_on = _until_on(rule, parts, said, zone)
        near_on = _near(parts, starts.date(), today)
        next_on = repeating.next_dates(rule, near_on, first_on=max(near_on, today), limit=1)
        ever_on = repeating.next_dates(rule, starts.date(), first_on=starts.date(), limit=1)
    except (RuleNotUnderstoodError, IndexError) as error:
        # IndexError is what the library says of a fifty-third Monday in February.
        raise EventError("rule unreadable", rule=said.rule[:RULE_SHOWN_MAX]) from error
    if not ever_on or (until_on is not None and until_on < ever_on[0]):
        raise EventError("never")
    is_over = not next_on or (until_on is not None and until_on < next_on[0])
    if not is_over:
        _compare(rule, said, zone, next_on[0], until_on)
    return Happens(
        rrule=rule,
        starts_on=starts.date() if is_over else next_on[0],
        starts_minute=starts.hour * 60 + starts.minute,
        length_minutes=said.length_minutes,
        until_on=until_on,
        is_beside_start=ever_on[0] != starts.date(),
        is_over=is_over,
    )


def _parts(rule: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in rule.upper().split(";") if part]
    return {name.strip(): value.strip() for name, _equals, value in pairs}


def _kept(parts: dict[str, str], said: Said) -> str:
    """Return a rule as a series keeps it."""
    if parts.get("FREQ") in _OFTEN:
        raise EventError("too often")
    for name, figure in _OF_THE_DAY.items():
        shown = str(getattr(said.starts.shown, figure))
        if parts.get(name, shown).lstrip("0") != shown.lstrip("0"):
            raise EventError("too often")
    known = {*_KEPT, *_OF_THE_DAY, "UNTIL", "COUNT"}
    if not set(parts) <= known or not _comes_true_soon(parts):
        raise EventError("rule unreadable", rule=said.rule[:RULE_SHOWN_MAX])
    return ";".join(
        f"{name}={parts[name]}"
        for name in _KEPT
        if name in parts and (name, parts[name]) not in {("INTERVAL", "1"), ("WKST", "MO")}
    )


def _comes_true_soon(parts: dict[str, str]) -> bool:
    """Tell whether a rule is of a kind that gives a date within some years, if it ever does.

    The second Monday that is a twentieth never comes, and is looked for until the year 9999.
    """
    days = parts.get("BYDAY", "")
    is_numbered = any(letter.isdigit() for letter in days)
    skips = parts.get("INTERVAL", "1") != "1"
    if is_numbered and not _small(re.sub(r"[A-Z]{2}", "", days).replace(",,", ",").strip(",")):
        return False
    if is_numbered and ("BYMONTHDAY" in parts or "BYSETPOS" in parts):
        return False
    if "BYSETPOS" in parts and (not days or "BYMONTHDAY" in parts or not _small(parts["BYSETPOS"])):
        return False
    narrows = {"DAILY": {"BYDAY", "BYMONTHDAY", "BYMONTH"}, "MONTHLY": {"BYMONTH"}}
    return not (skips and narrows.get(parts.get("FREQ", ""), set()) & set(parts))


def _small(numbers: str) -> bool:
    """Tell whether each of some numbers is one of a month's weeks, from its beginning or end."""
    return all(re.fullmatch(r"[+-]?[1-5]", number) for number in numbers.split(","))


def _until_on(rule: str, parts: dict[str, str], said: Said, zone: ZoneInfo) -> dt.date | None:
    """Return the last date, from a day, a moment or a count."""
    starts = as_shown(said.starts.shown, said.starts.clock, zone)
    if "COUNT" in parts:
        return _counted(rule, parts["COUNT"], starts.date(), said)
    if "UNTIL" not in parts:
        return None
    try:
        until = dt.datetime.fromisoformat(parts["UNTIL"])
    except ValueError as error:
        raise EventError("rule unreadable", rule=said.rule[:RULE_SHOWN_MAX]) from error
    if "T" not in parts["UNTIL"]:
        return until.date()
    if until.tzinfo is not None:
        until = as_shown(until.replace(tzinfo=None), until.tzinfo, zone)
    passed = until.time() < starts.time()
    return until.date() - dt.timedelta(days=1) if passed else until.date()


def _counted(rule: str, count: str, starts_on: dt.date, said: Said) -> dt.date:
    if not count.isdecimal() or not 1 <= int(count) <= COUNT_MAX:
        raise EventError("rule unreadable", rule=said.rule[:RULE_SHOWN_MAX])
    last_on = starts_on + dt.timedelta(days=366 * repeating.YEARS_AHEAD)
    found = list(
        islice(repeating.dates(rule, starts_on, first_on=starts_on, last_on=last_on), int(count))
    )
    if not found:
        raise EventError("never")
    return found[-1]


def _near(parts: dict[str, str], starts_on: dt.date, today: dt.date) -> dt.date:
    """Return a beginning from which a rule of days or weeks gives the same dates from today on.

    What began thirty years ago would otherwise be counted through day by day.
    """
    days = {"DAILY": 1, "WEEKLY": 7}.get(parts["FREQ"])
    if days is None or starts_on >= today:
        return starts_on
    days *= int(parts.get("INTERVAL", "1"))
    return starts_on + (today - starts_on).days // days * dt.timedelta(days=days)


def _compare(
    rule: str, said: Said, zone: ZoneInfo, first_on: dt.date, until_on: dt.date | None
) -> None:
    """Refuse a rule of another clock that gives other moments on ours.

    A call at ten each Monday in New York is at three in London, but for some weeks of spring and
    autumn. A series here has one time on the wall, and would be wrong by an hour in those weeks.
    """
    if said.starts.clock is None or str(said.starts.clock) == zone.key:
        return
    last_on = first_on + dt.timedelta(days=COMPARED_DAYS)
    last_on = last_on if until_on is None else min(last_on, until_on)
    margin = dt.timedelta(days=2)
    here = as_shown(said.starts.shown, said.starts.clock, zone)
    ours = set(_moments(rule, here, first_on, last_on))
    theirs = {
        as_shown(moment, said.starts.clock, zone)
        for moment in _moments(rule, said.starts.shown, first_on - margin, last_on + margin)
    }
    if ours != {moment for moment in theirs if first_on <= moment.date() <= last_on}:
        raise EventError("other clock", zone=str(said.starts.clock))


def _moments(
    rule: str, starts: dt.datetime, first_on: dt.date, last_on: dt.date
) -> Iterator[dt.datetime]:
    for day in repeating.dates(rule, starts.date(), first_on=first_on, last_on=last_on):
        yield dt.datetime.combine(day, starts.time())
