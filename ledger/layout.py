"""What exported books look like: the names of their files, and the shape of every line.

The export writes these, the audit and the restore read them. Both readers meet books
that may come from anywhere, so a line that has not the shape of a line of ours is
foreign, whatever it would do: beancount runs the plugins a file names and follows its
includes anywhere on the disk. Standard library only.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

#: The files of the books. The application writes all of them but those in `local/`.
MAIN: Final = "main.beancount"
ACCOUNTS: Final = "accounts.beancount"
BALANCES: Final = "BALANCES"
CHECKPOINT: Final = "CHECKPOINT"
KEY: Final = "KEY"
#: Everything that was ever signed: keys, months, and the checkpoints of each year.
SIGNED: Final = "signed"
SIGNED_KEYS: Final = f"{SIGNED}/keys.txt"
SIGNED_MONTHS: Final = f"{SIGNED}/months.txt"
HEAD: Final = "HEAD"
LOCAL: Final = "local"
#: The plugin that travels with the books, and the name under which beancount loads it.
PLUGIN_NAME: Final = "timebank_books"
PLUGIN: Final = f"{PLUGIN_NAME}.py"
#: First lines of HEAD and BALANCES: the version of the layout.
LAYOUT: Final = "timebank-books 2"
BALANCES_LAYOUT: Final = "timebank-balances 1"

#: The kinds of entry that set hours aside or give them back: nothing moves, so they are
#: no transactions.
ASIDE_KINDS: Final = frozenset({"hold", "release", "expiry"})
#: The transaction with which the books of one year begin.
OPENING_WORDS: Final = "opening balances"

DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME: Final = f"{DATE}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}[.][0-9]{{6}}Z"
# Of the characters that move a cursor only line ends could hide a line.
TEXT: Final = r'"(?:[^"\\\x00\n\r]|\\.)*+"'
ACCOUNT: Final = "(?:Assets|Equity):[A-Za-z0-9:-]+"
_COMMENT: Final = r";;[^\x00-\x1f]*"
_HASH: Final = "[0-9a-f]{64}"
_ID: Final = "[0-9a-f]{32}"

_ENTRIES_FILE: Final = "[0-9]{4}/(?:0[1-9]|1[0-2])[.]beancount"
_COUNTED_FILE: Final = "[0-9]{4}/(?:0[1-9]|1[0-2])[.]assert[.]beancount"
_OPENING_FILE: Final = "[0-9]{4}/opening[.]beancount"
_YEAR_FILE: Final = "[0-9]{4}[.]beancount"
_SIGNED_YEAR: Final = re.compile(rf"{SIGNED}/([0-9]{{4}})[.]txt")
#: Notes of the treasurer that the books include; others in `local/` are let be.
NOTES_FILE: Final = re.compile(rf"{LOCAL}/[A-Za-z0-9_-][A-Za-z0-9._-]*[.]beancount")

#: Longer ones no database holds, and some of them Python does not read.
_NUMBER: Final = "[0-9]{1,19}"
_BOOK: Final = rf'{DATE} custom "timebank-book" "({_ID})" {_NUMBER}'
_START: Final = rf'{DATE} custom "timebank-start" ({_NUMBER}) "({_HASH})" "((?:{_HASH})*)"'
_TOP: Final = (
    rf"|{_COMMENT}|{_BOOK}|option \"title\" {TEXT}|option \"insert_pythonpath\" \"TRUE\""
    rf'|plugin "{PLUGIN_NAME}"|option "operating_currency" "MIN"'
    rf'|option "tolerance_multiplier" "0"|{DATE} commodity (?:MIN|HOUR)|{DATE} price HOUR  60 MIN'
)
_INCLUDED: Final = rf"{re.escape(ACCOUNTS)}|{_ENTRIES_FILE}|{_COUNTED_FILE}"
_MAIN_LINE: Final = rf'{_TOP}|include "(?:{_INCLUDED}|{NOTES_FILE.pattern})"'
_YEAR_LINE: Final = rf'{_TOP}|{_START}|include "(?:{_INCLUDED}|{_OPENING_FILE})"'
_ACCOUNTS_LINE: Final = rf"|{_COMMENT}|{DATE} open {ACCOUNT}  MIN"
_COUNTED_LINE: Final = rf"|{_COMMENT}|{DATE} balance {ACCOUNT}  -?{_NUMBER} MIN"
_OPENING_LINE: Final = (
    rf'|{_COMMENT}|{DATE} [*] "{OPENING_WORDS}"|  through: {_NUMBER}|  {ACCOUNT}  -?{_NUMBER} MIN'
)
_FIELDS: Final = (
    rf'  seq: {_NUMBER}|  uid: "{_ID}"|  at: "{TIME}"|  occurred: {DATE}|  category: {TEXT}'
    rf'|  key: {TEXT}|  chain: "{_HASH}"|  memo-commit: "{_HASH}"|  expires: "{TIME}"'
    rf'|  (?:actor|rev|hold|corrects): "{_ID}"'
)
_MOVED: Final = rf" {ACCOUNT} {ACCOUNT} {_NUMBER} MIN"
_ENTRIES_LINE: Final = (
    rf"|  {ACCOUNT}  -?{_NUMBER} MIN|{_FIELDS}"
    rf"|{DATE} [*] {TEXT} {TEXT}(?: #[A-Za-z0-9._/-]+)?"
    rf'|{DATE} custom "timebank-hold" {TEXT}(?:{_MOVED})*|{_COMMENT}'
)
_BALANCES_LINE: Final = (
    rf"{BALANCES_LAYOUT}|entries {_NUMBER}|[A-Za-z0-9-]+ -?{_NUMBER}(?: {_NUMBER}){{3}}"
)
#: Which shape the lines of which files have.
_SHAPES: Final = tuple(
    (re.compile(name), re.compile(rf"(?:(?:{line})\n)*+"))
    for name, line in (
        (re.escape(MAIN), _MAIN_LINE),
        (_YEAR_FILE, _YEAR_LINE),
        (re.escape(ACCOUNTS), _ACCOUNTS_LINE),
        (_ENTRIES_FILE, _ENTRIES_LINE),
        (_COUNTED_FILE, _COUNTED_LINE),
        (_OPENING_FILE, _OPENING_LINE),
        (BALANCES, _BALANCES_LINE),
    )
)
_INCLUDE_LINE: Final = re.compile(r'^include "([^"]+)"$', re.MULTILINE)
_BOOK_LINE: Final = re.compile(f"^{_BOOK}$", re.MULTILINE)
_START_LINE: Final = re.compile(f"^{_START}$", re.MULTILINE)
_ENTRIES_NAME: Final = re.compile(_ENTRIES_FILE)
_COUNTED_NAME: Final = re.compile(_COUNTED_FILE)
_YEAR_NAME: Final = re.compile(_YEAR_FILE)
#: Where beancount keeps what it read, so that the next time is quicker.
_CACHE_NAME: Final = re.compile(rf"[.](?:{re.escape(MAIN)}|{_YEAR_FILE})[.]picklecache")
_FILE_LINE: Final = re.compile(rf"file ([A-Za-z0-9._/]+) ({_NUMBER}) ({_HASH})")


class Finding(NamedTuple):
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
    """Reading can not go on behind this."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)
        self.finding = finding


class Mark(NamedTuple):
    """How a file was when it was exported."""

    length: int
    digest: str


def mark(content: bytes) -> Mark:
    """The mark of a file with this content."""
    return Mark(len(content), hashlib.sha256(content).hexdigest())


@dataclass(frozen=True, slots=True)
class Head:
    """How far the books say they go.

    Attributes:
        book: Id of the book, in hex.
        entries: Entries in the books.
        chain: The chain after the last of them, in hex.
        recorded: When the last was recorded; empty where there is none.
        peaks: The right edge of the Merkle tree over them: hashes in hex, joined.
        files: Every other file the application wrote, but the plugin.
    """

    book: str
    entries: int
    chain: str
    recorded: str
    peaks: str
    files: dict[str, Mark]

    def text(self) -> str:
        """The head as it is written."""
        marks = "".join(
            f"file {name} {each.length} {each.digest}\n"
            for name, each in sorted(self.files.items())
        )
        return (
            f"{LAYOUT}\nbook {self.book}\nentries {self.entries}\nchain {self.chain}\n"
            f"recorded {self.recorded or '-'}\ntree {self.peaks or '-'}\n{marks}"
        )

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Read a head.

        Raises:
            FindingError: If it is not one of ours, or was damaged.
        """
        first, _newline, rest = text.partition("\n")
        if first != LAYOUT:
            raise FindingError(
                Finding("unknown-layout", f"does not begin with {LAYOUT!r}", HEAD, 1)
            )
        facts: dict[str, str] = {}
        files: dict[str, Mark] = {}
        for number, line in enumerate(rest.removesuffix("\n").split("\n"), 2):
            found = _FILE_LINE.fullmatch(line)
            name, _space, value = line.partition(" ")
            if found:
                files[found[1]] = Mark(int(found[2]), found[3])
            elif value and name in {"book", "entries", "chain", "recorded", "tree"}:
                facts[name] = value
            else:
                raise FindingError(Finding("torn-head", f"can not be read: {line!r}", HEAD, number))
        try:
            return cls(
                book=facts["book"],
                entries=int(facts["entries"]),
                chain=facts["chain"],
                recorded=facts["recorded"].removeprefix("-"),
                peaks=facts["tree"].removeprefix("-"),
                files=files,
            )
        except (KeyError, ValueError) as error:
            raise FindingError(Finding("torn-head", f"lacks a readable {error}", HEAD)) from error


@dataclass(frozen=True, slots=True)
class Start:
    """Where the books of one year take up the chain.

    Attributes:
        entries: Entries before it.
        chain: The chain after the last of them, in hex.
        peaks: The right edge of the Merkle tree over them.
    """

    entries: int
    chain: str
    peaks: str


@dataclass(frozen=True, slots=True)
class Files:
    """Books as they were read, each line of the shape it must have.

    Attributes:
        book: Id of the book, in hex.
        head: How far they go.
        start: Where they begin; None where that is the first entry of all.
        texts: The files that beancount is to see, in order: name and text.
        balances: What the application said each account holds: code, then balance,
            minutes set aside out and in, and how often it was touched.
        checkpoint: The newest checkpoint, as it was published; empty without one.
        key: The public key that signed it; empty without one.
        signed: The files of `signed/`: name and text.
        leftovers: What beancount left beside them to be quicker the next time; nobody looked in.
    """

    book: str
    head: Head
    start: Start | None
    texts: dict[str, str]
    balances: dict[str, tuple[int, int, int, int]]
    checkpoint: str
    key: str
    signed: dict[str, str]
    leftovers: tuple[str, ...]


def read_files(folder: Path, top: str = MAIN) -> Files:
    """Read the books, or those of one year; see that no line and no file in them is foreign.

    Args:
        folder: Where the books are.
        top: The file at the top: `MAIN`, or the year's.

    Raises:
        FindingError: With the first file or line that does not belong.
    """
    _check_links(folder)
    head = Head.parse(_text(folder, HEAD))
    text = checked_text(folder, top)
    books = _BOOK_LINE.findall(text)
    if len(books) != 1:
        raise FindingError(Finding("no-book", "does not say once whose books these are", top))
    if head.book != books[0]:
        raise FindingError(Finding("other-book", "is of another book than the files", HEAD))
    start = parse_start(top, text) if top != MAIN else None
    included = _INCLUDE_LINE.findall(text)
    own = [name for name in included if not name.startswith(f"{LOCAL}/")]
    _check_includes(own, top)
    leftovers = _check_folder(folder, head)
    balances = checked_text(folder, BALANCES)
    return Files(
        book=head.book,
        head=head,
        start=start,
        texts={top: text} | {name: checked_text(folder, name) for name in own},
        balances=parse_balances(balances, head.entries),
        checkpoint=_text(folder, CHECKPOINT) if CHECKPOINT in head.files else "",
        key=_text(folder, KEY) if KEY in head.files else "",
        signed={name: _text(folder, name) for name in head.files if is_signed(name)},
        leftovers=leftovers,
    )


def check_marks(folder: Path, head: Head) -> None:
    """See that every file is, byte for byte, what was exported.

    Raises:
        FindingError: With the first that is not.
    """
    for name, was in sorted(head.files.items()):
        content = bytes_of(folder, name)
        if len(content) < was.length:
            raise FindingError(
                Finding("torn-file", f"has {len(content)} bytes of {was.length}", name)
            )
        if mark(content) != was:
            raise FindingError(Finding("edited-file", "is not what was exported", name))


def parse_start(name: str, text: str) -> Start:
    """Where the books of a year take up the chain, from the file at their top.

    Raises:
        FindingError: If it does not say so exactly once.
    """
    found = _START_LINE.findall(text)
    if len(found) != 1:
        raise FindingError(Finding("no-start", "does not say once where it begins", name))
    return Start(int(found[0][0]), found[0][1], found[0][2])


def top_of(year: int) -> str:
    """The file at the top of the books of one year."""
    return f"{year:04d}.beancount"


def year_of(name: str) -> int | None:
    """The year whose books a file is at the top of; None where it is no such file."""
    return int(name[:4]) if _YEAR_NAME.fullmatch(name) else None


def is_month(name: str) -> bool:
    """Whether a file holds the entries of one month."""
    return _ENTRIES_NAME.fullmatch(name) is not None


def is_counted(name: str) -> bool:
    """Whether a file holds what accounts held at the end of one month."""
    return _COUNTED_NAME.fullmatch(name) is not None


def following_words(count: int) -> str:
    """Say for a terminal how many balances are wrong because of what was named before."""
    follow = "balance that follows" if count == 1 else "balances that follow"
    return f"and {count} {follow} from it"


def is_signed(name: str) -> bool:
    """Whether a file holds keys, or what was signed."""
    return name in {SIGNED_KEYS, SIGNED_MONTHS} or signed_year_of(name) is not None


def signed_name(year: int) -> str:
    """The file with the checkpoints that were signed in a year."""
    return f"{SIGNED}/{year:04d}.txt"


def signed_year_of(name: str) -> int | None:
    """The year whose checkpoints a file holds; None where it is no such file."""
    found = _SIGNED_YEAR.fullmatch(name)
    return int(found[1]) if found else None


def counted_name(name: str) -> str:
    """The file with the balances at the end of a month, from that with its entries."""
    return name.replace(".beancount", ".assert.beancount")


def opening_name(top: str) -> str:
    """The file with the opening balances of a year, from that at its top."""
    return f"{top.removesuffix('.beancount')}/opening.beancount"


def checked_text(folder: Path, name: str) -> str:
    """The text of a file in which every line has the shape it must have.

    Raises:
        FindingError: With the first line that has not.
    """
    text = _text(folder, name)
    shape = next(shape for names, shape in _SHAPES if names.fullmatch(name))
    # One pass over the whole file: a line at a time takes ten times as long. The shape fits where
    # the text begins, if only no line of it; what is left begins with the first that is not ours.
    rest = shape.sub("", text, count=1)
    if rest:
        number = text.count("\n") - rest.count("\n") + 1
        line, is_whole, _after = rest.partition("\n")
        if not is_whole:
            raise FindingError(Finding("torn-file", f"ends in the middle: {line!r}", name, number))
        said = f"this line is not ours: {line.strip()[:80]!r}"
        raise FindingError(Finding("foreign-line", said, name, number))
    return text


def _check_includes(included: list[str], top: str) -> None:
    """Each month has its entries and its balances, and both stand there once."""
    plain = [name for name in included if _ENTRIES_NAME.fullmatch(name)]
    wanted = [ACCOUNTS, *plain, *map(counted_name, plain)]
    if top != MAIN:
        wanted.append(opening_name(top))
    if sorted(included) != sorted(wanted):
        odd = sorted(set(wanted) ^ set(included)) or ["one file"]
        raise FindingError(Finding("bad-include", f"includes {odd[0]} not exactly once", top))


def _check_links(folder: Path) -> None:
    """Nothing in the folder lies somewhere else."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            name = path.relative_to(folder).as_posix()
            raise FindingError(Finding("foreign-file", "is only a link to somewhere else", name))


def _check_folder(folder: Path, head: Head) -> tuple[str, ...]:
    """The folder holds what HEAD names, and nothing else but notes of the treasurer.

    Stock `bean-check` leaves its cache there, and the books are none the worse for it: these names
    are returned, and what they hold is left alone.
    """
    ours = {HEAD, PLUGIN, *head.files}
    for name in sorted(ours):
        if not (folder / name).exists():
            raise FindingError(Finding("missing-file", "is missing", name))
    leftovers = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if _CACHE_NAME.fullmatch(name):
            leftovers.append(name)
        elif not (path.is_dir() or name in ours or name.startswith(f"{LOCAL}/")):
            raise FindingError(Finding("foreign-file", "is not part of these books", name))
    return tuple(leftovers)


def parse_balances(text: str, entries: int) -> dict[str, tuple[int, int, int, int]]:
    """What the application said each account holds.

    Raises:
        FindingError: If it speaks of another number of entries.
    """
    lines = text.split("\n")
    if lines[:2] != [BALANCES_LAYOUT, f"entries {entries}"]:
        raise FindingError(
            Finding("other-balances", f"does not speak of {entries} entries", BALANCES, 2)
        )
    balances = {}
    for line in lines[2:-1]:
        code, *figures = line.split(" ")
        balance, held_out, held_in, version = map(int, figures)
        balances[code] = (balance, held_out, held_in, version)
    return balances


def _text(folder: Path, name: str) -> str:
    """The text of a file that must be there."""
    try:
        return bytes_of(folder, name).decode("utf-8")
    except UnicodeDecodeError as error:
        raise FindingError(Finding("not-text", "is not UTF-8 text", name)) from error


def bytes_of(folder: Path, name: str) -> bytes:
    """The bytes of a file that must be there."""
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError as error:
        raise FindingError(Finding("missing-file", "is missing", name)) from error
    except OSError as error:
        raise FindingError(Finding("missing-file", "can not be read", name)) from error
