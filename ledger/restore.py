"""Make the ledger anew from exported books, and from nothing else.

Every entry is read, rendered again as the export would write it and compared, so that a
book that was restored is exported byte for byte as it was. Entries, legs, chain, tree,
running balances and all that was ever signed are what they were. What the books do not hold
is gone: the words of memos, limits, states, and who is who.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import DataError, IntegrityError

from ledger import schema, tree
from ledger.accounts import book_name, kind_of
from ledger.attaching import attach, check_handovers
from ledger.book_errors import BadBooks, LedgerInUse
from ledger.books.folder import undisturbed
from ledger.books.reading import Place, read_month, unquoted
from ledger.chain import (
    ENCODING,
    GENESIS,
    NO_MEMO,
    ChainedEntry,
    request_hash,
)
from ledger.entries import EntryRequest, LegRequest
from ledger.errors import LedgerRefusal
from ledger.layout import (
    ASIDE_KINDS,
    BALANCES,
    CHECKPOINT,
    DATE,
    HEAD,
    MAIN,
    TEXT,
    Files,
    Finding,
    FindingError,
    check_marks,
    is_month,
    read_files,
)
from ledger.merkle import Frontier
from ledger.months import MonthHead
from ledger.notes import Head, PublicKey
from ledger.signed import Kept, Signed, read_signed
from ledger.storage import JournalRow
from ledger.verify import verify

#: Rows that are written at once.
BATCH: Final = 2_000

_BOOK: Final = re.compile(
    rf'^({DATE}) custom "timebank-book" "[0-9a-f]{{32}}" ([0-9]+)$', re.MULTILINE
)
_TITLE: Final = re.compile(rf'^option "title" ({TEXT})$', re.MULTILINE)
#: Floor and ceiling for an account of some kind.
Limits = Callable[[str], tuple[int | None, int | None]]


@dataclass(frozen=True, slots=True)
class Restored:
    """What was made anew.

    Attributes:
        book_id: The book, with the id it had.
        entries: Entries.
        accounts: Accounts.
        chain: The chain after the last entry.
        signed: Entries under the newest checkpoint that was attached again; 0 without one.
        member_number_max: The highest number among the members' accounts; 0 without one.
        pot_number_max: The same among the pots.
    """

    book_id: UUID
    entries: int
    accounts: int
    chain: bytes
    signed: int
    member_number_max: int
    pot_number_max: int


def book_of(folder: Path) -> UUID:
    """The id of the book whose books these are.

    Raises:
        BadBooks: If the folder does not say.
    """
    try:
        return UUID(read_files(folder).book)
    except FindingError as error:
        raise _bad(error.finding) from error


def restore(
    connection: Connection, folder: Path, *, secret: bytes, limits: Limits, now: datetime
) -> Restored:
    """Make a ledger anew from books; there must be none with this id.

    A key stays used. Who tries again what was posted with it gets the first answer where
    the entry had no words, as before. Where it had, nobody can know whether the words are
    the same, so the try is refused with `KeyMismatch`; no hour moves twice.

    Args:
        connection: Inside a transaction that the caller commits, or rolls back if this raises.
        folder: Where the books are; nothing in it is changed or run.
        secret: The server's, for the fingerprints of requests.
        limits: What an account of some kind may hold, as books do not say.
        now: When.

    Raises:
        LedgerInUse: If there is a book with this id.
        BadBooks: If the books are not, byte for byte, what was exported, or can not be true.
    """
    try:
        with undisturbed(folder):
            files = read_files(folder)
            check_marks(folder, files.head)
        return _Restoring(connection, files, secret=secret, limits=limits, now=now).run()
    except FindingError as error:
        raise _bad(error.finding) from error
    except (IntegrityError, DataError) as error:
        raise _impossible(error.orig) from error
    except (ValueError, OverflowError) as error:
        raise _impossible(error) from error


def _bad(finding: Finding) -> BadBooks:
    return BadBooks(finding.reason, finding.detail, finding.file, finding.line)


def _impossible(why: object) -> BadBooks:
    return _bad(Finding("impossible", f"what it says can not be: {why}", MAIN))


class _Restoring:
    """One restore: the book as far as it is made."""

    def __init__(
        self,
        connection: Connection,
        files: Files,
        *,
        secret: bytes,
        limits: Limits,
        now: datetime,
    ) -> None:
        self._connection = connection
        self._files = files
        self._secret = secret
        self._limits = limits
        self._now = now
        self._book_id = UUID(files.book)
        self._place = Place(0, GENESIS)
        self._at = ""
        self._names: dict[str, str] = {}
        self._paid_in: Counter[str] = Counter()
        self._paid_out: Counter[str] = Counter()
        self._versions: Counter[str] = Counter()
        self._entries: list[dict[str, Any]] = []
        self._legs: list[dict[str, Any]] = []
        self._edge = Frontier()
        self._subtrees: list[tuple[int, int, bytes]] = []
        self._signed: dict[int, list[tuple[str, Head | MonthHead]]] = {}
        self._signed_max = 0

    def run(self) -> Restored:
        """Write everything, then see that it is right."""
        self._check_there_is_none()
        opened_at = self._open_book()
        self._open_accounts(opened_at)
        signed = self._read_signed()
        for name, text in self._files.texts.items():
            if is_month(name):
                self._add_month(name, text)
        self._flush()
        self._close(signed)
        self._verify()
        members, pots = (
            [int(code[1:]) for code in self._names if code[0] == kind] for kind in "MG"
        )
        return Restored(
            book_id=self._book_id,
            entries=self._place.seq,
            accounts=len(self._files.balances),
            chain=self._place.chain,
            signed=self._signed_max,
            member_number_max=max(members, default=0),
            pot_number_max=max(pots, default=0),
        )

    def _check_there_is_none(self) -> None:
        book = schema.book.c
        found = self._connection.execute(
            select(book.seq).where(book.book_id == self._book_id)
        ).scalar()
        if found is not None:
            raise LedgerInUse(found)

    def _open_book(self) -> datetime:
        """The book, with its name and from its day on."""
        text = self._files.texts[MAIN]
        said, title = _BOOK.search(text), _TITLE.search(text)
        if said is None or title is None or said[2] != str(ENCODING):
            raise FindingError(Finding("unknown-encoding", "is not of this version", MAIN))
        opened_on = date.fromisoformat(said[1])
        opened_at = datetime(opened_on.year, opened_on.month, opened_on.day, tzinfo=UTC)
        self._connection.execute(
            insert(schema.book).values(
                book_id=self._book_id,
                code=unquoted(title[1]).removeprefix("Hours of "),
                opened_at=opened_at,
                chain=GENESIS,
                recorded_at=opened_at,
            )
        )
        return opened_at

    def _open_accounts(self, opened_at: datetime) -> None:
        """The accounts, each with the first line of its history."""
        accounts, changes = [], []
        for code in self._files.balances:
            kind = kind_of(code)
            if kind is None:
                raise FindingError(Finding("foreign-account", f"{code} is not ours", BALANCES))
            floor, ceiling = self._limits(kind)
            self._names[code] = book_name(code)
            account = {"book_id": self._book_id, "code": code}
            accounts.append(
                account | {"kind": kind, "floor_minutes": floor, "ceiling_minutes": ceiling}
            )
            changes.append(
                account
                | {"n": 1, "changed_at": opened_at, "floor_after": floor, "ceiling_after": ceiling}
                | {"state_before": "open", "state_after": "open"}
            )
        if accounts:
            self._connection.execute(insert(schema.account), accounts)
            self._connection.execute(insert(schema.account_change), changes)

    # ------------------------------------------------------------------- the entries

    def _add_month(self, name: str, text: str) -> None:
        """Write the entries of a month; each must be one that could have been asked for."""
        try:
            for row in read_month(name, text, self._files.book, self._place, self._names):
                self._add(row)
        except (LedgerRefusal, ValueError) as error:
            # With all characters that could move a cursor written out.
            said = f"entry {self._place.seq + 1} can not be: {str(error)!r}"
            raise FindingError(Finding("impossible", said, name)) from error

    def _add(self, row: JournalRow) -> None:
        """Write an entry, with the balances it left behind."""
        entry = row.entry
        self._entries.append(self._entry_row(row))
        moves = entry.kind not in ASIDE_KINDS
        for n, (payer, payee, minutes) in enumerate(entry.legs, 1):
            if moves:
                self._paid_out[payer] += minutes
                self._paid_in[payee] += minutes
            self._versions[payer] += 1
            self._versions[payee] += 1
            self._legs.append(
                {
                    "book_id": self._book_id,
                    "seq": entry.seq,
                    "n": n,
                    "payer_code": payer,
                    "payee_code": payee,
                    "minutes": minutes,
                    "payer_balance": self._paid_in[payer] - self._paid_out[payer],
                    "payer_version": self._versions[payer],
                    "payee_balance": self._paid_in[payee] - self._paid_out[payee],
                    "payee_version": self._versions[payee],
                }
            )
        self._place, self._at = Place(entry.seq, row.chain), entry.at
        if self._place.seq <= self._signed_max:
            self._subtrees += self._edge.add(row.leaf)
            for file, signed in self._signed.get(self._place.seq, ()):
                self._check_signed(file, signed)
        if len(self._entries) >= BATCH:
            self._flush()

    def _entry_row(self, row: JournalRow) -> dict[str, Any]:
        entry = row.entry
        return {
            "book_id": self._book_id,
            "id": UUID(entry.id),
            "seq": entry.seq,
            "kind": entry.kind,
            "category": entry.category,
            "recorded_at": _moment(entry.at),
            "occurred_on": date.fromisoformat(entry.on),
            "actor": _id(entry.actor),
            "idem_key": entry.key,
            "idem_hash": self._fingerprint(entry),
            "memo_commit": bytes.fromhex(entry.memo),
            "reverses": _id(entry.rev),
            "hold_id": _id(entry.hold),
            "expires_at": _moment(entry.expires) if entry.expires else None,
            "corrects": _id(entry.corrects),
            "leaf": row.leaf,
            "chain": row.chain,
            "enc": ENCODING,
        }

    def _fingerprint(self, entry: ChainedEntry) -> bytes:
        """What a retry is recognised by: as it was, where there were no words."""
        request = EntryRequest(
            book_id=self._book_id,
            kind=entry.kind,
            legs=tuple([LegRequest(*each) for each in entry.legs]),
            occurred_on=date.fromisoformat(entry.on),
            actor=_id(entry.actor),
            category=entry.category,
            idem_key=entry.key,
            corrects=_id(entry.corrects),
            reverses=_id(entry.rev),
            hold_id=_id(entry.hold),
            expires_at=_moment(entry.expires) if entry.expires else None,
        )
        if entry.memo != NO_MEMO.hex():
            # The words are gone, so nothing can be recognised: this one fits no request.
            return request_hash(self._secret, ["restored", entry.id])
        return request_hash(self._secret, request.meaning())

    def _flush(self) -> None:
        """Write what has gathered."""
        if self._entries:
            self._connection.execute(insert(schema.entry), self._entries)
            self._connection.execute(insert(schema.leg), self._legs)
        self._entries, self._legs = [], []

    # ----------------------------------------------------------------------- the end

    def _read_signed(self) -> Signed:
        """Everything that was signed, each with the key that signed it."""
        signed = read_signed(self._files)
        check_handovers(signed)
        heads: list[tuple[Kept, Head | MonthHead, PublicKey]] = [
            *signed.checkpoints,
            *signed.months,
        ]
        for kept, head, _key in heads:
            self._signed.setdefault(head.size, []).append((kept.file, head))
        self._signed_max = max(self._signed, default=0)
        if self._signed_max > self._files.head.entries:
            said = f"was signed over {self._signed_max} entries; the books have fewer"
            raise FindingError(Finding("missing-entry", said, CHECKPOINT))
        return signed

    def _check_signed(self, file: str, signed: Head | MonthHead) -> None:
        if (self._edge.head(), self._place.chain) != (signed.root, signed.chain):
            said = f"what was signed are not these {signed.size} entries"
            raise FindingError(Finding("not-under-checkpoint", said, file))

    def _close(self, signed: Signed) -> None:
        """The counters, the head, and what was signed."""
        head = self._files.head
        if (self._place.seq, self._place.chain.hex()) != (head.entries, head.chain):
            said = f"speaks of {head.entries} entries, and {self._place.seq} lead to another chain"
            raise FindingError(Finding("missing-entry", said, HEAD))
        counters = [self._counters(code, figures) for code, figures in self._files.balances.items()]
        account, book = schema.account, schema.book
        if counters:
            self._connection.execute(
                update(account).where(
                    account.c.book_id == self._book_id, account.c.code == bindparam("of_code")
                ),
                counters,
            )
        if self._place.seq:
            # Nothing is recorded in a month that is sealed, not even after this.
            ends = [month.month.ended_at for _kept, month, _key in signed.months]
            recorded_at = max([_moment(self._at), *ends])
            self._connection.execute(
                update(book)
                .where(book.c.book_id == self._book_id)
                .values(seq=self._place.seq, chain=self._place.chain, recorded_at=recorded_at)
            )
        tree.keep(self._connection, self._book_id, self._subtrees)
        attach(self._connection, self._book_id, signed, now=self._now)

    def _counters(self, code: str, figures: tuple[int, int, int, int]) -> dict[str, Any]:
        """What an account holds; the balances the application wrote must say the same."""
        balance, held_out, held_in, version = figures
        found = (self._paid_in[code] - self._paid_out[code], self._versions[code])
        if found != (balance, version):
            said = f"says {code} has {balance}; the entries add up to {found[0]}"
            raise FindingError(Finding("other-balances", said, BALANCES))
        return {
            "of_code": code,
            "posted_in": self._paid_in[code],
            "posted_out": self._paid_out[code],
            "held_in": held_in,
            "held_out": held_out,
            "version": version,
        }

    def _verify(self) -> None:
        """The whole book again, as it now stands in the database."""
        report = verify(self._connection, self._book_id)
        if not report.ok:
            raise FindingError(Finding("impossible", str(report.problems[0]), MAIN))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _id(text: str) -> UUID | None:
    return UUID(text) if text else None
