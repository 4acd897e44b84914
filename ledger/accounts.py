"""Account codes, their kinds, and their names in the books.

A code is given once and never renamed, because the hash chain covers it. It is a
pseudonym: `M000123` says nothing about anyone to a person without the member list.
Standard library only; the auditor reads the same table backwards.
"""

from __future__ import annotations

import re
from typing import Final

from ledger.errors import BadAccount

#: The kinds of account there are.
ACCOUNT_KINDS: Final = ("member", "pot", "neighbour", "source")
#: The states an account may be in.
ACCOUNT_STATES: Final = ("open", "frozen", "closed")
#: The longest code.
CODE_LENGTH_MAX: Final = 60

OPENING: Final = "opening"
ADJUSTMENT: Final = "adjustment"
WRITTEN_OFF: Final = "written-off"
#: The pot that belongs to the whole community.
COMMUNITY_POT: Final = "G000001"

#: Parents that exist in every book, in the order in which they are opened.
BOOK_PARENTS: Final = (
    "Assets:Members",
    "Assets:Pots",
    "Assets:Neighbours",
    "Equity:Activity",
)

_NUMBERED: Final = {
    "M": ("member", "Assets:Members:"),
    "G": ("pot", "Assets:Pots:"),
    "N": ("neighbour", "Assets:Neighbours:"),
}
_NUMBERED_CODE: Final = re.compile(r"[MGN][0-9]{6,12}")
_ACTIVITY_CODE: Final = re.compile(r"activity(?:-[a-z0-9]+)+")
_FIXED_SOURCES: Final = {
    OPENING: "Equity:Opening",
    ADJUSTMENT: "Equity:Adjustment",
    WRITTEN_OFF: "Equity:Written-Off",
}
_CODE_OF_FIXED_SOURCE: Final = {name: code for code, name in _FIXED_SOURCES.items()}
_PREFIXES: Final = {prefix for _kind, prefix in _NUMBERED.values()}
_ACTIVITY_PREFIX: Final = "Equity:Activity:"


def member_code(number: int) -> str:
    """The account code of the member with this number."""
    return f"M{number:06d}"


def pot_code(number: int) -> str:
    """The account code of the group with this number; 1 is the community itself."""
    return f"G{number:06d}"


def activity_code(slug: str) -> str:
    """The source that recognises hours of one activity."""
    return f"activity-{slug}"


def kind_of(code: str) -> str | None:
    """The kind of account a code belongs to, or None if it is no code at all."""
    if len(code) > CODE_LENGTH_MAX:
        return None
    if _NUMBERED_CODE.fullmatch(code):
        return _NUMBERED[code[0]][0]
    if code in _FIXED_SOURCES or _ACTIVITY_CODE.fullmatch(code):
        return "source"
    return None


def book_name(code: str) -> str:
    """The beancount account of a code.

    Raises:
        BadAccount: If the code is not one of ours.
    """
    kind = kind_of(code)
    if kind is None:
        raise BadAccount(code, "unknown")
    if kind != "source":
        return _NUMBERED[code[0]][1] + code
    fixed = _FIXED_SOURCES.get(code)
    if fixed is not None:
        return fixed
    words = code.removeprefix("activity-").split("-")
    return _ACTIVITY_PREFIX + "-".join(word.capitalize() for word in words)


def code_of(name: str) -> str | None:
    """The code of a beancount account, or None where the name is not one of ours."""
    fixed = _CODE_OF_FIXED_SOURCE.get(name)
    if fixed is not None:
        return fixed
    parent, _, last = name.rpartition(":")
    code = last if parent + ":" in _PREFIXES else f"activity-{last.lower()}"
    known = kind_of(code) is not None
    return code if known and book_name(code) == name else None
