"""The hashes of a book's tree that are stored, a block at a time."""

import pytest

from ledger import tree
from ledger.merkle import TIER_WIDTH
from ledger.proof_errors import BrokenTree
from tests.ledger.desk import BOOK, OTHER_BOOK, Desk


def hashed(tier: int, n: int, mark: int = 0) -> bytes:
    """Something of 32 bytes that says where it belongs."""
    return bytes([mark, tier]).ljust(28, b"\0") + n.to_bytes(4, "big")


def test_a_block_is_that_of_its_book_its_tier_and_its_place(desk: Desk) -> None:
    Desk(desk.engine, OTHER_BOOK).open()
    count = TIER_WIDTH + 10
    with desk.writing() as connection:
        tree.keep(connection, OTHER_BOOK, [(1, n, hashed(1, n, mark=9)) for n in range(count)])
        tree.keep(connection, BOOK, [(2, n, hashed(2, n)) for n in range(2)])
        tree.keep(connection, BOOK, [(1, n, hashed(1, n)) for n in range(count)])
    with desk.engine.connect() as connection:
        stored = tree.StoredTree(connection, BOOK)
        for tier, first, asked in ((1, 0, 3), (1, 0, TIER_WIDTH), (1, TIER_WIDTH, 10), (2, 0, 2)):
            wanted = [hashed(tier, n) for n in range(first, first + asked)]
            assert list(stored.read(tier, first, asked)) == wanted
        for tier, first, missing in ((1, TIER_WIDTH + 9, count), (2, 1, 2)):
            with pytest.raises(BrokenTree) as refused:
                stored.read(tier, first, 2)
            assert refused.value.facts == {"tier": tier, "n": missing}
