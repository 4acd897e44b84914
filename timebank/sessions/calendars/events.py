"""Read one event of a calendar file: text in, facts out, or an error that says why not. Pure."""

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import icalendar
from icalendar.error import BrokenCalendarProperty

from timebank.sessions.calendars.clocks import BROKEN, clock_of
from timebank.sessions.calendars.pieces import Piece
from timebank.sessions.errors import EventError
from timebank.sessions.models import LENGTH_MINUTES_MAX, SOURCE_UID_LENGTH_MAX

#: What an event may not be in doubt about. What is broken elsewhere in it is nobody's loss.
NEEDED = (
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "EXDATE",
    "RDATE",
    "RECURRENCE-ID",
    "STATUS",
    "CLASS",
    "UID",
)
#: Dates written out one by one, with or without a session.
DATES_MAX = 1_000
#: Years in which people plan, with room on both sides.
YEARS = range(1990, 2100)
_NAME = re.compile(r"'([A-Za-z-]+)")
_FOLD = re.compile(r"\r\n[ \t]")
#: The library looks a zone up as soon as it sees one, also by guesses. We do that ourselves.
_ZONE = re.compile(
    r"^((?:DTSTART|DTEND|RECURRENCE-ID|EXDATE|RDATE)[;A-Z0-9=,-]*);TZID=",
    re.IGNORECASE | re.MULTILINE,
)
OUR_ZONE = "X-ZONE"
_LENGTH_MAX = dt.timedelta(minutes=LENGTH_MINUTES_MAX)
_MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as a file says it: what its clock shows, and which clock that is.

    Attributes:
        shown: Without a zone.
        clock: None where any clock on the wall is meant.
        is_day: Whether only the day is said.
    """

    shown: dt.datetime
    clock: dt.tzinfo | None = None
    is_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an event says, in the words and by the clock of its file.

    Attributes:
        uid: Names it in every copy of the file; made from what it says where it has none.
        changes: Which date of a series it speaks of; None for an event of its own.
        length_minutes: From beginning to end on the clock on the wall.
        rule: RRULE as written, or "".
        off: Dates of the rule that do not take place.
        extra: Dates beside the rule, with their lengths.
        people_count: How many are named in it: they are not read.
    """

    line: int
    uid: str
    title: str
    words: str
    where: str
    starts: Moment
    length_minutes: int
    rule: str
    off: tuple[Moment, ...]
    extra: tuple[tuple[Moment, int], ...]
    changes: Moment | None
    is_cancelled: bool
    sequence: int
    people_count: int


def read_event(piece: Piece, described: Mapping[str, dt.tzinfo]) -> Said:
    """Read an event.

    Args:
        piece: Its lines.
        described: Zones that the file describes itself.

    Raises:
        EventError: If it cannot be used; `reason` says why.
    """
    event = _parsed(piece)
    _check(event)
    starts = _moment(_one(event, "DTSTART"), described)
    if starts is None:
        raise EventError("no start")
    changes = _moment(_one(event, "RECURRENCE-ID"), described)
    if changes is not None and "RANGE" in event["RECURRENCE-ID"].params:
        raise EventError("this and later")
    is_cancelled = _text(event, "STATUS").upper() == "CANCELLED"
    # A date that does not take place needs no length; programs leave it out.
    length = 1 if is_cancelled else _length(event, starts, described)
    title = _text(event, "SUMMARY")
    return Said(
        line=piece.line,
        uid=_uid(event, title, starts),
        title=title,
        words=_text(event, "DESCRIPTION", is_long=True),
        where=_text(event, "LOCATION"),
        starts=starts,
        length_minutes=length,
        rule=_rule(event),
        off=tuple(moment for moment, _length in _dates(event, "EXDATE", described, 0)),
        extra=tuple(_dates(event, "RDATE", described, length)),
        changes=changes,
        is_cancelled=is_cancelled,
        sequence=_number(event, "SEQUENCE"),
        people_count=len(_every(event, "ATTENDEE")) + len(_every(event, "ORGANIZER")),
    )


def _parsed(piece: Piece) -> icalendar.Event:
    if piece.fault:
        raise EventError(piece.fault)
    try:
        text = _ZONE.sub(rf"\1;{OUR_ZONE}=", _FOLD.sub("", piece.text))
        event = icalendar.Event.from_ical(text)
    except BROKEN as error:
        raise EventError("unreadable", name="BEGIN:VEVENT") from error
    if not isinstance(event, icalendar.Event):
        raise EventError("unreadable", name="BEGIN:VEVENT")
    return event


def _check(event: icalendar.Event) -> None:
    """Refuse an event that leaves in doubt what it must not."""
    for name, words in event.errors:
        # A line that is no property at all has no name; its words still tell which it was to be.
        told = name or next(iter(_NAME.findall(words.rpartition("into parts: ")[2])), "")
        if told.upper() in NEEDED:
            raise EventError("unreadable", name=told.upper())
    if _text(event, "CLASS").upper() in {"PRIVATE", "CONFIDENTIAL"}:
        raise EventError("private")


def _every(event: icalendar.Event, name: str) -> list[Any]:
    found = event.get(name)
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def _one(event: icalendar.Event, name: str) -> Any:  # noqa: ANN401 - whatever the library made of it
    found = _every(event, name)
    if len(found) > 1:
        raise EventError("said twice", name=name)
    return found[0] if found else None


def _text(event: icalendar.Event, name: str, *, is_long: bool = False) -> str:
    """Return words without what only disturbs; on one line unless they are many."""
    found = _every(event, name)
    text = "".join(
        letter for letter in str(found[0]) if letter in "\n\t" or letter.isprintable()
    ) if found else ""  # fmt: skip
    return text.strip() if is_long else " ".join(text.split())


def _number(event: icalendar.Event, name: str) -> int:
    found = _every(event, name)
    try:
        return max(0, min(int(found[0]), 2**31 - 1)) if found else 0
    except (ValueError, BrokenCalendarProperty):
        return 0


def _moment(said: Any, described: Mapping[str, dt.tzinfo]) -> Moment | None:  # noqa: ANN401 - as above
    return None if said is None else _as_moment(said.dt, said.params.get(OUR_ZONE), described)


def _as_moment(value: Any, zone: str | None, described: Mapping[str, dt.tzinfo]) -> Moment:  # noqa: ANN401 - as above
    if isinstance(value, dt.timedelta | dt.time | tuple) or value.year not in YEARS:
        raise EventError("no such time")
    if not isinstance(value, dt.datetime):
        return Moment(dt.datetime.combine(value, dt.time()), is_day=True)
    shown = value.replace(tzinfo=None)
    if zone is not None:
        return Moment(shown, clock_of(zone, described))
    return Moment(shown, dt.UTC if value.tzinfo is not None else None)


def _length(event: icalendar.Event, starts: Moment, described: Mapping[str, dt.tzinfo]) -> int:
    """Return the minutes between two looks at the clock on the wall."""
    if starts.is_day:
        raise EventError("all day")
    ends, lasts = _moment(_one(event, "DTEND"), described), _one(event, "DURATION")
    if ends is None and lasts is None:
        raise EventError("no end")
    if ends is None:
        return _whole_minutes(lasts.dt)
    if ends.is_day or (ends.clock is None) != (starts.clock is None):
        raise EventError("no such time")
    if ends.clock is not None and starts.clock is not None:
        shown = ends.shown.replace(tzinfo=ends.clock).astimezone(starts.clock)
        return _whole_minutes(shown.replace(tzinfo=None) - starts.shown)
    return _whole_minutes(ends.shown - starts.shown)


def _whole_minutes(lasts: Any) -> int:  # noqa: ANN401 - as above
    if not isinstance(lasts, dt.timedelta):
        raise EventError("no such time")
    if lasts <= dt.timedelta():
        raise EventError("ends first")
    if lasts > _LENGTH_MAX:
        raise EventError("too long")
    return -(-lasts // _MINUTE)


def _rule(event: icalendar.Event) -> str:
    found = _one(event, "RRULE")
    return "" if found is None else found.to_ical().decode()


def _dates(
    event: icalendar.Event, name: str, described: Mapping[str, dt.tzinfo], length_minutes: int
) -> list[tuple[Moment, int]]:
    """Return dates written out one by one, each with the length it has."""
    found: list[tuple[Moment, int]] = []
    for line in _every(event, name):
        zone = line.params.get(OUR_ZONE)
        for said in line.dts:
            value, minutes = said.dt, length_minutes
            if isinstance(value, tuple):
                value, end = value
                minutes = _whole_minutes(end if isinstance(end, dt.timedelta) else end - value)
            found.append((_as_moment(value, zone, described), minutes))
            if len(found) > DATES_MAX:
                raise EventError("too many dates", dates_max=str(DATES_MAX))
    return found


def _uid(event: icalendar.Event, title: str, starts: Moment) -> str:
    uid = _text(event, "UID")
    if uid and len(uid) <= SOURCE_UID_LENGTH_MAX:
        return uid
    lasting = uid or f"{title}\x1f{starts.shown.isoformat()}"
    return hashlib.sha256(lasting.encode()).hexdigest()
