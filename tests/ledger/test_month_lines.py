"""Which days are a month, when it is over where people live, and the one way to write its lines."""

import datetime as dt
from calendar import monthrange
from zoneinfo import ZoneInfo

import pytest

from ledger.months import NO_MONTH, Month, MonthHead
from ledger.proof_errors import TornNote

COPENHAGEN, AUCKLAND = ZoneInfo("Europe/Copenhagen"), ZoneInfo("Pacific/Auckland")
JANUARY = MonthHead(
    origin="village.example",
    month=Month.around(dt.date(2026, 1, 5), dt.UTC),
    size=2,
    root=b"\x01" * 32,
    chain=b"\x02" * 32,
    accounts=3,
    trial_root=b"\x03" * 32,
    prev=NO_MONTH,
)


@pytest.mark.parametrize("year", [2027, 2028])
@pytest.mark.parametrize("zone", [dt.UTC, COPENHAGEN, AUCKLAND])
def test_every_day_of_a_year_lies_in_its_own_month(year: int, zone: dt.tzinfo) -> None:
    for month in range(1, 13):
        length = monthrange(year, month)[1]
        midnight = dt.datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
        for day in range(1, length + 1):
            found = Month.around(dt.date(year, month, day), zone)
            assert (found.period, found.through_on, found.ended_at) == (
                f"{year}-{month:02}",
                dt.date(year, month, length),
                midnight,
            )
            assert found.ended_at.tzinfo is dt.UTC


@pytest.mark.parametrize("zone", [dt.UTC, COPENHAGEN, AUCKLAND])
def test_months_follow_each_other_without_a_gap_where_people_live(zone: dt.tzinfo) -> None:
    month = Month.around(dt.date(2027, 1, 31), zone)
    for number in range(1, 24):
        month = month.following(zone)
        first = dt.date(2027 + number // 12, number % 12 + 1, 1)
        assert month == Month.around(first, zone)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("entries 2", "entries 02"),
        ("entries 2", "entries two"),
        ("through 2026-01-31", "through 2026-02-31"),
        ("ended 2026-02-01T00", "ended 2026-02-01T99"),
        ("ended 2026-02-01T00:00:00.000000Z", "ended 2026-02-01T00.00.00.000000Z"),
        ("month 2026-01", "month 2026-13"),
        ("before ", "before  "),
        # Other letters for the very same bytes.
        ("AQE=\nchain", "AQF=\nchain"),
        ("AwM=\nbefore", "AwN=\nbefore"),
        ("AAA=\n", "AAB=\n"),
        ("before A", "extra\nbefore A"),
        ("AAA=\n", "AAA=\nextra\n"),
        ("AAA=\n", "AAA=\n\n"),
        ("AAA=\n", "AAA="),
        (JANUARY.text(), ""),
        (JANUARY.text(), "village.example/months"),
        (JANUARY.text(), "village.example/months\nmonth 2026-01\n"),
    ],
)
def test_there_is_one_way_to_write_a_month(before: str, after: str) -> None:
    text = JANUARY.text()
    assert MonthHead.parse(text) == JANUARY
    assert before in text
    with pytest.raises(TornNote) as torn:
        MonthHead.parse(text.replace(before, after, 1))
    assert torn.value.facts == {"detail": "month-lines"}
