"""Read lists of groups and places that somebody else keeps: bytes in, rows and remarks out. Pure.

Councils publish such lists as CSV. A row of a list of groups is a group and the place it meets at;
a row of a list of places is a place. What is not about a place or a group is not read: telephone
numbers, and who somebody is.
"""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from timebank.groups.errors import ListError
from timebank.groups.models import (
    ADDRESS_LENGTH_MAX,
    NAME_LENGTH_MAX,
    SOURCE_KEY_LENGTH_MAX,
    WORDS_LENGTH_MAX,
)
from timebank.groups.policy.places import is_postcode, tidy_postcode

ROWS_MAX = 5_000
BYTES_MAX = 5_000_000
#: What columns are called, folded, for each thing that is read.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": ("no", "id", "ref", "uprn"),
    "name": ("name", "venue", "centre name", "project", "group"),
    "words": ("description", "words", "about"),
    "address": ("address", "street"),
    "postcode": ("postcode", "post code"),
    "area": ("area", "ward", "district"),
    "kind": ("note", "type", "category"),
    "when": ("when", "opening hours", "days"),
}
#: Who is behind a group, from what such lists write.
SECTORS: Mapping[str, str] = {
    "charity": "charity",
    "voluntary": "charity",
    "faith": "faith",
    "gp surgery": "primary care",
    "hospital": "secondary care",
    "food business": "business",
    "business": "business",
    "lambeth": "council",
    "council": "council",
}


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to tell about a row.

    Attributes:
        row: Its number as a spreadsheet counts: the column names are row 1.
        code: What it is about; `commands` has the sentence.
        facts: What the sentence needs.
        is_bad: Whether the row was left out because of it.
    """

    row: int
    code: str
    facts: Mapping[str, str] = field(default_factory=dict)
    is_bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row that can be brought in.

    Attributes:
        key: The same for the same row in every copy of the list.
    """

    row: int
    key: str
    name: str
    words: str = ""
    address: str = ""
    postcode: str = ""
    area: str = ""
    when: str = ""
    sector: str | None = None


@dataclass(slots=True)
class Listed:
    """A list as read."""

    rows: list[Row] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    row_count: int = 0


def read(content: bytes) -> Listed:
    """Read a list.

    Raises:
        ListError: If the file as a whole is of no use; `reason` says why.
    """
    table = csv.reader(io.StringIO(_decoded(content), newline=""))
    names = [_folded(name) for name in next(table, [])]
    places = _places(names)
    listed = Listed()
    seen: dict[str, int] = {}
    for number, cells in _rows(table):
        listed.row_count += 1
        if listed.row_count > ROWS_MAX:
            raise ListError("too long")
        row = _row(number, cells, places, listed.remarks)
        if row is None:
            continue
        first = seen.setdefault(row.key, number)
        if first == number:
            listed.rows.append(row)
        else:
            listed.remarks.append(Remark(number, "twice", {"first": str(first)}, is_bad=True))
    return listed


def _decoded(content: bytes) -> str:
    if len(content) > BYTES_MAX:
        raise ListError("too long")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text or not text.strip():
            break
        return text
    raise ListError("no list")


def _rows(table: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    try:
        for number, cells in enumerate(table, start=2):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise ListError("no list") from error


def _folded(name: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in name.casefold()).split())


def _places(names: Sequence[str]) -> dict[str, int]:
    found = {
        thing: names.index(name)
        for thing, known in COLUMNS.items()
        for name in known[::-1]
        if name in names
    }
    if "name" not in found:
        raise ListError("no name column")
    return found


def _row(
    number: int, cells: Sequence[str], places: Mapping[str, int], remarks: list[Remark]
) -> Row | None:
    def cell(thing: str) -> str:
        place = places.get(thing)
        return " ".join(cells[place].split()) if place is not None and place < len(cells) else ""

    name, postcode = cell("name"), tidy_postcode(cell("postcode"))
    if not name:
        remarks.append(Remark(number, "no name", is_bad=True))
        return None
    if len(name) > NAME_LENGTH_MAX:
        remarks.append(Remark(number, "name cut", {"length": str(NAME_LENGTH_MAX)}))
    if not postcode:
        remarks.append(Remark(number, "no postcode", {"name": name}))
    elif not is_postcode(postcode):
        remarks.append(Remark(number, "odd postcode", {"said": postcode}))
    return Row(
        row=number,
        key=_key(name, postcode, cell("address")),
        name=name[:NAME_LENGTH_MAX],
        words=cell("words")[:WORDS_LENGTH_MAX],
        address=cell("address")[:ADDRESS_LENGTH_MAX],
        postcode=postcode if is_postcode(postcode) else "",
        area=cell("area"),
        when=cell("when"),
        sector=SECTORS.get(cell("kind").casefold()),
    )


def _key(*parts: str) -> str:
    text = "\x1f".join(" ".join(part.casefold().split()) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:SOURCE_KEY_LENGTH_MAX]
