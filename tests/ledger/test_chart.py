import datetime as dt
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from ledger import journal, limits, schema
from ledger.balances import balance
from ledger.errors import (
    AccountNotEmpty,
    BadAccount,
    BadField,
    BadLimits,
    ClosedAccount,
    FrozenAccount,
    LedgerRefusal,
    OverFloor,
    UnknownAccount,
    UnknownBook,
)
from tests.ledger.desk import ACTOR, ANN, BEN, BOOK, OPENED_AT, OTHER_BOOK, POT, Desk

NOW = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)


def set_limits(desk: Desk, floor: Any, ceiling: Any, **changed: Any) -> None:
    values: dict[str, Any] = {"actor": ACTOR, "reason": "Agreed in the circle", "now": NOW}
    book_id, code = changed.pop("book_id", BOOK), changed.pop("code", ANN)
    with desk.writing() as connection:
        journal.set_limits(
            connection,
            book_id,
            code,
            floor_minutes=floor,
            ceiling_minutes=ceiling,
            **(values | changed),
        )


def set_state(desk: Desk, state: str, *, code: str = ANN, reason: str | None = None) -> None:
    with desk.writing() as connection:
        journal.set_state(connection, BOOK, code, state, actor=ACTOR, reason=reason, now=NOW)


def history(desk: Desk) -> list[tuple[Any, ...]]:
    change = schema.account_change.c
    with desk.engine.connect() as connection:
        rows = connection.execute(
            sa.select(
                *(change.code, change.n, change.floor_before, change.floor_after),
                *(change.ceiling_after, change.state_after, change.reason, change.actor),
            )
            .where(change.n > 1)
            .order_by(change.code, change.n)
        )
        return [tuple(row) for row in rows]


def test_opening_again_changes_nothing(desk: Desk) -> None:
    desk.post()
    before = desk.balance(BEN)
    desk.open()
    assert desk.balance(BEN) == before == 60
    with desk.writing() as connection:
        journal.open_account(connection, BOOK, ANN, "member", floor_minutes=0)
    with desk.engine.connect() as connection:
        assert balance(connection, BOOK, ANN).floor_minutes == -600


def test_an_account_needs_a_book(desk: Desk) -> None:
    with pytest.raises(UnknownBook) as refused, desk.writing() as connection:
        journal.open_account(connection, OTHER_BOOK, ANN, "member", floor_minutes=0)
    assert refused.value.book_id == OTHER_BOOK


@pytest.mark.parametrize("label", ["", "x" * 61, "a\x00b"])
def test_a_book_has_a_label_that_can_be_kept(desk: Desk, label: str) -> None:
    with pytest.raises(BadField) as refused, desk.writing() as connection:
        journal.open_book(connection, OTHER_BOOK, label, now=OPENED_AT)
    assert refused.value.facts == {"field": "code", "value": label}


def test_an_account_is_opened_with_both_its_limits(desk: Desk) -> None:
    with desk.writing() as connection:
        journal.open_account(
            connection, BOOK, "M000009", "member", floor_minutes=-60, ceiling_minutes=120
        )
    found = desk.account("M000009")
    assert (found.floor_minutes, found.ceiling_minutes) == (-60, 120)
    with desk.engine.connect() as connection:
        [opened] = limits.history(connection, BOOK, "M000009")
    assert (opened.floor_before, opened.floor_after) == (None, -60)
    assert (opened.ceiling_before, opened.ceiling_after) == (None, 120)
    assert desk.verify().ok


@pytest.mark.parametrize(
    ("code", "kind"), [("M000009", "pot"), ("G000009", "member"), ("Anna", "member")]
)
def test_a_code_fits_its_kind(desk: Desk, code: str, kind: str) -> None:
    with pytest.raises(BadAccount), desk.writing() as connection:
        journal.open_account(connection, BOOK, code, kind, floor_minutes=0)


@pytest.mark.parametrize(
    ("floor", "ceiling"),
    [(None, None), (None, 60), (1, 0), (-1.5, None), (-600, True), (-(10**9) - 1, None)],
)
def test_limits_that_can_not_be_are_refused(desk: Desk, floor: Any, ceiling: Any) -> None:
    with pytest.raises(BadLimits):
        set_limits(desk, floor, ceiling)
    assert history(desk) == []
    with pytest.raises(BadLimits), desk.writing() as connection:
        journal.open_account(
            connection, BOOK, "M000009", "member", floor_minutes=floor, ceiling_minutes=ceiling
        )


def test_every_change_of_limits_is_kept(desk: Desk) -> None:
    set_limits(desk, -300, None)
    set_limits(desk, -300, None)
    set_limits(desk, 0, 1200, actor=None, reason=None)
    assert history(desk) == [
        (ANN, 2, -600, -300, None, "open", "Agreed in the circle", ACTOR),
        (ANN, 3, -300, 0, 1200, "open", None, None),
    ]
    assert desk.verify().ok


def test_the_widest_limits_can_be_set(desk: Desk) -> None:
    set_limits(desk, -(10**9), 10**9)
    found = desk.account(ANN)
    assert (found.floor_minutes, found.ceiling_minutes) == (-(10**9), 10**9)


def test_a_change_of_state_leaves_both_limits_as_they_are(desk: Desk) -> None:
    set_limits(desk, -300, 1200)
    set_state(desk, "frozen", reason="Asked")
    assert history(desk)[-1] == (ANN, 3, -300, -300, 1200, "frozen", "Asked", ACTOR)
    assert desk.verify().ok


def test_each_book_counts_the_changes_of_its_own_accounts(desk: Desk) -> None:
    other = Desk(desk.engine, OTHER_BOOK).open()
    set_limits(desk, -300, None)
    set_limits(desk, -200, None)
    set_limits(desk, -100, None, book_id=OTHER_BOOK)
    with desk.engine.connect() as connection:
        told = limits.history(connection, OTHER_BOOK, ANN)
    assert [each.n for each in told] == [1, 2]
    assert other.verify().ok


@pytest.mark.parametrize("reason", ["", "x" * 501, "\ud800"])
def test_a_reason_that_can_not_be_kept_is_refused(desk: Desk, reason: str) -> None:
    with pytest.raises(BadField) as refused:
        set_limits(desk, -300, None, reason=reason)
    assert refused.value.facts == {"field": "reason", "value": reason}


@pytest.mark.parametrize(
    ("where", "refusal"),
    [({"code": "M000099"}, UnknownAccount), ({"book_id": OTHER_BOOK}, UnknownBook)],
)
def test_limits_are_set_for_accounts_that_are_there(
    desk: Desk, where: dict[str, UUID], refusal: type[LedgerRefusal]
) -> None:
    with pytest.raises(refusal):
        set_limits(desk, -300, None, **where)


def test_a_source_goes_without_limits(desk: Desk) -> None:
    set_limits(desk, None, None, code="opening")
    assert history(desk) == []


def test_a_frozen_account_moves_only_by_reversal(desk: Desk) -> None:
    posted = desk.post()
    set_state(desk, "frozen")
    with pytest.raises(FrozenAccount) as refused:
        desk.post()
    assert refused.value.code == ANN
    desk.reverse(posted.entry_id)
    assert desk.balances(ANN, BEN) == [0, 0]


def test_only_an_empty_account_is_closed(desk: Desk) -> None:
    posted = desk.post()
    with pytest.raises(AccountNotEmpty) as refused:
        set_state(desk, "closed")
    assert refused.value.facts == {"code": ANN, "balance_minutes": -60, "held_minutes": 0}
    desk.reverse(posted.entry_id)
    set_state(desk, "closed", reason="Moved away")
    with pytest.raises(ClosedAccount) as closed:
        desk.post()
    assert closed.value.code == ANN
    set_state(desk, "open")
    desk.post()
    assert history(desk) == [
        (ANN, 2, -600, -600, None, "closed", "Moved away", ACTOR),
        (ANN, 3, -600, -600, None, "open", None, ACTOR),
    ]


def test_an_account_with_hours_on_their_way_both_ways_is_not_closed(desk: Desk) -> None:
    desk.hold(ANN, BEN, 30)
    desk.hold(BEN, ANN, 30)
    with pytest.raises(AccountNotEmpty) as refused:
        set_state(desk, "closed")
    assert refused.value.facts == {"code": ANN, "balance_minutes": 0, "held_minutes": 60}


def test_a_closed_account_stops_a_reversal_until_it_is_opened(desk: Desk) -> None:
    first = desk.post(ANN, BEN, 60)
    desk.post(BEN, ANN, 60)
    set_state(desk, "closed", code=BEN)
    with pytest.raises(ClosedAccount):
        desk.reverse(first.entry_id)


def test_there_are_three_states(desk: Desk) -> None:
    with pytest.raises(BadField) as refused:
        set_state(desk, "gone")
    assert refused.value.facts == {"field": "state", "value": "gone"}


def test_a_pot_does_not_go_below_its_floor(desk: Desk) -> None:
    desk.post(ANN, POT, 30, kind="gift")
    with pytest.raises(OverFloor):
        desk.post(POT, BEN, 31, kind="grant")
    desk.post(POT, BEN, 30, kind="grant")
    assert desk.balance(POT) == 0
