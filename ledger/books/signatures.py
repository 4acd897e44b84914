"""What was signed of a book, read for its exported books."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, Row, select

from ledger import checkpoints, keys, schema
from ledger.chain import instant_text
from ledger.layout import CHECKPOINT, KEY, SIGNED_KEYS, SIGNED_MONTHS, signed_name
from ledger.notes import PublicKey
from ledger.signed import KeptKey, keys_text, notes_text


def signed_texts(
    connection: Connection, book_id: UUID, seq: int, *, since: int = 0
) -> dict[str, str]:
    """The files with what was signed over no more than these entries: name and text.

    Args:
        connection: Reads; nothing is changed.
        book_id: The book.
        seq: Entries in the exported books.
        since: The first year whose checkpoints are asked for; what was signed before stays.
    """
    texts: dict[str, str] = {}
    by_year = defaultdict(list)
    for row in _checkpoints(connection, book_id, seq, since):
        by_year[row.signed_at.year].append((instant_text(row.signed_at), row.note))
    for year, kept in by_year.items():
        texts[signed_name(year)] = notes_text("checkpoint", kept)
    if months := _months(connection, book_id, seq):
        texts[SIGNED_MONTHS] = notes_text(
            "month", [(instant_text(row.sealed_at), row.note) for row in months]
        )
    newest = checkpoints.latest(connection, book_id, size_max=seq)
    # Read last: whoever signed any of it is among them.
    every = keys.every(connection, book_id)
    if every:
        texts[SIGNED_KEYS] = keys_text(
            KeptKey(
                each.key,
                instant_text(each.valid_from),
                instant_text(each.retired_at) if each.retired_at else "",
                each.handover or "",
            )
            for each in every
        )
    if newest is not None:
        texts[CHECKPOINT] = newest.note
        texts[KEY] = f"{PublicKey(newest.head.origin, newest.public_key)}\n"
    return texts


def _checkpoints(
    connection: Connection, book_id: UUID, seq: int, since: int
) -> Sequence[Row[datetime, str]]:
    signed = schema.checkpoint.c
    question = select(signed.signed_at, signed.note).where(
        signed.book_id == book_id, signed.size <= seq
    )
    if since:
        question = question.where(signed.signed_at >= datetime(since, 1, 1, tzinfo=UTC))
    return connection.execute(question.order_by(signed.size)).all()


def _months(connection: Connection, book_id: UUID, seq: int) -> Sequence[Row[datetime, str]]:
    sealed = schema.period_seal.c
    return connection.execute(
        select(sealed.sealed_at, sealed.note)
        .where(sealed.book_id == book_id, sealed.size <= seq)
        .order_by(sealed.period)
    ).all()
