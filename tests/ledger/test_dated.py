"""A day is meant in two ways, and both are answered without reading the book from its beginning."""

import datetime as dt
import functools
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from ledger import dated, recent, schema
from ledger.balances import balance, statement
from ledger.dated import OnDay
from ledger.errors import BadPeriod, UnknownAccount
from tests.ledger.desk import ANN, BEN, BOOK, CAT, DROP_IN, OTHER_BOOK, Desk

DAY = dt.timedelta(days=1)
FIRST = dt.date(2026, 1, 1)
COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def post_on(desk: Desk, recorded_on: dt.date, occurred_on: dt.date, *leg: Any) -> None:
    """Record some help on a day, for a day."""
    noon = dt.datetime.combine(recorded_on, dt.time(12), dt.UTC)
    desk.now = max(desk.now, noon)
    desk.post(*leg, on=occurred_on)


@pytest.fixture
def january(desk: Desk) -> Desk:
    """Something on time, something late, and something ahead of time, around 31 January."""
    end = dt.date(2026, 1, 31)
    post_on(desk, dt.date(2026, 1, 10), dt.date(2026, 1, 9), ANN, BEN, 60)
    post_on(desk, end, end + DAY, BEN, CAT, 10)
    post_on(desk, end + 2 * DAY, end - 3 * DAY, ANN, CAT, 30)
    post_on(desk, end + 3 * DAY, end + 2 * DAY, CAT, ANN, 5)
    return desk


END = dt.date(2026, 1, 31)


def test_what_is_reported_late_counts_for_its_day_and_not_for_the_record(january: Desk) -> None:
    with january.engine.connect() as connection:
        recorded = dated.balances_as_recorded_by(connection, BOOK, END)
        serviced = dated.balances_for_services_up_to(connection, BOOK, END)
        for code in (ANN, BEN, CAT):
            one = (connection, BOOK, code, END)
            assert dated.balance_as_recorded_by(*one) == recorded[code]
            assert dated.balance_for_services_up_to(*one) == serviced[code]
        assert dated.balance_as_recorded_by(connection, BOOK, DROP_IN, END) == 0
        assert dated.balance_for_services_up_to(connection, BOOK, DROP_IN, END) == 0
        for ask in (dated.balance_as_recorded_by, dated.balance_for_services_up_to):
            with pytest.raises(UnknownAccount):
                ask(connection, BOOK, "M000099", END)
    assert recorded == {ANN: -60, BEN: 50, CAT: 10}
    assert serviced == {ANN: -90, BEN: 60, CAT: 30}


def test_the_difference_is_listed_entry_by_entry(january: Desk) -> None:
    with january.engine.connect() as connection:
        found = dated.out_of_time(connection, BOOK, dated.end_of_day(connection, BOOK, END))
        rest = dated.out_of_time(
            connection, BOOK, dated.end_of_day(connection, BOOK, END), after_seq=2, limit=5
        )
        assert list(
            dated.out_of_time(connection, BOOK, dated.end_of_day(connection, BOOK, END), limit=1)
        ) == [found[0]]
    told = [(each.payer_code, each.payee_code, each.minutes, each.is_late) for each in found]
    assert told == [(BEN, CAT, 10, False), (ANN, CAT, 30, True)]
    assert [each.seq for each in found] == [2, 3]
    assert list(rest) == [found[1]]
    assert found[1].occurred_on == END - 3 * DAY
    assert [each.recorded_at.date() for each in found] == [END, END + 2 * DAY]
    assert [(each.kind, each.category) for each in found] == [("exchange", "company")] * 2
    assert [each.entry_id for each in found] == ids(january)[1:3]


def test_a_period_in_one_question_says_what_each_question_says(january: Desk) -> None:
    january.hold(ANN, BEN, 5, days=90)
    with january.engine.connect() as connection:
        for code in (ANN, BEN, CAT, DROP_IN):
            for since, until in ((END - 40 * DAY, END), (END + DAY, END + 40 * DAY), (END, END)):
                found = recent.period(connection, BOOK, code, since, until, dt.UTC)
                assert found.statement == statement(connection, BOOK, code, since, until)
                assert found.now == balance(connection, BOOK, code)
                assert found.end == dated.end_of_day(connection, BOOK, until)
        with pytest.raises(UnknownAccount):
            recent.period(connection, BOOK, "M000099", END, END, dt.UTC)
        with pytest.raises(BadPeriod):
            recent.period(connection, BOOK, ANN, END, END - DAY, dt.UTC)


def test_accounts_come_a_page_at_a_time(january: Desk) -> None:
    with january.engine.connect() as connection:
        every = dated.on_day(connection, BOOK, dated.end_of_day(connection, BOOK, END))
        assert every[0] == OnDay(ANN, -60, -90)
        first = dated.on_day(connection, BOOK, dated.end_of_day(connection, BOOK, END), limit=2)
        later = dated.on_day(
            connection, BOOK, dated.end_of_day(connection, BOOK, END), after_code=first[-1].code
        )
    assert (len(first), len(later)) == (2, 1)
    assert [*first, *later] == list(every)
    assert sum(each.recorded_minutes for each in every) == 0
    assert sum(each.service_minutes for each in every) == 0


def test_the_last_leg_of_an_entry_says_what_was_left(desk: Desk) -> None:
    """Of each account on either side, also where it stands on that side more than once."""
    desk.post(legs=((ANN, BEN, 20), (ANN, CAT, 1), (BEN, CAT, 3), (CAT, BEN, 5)))
    with desk.engine.connect() as connection:
        found = dated.balances_as_recorded_by(connection, BOOK, END)
    assert found == {ANN: -21, BEN: 22, CAT: -1}


def test_a_book_without_entries_held_nothing(desk: Desk) -> None:
    with desk.engine.connect() as connection:
        assert dated.on_day(connection, BOOK, dated.end_of_day(connection, BOOK, END)) == []
        assert dated.out_of_time(connection, BOOK, dated.end_of_day(connection, BOOK, END)) == []
        assert dated.balance_as_recorded_by(connection, BOOK, ANN, END) == 0


def test_a_day_ends_where_the_community_lives(desk: Desk) -> None:
    desk.now = dt.datetime(2026, 1, 31, 23, 15, tzinfo=dt.UTC)
    desk.post(ANN, BEN, 60, on=END)
    with desk.engine.connect() as connection:
        assert dated.balance_as_recorded_by(connection, BOOK, BEN, END) == 60
        there = dated.balance_as_recorded_by(connection, BOOK, BEN, END, zone=COPENHAGEN)
        assert there == 0
        up_to = dated.balance_for_services_up_to(connection, BOOK, BEN, END, zone=COPENHAGEN)
        assert up_to == 60
        asked = (connection, BOOK, END)
        assert dated.balances_as_recorded_by(*asked) == {ANN: -60, BEN: 60}
        assert dated.balances_as_recorded_by(*asked, zone=COPENHAGEN) == {}
        in_utc, at_home = (dated.end_of_day(*asked, zone=zone) for zone in (dt.UTC, COPENHAGEN))
        told = dated.on_day(connection, BOOK, in_utc)
        assert told == [OnDay(ANN, -60, -60), OnDay(BEN, 60, 60)]
        told = dated.on_day(connection, BOOK, at_home)
        assert told == [OnDay(ANN, 0, -60), OnDay(BEN, 0, 60)]
        assert dated.out_of_time(connection, BOOK, in_utc) == []
        [late] = dated.out_of_time(connection, BOOK, at_home)
        assert (late.minutes, late.is_late) == (60, True)


def test_taking_back_keeps_the_day_of_the_help(desk: Desk) -> None:
    post_on(desk, dt.date(2026, 1, 10), dt.date(2026, 1, 9), ANN, BEN, 60)
    [entry_id] = ids(desk)
    desk.now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    desk.reverse(entry_id)
    with desk.engine.connect() as connection:
        assert dated.balance_as_recorded_by(connection, BOOK, BEN, END) == 60
        assert dated.balance_for_services_up_to(connection, BOOK, BEN, END) == 0


@pytest.fixture(params=[0, dated.FEW], ids=["day by day", "one by one"])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Ask in either way, whatever is quicker."""
    monkeypatch.setattr(dated, "FEW", request.param)
    return int(request.param)


@pytest.mark.usefixtures("few")
def test_what_is_only_set_aside_counts_for_no_day(desk: Desk) -> None:
    """Neither what was set aside before the day for help after it, nor the other way round."""
    desk.now = dt.datetime.combine(END - DAY, dt.time(12), dt.UTC)
    early = desk.hold(ANN, BEN, 60, on=END + 5 * DAY, days=90)
    desk.now += 3 * DAY
    late = desk.hold(CAT, BEN, 7, on=END - 5 * DAY, days=90)
    with desk.engine.connect() as connection:
        assert dated.out_of_time(connection, BOOK, dated.end_of_day(connection, BOOK, END)) == []
        assert not any(dated.balances_for_services_up_to(connection, BOOK, END).values())
        assert not any(dated.balances_as_recorded_by(connection, BOOK, END).values())
    desk.release(late.entry_id)
    desk.capture(early.entry_id)
    with desk.engine.connect() as connection:
        assert dated.out_of_time(connection, BOOK, dated.end_of_day(connection, BOOK, END)) == []
        after = dated.balances_for_services_up_to(connection, BOOK, END + 5 * DAY)
        assert (after[ANN], after[BEN], after[CAT]) == (-60, 60, 0)


def ids(desk: Desk) -> list[Any]:
    with desk.engine.connect() as connection:
        entry = schema.entry.c
        question = sa.select(entry.id).where(entry.book_id == desk.book_id).order_by(entry.seq)
        return list(connection.execute(question).scalars())


# ------------------------------------------------------------------------------- oracle


class Posted(NamedTuple):
    recorded_on: dt.date
    occurred_on: dt.date
    payer: str
    payee: str
    minutes: int


def random_book(desk: Desk, dice: random.Random, count: int) -> list[Posted]:
    """Post help on random days for random days; return what was posted."""
    posted, recorded = [], FIRST
    for _ in range(count):
        recorded += DAY * dice.choice((0, 0, 1, 3))
        occurred = recorded - DAY * dice.choice((0, 0, 1, 2, 40, 300, -1, -20))
        payer, payee = dice.choice(list(itertools.permutations((ANN, BEN, CAT), 2)))
        minutes = dice.randint(1, 9)
        post_on(desk, recorded, occurred, payer, payee, minutes)
        posted.append(Posted(recorded, occurred, payer, payee, minutes))
    return posted


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.usefixtures("few")
def test_both_figures_are_the_plain_sums(desk: Desk, seed: int) -> None:
    dice = random.Random(seed)
    posted = random_book(desk, dice, 40)
    with desk.engine.connect() as connection:
        for day in (FIRST + DAY * dice.randint(-5, 60) for _ in range(8)):
            for which, figures in (
                ("recorded_on", dated.balances_as_recorded_by(connection, BOOK, day)),
                ("occurred_on", dated.balances_for_services_up_to(connection, BOOK, day)),
            ):
                plain: Counter[str] = Counter()
                for each in posted:
                    if getattr(each, which) <= day:
                        plain[each.payer] -= each.minutes
                        plain[each.payee] += each.minutes
                assert {code: minutes for code, minutes in figures.items() if minutes} == {
                    code: minutes for code, minutes in plain.items() if minutes
                }
            listed = {
                each.seq
                for each in dated.out_of_time(
                    connection, BOOK, dated.end_of_day(connection, BOOK, day)
                )
            }
            assert listed == {
                seq
                for seq, each in enumerate(posted, 1)
                if (each.recorded_on <= day) != (each.occurred_on <= day)
            }


# -------------------------------------------------------------------------- cost in steps


def steps(connection: Connection, book_id: UUID, day: dt.date) -> int:
    """Count what a database does for the questions of the page about a day."""

    def ask() -> None:
        end = dated.end_of_day(connection, book_id, day)
        dated.on_day(connection, book_id, end)
        dated.out_of_time(connection, book_id, end, limit=50)

    return cost_of(connection, ask)


def cost_of(connection: Connection, ask: Callable[[], object]) -> int:
    """Count what a database does, not how long it takes.

    SQLite tells the steps of its machine; PostgreSQL tells the rows that its plans touch.
    """
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        count = itertools.count()
        driver.set_progress_handler(lambda: next(count) and 0, 1)
        ask()
        driver.set_progress_handler(None, 1)
        return next(count)
    return sum(_rows(plan) for plan in _plans(connection, ask))


def _plans(connection: Connection, ask: Callable[[], object]) -> Iterator[Any]:
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, text: str, values: Any, _ctx: Any, _many: Any) -> None:
        seen.append((text, values))

    sa.event.listen(connection, "before_cursor_execute", note)
    ask()
    sa.event.remove(connection, "before_cursor_execute", note)
    for text, values in seen:
        explained = f"EXPLAIN (ANALYZE, FORMAT JSON) {text}"
        yield connection.exec_driver_sql(explained, values).scalar_one()[0]["Plan"]


def _rows(plan: Any) -> int:
    """Rows that came out of a part of a plan or were looked at in vain, over all its rounds."""
    thrown = sum(plan.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
    here = (plan["Actual Rows"] + thrown) * plan["Actual Loops"]
    return int(here) + sum(_rows(part) for part in plan.get("Plans", ()))


def fill(engine: Engine, book_id: UUID, *, early_each_day: int) -> None:
    """Write 100 days behind the ledger's back: a busy beginning, and an end like everywhere.

    Most help is reported within two days, some a month late; Cat moved once, on the first day.
    """
    Desk(engine, book_id).open()
    entries: list[dict[str, Any]] = []
    legs: list[dict[str, Any]] = []
    for day in range(100):
        for number in range(early_each_day if day < 60 else 4):
            seq = len(entries) + 1
            late = 30 if number == 0 else number % 3
            at = dt.datetime.combine(FIRST + DAY * day, dt.time(12), dt.UTC)
            entries.append(
                dict.fromkeys(("idem_hash", "memo_commit", "leaf", "chain"), bytes(32))
                | {"book_id": book_id, "id": UUID(int=seq), "seq": seq, "kind": "exchange"}
                | {"category": "company", "recorded_at": at + dt.timedelta(microseconds=seq)}
                | {"occurred_on": FIRST + DAY * (day - late), "idem_key": f"key-{seq}", "enc": 1}
            )
            payer, payee = (ANN, CAT) if seq == 1 else (ANN, BEN) if seq % 2 else (BEN, ANN)
            sides = {"payer_code": payer, "payee_code": payee, "payer_version": seq}
            left = {"payer_balance": 0, "payee_balance": 0, "payee_version": seq}
            legs.append({"book_id": book_id, "seq": seq, "n": 1, "minutes": 1} | sides | left)
    with Desk(engine, book_id).writing() as connection:
        connection.execute(sa.insert(schema.entry), entries)
        connection.execute(sa.insert(schema.leg), legs)
        book = schema.book
        connection.execute(
            sa.update(book).where(book.c.book_id == book_id).values(seq=len(entries))
        )


def asked(engine: Engine, book_id: UUID, *, drop: str = "") -> int:
    """Steps for a day near the end; the transaction is rolled back."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE entry, leg, account")
        if drop:
            connection.exec_driver_sql(drop)
        count = steps(connection, book_id, FIRST + 90 * DAY)
        connection.rollback()
        return count


@pytest.mark.usefixtures("few")
def test_a_day_costs_what_is_out_of_time_and_not_what_the_book_holds(engine: Engine) -> None:
    """Fifty times the entries in the same days cost no more, where as much is out of time."""
    fill(engine, BOOK, early_each_day=4)
    fill(engine, OTHER_BOOK, early_each_day=200)
    small, large = asked(engine, BOOK), asked(engine, OTHER_BOOK)
    assert large < 1.5 * small, (small, large)


def test_the_cost_is_seen_where_the_index_is_missing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard above can fail: without its index the same day costs much more."""
    monkeypatch.setattr(dated, "FEW", 0)
    fill(engine, BOOK, early_each_day=200)
    assert asked(engine, BOOK, drop="DROP INDEX ix_entry_occurred_on") > 3 * asked(engine, BOOK)


def in_one_question(
    connection: Connection, book_id: UUID, code: str, since_on: dt.date, until_on: dt.date
) -> recent.Period:
    return recent.period(connection, book_id, code, since_on, until_on, dt.UTC)


@pytest.mark.parametrize("ask", [statement, in_one_question])
def test_the_opening_of_a_statement_is_found_at_once_for_whoever_was_away(
    engine: Engine, ask: Callable[..., object]
) -> None:
    """Whoever moved last on the first day is found as quickly as whoever moved yesterday."""
    fill(engine, BOOK, early_each_day=200)
    costs = []
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE entry, leg, account")
        for code in (ANN, CAT):
            asking = functools.partial(
                ask, connection, BOOK, code, FIRST + 95 * DAY, FIRST + 95 * DAY
            )
            costs.append(cost_of(connection, asking))
    busy, away = costs
    assert away <= 2 * busy, costs


def test_a_period_costs_what_moved_in_it_and_not_what_the_book_holds(engine: Engine) -> None:
    fill(engine, BOOK, early_each_day=4)
    fill(engine, OTHER_BOOK, early_each_day=200)
    days = (FIRST + 70 * DAY, FIRST + 90 * DAY)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE entry, leg, account")
        small, large = (
            cost_of(connection, functools.partial(in_one_question, connection, book, ANN, *days))
            for book in (BOOK, OTHER_BOOK)
        )
    assert large < 1.5 * small, (small, large)
