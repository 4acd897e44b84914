"""Write the book as beancount files that stand on their own.

The files carry no name and no words of anyone: accounts are pseudonyms, a memo is a
commitment. They hold every field the chain is made of, so that anyone can check them
with stock beancount and the plugin beside them, without this program or its database,
and so that the ledger can be restored from them alone.

An export goes on where the one before ended: files only grow, and months that are over
are not touched. The same book always gives the same bytes, however often and whenever it
was exported.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from ledger import schema
from ledger.accounts import book_name, code_of
from ledger.book_errors import BooksAhead, BooksChanged
from ledger.books import text
from ledger.books.folder import Folder, alone
from ledger.books.signatures import signed_texts
from ledger.chain import GENESIS
from ledger.errors import UnknownBook
from ledger.layout import (
    ACCOUNTS,
    ASIDE_KINDS,
    BALANCES,
    CHECKPOINT,
    HEAD,
    KEY,
    MAIN,
    PLUGIN,
    SIGNED_KEYS,
    SIGNED_MONTHS,
    FindingError,
    Head,
    Mark,
    Start,
    counted_name,
    is_signed,
    opening_name,
    parse_balances,
    parse_start,
    signed_year_of,
    top_of,
)
from ledger.merkle import Frontier
from ledger.notes import HASH_BYTES
from ledger.storage import JournalRow, storage_of

#: The plugin as it lies in this package; only the audit imports it.
PLUGIN_SOURCE: Final = Path(__file__).parents[1] / "audit" / "plugin.py"

_WRITTEN_EACH_TIME: Final = frozenset(
    {ACCOUNTS, BALANCES, MAIN, CHECKPOINT, KEY, SIGNED_KEYS, SIGNED_MONTHS}
)
_OPEN_LINE: Final = re.compile(r" open (\S+)  MIN$", re.MULTILINE)
_BALANCE_LINE: Final = re.compile(r" balance (\S+)  ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote.

    Attributes:
        entries: Entries in the books.
        chain: The head of the chain.
        files: Every file of the books, relative to the folder, in order.
        written: Those among them whose bytes changed.
        is_full: Whether all entries were written anew, and not only those that were new.
    """

    entries: int
    chain: bytes
    files: tuple[str, ...]
    written: tuple[str, ...]
    is_full: bool


class _Account(NamedTuple):
    """What the database says of an account."""

    code: str
    balance: int
    held_out: int
    held_in: int
    version: int


class _Book(NamedTuple):
    """The book at one moment."""

    book_id: UUID
    label: str
    opened_on: date
    seq: int
    chain: bytes
    accounts: Sequence[_Account]


@dataclass(slots=True)
class _Making:
    """Books in the making: how far they go, what accounts hold, the month being filled."""

    folder: Folder
    accounts: list[str]
    entries: int = 0
    chain: str = GENESIS.hex()
    recorded: str = ""
    edge: Frontier = field(default_factory=Frontier)
    files: dict[str, Mark] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    balances: dict[str, int] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    leaves: list[bytes] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    starts: dict[str, Start] = field(default_factory=dict)

    @property
    def month(self) -> str:
        """The month of the last entry."""
        return self.recorded[:7]

    def add(self, row: JournalRow) -> None:
        """Add an entry to its month; close the month before it."""
        entry, balances, names = row.entry, self.balances, self.names
        if entry.at[:7] != self.month:
            self.close_month()
            self.moved = set()
            if entry.at[:4] != self.recorded[:4]:
                self._open_year(int(entry.at[:4]))
            self.lines.append(text.month_title(entry.at[:7]))
        moves = entry.kind not in ASIDE_KINDS
        for payer, payee, minutes in entry.legs:
            for code in (payer, payee):
                if code not in names:
                    names[code] = book_name(code)
                    balances[code] = 0
                    self.accounts.append(text.open_text(entry.at[:10], names[code]))
            if moves:
                balances[payer] -= minutes
                balances[payee] += minutes
                self.moved.add(payer)
                self.moved.add(payee)
        self.lines.append(text.entry_text(row, names))
        self.leaves.append(row.leaf)
        self.entries, self.chain, self.recorded = entry.seq, row.chain.hex(), entry.at

    def close_month(self) -> None:
        """Write the month and what every account that moved in it then held."""
        if not self.lines:
            return
        name = f"{self.month.replace('-', '/')}.beancount"
        was = self.files.get(name)
        before = self.folder.read(name, was) if was else b""
        if before is None:
            raise _StaleError
        self._put(name, before + "".join(self.lines).encode())
        counted = text.counted_text(self.month, self.names, self.balances, self.moved)
        self._put(counted_name(name), counted.encode())
        self.lines = []

    def _open_year(self, year: int) -> None:
        """Write what every account held when a year began."""
        start = Start(self.entries, self.chain, self.peaks())
        top = top_of(year)
        opening = text.opening_text(year, start, self.names, self.balances)
        self._put(opening_name(top), opening.encode())
        self.starts[top] = start

    def peaks(self) -> str:
        """The right edge of the tree over the entries so far, as text."""
        self.edge.grow(self.leaves)
        self.leaves = []
        return b"".join(self.edge.peaks).hex()

    @property
    def signed_since(self) -> int:
        """The last year whose checkpoints are there: it may go on, those before do not."""
        years = [year for name in self.files if (year := signed_year_of(name)) is not None]
        return max(years, default=0)

    def finish(self, book: _Book, signed: dict[str, str]) -> Head:
        """Write what is not a month; HEAD comes last, as it speaks of all the others."""
        self.close_month()
        self._put(ACCOUNTS, "".join(self.accounts).encode())
        months = [
            name for month in text.months_of(self.files) for name in (month, counted_name(month))
        ]
        for top in sorted({top_of(int(month[:4])) for month in months}):
            own = [ACCOUNTS, *(name for name in months if name.startswith(f"{top[:4]}/"))]
            self._put_year(book, top, own)
        self._put(
            MAIN,
            text.main_text(
                *(book.book_id.hex, book.label, book.opened_on),
                includes=[ACCOUNTS, *months],
                notes=self.folder.notes(),
            ).encode(),
        )
        self._put(BALANCES, text.balances_text(book.seq, book.accounts).encode())
        # HEAD does not vouch for the plugin, nor the plugin for itself: who checks, brings one.
        self.folder.put(PLUGIN, PLUGIN_SOURCE.read_bytes())
        self._put_signed(signed)
        head = Head(
            book=book.book_id.hex,
            entries=self.entries,
            chain=self.chain,
            recorded=self.recorded,
            peaks=self.peaks(),
            files=self.files,
        )
        # What HEAD speaks of is on the disk before HEAD is.
        self.folder.sync()
        self.folder.put(HEAD, head.text().encode())
        self.folder.sync()
        self.folder.end()
        return head

    def _put_signed(self, signed: dict[str, str]) -> None:
        """Write what was signed; take away what is left of something else."""
        since = self.signed_since
        for name in [CHECKPOINT, KEY, *filter(is_signed, self.files)]:
            # A year that is over was not asked for; all else that is still signed comes again.
            if (signed_year_of(name) or since) >= since:
                self.files.pop(name, None)
        for name, content in signed.items():
            self._put(name, content.encode())
        for name in (CHECKPOINT, KEY, *self.folder.signed()):
            if name not in self.files:
                self.folder.remove(name)

    def _put_year(self, book: _Book, top: str, includes: Sequence[str]) -> None:
        """Write the file at the top of a year, unless nothing new is in it."""
        start = self.starts.get(top)
        was = self.files.get(top)
        if start is None:
            before = self.folder.read(top, was) if was else None
            if before is None:
                raise _StaleError
            start = parse_start(top, before.decode())
        written = text.year_text(top, book.book_id.hex, book.label, book.opened_on, start, includes)
        self._put(top, written.encode())

    def _put(self, name: str, content: bytes) -> None:
        self.files[name] = self.folder.put(name, content)


class _StaleError(Exception):
    """The files are not as they were left, so the books are written anew."""


def export(
    connection: Connection, book_id: UUID, folder: Path, *, is_full: bool = False
) -> Exported:
    """Write the book into a folder: what is new since the last time.

    HEAD is written last: if the export is cut short, HEAD speaks of less than is there,
    and the next export mends it. Otherwise files that are not as HEAD says were changed by
    somebody, who is not to be helped by writing them anew unseen.
    `local/` belongs to the treasurer and is left alone; its files are included.

    Args:
        connection: Entries posted meanwhile are left for the next time.
        book_id: The book.
        folder: Where to; made if it is not there, and nothing but these books is in it.
        is_full: Write everything anew, whatever is there.

    Raises:
        UnknownBook: If there is no such book.
        ForeignBooks: If the folder holds another book, or something else altogether.
        BooksAhead: If the folder holds entries that the database does not.
        BooksChanged: If the files there are not as the last export left them; not if all of them
            are to be written anew.
        OSError: If the folder is a file, or the disk is full; no file is left torn.
    """
    book = _read_book(connection, book_id)
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder):
        target = Folder(folder)
        target.check(book_id.hex)
        head = _last_head(connection, book, target)
        if not is_full and not target.is_unfinished:
            _check_left(target, head)
        if head is not None and not is_full:
            try:
                return _go_on(connection, book, target, head)
            except _StaleError:
                pass
        making = _Making(target, accounts=[text.accounts_title(book.opened_on)])
        return _write(connection, book, making, is_full=True)


def _check_left(folder: Folder, head: Head | None) -> None:
    """See that the files are as the last export left them.

    Raises:
        BooksChanged: With those that are not.
    """
    if head is not None:
        changed = folder.changed(head, _month_of(head))
    else:
        changed = [HEAD] if folder.holds_books() else []
    if changed:
        raise BooksChanged(str(folder.path), tuple(changed))


def _go_on(connection: Connection, book: _Book, folder: Folder, head: Head) -> Exported:
    """Add what is new to the books there are.

    Raises:
        _StaleError: If they are not as they were left.
    """
    for name, was in head.files.items():
        grows = book.seq > head.entries and name.startswith(_month_of(head))
        if name not in _WRITTEN_EACH_TIME and not grows and not folder.has(name, was):
            raise _StaleError
    making = _resume(folder, head)
    return _write(connection, book, making, is_full=False)


def _month_of(head: Head) -> str:
    """How the names of the files of the last month begin."""
    return head.recorded[:7].replace("-", "/") or "-"


def _resume(folder: Folder, head: Head) -> _Making:
    """Take up books where they end."""
    parts: dict[str, str] = {}
    month, counted = (f"{_month_of(head)}{end}" for end in (".beancount", ".assert.beancount"))
    if head.recorded and month not in head.files:
        raise _StaleError
    for name in (ACCOUNTS, BALANCES, *([counted] if head.recorded else [])):
        content = folder.read(name, head.files[name]) if name in head.files else None
        if content is None:
            raise _StaleError
        parts[name] = content.decode()
    # The parents have no code.
    codes = {
        name: code
        for name in _OPEN_LINE.findall(parts[ACCOUNTS])
        if (code := code_of(name)) is not None
    }
    names = {code: name for name, code in codes.items()}
    try:
        held = parse_balances(parts[BALANCES], head.entries)
        balances = {code: held[code][0] for code in names}
        peaks = bytes.fromhex(head.peaks)
        edge = Frontier.of(
            head.entries,
            [peaks[at : at + HASH_BYTES] for at in range(0, len(peaks), HASH_BYTES)],
        )
    except (FindingError, KeyError, ValueError) as error:
        raise _StaleError from error
    listed = _BALANCE_LINE.findall(parts.get(counted, ""))
    return _Making(
        folder=folder,
        entries=head.entries,
        chain=head.chain,
        recorded=head.recorded,
        edge=edge,
        files=dict(head.files),
        names=names,
        balances=balances,
        accounts=[parts[ACCOUNTS]],
        # Pots and sources are listed whether they moved or not; saying so again is no harm.
        moved={codes[name] for name in listed if name in codes},
    )


def _write(connection: Connection, book: _Book, making: _Making, *, is_full: bool) -> Exported:
    """Add the entries that are not in the books yet."""
    journal = storage_of(connection).journal(
        connection, book.book_id, book.seq, after_seq=making.entries
    )
    with closing(journal) as rows:
        for row in rows:
            making.add(row)
    if not is_full and _differ(making.balances, book.accounts):
        # What the accounts held before is not what was written down then.
        raise _StaleError
    signed = signed_texts(connection, book.book_id, book.seq, since=making.signed_since)
    head = making.finish(book, signed)
    return Exported(
        entries=head.entries,
        chain=bytes.fromhex(head.chain),
        files=tuple(sorted([*head.files, HEAD, PLUGIN])),
        written=tuple(sorted(making.folder.written)),
        is_full=is_full,
    )


def _differ(balances: dict[str, int], accounts: Iterable[_Account]) -> bool:
    """Whether what was added up is not what the database says."""
    stored = {account.code: account.balance for account in accounts}
    return any(stored.get(code) != minutes for code, minutes in balances.items())


def _read_book(connection: Connection, book_id: UUID) -> _Book:
    """The head and all accounts of a book, read in one statement and so at one moment."""
    head, account = schema.book.c, schema.account.c
    rows = connection.execute(
        select(
            *(head.code.label("label"), head.opened_at, head.seq, head.chain, account.code),
            account.posted_in - account.posted_out,
            *(account.held_out, account.held_in, account.version),
        )
        .select_from(schema.book)
        .join(schema.account, account.book_id == head.book_id, isouter=True)
        .where(head.book_id == book_id)
        .order_by(account.code)
    ).all()
    if not rows:
        raise UnknownBook(book_id)
    first = rows[0]
    return _Book(
        book_id=book_id,
        label=first.label,
        opened_on=first.opened_at.astimezone(UTC).date(),
        seq=first.seq,
        chain=first.chain,
        accounts=[_Account(*row[4:]) for row in rows if row.code is not None],
    )


def _last_head(connection: Connection, book: _Book, folder: Folder) -> Head | None:
    """How far the books in a folder go; None if they do not say so themselves.

    Raises:
        BooksAhead: If they hold what the database does not, or something else.
    """
    try:
        head = Head.parse((folder.path / HEAD).read_text("utf-8"))
    except (FindingError, OSError, UnicodeDecodeError):
        return None
    chain = GENESIS
    if head.entries:
        entry = schema.entry.c
        found = connection.execute(
            select(entry.chain).where(entry.book_id == book.book_id, entry.seq == head.entries)
        ).scalar()
        chain = found or b""
    if head.entries > book.seq or chain.hex() != head.chain:
        raise BooksAhead(str(folder.path), head.entries, book.seq)
    return head
