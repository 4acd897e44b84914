"""The text of each file of the books, to the letter."""

import datetime as dt
from typing import Any, Final

import pytest

from ledger.books import text
from ledger.chain import NO_MEMO, ChainedEntry, ChainedLeg
from ledger.errors import BadField
from ledger.layout import Start
from ledger.storage import JournalRow
from tests.ledger.desk import ANN, BEN, CAT, DROP_IN, POT

NEIGHBOUR: Final = "N000001"
NAMES: Final = {
    CAT: "Assets:Members:M000003",
    BEN: "Assets:Members:M000002",
    ANN: "Assets:Members:M000001",
    POT: "Assets:Pots:G000001",
    NEIGHBOUR: "Assets:Neighbours:N000001",
    DROP_IN: "Equity:Activity:Drop-In",
    "opening": "Equity:Opening",
}
BALANCES: Final = {CAT: 0, BEN: 65, ANN: -60, POT: 30, NEIGHBOUR: 5, DROP_IN: -30, "opening": -10}
OPENED_ON: Final = dt.date(2026, 1, 3)
START: Final = Start(7, "ab" * 32, "cd" * 64)
TOP: Final = (
    'option "title" "Hours of village"\n'
    'option "operating_currency" "MIN"\n'
    'option "tolerance_multiplier" "0"\n'
    'option "insert_pythonpath" "TRUE"\n'
    'plugin "timebank_books"\n'
    '2026-01-03 custom "timebank-book" "0190" 1\n'
    "2026-01-03 commodity MIN\n"
    "2026-01-03 commodity HOUR\n"
    "2026-01-03 price HOUR  60 MIN\n"
)


def row(**facts: Any) -> JournalRow:
    """An hour that Ben gave Ann, unless something else is said."""
    usual: dict[str, Any] = {
        "book": "0190",
        "seq": 3,
        "id": "1a",
        "kind": "exchange",
        "category": "company",
        "at": "2026-01-31T23:59:59.000000Z",
        "on": "2026-01-30",
        "actor": "",
        "key": "exchange:1",
        "rev": "",
        "hold": "",
        "expires": "",
        "corrects": "",
        "memo": NO_MEMO.hex(),
        "legs": (ChainedLeg(ANN, BEN, 60),),
    }
    entry = ChainedEntry(**usual | facts)
    return JournalRow(entry, leaf=b"", chain=b"\xab\xcd", encoding=1, legs=())


# ------------------------------------------------------------------------------------- an entry


def test_an_entry_is_written_with_what_it_moved() -> None:
    assert text.entry_text(row(), NAMES) == (
        '\n2026-01-31 * "M000002" "exchange" #company\n'
        '  seq: 3\n  uid: "1a"\n  at: "2026-01-31T23:59:59.000000Z"\n'
        '  occurred: 2026-01-30\n  category: "company"\n  key: "exchange:1"\n'
        '  chain: "abcd"\n'
        "  Assets:Members:M000001  -60 MIN\n  Assets:Members:M000002  60 MIN\n"
    )


def test_an_entry_that_has_all_there_is_to_say_says_it_in_order() -> None:
    full = row(actor="a", rev="b", hold="c", corrects="d", memo="e")
    assert (
        '\n  key: "exchange:1"\n  actor: "a"\n  rev: "b"\n  hold: "c"\n  corrects: "d"\n'
        '  memo-commit: "e"\n  chain: "abcd"\n'
    ) in text.entry_text(full, NAMES)


def test_what_is_set_aside_is_no_transaction() -> None:
    legs = (ChainedLeg(ANN, BEN, 60), ChainedLeg(ANN, CAT, 5))
    held = row(kind="hold", expires="2026-02-01T00:00:00.000000Z", legs=legs)
    written = text.entry_text(held, NAMES)
    assert written.startswith(
        '\n2026-01-31 custom "timebank-hold" "hold"'
        " Assets:Members:M000001 Assets:Members:M000002 60 MIN"
        " Assets:Members:M000001 Assets:Members:M000003 5 MIN\n  seq: 3\n"
    )
    assert written.endswith('  expires: "2026-02-01T00:00:00.000000Z"\n  chain: "abcd"\n')


@pytest.mark.parametrize(
    ("category", "after"),
    [("company", " #company"), ("a/b.c-d_1", " #a/b.c-d_1"), ("two words", ""), ("", "")],
)
def test_a_category_is_a_tag_too_where_it_can_be_one(category: str, after: str) -> None:
    line = text.entry_text(row(category=category), NAMES).split("\n")[1]
    assert line == f'2026-01-31 * "M000002" "exchange"{after}'


@pytest.mark.parametrize(
    ("key", "written"),
    [("a.b:c_d-1", '"a.b:c_d-1"'), ('a"\n', '"a\\"\\n"'), ("a b", '"a b"'), ("", '""')],
)
def test_a_key_can_not_end_its_line(key: str, written: str) -> None:
    assert f"\n  key: {written}\n" in text.entry_text(row(key=key), NAMES)


@pytest.mark.parametrize("name", ["at", "on", "expires"])
def test_what_is_no_time_is_not_written(name: str) -> None:
    spoilt = row(**{name: "2026-01-31\n"})
    with pytest.raises(BadField) as refused:
        text.entry_text(spoilt, NAMES)
    assert (refused.value.field, refused.value.value) == ("recorded_at", spoilt.entry.at)


# ------------------------------------------------------------------------------ what was counted


SUMS: Final = (
    "{on} balance Assets:Members  5 MIN\n"
    "{on} balance Assets:Pots  30 MIN\n"
    "{on} balance Assets:Neighbours  5 MIN\n"
    "{on} balance Equity:Activity  -30 MIN\n"
)
POTS_AND_SOURCES: Final = (
    "{on} balance Equity:Activity:Drop-In  -30 MIN\n{on} balance Equity:Opening  -10 MIN\n"
)


@pytest.mark.parametrize(
    ("month", "on"),
    [
        ("2026-01", "2026-02-01"),
        ("2026-02", "2026-03-01"),
        ("2026-04", "2026-05-01"),
        ("2026-11", "2026-12-01"),
    ],
)
def test_at_the_end_of_a_month_those_that_moved_are_counted(month: str, on: str) -> None:
    """Pots and sources always; of the others nobody's."""
    counted = text.counted_text(month, NAMES, BALANCES, [BEN])
    assert counted == (
        f";; Balances at the end of {month} (UTC).\n"
        + SUMS.format(on=on)
        + f"{on} balance Assets:Pots:G000001  30 MIN\n"
        + f"{on} balance Assets:Members:M000002  65 MIN\n"
        + POTS_AND_SOURCES.format(on=on)
    )


def test_at_the_end_of_a_year_all_are_counted() -> None:
    on = "2027-01-01"
    assert text.counted_text("2026-12", NAMES, BALANCES, []) == (
        ";; Balances at the end of 2026-12 (UTC).\n"
        + SUMS.format(on=on)
        + f"{on} balance Assets:Pots:G000001  30 MIN\n"
        + f"{on} balance Assets:Members:M000001  -60 MIN\n"
        + f"{on} balance Assets:Members:M000002  65 MIN\n"
        + f"{on} balance Assets:Members:M000003  0 MIN\n"
        + f"{on} balance Assets:Neighbours:N000001  5 MIN\n"
        + POTS_AND_SOURCES.format(on=on)
    )


def test_counting_adds_nobody_to_those_that_moved() -> None:
    moved = {BEN}
    text.counted_text("2026-01", NAMES, BALANCES, moved)
    assert moved == {BEN}


# ------------------------------------------------------------------------------- tops of books


def test_a_year_begins_with_all_who_hold_something() -> None:
    assert text.opening_text(2027, START, NAMES, BALANCES) == (
        ";; What every account held when 2027 began.\n"
        '\n2026-12-31 * "opening balances"\n  through: 7\n'
        "  Assets:Pots:G000001  30 MIN\n"
        "  Assets:Members:M000001  -60 MIN\n"
        "  Assets:Members:M000002  65 MIN\n"
        "  Assets:Neighbours:N000001  5 MIN\n"
        "  Equity:Activity:Drop-In  -30 MIN\n"
        "  Equity:Opening  -10 MIN\n"
    )


@pytest.mark.parametrize("balances", [{}, {ANN: 0, BEN: 0}])
def test_a_year_before_which_nobody_held_anything_begins_with_nothing(
    balances: dict[str, int],
) -> None:
    opening = text.opening_text(2026, START, NAMES, balances)
    assert opening == ";; What every account held when 2026 began.\n"


def test_the_top_of_the_books_says_what_they_are_and_includes_all() -> None:
    main = text.main_text(
        "0190", "village", OPENED_ON, includes=["a", "b"], notes=["local/mine.beancount"]
    )
    assert main == (
        ";; Hours of help between neighbours, in whole minutes. Written by a program: what is\n"
        ";; changed here is lost. Notes of one's own go into local/.\n"
        ";; `bean-check main.beancount` checks all of it, with timebank_books.py, which lies"
        " beside it:\n"
        ";; the chain through every entry, the sums, and the tree under CHECKPOINT. One thing it\n"
        ";; can not check: who signed CHECKPOINT. Hold KEY against the key you were given, and\n"
        ";; ask `timebank books check` or `timebank receipt verify`.\n"
        f'{TOP}include "a"\ninclude "b"\ninclude "local/mine.beancount"\n'
    )


def test_the_top_of_a_year_says_where_it_begins_and_includes_its_own() -> None:
    year = text.year_text(
        "2027.beancount", "0190", "village", OPENED_ON, START, ["accounts", "jan", "feb"]
    )
    assert year == (
        ";; 2027 alone, with what every account held when it began.\n"
        f'{TOP}2027-01-01 custom "timebank-start" 7 "{"ab" * 32}" "{"cd" * 64}"\n'
        'include "accounts"\ninclude "2027/opening.beancount"\ninclude "jan"\ninclude "feb"\n'
    )


def test_the_name_of_a_community_can_not_end_its_line() -> None:
    main = text.main_text("0190", 'v"\n', OPENED_ON, includes=[], notes=[])
    assert '\noption "title" "Hours of v\\"\\n"\n' in main


def test_accounts_and_balances_are_a_line_each() -> None:
    assert text.accounts_title(OPENED_ON) == (
        ";; Pseudonyms, in the order of their first use. Who is who, no book says.\n"
        "2026-01-03 open Assets:Members  MIN\n"
        "2026-01-03 open Assets:Pots  MIN\n"
        "2026-01-03 open Assets:Neighbours  MIN\n"
        "2026-01-03 open Equity:Activity  MIN\n"
    )
    assert text.open_text("2026-01-04", "Equity:Opening") == "2026-01-04 open Equity:Opening  MIN\n"
    assert text.balances_text(2, [(ANN, -60, 5, 0, 3), (BEN, 60, 0, 5, 2)]) == (
        "timebank-balances 1\nentries 2\nM000001 -60 5 0 3\nM000002 60 0 5 2\n"
    )
    assert (
        text.month_title("2026-01") == ";; Recorded in 2026-01 (UTC), in the order of the book.\n"
    )


def test_months_come_in_order_and_nothing_else_is_one() -> None:
    names = [
        *("2027/01.beancount", "2026/12.beancount", "2026/02.beancount", "2026/01.beancount"),
        *("2026/01.assert.beancount", "2026/opening.beancount", "2026.beancount", "HEAD"),
        *("x2026/01.beancount", "2026/01-beancount"),
    ]
    assert list(text.months_of(names)) == [
        *("2026/01.beancount", "2026/02.beancount", "2026/12.beancount", "2027/01.beancount"),
    ]
