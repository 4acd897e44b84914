"""Reading single entries of a book, with everything a person may want to see of them.

Nothing here changes anything or takes a lock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, and_, select

from ledger import schema
from ledger.errors import UnknownEntry


@dataclass(frozen=True, slots=True)
class LegView:
    """A movement inside an entry, with both balances after it."""

    payer_code: str
    payee_code: str
    minutes: int
    payer_balance: int
    payee_balance: int


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry with everything a person may want to see of it.

    Attributes:
        hold_id: The hold this one ends.
        expires_at: When a hold may be ended.
        resolved_by: The entry that ended this hold; None while it is open.
    """

    entry_id: UUID
    seq: int
    kind: str
    category: str
    recorded_at: datetime
    occurred_on: date
    actor: UUID | None
    idem_key: str
    memo: str | None
    reverses: UUID | None
    reversed_by: UUID | None
    corrects: UUID | None
    hold_id: UUID | None
    expires_at: datetime | None
    resolved_by: UUID | None
    chain: bytes
    legs: Sequence[LegView]


def find_entry(connection: Connection, book_id: UUID, entry_id: UUID) -> EntryView:
    """One entry with its legs.

    Raises:
        UnknownEntry: If the book has no such entry.
    """
    entry = schema.entry.c
    row = connection.execute(
        _entries().where(entry.book_id == book_id, entry.id == entry_id)
    ).first()
    if row is None:
        raise UnknownEntry(entry_id)
    return _with_legs(connection, book_id, [row])[0]


def latest_entries(
    connection: Connection, book_id: UUID, *, before_seq: int | None = None, limit: int
) -> list[EntryView]:
    """The newest entries first, a page at a time."""
    entry = schema.entry.c
    question = _entries().where(entry.book_id == book_id).order_by(entry.seq.desc()).limit(limit)
    if before_seq is not None:
        question = question.where(entry.seq < before_seq)
    return _with_legs(connection, book_id, connection.execute(question).all())


def _entries() -> Select[Any]:
    """Entries with their memo and whatever took them back or ended them."""
    entry, memo, later = schema.entry.c, schema.memo, schema.entry.alias("later")
    ending = schema.entry.alias("ending")
    return (
        select(
            entry.id,
            entry.seq,
            entry.kind,
            entry.category,
            entry.recorded_at,
            entry.occurred_on,
            entry.actor,
            entry.idem_key,
            memo.c.body,
            entry.reverses,
            later.c.id,
            entry.corrects,
            entry.hold_id,
            entry.expires_at,
            ending.c.id,
            entry.chain,
        )
        .outerjoin(memo, and_(memo.c.book_id == entry.book_id, memo.c.entry_id == entry.id))
        .outerjoin(later, and_(later.c.book_id == entry.book_id, later.c.reverses == entry.id))
        .outerjoin(ending, and_(ending.c.book_id == entry.book_id, ending.c.hold_id == entry.id))
    )


def _with_legs(connection: Connection, book_id: UUID, rows: Sequence[Any]) -> list[EntryView]:
    """Add to each entry its legs, in one question."""
    leg = schema.leg.c
    legs: dict[int, list[LegView]] = {row.seq: [] for row in rows}
    for seq, *values in connection.execute(
        select(
            leg.seq,
            leg.payer_code,
            leg.payee_code,
            leg.minutes,
            leg.payer_balance,
            leg.payee_balance,
        )
        .where(leg.book_id == book_id, leg.seq.in_(sorted(legs)))
        .order_by(leg.seq, leg.n)
    ):
        legs[seq].append(LegView(*values))
    return [EntryView(*(*row, legs[row.seq])) for row in rows]
