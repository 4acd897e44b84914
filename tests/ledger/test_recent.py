"""What an account holds now and how it came to that: nothing too much, and nothing too few."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from ledger import recent
from ledger.balances import balance, statement
from ledger.entry_views import EntryView, LegView, find_entry, latest_entries
from ledger.errors import BadPeriod, UnknownAccount, UnknownEntry
from tests.ledger.desk import ACTOR, ANN, BEN, BOOK, CAT, DROP_IN, POT, Desk

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
JANUARY = (dt.date(2026, 1, 1), dt.date(2026, 1, 31))
FEBRUARY = (dt.date(2026, 2, 1), dt.date(2026, 2, 28))
FIRST_OF_MARCH = dt.date(2026, 3, 1)


@pytest.fixture
def around_midnights(desk: Desk) -> Desk:
    """Ann is helped in the half hours around the turns of months, as Copenhagen has them."""
    for minutes, day, hour, minute in [
        (1, JANUARY[1], 22, 30),
        (2, JANUARY[1], 23, 30),
        (4, FEBRUARY[1], 22, 30),
        (8, FEBRUARY[1], 23, 30),
    ]:
        desk.now = dt.datetime.combine(day, dt.time(hour, minute - 1), dt.UTC)
        desk.post(ANN, BEN, minutes)
    desk.now = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
    desk.post(ANN, BEN, 16)
    return desk


def moved(found: recent.Period) -> list[int]:
    return [-line.minutes for line in found.statement.lines]


@pytest.mark.parametrize(
    ("zone", "january", "february", "march"),
    [(dt.UTC, [1, 2], [4, 8], []), (COPENHAGEN, [1], [2, 4], [8])],
)
def test_a_day_is_that_of_the_community(
    around_midnights: Desk,
    zone: dt.tzinfo,
    january: list[int],
    february: list[int],
    march: list[int],
) -> None:
    with around_midnights.engine.connect() as connection:
        for month, minutes in [(JANUARY, january), (FEBRUARY, february)]:
            found = recent.period(connection, BOOK, ANN, *month, zone)
            assert moved(found) == minutes
            assert found.statement == statement(connection, BOOK, ANN, *month, zone=zone)
            assert found.end.seq == found.statement.lines[-1].seq
        one_day = recent.period(connection, BOOK, ANN, FIRST_OF_MARCH, FIRST_OF_MARCH, zone)
        now, since = recent.statement_to_now(
            connection, BOOK, ANN, FIRST_OF_MARCH, FIRST_OF_MARCH, zone
        )
    assert moved(one_day) == march
    # To now is to now, also where more was recorded since the day that is today.
    assert [-line.minutes for line in since.lines] == [*march, 16]
    assert now.posted == one_day.now.posted == since.closing_minutes == -31


def test_a_day_with_few_entries_after_it_is_recent(
    around_midnights: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "FEW", 3)
    with around_midnights.engine.connect() as connection:
        ends = [
            recent.period(connection, BOOK, ANN, *month, zone).end
            for month, zone in [(JANUARY, COPENHAGEN), (JANUARY, dt.UTC)]
        ]
    assert [(end.seq, end.is_recent) for end in ends] == [(1, False), (2, True)]


def test_what_was_posted_between_two_questions_is_in_both_answers(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.post(ANN, BEN, 60)
    with desk.engine.connect() as connection:
        earlier = balance(connection, BOOK, ANN)
    desk.post(ANN, BEN, 5)
    monkeypatch.setattr(recent, "balance", lambda *_asked: earlier)
    with desk.engine.connect() as connection:
        _now, found = recent.statement_to_now(connection, BOOK, ANN, *JANUARY, dt.UTC)
    assert (found.opening_minutes, found.closing_minutes) == (0, -65)


def test_the_latest_lines_are_as_many_as_were_asked_for(desk: Desk) -> None:
    """Of an entry with many legs only some; what was only set aside is no line."""
    desk.post(ANN, BEN, 1)
    many = ((DROP_IN, ANN, 2), (DROP_IN, CAT, 3), (POT, ANN, 4), (DROP_IN, POT, 4))
    desk.post(legs=(many[3], *many[:3]), kind="activity")
    for _hold in range(3):
        desk.hold(ANN, BEN, 5)
    with desk.engine.connect() as connection:
        for limit, minutes in [(1, [4]), (2, [2, 4]), (3, [-1, 2, 4]), (9, [-1, 2, 4])]:
            found = recent.latest(connection, BOOK, ANN, limit=limit)[1]
            assert [line.minutes for line in found] == minutes


def test_refusals_name_what_was_asked_for(desk: Desk) -> None:
    later, earlier = JANUARY[1], JANUARY[0]
    with desk.engine.connect() as connection:
        for asked in (recent.period, recent.statement_to_now):
            with pytest.raises(BadPeriod) as bad:
                asked(connection, BOOK, ANN, later, earlier, dt.UTC)
            assert (bad.value.since_on, bad.value.until_on) == (later, earlier)
        with pytest.raises(UnknownAccount) as unknown:
            recent.period(connection, BOOK, "M000099", earlier, later, dt.UTC)
        assert unknown.value.code == "M000099"
        with pytest.raises(UnknownAccount) as nobody:
            recent.latest(connection, BOOK, "M000098", limit=1)
        assert nobody.value.code == "M000098"
        with pytest.raises(UnknownEntry) as nothing:
            find_entry(connection, BOOK, ACTOR)
        assert nothing.value.entry_id == ACTOR


def test_an_entry_is_shown_with_everything_there_is_of_it(desk: Desk) -> None:
    legs = ((ANN, BEN, 60), (CAT, POT, 5))
    done = desk.post(legs=legs, key="our-walk", memo="Thank you", on=JANUARY[0])
    recorded_at = desk.now
    back = desk.reverse(done.entry_id)
    instead = desk.post(ANN, BEN, 50, corrects=done.entry_id)
    with desk.engine.connect() as connection:
        found = find_entry(connection, BOOK, done.entry_id)
        newest = latest_entries(connection, BOOK, limit=1)
    assert found == EntryView(
        entry_id=done.entry_id,
        seq=1,
        kind="exchange",
        category="company",
        recorded_at=recorded_at,
        occurred_on=JANUARY[0],
        actor=ACTOR,
        idem_key="our-walk",
        memo="Thank you",
        reverses=None,
        reversed_by=back.entry_id,
        corrects=None,
        hold_id=None,
        expires_at=None,
        resolved_by=None,
        chain=done.chain,
        legs=[LegView(ANN, BEN, 60, -60, 60), LegView(CAT, POT, 5, -5, 5)],
    )
    assert [(entry.seq, entry.corrects) for entry in newest] == [(3, done.entry_id)]
    assert newest[0].entry_id == instead.entry_id
