"""Take a calendar file apart into its events, each with the line it begins at. Pure.

Each event is read by itself afterwards, so that one that is broken takes no other with it.
"""

import re
from dataclasses import dataclass, field

from timebank.sessions.errors import CalendarFileError

BYTES_MAX = 1_000_000
EVENTS_MAX = 500
ZONES_MAX = 50
#: Deeper than any calendar nests; alarms in events in a calendar are three.
DEPTH_MAX = 8
EVENT, ZONE = "VEVENT", "VTIMEZONE"
#: What has no time at which people come together: known, counted and left alone.
LEFT_ALONE = ("VTODO", "VJOURNAL", "VFREEBUSY")
_MARK = re.compile(r"(BEGIN|END):([A-Za-z0-9-]+)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """One event, or one description of a zone.

    Attributes:
        line: Where it begins; the file's first line is 1.
        text: Its lines, from BEGIN to END.
        fault: "within" where another event stands inside it, "cut off" where the file ends first.
    """

    line: int
    text: str
    fault: str = ""


@dataclass(slots=True)
class Pieces:
    """A file taken apart."""

    events: list[Piece] = field(default_factory=list)
    zones: list[Piece] = field(default_factory=list)
    left_alone: dict[str, int] = field(default_factory=dict)
    is_cancelling: bool = False


def take_apart(content: bytes) -> Pieces:
    """Take a file apart.

    Raises:
        CalendarFileError: If it is no calendar, or more of one than anybody plans by hand.
    """
    found, cutter = Pieces(), _Cutter()
    for number, line in enumerate(re.split(r"\r\n|\n|\r", _decoded(content)), start=1):
        mark = _MARK.fullmatch(line)
        cutter.keep(line)
        if mark is None:
            found.is_cancelling |= not cutter.inside and line.strip().upper() == "METHOD:CANCEL"
        elif mark[1].upper() == "BEGIN":
            name = mark[2].upper()
            if not cutter.inside and name in LEFT_ALONE:
                found.left_alone[name] = found.left_alone.get(name, 0) + 1
            cutter.begin(number, line, name)
        else:
            cutter.end(mark[2].upper(), found)
    cutter.finish(found)
    if not cutter.has_begun:
        raise CalendarFileError("no calendar")
    return found


def _decoded(content: bytes) -> str:
    if len(content) > BYTES_MAX:
        raise CalendarFileError("too long", megabytes=BYTES_MAX // 1_000_000)
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise CalendarFileError("no calendar")


@dataclass(slots=True)
class _Cutter:
    """Where the cut is: what is open, and the lines of the event or zone that is being gathered."""

    inside: str = ""
    has_begun: bool = False
    _open: list[str] = field(default_factory=list)
    _start: int = 0
    _lines: list[str] = field(default_factory=list)
    _fault: str = ""

    def keep(self, line: str) -> None:
        """Take a line into the piece, unless it is empty: some programs leave lines between."""
        if self.inside and line.strip():
            self._lines.append(line)

    def begin(self, number: int, line: str, name: str) -> None:
        """Open something; an event or a zone that is not inside of another begins a piece."""
        self.has_begun = True
        self._open.append(name)
        if len(self._open) > DEPTH_MAX:
            raise CalendarFileError("too deep")
        if name not in {EVENT, ZONE}:
            return
        if self.inside:
            self._fault = "within"
        else:
            self.inside, self._start, self._lines, self._fault = name, number, [line], ""

    def end(self, name: str, found: Pieces) -> None:
        """Close something, and whatever was left open inside of it."""
        if name not in self._open:
            return
        while self._open.pop() != name:
            pass
        if self.inside and self.inside not in self._open:
            self._hand_over(found)

    def finish(self, found: Pieces) -> None:
        """Hand over what the file ends in the middle of."""
        if self.inside:
            self._fault = "cut off"
            self._hand_over(found)

    def _hand_over(self, found: Pieces) -> None:
        pieces, most = (
            (found.events, EVENTS_MAX) if self.inside == EVENT else (found.zones, ZONES_MAX)
        )
        pieces.append(Piece(self._start, "\r\n".join(self._lines), self._fault))
        if len(pieces) > most:
            raise CalendarFileError("too many events", events_max=EVENTS_MAX)
        self.inside = ""
