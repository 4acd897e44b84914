"""Sealing months: what the book held when each was over, signed, one after the other.

As with checkpoints, `draft` reads and may take its time, and `keep` signs and stores in a
moment under the lock of the book's head. `keep` also moves the time of the head to the
end of the month, so that whatever is recorded from then on is recorded later: nothing can
enter a sealed month, not even where the clock jumps back. The day of a *service* is free;
what is reported late carries its own day, and changes no sealed figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, Select, insert, select, update

from ledger import checkpoints, keys, merkle, schema
from ledger.balances import seq_before
from ledger.dated import balances_at
from ledger.months import NO_MONTH, Month, MonthEnd, MonthHead, TrialTree, head_of
from ledger.notes import Signer, sign
from ledger.proof_errors import NoSigningKey, NotYetSealed, RewrittenBook, UnknownMonth
from ledger.storage import storage_of
from ledger.tree import StoredTree

#: Months on one page of a list.
MONTHS_ON_A_PAGE: Final = 24


@dataclass(frozen=True, slots=True)
class SealedMonth:
    """A month as it is stored.

    Attributes:
        head: What it says.
        sealed_at: When it was sealed.
        public_key: Which key signed it.
        note: What was signed, with the signature.
    """

    head: MonthHead
    sealed_at: datetime
    public_key: bytes
    note: str

    @property
    def period(self) -> str:
        """Which month, such as ``2026-05``."""
        return self.head.month.period


@dataclass(frozen=True, slots=True)
class MonthDraft:
    """What the seal of a month will say, but for the name and the month before."""

    month: Month
    size: int
    root: bytes
    chain: bytes
    accounts: int
    trial_root: bytes


# --------------------------------------------------------------------------- sealing


def due(connection: Connection, book_id: UUID, *, zone: tzinfo, now: datetime) -> Sequence[Month]:
    """The months that are over and not sealed, the oldest first; one is sealed after the other.

    The first is the month of the first entry: before it there was nothing to seal.
    """
    newest = latest(connection, book_id)
    if newest is not None:
        month = newest.head.month.following(zone)
    else:
        entry = schema.entry.c
        first = connection.execute(
            select(entry.recorded_at).where(entry.book_id == book_id, entry.seq == 1)
        ).scalar()
        if first is None:
            return []
        month = Month.around(first.astimezone(zone).date(), zone)
    found = []
    while month.ended_at <= now:
        found.append(month)
        month = month.following(zone)
    return found


def draft(connection: Connection, book_id: UUID, month: Month) -> MonthDraft:
    """Work out what the seal of a month says; nothing is changed or locked.

    Raises:
        NotYetSealed: If the checkpoints do not reach to its end; make one first.
        RewrittenBook: If the accounts do not add up to nothing, so that something was changed.
    """
    size = seq_before(connection, book_id, month.ended_at)
    newest = checkpoints.latest(connection, book_id)
    if newest is None or newest.size < size:
        raise NotYetSealed(size, newest.size if newest else 0)
    entry = schema.entry.c
    chain = connection.execute(
        select(entry.chain).where(entry.book_id == book_id, entry.seq == size)
    ).scalar_one()
    balances = balances_at(connection, book_id, size)
    if sum(balances.values()):
        raise RewrittenBook(size)
    trial = TrialTree(balances.items())
    root = merkle.head(StoredTree(connection, book_id).read, size)
    return MonthDraft(month, size, root, chain, len(trial), trial.root)


def keep(
    connection: Connection, book_id: UUID, drafted: MonthDraft, signer: Signer, *, now: datetime
) -> SealedMonth | None:
    """Sign a month and store it; if somebody was quicker, theirs is the answer.

    Args:
        connection: Inside a transaction that the caller commits.
        book_id: The book.
        drafted: From `draft`.
        signer: The key in use.
        now: When.

    Returns:
        The month as it is sealed, or None where an entry came in between that belongs to it,
        or the month before is not sealed: draft it again.

    Raises:
        NoSigningKey: If this key is not the one in use.
    """
    if now < drafted.month.ended_at:
        raise ValueError(f"{drafted.month.period} is not over")
    storage_of(connection).lock_head(connection, book_id)
    month, newest = drafted.month, latest(connection, book_id)
    if newest is not None and newest.period >= month.period:
        return find(connection, book_id, month.period)
    if keys.in_use(connection, book_id).key != signer.key:
        raise NoSigningKey(book_id)
    if seq_before(connection, book_id, month.ended_at) != drafted.size:
        return None
    head = MonthHead(
        origin=signer.key.name,
        month=month,
        size=drafted.size,
        root=drafted.root,
        chain=drafted.chain,
        accounts=drafted.accounts,
        trial_root=drafted.trial_root,
        prev=newest.head.digest() if newest else NO_MONTH,
    )
    sealed = SealedMonth(head, now, signer.key.public, sign(head.text(), signer))
    connection.execute(
        insert(schema.period_seal).values(
            book_id=book_id,
            period=month.period,
            through_on=month.through_on,
            ended_at=month.ended_at,
            size=head.size,
            root=head.root,
            chain=head.chain,
            accounts=head.accounts,
            trial_root=head.trial_root,
            prev=head.prev,
            sealed_at=sealed.sealed_at,
            public_key=sealed.public_key,
            note=sealed.note,
        )
    )
    book = schema.book
    connection.execute(
        update(book)
        .where(book.c.book_id == book_id, book.c.recorded_at < month.ended_at)
        .values(recorded_at=month.ended_at)
    )
    return sealed


# --------------------------------------------------------------------------- reading


def latest(connection: Connection, book_id: UUID) -> SealedMonth | None:
    """The newest sealed month, if there is one."""
    row = connection.execute(_newest_first(book_id).limit(1)).first()
    return None if row is None else _read(row)


def sealed_through(connection: Connection, book_id: UUID) -> date | None:
    """The last day of the newest sealed month: nothing recorded up to it changes any more."""
    newest = latest(connection, book_id)
    return None if newest is None else newest.head.month.through_on


def find(connection: Connection, book_id: UUID, period: str) -> SealedMonth:
    """A sealed month.

    Raises:
        UnknownMonth: If it is not sealed.
    """
    table = schema.period_seal.c
    row = connection.execute(_newest_first(book_id).where(table.period == period)).first()
    if row is None:
        raise UnknownMonth(period)
    return _read(row)


def listed(
    connection: Connection, book_id: UUID, *, before: str | None = None, limit: int
) -> Sequence[SealedMonth]:
    """Sealed months, the newest first, a page at a time; `before` is the last one seen."""
    query = _newest_first(book_id).limit(limit)
    if before is not None:
        query = query.where(schema.period_seal.c.period < before)
    return [_read(row) for row in connection.execute(query)]


def trial_balance(connection: Connection, book_id: UUID, sealed: SealedMonth) -> dict[str, int]:
    """Minutes in every account that had moved when a month was over, in code order.

    Raises:
        RewrittenBook: If they are no longer what was sealed.
    """
    balances = balances_at(connection, book_id, sealed.head.size)
    trial = TrialTree(balances.items())
    if (trial.root, len(trial)) != (sealed.head.trial_root, sealed.head.accounts):
        raise RewrittenBook(sealed.head.size)
    return balances


def prove(connection: Connection, book_id: UUID, period: str, code: str) -> MonthEnd:
    """Prove what an account held when a month was over; the proof is seen to hold.

    Raises:
        UnknownMonth: If the month is not sealed, or the account had not moved by its end.
        RewrittenBook: If the balances are no longer what was sealed.
    """
    sealed = find(connection, book_id, period)
    balances = trial_balance(connection, book_id, sealed)
    if code not in balances:
        raise UnknownMonth(period)
    return TrialTree(balances.items()).prove(code, sealed.note)


def _newest_first(book_id: UUID) -> Select[Any]:
    table = schema.period_seal
    return select(table).where(table.c.book_id == book_id).order_by(table.c.period.desc())


def _read(row: Row[Any]) -> SealedMonth:
    """A sealed month from its row; what it says is read from what was signed."""
    return SealedMonth(head_of(row.note), row.sealed_at, row.public_key, row.note)
