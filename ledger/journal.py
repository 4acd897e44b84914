"""Writing in the book: open it, open accounts, post, reverse, look up.

Hours that are only set aside have their doors in `ledger.holds`.

The caller owns the transaction. `post` locks the head of the book first and then the
accounts in code order, so writers of one book stand in one line and can not deadlock;
nothing is checked before the idempotency key has been looked up under that lock.
Every call ends as *posted*, *replayed* or *refused*; an error from COMMIT is
:class:`~ledger.errors.Indeterminate` and settled with `lookup`.
"""

import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, delete, or_, select
from sqlalchemy.engine import Transaction
from sqlalchemy.exc import DBAPIError

from ledger import schema
from ledger.chain import (
    NO_MEMO,
    SALT_BYTES,
    ChainedEntry,
    ChainedLeg,
    canonical,
    commitment,
    instant_text,
    leaf,
    link,
    next_instant,
    request_hash,
)
from ledger.chart import open_account, open_book, set_limits, set_state
from ledger.entries import (
    POSTABLE_KINDS,
    EntryRequest,
    LegRequest,
    Outcome,
    hex_or_empty,
    moment_or_empty,
    uuid7,
)
from ledger.errors import (
    AlreadyCorrected,
    AlreadyResolved,
    AlreadyReversed,
    Indeterminate,
    KeyMismatch,
    LedgerRefusal,
    LostUpdate,
    NotReversible,
    StillStands,
    UnknownAccount,
    UnknownBook,
    UnknownEntry,
    UnsupportedKind,
)
from ledger.rules import Held, check_accounts, check_hold, movements
from ledger.storage import Head, LegRow, Move, SealedEntry, StoredEntry, storage_of

__all__ = [
    "commit",
    "erase_memo",
    "is_certainly_rolled_back",
    "lookup",
    "open_account",
    "open_book",
    "post",
    "reverse",
    "set_limits",
    "set_state",
]

#: A shorter secret could be tried out.
SECRET_BYTES_MIN: Final = 16
#: What moved hours can be taken back. A capture that is does not open its hold again.
_REVERSIBLE_KINDS: Final = frozenset({*POSTABLE_KINDS, "capture"})
#: SQLSTATEs with which PostgreSQL says that a COMMIT did not happen.
_ROLLED_BACK: Final = ("40001", "40P01")


def post(
    connection: Connection,
    request: EntryRequest,
    *,
    secret: bytes,
    now: datetime,
    draw: Callable[[int], bytes] = secrets.token_bytes,
    before: Mapping[str, int] | None = None,
) -> Outcome:
    """Write an entry in the book, once for each key.

    Args:
        connection: Inside a transaction the caller commits, and soon: the head of the
            book is locked until then.
        request: What to write.
        secret: The server's; keys the fingerprint by which a retry is recognised.
        now: The caller's clock. The entry is recorded then, or a microsecond after the
            last one where the clock went back.
        draw: Where the random bytes of ids and salts come from.
        before: Minutes that accounts held before something this entry belongs to; limits
            then stop only what is worse than that.

    Returns:
        The outcome; ``replayed`` where the key was posted before with the same meaning.

    Raises:
        KeyMismatch: If the key was posted before with another meaning.
        LedgerRefusal: If the book, an account or a limit does not allow it; the subclass
            carries the facts. Nothing has been written.
    """
    if request.kind not in POSTABLE_KINDS:
        raise UnsupportedKind(request.kind)
    return write(connection, request, secret=secret, now=now, draw=draw, before=before)


def reverse(
    connection: Connection,
    book_id: UUID,
    entry_id: UUID,
    *,
    reason: str,
    actor: UUID | None,
    idem_key: str,
    secret: bytes,
    now: datetime,
    draw: Callable[[int], bytes] = secrets.token_bytes,
) -> Outcome:
    """Take an entry back by its mirror image, at most once.

    Limits do not stop it: a reversal that spending can block would be a tool for fraud.
    Accounts it leaves below their floor are named in ``overdrawn``. The service keeps
    its day, so that a report by day of service comes out even.

    Raises:
        UnknownEntry: If the book has no such entry.
        NotReversible: If it is itself a reversal, or moved nothing: a hold is released.
        AlreadyReversed: If it was taken back before, under another key.
        ClosedAccount: If one of its accounts is closed; open it first.
        KeyMismatch: If the key was posted before with another meaning.
    """
    entry = schema.entry.c
    found = select(entry.kind, entry.seq, entry.category, entry.occurred_on).where(
        entry.book_id == book_id, entry.id == entry_id
    )
    original = connection.execute(found).first()
    if original is None:
        raise unless_used(connection, book_id, idem_key, UnknownEntry(entry_id))
    if original.kind not in _REVERSIBLE_KINDS:
        refusal = NotReversible(entry_id, original.kind)
        raise unless_used(connection, book_id, idem_key, refusal)
    leg = schema.leg.c
    legs = connection.execute(
        select(leg.payee_code, leg.payer_code, leg.minutes)
        .where(leg.book_id == book_id, leg.seq == original.seq)
        .order_by(leg.n)
    )
    request = EntryRequest(
        book_id=book_id,
        kind="reversal",
        legs=tuple(LegRequest(*row) for row in legs),
        occurred_on=original.occurred_on,
        actor=actor,
        category=original.category,
        idem_key=idem_key,
        memo=reason,
        reverses=entry_id,
    )
    return write(connection, request, secret=secret, now=now, draw=draw)


def lookup(connection: Connection, book_id: UUID, idem_key: str) -> Outcome | None:
    """What became of a key: its entry as ``replayed``, or None if it was never posted.

    This settles an indeterminate commit. Ask on a connection of its own, after the
    doubtful transaction is over.
    """
    stored = storage_of(connection).find_key(connection, book_id, idem_key)
    return None if stored is None else _replayed(connection, book_id, stored)


def commit(transaction: Transaction, *, book_id: UUID, idem_key: str) -> None:
    """Commit, and say so plainly when nobody can know whether that worked.

    Raises:
        Indeterminate: If the entry may or may not be in the book; use `lookup`, or run
            the whole unit of work again with the same key.
        sqlalchemy.exc.DBAPIError: If the database is certain that it rolled back.
    """
    try:
        transaction.commit()
    except DBAPIError as error:
        if is_certainly_rolled_back(error):
            raise
        raise Indeterminate(book_id, idem_key) from error


def is_certainly_rolled_back(error: DBAPIError) -> bool:
    """Whether an error from COMMIT proves that nothing was written."""
    if getattr(error.orig, "sqlstate", None) in _ROLLED_BACK:
        return True
    # SQLite: another writer was in the way, and the transaction is still open.
    return getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_BUSY")


def erase_memo(connection: Connection, book_id: UUID, entry_id: UUID) -> bool:
    """Delete the words kept beside an entry; every proof stays valid.

    Returns:
        Whether there were any.
    """
    memo = schema.memo
    gone = connection.execute(
        delete(memo).where(memo.c.book_id == book_id, memo.c.entry_id == entry_id)
    )
    return gone.rowcount == 1


# ------------------------------------------------------------------------ one entry


def unless_used(
    connection: Connection, book_id: UUID, idem_key: str, refusal: LedgerRefusal
) -> LedgerRefusal:
    """The refusal to raise, unless the key was used before: that comes before everything."""
    stored = storage_of(connection).find_key(connection, book_id, idem_key)
    return refusal if stored is None else KeyMismatch(idem_key, stored.entry_id)


def write(
    connection: Connection,
    request: EntryRequest,
    *,
    secret: bytes,
    now: datetime,
    draw: Callable[[int], bytes],
    held: Held | None = None,
    before: Mapping[str, int] | None = None,
) -> Outcome:
    """Lock, look the key up, check, seal, write. For the doors of this package alone.

    Args:
        connection: As for `post`, like everything that is not named here.
        request: A request that has come through its own door.
        secret: The server's.
        now: The caller's clock.
        draw: Where random bytes come from.
        held: What the request resolves.
        before: As for `post`.
    """
    if len(secret) < SECRET_BYTES_MIN:
        raise ValueError("the ledger's secret is too short")
    storage, book_id = storage_of(connection), request.book_id
    idem_hash = request_hash(secret, request.meaning())
    head = storage.lock_head(connection, book_id)
    if head is None:
        raise UnknownBook(book_id)
    touched = request.legs if held is None else (*request.legs, *held.legs)
    codes = sorted({code for leg in touched for code in leg.codes})
    accounts, key_used = storage.lock_accounts(connection, book_id, codes, request.idem_key)
    if key_used or len(accounts) < len(codes):
        stored = storage.find_key(connection, book_id, request.idem_key)
        if stored is not None:
            if not hmac.compare_digest(stored.idem_hash, idem_hash):
                raise KeyMismatch(request.idem_key, stored.entry_id)
            return _replayed(connection, book_id, stored)
        known = {account.code for account in accounts}
        raise UnknownAccount(next(code for code in codes if code not in known))
    recorded_at = next_instant(now, head.recorded_at)
    _check_references(connection, request)
    check_hold(request, held, recorded_at)
    legs, moves, balances = movements(request, held, accounts)
    overdrawn = check_accounts(request, accounts, moves, before or {})
    sealed = _seal(request, head, legs, moves, idem_hash=idem_hash, at=recorded_at, draw=draw)
    if storage.write(connection, sealed) != len(accounts):
        raise LostUpdate(book_id, tuple(codes))
    return Outcome(
        status="posted",
        entry_id=sealed.entry_id,
        seq=sealed.head.seq,
        recorded_at=sealed.head.recorded_at,
        chain=sealed.head.chain,
        balances=balances,
        overdrawn=overdrawn,
    )


def _check_references(connection: Connection, request: EntryRequest) -> None:
    """Refuse a second reversal or resolution, and a correction of what is not there or stands."""
    entry = schema.entry.c
    if request.reverses is not None:
        earlier = connection.execute(
            select(entry.id).where(
                entry.book_id == request.book_id, entry.reverses == request.reverses
            )
        ).first()
        if earlier is not None:
            raise AlreadyReversed(request.reverses, earlier.id)
    if request.hold_id is not None:
        resolution = connection.execute(
            select(entry.id, entry.kind).where(
                entry.book_id == request.book_id, entry.hold_id == request.hold_id
            )
        ).first()
        if resolution is not None:
            raise AlreadyResolved(request.hold_id, resolution.id, resolution.kind)
    if request.corrects is not None:
        _check_correction(connection, request.book_id, request.corrects)


def _check_correction(connection: Connection, book_id: UUID, entry_id: UUID) -> None:
    """Refuse to post in place of an entry that is not there, stands, or was replaced before."""
    entry = schema.entry.c
    rows = connection.execute(
        select(entry.id, entry.reverses, entry.corrects).where(
            entry.book_id == book_id,
            or_(
                entry.id == entry_id,
                entry.reverses == entry_id,
                entry.corrects == entry_id,
            ),
        )
    ).all()
    if all(row.id != entry_id for row in rows):
        raise UnknownEntry(entry_id)
    for row in rows:
        if row.corrects == entry_id:
            raise AlreadyCorrected(entry_id, row.id)
    if all(row.reverses != entry_id for row in rows):
        raise StillStands(entry_id)


def _seal(
    request: EntryRequest,
    head: Head,
    legs: Sequence[LegRow],
    moves: Sequence[Move],
    *,
    idem_hash: bytes,
    at: datetime,
    draw: Callable[[int], bytes],
) -> SealedEntry:
    """Give the entry its place, its leaf and its link."""
    entry_id = uuid7(at, draw)
    salt, memo_commit = b"", NO_MEMO
    if request.memo is not None:
        salt = draw(SALT_BYTES)
        memo_commit = commitment(salt, request.memo)
    seq = head.seq + 1
    entry_leaf = leaf(
        canonical(
            ChainedEntry(
                book=request.book_id.hex,
                seq=seq,
                id=entry_id.hex,
                kind=request.kind,
                category=request.category,
                at=instant_text(at),
                on=request.occurred_on.isoformat(),
                actor=hex_or_empty(request.actor),
                key=request.idem_key,
                rev=hex_or_empty(request.reverses),
                hold=hex_or_empty(request.hold_id),
                expires=moment_or_empty(request.expires_at),
                corrects=hex_or_empty(request.corrects),
                memo=memo_commit.hex(),
                legs=tuple([ChainedLeg(*leg.values) for leg in request.legs]),
            )
        )
    )
    return SealedEntry(
        request=request,
        entry_id=entry_id,
        head=Head(seq, link(head.chain, entry_leaf), at),
        idem_hash=idem_hash,
        memo_commit=memo_commit,
        salt=salt,
        leaf=entry_leaf,
        legs=legs,
        moves=moves,
    )


def _replayed(connection: Connection, book_id: UUID, stored: StoredEntry) -> Outcome:
    """The outcome of an entry that is in the book already."""
    leg, entry, account = schema.leg.c, schema.entry.c, schema.account.c
    balances: dict[str, int] = {}
    payers = set()
    for row in connection.execute(
        select(leg.payer_code, leg.payer_balance, leg.payee_code, leg.payee_balance)
        .where(leg.book_id == book_id, leg.seq == stored.seq)
        .order_by(leg.n)
    ):
        balances |= {row.payer_code: row.payer_balance, row.payee_code: row.payee_balance}
        payers.add(row.payer_code)
    below = (
        select(account.code, account.floor_minutes, account.held_out)
        .join(schema.entry, entry.book_id == account.book_id)
        .where(
            account.book_id == book_id,
            account.code.in_(sorted(payers)),
            account.floor_minutes.is_not(None),
            entry.id == stored.entry_id,
            entry.kind == "reversal",
        )
        .order_by(account.code)
    )
    return Outcome(
        status="replayed",
        entry_id=stored.entry_id,
        seq=stored.seq,
        recorded_at=stored.recorded_at,
        chain=stored.chain,
        balances=dict(sorted(balances.items())),
        overdrawn=tuple(
            row.code
            for row in connection.execute(below)
            if balances[row.code] - row.held_out < row.floor_minutes
        ),
    )
