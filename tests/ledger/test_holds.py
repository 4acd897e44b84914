"""Hours that are set aside: what can be done with them, once, and what can not."""

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

import pytest
import sqlalchemy as sa

from ledger import holds, journal, schema
from ledger.balances import statement, trial_balance
from ledger.corrections import correct
from ledger.entries import LegRequest, Outcome
from ledger.entry_views import find_entry
from ledger.errors import (
    AccountNotEmpty,
    AlreadyResolved,
    AlreadyReversed,
    ClosedAccount,
    ExpiresTooEarly,
    FrozenAccount,
    KeyMismatch,
    LedgerRefusal,
    NotExpired,
    NotReversible,
    OverCeiling,
    OverFloor,
    OverHeld,
    UnknownAccount,
    UnknownHold,
    UnsupportedKind,
)
from tests.ledger.desk import (
    ANN,
    BEN,
    BOOK,
    CAT,
    DROP_IN,
    OPENED_AT,
    OTHER_BOOK,
    POT,
    SECRET,
    Desk,
)
from tests.ledger.test_crash import contents
from tests.ledger.test_journal import NOWHERE, limit

LATER = dt.timedelta(days=4)


def set_state(desk: Desk, code: str, state: str) -> None:
    with desk.writing() as connection:
        journal.set_state(*(connection, BOOK, code, state), actor=None, reason=None, now=desk.now)


def refusal_of(
    desk: Desk, act: Callable[[], object], kind: type[LedgerRefusal]
) -> dict[str, object]:
    """The facts of a refusal that left every row as it was."""
    before = contents(desk.engine)
    with pytest.raises(kind) as refused:
        act()
    assert contents(desk.engine) == before
    return refused.value.facts


# -------------------------------------------------------------------- setting aside


def test_hours_that_are_set_aside_have_not_moved_and_can_not_be_spent_twice(desk: Desk) -> None:
    held = desk.hold(ANN, BEN, 400, memo="Thursday")
    assert (held.status, held.seq, held.balances) == ("posted", 1, {ANN: 0, BEN: 0})
    assert desk.figures(ANN) == (0, 0, 400)
    assert desk.figures(BEN) == (0, 400, 0)
    assert (desk.account(ANN).available, desk.account(BEN).available) == (-400, 0)
    facts = refusal_of(desk, lambda: desk.post(ANN, CAT, 201), OverFloor)
    assert facts == {
        "code": ANN,
        "floor_minutes": -600,
        "available_minutes": -400,
        "change_minutes": -201,
    }
    desk.post(ANN, CAT, 200)
    assert desk.verify().ok


def test_what_is_set_aside_can_not_be_set_aside_again(desk: Desk) -> None:
    desk.hold(ANN, BEN, 400)
    facts = refusal_of(desk, lambda: desk.hold(ANN, CAT, 201), OverFloor)
    assert (facts["available_minutes"], facts["change_minutes"]) == (-400, -201)


def test_what_is_on_its_way_counts_against_the_ceiling(desk: Desk) -> None:
    limit(desk, BEN, ceiling=100)
    desk.hold(ANN, BEN, 60)
    facts = refusal_of(desk, lambda: desk.hold(CAT, BEN, 41), OverCeiling)
    assert (facts["balance_minutes"], facts["change_minutes"]) == (60, 41)
    refusal_of(desk, lambda: desk.post(CAT, BEN, 41), OverCeiling)
    desk.post(CAT, BEN, 40)
    # Spending is not stopped by a ceiling, whatever is on its way.
    desk.hold(BEN, CAT, 10)


def test_a_member_under_a_raised_floor_sets_nothing_aside_and_can_still_earn(desk: Desk) -> None:
    held = desk.hold(ANN, BEN, 300)
    limit(desk, ANN, floor=-100)
    refusal_of(desk, lambda: desk.hold(ANN, CAT, 1), OverFloor)
    desk.hold(CAT, ANN, 60)
    assert desk.capture(held.entry_id).balances == {ANN: -300, BEN: 300}


def test_a_hold_over_many_accounts_counts_for_each(desk: Desk) -> None:
    held = desk.hold(legs=((ANN, BEN, 30), (ANN, CAT, 20), (BEN, CAT, 5), (ANN, BEN, 1)))
    assert [desk.figures(code) for code in (ANN, BEN, CAT)] == [
        *((0, 0, 51), (0, 31, 5), (0, 25, 0)),
    ]
    with desk.engine.connect() as connection:
        entry = find_entry(connection, BOOK, held.entry_id)
    assert [(leg.payer_balance, leg.payee_balance) for leg in entry.legs] == [(0, 0)] * 4
    assert (entry.kind, entry.resolved_by) == ("hold", None)
    assert entry.expires_at == OPENED_AT + dt.timedelta(days=3)
    assert [desk.account(code).version for code in (ANN, BEN, CAT)] == [3, 3, 2]


def test_a_hold_is_made_once_for_each_key(desk: Desk) -> None:
    held = desk.hold(key="aside:1")
    desk.now += LATER
    again = desk.hold(key="aside:1")
    assert (again.status, again.entry_id, again.balances) == (
        "replayed",
        held.entry_id,
        {ANN: 0, BEN: 0},
    )
    for changed in ({"minutes": 61}, {"days": 2}, {"days": None}, {"payee": CAT}):
        refusal_of(desk, partial(desk.hold, key="aside:1", **changed), KeyMismatch)
    refusal_of(desk, lambda: desk.post(key="aside:1"), KeyMismatch)
    assert desk.figures(ANN) == (0, 0, 60)


def test_a_hold_that_is_over_before_it_begins_is_refused(desk: Desk) -> None:
    desk.post()
    ends = desk.now + dt.timedelta(minutes=1)
    facts = refusal_of(desk, lambda: desk.hold(expires_at=ends), ExpiresTooEarly)
    assert facts == {"expires_at": ends, "recorded_at": ends}
    # The book's own time counts, and it does not go back with the clock.
    desk.now -= dt.timedelta(hours=2)
    refusal_of(
        desk, lambda: desk.hold(expires_at=desk.now + dt.timedelta(hours=1)), ExpiresTooEarly
    )


def test_unknown_closed_and_frozen_accounts_set_nothing_aside(desk: Desk) -> None:
    refusal_of(desk, lambda: desk.hold(ANN, "M000099"), UnknownAccount)
    set_state(desk, CAT, "closed")
    assert refusal_of(desk, lambda: desk.hold(ANN, CAT), ClosedAccount) == {"code": CAT}
    set_state(desk, CAT, "frozen")
    refusal_of(desk, lambda: desk.hold(ANN, CAT), FrozenAccount)


def test_a_hold_has_its_own_door(desk: Desk) -> None:
    with desk.writing() as connection:
        with pytest.raises(UnsupportedKind, match="hold"):
            journal.post(connection, desk.request(kind="hold"), secret=SECRET, now=desk.now)
        with pytest.raises(UnsupportedKind, match="exchange"):
            holds.hold(connection, desk.request(), secret=SECRET, now=desk.now)


# ------------------------------------------------------------------------ capturing


def test_a_capture_moves_what_was_set_aside(desk: Desk) -> None:
    held = desk.hold(ANN, BEN, 60, on=dt.date(2026, 1, 8), category="garden")
    taken = desk.capture(held.entry_id, on=dt.date(2026, 1, 9), memo="Thanks")
    assert taken.balances == {ANN: -60, BEN: 60}
    assert (desk.figures(ANN), desk.figures(BEN)) == ((-60, 0, 0), (60, 0, 0))
    with desk.engine.connect() as connection:
        entry = find_entry(connection, BOOK, taken.entry_id)
        assert find_entry(connection, BOOK, held.entry_id).resolved_by == taken.entry_id
    assert (entry.kind, entry.hold_id, entry.category) == ("capture", held.entry_id, "garden")
    assert (entry.occurred_on, entry.memo) == (dt.date(2026, 1, 9), "Thanks")
    assert desk.verify().ok


def test_a_capture_keeps_the_day_of_its_hold_unless_it_is_told_another(desk: Desk) -> None:
    held = desk.hold(on=dt.date(2026, 1, 8))
    taken = desk.capture(held.entry_id)
    with desk.engine.connect() as connection:
        assert find_entry(connection, BOOK, taken.entry_id).occurred_on == dt.date(2026, 1, 8)


def test_what_a_capture_leaves_is_given_back_by_the_same_entry(desk: Desk) -> None:
    held = desk.hold(ANN, BEN, 60)
    assert desk.capture(held.entry_id, (ANN, BEN, 45)).balances == {ANN: -45, BEN: 45}
    assert (desk.figures(ANN), desk.figures(BEN)) == ((-45, 0, 0), (45, 0, 0))
    assert desk.verify().entries == 2
    assert desk.verify().ok


def test_a_pair_that_a_capture_leaves_out_is_given_back_too(desk: Desk) -> None:
    held = desk.hold(legs=((ANN, BEN, 30), (CAT, POT, 20)))
    desk.capture(held.entry_id, (ANN, BEN, 10), (ANN, BEN, 20))
    assert [desk.figures(code) for code in (ANN, BEN, CAT, POT)] == [
        *((-30, 0, 0), (30, 0, 0), (0, 0, 0), (0, 0, 0)),
    ]
    # Only what it moved counts in the versions; Cat's account was touched once.
    assert [desk.account(code).version for code in (ANN, BEN, CAT, POT)] == [3, 3, 1, 1]
    assert desk.verify().ok


@pytest.mark.parametrize(
    ("legs", "facts"),
    [
        (((ANN, BEN, 61),), (ANN, BEN, 60, 61)),
        (((ANN, BEN, 30), (ANN, BEN, 31)), (ANN, BEN, 60, 61)),
        (((ANN, CAT, 1),), (ANN, CAT, 0, 1)),
        (((BEN, ANN, 1),), (BEN, ANN, 0, 1)),
    ],
)
def test_no_more_is_captured_than_was_set_aside(
    desk: Desk, legs: tuple[tuple[str, str, int], ...], facts: tuple[object, ...]
) -> None:
    held = desk.hold(ANN, BEN, 60)
    said = refusal_of(desk, lambda: desk.capture(held.entry_id, *legs), OverHeld)
    assert tuple(said.values()) == (held.entry_id, *facts)


def test_a_capture_meets_no_limit_because_nothing_moves_that_was_not_set_aside(desk: Desk) -> None:
    held = desk.hold(ANN, BEN, 600)
    limit(desk, ANN, floor=0)
    limit(desk, BEN, ceiling=0)
    assert desk.capture(held.entry_id).balances == {ANN: -600, BEN: 600}


def test_a_frozen_account_captures_nothing_and_can_not_be_closed_while_it_holds(desk: Desk) -> None:
    held = desk.hold()
    facts = refusal_of(desk, lambda: set_state(desk, BEN, "closed"), AccountNotEmpty)
    assert facts == {"code": BEN, "balance_minutes": 0, "held_minutes": 60}
    set_state(desk, BEN, "frozen")
    assert refusal_of(desk, lambda: desk.capture(held.entry_id), FrozenAccount) == {"code": BEN}


@pytest.mark.parametrize("give_back", ["release", "expire"])
def test_a_frozen_account_gets_back_what_it_set_aside(desk: Desk, give_back: str) -> None:
    held = desk.hold()
    set_state(desk, ANN, "frozen")
    desk.now += LATER
    getattr(desk, give_back)(held.entry_id)
    assert desk.figures(ANN) == (0, 0, 0)
    set_state(desk, ANN, "closed")


def test_a_capture_happens_once_and_a_retry_is_recognised(desk: Desk) -> None:
    held = desk.hold()
    taken = desk.capture(held.entry_id, key="exchange:1")
    again = desk.capture(held.entry_id, key="exchange:1")
    assert (again.status, again.entry_id, again.balances) == (
        *("replayed", taken.entry_id, taken.balances),
    )
    refusal_of(
        desk, lambda: desk.capture(held.entry_id, (ANN, BEN, 5), key="exchange:1"), KeyMismatch
    )
    refusal_of(desk, lambda: desk.post(key="exchange:1"), KeyMismatch)


def test_a_hold_whose_day_has_passed_can_be_captured_until_the_book_says_it_expired(
    desk: Desk,
) -> None:
    held = desk.hold(days=1)
    desk.now += LATER
    assert desk.capture(held.entry_id).status == "posted"
    assert desk.verify().ok


# --------------------------------------------------------- releasing, and time passing


def test_a_release_gives_everything_back(desk: Desk) -> None:
    held = desk.hold(legs=((ANN, BEN, 30), (ANN, CAT, 20)))
    back = desk.release(held.entry_id)
    assert back.balances == {ANN: 0, BEN: 0, CAT: 0}
    assert [desk.figures(code) for code in (ANN, BEN, CAT)] == [(0, 0, 0)] * 3
    with desk.engine.connect() as connection:
        entry = find_entry(connection, BOOK, back.entry_id)
    assert (entry.kind, entry.hold_id) == ("release", held.entry_id)
    assert entry.occurred_on == dt.date(2026, 1, 2)
    assert desk.release(held.entry_id).status == "replayed"
    assert desk.verify().ok


def test_time_gives_back_what_nobody_took_and_any_number_of_workers_may_say_so(desk: Desk) -> None:
    held = desk.hold()
    desk.now = OPENED_AT + dt.timedelta(days=3)
    ended = desk.expire(held.entry_id)
    assert [desk.expire(held.entry_id).status for _worker in range(3)] == ["replayed"] * 3
    assert desk.figures(ANN) == (0, 0, 0)
    with desk.engine.connect() as connection:
        entry = find_entry(connection, BOOK, ended.entry_id)
    assert (entry.kind, entry.actor, entry.hold_id) == ("expiry", None, held.entry_id)
    assert desk.verify().ok


@pytest.mark.parametrize("days", [3, None])
def test_a_hold_does_not_expire_before_its_time(desk: Desk, days: float | None) -> None:
    held = desk.hold(days=days)
    desk.now = OPENED_AT + dt.timedelta(days=2, hours=23, minutes=58)
    facts = refusal_of(desk, lambda: desk.expire(held.entry_id), NotExpired)
    ends = None if days is None else OPENED_AT + dt.timedelta(days=days)
    assert facts == {"hold_id": held.entry_id, "expires_at": ends}


def test_a_hold_may_expire_at_its_very_time(desk: Desk) -> None:
    held = desk.hold()
    desk.now = OPENED_AT + dt.timedelta(days=3, minutes=-1)
    assert desk.expire(held.entry_id).recorded_at == OPENED_AT + dt.timedelta(days=3)
    assert desk.verify().ok


def overdue(desk: Desk, **later: float) -> Sequence[UUID]:
    with desk.engine.connect() as connection:
        return holds.overdue(connection, desk.book_id, OPENED_AT + dt.timedelta(**later))


def test_what_is_overdue_is_found_until_something_resolves_it(desk: Desk) -> None:
    first, second = desk.hold(days=2), desk.hold(days=1)
    desk.hold(days=None)
    desk.hold(days=9)
    desk.capture(desk.hold(days=1).entry_id)
    desk.release(desk.hold(days=1).entry_id)
    other = Desk(desk.engine, OTHER_BOOK).open()
    elsewhere = other.hold(days=1)
    assert overdue(desk, days=1, microseconds=-1) == []
    # The moment itself is over; the oldest comes first, whichever ended first.
    assert overdue(desk, days=1) == [second.entry_id]
    assert overdue(desk, days=2) == [first.entry_id, second.entry_id]
    assert overdue(other, days=2) == [elsewhere.entry_id]
    desk.now = OPENED_AT + dt.timedelta(days=2)
    desk.expire(first.entry_id)
    assert overdue(desk, days=2) == [second.entry_id]


def test_what_is_set_aside_in_a_book_is_summed_over_all_its_accounts(desk: Desk) -> None:
    def minutes(of: Desk) -> int:
        with of.engine.connect() as connection:
            return holds.held_minutes(connection, of.book_id)

    other = Desk(desk.engine, OTHER_BOOK).open()
    assert minutes(desk) == 0
    desk.hold(ANN, BEN, 30)
    desk.hold(BEN, ANN, 12)
    other.hold(ANN, BEN, 500)
    assert (minutes(desk), minutes(other)) == (42, 500)
    with desk.engine.connect() as connection:
        assert holds.held_minutes(connection, NOWHERE) == 0


RESOLVING: dict[str, Callable[[Desk, UUID], Outcome]] = {
    "capture": lambda desk, hold_id: desk.capture(hold_id),
    "release": lambda desk, hold_id: desk.release(hold_id),
    "expiry": lambda desk, hold_id: desk.expire(hold_id),
}


@pytest.mark.parametrize("first", RESOLVING)
@pytest.mark.parametrize("second", RESOLVING)
def test_a_hold_is_resolved_once(desk: Desk, first: str, second: str) -> None:
    held = desk.hold()
    desk.now += LATER
    ended = RESOLVING[first](desk, held.entry_id)
    if first == second:
        assert RESOLVING[second](desk, held.entry_id).status == "replayed"
        return
    facts = refusal_of(desk, lambda: RESOLVING[second](desk, held.entry_id), AlreadyResolved)
    assert facts == {"hold_id": held.entry_id, "resolution_id": ended.entry_id, "kind": first}
    assert desk.verify().ok


@pytest.mark.parametrize("act", RESOLVING)
def test_what_is_no_hold_is_not_resolved(desk: Desk, act: str) -> None:
    posted = desk.post(key="exchange:1")
    for hold_id in (NOWHERE, posted.entry_id):
        facts = refusal_of(desk, partial(RESOLVING[act], desk, hold_id), UnknownHold)
        assert facts == {"hold_id": hold_id}
    other = Desk(desk.engine, OTHER_BOOK).open().hold()
    refusal_of(desk, lambda: RESOLVING[act](desk, other.entry_id), UnknownHold)


@pytest.mark.parametrize("act", ["capture", "release", "expire"])
def test_a_used_key_comes_before_an_unknown_hold(desk: Desk, act: str) -> None:
    posted = desk.post(key="exchange:1")
    resolve = partial(getattr(desk, act), NOWHERE, key="exchange:1")
    facts = refusal_of(desk, resolve, KeyMismatch)
    assert facts == {"idem_key": "exchange:1", "entry_id": posted.entry_id}


# -------------------------------------------------------------------- taking it back


def test_a_capture_can_be_taken_back_and_its_hold_stays_resolved(desk: Desk) -> None:
    held = desk.hold(ANN, BEN, 60)
    taken = desk.capture(held.entry_id, (ANN, BEN, 45))
    back = desk.reverse(taken.entry_id)
    assert back.balances == {ANN: 0, BEN: 0}
    assert (desk.figures(ANN), desk.figures(BEN)) == ((0, 0, 0), (0, 0, 0))
    refusal_of(desk, lambda: desk.reverse(taken.entry_id, key="back:2"), AlreadyReversed)
    refusal_of(desk, lambda: desk.release(held.entry_id), AlreadyResolved)
    assert desk.verify().ok


def test_a_capture_is_put_right_by_an_exchange_and_its_hold_stays_resolved(desk: Desk) -> None:
    taken = desk.capture(desk.hold(ANN, BEN, 60).entry_id)
    with desk.writing() as connection:
        done = correct(
            *(connection, BOOK, taken.entry_id),
            legs=(LegRequest(ANN, BEN, 45),),
            occurred_on=dt.date(2026, 1, 2),
            category="company",
            reason="It was a quarter less.",
            actor=None,
            idem_key="right",
            secret=SECRET,
            now=desk.now,
        )
        entry = find_entry(connection, BOOK, done.replacement.entry_id)
    assert (entry.kind, entry.corrects, entry.hold_id) == ("exchange", taken.entry_id, None)
    assert (desk.figures(ANN), desk.figures(BEN)) == ((-45, 0, 0), (45, 0, 0))
    assert desk.verify().ok


@pytest.mark.parametrize("kind", ["hold", "release", "expiry"])
def test_what_moved_nothing_is_not_taken_back(desk: Desk, kind: str) -> None:
    entry = desk.hold()
    desk.now += LATER
    if kind != "hold":
        entry = RESOLVING[kind](desk, entry.entry_id)
    facts = refusal_of(desk, lambda: desk.reverse(entry.entry_id), NotReversible)
    assert facts == {"entry_id": entry.entry_id, "kind": kind}


def test_a_reversal_names_whoever_has_less_left_than_is_set_aside(desk: Desk) -> None:
    first = desk.post(CAT, ANN, 60)
    limit(desk, ANN, floor=0)
    desk.hold(ANN, BEN, 50)
    back = desk.reverse(first.entry_id, key="back:1")
    assert (desk.figures(ANN), back.overdrawn) == ((0, 0, 50), (ANN,))
    assert desk.reverse(first.entry_id, key="back:1").overdrawn == (ANN,)


# ---------------------------------------------------------------------------- reading


def test_statements_and_sums_leave_out_what_is_only_set_aside(desk: Desk) -> None:
    desk.post(ANN, BEN, 10)
    held = desk.hold(ANN, BEN, 60)
    desk.hold(ANN, CAT, 5)
    desk.release(desk.hold(BEN, ANN, 7).entry_id)
    desk.capture(held.entry_id, (ANN, BEN, 45))
    with desk.engine.connect() as connection:
        january = statement(connection, BOOK, ANN, dt.date(2026, 1, 1), dt.date(2026, 1, 31))
        february = statement(connection, BOOK, ANN, dt.date(2026, 2, 1), dt.date(2026, 2, 28))
        trial = trial_balance(connection, BOOK)
    assert [(line.kind, line.minutes, line.balance_minutes) for line in january.lines] == [
        *(("exchange", -10, -10), ("capture", -45, -55)),
    ]
    assert (january.closing_minutes, february.opening_minutes) == (-55, -55)
    assert (trial.total_minutes, trial.entries) == (0, 6)
    assert [(account.held_in, account.held_out) for account in trial.accounts[:4]] == [
        *((0, 0), (0, 5), (0, 0), (5, 0)),
    ]


def test_a_source_can_set_hours_aside_too(desk: Desk) -> None:
    held = desk.hold(legs=((DROP_IN, ANN, 60), (DROP_IN, BEN, 60)), category="cafe")
    assert desk.capture(held.entry_id, (DROP_IN, ANN, 60)).balances == {
        ANN: 60,
        BEN: 0,
        DROP_IN: -60,
    }
    assert desk.verify().ok


def test_the_table_itself_refuses_a_second_resolution(desk: Desk) -> None:
    """The second wall: even a program that forgot to look can not end a hold twice."""
    held = desk.hold()
    desk.release(held.entry_id)
    entry = schema.entry
    with desk.engine.connect() as connection:
        row = connection.execute(sa.select(entry).where(entry.c.hold_id == held.entry_id)).one()
    values = dict(row._mapping) | {"id": NOWHERE, "seq": 99, "idem_key": "sly"}
    with pytest.raises(sa.exc.IntegrityError), desk.writing() as connection:
        connection.execute(sa.insert(entry).values(values))


def test_a_capture_moves_as_a_request_of_its_own_would(desk: Desk) -> None:
    """The same legs leave the same balances, whether they were set aside before or not."""
    other = Desk(desk.engine, OTHER_BOOK).open()
    legs = ((ANN, BEN, 30), (CAT, ANN, 10), (ANN, CAT, 5))
    held = desk.hold(legs=legs)
    assert desk.capture(held.entry_id).balances == other.post(legs=legs).balances
    assert LegRequest(*legs[0]).values == legs[0]
