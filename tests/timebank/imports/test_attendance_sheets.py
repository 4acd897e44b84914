"""Tables of who came, kept across or down, and what in them can not be read."""

import datetime as dt

import pytest

from timebank.imports.attendance_sheets import Attendance, Mark, read, read_mark
from timebank.imports.errors import AttendanceError
from timebank.imports.sheets import BadRowError

TODAY = dt.date(2026, 5, 4)


def reading(text: str, *, day_first: bool = False) -> Attendance:
    return read(text.encode(), today=TODAY, day_first=day_first)


def told(table: Attendance) -> list[tuple[int, str]]:
    return [(remark.row, remark.code) for remark in table.remarks]


def test_a_table_across_has_a_session_for_each_date() -> None:
    table = reading("Name,2026-03-01,2026-03-08\nMia,x,h\nHugo,,90\nOthers,7,\n")
    assert [(each.day_on.day, each.contacts, each.nameless) for each in table.held] == [
        (1, 8, 7),
        (8, 2, 0),
    ]
    assert [mark for _who, mark in table.held[1].there.values()] == [
        Mark("host"),
        Mark(minutes=90),
    ]
    assert table.contacts == 10
    assert told(table) == []


def test_a_table_down_has_a_session_for_each_day_and_time() -> None:
    table = reading(
        "Date,Time,Name,Role,Minutes,Session,Count,First time\n"
        "2026-03-01,20:00,Mia,host,,Night,,\n"
        "2026-03-01,20:00,Hugo,,45,Night,,\n"
        "2026-03-01,08:00,Mia,,,Breakfast,,\n"
        "2026-03-01,08:00,,,,Breakfast,12,3\n"
    )
    breakfast, night = table.held
    assert (breakfast.title, breakfast.starts_minute, breakfast.contacts) == ("Breakfast", 480, 13)
    assert (breakfast.nameless, breakfast.first_timers) == (12, 3)
    assert [mark for _who, mark in night.there.values()] == [Mark("host"), Mark(minutes=45)]


def test_a_date_may_have_a_time_and_read_either_way() -> None:
    table = reading("Name;3/4/2026 20:00;1/2/2026\nMia;x;x\n", day_first=True)
    assert [(each.day_on, each.starts_minute) for each in table.held] == [
        (dt.date(2026, 2, 1), None),
        (dt.date(2026, 4, 3), 20 * 60),
    ]
    assert reading("Name,3/4/2026\nMia,x\n").held[0].day_on == dt.date(2026, 3, 4)


@pytest.mark.parametrize(
    ("cell", "mark"),
    [
        *((text, None) for text in ("", "0", "no", "-", "Absent")),
        *((text, Mark()) for text in ("x", "X", "1", "yes", "✓", "Present")),
        *((text, Mark("host")) for text in ("h", "Host", "Lead")),
        ("b", Mark("both")),
        ("90", Mark(minutes=90)),
        ("45 min", Mark(minutes=45)),
        ("h90", Mark("host", 90)),
        ("h 90", Mark("host", 90)),
        ("x 15", Mark(minutes=15)),
    ],
)
def test_what_a_cell_can_say(cell: str, mark: Mark | None) -> None:
    assert read_mark(cell) == mark


@pytest.mark.parametrize("cell", ["?", "maybe", "3", "2000", "z 90", "✗", "1.5"])
def test_a_cell_that_nobody_can_read_is_refused(cell: str) -> None:
    with pytest.raises(BadRowError) as bad:
        read_mark(cell)
    assert bad.value.code == "odd mark"


def test_what_can_not_be_read_is_told_and_the_rest_is_kept() -> None:
    table = reading(
        "Number,Name,Notes,2026-03-01,2026-03-08,2027-01-01\n"
        "M000001,Mia,,x,maybe,x\n"
        "abc,Hugo,,x,,\n"
        ",,,x,,\n"
        ",Otto,,x,,\n"
        ",OTTO,,x,,\n"
        ",Others,,many,3,\n"
    )
    assert told(table) == [
        *((1, "no date column"), (1, "date ahead")),
        *((2, "odd mark"), (3, "odd number"), (4, "nobody named"), (6, "twice"), (7, "no count")),
    ]
    assert [remark.is_bad for remark in table.remarks] == [False, *[True] * 6]
    assert [(each.day_on.day, each.contacts) for each in table.held] == [(1, 2), (8, 3)]


def test_rows_of_a_table_down_are_told_one_by_one() -> None:
    table = reading(
        "Date,Name,Role,Minutes,Count,First time,Time\n"
        "2026-03-01,Mia,,,,,\n"
        "2026-03-01,Mia,,,,,\n"
        ",Hugo,,,,,\n"
        "2026-03-01,,,,,,\n"
        "2026-03-01,Hugo,cook,,,,\n"
        "2026-03-01,Hugo,,long,,,\n"
        "2026-03-01,Hugo,,,,,25:00\n"
        "2026-03-01,,,,3,4,\n"
        "soon,Hugo,,,,,\n"
    )
    assert told(table) == [
        *((3, "twice"), (4, "no day"), (5, "nobody named"), (6, "odd mark"), (7, "odd minutes")),
        *((8, "odd time"), (9, "too many first"), (10, "no date")),
    ]
    assert table.contacts == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no table"),
        ("Name,Notes\nMia,x\n", "no dates"),
        ("2026-03-01,2026-03-08\nx,x\n", "no name column"),
        ("Date,Where\n2026-03-01,Hall\n", "no name column"),
        ("Name,2026-03-01\n" + "Mia,x\n" * 5_001, "too long"),
        ("\x00\x01", "no table"),
    ],
)
def test_a_file_of_no_use_says_why(text: str, reason: str) -> None:
    with pytest.raises(AttendanceError) as refusal:
        reading(text)
    assert refusal.value.reason == reason
