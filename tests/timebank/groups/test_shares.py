"""Dividing whole minutes: nothing is lost, nothing is made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.groups.policy.shares import pour, split

amounts = st.integers(0, 10**7)
some_parts = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)


@given(amounts, some_parts)
def test_shares_add_up_and_nobody_is_a_minute_off(whole: int, parts: list[int]) -> None:
    shares = split(whole, parts)
    assert sum(shares) == whole
    assert len(shares) == len(parts)
    total = sum(parts)
    for share, part in zip(shares, parts, strict=True):
        assert abs(share * total - whole * part) < total
    assert split(whole, parts) == shares


@given(amounts, some_parts)
def test_more_parts_never_get_less(whole: int, parts: list[int]) -> None:
    shares = split(whole, parts)
    pairs = sorted(zip(parts, shares, strict=True))
    assert [share for _part, share in pairs] == sorted(share for _part, share in pairs)


def test_what_is_left_goes_to_whom_rounding_took_most() -> None:
    assert split(100, [1, 1, 1]) == (34, 33, 33)
    assert split(10, [5, 3, 1]) == (6, 3, 1)
    assert split(7, [0, 1]) == (0, 7)
    assert split(0, [2, 5]) == (0, 0)


@pytest.mark.parametrize(("whole", "parts"), [(1, [0, 0]), (1, []), (-1, [1]), (1, [2, -1])])
def test_nothing_is_divided_by_nothing(whole: int, parts: list[int]) -> None:
    with pytest.raises(ValueError, match=r".*"):
        split(whole, parts)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=8), some_parts)
def test_what_is_given_arrives_to_the_minute(gives: list[int], parts: list[int]) -> None:
    givers = [(f"A{place}", minutes) for place, minutes in enumerate(gives)]
    takers = [(f"B{place}", share) for place, share in enumerate(split(sum(gives), parts))]
    legs = pour(givers, takers)
    for code, minutes in givers:
        assert sum(leg[2] for leg in legs if leg[0] == code) == minutes
    for code, minutes in takers:
        assert sum(leg[2] for leg in legs if leg[1] == code) == minutes
    assert all(leg[2] > 0 for leg in legs)
    assert len(legs) <= len(givers) + len(takers)


def test_nobody_pays_themselves() -> None:
    assert pour([("A", 60)], [("A", 20), ("B", 40)]) == (("A", "B", 40),)


@pytest.mark.parametrize(
    ("givers", "takers"),
    [([("A", 1)], [("B", 2)]), ([("A", 2), ("B", -1)], [("C", 1)])],
)
def test_sides_that_differ_are_refused(
    givers: list[tuple[str, int]], takers: list[tuple[str, int]]
) -> None:
    with pytest.raises(ValueError, match=r".*"):
        pour(givers, takers)
