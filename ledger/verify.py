"""Recompute the whole book from its entries and compare it with what is stored.

Everything a balance rests on is derived again from the legs: the chain, the running
balances and versions, the counters of the accounts, the sum over the book, what is set
aside and what became of it. What it can not see is written in `docs/ledger.md`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC
from itertools import chain as chain_of
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, and_, func, select

from ledger import schema
from ledger.accounts import kind_of
from ledger.chain import (
    ENCODING,
    GENESIS,
    ChainedEntry,
    ChainedLeg,
    canonical,
    commitment,
    instant_text,
    leaf,
    link,
)
from ledger.entries import RESOLVING_KINDS
from ledger.errors import UnknownBook
from ledger.layout import ASIDE_KINDS
from ledger.months import NO_MONTH, Month, MonthHead, TrialTree, head_of
from ledger.rules import by_pair
from ledger.storage import JournalRow, LegRow, storage_of

#: Stop listing after so many; a broken chain breaks everything behind it.
PROBLEMS_MAX: Final = 20
#: The whole journal, whatever the head says.
SEQ_MAX: Final = 2**62

#: Floor, ceiling and state of an account.
_Limits = tuple[int | None, int | None, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not fit.

    Attributes:
        reason: What sort of thing, for machines.
        where: Entry or account, such as ``entry 17`` or ``account M000003``.
        expected: What the entries say it should be.
        found: What is stored.
    """

    reason: str
    where: str
    expected: str
    found: str

    def __str__(self) -> str:
        """The problem as a line for a log or a terminal."""
        return f"{self.where}: {self.reason} (should be {self.expected}, is {self.found})"


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict over a book; the first problem comes first in the book too."""

    ok: bool
    entries: int
    accounts: int
    head: bytes
    total_minutes: int
    problems: tuple[Problem, ...]


class _Recount:
    """Counters of all accounts, derived from the legs alone."""

    def __init__(self) -> None:
        self.paid_in: dict[str, int] = {}
        self.paid_out: dict[str, int] = {}
        self.held_in: dict[str, int] = {}
        self.held_out: dict[str, int] = {}
        self.versions: dict[str, int] = {}

    def add(self, leg: LegRow, *, moves_hours: bool) -> tuple[int, int, int, int]:
        """Count a leg; return both balances and versions as they then are."""
        payer, payee, minutes = leg.payer_code, leg.payee_code, leg.minutes
        if moves_hours:
            self.paid_out[payer] = self.paid_out.get(payer, 0) + minutes
            self.paid_in[payee] = self.paid_in.get(payee, 0) + minutes
        self.versions[payer] = self.versions.get(payer, 0) + 1
        self.versions[payee] = self.versions.get(payee, 0) + 1
        return (
            self.balance(payer),
            self.versions[payer],
            self.balance(payee),
            self.versions[payee],
        )

    def set_aside(self, legs: Iterable[ChainedLeg], sign: int) -> None:
        """Count what these legs set aside, or give back where the sign is minus one."""
        for payer, payee, minutes in legs:
            self.held_out[payer] = self.held_out.get(payer, 0) + sign * minutes
            self.held_in[payee] = self.held_in.get(payee, 0) + sign * minutes

    def balance(self, code: str) -> int:
        """Minutes in an account so far."""
        return self.paid_in.get(code, 0) - self.paid_out.get(code, 0)


@dataclass(slots=True)
class _Journal:
    """A reading of the journal from its first entry on."""

    book_id: UUID
    opened_at: str
    reversed_ids: frozenset[str]
    recount: _Recount
    entries: int = 0
    legs: int = 0
    chain: bytes = GENESIS
    recorded_at: str = ""
    taken_back: dict[str, tuple[ChainedLeg, ...]] = field(default_factory=dict)
    #: Entries that were taken back so far, and may now be replaced once each.
    replaceable: set[str] = field(default_factory=set)
    open_holds: dict[str, ChainedEntry] = field(default_factory=dict)
    #: Sealed months by the entries they hold; the newest first where several hold as many.
    months: Mapping[int, Sequence[MonthHead]] = field(default_factory=dict)

    def problems(self, rows: Iterable[JournalRow]) -> Iterator[Problem]:
        """Read on, entry by entry, and tell what does not fit."""
        self.recorded_at = self.opened_at
        for row in rows:
            yield from self._of_entry(row)
            yield from self._of_legs(row)
            if row.entry.id in self.reversed_ids:
                self.taken_back[row.entry.id] = row.entry.legs
            if row.entry.rev:
                self.replaceable.add(row.entry.rev)
                yield from self._of_reversal(row)
            if row.entry.corrects:
                yield from self._of_correction(row)
            if row.entry.kind == "hold":
                yield from self._of_hold(row.entry)
            elif row.entry.hold or row.entry.kind in RESOLVING_KINDS:
                yield from self._of_resolution(row.entry)
            for month in self.months.get(row.entry.seq, ()):
                yield from self._of_month(month)

    def _of_entry(self, row: JournalRow) -> Iterator[Problem]:
        """Place, time, leaf and link of one entry."""
        entry, where = row.entry, f"entry {row.entry.seq}"
        if entry.seq != self.entries + 1:
            yield Problem(
                "an entry is missing before this one", where, f"entry {self.entries + 1}", where
            )
        if entry.at < self.recorded_at or (entry.at == self.recorded_at and self.entries):
            yield Problem("recorded too early", where, f"after {self.recorded_at}", entry.at)
        if row.encoding != ENCODING:
            yield Problem("unknown encoding", where, str(ENCODING), str(row.encoding))
        hashed = leaf(canonical(entry))
        if row.leaf != hashed:
            yield Problem("the entry was changed", where, f"leaf {row.leaf.hex()}", hashed.hex())
        # Go on from what is stored, so that one change is one problem and not a thousand.
        linked = link(self.chain, row.leaf)
        if row.chain != linked:
            yield Problem("the chain is broken", where, linked.hex(), row.chain.hex())
        self.entries, self.chain, self.recorded_at = entry.seq, row.chain, entry.at

    def _of_legs(self, row: JournalRow) -> Iterator[Problem]:
        """Numbering of the legs, and the balances and versions stored beside them."""
        if not row.legs:
            yield Problem("the entry moves nothing", f"entry {row.entry.seq}", "legs", "none")
        moves_hours = row.entry.kind not in ASIDE_KINDS
        for n, leg in enumerate(row.legs, 1):
            where = f"entry {row.entry.seq}, leg {leg.n}"
            if leg.n != n:
                yield Problem("a leg is missing before this one", where, f"leg {n}", f"leg {leg.n}")
            counted = self.recount.add(leg, moves_hours=moves_hours)
            stored = leg[4:]
            if stored != counted:
                yield Problem(
                    "balances after it do not follow", where, _figures(counted), _figures(stored)
                )
        self.legs += len(row.legs)

    def _of_reversal(self, row: JournalRow) -> Iterator[Problem]:
        """A reversal moves back exactly what its entry moved."""
        mirrored = tuple(
            ChainedLeg(leg.payee_code, leg.payer_code, leg.minutes) for leg in row.entry.legs
        )
        original = self.taken_back.get(row.entry.rev)
        if original != mirrored:
            where = f"entry {row.entry.seq}"
            expected = "an earlier entry" if original is None else _movements(original)
            yield Problem(
                "no mirror image of what it takes back", where, expected, _movements(mirrored)
            )

    def _of_correction(self, row: JournalRow) -> Iterator[Problem]:
        """An entry stands in place of one that was taken back, and of which none else does."""
        if row.entry.corrects not in self.replaceable:
            where, named = f"entry {row.entry.seq}", row.entry.corrects
            yield Problem("replaces what still stands", where, "a taken back entry", named)
        self.replaceable.discard(row.entry.corrects)

    def _of_hold(self, entry: ChainedEntry) -> Iterator[Problem]:
        """A hold waits for the one entry that resolves it."""
        self.open_holds[entry.id] = entry
        self.recount.set_aside(entry.legs, 1)
        if entry.expires and entry.expires <= entry.at:
            where = f"entry {entry.seq}"
            yield Problem("over before it began", where, f"after {entry.at}", entry.expires)

    def _of_resolution(self, entry: ChainedEntry) -> Iterator[Problem]:
        """It ends an open hold, in time, and within what was set aside."""
        where = f"entry {entry.seq}"
        hold = self.open_holds.pop(entry.hold, None)
        if hold is None:
            yield Problem("resolves no open hold", where, "an open hold", entry.hold or "none")
            return
        self.recount.set_aside(hold.legs, -1)
        if entry.kind == "capture":
            over = by_pair(entry.legs) - by_pair(hold.legs)
            for (payer, payee), minutes in over.items():
                yield Problem(
                    "more was captured than set aside", where, f"{payer} to {payee}", f"+{minutes}"
                )
        elif entry.legs != hold.legs:
            yield Problem(
                "gives back other hours than were set aside",
                *(where, _movements(hold.legs), _movements(entry.legs)),
            )
        if entry.kind == "expiry" and (not hold.expires or entry.at < hold.expires):
            ends = f"after {hold.expires}" if hold.expires else "never"
            yield Problem("expired too early", where, ends, entry.at)

    def _of_month(self, head: MonthHead) -> Iterator[Problem]:
        """What was sealed when a month was over, against what is there after its last entry."""
        where = f"month {head.month.period}"
        if head.chain != self.chain:
            yield Problem(
                "not the chain that was sealed", where, head.chain.hex(), self.chain.hex()
            )
        codes = sorted(self.recount.versions)
        trial = TrialTree((code, self.recount.balance(code)) for code in codes)
        if (trial.root, len(trial)) != (head.trial_root, head.accounts):
            yield Problem(
                "not the balances that were sealed",
                *(where, head.trial_root.hex(), trial.root.hex()),
            )


def verify(connection: Connection, book_id: UUID) -> Report:
    """Check a whole book against itself; change nothing.

    Args:
        connection: Entries posted meanwhile may show as problems of the accounts unless
            the transaction reads one snapshot (SQLite does; PostgreSQL from REPEATABLE
            READ on).
        book_id: The book.

    Raises:
        UnknownBook: If there is no such book.
    """
    entry, book = schema.entry.c, schema.book.c
    head = connection.execute(select(schema.book).where(book.book_id == book_id)).first()
    if head is None:
        raise UnknownBook(book_id)
    reversed_ids = connection.execute(
        select(entry.reverses).where(entry.book_id == book_id, entry.reverses.is_not(None))
    ).scalars()
    journal = _Journal(
        book_id=book_id,
        opened_at=instant_text(head.opened_at),
        reversed_ids=frozenset(key.hex for key in reversed_ids if key is not None),
        recount=_Recount(),
    )
    months = list(_sealed_months(connection, book_id))
    journal.months = _by_size(months)
    with closing(storage_of(connection).journal(connection, book_id, SEQ_MAX)) as rows:
        found = chain_of(
            journal.problems(rows),
            _head_problems(connection, journal, head, months),
            _month_problems(journal, months),
            _change_problems(connection, book_id),
            _account_problems(connection, journal),
            _memo_problems(connection, book_id),
        )
        problems = tuple(islice(found, PROBLEMS_MAX))
    account = schema.account.c
    counted = connection.execute(
        select(
            func.count(), func.coalesce(func.sum(account.posted_in - account.posted_out), 0)
        ).where(account.book_id == book_id)
    ).one()
    return Report(
        ok=not problems,
        entries=journal.entries,
        accounts=counted[0],
        head=journal.chain,
        total_minutes=int(counted[1]),
        problems=problems,
    )


def _sealed_months(connection: Connection, book_id: UUID) -> Iterator[tuple[Row[Any], MonthHead]]:
    """Every sealed month as it is stored, with what was signed of it, in order."""
    seal = schema.period_seal
    query = select(seal).where(seal.c.book_id == book_id).order_by(seal.c.period)
    for row in connection.execute(query):
        yield row, head_of(row.note)


def _by_size(months: Iterable[tuple[Row[Any], MonthHead]]) -> dict[int, list[MonthHead]]:
    found: dict[int, list[MonthHead]] = {}
    for _row, head in months:
        found.setdefault(head.size, []).append(head)
    return found


def _month_problems(
    journal: _Journal, months: Iterable[tuple[Row[Any], MonthHead]]
) -> Iterator[Problem]:
    """Sealed months against their own words, and each against the one before."""
    prev, following = NO_MONTH, None
    for row, head in months:
        where, month = f"month {row.period}", head.month
        stored = MonthHead(
            head.origin,
            Month(row.period, row.through_on, row.ended_at),
            *(row.size, row.root, row.chain, row.accounts, row.trial_root, row.prev),
        )
        if stored != head:
            yield Problem("not what was signed", where, head.text(), stored.text())
        if head.prev != prev:
            yield Problem("does not name the month before", where, prev.hex(), head.prev.hex())
        if following is not None and month.period != following:
            yield Problem("a month is missing before this one", where, following, month.period)
        if head.size > journal.entries:
            entries = f"{head.size} entries"
            yield Problem("more was sealed than is there", where, entries, f"{journal.entries}")
        prev, following = head.digest(), Month.around(month.through_on, UTC).following(UTC).period


def _head_problems(
    connection: Connection,
    journal: _Journal,
    head: Row[Any],
    months: Sequence[tuple[Row[Any], MonthHead]],
) -> Iterator[Problem]:
    """The head row against the last entry, and legs that belong to no entry."""
    if head.seq != journal.entries:
        yield Problem(
            "entries are missing at the end", "head", f"{head.seq} entries", f"{journal.entries}"
        )
    if head.chain != journal.chain:
        yield Problem("is not the last link", "head", journal.chain.hex(), head.chain.hex())
    at = instant_text(head.recorded_at)
    # Sealing a month moves the time on, so that nothing is recorded in it any more.
    ended = max((month.month.ended_at for _row, month in months), default=head.opened_at)
    last = max(journal.recorded_at, instant_text(ended))
    if at != last:
        yield Problem("is not the last time", "head", last, at)
    leg = schema.leg.c
    legs = connection.execute(
        select(func.count()).where(leg.book_id == journal.book_id)
    ).scalar_one()
    if legs != journal.legs:
        yield Problem("legs without an entry", "book", f"{journal.legs} legs", f"{legs}")


def _account_problems(connection: Connection, journal: _Journal) -> Iterator[Problem]:
    """The counters of each account against its legs."""
    account, recount = schema.account.c, journal.recount
    total = 0
    for row in connection.execute(
        select(schema.account).where(account.book_id == journal.book_id).order_by(account.code)
    ):
        where = f"account {row.code}"
        counted = (
            recount.paid_in.get(row.code, 0),
            recount.paid_out.get(row.code, 0),
            recount.versions.get(row.code, 0),
        )
        stored = (row.posted_in, row.posted_out, row.version)
        if stored != counted:
            yield Problem(
                "counters are not the sum of its legs", where, _figures(counted), _figures(stored)
            )
        counted_aside = (recount.held_in.get(row.code, 0), recount.held_out.get(row.code, 0))
        aside = (row.held_in, row.held_out)
        if aside != counted_aside:
            yield Problem(
                "what is set aside is not the sum of its open holds",
                *(where, _figures(counted_aside), _figures(aside)),
            )
        if kind_of(row.code) != row.kind:
            yield Problem("kind does not fit the code", where, str(kind_of(row.code)), row.kind)
        total += row.posted_in - row.posted_out
    if total:
        yield Problem("the accounts do not add up to zero", "book", "0", str(total))


def _change_problems(connection: Connection, book_id: UUID) -> Iterator[Problem]:
    """Limits and states against the history of their changes, which begins at the opening."""
    account, change = schema.account, schema.account_change
    last: dict[str, tuple[int, _Limits]] = {}
    for row in connection.execute(
        select(change).where(change.c.book_id == book_id).order_by(change.c.code, change.c.n)
    ):
        where = f"account {row.code}, change {row.n}"
        n, expected = last.get(row.code, (0, (None, None, "open")))
        before = (row.floor_before, row.ceiling_before, row.state_before)
        if row.n != n + 1:
            yield Problem(
                "a change is missing before this one", where, f"change {n + 1}", f"change {row.n}"
            )
        if before != expected:
            yield Problem("does not follow the change before it", where, str(expected), str(before))
        last[row.code] = (row.n, (row.floor_after, row.ceiling_after, row.state_after))
    for row in connection.execute(
        select(account).where(account.c.book_id == book_id).order_by(account.c.code)
    ):
        now = (row.floor_minutes, row.ceiling_minutes, row.state)
        _n, expected = last.pop(row.code, (0, (None, None, "unopened")))
        if now != expected:
            yield Problem(
                "limits or state changed without a trace",
                f"account {row.code}",
                str(expected),
                str(now),
            )
    for code in sorted(last):
        yield Problem("the account is gone", f"account {code}", "an account", "none")


def _memo_problems(connection: Connection, book_id: UUID) -> Iterator[Problem]:
    """The words kept beside entries against what was committed to."""
    entry, memo = schema.entry.c, schema.memo.c
    for row in connection.execute(
        select(entry.seq, entry.memo_commit, memo.salt, memo.body)
        .join(schema.memo, and_(memo.book_id == entry.book_id, memo.entry_id == entry.id))
        .where(entry.book_id == book_id)
        .order_by(entry.seq)
    ):
        committed = commitment(row.salt, row.body)
        if row.memo_commit != committed:
            yield Problem(
                "the memo was changed", f"entry {row.seq}", row.memo_commit.hex(), committed.hex()
            )


def _movements(legs: Iterable[ChainedLeg]) -> str:
    """What legs move, in a row."""
    return ", ".join(f"{payer} to {payee} {minutes}" for payer, payee, minutes in legs)


def _figures(values: tuple[int, ...]) -> str:
    """Numbers in a row."""
    return ", ".join(map(str, values))
