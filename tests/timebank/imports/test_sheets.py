"""Request sheets: what is read, what is left alone, and what is said about the rest."""

import datetime as dt
from pathlib import Path

import pytest

from timebank import tables
from timebank.imports import sheets
from timebank.imports.errors import (
    ColumnsMissingError,
    NotASheetError,
    SheetTooLongError,
    TwoColumnsError,
)
from timebank.imports.sheets import AskedRow, Sheet

TODAY = dt.date(2026, 5, 4)
REAL = Path("lansing-mutual-aid-forms", "submission_responses.csv")
HEAD = "ID,Status,Name,Timestamp,What do you need? Check all that apply"


def read(text: str, *, day_first: bool = False, encoding: str = "utf-8") -> Sheet:
    return sheets.read(text.encode(encoding), today=TODAY, day_first=day_first)


def one(row: str, *, day_first: bool = False) -> AskedRow:
    [asked] = read(f"{HEAD}\n{row}\n", day_first=day_first).rows
    return asked


def said(row: str) -> str:
    [remark] = read(f"{HEAD}\n{row}\n").remarks
    assert remark.is_bad
    assert remark.row == 2
    return remark.code


@pytest.mark.data
def test_the_sheet_of_a_real_group_is_read(data: Path) -> None:
    sheet = sheets.read((data / REAL).read_bytes(), today=TODAY)
    [asked] = sheet.rows
    assert asked.first_name == "MyFakeName"
    assert asked.needs == ("Food", "pet care", "clothing/laundry")
    assert asked.asked_at == dt.datetime(2020, 3, 15, 22, 49, 40)  # noqa: DTZ001 -- as written
    assert asked.urgency == "non urgent, I can wait a day or two"
    assert (asked.email, asked.phone) == ("", "")
    assert asked.is_finished
    assert not asked.is_anonymous
    assert sheet.remarks == []
    assert sheet.unused == ()


@pytest.mark.data
def test_what_is_nobodys_business_is_left_alone(data: Path) -> None:
    sheet = sheets.read((data / REAL).read_bytes(), today=TODAY)
    assert "Address" in sheet.left_alone
    assert "Number of people in household" in sheet.left_alone
    assert any("elevated risk" in name for name in sheet.left_alone)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_sheet_is_read_whatever_program_wrote_it(encoding: str) -> None:
    [asked] = read(f"{HEAD}\n1,,Søren Ørsted,3/1/2026,Café\n", encoding=encoding).rows
    assert (asked.first_name, asked.last_name, asked.needs) == ("Søren", "Ørsted", ("Café",))


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_signs_than_commas_may_part_the_columns(delimiter: str) -> None:
    text = f"{HEAD}\n1,,Ana,3/1/2026,Food\n".replace(",", delimiter)
    assert read(text).rows[0].needs == ("Food",)


def test_names_of_columns_may_differ_in_case_and_white_space() -> None:
    sheet = read("  NAME ,What  do you NEED? \nAna,Food\n")
    assert [asked.first_name for asked in sheet.rows] == ["Ana"]


def test_columns_that_nobody_knows_are_named() -> None:
    assert read("Name,What do you need?,Shoe size\nAna,Food,38\n").unused == ("Shoe size",)


def test_columns_that_are_missing_are_named() -> None:
    with pytest.raises(ColumnsMissingError) as refused:
        read("Full name,Wishes\nAna,Food\n")
    assert refused.value.missing == ("What do you need?",)
    assert refused.value.found == ("Full name", "Wishes")


def test_two_columns_for_one_thing_are_refused() -> None:
    with pytest.raises(TwoColumnsError):
        read("Name,Your name,What do you need?\nAna,Ana,Food\n")


@pytest.mark.parametrize("content", [b"", b"  \n ", b"PK\x03\x04\x00\x00", b"no table\nat all"])
def test_what_is_no_sheet_is_refused(content: bytes) -> None:
    with pytest.raises(NotASheetError):
        sheets.read(content, today=TODAY)


def test_too_many_rows_are_refused() -> None:
    rows = "".join(f"{n},,Ana,3/1/2026,Food\n" for n in range(tables.ROWS_MAX + 1))
    with pytest.raises(SheetTooLongError):
        read(f"{HEAD}\n{rows}")


@pytest.mark.parametrize(
    ("cell", "needs"),
    [
        ("Food", ("Food",)),
        ("Food, pet care, clothing/laundry", ("Food", "pet care", "clothing/laundry")),
        ("Pet care - food, litter, Housing", ("Pet care - food, litter", "Housing")),
        ("a ride (Monday, Tuesday); food", ("a ride (Monday, Tuesday)", "food")),
        ("Food, food , FOOD!", ("Food",)),
        ("- Food\n- A lift", ("Food", "A lift")),
        (" , ;. ", ()),
    ],
)
def test_one_cell_may_hold_several_needs(cell: str, needs: tuple[str, ...]) -> None:
    assert sheets.split_needs(cell) == needs


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("Ana", ("Ana", "")),
        ("Ana María Ruiz", ("Ana", "María Ruiz")),
        ("Sam (they/them)", ("Sam", "")),
        ("Kim Lee she/her", ("Kim", "Lee")),
        ("  ", ("", "")),
    ],
)
def test_pronouns_are_no_part_of_a_name(cell: str, name: tuple[str, str]) -> None:
    assert sheets.split_name(cell) == name


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("3/15/2020 22:49:40", dt.date(2020, 3, 15)),
        ("3/4/2020", dt.date(2020, 3, 4)),
        ("3/4/20 9:05 PM", dt.date(2020, 3, 4)),
        ("2020-03-04T10:00:00", dt.date(2020, 3, 4)),
    ],
)
def test_dates_are_american_unless_one_says_otherwise(cell: str, day: dt.date) -> None:
    asked = one(f"1,,Ana,{cell},Food")
    assert asked.asked_at is not None
    assert asked.asked_at.date() == day


def test_the_day_may_come_first() -> None:
    asked = one("1,,Ana,3/4/2020 10:00,Food", day_first=True)
    assert asked.asked_at is not None
    assert asked.asked_at.date() == dt.date(2020, 4, 3)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("1,,,3/1/2026,Food", "no name"),
        ("1,,Ana,3/1/2026,", "no need"),
        ("1,,Ana,15/3/2026,Food", "no date"),
        ("1,,Ana,3/1/2027,Food", "date ahead"),
        ("1,,Ana,3/1/1926,Food", "date long ago"),
        ("1,,Ana,3/1/2026,Food,and,more", "too many cells"),
        (f"1,,Ana,3/1/2026,{'x' * 20_001}", "cell too long"),
    ],
)
def test_a_bad_row_is_named_and_left_out(row: str, code: str) -> None:
    assert said(row) == code


def test_the_good_rows_around_a_bad_one_are_read() -> None:
    sheet = read(f"{HEAD}\n1,,Ana,3/1/2026,Food\n2,,,3/1/2026,Food\n\n3,,Bo,3/2/2026,A lift\n")
    assert [asked.first_name for asked in sheet.rows] == ["Ana", "Bo"]
    assert [(remark.row, remark.code) for remark in sheet.remarks] == [(3, "no name")]
    assert sheet.row_count == 3


def test_a_row_that_stands_there_twice_is_taken_once() -> None:
    sheet = read(f"{HEAD}\n1,New,Ana,3/1/2026,Food\n1,Done,Ana,3/1/2026,Food\n")
    assert len(sheet.rows) == 1
    assert sheet.remarks[0].facts == {"first": "2"}


def test_a_row_keeps_its_key_when_somebody_works_on_the_sheet() -> None:
    assert one("1,,Ana,3/1/2026,Food").key == one("1,Completed,Ana,3/1/2026,Food and more").key
    assert one("1,,Ana,3/1/2026,Food").key != one("2,,Ana,3/1/2026,Food").key


@pytest.mark.parametrize(
    ("cell", "wish"), [("No", False), ("", False), ("Yes", True), ("pls", True)]
)
def test_a_wish_to_stay_anonymous_is_heard(cell: str, wish: bool) -> None:  # noqa: FBT001 -- the example
    head = "Name,What do you need?,Does your request need to remain anonymous? \n"
    assert read(f"{head}Ana,Food,{cell}\n").rows[0].is_anonymous is wish


def test_contact_details_are_taken_out_of_public_words() -> None:
    words, had_contact = sheets.without_contact("Ring (517) 555-0123 or ana@example.org at 10.")
    assert words == "Ring … or … at 10."
    assert had_contact
    assert sheets.without_contact("On 2020-03-15 at 10, for 4 people") == (
        "On 2020-03-15 at 10, for 4 people",
        False,
    )
