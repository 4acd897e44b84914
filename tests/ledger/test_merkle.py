"""The tree against the definitions of RFC 6962, written down here word for word and slow."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import merkle
from ledger.chain import leaf
from ledger.merkle import Frontier, ProofLengthError

# The leaves that implementations of the RFC are commonly compared on, and what each head is.
KNOWN_INPUTS = [
    *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
    "606162636465666768696a6b6c6d6e6f",
]
KNOWN_HEADS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
#: Where something changes: powers of two, tiers, and the steps beside them.
EDGES = [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 255, 256, 257, 511, 512, 513, 600]


# ------------------------------------------------------------- the definitions, literally


def mth(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = largest_power_below(len(leaves))
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: Sequence[bytes], *, complete: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if complete else [mth(leaves)]
    k = largest_power_below(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], complete=complete), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], complete=False), mth(leaves[:k])]


def largest_power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


# ------------------------------------------------------------------------- a tree to read


class Tiers:
    """Keeps what a growing tree completes, as the database does."""

    def __init__(self, count: int) -> None:
        self.leaves = [leaf(str(n).encode()) for n in range(count)]
        self.rows: dict[tuple[int, int], bytes] = {}
        self.read_count = 0
        edge = Frontier()
        for hashed in self.leaves:
            for tier, n, completed in edge.add(hashed):
                self.rows[tier, n] = completed
        self.head = edge.head()

    def read(self, tier: int, first: int, count: int) -> list[bytes]:
        self.read_count += count
        if tier == 0:
            return self.leaves[first : first + count]
        return [self.rows[tier, n] for n in range(first, first + count)]


@pytest.fixture(scope="module")
def tiers() -> Tiers:
    return Tiers(600)


def test_the_commonly_compared_leaves_give_the_commonly_known_heads() -> None:
    edge = Frontier()
    for data, expected in zip(KNOWN_INPUTS, KNOWN_HEADS, strict=True):
        edge.add(leaf(bytes.fromhex(data)))
        assert edge.head().hex() == expected
    assert Frontier().head() == mth([]) == merkle.EMPTY


def test_a_head_of_any_size_is_what_the_definition_says(tiers: Tiers) -> None:
    for size in EDGES:
        assert merkle.head(tiers.read, size) == mth(tiers.leaves[:size]), size


def test_every_leaf_of_every_small_tree_is_proven(tiers: Tiers) -> None:
    for size in range(1, 34):
        for index in range(size):
            proof = merkle.inclusion(tiers.read, index, size)
            assert list(proof) == path(index, tiers.leaves[:size])
            found = merkle.head_by_inclusion(tiers.leaves[index], index, size, proof)
            assert found == mth(tiers.leaves[:size])


def test_every_pair_of_small_trees_is_consistent(tiers: Tiers) -> None:
    for newer in range(1, 34):
        head = mth(tiers.leaves[:newer])
        for older in range(1, newer + 1):
            proof = merkle.consistency(tiers.read, older, newer)
            assert list(proof) == subproof(older, tiers.leaves[:newer], complete=True)
            was = mth(tiers.leaves[:older])
            assert merkle.heads_by_consistency(older, newer, was, proof) == (was, head)


@pytest.mark.parametrize("newer", EDGES)
def test_proofs_that_cross_tiers_are_those_of_the_definition(tiers: Tiers, newer: int) -> None:
    leaves = tiers.leaves[:newer]
    for older in (each for each in EDGES if each <= newer):
        assert list(merkle.consistency(tiers.read, older, newer)) == subproof(
            older, leaves, complete=True
        )
        assert list(merkle.inclusion(tiers.read, older - 1, newer)) == path(older - 1, leaves)


@given(st.integers(1, 600).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))), st.data())
def test_a_proof_holds_for_its_own_leaf_and_no_other(
    sizes: tuple[int, int], data: st.DataObject
) -> None:
    older, newer = sizes
    tree = WHOLE
    head, was = merkle.head(tree.read, newer), merkle.head(tree.read, older)
    proof = merkle.inclusion(tree.read, older - 1, newer)
    hashed = tree.leaves[older - 1]
    assert merkle.head_by_inclusion(hashed, older - 1, newer, proof) == head
    assert merkle.head_by_inclusion(leaf(b"another"), older - 1, newer, proof) != head

    steps = merkle.consistency(tree.read, older, newer)
    assert merkle.heads_by_consistency(older, newer, was, steps) == (was, head)
    if steps:
        n = data.draw(st.integers(0, len(steps) - 1))
        bent = [*steps[:n], leaf(b"bent"), *steps[n + 1 :]]
        assert merkle.heads_by_consistency(older, newer, was, bent) != (was, head)


@given(st.integers(1, 600), st.data())
def test_a_proof_of_another_length_is_no_proof(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion(WHOLE.read, index, size)
    hashed = WHOLE.leaves[index]
    for wrong in (proof[:-1], (*proof, hashed)):
        if len(wrong) != len(proof):
            with pytest.raises(ProofLengthError):
                merkle.head_by_inclusion(hashed, index, size, wrong)
    older = index + 1
    steps = merkle.consistency(WHOLE.read, older, size)
    was = merkle.head(WHOLE.read, older)
    for wrong in (steps[:-1], (*steps, hashed)):
        if len(wrong) != len(steps):
            with pytest.raises(ProofLengthError):
                merkle.heads_by_consistency(older, size, was, wrong)


@pytest.mark.parametrize("index", [-1, 5, 6])
def test_a_leaf_outside_of_a_tree_is_not_under_its_head(index: int) -> None:
    head, hashed = merkle.head(WHOLE.read, 5), WHOLE.leaves[0]
    assert merkle.is_under(head, hashed, index, 5, ()) is False


def test_a_proof_that_lost_or_gained_a_hash_leads_to_no_head() -> None:
    head, hashed = merkle.head(WHOLE.read, 5), WHOLE.leaves[0]
    proof = merkle.inclusion(WHOLE.read, 0, 5)
    assert merkle.is_under(head, hashed, 0, 5, proof) is True
    for wrong in ((), proof[:-1], proof[1:], (*proof, hashed)):
        assert merkle.is_under(head, hashed, 0, 5, wrong) is False


def test_a_proof_of_consistency_that_is_empty_proves_nothing() -> None:
    with pytest.raises(ProofLengthError):
        merkle.heads_by_consistency(3, 5, bytes(32), [])


def test_a_changed_leaf_changes_the_head(tiers: Tiers) -> None:
    for place in (0, 100, 255, 256, 599):
        edge = Frontier()
        for n, hashed in enumerate(tiers.leaves):
            edge.add(leaf(b"changed") if n == place else hashed)
        assert edge.head() != tiers.head


def test_no_proof_reads_more_than_two_blocks_of_each_tier() -> None:
    tree = Tiers(70_000)
    for index in (0, 255, 256, 40_000, 65_535, 65_536, 69_999):
        tree.read_count = 0
        proof = merkle.inclusion(tree.read, index, 70_000)
        assert merkle.head_by_inclusion(tree.leaves[index], index, 70_000, proof) == tree.head
        assert tree.read_count <= 2 * 3 * merkle.TIER_WIDTH
        assert len(proof) <= 17


@pytest.mark.parametrize(("smaller", "larger"), [(-1, 3), (3, 3), (4, 3)])
def test_a_leaf_that_is_not_there_has_no_proof(tiers: Tiers, smaller: int, larger: int) -> None:
    with pytest.raises(ValueError, match=f"^{smaller} does not lie within {larger}$"):
        merkle.inclusion(tiers.read, smaller, larger)
    with pytest.raises(ValueError, match=f"^{smaller} does not lie within {larger}$"):
        merkle.head_by_inclusion(bytes(32), smaller, larger, [])


@pytest.mark.parametrize(("older", "newer"), [(0, 3), (4, 3)])
def test_a_tree_that_shrank_has_no_proof(tiers: Tiers, older: int, newer: int) -> None:
    with pytest.raises(ValueError, match=f"^{older} does not lie within {newer}$"):
        merkle.consistency(tiers.read, older, newer)
    with pytest.raises(ValueError, match=f"^{older} does not lie within {newer}$"):
        merkle.heads_by_consistency(older, newer, bytes(32), [])


WHOLE = Tiers(600)


@pytest.mark.parametrize("begin", [0, 1, 255, 256, 300])
@pytest.mark.parametrize("size", EDGES)
def test_many_leaves_at_once_make_the_same_tree(begin: int, size: int) -> None:
    leaves = [leaf(str(number).encode()) for number in range(begin + size)]
    one_by_one, at_once = Frontier(), Frontier()
    for each in leaves:
        one_by_one.add(each)
    for each in leaves[:begin]:
        at_once.add(each)
    taken_up = Frontier.of(at_once.size, at_once.peaks)
    taken_up.grow(leaves[begin:])
    assert (taken_up.size, taken_up.peaks) == (one_by_one.size, one_by_one.peaks)
