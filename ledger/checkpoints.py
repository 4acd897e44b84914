"""Checkpoints of a book: what it held at some size, signed, and never taken back.

A checkpoint is made in two steps. `draft` reads what is new, sees that it fits what was
signed before, and works out the head; it takes no lock and may take its time. `keep`
signs and stores, in a moment, inside a transaction that writes. Nothing is signed that
contradicts an earlier signature: a book that was edited or cut short is refused here,
on the night it happens.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, insert, select

from ledger import keys, merkle, schema
from ledger.chain import GENESIS, canonical, leaf, link
from ledger.errors import UnknownBook, UnknownEntry
from ledger.merkle import TIER_LEVELS, Frontier
from ledger.notes import Head, Signer, read, sign
from ledger.proof_errors import (
    EditedEntry,
    NoSigningKey,
    NotYetSealed,
    RewoundBook,
    RewrittenBook,
    UnknownCheckpoint,
)
from ledger.receipts import Receipt
from ledger.storage import storage_of
from ledger.tree import StoredTree
from ledger.tree import keep as keep_subtrees


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint as it is stored.

    Attributes:
        head: What it says: how many entries, and the head over them.
        signed_at: When.
        public_key: Which key signed it.
        note: What was signed, with the signature: the checkpoint as it is published.
    """

    head: Head
    signed_at: datetime
    public_key: bytes
    note: str

    @property
    def size(self) -> int:
        """Entries under it."""
        return self.head.size


@dataclass(frozen=True, slots=True)
class Draft:
    """What the next checkpoint will say.

    Attributes:
        size: Entries.
        root: The head of the tree over them.
        chain: The chain after the last of them.
        subtrees: Hashes of the tree that are complete now: tier, place, hash.
    """

    size: int
    root: bytes
    chain: bytes
    subtrees: tuple[tuple[int, int, bytes], ...]


# ----------------------------------------------------------------------------- sealing


def draft(connection: Connection, book_id: UUID, *, published: Head | None = None) -> Draft | None:
    """Work out the next checkpoint from what is new since the last.

    Every new entry is hashed again from its rows. The cost is that of the new entries,
    however many there are before them.

    Args:
        connection: Reads; nothing is changed or locked.
        book_id: The book.
        published: The newest checkpoint known outside of the database, if there is one.

    Returns:
        The draft, or None where nothing was recorded since the last checkpoint.

    Raises:
        UnknownBook: If there is no such book.
        RewoundBook: If more entries were signed than there are.
        RewrittenBook: If what was signed is no longer what is there.
        EditedEntry: If a new entry does not fit its leaf, the chain or the head.
    """
    book = schema.book.c
    found = connection.execute(select(book.seq, book.chain).where(book.book_id == book_id)).first()
    if found is None:
        raise UnknownBook(book_id)
    last = latest(connection, book_id)
    start = last.size if last else 0
    for signed in (last.head if last else None, published):
        if signed is not None and signed.size > found.seq:
            raise RewoundBook(found.seq, signed.size)
    tree = StoredTree(connection, book_id)
    edge = merkle.frontier(tree.read, start)
    if last is not None and edge.head() != last.head.root:
        raise RewrittenBook(last.size)
    if published and published.size <= start:
        _check_same(published, merkle.head(tree.read, published.size))
    if found.seq == start:
        return None
    chain, subtrees = _grow(
        connection, book_id, edge, last.head.chain if last else GENESIS, found.seq, published
    )
    if chain != found.chain:
        raise EditedEntry(found.seq)
    return Draft(found.seq, edge.head(), chain, tuple(subtrees))


def _grow(
    connection: Connection,
    book_id: UUID,
    edge: Frontier,
    chain: bytes,
    size: int,
    published: Head | None,
) -> tuple[bytes, list[tuple[int, int, bytes]]]:
    """Add the new entries to the tree and the chain, each hashed again from its rows."""
    subtrees: list[tuple[int, int, bytes]] = []
    rows = storage_of(connection).journal(connection, book_id, size, after_seq=edge.size)
    with closing(rows):
        for row in rows:
            hashed = leaf(canonical(row.entry))
            chain = link(chain, hashed)
            if row.entry.seq != edge.size + 1 or (hashed, chain) != (row.leaf, row.chain):
                raise EditedEntry(edge.size + 1)
            subtrees += edge.add(hashed)
            if published and published.size == edge.size:
                _check_same(published, edge.head())
    if edge.size != size:
        raise EditedEntry(edge.size + 1)
    return chain, subtrees


def _check_same(published: Head, root: bytes) -> None:
    """What was published must be what is there."""
    if published.root != root:
        raise RewrittenBook(published.size)


def keep(
    connection: Connection, book_id: UUID, drafted: Draft, signer: Signer, *, now: datetime
) -> Checkpoint:
    """Sign a draft and store it; if somebody was quicker, theirs is the answer.

    Args:
        connection: Inside a transaction that the caller commits.
        book_id: The book.
        drafted: From `draft`; entries recorded since then wait for the next one.
        signer: The key in use.
        now: When.

    Raises:
        NoSigningKey: If this key is not the one in use.
    """
    # One at a time; a checkpoint never follows a larger one.
    storage_of(connection).lock_head(connection, book_id)
    newest = latest(connection, book_id)
    if newest is not None and newest.size >= drafted.size:
        return newest
    if keys.in_use(connection, book_id).key != signer.key:
        raise NoSigningKey(book_id)
    size = newest.size if newest else 0
    keep_subtrees(
        connection,
        book_id,
        (each for each in drafted.subtrees if each[1] >= size >> (each[0] * TIER_LEVELS)),
    )
    head = Head(signer.key.name, drafted.size, drafted.root, drafted.chain)
    signed_at = max(now, newest.signed_at) if newest else now
    note = sign(head.text(), signer)
    connection.execute(
        insert(schema.checkpoint).values(
            book_id=book_id,
            size=head.size,
            signed_at=signed_at,
            public_key=signer.key.public,
            note=note,
        )
    )
    return Checkpoint(head, signed_at, signer.key.public, note)


# ----------------------------------------------------------------------------- reading


def latest(
    connection: Connection, book_id: UUID, *, size_max: int | None = None
) -> Checkpoint | None:
    """The newest checkpoint, if there is one; or the newest over no more than so many entries."""
    question = _newest_first(book_id)
    if size_max is not None:
        question = question.where(schema.checkpoint.c.size <= size_max)
    row = connection.execute(question.limit(1)).first()
    return None if row is None else _read(row)


def find(connection: Connection, book_id: UUID, size: int) -> Checkpoint:
    """The checkpoint over so many entries.

    Raises:
        UnknownCheckpoint: If there is none of this size.
    """
    row = connection.execute(_newest_first(book_id).where(schema.checkpoint.c.size == size)).first()
    if row is None:
        raise UnknownCheckpoint(size)
    return _read(row)


def listed(
    connection: Connection, book_id: UUID, *, before_size: int | None = None, limit: int = 50
) -> Sequence[Checkpoint]:
    """Checkpoints, the newest first, a page at a time; `before_size` is the last one seen."""
    query = _newest_first(book_id).limit(limit)
    if before_size is not None:
        query = query.where(schema.checkpoint.c.size < before_size)
    return [_read(row) for row in connection.execute(query)]


def consistency(connection: Connection, book_id: UUID, older: int, newer: int) -> tuple[bytes, ...]:
    """Prove that the book of a later checkpoint contains that of an earlier one.

    The proof is seen to hold before it is given out.

    Raises:
        UnknownCheckpoint: If there is none of one of the sizes, or the first is the larger.
        RewrittenBook: If the entries no longer lead to what was signed.
    """
    was, now = (find(connection, book_id, size).head for size in (older, newer))
    if was.size > now.size:
        raise UnknownCheckpoint(older)
    proof = merkle.consistency(StoredTree(connection, book_id).read, was.size, now.size)
    heads = merkle.heads_by_consistency(was.size, now.size, was.root, proof)
    if heads != (was.root, now.root):
        raise RewrittenBook(was.size if heads[0] != was.root else now.size)
    return proof


def receipt(connection: Connection, book_id: UUID, entry_id: UUID) -> Receipt:
    """A receipt for an entry, under the newest checkpoint.

    It is seen to hold before it is given out.

    Raises:
        UnknownEntry: If the book has no such entry.
        NotYetSealed: If the entry is newer than the newest checkpoint.
        EditedEntry: If the entry is no longer what was recorded.
        RewrittenBook: If the entries no longer lead to what was signed.
    """
    entry = schema.entry.c
    seq = connection.execute(
        select(entry.seq).where(entry.book_id == book_id, entry.id == entry_id)
    ).scalar()
    if seq is None:
        raise UnknownEntry(entry_id)
    newest = latest(connection, book_id)
    if newest is None or newest.size < seq:
        raise NotYetSealed(seq, newest.size if newest else 0)
    [row] = storage_of(connection).journal(connection, book_id, seq, after_seq=seq - 1)
    canon = canonical(row.entry)
    tree = StoredTree(connection, book_id)
    hashed = leaf(canon)
    if [hashed] != list(tree.read(0, seq - 1, 1)):
        raise EditedEntry(seq)
    proof = merkle.inclusion(tree.read, seq - 1, newest.size)
    if not merkle.is_under(newest.head.root, hashed, seq - 1, newest.size, proof):
        raise RewrittenBook(newest.size)
    return Receipt(canon, seq - 1, proof, newest.note)


def _newest_first(book_id: UUID) -> Select[Any]:
    table = schema.checkpoint
    return select(table).where(table.c.book_id == book_id).order_by(table.c.size.desc())


def _read(row: Row[Any]) -> Checkpoint:
    """A checkpoint from its row; what it says is read from what was signed."""
    return Checkpoint(Head.parse(read(row.note).text), row.signed_at, row.public_key, row.note)
