"""Setting hours aside: hold, then capture, release or expire, once.

A hold moves nothing. It is an entry like any other, and from then on its minutes can not be
spent twice: they are still in the payer's account and no longer available there. Exactly one
later entry resolves it. `capture` moves what was really used and gives the rest back in the
same entry; `release` gives all of it back; `expire` does so because time has passed. Time
alone ends nothing: a hold whose day has gone by can be captured until its expiry stands in
the book, so a worker that comes late makes nobody's yes fail.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, select

from ledger import schema
from ledger.entries import EntryRequest, LegRequest, Outcome
from ledger.errors import UnknownHold, UnsupportedKind
from ledger.journal import unless_used, write
from ledger.rules import Held


def hold(
    connection: Connection,
    request: EntryRequest,
    *,
    secret: bytes,
    now: datetime,
    draw: Callable[[int], bytes] = secrets.token_bytes,
) -> Outcome:
    """Set hours aside for each payee in each payer's account.

    Args:
        connection: As for `journal.post`, like the rest.
        request: Of the kind ``hold``; its ``expires_at`` says when it may be ended.
        secret: The server's.
        now: The caller's clock.
        draw: Where random bytes come from.

    Raises:
        OverFloor: If a payer has not so much available.
        OverCeiling: If a payee may not have so much on its way.
        ExpiresTooEarly: If it would be over before it begins.
        LedgerRefusal: As `journal.post` does.
    """
    if request.kind != "hold":
        raise UnsupportedKind(request.kind)
    return write(connection, request, secret=secret, now=now, draw=draw)


def capture(  # noqa: PLR0913 - called by keywords: which, how much, for whom
    connection: Connection,
    book_id: UUID,
    hold_id: UUID,
    *,
    legs: Sequence[LegRequest] | None = None,
    occurred_on: date | None = None,
    actor: UUID | None,
    idem_key: str,
    memo: str | None = None,
    secret: bytes,
    now: datetime,
    draw: Callable[[int], bytes] = secrets.token_bytes,
) -> Outcome:
    """Move hours that were set aside; what is left of the hold is given back with it.

    Limits do not stop it, because nothing moves that was not set aside.

    Args:
        connection: As for `journal.post`, like the rest.
        book_id: The book.
        hold_id: The hold.
        legs: What really moves, for no pair of accounts more than was held; None for all.
        occurred_on: The day of the service; None for the day the hold was made for.
        actor: The membership that records it.
        idem_key: Names this intention.
        memo: Words kept beside the entry.
        secret: The server's.
        now: The caller's clock.
        draw: Where random bytes come from.

    Raises:
        UnknownHold: If the book has no such hold.
        AlreadyResolved: If it was captured, released or expired before, under another key.
        OverHeld: If more is to move between two accounts than was set aside.
        FrozenAccount: If one of its accounts is frozen. None is closed while it holds.
        KeyMismatch: If the key was posted before with another meaning.
    """
    found, held = _held(connection, book_id, hold_id, idem_key)
    request = EntryRequest(
        book_id=book_id,
        kind="capture",
        legs=held.legs if legs is None else tuple(legs),
        occurred_on=occurred_on or found.occurred_on,
        actor=actor,
        category=found.category,
        idem_key=idem_key,
        memo=memo,
        hold_id=hold_id,
    )
    return write(connection, request, secret=secret, now=now, draw=draw, held=held)


def release(
    connection: Connection,
    book_id: UUID,
    hold_id: UUID,
    *,
    actor: UUID | None,
    idem_key: str,
    secret: bytes,
    now: datetime,
    draw: Callable[[int], bytes] = secrets.token_bytes,
) -> Outcome:
    """Give back what was set aside, because it is not needed.

    Raises:
        UnknownHold: If the book has no such hold.
        AlreadyResolved: If it was captured, released or expired before, under another key.
        KeyMismatch: If the key was posted before with another meaning.
    """
    found, held = _held(connection, book_id, hold_id, idem_key)
    request = _giving_back("release", found, held, actor=actor, idem_key=idem_key)
    return write(connection, request, secret=secret, now=now, draw=draw, held=held)


def expire(
    connection: Connection,
    book_id: UUID,
    hold_id: UUID,
    *,
    idem_key: str,
    secret: bytes,
    now: datetime,
    draw: Callable[[int], bytes] = secrets.token_bytes,
) -> Outcome:
    """Give back what was set aside, because its time has passed; nobody's act.

    Raises:
        NotExpired: If its time has not passed, or it has none.
        LedgerRefusal: As `release` does.
    """
    found, held = _held(connection, book_id, hold_id, idem_key)
    request = _giving_back("expiry", found, held, actor=None, idem_key=idem_key)
    return write(connection, request, secret=secret, now=now, draw=draw, held=held)


def overdue(connection: Connection, book_id: UUID, now: datetime) -> Sequence[UUID]:
    """The holds whose time has passed and that nothing has resolved yet, the oldest first.

    It reads every hold there ever was; ask where there is a reason to.
    """
    entry, later = schema.entry.c, schema.entry.alias("later").c
    resolved = select(later.id).where(later.book_id == book_id, later.hold_id == entry.id)
    return connection.scalars(
        select(entry.id)
        .where(
            entry.book_id == book_id,
            entry.kind == "hold",
            entry.expires_at <= now,
            ~resolved.exists(),
        )
        .order_by(entry.seq)
    ).all()


def held_minutes(connection: Connection, book_id: UUID) -> int:
    """Minutes that are set aside in all accounts of a book together."""
    account = schema.account.c
    found = connection.execute(
        select(func.coalesce(func.sum(account.held_out), 0)).where(account.book_id == book_id)
    ).scalar_one()
    return int(found)


def _held(
    connection: Connection, book_id: UUID, hold_id: UUID, idem_key: str
) -> tuple[Row[*tuple[Any, ...]], Held]:
    """The hold as it was written; nothing in it can change, so no lock is needed for that."""
    entry, leg = schema.entry.c, schema.leg.c
    found = connection.execute(
        select(entry.book_id, entry.seq, entry.category, entry.occurred_on, entry.expires_at).where(
            entry.book_id == book_id, entry.id == hold_id, entry.kind == "hold"
        )
    ).first()
    if found is None:
        raise unless_used(connection, book_id, idem_key, UnknownHold(hold_id))
    legs = connection.execute(
        select(leg.payer_code, leg.payee_code, leg.minutes)
        .where(leg.book_id == book_id, leg.seq == found.seq)
        .order_by(leg.n)
    )
    return found, Held(hold_id, found.expires_at, tuple(LegRequest(*row) for row in legs))


def _giving_back(
    kind: str, found: Row[*tuple[Any, ...]], held: Held, *, actor: UUID | None, idem_key: str
) -> EntryRequest:
    """The same legs again; the book needs no other day for them than that of the hold."""
    return EntryRequest(
        book_id=found.book_id,
        kind=kind,
        legs=held.legs,
        occurred_on=found.occurred_on,
        actor=actor,
        category=found.category,
        idem_key=idem_key,
        hold_id=held.hold_id,
    )
