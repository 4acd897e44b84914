"""The two sides of the race: `post()`, and the same statements by hand on the bare driver.

Both write one entry of one leg a transaction, with canonical bytes, leaf, chain and keyed
fingerprint; both lock the head, look the key up, read both accounts, and check the floor.
"""

import datetime as dt
import hashlib
import hmac
import json
import random
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from ledger.entries import EntryRequest, LegRequest
from ledger.journal import post
from timebank.db import WRITES, engine_options, prepare_engine, sqlite_module

#: Twenty communities of one installation; most measurements write into the first alone.
BOOKS = tuple(uuid.UUID(int=0x0190A0A0_0000_7000_8000_000000000001 + n) for n in range(20))
BOOK = BOOKS[0]
ACTOR = uuid.UUID("0190a0a0-0000-7000-8000-00000000000a")
SECRET = b"a secret of the benchmark, long enough"
MEMBERS = 200
CODES = tuple(f"M{number:06d}" for number in range(1, MEMBERS + 1))
HOT_SHARE = 0.5
FLOOR_MINUTES = -1_000_000
ON = dt.date(2026, 1, 2)

Write = Callable[[uuid.UUID, str, str, str], None]


@dataclass(frozen=True, slots=True)
class Shape:
    """Who pays whom.

    Attributes:
        name: How the table calls it.
        books: Which books are written into.
        is_hot: Whether one account is on one side of half of all entries.
    """

    name: str
    books: tuple[uuid.UUID, ...] = (BOOK,)
    is_hot: bool = False

    def draw(self, chosen: random.Random) -> tuple[uuid.UUID, str, str]:
        """Choose a book, a payer and a payee."""
        book = chosen.choice(self.books)
        payer, payee = chosen.sample(CODES, 2)
        if self.is_hot and chosen.random() < HOT_SHARE:
            other = chosen.choice(CODES[1:])
            payer, payee = (CODES[0], other) if chosen.random() < HOT_SHARE else (other, CODES[0])
        return book, payer, payee


def ours(url: str) -> Write:
    """Post through the ledger, on a connection prepared as the application's are."""
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    connection = engine.connect().execution_options(**{WRITES: True})

    def write(book_id: uuid.UUID, payer: str, payee: str, key: str) -> None:
        request = EntryRequest(
            book_id=book_id,
            kind="exchange",
            legs=(LegRequest(payer, payee, 1),),
            occurred_on=ON,
            actor=ACTOR,
            category="company",
            idem_key=key,
        )
        with connection.begin():
            post(connection, request, secret=SECRET, now=dt.datetime.now(dt.UTC))  # noqa: TID251 - a measurement has a clock

    return write


def bare(url: str) -> Write:
    """Write the same by hand."""
    return _bare_sqlite(url) if url.startswith("sqlite") else _bare_postgresql(url)


def _sealed(
    *, book: uuid.UUID, seq: int, chain: bytes, last: dt.datetime, payer: str, payee: str, key: str
) -> tuple[Any, ...]:
    """Id, time, fingerprint, leaf and link of an entry."""
    now = max(dt.datetime.now(dt.UTC), last + dt.timedelta(microseconds=1))  # noqa: TID251 - as above
    at = now.isoformat(timespec="microseconds")[:26] + "Z"
    number = int(now.timestamp() * 1000) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 0x7 << 76
    entry_id = uuid.UUID(int=number & ~(0x3 << 62) | 0x2 << 62)
    meaning = ["exchange", [[payer, payee, 1]], ON.isoformat(), "company", None, "", ""]
    fingerprint = hmac.digest(SECRET, json.dumps(meaning).encode(), "sha256")
    facts = {
        "actor": ACTOR.hex,
        "at": at,
        "book": book.hex,
        "category": "company",
        "corrects": "",
        "expires": "",
        "hold": "",
        "id": entry_id.hex,
        "key": key,
        "kind": "exchange",
        "legs": [[payer, payee, 1]],
        "memo": "0" * 64,
        "on": ON.isoformat(),
        "rev": "",
        "seq": seq,
        "v": 1,
    }
    canon = json.dumps(facts, separators=(",", ":")).encode()
    leaf = hashlib.sha256(b"\x00" + canon).digest()
    return entry_id, now, at, fingerprint, leaf, hashlib.sha256(chain + leaf).digest()


def _bare_sqlite(url: str) -> Write:
    connection = sqlite_module().connect(make_url(url).database, isolation_level=None)
    pragmas = ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
    for pragma in (*pragmas, "recursive_triggers=ON"):
        connection.execute(f"PRAGMA {pragma}")
    run = connection.execute

    def write(book_id: uuid.UUID, payer: str, payee: str, key: str) -> None:
        book = book_id.bytes
        run("BEGIN IMMEDIATE")
        seq, chain, last = run(
            "UPDATE book SET seq = seq WHERE book_id = ? RETURNING seq, chain, recorded_at",
            (book,),
        ).fetchone()
        rows = run(
            "SELECT code, state, floor_minutes, posted_in, posted_out, held_out, version,"
            " (SELECT 1 FROM entry WHERE book_id = ? AND idem_key = ?)"
            " FROM account WHERE book_id = ? AND code IN (?, ?) ORDER BY code",
            (book, key, book, payer, payee),
        ).fetchall()
        loser, gainer = rows if rows[0][0] == payer else reversed(rows)
        lost, gained = loser[3] - loser[4] - 1, gainer[3] - gainer[4] + 1
        if rows[0][-1] or lost - loser[5] < loser[2]:
            raise AssertionError
        entry_id, _now, at, fingerprint, leaf, link = _sealed(
            book=book_id,
            seq=seq + 1,
            chain=chain,
            last=dt.datetime.fromisoformat(last),
            payer=payer,
            payee=payee,
            key=key,
        )
        run(
            "INSERT INTO entry (book_id, id, seq, kind, category, recorded_at, occurred_on, actor,"
            " idem_key, idem_hash, memo_commit, leaf, chain, enc)"
            " VALUES (?, ?, ?, 'exchange', 'company', ?, ?, ?, ?, ?, ?, ?, ?, 1)",
            (
                *(book, entry_id.bytes, seq + 1, at, ON.isoformat(), ACTOR.bytes, key),
                *(fingerprint, bytes(32), leaf, link),
            ),
        )
        run(
            "INSERT INTO leg VALUES (?, ?, 1, ?, ?, 1, ?, ?, ?, ?)",
            (book, seq + 1, payer, payee, lost, loser[6] + 1, gained, gainer[6] + 1),
        )
        run(
            "UPDATE book SET seq = ?, chain = ?, recorded_at = ? WHERE book_id = ?",
            (seq + 1, link, at, book),
        )
        for column, row in (("posted_out", loser), ("posted_in", gainer)):
            run(
                f"UPDATE account SET {column} = {column} + 1, version = version + 1"  # noqa: S608 - two names of ours
                " WHERE book_id = ? AND code = ? AND version = ?",
                (book, row[0], row[6]),
            )
        run("COMMIT")

    return write


def _bare_postgresql(url: str) -> Write:
    import psycopg  # noqa: PLC0415 - only where PostgreSQL is measured

    parts = make_url(url)
    connection = psycopg.connect(
        host=parts.host,
        port=parts.port,
        user=parts.username,
        dbname=parts.database,
        prepare_threshold=None,
    )
    run = connection.execute

    def write(book_id: uuid.UUID, payer: str, payee: str, key: str) -> None:
        run("SET LOCAL lock_timeout = '5s'; SET LOCAL idle_in_transaction_session_timeout = '60s'")
        head = run(
            "SELECT seq, chain, recorded_at FROM book WHERE book_id = %s FOR UPDATE", (book_id,)
        ).fetchone()
        rows = run(
            "SELECT code, state, floor_minutes, posted_in, posted_out, held_out, version,"
            " (SELECT true FROM entry WHERE book_id = %s AND idem_key = %s)"
            " FROM account WHERE book_id = %s AND code = ANY(%s) ORDER BY code FOR UPDATE",
            (book_id, key, book_id, [payer, payee]),
        ).fetchall()
        loser, gainer = rows if rows[0][0] == payer else reversed(rows)
        lost, gained = loser[3] - loser[4] - 1, gainer[3] - gainer[4] + 1
        if head is None or rows[0][-1] or lost - loser[5] < loser[2]:
            raise AssertionError
        seq = head[0] + 1
        entry_id, now, _at, fingerprint, leaf, link = _sealed(
            book=book_id, seq=seq, chain=head[1], last=head[2], payer=payer, payee=payee, key=key
        )
        run(
            "WITH written AS (INSERT INTO entry (book_id, id, seq, kind, category, recorded_at,"
            " occurred_on, actor, idem_key, idem_hash, memo_commit, leaf, chain, enc) VALUES"
            " (%s, %s, %s, 'exchange', 'company', %s, %s, %s, %s, %s, %s, %s, %s, 1)),"
            " linked AS (INSERT INTO leg VALUES (%s, %s, 1, %s, %s, 1, %s, %s, %s, %s)),"
            " moved AS (UPDATE account AS a SET posted_in = a.posted_in + m.paid_in,"
            " posted_out = a.posted_out + m.paid_out, version = a.version + 1"
            " FROM (VALUES (0, 1, %s, %s), (1, 0, %s, %s)) AS m (paid_in, paid_out, code, version)"
            " WHERE a.book_id = %s AND a.code = m.code AND a.version = m.version RETURNING 1)"
            " UPDATE book SET seq = %s, chain = %s, recorded_at = %s WHERE book_id = %s"
            " RETURNING (SELECT count(*) FROM moved)",
            (
                *(book_id, entry_id, seq, now, ON, ACTOR, key, fingerprint, bytes(32), leaf, link),
                *(book_id, seq, payer, payee, lost, loser[6] + 1, gained, gainer[6] + 1),
                *(payer, loser[6], payee, gainer[6], book_id),
                *(seq, link, now, book_id),
            ),
        ).fetchone()
        connection.commit()

    return write


class Raced(NamedTuple):
    """What a race came to: entries a second, and seconds that one entry took."""

    rate: float
    p99: float
    longest: float


def race(
    side: str,
    url: str,
    seconds: float,
    name: str,
    shape: Shape,
    start: Any,  # noqa: ANN401 - of multiprocessing
    queue: Any,  # noqa: ANN401 - as above
) -> None:
    """Write for so long in a process of its own; report how often, and how long that took."""
    write = {"ours": ours, "bare": bare}[side](url)
    chosen = random.Random(name)  # noqa: S311 - seeded, so that both sides write alike
    write(*shape.draw(chosen), f"{name}-first")
    start.wait()
    begin = time.perf_counter()
    taken: list[float] = []
    now = begin
    while now - begin < seconds:
        drawn = shape.draw(chosen)
        write(*drawn, f"{name}-{len(taken)}")
        before, now = now, time.perf_counter()
        taken.append(now - before)
    taken.sort()
    queue.put(Raced(len(taken) / (now - begin), taken[len(taken) * 99 // 100], taken[-1]))
