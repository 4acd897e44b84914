"""Which clock a time in a calendar file is read by. Pure."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from zoneinfo import ZoneInfo

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from timebank.sessions.calendars.pieces import Piece
from timebank.sessions.errors import EventError

ZONE_LENGTH_MAX = 100
#: What the library says of text that is not what it should be.
BROKEN = (
    *(ValueError, TypeError, KeyError, IndexError),
    *(AttributeError, OverflowError, OSError),
)
#: Lines of a zone's description; the longest that programs write have some hundred.
ZONE_LINES_MAX = 600
#: Clocks change by the year. Any other rule is nonsense, and may be looked through for hours.
_RULE = re.compile(r"^RRULE[^\r\n]*", re.IGNORECASE | re.MULTILINE)
_BY_THE_YEAR = re.compile(r"FREQ=YEARLY\b", re.IGNORECASE)


def clock_of(name: str, described: Mapping[str, dt.tzinfo]) -> dt.tzinfo:
    """Return the clock that a file calls by this name.

    Args:
        name: As the file has it.
        described: The zones that the file describes itself (`described_in`).

    Raises:
        EventError: If nobody knows it ("unknown zone").
    """
    for known in _known_names(name):
        try:
            return ZoneInfo(known)
        except (ValueError, KeyError, OSError):
            continue
    if name in described:
        return described[name]
    raise EventError("unknown zone", zone=name[:ZONE_LENGTH_MAX])


def _known_names(name: str) -> Iterator[str]:
    plain = name.strip().strip('"').strip("/")
    if plain in WINDOWS_TO_OLSON:
        yield WINDOWS_TO_OLSON[plain]
    if "/" in plain or plain.upper() in {"UTC", "GMT"}:
        # Some programs put a path of their own before the name.
        for segments in (3, 2):
            yield "/".join(plain.split("/")[-segments:])


def described_in(zones: Iterable[Piece]) -> dict[str, dt.tzinfo]:
    """Return the zones a file describes, by its own names for them; one that is broken is left out.

    A time that names a zone left out here is refused when it is read.
    """
    found: dict[str, dt.tzinfo] = {}
    for piece in zones:
        if piece.fault or not _is_plain(piece.text):
            continue
        try:
            name, clock = _described(piece.text)
        except BROKEN:
            continue
        found[name] = clock
    return found


def _described(text: str) -> tuple[str, dt.tzinfo]:
    described = Timezone.from_ical(text)
    if not isinstance(described, Timezone):
        raise TypeError(type(described))
    place = str(described.get("X-LIC-LOCATION", ""))
    clock = ZoneInfo(place) if "/" in place else described.to_tz(lookup_tzid=False)
    return str(described["TZID"]), clock


def _is_plain(text: str) -> bool:
    rules = _RULE.findall(text)
    return text.count("\n") < ZONE_LINES_MAX and all(_BY_THE_YEAR.search(rule) for rule in rules)


def as_shown(moment: dt.datetime, clock: dt.tzinfo | None, zone: ZoneInfo) -> dt.datetime:
    """Return what the clock on the wall in `zone` shows, without a zone.

    Args:
        moment: What the file's clock shows, without a zone.
        clock: The file's clock; None for a floating time, which is any wall's.
        zone: The community's.
    """
    if clock is None:
        return moment
    return moment.replace(tzinfo=clock).astimezone(zone).replace(tzinfo=None)
