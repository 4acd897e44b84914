"""Which dates a rule gives, and which rules are none."""

import datetime as dt

import pytest

from timebank.sessions.errors import RuleNotUnderstoodError
from timebank.sessions.policy import repeating
from timebank.sessions.policy.repeating import Pattern

MAY = dt.date(2026, 5, 1)
YEAR_ON = dt.date(2027, 4, 30)


def dates(rule: str, starts_on: dt.date = MAY, last_on: dt.date = YEAR_ON) -> list[dt.date]:
    """Return the dates of a year."""
    return list(repeating.dates(rule, starts_on, first_on=starts_on, last_on=last_on))


def test_every_second_week_counts_from_the_week_it_starts_in() -> None:
    found = dates("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH", last_on=dt.date(2026, 5, 31))
    assert [day.day for day in found] == [12, 14, 26, 28]


def test_the_second_tuesday_of_each_month() -> None:
    found = dates("FREQ=MONTHLY;BYDAY=+2TU")
    assert len(found) == 12
    assert all(day.weekday() == 1 and 8 <= day.day <= 14 for day in found)


def test_the_last_friday_of_each_month() -> None:
    assert all(
        (day + dt.timedelta(weeks=1)).month != day.month for day in dates("FREQ=MONTHLY;BYDAY=-1FR")
    )


def test_the_31st_happens_only_in_months_that_have_one() -> None:
    assert [day.month for day in dates("FREQ=MONTHLY;BYMONTHDAY=31")] == [5, 7, 8, 10, 12, 1, 3]


def test_the_first_day_counts_only_where_the_rule_gives_it() -> None:
    assert dates("FREQ=WEEKLY;BYDAY=MO")[0] == dt.date(2026, 5, 4)


@pytest.mark.parametrize(
    "pattern",
    [
        Pattern("every week", (1, 3)),
        Pattern("every second week", (6,)),
        Pattern("weekday of the month", (1,), position=2),
        Pattern("weekday of the month", (4,), position=-1),
        Pattern("day of the month", month_day=31),
    ],
)
def test_what_was_said_in_words_is_read_back_as_the_same_words(pattern: Pattern) -> None:
    assert repeating.pattern_of(repeating.rule_of(pattern)) == pattern
    repeating.check(repeating.rule_of(pattern))


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=9;BYDAY=+1SA",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=TU",
        "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1",
        "FREQ=DAILY;COUNT=10",
    ],
)
def test_a_rule_from_a_calendar_may_say_more_than_our_words(rule: str) -> None:
    repeating.check(rule)
    assert repeating.pattern_of(rule) is None
    assert dates(rule)


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "every Tuesday",
        "FREQ=SECONDLY",
        "FREQ=HOURLY;INTERVAL=1",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;INTERVAL=-1",
        "FREQ=WEEKLY;INTERVAL=99999999999999999999",
        "FREQ=WEEKLY;UNTIL=20261231",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
        "FREQ=WEEKLY;FREQ=DAILY",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=13;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=x",
        "FREQ=MONTHLY;BYDAY=+2TU\nRDATE:20260501T100000",
        "FREQ=WEEKLY;BYHOUR=10",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=MO;BYSETPOS=2",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=5",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=x",
        "FREQ=MONTHLY;BYDAY=+6MO",
        "FREQ=MONTHLY;BYDAY=+1MO;BYMONTHDAY=20",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=WEEKLY;BYDAY=+1MO",
        "FREQ=DAILY;BYMONTH=" + ",".join(["2"] * 200),
    ],
)
def test_what_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(RuleNotUnderstoodError):
        repeating.check(rule)


@pytest.mark.parametrize(
    "rule", ["FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29"]
)
def test_a_rule_that_never_happens_gives_no_date(rule: str) -> None:
    began = MAY.replace(year=2027)
    repeating.check(rule)
    assert not repeating.next_dates(rule, began, first_on=began)


def test_dates_on_closed_days_and_after_the_end_are_no_dates() -> None:
    rule = "FREQ=WEEKLY;BYDAY=SU"
    closed = [(dt.date(2026, 5, 10), dt.date(2026, 5, 17))]
    found = repeating.next_dates(
        rule, MAY, first_on=MAY, until_on=dt.date(2026, 5, 24), closed=closed
    )
    assert found == [dt.date(2026, 5, 3), dt.date(2026, 5, 24)]
