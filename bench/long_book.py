"""A book as long as is asked for, written in bulk: what `post()` would have written, row for row.

Posting a million entries one by one takes an hour; the measurements need the book, not the hour.
`verify` is run over every book made here, so a row that `post()` would not have written is found.
"""

import datetime as dt
import random
import secrets
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, create_engine

from bench.writers import BOOK, CODES, FLOOR_MINUTES
from ledger import journal, schema
from ledger.chain import (
    ENCODING,
    GENESIS,
    NO_MEMO,
    ChainedEntry,
    ChainedLeg,
    canonical,
    instant_text,
    leaf,
    link,
)
from ledger.entries import uuid7
from ledger.verify import verify
from timebank.db import WRITES, engine_options, prepare_engine

#: A longer book goes on for longer, and its months are as full: a million take 32 years.
OPENED_AT = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
STEP = dt.timedelta(minutes=17)
BATCH = 5_000
CATEGORIES = ("company", "repairs", "forms", "learning", "garden")
Row = dict[str, Any]


def open_engine(url: str) -> Engine:
    """An engine as the application makes it."""
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    return engine


def make(url: str, entries: int, step: dt.timedelta = STEP) -> None:
    """Make the tables and a book of so many entries of one leg, and see that it is right.

    Args:
        url: A database without tables.
        entries: How many.
        step: Time from one to the next.
    """
    engine = open_engine(url)
    schema.metadata.create_all(engine)
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        journal.open_book(connection, BOOK, "long", now=OPENED_AT)
        for code in CODES:
            journal.open_account(connection, BOOK, code, "member", floor_minutes=FLOOR_MINUTES)
        _fill(connection, entries, step)
    with engine.connect() as connection:
        if engine.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")
        report = verify(connection, BOOK)
    engine.dispose()
    if not report.ok or report.entries != entries:
        raise AssertionError(report)


def _fill(connection: Connection, entries: int, step: dt.timedelta) -> None:
    chosen = random.Random(entries)  # noqa: S311 - the same book each time
    paid_in, paid_out, versions = (dict.fromkeys(CODES, 0) for _count in range(3))
    chain, at = GENESIS, OPENED_AT
    rows: list[Row] = []
    legs: list[Row] = []
    for seq in range(1, entries + 1):
        at += step
        payer, payee = chosen.sample(CODES, 2)
        minutes = 15 * chosen.randrange(1, 13)
        paid_out[payer] += minutes
        paid_in[payee] += minutes
        versions[payer] += 1
        versions[payee] += 1
        row = _entry(seq, at, (payer, payee, minutes), chosen.choice(CATEGORIES), chain)
        chain = row["chain"]
        rows.append(row)
        legs.append(
            {
                "book_id": BOOK,
                "seq": seq,
                "n": 1,
                "minutes": minutes,
                "payer_code": payer,
                "payee_code": payee,
                "payer_balance": paid_in[payer] - paid_out[payer],
                "payer_version": versions[payer],
                "payee_balance": paid_in[payee] - paid_out[payee],
                "payee_version": versions[payee],
            }
        )
        if len(rows) == BATCH or seq == entries:
            connection.execute(sa.insert(schema.entry), rows)
            connection.execute(sa.insert(schema.leg), legs)
            rows, legs = [], []
    account, book = schema.account, schema.book
    for code in CODES:
        connection.execute(
            sa.update(account)
            .where(account.c.book_id == BOOK, account.c.code == code)
            .values(posted_in=paid_in[code], posted_out=paid_out[code], version=versions[code])
        )
    connection.execute(
        sa.update(book)
        .where(book.c.book_id == BOOK)
        .values(seq=entries, chain=chain, recorded_at=at)
    )


def _entry(
    seq: int, at: dt.datetime, leg: tuple[str, str, int], category: str, chain: bytes
) -> Row:
    entry_id, key, on = uuid7(at, secrets.token_bytes), f"long-{seq}", at.date()
    hashed = leaf(
        canonical(
            ChainedEntry(
                book=BOOK.hex,
                seq=seq,
                id=entry_id.hex,
                kind="exchange",
                category=category,
                at=instant_text(at),
                on=on.isoformat(),
                actor="",
                key=key,
                rev="",
                hold="",
                expires="",
                corrects="",
                memo=NO_MEMO.hex(),
                legs=(ChainedLeg(*leg),),
            )
        )
    )
    return {
        "book_id": BOOK,
        "id": entry_id,
        "seq": seq,
        "kind": "exchange",
        "category": category,
        "recorded_at": at,
        "occurred_on": on,
        "idem_key": key,
        "idem_hash": bytes(32),
        "memo_commit": NO_MEMO,
        "leaf": hashed,
        "chain": link(chain, hashed),
        "enc": ENCODING,
    }


def entries_in_memory(count: int) -> Iterator[ChainedEntry]:
    """Entries to hash without any database: the floor of whatever reads a book."""
    for seq in range(1, count + 1):
        yield ChainedEntry(
            *(BOOK.hex, seq, f"{seq:032x}", "exchange", "company", instant_text(OPENED_AT)),
            *("2024-01-01", "", f"long-{seq}", "", "", "", "", NO_MEMO.hex()),
            legs=(ChainedLeg(CODES[0], CODES[1], 60),),
        )
