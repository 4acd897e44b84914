"""Look at the files before beancount does.

beancount runs the plugins a file names, follows its includes, and unpickles caches that
lie beside it. Books that come from elsewhere must not run anything, so each line has to
have the shape of a line of ours before beancount sees any of them.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAIN: Final = "main.beancount"
ACCOUNTS: Final = "accounts.beancount"
HEAD: Final = "HEAD"
LAYOUT: Final = "timebank-books 1"

_DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME: Final = f"{_DATE}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}[.][0-9]{{6}}Z"
_TEXT: Final = r'"(?:[^"\\\x00-\x1f]|\\.)*"'
_ACCOUNT: Final = "(?:Assets|Equity):[A-Za-z0-9:-]+"
_COMMENT: Final = r";;[^\x00-\x1f]*"

_MONTH: Final = re.compile(r"[0-9]{4}/(?:0[1-9]|1[0-2])[.]beancount")
_INCLUDE: Final = re.compile(
    r'include "(accounts[.]beancount|[0-9]{4}/(?:0[1-9]|1[0-2])(?:[.]assert)?[.]beancount)"'
)
_BOOK: Final = re.compile(rf'{_DATE} custom "timebank-book" "([0-9a-f]{{32}})" [0-9]+')
# Every line there may be. Anything else is not ours, whatever it would do.
_MAIN_LINE: Final = re.compile(
    rf'|{_COMMENT}|{_INCLUDE.pattern}|{_BOOK.pattern}|option "title" {_TEXT}'
    r'|option "operating_currency" "MIN"|option "tolerance_multiplier" "0"'
    rf"|{_DATE} commodity (?:MIN|HOUR)|{_DATE} price HOUR  60 MIN"
)
_ACCOUNTS_LINE: Final = re.compile(rf"|{_COMMENT}|{_DATE} open {_ACCOUNT}  MIN")
_BALANCES_LINE: Final = re.compile(rf"|{_COMMENT}|{_DATE} balance {_ACCOUNT}  -?[0-9]+ MIN")
_ENTRIES_LINE: Final = re.compile(
    rf"|  {_ACCOUNT}  -?[0-9]+ MIN|{_DATE} [*] {_TEXT} {_TEXT}(?: #[A-Za-z0-9._/-]+)?"
    rf'|  seq: [0-9]+|  occurred: {_DATE}|  (?:at|expires): "{_TIME}"'
    rf'|  (?:uid|actor|rev|hold|corrects): "[0-9a-f]{{32}}"|  (?:category|key): {_TEXT}'
    rf'|  (?:memo-commit|chain): "[0-9a-f]{{64}}"|{_COMMENT}'
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where.

    Attributes:
        reason: What sort of thing, for machines.
        detail: What exactly, in words.
        file: The file, relative to the folder; empty where it is none in particular.
        line: The line, from 1; 0 where it is none in particular.
    """

    reason: str
    detail: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        """Where, then what."""
        where = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{where}: {self.detail}" if where else self.detail


class FindingError(Exception):
    """The audit can not go on behind this."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Head:
    """How far the books say they go."""

    book: str
    entries: int
    chain: str


def read_head(folder: Path) -> Head:
    """Read HEAD.

    Raises:
        FindingError: If it is missing or can not be read.
    """
    lines = _text(folder, HEAD).splitlines()
    facts = dict(line.split(" ", 1) for line in lines[1:] if " " in line)
    if not lines or lines[0] != LAYOUT:
        raise FindingError(Finding("unknown-layout", f"does not begin with {LAYOUT!r}", HEAD, 1))
    try:
        return Head(facts["book"], int(facts["entries"]), facts["chain"])
    except (KeyError, ValueError) as error:
        raise FindingError(Finding("torn-head", f"lacks a readable {error}", HEAD)) from error


def check_files(folder: Path) -> str:
    """See that the files are those of books and that no line in them is foreign.

    Returns:
        The id of the book they say they are.

    Raises:
        FindingError: With the first file or line that does not belong.
    """
    main = _checked_lines(folder, MAIN, _MAIN_LINE)
    included = [found[1] for line in main if (found := _INCLUDE.fullmatch(line))]
    books = [found[1] for line in main if (found := _BOOK.fullmatch(line))]
    if len(books) != 1:
        raise FindingError(Finding("no-book", "does not say once whose books these are", MAIN))
    plain = [name for name in included if _MONTH.fullmatch(name)]
    counted = [name.replace(".beancount", ".assert.beancount") for name in plain]
    # Each month has its entries and its balances, and both stand there once.
    wanted = sorted([ACCOUNTS, *plain, *counted])
    if sorted(included) != wanted:
        odd = sorted(set(wanted) ^ set(included)) or ["one file"]
        raise FindingError(Finding("bad-include", f"includes {odd[0]} not exactly once", MAIN))
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise FindingError(Finding("foreign-file", "is only a link to somewhere else", name))
        known = path.is_dir() or name in {MAIN, HEAD, *included} or name.startswith("local/")
        if not known:
            raise FindingError(Finding("foreign-file", "is not part of these books", name))
    _checked_lines(folder, ACCOUNTS, _ACCOUNTS_LINE)
    for name in plain:
        _checked_lines(folder, name, _ENTRIES_LINE)
    for name in counted:
        _checked_lines(folder, name, _BALANCES_LINE)
    return books[0]


def _checked_lines(folder: Path, name: str, shape: re.Pattern[str]) -> list[str]:
    """The lines of a file, each of them of the shape it must have."""
    lines = _text(folder, name).split("\n")
    for number, line in enumerate(lines, 1):
        if not shape.fullmatch(line):
            said = f"this line is not ours: {line.strip()[:80]!r}"
            raise FindingError(Finding("foreign-line", said, name, number))
    return lines


def _text(folder: Path, name: str) -> str:
    """The text of a file that must be there."""
    try:
        return (folder / name).read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        raise FindingError(Finding("missing-file", "is missing", name)) from error
    except UnicodeDecodeError as error:
        raise FindingError(Finding("not-text", "is not UTF-8 text", name)) from error
