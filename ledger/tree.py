"""The Merkle tree of a book as it is stored: leaves with their entries, the rest in rows.

Only each 256th hash is kept, so the tree adds one small row to 256 entries. Whatever is
asked, whole blocks of 256 are read once and kept at hand.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, insert, select

from ledger import schema
from ledger.merkle import TIER_WIDTH
from ledger.proof_errors import BrokenTree, EditedEntry


class StoredTree:
    """Reads hashes of a book's tree; its `read` is what `ledger.merkle` asks for."""

    def __init__(self, connection: Connection, book_id: UUID) -> None:
        self._connection = connection
        self._book_id = book_id
        self._blocks: dict[tuple[int, int], Sequence[bytes]] = {}

    def read(self, tier: int, first: int, count: int) -> Sequence[bytes]:
        """So many hashes of a tier, in order, all of one block.

        Raises:
            EditedEntry: If an entry is missing.
            BrokenTree: If a stored hash is missing.
        """
        number, offset = divmod(first, TIER_WIDTH)
        block = self._blocks.get((tier, number))
        if block is None:
            block = self._blocks[tier, number] = self._load(tier, number * TIER_WIDTH)
        found = block[offset : offset + count]
        if len(found) < count:
            missing = number * TIER_WIDTH + len(block)
            raise BrokenTree(tier, missing) if tier else EditedEntry(missing + 1)
        return found

    def _load(self, tier: int, first: int) -> list[bytes]:
        """A block, up to the first hash that is not there."""
        rows = self._connection.execute(_block(tier, self._book_id, first))
        block = []
        for at, (n, hashed) in enumerate(rows, first):
            if n != at:
                break
            block.append(hashed)
        return block


def keep(connection: Connection, book_id: UUID, subtrees: Iterable[tuple[int, int, bytes]]) -> None:
    """Store the hashes that a growing tree has completed."""
    rows = [
        {"book_id": book_id, "tier": tier, "n": n, "hash": hashed} for tier, n, hashed in subtrees
    ]
    if rows:
        connection.execute(insert(schema.subtree), rows)


def _block(tier: int, book_id: UUID, first: int) -> Select[Any]:
    """Ask for a block: the place of each hash, and the hash."""
    last = first + TIER_WIDTH - 1
    if tier:
        part = schema.subtree.c
        return (
            select(part.n, part.hash)
            .where(part.book_id == book_id, part.tier == tier, part.n.between(first, last))
            .order_by(part.n)
        )
    entry = schema.entry.c
    place = entry.seq - 1
    return (
        select(place, entry.leaf)
        .where(entry.book_id == book_id, entry.seq.between(first + 1, last + 1))
        .order_by(entry.seq)
    )
