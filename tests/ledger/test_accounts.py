import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import accounts
from ledger.accounts import activity_code, book_name, code_of, kind_of, member_code, pot_code
from ledger.errors import BadAccount


@pytest.mark.parametrize(
    ("code", "kind", "name"),
    [
        ("M000123", "member", "Assets:Members:M000123"),
        ("M1234567", "member", "Assets:Members:M1234567"),
        ("G000001", "pot", "Assets:Pots:G000001"),
        ("N000002", "neighbour", "Assets:Neighbours:N000002"),
        ("activity-dropin", "source", "Equity:Activity:Dropin"),
        ("activity-drop-in", "source", "Equity:Activity:Drop-In"),
        ("activity-" + "x" * 51, "source", "Equity:Activity:X" + "x" * 50),
        ("opening", "source", "Equity:Opening"),
        ("adjustment", "source", "Equity:Adjustment"),
        ("written-off", "source", "Equity:Written-Off"),
    ],
)
def test_a_code_has_one_kind_and_one_name_in_the_books(code: str, kind: str, name: str) -> None:
    assert kind_of(code) == kind
    assert book_name(code) == name
    assert code_of(name) == code


@pytest.mark.parametrize(
    "code",
    [
        *("", "M12345", "M0000001234567", "m000123", "X000001", "M000123 ", "M00012\uff13"),
        *("activity", "activity-", "activity--x", "activity-Dropin", "opening2", "Anna"),
        "activity-" + "x" * 52,
    ],
)
def test_what_is_no_code_has_no_kind_and_no_name(code: str) -> None:
    assert kind_of(code) is None
    with pytest.raises(BadAccount) as refused:
        book_name(code)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "name",
    [
        *("Assets:Members", "Assets:Members:G000001", "Assets:Other:M000001", "Equity:Opening:X"),
        *("Equity:Activity:dropin", "Equity:Activity:DropIn", "Assets:Members:Anna", "Members"),
    ],
)
def test_a_name_that_is_not_ours_has_no_code(name: str) -> None:
    assert code_of(name) is None


@given(st.from_regex(accounts._ACTIVITY_CODE, fullmatch=True).filter(lambda code: len(code) <= 60))
def test_every_activity_comes_back_from_its_name(code: str) -> None:
    assert code_of(book_name(code)) == code


def test_codes_are_made_from_numbers_and_slugs() -> None:
    assert (member_code(7), pot_code(1), activity_code("cafe")) == (
        *("M000007", accounts.COMMUNITY_POT, "activity-cafe"),
    )
