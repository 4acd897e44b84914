"""How the journal speaks to each database: few statements, written out, prepared once.

`post` is the busiest path of the whole application, so its statements bypass the
compiler and the unit of work: on PostgreSQL three round trips (lock the head, lock the
accounts, write everything), on SQLite the same steps as plain statements, run by the
driver itself. Everything a caller sees is Python's types; nothing else in the package
knows how they are stored.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from ledger.chain import ENCODING, ChainedEntry, ChainedLeg, instant_text

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from sqlalchemy import Connection

    from ledger.entries import EntryRequest

# Read a long journal in batches: a book may be larger than memory.
_STREAM: Final = {"stream_results": True, "max_row_buffer": 2_000}


class Head(NamedTuple):
    """The end of a book, with its row locked."""

    seq: int
    chain: bytes
    recorded_at: datetime


class AccountRow(NamedTuple):
    """An account with its row locked."""

    code: str
    state: str
    floor_minutes: int | None
    ceiling_minutes: int | None
    posted_in: int
    posted_out: int
    held_in: int
    held_out: int
    version: int

    @property
    def balance_minutes(self) -> int:
        """What the account holds, with what is set aside in it."""
        return self.posted_in - self.posted_out


class LegRow(NamedTuple):
    """A leg as it is stored."""

    n: int
    payer_code: str
    payee_code: str
    minutes: int
    payer_balance: int
    payer_version: int
    payee_balance: int
    payee_version: int


class Move(NamedTuple):
    """What an entry adds to the counters of one account."""

    paid_in: int
    paid_out: int
    held_in: int
    held_out: int
    legs: int
    code: str
    version_before: int


class SealedEntry(NamedTuple):
    """Everything one entry writes."""

    request: EntryRequest
    entry_id: UUID
    head: Head
    idem_hash: bytes
    memo_commit: bytes
    salt: bytes
    leaf: bytes
    legs: Sequence[LegRow]
    moves: Sequence[Move]


class StoredEntry(NamedTuple):
    """An entry found by its key."""

    entry_id: UUID
    seq: int
    recorded_at: datetime
    idem_hash: bytes
    chain: bytes


class JournalRow(NamedTuple):
    """An entry read back: as it was hashed, its hashes, and its legs as stored."""

    entry: ChainedEntry
    leaf: bytes
    chain: bytes
    encoding: int
    legs: Sequence[LegRow]


class Storage(ABC):
    """The statements of the journal for one database."""

    @abstractmethod
    def lock_head(self, connection: Connection, book_id: UUID) -> Head | None:
        """Lock the book's head row and read it, or tell that there is none."""

    @abstractmethod
    def lock_accounts(
        self, connection: Connection, book_id: UUID, codes: Sequence[str], idem_key: str
    ) -> tuple[list[AccountRow], bool]:
        """Lock these accounts in code order; also tell whether the key is in use.

        The head must be locked before: only then does the answer about the key hold.
        """

    @abstractmethod
    def write(self, connection: Connection, sealed: SealedEntry) -> int:
        """Write an entry and move the counters; return how many accounts moved."""

    @abstractmethod
    def find_key(self, connection: Connection, book_id: UUID, idem_key: str) -> StoredEntry | None:
        """The entry posted with this key."""

    @abstractmethod
    def journal(
        self, connection: Connection, book_id: UUID, seq_max: int, *, after_seq: int = 0
    ) -> Generator[JournalRow]:
        """Every entry between two places in the book, in order, as it is stored now."""


class SqliteStorage(Storage):
    """SQLite: one writer at a time, and the head row is where it begins."""

    def lock_head(self, connection: Connection, book_id: UUID) -> Head | None:
        """Take the write lock by a write, however the caller began.

        After a plain BEGIN a read would take no lock, and two writers would both see
        the same head.
        """
        rows = _on_driver(
            connection,
            "UPDATE book SET seq = seq WHERE book_id = ? RETURNING seq, chain, recorded_at",
            (book_id.bytes,),
        ).fetchall()
        return Head(rows[0][0], rows[0][1], datetime.fromisoformat(rows[0][2])) if rows else None

    def lock_accounts(
        self, connection: Connection, book_id: UUID, codes: Sequence[str], idem_key: str
    ) -> tuple[list[AccountRow], bool]:
        """Read the accounts; the write lock is held already."""
        book = book_id.bytes
        rows = _on_driver(
            connection, _sqlite_accounts(len(codes)), (book, idem_key, book, *codes)
        ).fetchall()
        return [AccountRow(*row[:-1]) for row in rows], bool(rows and rows[0][-1])

    def write(self, connection: Connection, sealed: SealedEntry) -> int:
        """Insert the entry, its legs and its memo; then move accounts and head."""
        request, head = sealed.request, sealed.head
        book, at = request.book_id.bytes, instant_text(head.recorded_at)
        _on_driver(
            connection,
            "INSERT INTO entry (book_id, id, seq, kind, category, recorded_at, occurred_on,"
            " actor, idem_key, idem_hash, memo_commit, reverses, hold_id, expires_at, corrects,"
            " leaf, chain, enc)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                book,
                sealed.entry_id.bytes,
                head.seq,
                request.kind,
                request.category,
                at,
                request.occurred_on.isoformat(),
                _bytes(request.actor),
                request.idem_key,
                sealed.idem_hash,
                sealed.memo_commit,
                _bytes(request.reverses),
                _bytes(request.hold_id),
                request.expires_at and instant_text(request.expires_at),
                _bytes(request.corrects),
                sealed.leaf,
                head.chain,
                ENCODING,
            ),
        )
        _on_driver(
            connection,
            "INSERT INTO leg (book_id, seq, n, payer_code, payee_code, minutes, payer_balance,"
            " payer_version, payee_balance, payee_version)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(book, head.seq, *leg) for leg in sealed.legs],
            many=True,
        )
        if request.memo is not None:
            _on_driver(
                connection,
                "INSERT INTO memo (book_id, entry_id, salt, body) VALUES (?, ?, ?, ?)",
                (book, sealed.entry_id.bytes, sealed.salt, request.memo),
            )
        _on_driver(
            connection,
            "UPDATE book SET seq = ?, chain = ?, recorded_at = ? WHERE book_id = ?",
            (head.seq, head.chain, at, book),
        )
        moved: int = _on_driver(
            connection,
            "UPDATE account SET posted_in = posted_in + ?, posted_out = posted_out + ?,"
            " held_in = held_in + ?, held_out = held_out + ?, version = version + ?"
            " WHERE code = ? AND version = ? AND book_id = ?",
            [(*move, book) for move in sealed.moves],
            many=True,
        ).rowcount
        return moved

    def find_key(self, connection: Connection, book_id: UUID, idem_key: str) -> StoredEntry | None:
        """The entry posted with this key."""
        row = connection.exec_driver_sql(
            "SELECT id, seq, recorded_at, idem_hash, chain FROM entry"
            " WHERE book_id = ? AND idem_key = ?",
            (book_id.bytes, idem_key),
        ).fetchone()
        if row is None:
            return None
        return StoredEntry(
            UUID(bytes=row[0]), row[1], datetime.fromisoformat(row[2]), row[3], row[4]
        )

    def journal(
        self, connection: Connection, book_id: UUID, seq_max: int, *, after_seq: int = 0
    ) -> Generator[JournalRow]:
        """Every entry between two places in the book, in order, as it is stored now."""
        book = book_id.bytes
        legs = connection.exec_driver_sql(_LEGS.format(p="?"), (book, after_seq, seq_max))
        entries = connection.exec_driver_sql(
            "SELECT lower(hex(book_id)), seq, lower(hex(id)), kind, category, recorded_at,"
            " occurred_on, lower(hex(coalesce(actor, x''))), idem_key,"
            " lower(hex(coalesce(reverses, x''))), lower(hex(coalesce(hold_id, x''))),"
            " coalesce(expires_at, ''), lower(hex(coalesce(corrects, x''))),"
            " lower(hex(memo_commit)), leaf, chain, enc"
            " FROM entry WHERE book_id = ? AND seq > ? AND seq <= ? ORDER BY seq",
            (book, after_seq, seq_max),
        )
        with entries, legs:
            yield from _join(entries, legs)


class PostgresqlStorage(Storage):
    """PostgreSQL: three round trips an entry, each its own statement snapshot."""

    def lock_head(self, connection: Connection, book_id: UUID) -> Head | None:
        """Lock the head row; whoever comes next waits here."""
        row = connection.exec_driver_sql(
            "SELECT seq, chain, recorded_at FROM book WHERE book_id = %s FOR UPDATE",
            (book_id,),
        ).fetchone()
        return None if row is None else Head(row[0], row[1], row[2].astimezone(UTC))

    def lock_accounts(
        self, connection: Connection, book_id: UUID, codes: Sequence[str], idem_key: str
    ) -> tuple[list[AccountRow], bool]:
        """Lock the accounts in one order, and look for the key in the same snapshot."""
        rows = connection.exec_driver_sql(
            "SELECT code, state, floor_minutes, ceiling_minutes, posted_in, posted_out,"
            " held_in, held_out, version,"
            " (SELECT true FROM entry WHERE book_id = %s AND idem_key = %s)"
            " FROM account WHERE book_id = %s AND code = ANY(%s) ORDER BY code FOR UPDATE",
            (book_id, idem_key, book_id, list(codes)),
        ).fetchall()
        return [AccountRow(*row[:-1]) for row in rows], bool(rows and rows[0][-1])

    def write(self, connection: Connection, sealed: SealedEntry) -> int:
        """Write everything in one statement."""
        request, head = sealed.request, sealed.head
        book, at = request.book_id, head.recorded_at
        memo: tuple[object, ...] = ()
        if request.memo is not None:
            memo = (book, sealed.entry_id, sealed.salt, request.memo)
        moved: int = connection.exec_driver_sql(
            _postgresql_write(len(sealed.legs), len(sealed.moves), bool(memo)),
            (
                *(book, sealed.entry_id, head.seq, request.kind, request.category, at),
                *(request.occurred_on, request.actor, request.idem_key, sealed.idem_hash),
                *(sealed.memo_commit, request.reverses, request.hold_id, request.expires_at),
                *(request.corrects, sealed.leaf, head.chain, ENCODING),
                *(value for leg in sealed.legs for value in (book, head.seq, *leg)),
                *memo,
                *(value for move in sealed.moves for value in move),
                book,
                *(head.seq, head.chain, at, book),
            ),
        ).scalar_one()
        return moved

    def find_key(self, connection: Connection, book_id: UUID, idem_key: str) -> StoredEntry | None:
        """The entry posted with this key."""
        row = connection.exec_driver_sql(
            "SELECT id, seq, recorded_at, idem_hash, chain FROM entry"
            " WHERE book_id = %s AND idem_key = %s",
            (book_id, idem_key),
        ).fetchone()
        if row is None:
            return None
        return StoredEntry(row[0], row[1], row[2].astimezone(UTC), row[3], row[4])

    def journal(
        self, connection: Connection, book_id: UUID, seq_max: int, *, after_seq: int = 0
    ) -> Generator[JournalRow]:
        """Every entry between two places in the book, in order, as it is stored now."""
        legs = connection.exec_driver_sql(
            _LEGS.format(p="%s"), (book_id, after_seq, seq_max), execution_options=_STREAM
        )
        entries = connection.exec_driver_sql(
            "SELECT book_id, seq, id, kind, category, recorded_at, occurred_on, actor, idem_key,"
            " reverses, hold_id, expires_at, corrects, memo_commit, leaf, chain, enc"
            " FROM entry WHERE book_id = %s AND seq > %s AND seq <= %s ORDER BY seq",
            (book_id, after_seq, seq_max),
            execution_options=_STREAM,
        )
        with entries, legs:
            yield from _join(map(_as_hashed, entries), legs)


def _on_driver(
    connection: Connection,
    statement: str,
    values: Sequence[Any],
    *,
    many: bool = False,
) -> Any:  # noqa: ANN401 - the driver's cursor
    """Run a statement on the driver itself, and let the engine's listeners hear of it.

    What SQLAlchemy does around a statement takes longer than SQLite does for it. What is
    kept of that: a transaction has begun, listeners are called, and an error is the one
    that everybody above waits for.
    """
    if not connection.in_transaction():
        connection.begin()
    cursor = connection.connection.cursor()
    told = (connection, cursor, statement, values, None, many)
    for listener in connection.dispatch.before_cursor_execute:
        listener(*told)
    errors = connection.dialect.loaded_dbapi.Error
    try:
        (cursor.executemany if many else cursor.execute)(statement, values)
    except errors as error:
        raise DBAPIError.instance(
            statement,
            values,
            error,
            errors,
            hide_parameters=connection.engine.hide_parameters,
            dialect=connection.dialect,
            ismulti=many,
        ) from error
    for listener in connection.dispatch.after_cursor_execute:
        listener(*told)
    return cursor


_LEGS: Final = (
    "SELECT seq, n, payer_code, payee_code, minutes, payer_balance, payer_version,"
    " payee_balance, payee_version FROM leg WHERE book_id = {p} AND seq > {p} AND seq <= {p}"
    " ORDER BY seq, n"
)


@lru_cache(maxsize=64)
def _sqlite_accounts(count: int) -> str:
    """Read so many accounts, and look for the key."""
    marks = ", ".join("?" * count)
    return (
        "SELECT code, state, floor_minutes, ceiling_minutes, posted_in, posted_out, held_in,"  # noqa: S608 - only question marks are put in
        " held_out, version, (SELECT 1 FROM entry WHERE book_id = ? AND idem_key = ?)"
        f" FROM account WHERE book_id = ? AND code IN ({marks}) ORDER BY code"
    )


@lru_cache(maxsize=256)
def _postgresql_write(legs: int, moves: int, memo: bool) -> str:  # noqa: FBT001 - part of the cache's key
    """Write an entry of so many legs that moves so many accounts."""
    leg = f"({', '.join(['%s'] * 10)})"
    move = f"({'%s::bigint, ' * 5}%s::text, %s::bigint)"
    remembered = (
        " remembered AS (INSERT INTO memo (book_id, entry_id, salt, body) VALUES (%s, %s, %s, %s)),"
    )
    return (
        "WITH written AS (INSERT INTO entry (book_id, id, seq, kind, category, recorded_at,"  # noqa: S608 - only placeholders are put in
        " occurred_on, actor, idem_key, idem_hash, memo_commit, reverses, hold_id, expires_at,"
        f" corrects, leaf, chain, enc) VALUES ({', '.join(['%s'] * 18)})),"
        " linked AS (INSERT INTO leg (book_id, seq, n, payer_code, payee_code, minutes,"
        " payer_balance, payer_version, payee_balance, payee_version)"
        f" VALUES {', '.join([leg] * legs)}),{remembered if memo else ''}"
        " moved AS (UPDATE account AS a SET posted_in = a.posted_in + m.paid_in,"
        " posted_out = a.posted_out + m.paid_out, held_in = a.held_in + m.held_in,"
        " held_out = a.held_out + m.held_out, version = a.version + m.legs"
        f" FROM (VALUES {', '.join([move] * moves)})"
        " AS m (paid_in, paid_out, held_in, held_out, legs, code, version)"
        " WHERE a.book_id = %s AND a.code = m.code AND a.version = m.version RETURNING 1)"
        " UPDATE book SET seq = %s, chain = %s, recorded_at = %s WHERE book_id = %s"
        " RETURNING (SELECT count(*) FROM moved)"
    )


def _bytes(value: UUID | None) -> bytes | None:
    """An id as SQLite stores it."""
    return None if value is None else value.bytes


def _hex(value: UUID | None) -> str:
    """An id as it is hashed."""
    return "" if value is None else value.hex


def _as_hashed(row: Any) -> tuple[Any, ...]:  # noqa: ANN401 - the driver's row
    """Turn PostgreSQL's types into the text that was hashed."""
    book, seq, entry_id, kind, category, at, on, actor, key, rev, hold, expires, corrects = row[:13]
    return (
        book.hex,
        seq,
        entry_id.hex,
        kind,
        category,
        instant_text(at),
        on.isoformat(),
        _hex(actor),
        key,
        _hex(rev),
        _hex(hold),
        "" if expires is None else instant_text(expires),
        _hex(corrects),
        row[13].hex(),
        *row[14:],
    )


def _join(entries: Iterable[Any], legs: Iterable[Any]) -> Generator[JournalRow]:
    """Put each entry together with its legs; both come in the order of the book."""
    legs = iter(legs)
    waiting = next(legs, None)
    for row in entries:
        own: list[LegRow] = []
        while waiting is not None and waiting[0] <= row[1]:
            # A leg without its entry is left out here; `verify` counts and notices.
            if waiting[0] == row[1]:
                own.append(LegRow(*waiting[1:]))
            waiting = next(legs, None)
        moved = tuple([ChainedLeg(leg[1], leg[2], leg[3]) for leg in own])
        yield JournalRow(ChainedEntry._make((*row[:14], moved)), row[14], row[15], row[16], own)


_STORAGES: Final[dict[str, Storage]] = {
    "sqlite": SqliteStorage(),
    "postgresql": PostgresqlStorage(),
}


def storage_of(connection: Connection) -> Storage:
    """The statements for the database behind a connection."""
    return _STORAGES[connection.dialect.name]
