"""Limits of all members at once, and the history of one account."""

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from ledger import journal, limits, schema
from ledger.balances import balance
from ledger.errors import BadField, BadLimits, OverFloor, UnknownBook
from tests.ledger.desk import ACTOR, ANN, BEN, BOOK, CAT, OTHER_BOOK, POT, Desk

NOW = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
NOBODY = sa.select(schema.account.c.code).where(sa.false())


def set_for_members(desk: Desk, floor: Any, ceiling: Any, **changed: Any) -> int:
    values: dict[str, Any] = {"but": NOBODY, "actor": ACTOR, "reason": None, "now": NOW}
    book_id = changed.pop("book_id", BOOK)
    with desk.writing() as connection:
        return limits.set_limits_of_members(
            connection,
            book_id,
            floor_minutes=floor,
            ceiling_minutes=ceiling,
            **(values | changed),
        )


def history(desk: Desk, code: str) -> list[limits.AccountChange]:
    with desk.engine.connect() as connection:
        return limits.history(connection, BOOK, code)


def test_all_members_get_the_same_limits_and_each_a_line_of_history(desk: Desk) -> None:
    assert set_for_members(desk, -300, 1200, reason="Agreed in the circle") == 3
    for code in (ANN, BEN, CAT):
        opened, changed = history(desk, code)
        assert (opened.n, opened.floor_before, opened.floor_after) == (1, None, -600)
        assert (changed.n, changed.floor_before, changed.floor_after) == (2, -600, -300)
        assert (changed.ceiling_before, changed.ceiling_after) == (None, 1200)
        assert (changed.actor, changed.reason) == (ACTOR, "Agreed in the circle")
        assert (changed.changed_at, changed.state_before, changed.state_after) == (
            NOW,
            "open",
            "open",
        )
    assert len(history(desk, POT)) == 1, "pots have limits of another kind"
    assert desk.verify().problems == ()


def test_the_next_change_tells_what_was_before_it(desk: Desk) -> None:
    set_for_members(desk, -300, 1200)
    set_for_members(desk, -200, 900)
    last = history(desk, ANN)[-1]
    assert (last.n, last.floor_before, last.ceiling_before) == (3, -300, 1200)
    assert (last.floor_after, last.ceiling_after) == (-200, 900)
    assert desk.verify().problems == ()


def test_doing_it_again_changes_nothing(desk: Desk) -> None:
    set_for_members(desk, -300, None)
    assert set_for_members(desk, -300, None) == 0
    assert len(history(desk, ANN)) == 2


@pytest.mark.parametrize(("floor", "ceiling"), [(-600, 1200), (-300, None)])
def test_one_limit_alone_can_change(desk: Desk, floor: int, ceiling: int | None) -> None:
    assert set_for_members(desk, floor, ceiling) == 3
    with desk.engine.connect() as connection:
        for code in (ANN, BEN, CAT):
            found = balance(connection, BOOK, code)
            assert (found.floor_minutes, found.ceiling_minutes) == (floor, ceiling)
    assert desk.verify().ok


def test_who_has_limits_of_their_own_keeps_them(desk: Desk) -> None:
    but = sa.select(schema.account.c.code).where(schema.account.c.code == BEN)
    assert set_for_members(desk, -300, None, but=but) == 2
    with desk.engine.connect() as connection:
        assert balance(connection, BOOK, BEN).floor_minutes == -600
        assert balance(connection, BOOK, ANN).floor_minutes == -300


def test_who_is_below_a_raised_floor_can_still_earn(desk: Desk) -> None:
    desk.post(payer=ANN, payee=BEN, minutes=500)
    set_for_members(desk, -60, None)
    with pytest.raises(OverFloor):
        desk.post(payer=ANN, payee=BEN, minutes=1)
    desk.post(payer=BEN, payee=ANN, minutes=100)
    assert desk.verify().problems == ()


@pytest.mark.parametrize(
    ("floor", "ceiling", "changed", "refusal"),
    [
        (0, -1, {}, BadLimits),
        (None, 0, {}, BadLimits),
        (1.5, None, {}, BadLimits),
        (0, None, {"reason": "x" * 501}, BadField),
        (0, None, {"book_id": OTHER_BOOK}, UnknownBook),
    ],
)
def test_what_cannot_be_changes_nothing(
    desk: Desk, floor: Any, ceiling: Any, changed: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        set_for_members(desk, floor, ceiling, **changed)
    assert [len(history(desk, code)) for code in (ANN, BEN, CAT)] == [1, 1, 1]


def test_a_refusal_names_what_was_wrong(desk: Desk) -> None:
    with pytest.raises(BadLimits) as limits_refused:
        set_for_members(desk, 0, -1)
    facts = {"code": "members", "floor_minutes": 0, "ceiling_minutes": -1}
    assert limits_refused.value.facts == facts
    with pytest.raises(BadField) as reason_refused:
        set_for_members(desk, 0, None, reason="")
    assert reason_refused.value.facts == {"field": "reason", "value": ""}


def test_the_history_tells_of_states_too(desk: Desk) -> None:
    with desk.writing() as connection:
        journal.set_state(connection, BOOK, ANN, "frozen", actor=ACTOR, reason="Asked", now=NOW)
    last = history(desk, ANN)[-1]
    assert (last.state_before, last.state_after, last.reason) == ("open", "frozen", "Asked")
    assert history(desk, "M000099") == []
