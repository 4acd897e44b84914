"""Entries are read back from the books as they were recorded; what was changed is told exactly."""

from collections.abc import Sequence
from typing import Any, Final

import pytest

from ledger.accounts import book_name
from ledger.books.reading import Place, read_month, unquoted
from ledger.books.text import entry_text, month_title, quoted
from ledger.chain import (
    ENCODING,
    GENESIS,
    NO_MEMO,
    ChainedEntry,
    ChainedLeg,
    canonical,
    leaf,
    link,
)
from ledger.layout import BALANCES, Finding, FindingError
from ledger.storage import JournalRow
from tests.ledger.test_audit import GOLDEN as GOLDEN_BOOKS
from tests.ledger.test_audit import JANUARY
from tests.ledger.test_chain import GOLDEN, GOLDEN_HOLDS

BOOK: Final = "0190a0a0000070008000000000000001"
START: Final = Place(0, GENESIS)
NAMES: Final = {
    code: book_name(code)
    for code in ("M000001", "M000002", "M000003", "G000001", "opening", "activity-drop-in")
}
FIRST: Final = ChainedEntry(
    book=BOOK,
    seq=1,
    id="019b78c9f4e070008000000000000001",
    kind="exchange",
    category="company",
    at="2026-01-01T09:01:00.000000Z",
    on="2026-01-02",
    actor="",
    key="exchange:1",
    rev="",
    hold="",
    expires="",
    corrects="",
    memo=NO_MEMO.hex(),
    legs=(ChainedLeg("M000001", "M000002", 60),),
)


def linked(entries: Sequence[ChainedEntry]) -> list[JournalRow]:
    """Entries with the hashes that they have from the beginning of the book."""
    rows, last = [], GENESIS
    for entry in entries:
        hashed = leaf(canonical(entry))
        last = link(last, hashed)
        rows.append(JournalRow(entry, hashed, last, ENCODING, ()))
    return rows


def golden_rows(vectors: list[dict[str, Any]]) -> list[JournalRow]:
    entries = []
    for golden in vectors:
        fields = golden["fields"]
        legs = tuple(ChainedLeg(*leg) for leg in fields["legs"])
        entries.append(ChainedEntry(**fields | {"legs": legs}))
    return linked(entries)


def month(rows: Sequence[JournalRow]) -> str:
    return month_title("2026-01") + "".join(entry_text(row, NAMES) for row in rows)


def rows_of(text: str, *, name: str = JANUARY, place: Place = START) -> list[JournalRow]:
    return list(read_month(name, text, BOOK, place, NAMES))


def told(
    text: str, *, name: str = JANUARY, place: Place = START, names: dict[str, str] = NAMES
) -> Finding:
    """What is found wrong with a month."""
    with pytest.raises(FindingError) as refused:
        list(read_month(name, text, BOOK, place, names))
    return refused.value.finding


def line_of(text: str, words: str) -> int:
    """The number of the first line with these words."""
    return text[: text.index(words)].count("\n") + 1


# ------------------------------------------------------------------------- as it was recorded


@pytest.mark.parametrize("vectors", [GOLDEN, GOLDEN_HOLDS])
def test_every_entry_is_read_back_as_it_was_recorded(vectors: list[dict[str, Any]]) -> None:
    rows = golden_rows(vectors)
    text = month(rows)
    assert rows_of(text) == rows
    # From the middle too, behind the title.
    half = rows[:4]
    rest = month_title("2026-01") + text[len(month(half)) :]
    assert rows_of(rest, place=Place(4, half[-1].chain)) == rows[4:]


def test_the_golden_books_are_read_back() -> None:
    assert rows_of((GOLDEN_BOOKS / JANUARY).read_text("utf-8")) == golden_rows(GOLDEN)


def test_a_month_without_entries_has_none() -> None:
    assert rows_of(month_title("2026-01")) == rows_of("") == []


@pytest.mark.parametrize(
    "words",
    ["", "plain", 'quote " and \\ and \\n', "a\tb\nc\rd\fe\b", "Søren 🌱", '"', "\\"],
)
def test_words_come_back_as_they_were_before_they_were_quoted(words: str) -> None:
    assert unquoted(quoted(words)) == words
    entry = FIRST._replace(key=words, category=words)
    assert [row.entry for row in rows_of(month(linked([entry])))] == [entry]


# ------------------------------------------------------------------------- what was changed


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        # The shape of a line, or what belongs together.
        ("  key: ", "  key:  "),
        ("  seq: 2\n", ""),
        (
            '  category: "company"\n  key: "exchange:2"\n',
            '  key: "exchange:2"\n  category: "company"\n',
        ),
        ('exchange:2"\n', 'exchange:2"\n  actor: ""\n  actor: ""\n'),
        # Postings that are no pairs, that are none at all, or that are between nobody of ours.
        ("M000003  1 MIN\n", "M000003  1 MIN\n  Assets:Pots:G000001  1 MIN\n"),
        ("  Assets:Members:M000002  -1 MIN\n", ""),
        ("  Assets:Members:M000002  -1 MIN\n  Assets:Members:M000003  1 MIN\n", ""),
        ("Assets:Members:M000002  -1", "Assets:Anna  -1"),
        ("Assets:Members:M000003  1", "Assets:Anna  1"),
    ],
)
def test_what_is_no_entry_of_ours_is_told_with_the_line_before_it(was: str, becomes: str) -> None:
    text = month(golden_rows(GOLDEN))
    second = text.index('\n2026-01-01 * "M000003"')
    rest = text[second:].replace(was, becomes, 1)
    assert rest != text[second:]
    finding = Finding("edited-line", "is no entry as it was exported", JANUARY, 14)
    assert told(text[:second] + rest) == finding


@pytest.mark.parametrize(
    "moved", ["", " Assets:Anna Assets:Members:M000002 60 MIN", " Assets:Members:M000001 60 MIN"]
)
def test_a_hold_that_sets_nothing_aside_for_anyone_is_no_entry(moved: str) -> None:
    text = month(golden_rows(GOLDEN_HOLDS))
    was = f" {NAMES['M000001']} {NAMES['M000002']} 60 MIN"
    finding = Finding("edited-line", "is no entry as it was exported", JANUARY, 2)
    assert told(text.replace(was, moved, 1)) == finding


def test_what_stands_before_the_first_entry_is_counted_too() -> None:
    """The title was taken away, so that the empty line before an entry is the first of all."""
    finding = Finding("edited-line", "is no entry as it was exported", JANUARY, 2)
    assert told(month(golden_rows(GOLDEN)).partition("\n")[2]) == finding
    assert told("\n;; and so on\n") == finding


@pytest.mark.parametrize(
    ("was", "becomes", "seq", "reason", "detail"),
    [
        (
            *("  seq: 3\n", "  seq: 5\n", 3),
            *("missing-entry", "entry 3 is missing; this is entry 5"),
        ),
        (
            *("M000003  1 MIN", "M000003  2 MIN", 2),
            *("broken-chain", "entry 2 is not what was recorded; it was changed"),
        ),
        (
            *("#forms.letters", "#company", 4),
            *("edited-line", "entry 4 is not written as it was exported"),
        ),
        (
            *('"gift:1"', r'"gift\:1"', 7),
            *("edited-line", "entry 7 is not written as it was exported"),
        ),
        (
            # Nobody gave what somebody got: the legs alone say who gave how much.
            *("M000002  -1 MIN", "M000002  -2 MIN", 2),
            *("edited-line", "entry 2 is not written as it was exported"),
        ),
        (
            # Two postings that are of no account of ours are no leg, and so in no hash.
            "M000003  1 MIN\n",
            "M000003  1 MIN\n  Assets:Anna  -9 MIN\n  Assets:Members:M000003  9 MIN\n",
            *(2, "edited-line", "entry 2 is not written as it was exported"),
        ),
    ],
)
def test_an_entry_that_was_changed_is_told_word_for_word(
    was: str, becomes: str, seq: int, reason: str, detail: str
) -> None:
    text = month(golden_rows(GOLDEN))
    assert was in text
    finding = told(text.replace(was, becomes, 1))
    assert finding == Finding(reason, detail, JANUARY, line_of(text, f"  seq: {seq}\n") - 1)


def test_an_entry_that_was_taken_out_is_missing_at_the_one_behind_it() -> None:
    rows = golden_rows(GOLDEN)
    detail = "entry 2 is missing; this is entry 3"
    assert told(month([rows[0], *rows[2:]])) == Finding("missing-entry", detail, JANUARY, 15)
    detail = "entry 4 is missing; this is entry 1"
    assert told(month(rows), place=Place(3, GENESIS)) == Finding(
        "missing-entry", detail, JANUARY, 3
    )
    changed = Finding(
        "broken-chain", "entry 1 is not what was recorded; it was changed", JANUARY, 3
    )
    assert told(month(rows), place=Place(0, bytes(31) + b"\1")) == changed


@pytest.mark.parametrize("name", ["2026/02.beancount", "2025/01.beancount", "2026/01"])
def test_an_entry_in_the_file_of_another_month_is_not_as_it_was_exported(name: str) -> None:
    detail = "entry 1 is not written as it was exported"
    finding = told(month(golden_rows(GOLDEN)), name=name)
    assert finding == Finding("edited-line", detail, name, 3)


def test_of_the_accounts_without_a_balance_the_first_by_name_is_told() -> None:
    codes = [f"M{number:06}" for number in (*range(40, 70), *range(11, 40))]
    legs = tuple(ChainedLeg(code, "M000001", 1) for code in codes)
    [row] = linked([FIRST._replace(legs=legs)])
    known = NAMES | {code: book_name(code) for code in codes}
    text = month_title("2026-01") + entry_text(row, known)
    assert list(read_month(JANUARY, text, BOOK, START, known)) == [row]
    detail = f"entry 1 has M000011, which {BALANCES} does not know"
    assert told(text) == Finding("other-balances", detail, JANUARY, 3)
    # Who got hours is looked for as well as who gave them.
    detail = f"entry 1 has M000001, which {BALANCES} does not know"
    del known["M000001"]
    assert told(text, names=known) == Finding("other-balances", detail, JANUARY, 3)
