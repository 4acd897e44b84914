"""Read the request sheet of a mutual-aid group: bytes in, asked-for help and remarks out. Pure.

Such sheets are what a questionnaire on the web leaves behind: one row for each answer, long
questions as column names, several needs ticked in one cell. What a community has no business
keeping is not even read: the street, how many live there, who is at risk, and what the organisers
noted.
"""

import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from timebank.imports.errors import (
    ColumnsMissingError,
    NotASheetError,
    SheetTooLongError,
    TwoColumnsError,
)
from timebank.tables import (
    ROWS_MAX,
    NotATableError,
    Remark,
    Table,
    TableTooLongError,
    opened,
)

CELL_CHARACTERS_MAX = 20_000
#: How the first line's columns begin, folded, for each thing we read.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": ("id", "no", "number", "row"),
    "status": ("status",),
    "name": ("name", "your name", "first name", "full name"),
    "asked": ("timestamp", "date", "submitted"),
    "email": ("email", "e mail", "email address"),
    "phone": ("telephone", "phone", "mobile", "phone number"),
    "anonymous": ("does your request need to remain anonymous", "anonymous"),
    "needs": ("what do you need", "what do you need help with", "needs"),
    "urgency": ("is your need", "how urgent"),
    "details": ("add any details", "details", "anything else about your request"),
    "recurring": ("is your need recurring", "recurring"),
}
#: What a request cannot do without, as people know these columns.
NEEDED = {"name": "Name", "needs": "What do you need?"}
#: Columns that are known, and left alone for the sake of the people in them.
LEFT_ALONE = (
    "address",
    "organizer",
    "organiser",
    "number of people in",
    "is a member",
    "do you wish to be contacted about donations",
)
FINISHED = ("complete", "done", "closed", "cancel", "duplicate", "fulfilled", "resolved", "filled")
YES = ("yes", "y", "true", "ja", "si", "1")
NO = ("no", "n", "false", "nej", "0", "")
#: Ticks of such questionnaires that have a comma inside, folded.
TICKS_WITH_COMMAS = ("pet care - food, litter",)
DATES_MONTH_FIRST = ("%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y")
DATES_DAY_FIRST = ("%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%d.%m.%Y")
TIMES = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p")
OLDEST = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - before it is known where the sheet was written
EMAIL = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]{2,}")
PHONE = re.compile(r"\+?\(?\d[\d\s().\-]{6,}\d")
PHONE_DIGITS = range(7, 16)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
#: The same row has the same key in every copy of the sheet.
KEY_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRow:
    """A row that can be brought in.

    Attributes:
        key: The same for the same row in every copy of the sheet.
        asked_at: When it was sent, as written: in the time of the place. None where unsaid.
        needs: Each thing ticked or written, in the person's words; at least one.
        is_finished: Whether the sheet says that this was seen to.
    """

    row: int
    key: str
    first_name: str
    last_name: str
    email: str
    phone: str
    asked_at: dt.datetime | None
    needs: tuple[str, ...]
    details: str
    urgency: str
    recurring: str
    is_anonymous: bool
    is_finished: bool


@dataclass(slots=True)
class Sheet:
    """A sheet as read.

    Attributes:
        rows: What can be brought in.
        remarks: What there is to tell about single rows.
        row_count: Rows under the column names that are not empty.
        unused: Columns nobody here knows.
        left_alone: Columns that are known and were not read on purpose.
    """

    rows: list[AskedRow] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    row_count: int = 0
    unused: tuple[str, ...] = ()
    left_alone: tuple[str, ...] = ()


class BadRowError(Exception):
    """This row cannot be brought in."""

    def __init__(self, code: str, **facts: str) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def read(content: bytes, *, today: dt.date, day_first: bool = False) -> Sheet:
    """Read a sheet.

    Args:
        content: The file's bytes, in UTF-8, UTF-16 or an old Windows encoding.
        today: Nothing can have been asked after it.
        day_first: Whether 3/4/2020 is in April; else, as in the United States, in March.

    Raises:
        SheetError: If the file as a whole is of no use.
    """
    try:
        table = opened(content)
        if len(table.names) == 1:
            raise NotASheetError
        return _sheet(table, today=today, day_first=day_first)
    except NotATableError as error:
        raise NotASheetError from error
    except TableTooLongError as error:
        raise SheetTooLongError(ROWS_MAX) from error


def _sheet(table: Table, *, today: dt.date, day_first: bool) -> Sheet:
    places, unused, left_alone = _places(table.names)
    sheet = Sheet(unused=unused, left_alone=left_alone)
    seen: dict[str, int] = {}
    for number, cells in table.rows:
        sheet.row_count += 1
        try:
            row = _row(number, cells, len(table.names), places, today=today, day_first=day_first)
        except BadRowError as bad:
            sheet.remarks.append(Remark(number, bad.code, bad.facts, is_bad=True))
            continue
        first = seen.setdefault(row.key, number)
        if first == number:
            sheet.rows.append(row)
        else:
            sheet.remarks.append(Remark(number, "twice", {"first": str(first)}, is_bad=True))
    return sheet


def fold(text: str) -> str:
    """Reduce a text to small plain letters, digits and single spaces, to compare it."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain).split())


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _places(names: Sequence[str]) -> tuple[dict[str, int], tuple[str, ...], tuple[str, ...]]:
    """Find out which column is which; the name that fits longest wins."""
    places: dict[str, int] = {}
    unused: list[str] = []
    left_alone: list[str] = []
    for place, name in enumerate(names):
        folded = fold(name)
        if any(_begins(folded, known) for known in LEFT_ALONE):
            left_alone.append(name)
            continue
        meaning = _meaning(folded)
        if meaning is None:
            unused.extend([name] if name else [])
        elif meaning in places:
            raise TwoColumnsError(names[places[meaning]], name)
        else:
            places[meaning] = place
    missing = [words for meaning, words in NEEDED.items() if meaning not in places]
    if missing:
        raise ColumnsMissingError(missing, [name for name in names if name])
    return places, tuple(unused), tuple(left_alone)


def _meaning(folded: str) -> str | None:
    fitting = [
        (len(known), meaning)
        for meaning, beginnings in COLUMNS.items()
        for known in beginnings
        if (folded == known if " " not in known else _begins(folded, known))
    ]
    return max(fitting)[1] if fitting else None


def _begins(folded: str, known: str) -> bool:
    return folded == known or folded.startswith(f"{known} ")


def _row(
    number: int,
    cells: Sequence[str],
    width: int,
    places: Mapping[str, int],
    *,
    today: dt.date,
    day_first: bool,
) -> AskedRow:
    if len(cells) > width:
        raise BadRowError("too many cells", cells=str(len(cells)), columns=str(width))
    said = {
        meaning: _tidy(cells[place]) if place < len(cells) else ""
        for meaning, place in places.items()
    }
    said = {meaning: said.get(meaning, "") for meaning in COLUMNS}
    if any(len(words) > CELL_CHARACTERS_MAX for words in said.values()):
        raise BadRowError("cell too long")
    first_name, last_name = split_name(said["name"])
    if not first_name:
        raise BadRowError("no name")
    needs = split_needs(said["needs"])
    if not needs:
        raise BadRowError("no need")
    return AskedRow(
        row=number,
        key=_key(said),
        first_name=first_name,
        last_name=last_name,
        email=_email(said["email"]),
        phone=_squeeze(said["phone"]),
        asked_at=read_date(said["asked"], today=today, day_first=day_first),
        needs=needs,
        details=said["details"],
        urgency=_squeeze(said["urgency"]),
        recurring=_squeeze(said["recurring"]),
        is_anonymous=_wish(said["anonymous"]),
        is_finished=fold(said["status"]).startswith(FINISHED),
    )


def _tidy(text: str) -> str:
    """Compose accents, and drop what only disturbs: control characters, marks of direction."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(
        letter
        for letter in composed
        if letter == "\n" or unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co"}
    ).strip()


def _key(said: Mapping[str, str]) -> str:
    """Name a row by what does not change when somebody works on the sheet."""
    lasting = "\x1f".join(fold(said[meaning]) for meaning in ("number", "asked", "name"))
    return hashlib.sha256(lasting.encode()).hexdigest()[:KEY_LENGTH]


def split_name(text: str) -> tuple[str, str]:
    """Split a name into the first and the rest; pronouns in brackets belong to neither."""
    words = re.sub(r"[(\[].*?[)\]]|\b(?:she|he|they)/\w+(?:/\w+)?", " ", text).replace(",", " ")
    first, _, rest = _squeeze(words).partition(" ")
    return first, rest


def split_needs(text: str) -> tuple[str, ...]:
    """Split what was ticked and written in one cell into single needs, each once.

    Commas part them, but not inside brackets, and not in ticks that have a comma of their own.
    """
    marked = text
    for tick in TICKS_WITH_COMMAS:
        marked = re.sub(f"(?i){re.escape(tick)}", lambda m: m[0].replace(",", "\x1f"), marked)
    marked = re.sub(r"\([^)]*\)", lambda m: re.sub(r"[,;\n]", "\x1f", m[0]), marked)
    needs: dict[str, str] = {}
    for part in re.split(r"[,;\n]", marked):
        need = _squeeze(part.replace("\x1f", ",")).strip(" .!-•*")
        if any(letter.isalnum() for letter in need):
            needs.setdefault(fold(need) or need, need)
    return tuple(needs.values())


def read_date(text: str, *, today: dt.date, day_first: bool) -> dt.datetime | None:
    """Read when a row was sent; None where the cell is empty."""
    words = _squeeze(text)
    if not words:
        return None
    moment = _iso(words)
    dates = DATES_DAY_FIRST if day_first else DATES_MONTH_FIRST
    for form in (date + time for date in dates for time in TIMES):
        if moment is not None:
            break
        moment = _strptime(words, form)
    if moment is None:
        raise BadRowError("no date", said=words[:40], form="D/M/Y" if day_first else "M/D/Y")
    if moment.date() > today:
        raise BadRowError("date ahead", said=words[:40])
    if moment < OLDEST:
        raise BadRowError("date long ago", said=words[:40])
    return moment


def _iso(words: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(words).replace(tzinfo=None)
    except ValueError:
        return None


def _strptime(words: str, form: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(words, form)  # noqa: DTZ007 - the sheet does not say where it was written
    except ValueError:
        return None


def _email(text: str) -> str:
    found = EMAIL.fullmatch(text.strip())
    return found[0] if found else ""


def _wish(text: str) -> bool:
    """Tell whether a row wants to stay anonymous; an answer nobody understands counts as yes."""
    return fold(text).split(" ", 1)[0] not in NO


def without_contact(text: str) -> tuple[str, bool]:
    """Take e-mail addresses and telephone numbers out of words that others will read."""
    kept, addresses = EMAIL.subn("…", text)
    numbers = [
        found[0]
        for found in PHONE.finditer(kept)
        if sum(character.isdigit() for character in found[0]) in PHONE_DIGITS
        and not DATE.fullmatch(found[0])
    ]
    for number in numbers:
        kept = kept.replace(number, "…")
    return kept, bool(addresses or numbers)
