"""The Merkle tree of RFC 6962 over the leaves of a book: its head, its proofs, their check.

A head is 32 bytes that stand for every entry up to some size. A proof of inclusion
shows, by a handful of hashes, that one leaf is under a head; a proof of consistency
shows that a later head has everything an earlier one had, in the same order.

Proofs are made from hashes of *tiers*: tier 0 is the leaves, and each hash of a tier
stands for 256 of the tier below. With those at hand a head of any size, and any proof,
takes a few hundred hashes at most, however long the book. Standard library only, so
that whoever checks a proof needs nothing of ours but this file.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

#: The head of a tree without leaves.
EMPTY: Final = hashlib.sha256(b"").digest()
#: How many times two become one between a tier and the next.
TIER_LEVELS: Final = 8
TIER_WIDTH: Final = 2**TIER_LEVELS
#: The highest tier there can be: 256 to the power of 7 entries.
TIER_MAX: Final = 7

#: Reads hashes of a tier: ``read(tier, first, count)`` gives so many, in order.
Read = Callable[[int, int, int], Sequence[bytes]]

_NODE_PREFIX: Final = b"\x01"


class ProofLengthError(ValueError):
    """The proof has fewer or more hashes than the sizes ask for."""


def node(left: bytes, right: bytes) -> bytes:
    """The hash over two neighbours."""
    return hashlib.sha256(_NODE_PREFIX + left + right).digest()


class Frontier:
    """The right edge of a growing tree: one hash for each complete part, the largest first.

    It is all that is needed to go on: adding a leaf costs two hashes on average.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[tuple[int, bytes]] = []

    @classmethod
    def of(cls, size: int, peaks: Sequence[bytes]) -> "Frontier":
        """The right edge of a tree of some size, from the `peaks` it had."""
        levels = [level for level in reversed(range(size.bit_length())) if size >> level & 1]
        edge = cls()
        edge.size = size
        edge._peaks = list(zip(levels, peaks, strict=True))
        return edge

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """One hash for each complete part, the largest first."""
        return tuple(hashed for _level, hashed in self._peaks)

    def grow(self, leaves: Sequence[bytes]) -> None:
        """Add many leaves: as `add` one by one, in less time."""
        at = 0
        while at < len(leaves):
            if self.size % TIER_WIDTH or len(leaves) - at < TIER_WIDTH:
                self.add(leaves[at])
                at += 1
                continue
            block = leaves[at : at + TIER_WIDTH]
            for _level in range(TIER_LEVELS):
                block = list(map(node, block[::2], block[1::2]))
            self.add(block[0], TIER_LEVELS)
            at += TIER_WIDTH

    def add(self, hashed: bytes, level: int = 0) -> list[tuple[int, int, bytes]]:
        """Add a leaf, or the hash over ``2**level`` leaves that follow.

        Returns:
            The hashes of higher tiers that this completed: tier, place in it, hash.
        """
        peaks = self._peaks
        self.size += 1 << level
        completed = []
        while peaks and peaks[-1][0] == level:
            hashed = node(peaks.pop()[1], hashed)
            level += 1
            if level % TIER_LEVELS == 0:
                completed.append((level // TIER_LEVELS, (self.size >> level) - 1, hashed))
        peaks.append((level, hashed))
        return completed

    def head(self) -> bytes:
        """The head of the tree so far."""
        if not self._peaks:
            return EMPTY
        head = self._peaks[-1][1]
        for _level, peak in reversed(self._peaks[:-1]):
            head = node(peak, head)
        return head


def frontier(read: Read, size: int, start: int = 0) -> Frontier:
    """The right edge of the part of a tree between two places.

    Args:
        read: Reads the hashes of a tier.
        size: Where the part ends.
        start: Where it begins; a multiple of the first power of two that spans it.
    """
    edge = Frontier()
    at = start
    for tier in range(TIER_MAX, -1, -1):
        level = tier * TIER_LEVELS
        count = (size - at) >> level
        if not count:
            continue
        for hashed in read(tier, at >> level, count):
            edge.add(hashed, level)
        at += count << level
    return edge


def head(read: Read, size: int) -> bytes:
    """The head of a tree at some size."""
    return frontier(read, size).head()


def inclusion(read: Read, index: int, size: int) -> tuple[bytes, ...]:
    """Prove that a leaf is in the tree of some size.

    Args:
        read: Reads the hashes of a tier.
        index: Place of the leaf, from 0.
        size: Leaves in the tree, more than `index`.
    """
    _check_order(0 <= index < size, index, size)
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_part(read, middle, end))
            end = middle
        else:
            path.append(_part(read, start, middle))
            start = middle
    return tuple(reversed(path))


def consistency(read: Read, older: int, newer: int) -> tuple[bytes, ...]:
    """Prove that a tree still has everything it had when it was smaller.

    Args:
        read: Reads the hashes of a tier.
        older: Leaves in the smaller tree, at least one.
        newer: Leaves in the larger tree.
    """
    _check_order(1 <= older <= newer, older, newer)
    path = []
    start, end = 0, newer
    while older != end:
        middle = start + _split(end - start)
        if older <= middle:
            path.append(_part(read, middle, end))
            end = middle
        else:
            path.append(_part(read, start, middle))
            start = middle
    # From the very start on, this last part is the older head, which the reader has.
    if start:
        path.append(_part(read, start, end))
    return tuple(reversed(path))


def head_by_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The head that a proof of inclusion leads to; compare it with a head you trust.

    Raises:
        ProofLengthError: If the proof is not of the length these sizes ask for.
    """
    _check_order(0 <= index < size, index, size)
    here, last, hashed = index, size - 1, leaf
    for sibling in proof:
        if not last:
            raise ProofLengthError
        if here & 1 or here == last:
            hashed = node(sibling, hashed)
            here, last = _up_to_a_right_side(here, last)
        else:
            hashed = node(hashed, sibling)
        here, last = here >> 1, last >> 1
    if last:
        raise ProofLengthError
    return hashed


def is_under(head: bytes, leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bool:
    """Whether a proof of inclusion leads from a leaf to this head; one that cannot be does not."""
    if not 0 <= index < size:
        return False
    try:
        return head_by_inclusion(leaf, index, size, proof) == head
    except ProofLengthError:
        return False


def heads_by_consistency(
    older: int, newer: int, older_head: bytes, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """Both heads that a proof of consistency leads to; compare them with those you trust.

    Raises:
        ProofLengthError: If the proof is not of the length these sizes ask for.
    """
    _check_order(1 <= older <= newer, older, newer)
    if older == newer:
        if proof:
            raise ProofLengthError
        return older_head, older_head
    # A smaller tree that is complete is a part of the larger one as it stands.
    hashes = [older_head, *proof] if older & (older - 1) == 0 else proof
    if not hashes:
        raise ProofLengthError
    # The path begins at the last part of the smaller tree that is complete.
    complete = (older & -older).bit_length() - 1
    here, last = (older - 1) >> complete, (newer - 1) >> complete
    was = now = hashes[0]
    for sibling in hashes[1:]:
        if not last:
            raise ProofLengthError
        if here & 1 or here == last:
            was, now = node(sibling, was), node(sibling, now)
            here, last = _up_to_a_right_side(here, last)
        else:
            now = node(now, sibling)
        here, last = here >> 1, last >> 1
    if last:
        raise ProofLengthError
    return was, now


def _up_to_a_right_side(here: int, last: int) -> tuple[int, int]:
    """Climb the ragged edge, where a node has no neighbour, until one does; not from place 0."""
    while not here & 1:
        here, last = here >> 1, last >> 1
    return here, last


def _split(width: int) -> int:
    """The largest power of two below a width of two or more."""
    return 1 << (width - 1).bit_length() - 1


def _part(read: Read, start: int, end: int) -> bytes:
    """The head over a part of the tree."""
    return frontier(read, end, start).head()


def _check_order(is_right: bool, smaller: int, larger: int) -> None:  # noqa: FBT001 - the question itself
    if not is_right:
        raise ValueError(f"{smaller} does not lie within {larger}")
