"""Write the book as beancount files that stand on their own.

The files carry no name and no words of anyone: accounts are pseudonyms, a memo is a
commitment. They hold every field the chain is made of, so that anyone can check them
with stock beancount and `ledger.audit`, without this program or its database. The same
book always gives the same bytes, and a file whose bytes stay the same is left alone.
"""

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, select

from ledger import schema
from ledger.accounts import BOOK_PARENTS, book_name
from ledger.chain import ENCODING, GENESIS, NO_MEMO
from ledger.errors import ForeignBooks, UnknownBook
from ledger.storage import JournalRow, storage_of

#: The files beside the months. The application writes all of them but `local/`.
MAIN: Final = "main.beancount"
ACCOUNTS: Final = "accounts.beancount"
HEAD: Final = "HEAD"
LOCAL: Final = "local"
#: Version of the layout, the first line of HEAD.
LAYOUT: Final = "timebank-books 1"

_OURS: Final = re.compile(
    rf"{re.escape(MAIN)}|{re.escape(ACCOUNTS)}|{HEAD}|{LOCAL}|[0-9]{{4}}|\..+\.part"
)
_NO_MEMO_HEX: Final = NO_MEMO.hex()
_TAG: Final = re.compile(r"[A-Za-z0-9._/-]+")
_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"})
_DECEMBER: Final = 12


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote.

    Attributes:
        entries: Entries in the books.
        chain: The head of the chain.
        files: Every file of the books, relative to the folder, in order.
        written: Those among them whose bytes changed.
    """

    entries: int
    chain: bytes
    files: tuple[str, ...]
    written: tuple[str, ...]


@dataclass(slots=True)
class _Books:
    """Books in the making: the running balances and the month being filled."""

    folder: Path
    names: dict[str, str]
    balances: dict[str, int] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    month: str = ""
    lines: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    entries: int = 0
    chain: str = ""
    recorded_at: str = ""

    def add(self, row: JournalRow) -> None:
        """Add an entry to its month; close the month before it."""
        month = row.entry.at[:7]
        if month != self.month:
            self.close_month()
            self.month = month
            self.lines = [f";; Recorded in {month} (UTC), in the order of the book.\n"]
        self.lines.append(_entry(row, self.names))
        for leg in row.entry.legs:
            self.balances[leg.payer_code] = self.balances.get(leg.payer_code, 0) - leg.minutes
            self.balances[leg.payee_code] = self.balances.get(leg.payee_code, 0) + leg.minutes
            self.moved |= {leg.payer_code, leg.payee_code}
        self.entries, self.chain = row.entry.seq, row.chain.hex()
        self.recorded_at = row.entry.at

    def close_month(self) -> None:
        """Write the month and what every account that moved in it then held."""
        if not self.month:
            return
        year, month = self.month.split("-")
        self.write(f"{year}/{month}.beancount", self.lines)
        first = date(int(year), int(month), 1)
        after = (first + timedelta(days=31)).replace(day=1)
        # At the end of a year every account is counted, moved or not.
        listed = set(self.balances) if first.month == _DECEMBER else self.moved
        listed |= {code for code in self.balances if not code.startswith(("M", "N"))}
        self.write(f"{year}/{month}.assert.beancount", self._assertions(after, listed))
        self.moved = set()

    def _assertions(self, on: date, codes: set[str]) -> Iterator[str]:
        """What accounts held at the start of a day, the sums by kind first."""
        yield f";; Balances at the end of {self.month} (UTC).\n"
        sums = dict.fromkeys(BOOK_PARENTS, 0)
        for code, minutes in self.balances.items():
            parent = self.names[code].rpartition(":")[0]
            if parent in sums:
                sums[parent] += minutes
        for name, minutes in sums.items():
            yield f"{on} balance {name}  {minutes} MIN\n"
        for code in sorted(codes):
            yield f"{on} balance {self.names[code]}  {self.balances[code]} MIN\n"

    def write(self, name: str, lines: Iterator[str] | Sequence[str]) -> None:
        """Put a file in place, whole or not at all; leave it alone if it is the same."""
        content = "".join(lines).encode()
        path = self.folder / name
        self.files.append(name)
        if path.is_file() and path.read_bytes() == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, content)
        self.written.append(name)


def export(connection: Connection, book_id: UUID, folder: Path) -> Exported:
    """Write the whole book into a folder.

    HEAD is written last: if the export is cut short, the books say so themselves, and
    the next export mends them. `local/` belongs to the treasurer and is left alone.

    Args:
        connection: Entries posted meanwhile are left for the next time.
        book_id: The book.
        folder: Where to; made if it is not there, and nothing but these books is in it.

    Raises:
        UnknownBook: If there is no such book.
        ForeignBooks: If the folder holds another book, or something else altogether.
        OSError: If the folder is a file, or the disk is full; no file is left torn.
    """
    table = schema.book
    book = connection.execute(select(table).where(table.c.book_id == book_id)).first()
    if book is None:
        raise UnknownBook(book_id)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        _check_folder(folder, book_id)
        return _export(connection, book, folder)


def _export(connection: Connection, book: Row[Any], folder: Path) -> Exported:
    """Write every file whose bytes changed."""
    account = schema.account.c
    codes = connection.execute(
        select(account.code).where(account.book_id == book.book_id).order_by(account.code)
    ).scalars()
    books = _Books(folder, {code: book_name(code) for code in codes})
    for row in storage_of(connection).journal(connection, book.book_id, book.seq):
        books.add(row)
    books.close_month()
    months = list(books.files)
    opened_on = book.opened_at.astimezone(UTC).date()
    books.write(ACCOUNTS, _accounts(opened_on, books.names))
    books.write(MAIN, _main(book, opened_on, [ACCOUNTS, *months]))
    books.write(HEAD, _head(book, books))
    return Exported(
        entries=books.entries,
        chain=bytes.fromhex(books.chain) or GENESIS,
        files=tuple(sorted(books.files)),
        written=tuple(sorted(books.written)),
    )


def _check_folder(folder: Path, book_id: UUID) -> None:
    """Refuse to write among other people's files; clear away what a crash left half done."""
    for found in sorted(path.name for path in folder.iterdir()):
        if not _OURS.fullmatch(found):
            raise ForeignBooks(str(folder), found)
    head = folder / HEAD
    if head.is_file() and f"book {book_id.hex}" not in head.read_text("utf-8").splitlines():
        raise ForeignBooks(str(folder), "the books of another community")
    for part in folder.rglob(".*.part"):
        part.unlink()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one export at a time into a folder; the next one waits."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _entry(row: JournalRow, names: dict[str, str]) -> str:
    """An entry as a transaction: every hashed field, and two postings a leg."""
    entry = row.entry
    tag = f" #{entry.category}" if _TAG.fullmatch(entry.category) else ""
    payee = entry.legs[0].payee_code if entry.legs else ""
    head = (
        f"\n{entry.at[:10]} * {_quoted(payee)} {_quoted(entry.kind)}{tag}\n"
        f"  seq: {entry.seq}\n"
        f'  uid: "{entry.id}"\n'
        f'  at: "{entry.at}"\n'
        f"  occurred: {entry.on}\n"
        f"  category: {_quoted(entry.category)}\n"
        f"  key: {_quoted(entry.key)}\n"
    )
    lines = [head]
    lines.extend(
        f'  {name}: "{value}"\n'
        for name, value in (
            ("actor", entry.actor),
            ("rev", entry.rev),
            ("hold", entry.hold),
            ("expires", entry.expires),
            ("corrects", entry.corrects),
            ("memo-commit", "" if entry.memo == _NO_MEMO_HEX else entry.memo),
        )
        if value
    )
    lines.append(f'  chain: "{row.chain.hex()}"\n')
    lines.extend(
        f"  {names[leg.payer_code]}  -{leg.minutes} MIN\n"
        f"  {names[leg.payee_code]}  {leg.minutes} MIN\n"
        for leg in entry.legs
    )
    return "".join(lines)


def _accounts(opened_on: date, names: dict[str, str]) -> Iterator[str]:
    """Open every account on the day the book opened."""
    yield ";; Accounts are pseudonyms; who is who is known to the community alone.\n"
    for name in (*BOOK_PARENTS, *names.values()):
        yield f"{opened_on} open {name}  MIN\n"


def _main(book: Row[Any], opened_on: date, includes: Sequence[str]) -> Iterator[str]:
    """The file that stock beancount is pointed at."""
    yield (
        ";; Hours of help between neighbours, in whole minutes. Written by a program: what is\n"
        f";; changed here is lost. Notes of one's own go into {LOCAL}/.\n"
        f"option {_quoted('title')} {_quoted(f'Hours of {book.code}')}\n"
        'option "operating_currency" "MIN"\n'
        'option "tolerance_multiplier" "0"\n'
        f'{opened_on} custom "timebank-book" "{book.book_id.hex}" {ENCODING}\n'
        f"{opened_on} commodity MIN\n"
        f"{opened_on} commodity HOUR\n"
        f"{opened_on} price HOUR  60 MIN\n"
    )
    for name in includes:
        yield f'include "{name}"\n'


def _head(book: Row[Any], books: _Books) -> Iterator[str]:
    """How far the books go."""
    yield f"{LAYOUT}\n"
    yield f"book {book.book_id.hex}\n"
    yield f"entries {books.entries}\n"
    yield f"chain {books.chain or GENESIS.hex()}\n"
    yield f"recorded {books.recorded_at or '-'}\n"


def _quoted(text: str) -> str:
    """Text as beancount reads it back unchanged."""
    return f'"{text.translate(_ESCAPES)}"'


def _replace(path: Path, content: bytes) -> None:
    """Write beside, make it durable, then put it in place."""
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(part).chmod(0o644)
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
