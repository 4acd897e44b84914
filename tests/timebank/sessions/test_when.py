"""The clock on the wall, also in the two nights in which it jumps."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from timebank.sessions.policy import when

LONDON = ZoneInfo("Europe/London")
COPENHAGEN = ZoneInfo("Europe/Copenhagen")
#: The clocks go forward and back in these nights of 2026.
FORWARD = dt.date(2026, 3, 29)
BACK = dt.date(2026, 10, 25)


def utc(month: int, day: int, hour: int, minute: int = 0) -> dt.datetime:
    """Return a moment of 2026."""
    return dt.datetime(2026, month, day, hour, minute, tzinfo=dt.UTC)


def test_ten_o_clock_stays_ten_o_clock_when_the_clocks_change() -> None:
    before = when.span(FORWARD - dt.timedelta(days=1), 600, 120, COPENHAGEN)
    after = when.span(FORWARD, 600, 120, COPENHAGEN)
    assert before.starts_at == utc(3, 28, 9)
    assert after.starts_at == utc(3, 29, 8)
    assert [when.minute_of(each.starts_at, COPENHAGEN) for each in (before, after)] == [600, 600]


@pytest.mark.parametrize(
    ("day", "truly"),
    [
        (FORWARD - dt.timedelta(days=8), 6 * 60),
        (FORWARD - dt.timedelta(days=1), 5 * 60),
        (BACK - dt.timedelta(days=1), 7 * 60),
    ],
)
def test_from_eight_in_the_evening_to_two_lasts_as_long_as_it_truly_lasts(
    day: dt.date, truly: int
) -> None:
    found = when.span(day, 20 * 60, when.length_between(20 * 60, 2 * 60), LONDON)
    assert found.day_on == day
    assert (found.ends_at - found.starts_at) == dt.timedelta(minutes=truly)
    assert when.minute_of(found.ends_at, LONDON) == 2 * 60


def test_a_time_that_the_clocks_jump_over_begins_an_hour_later_and_keeps_its_length() -> None:
    found = when.span(FORWARD, 90, 60, LONDON)
    assert (found.starts_at, found.ends_at) == (utc(3, 29, 1, 30), utc(3, 29, 2, 30))
    assert when.minute_of(found.starts_at, LONDON) == 150


def test_an_end_that_the_clocks_jump_over_is_an_hour_later_too() -> None:
    found = when.span(FORWARD, 30, 60, LONDON)
    assert (found.starts_at, found.ends_at) == (utc(3, 29, 0, 30), utc(3, 29, 1, 30))


def test_a_time_that_comes_twice_is_the_first_of_the_two() -> None:
    found = when.span(BACK, 90, 60, LONDON)
    assert found.starts_at == utc(10, 25, 0, 30)
    assert found.ends_at == utc(10, 25, 2, 30), "half past two comes once, two hours later"
    within = when.span(BACK, 75, 15, LONDON)
    assert within.ends_at - within.starts_at == dt.timedelta(minutes=15)


def test_every_start_and_length_of_both_nights_ends_after_it_begins() -> None:
    for day in (FORWARD, BACK):
        for minute in range(0, 240, 5):
            for length in (1, 15, 59, 60, 61, 120, 1440):
                found = when.span(day, minute, length, LONDON)
                assert found.ends_at > found.starts_at, (day, minute, length)


def test_the_same_time_twice_has_no_length_and_an_earlier_one_is_tomorrow() -> None:
    assert when.length_between(600, 600) == 0
    assert when.length_between(600, 720) == 120
    assert when.length_between(20 * 60, 2 * 60) == 6 * 60


def test_a_day_begins_at_midnight_where_the_community_is() -> None:
    assert when.begin_of(dt.date(2026, 7, 1), COPENHAGEN) == utc(6, 30, 22)
