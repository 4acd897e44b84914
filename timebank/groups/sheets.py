"""Read lists of groups and places that somebody else keeps: bytes in, rows and remarks out. Pure.

Councils publish such lists as CSV. A row of a list of groups is a group and the place it meets at;
a row of a list of places is a place. What is not about a place or a group is not read: telephone
numbers, and who somebody is.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from timebank.groups.errors import ListError
from timebank.groups.models import (
    ADDRESS_LENGTH_MAX,
    NAME_LENGTH_MAX,
    SOURCE_KEY_LENGTH_MAX,
    WORDS_LENGTH_MAX,
)
from timebank.groups.policy.places import is_postcode, tidy_postcode
from timebank.tables import NotATableError, Remark, Table, TableTooLongError, opened

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
    try:
        return _listed(opened(content))
    except NotATableError as error:
        raise ListError("no list") from error
    except TableTooLongError as error:
        raise ListError("too long") from error


def _listed(table: Table) -> Listed:
    places = _places([_folded(name) for name in table.names])
    listed = Listed()
    seen: dict[str, int] = {}
    for number, cells in table.rows:
        listed.row_count += 1
        row = _row(number, cells, places, listed.remarks)
        if row is None:
            continue
        first = seen.setdefault(row.key, number)
        if first == number:
            listed.rows.append(row)
        else:
            listed.remarks.append(Remark(number, "twice", {"first": str(first)}, is_bad=True))
    return listed


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
