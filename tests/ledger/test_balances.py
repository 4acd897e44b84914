import datetime as dt
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from ledger.balances import (
    Statement,
    balance,
    balances,
    statement,
    trial_balance,
)
from ledger.entry_views import find_entry, latest_entries
from ledger.errors import BadPeriod, UnknownAccount, UnknownBook, UnknownEntry
from ledger.holdings import Holding, holdings
from ledger.recent import latest, statement_to_now
from tests.ledger.desk import (
    ANN,
    BEN,
    BOOK,
    CAT,
    DROP_IN,
    OPENED_AT,
    OPENING,
    OTHER_BOOK,
    POT,
    Desk,
)

NOWHERE = UUID("0190a0a0-0000-7000-8000-0000000000ff")
JANUARY = (dt.date(2026, 1, 1), dt.date(2026, 1, 31))
FEBRUARY = (dt.date(2026, 2, 1), dt.date(2026, 2, 28))
MARCH = (dt.date(2026, 3, 1), dt.date(2026, 3, 31))


def two_months(desk: Desk) -> None:
    """Ann is helped in January, helps in February, and nothing happens in March."""
    desk.post(ANN, BEN, 60)
    desk.post(ANN, CAT, 30, on=dt.date(2025, 12, 24))
    desk.now = dt.datetime(2026, 2, 10, 12, tzinfo=dt.UTC)
    desk.post(BEN, ANN, 45)
    desk.post(BEN, CAT, 10)


def statement_of(desk: Desk, period: tuple[dt.date, dt.date], code: str = ANN) -> Statement:
    with desk.engine.connect() as connection:
        return statement(connection, BOOK, code, *period)


def test_opening_and_lines_make_closing(desk: Desk) -> None:
    two_months(desk)
    found = [statement_of(desk, period) for period in (JANUARY, FEBRUARY, MARCH)]
    assert [(one.opening_minutes, one.closing_minutes) for one in found] == [
        *((0, -90), (-90, -45), (-45, -45)),
    ]
    assert [[line.minutes for line in one.lines] for one in found] == [[-60, -30], [45], []]
    for one in found:
        assert one.opening_minutes + sum(line.minutes for line in one.lines) == one.closing_minutes
        running = one.opening_minutes
        for line in one.lines:
            running += line.minutes
            assert line.balance_minutes == running


def test_a_statement_to_now_is_the_statement_with_the_balance_of_now(desk: Desk) -> None:
    two_months(desk)
    for code in (ANN, BEN, CAT):
        with desk.engine.connect() as connection:
            now, found = statement_to_now(connection, BOOK, code, FEBRUARY[0], MARCH[1], dt.UTC)
            assert now == balance(connection, BOOK, code)
        assert found == statement_of(desk, (FEBRUARY[0], MARCH[1]), code)
        assert found.closing_minutes == now.posted
    with desk.engine.connect() as connection:
        now, quiet = statement_to_now(connection, BOOK, ANN, MARCH[0], MARCH[1], dt.UTC)
        assert (quiet.opening_minutes, quiet.lines) == (now.posted, [])
        with pytest.raises(BadPeriod):
            statement_to_now(connection, BOOK, ANN, MARCH[1], MARCH[0], dt.UTC)


def test_a_line_tells_who_when_and_what_for(desk: Desk) -> None:
    two_months(desk)
    line = statement_of(desk, JANUARY).lines[1]
    assert (line.seq, line.n, line.kind, line.category) == (2, 1, "exchange", "company")
    assert (line.counterpart_code, line.occurred_on) == (CAT, dt.date(2025, 12, 24))
    assert line.recorded_at == OPENED_AT + dt.timedelta(minutes=2)
    assert (line.reverses, line.reversed_by) == (None, None)


def test_a_line_names_the_other_side_to_whoever_is_paid_too(desk: Desk) -> None:
    desk.post(ANN, BEN, 60)
    desk.post(BEN, CAT, 20)
    lines = statement_of(desk, JANUARY, BEN).lines
    assert [(line.counterpart_code, line.minutes) for line in lines] == [(ANN, 60), (CAT, -20)]


def test_a_statement_shows_both_sides_of_a_reversal(desk: Desk) -> None:
    first = desk.post()
    back = desk.reverse(first.entry_id)
    one, two = statement_of(desk, JANUARY, BEN).lines
    assert (one.minutes, one.reversed_by, one.reverses) == (60, back.entry_id, None)
    assert (two.minutes, two.reversed_by, two.reverses) == (-60, None, first.entry_id)


def test_one_entry_may_stand_on_a_statement_more_than_once(desk: Desk) -> None:
    desk.post(legs=((ANN, BEN, 20), (CAT, ANN, 5), (ANN, CAT, 1)))
    found = statement_of(desk, JANUARY)
    assert [(line.minutes, line.balance_minutes) for line in found.lines] == [
        *((-20, -20), (5, -15), (-1, -16)),
    ]
    later = statement_of(desk, FEBRUARY)
    assert later.opening_minutes == -16


def test_a_statement_goes_on_from_the_last_leg_of_the_entry_before(desk: Desk) -> None:
    """Whether the account paid last or was paid last."""
    desk.post(legs=((ANN, BEN, 20), (CAT, ANN, 5)))
    later = [statement_of(desk, FEBRUARY, code).opening_minutes for code in (ANN, BEN, CAT)]
    assert later == [-15, 20, -5]


def test_a_statement_ends_just_before_the_midnight_after_its_last_day(desk: Desk) -> None:
    midnight = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    # The desk posts a minute later than its clock says.
    desk.now = midnight - dt.timedelta(minutes=1, microseconds=1)
    desk.post(minutes=1)
    desk.now = midnight - dt.timedelta(minutes=1)
    desk.post(minutes=2)
    january, february = statement_of(desk, JANUARY), statement_of(desk, FEBRUARY)
    assert ([line.minutes for line in january.lines], january.closing_minutes) == ([-1], -1)
    assert (february.opening_minutes, [line.minutes for line in february.lines]) == (-1, [-2])


def test_a_day_begins_where_the_community_lives(desk: Desk) -> None:
    desk.now = dt.datetime(2026, 1, 31, 23, 30, tzinfo=dt.UTC)
    desk.post()
    with desk.engine.connect() as connection:
        here = statement(connection, BOOK, ANN, *FEBRUARY, zone=ZoneInfo("Europe/Copenhagen"))
    assert len(here.lines) == 1
    assert len(statement_of(desk, JANUARY).lines) == 1


def test_a_statement_asks_few_questions_however_long_it_is(desk: Desk) -> None:
    def count() -> int:
        asked = []
        listener = lambda *_args: asked.append(1)  # noqa: E731 -- removed by identity below
        event.listen(desk.engine, "before_cursor_execute", listener)
        statement_of(desk, JANUARY)
        event.remove(desk.engine, "before_cursor_execute", listener)
        return len(asked)

    desk.post()
    before = count()
    for _again in range(20):
        desk.post(minutes=1)
    assert count() == before <= 6


def test_a_period_ends_after_it_begins(desk: Desk) -> None:
    with pytest.raises(BadPeriod):
        statement_of(desk, (JANUARY[1], JANUARY[0]))


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    with desk.engine.connect() as connection:
        with pytest.raises(UnknownAccount):
            balance(connection, BOOK, "M000099")
        with pytest.raises(UnknownAccount):
            statement(connection, BOOK, "M000099", *JANUARY)
        with pytest.raises(UnknownEntry):
            find_entry(connection, BOOK, NOWHERE)
        with pytest.raises(UnknownBook):
            trial_balance(connection, OTHER_BOOK)


def test_a_balance_says_what_can_be_spent(desk: Desk) -> None:
    desk.post()
    with desk.engine.connect() as connection:
        found = balance(connection, BOOK, BEN)
        several = balances(connection, BOOK, [BEN, ANN, "M000099"])
    assert (found.posted, found.held_in, found.held_out, found.available) == (60, 0, 0, 60)
    assert (found.version, found.state, found.kind) == (1, "open", "member")
    assert (found.floor_minutes, found.ceiling_minutes) == (-600, None)
    assert sorted(several) == [ANN, BEN]


def test_the_trial_balance_adds_up_to_zero_page_by_page(desk: Desk) -> None:
    desk.post(ANN, BEN, 60)
    last = desk.post(legs=((DROP_IN, ANN, 60), (DROP_IN, POT, 30)), kind="activity")
    with desk.engine.connect() as connection:
        whole = trial_balance(connection, BOOK)
        page = trial_balance(connection, BOOK, after_code=ANN, limit=2)
    assert whole.total_minutes == 0
    assert whole.kinds == {"member": 60, "pot": 30, "source": -90}
    assert sum(account.posted for account in whole.accounts) == 0
    assert [account.code for account in whole.accounts] == sorted(
        account.code for account in whole.accounts
    )
    assert [account.code for account in page.accounts] == [BEN, CAT]
    assert (page.kinds, page.entries, page.chain) == (whole.kinds, 2, last.chain)


def test_what_is_above_and_below_zero_is_told_by_kind_and_comes_to_nothing(desk: Desk) -> None:
    desk.post(ANN, BEN, 60)
    desk.post(CAT, POT, 50)
    desk.post(DROP_IN, CAT, 30, kind="activity")
    desk.post(OPENING, ANN, 100, kind="opening")
    with desk.engine.connect() as connection:
        found = holdings(connection, BOOK)
        assert holdings(connection, OTHER_BOOK) == []
    # Members and pots together, each source alone.
    assert found == [
        Holding("member", "", 100, -20),
        Holding("pot", "", 50, 0),
        Holding("source", DROP_IN, 0, -30),
        Holding("source", OPENING, 0, -100),
    ]
    assert sum(each.plus_minutes + each.minus_minutes for each in found) == 0


def test_the_newest_entries_come_first_page_by_page(desk: Desk) -> None:
    for minutes in (1, 2, 3):
        desk.post(minutes=minutes)
    with desk.engine.connect() as connection:
        first = latest_entries(connection, BOOK, limit=2)
        second = latest_entries(connection, BOOK, before_seq=first[-1].seq, limit=2)
        none = latest_entries(connection, OTHER_BOOK, limit=2)
    assert [entry.legs[0].minutes for entry in (*first, *second)] == [3, 2, 1]
    assert none == []


def test_the_latest_lines_are_the_end_of_the_statement_with_the_balance_of_now(desk: Desk) -> None:
    two_months(desk)
    first = desk.post()
    desk.reverse(first.entry_id)
    for code in (ANN, BEN, CAT):
        with desk.engine.connect() as connection:
            now, whole = statement_to_now(connection, BOOK, code, JANUARY[0], MARCH[1], dt.UTC)
            for limit in (1, 2, 3, 100):
                found = latest(connection, BOOK, code, limit=limit)
                assert found == (now, whole.lines[-limit:])
    with desk.engine.connect() as connection:
        assert latest(connection, BOOK, OPENING, limit=3)[1] == []
        with pytest.raises(UnknownAccount):
            latest(connection, BOOK, "M000099", limit=3)
