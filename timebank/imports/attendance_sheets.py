"""Read who was at which session from a table that somebody kept: bytes in, sessions out. Pure.

There are two ways to keep such a table. Across: a row for each person, a column for each date, and
a mark where they were there. Down: a row for each time somebody came, with the date in a column. A
row called "Others" (or a column "Count") says how many came without a name.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from timebank.imports.errors import AttendanceError
from timebank.imports.sheets import BadRowError, fold, read_date
from timebank.tables import NotATableError, Remark, Table, TableTooLongError, opened

#: What columns are called, folded, for each thing that is read.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "full name", "first name", "who", "member", "person"),
    "number": ("number", "member number", "member no", "no"),
    "date": ("date", "day", "session date", "on"),
    "time": ("time", "start", "starts", "from"),
    "role": ("role", "part", "as"),
    "minutes": ("minutes", "length", "how long"),
    "title": ("session", "title", "activity", "event"),
    "count": ("count", "contacts", "without a name", "others", "how many"),
    "first": ("first time", "first timers", "new"),
}
#: Rows of a table kept across that count those without a name.
NAMELESS = frozenset({"others", "without a name", "anonymous", "tally", "guests", "no name"})
NOT_THERE = frozenset({"", "0", "no", "n", "absent", "nej", "false", "away"})
MARKS: Mapping[str, str] = {
    **dict.fromkeys(("x", "1", "yes", "y", "ja", "si", "true", "present", "p"), "participant"),
    **dict.fromkeys(("participant", "took part", "there", "member", "guest"), "participant"),
    **dict.fromkeys(("h", "host", "hosted", "lead", "l", "volunteer"), "host"),
    **dict.fromkeys(("b", "both"), "both"),
}
TICKS = frozenset("✓✔☑●•")
_WITH_MINUTES = re.compile(
    r"(?:(?P<letter>[a-z]+) )?(?P<minutes>[0-9]{1,4})(?: ?m(?:in(?:utes)?)?)?"
)
_TIME = re.compile(r"(?P<hour>[0-2]?[0-9])[:.](?P<minute>[0-5][0-9])")
#: A smaller number in a cell is a mark, and no length of time.
MINUTES_MIN = 5
MINUTES_MAX = 24 * 60
HOURS_A_DAY = 24
COUNT_DIGITS_MAX = 3


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody in a table.

    Attributes:
        row: Where they are told of first, as a spreadsheet counts.
        name: As it is written.
        number: Their member number; 0 where the table has none.
    """

    row: int
    name: str
    number: int = 0

    @property
    def key(self) -> str:
        """The same for the same person in the whole table."""
        return f"#{self.number}" if self.number else fold(self.name) or self.name


@dataclass(frozen=True, slots=True)
class Mark:
    """That somebody was there: as what, and how long; None for the whole session."""

    role: str = "participant"
    minutes: int | None = None


@dataclass(slots=True)
class HeldThen:
    """A session as the table has it.

    Attributes:
        row: Where it is told of first.
        day_on: Its day.
        starts_minute: When it began; None where the table does not say.
        title: What it is called; "" where the table does not say.
        there: Who was there, each once.
        nameless: How many without a name.
        first_timers: How many of those for the first time.
    """

    row: int
    day_on: dt.date
    starts_minute: int | None = None
    title: str = ""
    there: dict[str, tuple[Who, Mark]] = field(default_factory=dict)
    nameless: int = 0
    first_timers: int = 0

    @property
    def contacts(self) -> int:
        """Everybody who was there."""
        return len(self.there) + self.nameless


@dataclass(slots=True)
class Attendance:
    """A table as read: its sessions in order of time."""

    held: list[HeldThen] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    row_count: int = 0

    @property
    def contacts(self) -> int:
        """How many people at how many sessions."""
        return sum(each.contacts for each in self.held)


def read(content: bytes, *, today: dt.date, day_first: bool = False) -> Attendance:
    """Read a table.

    Args:
        content: The file's bytes.
        today: Nothing was held after it.
        day_first: Whether 3/4/2026 is in April.

    Raises:
        AttendanceError: If the file as a whole is of no use; `reason` says why.
    """
    try:
        table = opened(content)
        places = _places(table.names)
        reader = _Down if "date" in places else _Across
        found = reader(table, places, today=today, day_first=day_first).read()
    except NotATableError as error:
        raise AttendanceError("no table") from error
    except TableTooLongError as error:
        raise AttendanceError("too long") from error
    found.held.sort(key=lambda each: (each.day_on, each.starts_minute or 0))
    found.held = [each for each in found.held if each.contacts]
    found.remarks.sort(key=lambda remark: remark.row)
    return found


def _places(names: Sequence[str]) -> dict[str, int]:
    folded = [fold(name) for name in names]
    return {
        thing: folded.index(name)
        for thing, known in COLUMNS.items()
        for name in known[::-1]
        if name in folded
    }


def read_mark(text: str) -> Mark | None:
    """Read a cell: whether somebody was there, as what, and how long.

    Raises:
        BadRowError: If it says none of these.
    """
    if text.strip() and set(text.strip()) <= TICKS:
        return Mark()
    said = fold(text)
    if said in NOT_THERE and (said or not text.strip("-–—. ")):
        return None
    if said in MARKS:
        return Mark(MARKS[said])
    found = _WITH_MINUTES.fullmatch(re.sub(r"(?<=[a-z])(?=[0-9])", " ", said))
    if found is not None:
        role, minutes = MARKS.get(found["letter"] or "x"), int(found["minutes"])
        if role is not None and MINUTES_MIN <= minutes <= MINUTES_MAX:
            return Mark(role, minutes)
    raise BadRowError("odd mark", said=text.strip()[:20])


def _count(text: str) -> int:
    """Read how many came without a name.

    Raises:
        BadRowError: If it is no such number.
    """
    said = text.strip()
    if not said or said == "-":
        return 0
    if not (said.isascii() and said.isdigit() and len(said) <= COUNT_DIGITS_MAX):
        raise BadRowError("no count", said=said[:20])
    return int(said)


class _Reader:
    """What both ways to keep a table have in common."""

    def __init__(
        self, table: Table, places: Mapping[str, int], *, today: dt.date, day_first: bool
    ) -> None:
        self.table = table
        self.places = places
        self.today = today
        self.day_first = day_first
        self.found = Attendance()

    def read(self) -> Attendance:
        """Read all rows; what can not be read is told and left out."""
        for number, cells in self.table.rows:
            self.found.row_count += 1
            try:
                self.row(number, cells)
            except BadRowError as bad:
                self.bad(number, bad)
        return self.found

    def row(self, number: int, cells: Sequence[str]) -> None:
        """Read one row."""
        raise NotImplementedError

    def bad(self, number: int, bad: BadRowError, **facts: str) -> None:
        """Note what can not be read."""
        self.found.remarks.append(Remark(number, bad.code, bad.facts | facts, is_bad=True))

    def said(self, cells: Sequence[str], thing: str) -> str:
        """Return what a row says of something; "" where there is no such column."""
        place = self.places.get(thing)
        if place is None or place >= len(cells):
            return ""
        return " ".join(cells[place].split())

    def who(self, number: int, cells: Sequence[str]) -> Who:
        """Return whom a row is about."""
        name, typed = self.said(cells, "name"), self.said(cells, "number")
        digits = typed.upper().removeprefix("M").lstrip("0")
        if typed and not (digits.isascii() and digits.isdigit() and len(digits) <= 6):  # noqa: PLR2004 - as member numbers are written
            raise BadRowError("odd number", said=typed[:20])
        if not name and not digits:
            raise BadRowError("nobody named")
        return Who(number, name, int(digits) if digits else 0)

    def moment(self, text: str) -> dt.datetime:
        """Return when something was; at midnight where no time is said."""
        found = read_date(text, today=self.today, day_first=self.day_first)
        if found is None:
            raise BadRowError("no day")
        return found


class _Across(_Reader):
    """A row for each person, a column for each date."""

    def __init__(
        self, table: Table, places: Mapping[str, int], *, today: dt.date, day_first: bool
    ) -> None:
        super().__init__(table, places, today=today, day_first=day_first)
        if not {"name", "number"} & places.keys():
            raise AttendanceError("no name column")
        self.columns: dict[int, HeldThen] = {}
        for place, name in enumerate(table.names):
            if place not in places.values() and name:
                self.column(place, name)
        if not self.columns:
            raise AttendanceError("no dates")
        self.seen: dict[str, int] = {}

    def column(self, place: int, name: str) -> None:
        """Read the date at the head of a column; a column that has none is passed over."""
        try:
            moment = self.moment(name)
        except BadRowError as bad:
            is_date = bad.code != "no date"
            code = bad.code if is_date else "no date column"
            self.found.remarks.append(Remark(1, code, {"said": name[:40]}, is_bad=is_date))
            return
        minute = moment.hour * 60 + moment.minute
        self.columns[place] = HeldThen(1, moment.date(), minute or None)
        self.found.held.append(self.columns[place])

    def row(self, number: int, cells: Sequence[str]) -> None:
        """Read when somebody was there, or how many without a name."""
        if fold(self.said(cells, "name")) in NAMELESS and not self.said(cells, "number"):
            self._nameless(number, cells)
            return
        who = self.who(number, cells)
        first = self.seen.setdefault(who.key, number)
        if first != number:
            raise BadRowError("twice", first=str(first), name=who.name)
        for place, held in self.columns.items():
            try:
                mark = read_mark(cells[place] if place < len(cells) else "")
            except BadRowError as bad:
                self.bad(number, bad, day=held.day_on.isoformat())
                continue
            if mark is not None:
                held.there[who.key] = (who, mark)

    def _nameless(self, number: int, cells: Sequence[str]) -> None:
        for place, held in self.columns.items():
            try:
                held.nameless += _count(cells[place] if place < len(cells) else "")
            except BadRowError as bad:
                self.bad(number, bad, day=held.day_on.isoformat())


class _Down(_Reader):
    """A row for each time somebody came."""

    def __init__(
        self, table: Table, places: Mapping[str, int], *, today: dt.date, day_first: bool
    ) -> None:
        super().__init__(table, places, today=today, day_first=day_first)
        if not {"name", "number", "count"} & places.keys():
            raise AttendanceError("no name column")
        self.sessions: dict[tuple[dt.date, int | None, str], HeldThen] = {}

    def row(self, number: int, cells: Sequence[str]) -> None:
        """Read that somebody came, or how many without a name."""
        nameless = _count(self.said(cells, "count"))
        first_timers = _count(self.said(cells, "first")) if nameless else 0
        if first_timers > nameless:
            raise BadRowError("too many first")
        name = self.said(cells, "name")
        has_name = bool(name or self.said(cells, "number")) and fold(name) not in NAMELESS
        if not has_name and not nameless:
            raise BadRowError("nobody named")
        mark = self._mark(cells) if has_name else None
        who = self.who(number, cells) if has_name else None
        held = self._held(number, cells)
        if who is not None and who.key in held.there:
            raise BadRowError("twice", first=str(held.there[who.key][0].row), name=who.name)
        if who is not None and mark is not None:
            held.there[who.key] = (who, mark)
        held.nameless += nameless
        held.first_timers += first_timers

    def _mark(self, cells: Sequence[str]) -> Mark:
        role = MARKS.get(fold(self.said(cells, "role")) or "x")
        if role is None:
            raise BadRowError("odd mark", said=self.said(cells, "role")[:20], day="")
        typed = self.said(cells, "minutes")
        if not typed:
            return Mark(role)
        if not (typed.isascii() and typed.isdigit() and 0 < int(typed[:6]) <= MINUTES_MAX):
            raise BadRowError("odd minutes", said=typed[:20])
        return Mark(role, int(typed))

    def _held(self, number: int, cells: Sequence[str]) -> HeldThen:
        moment = self.moment(self.said(cells, "date"))
        minute = moment.hour * 60 + moment.minute or None
        typed = self.said(cells, "time")
        if typed:
            found = _TIME.fullmatch(typed)
            if found is None or int(found["hour"]) >= HOURS_A_DAY:
                raise BadRowError("odd time", said=typed[:20])
            minute = int(found["hour"]) * 60 + int(found["minute"])
        key = (moment.date(), minute, self.said(cells, "title"))
        if key not in self.sessions:
            self.sessions[key] = HeldThen(number, *key)
            self.found.held.append(self.sessions[key])
        return self.sessions[key]
