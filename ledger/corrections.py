"""Putting an entry right: it is taken back and another is posted in its place, in one act.

The two know each other and the entry they are about: the reversal names it in
``reverses``, the new entry in ``corrects``. Each entry can be replaced once; what turns
out to be wrong again is the replacement's, so that a chain of corrections is a line and
never a tree.
"""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    bindparam,
    func,
    or_,
    select,
    union_all,
)

from ledger import journal, schema
from ledger.balances import balances
from ledger.entries import EntryRequest, LegRequest, Outcome
from ledger.errors import UnknownEntry


@dataclass(frozen=True, slots=True)
class Correction:
    """An entry taken back and the one that stands in its place.

    Attributes:
        reversal: How taking it back ended.
        replacement: How posting the other one ended.
        overdrawn: Accounts that are left below their floor after both; for the treasurer.
    """

    reversal: Outcome
    replacement: Outcome
    overdrawn: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ref:
    """An entry by its id and its place in the book."""

    entry_id: UUID
    seq: int


@dataclass(frozen=True, slots=True)
class Links:
    """What an entry has to do with others; nothing where it has not.

    Attributes:
        takes_back: The entry it takes back.
        taken_back_by: The entry that took it back.
        instead_of: The entry it stands in place of.
        replaced_by: The entry that stands in its place.
    """

    takes_back: Ref | None = None
    taken_back_by: Ref | None = None
    instead_of: Ref | None = None
    replaced_by: Ref | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a line of corrections.

    Attributes:
        takes_back: Place of the entry it takes back, if it does.
        instead_of: Place of the entry it stands in place of, if it does.
        minutes: All that it moved.
        codes: The accounts it touched.
    """

    entry_id: UUID
    seq: int
    takes_back: int | None
    instead_of: int | None
    recorded_at: datetime
    occurred_on: date
    minutes: int
    codes: frozenset[str]


def correct(  # noqa: PLR0913 - what it takes back, what comes in its place, who, when
    connection: Connection,
    book_id: UUID,
    entry_id: UUID,
    *,
    legs: tuple[LegRequest, ...],
    occurred_on: date,
    category: str,
    reason: str,
    actor: UUID | None,
    idem_key: str,
    secret: bytes,
    now: datetime,
    draw: Callable[[int], bytes] = secrets.token_bytes,
) -> Correction:
    """Take an entry back and post another in its place; both, or neither.

    Taking back passes every limit, as always. The new entry keeps them, with one
    kindness: it is not stopped by a limit where nobody is worse off than before the
    correction. Half of a correction that is too long must never be stopped because the
    floor was raised in the meantime.

    Args:
        connection: Inside a transaction that the caller commits, and rolls back if this
            is refused: the first half may have been written by then.
        book_id: The book.
        entry_id: What was wrong. A second correction is about the entry of the first.
        legs: What should have moved.
        occurred_on: The day of the service.
        category: What it was for.
        reason: Why, in words; kept with the reversal, erasable.
        actor: Who decided.
        idem_key: Names the whole intention; both entries are posted once for it.
        secret: As for `journal.post`.
        now: As for `journal.post`.
        draw: As for `journal.post`.

    Raises:
        UnknownEntry, NotReversible, AlreadyReversed: As `journal.reverse`.
        LedgerRefusal: As `journal.post`.
    """
    original = _original(connection, book_id, entry_id)
    reversal = journal.reverse(
        connection,
        book_id,
        entry_id,
        reason=reason,
        actor=actor,
        idem_key=f"{idem_key}:back",
        secret=secret,
        now=now,
        draw=draw,
    )
    before = dict(reversal.balances)
    for payer, payee, minutes in original.legs:
        before[payer] -= minutes
        before[payee] += minutes
    replacement = journal.post(
        connection,
        EntryRequest(
            book_id=book_id,
            # What was captured is not captured again: its hold stays resolved.
            kind="exchange" if original.kind == "capture" else original.kind,
            legs=legs,
            occurred_on=occurred_on,
            actor=actor,
            category=category,
            idem_key=idem_key,
            corrects=entry_id,
        ),
        secret=secret,
        now=now,
        draw=draw,
        before=before,
    )
    now_held = balances(connection, book_id, reversal.overdrawn)
    return Correction(
        reversal,
        replacement,
        tuple(
            code
            for code, held in sorted(now_held.items())
            if held.floor_minutes is not None and held.available < held.floor_minutes
        ),
    )


@dataclass(frozen=True, slots=True)
class _Original:
    kind: str
    legs: Sequence[tuple[str, str, int]]


def _original(connection: Connection, book_id: UUID, entry_id: UUID) -> _Original:
    """The kind and the legs of what is to be put right."""
    entry, leg = schema.entry.c, schema.leg.c
    rows = connection.execute(
        select(entry.kind, leg.payer_code, leg.payee_code, leg.minutes)
        .join(schema.leg, (leg.book_id == entry.book_id) & (leg.seq == entry.seq))
        .where(entry.book_id == book_id, entry.id == entry_id)
        .order_by(leg.n)
    ).all()
    if not rows:
        raise UnknownEntry(entry_id)
    return _Original(rows[0].kind, [tuple(row[1:]) for row in rows])


# --------------------------------------------------------------------------- reading


def links(
    connection: Connection, book_id: UUID, entry_ids: Collection[UUID]
) -> Mapping[UUID, Links]:
    """What some entries have to do with others; entries that stand alone are left out."""
    if not entry_ids:
        return {}
    found: dict[UUID, dict[str, Ref]] = {}
    asked = {"book_id": book_id, "ids": sorted(entry_ids)}
    for entry_id, seq, reverses, reversed_seq, corrects, corrected_seq in connection.execute(
        _links_question(), asked
    ):
        this = Ref(entry_id, seq)
        for other, other_seq, is_about, is_done in (
            (reverses, reversed_seq, "takes_back", "taken_back_by"),
            (corrects, corrected_seq, "instead_of", "replaced_by"),
        ):
            if other is not None:
                found.setdefault(entry_id, {})[is_about] = Ref(other, other_seq)
                found.setdefault(other, {})[is_done] = this
    return {entry_id: Links(**found[entry_id]) for entry_id in entry_ids if entry_id in found}


@cache
def _links_question() -> Select[Any]:
    entry, was, right = (
        schema.entry.alias(),
        schema.entry.alias("was"),
        schema.entry.alias("instead"),
    )
    book_id: BindParameter[Any] = bindparam("book_id")
    # Each way by its own index; asking for any of them at once would read the whole book.
    about = union_all(
        *(
            select(schema.entry.c.id).where(
                schema.entry.c.book_id == book_id,
                column.in_(bindparam("ids", expanding=True)),
                or_(schema.entry.c.reverses.is_not(None), schema.entry.c.corrects.is_not(None)),
            )
            for column in (schema.entry.c.id, schema.entry.c.reverses, schema.entry.c.corrects)
        )
    )
    return (
        select(entry.c.id, entry.c.seq, entry.c.reverses, was.c.seq, entry.c.corrects, right.c.seq)
        .outerjoin(was, (was.c.book_id == book_id) & (was.c.id == entry.c.reverses))
        .outerjoin(right, (right.c.book_id == book_id) & (right.c.id == entry.c.corrects))
        .where(entry.c.book_id == book_id, entry.c.id.in_(about))
    )


def history(connection: Connection, book_id: UUID, entry_id: UUID) -> Sequence[Step]:
    """The whole line of corrections an entry stands in, in order; the entry alone if in none."""
    asked = {"book_id": book_id, "entry_id": entry_id}
    rows = connection.execute(_history_question(), asked).all()
    leg = schema.leg.c
    minutes = {row.seq: 0 for row in rows}
    codes: dict[int, set[str]] = {row.seq: set() for row in rows}
    for seq, payer, payee, moved in connection.execute(
        select(leg.seq, leg.payer_code, leg.payee_code, leg.minutes).where(
            leg.book_id == book_id, leg.seq.in_(sorted(minutes))
        )
    ):
        minutes[seq] += moved
        codes[seq] |= {payer, payee}
    return [Step(*(*row, minutes[row.seq], frozenset(codes[row.seq]))) for row in rows]


@cache
def _history_question() -> Select[Any]:
    entry = schema.entry
    book_id: BindParameter[Any] = bindparam("book_id")
    about = func.coalesce(entry.c.reverses, entry.c.corrects)
    back = (
        select(entry.c.id, about.label("about"))
        .where(entry.c.book_id == book_id, entry.c.id == bindparam("entry_id"))
        .cte("back", recursive=True)
    )
    back = back.union_all(
        select(entry.c.id, about).where(entry.c.book_id == book_id, entry.c.id == back.c.about)
    )
    line = select(back.c.id).where(back.c.about.is_(None)).cte("line", recursive=True)
    line = line.union_all(
        select(entry.c.id).where(
            entry.c.book_id == book_id,
            or_(entry.c.reverses == line.c.id, entry.c.corrects == line.c.id),
        )
    )
    was, right = schema.entry.alias("was"), schema.entry.alias("instead")
    return (
        select(
            entry.c.id,
            entry.c.seq,
            was.c.seq,
            right.c.seq,
            entry.c.recorded_at,
            entry.c.occurred_on,
        )
        .outerjoin(was, (was.c.book_id == book_id) & (was.c.id == entry.c.reverses))
        .outerjoin(right, (right.c.book_id == book_id) & (right.c.id == entry.c.corrects))
        .where(entry.c.book_id == book_id, entry.c.id.in_(select(line.c.id)))
        .order_by(entry.c.seq)
    )
