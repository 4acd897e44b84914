"""An entry is put right by two that know it and each other, or not at all."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from ledger import corrections, journal, schema
from ledger.corrections import Correction, Links, Ref, Step
from ledger.entries import LegRequest
from ledger.entry_views import find_entry
from ledger.errors import (
    AlreadyCorrected,
    AlreadyReversed,
    KeyMismatch,
    LedgerRefusal,
    NotReversible,
    OverCeiling,
    OverFloor,
    StillStands,
    UnknownEntry,
)
from ledger.verify import verify
from tests.ledger.desk import (
    ACTOR,
    ANN,
    BEN,
    BOOK,
    CAT,
    DROP_IN,
    OPENING,
    OTHER_BOOK,
    SECRET,
    Desk,
)
from tests.ledger.tamper import without_guards

NOWHERE = UUID("0190a0a0-0000-7000-8000-0000000000ff")
OTHER_DAY = dt.date(2026, 1, 3)


def correct(desk: Desk, entry_id: UUID, minutes: int = 90, **changed: Any) -> Correction:
    """Say that it was so many minutes that Ann received from Ben."""
    desk.now += dt.timedelta(minutes=1)
    values: dict[str, Any] = {
        "legs": (LegRequest(ANN, BEN, minutes),),
        "occurred_on": dt.date(2026, 1, 2),
        "category": "company",
        "reason": "It took longer.",
        "actor": ACTOR,
        "idem_key": f"correct:{entry_id}",
        "secret": SECRET,
        "now": desk.now,
        "draw": desk.dice,
    }
    with desk.writing() as connection:
        return corrections.correct(connection, BOOK, entry_id, **(values | changed))


def limit(desk: Desk, code: str, floor: int, ceiling: int | None = None) -> None:
    with desk.writing() as connection:
        journal.set_limits(
            *(connection, BOOK, code),
            floor_minutes=floor,
            ceiling_minutes=ceiling,
            actor=None,
            reason=None,
            now=desk.now,
        )


def line(desk: Desk, entry_id: UUID) -> Sequence[Step]:
    with desk.engine.connect() as connection:
        return corrections.history(connection, BOOK, entry_id)


def links(desk: Desk, *entry_ids: UUID) -> dict[UUID, Links]:
    with desk.engine.connect() as connection:
        return dict(corrections.links(connection, BOOK, entry_ids))


def test_one_act_takes_back_and_posts_in_place(desk: Desk) -> None:
    first = desk.post(ANN, BEN, 60)
    done = correct(desk, first.entry_id, 90, occurred_on=OTHER_DAY, category="food")
    assert (done.reversal.seq, done.replacement.seq, done.overdrawn) == (2, 3, ())
    assert desk.balances(ANN, BEN) == [-90, 90]
    assert desk.verify().ok
    with desk.engine.connect() as connection:
        entry = schema.entry.c
        rows = connection.execute(
            sa.select(
                *(entry.kind, entry.reverses, entry.corrects, entry.occurred_on, entry.category),
                *(entry.actor, entry.idem_key),
            )
            .where(entry.book_id == BOOK)
            .order_by(entry.seq)
        ).all()
    # A retry after an upgrade must find both, so their keys never change.
    key = f"correct:{first.entry_id}"
    assert [tuple(row) for row in rows[1:]] == [
        ("reversal", first.entry_id, None, dt.date(2026, 1, 2), "company", ACTOR, f"{key}:back"),
        ("exchange", None, first.entry_id, OTHER_DAY, "food", ACTOR, key),
    ]


def test_it_can_be_another_person(desk: Desk) -> None:
    first = desk.post(OPENING, ANN, 120, kind="opening", category="opening")
    done = correct(desk, first.entry_id, legs=(LegRequest(OPENING, CAT, 120),))
    assert desk.balances(ANN, CAT) == [0, 120]
    with desk.engine.connect() as connection:
        assert find_entry(connection, BOOK, done.replacement.entry_id).kind == "opening"


def test_the_same_intention_is_done_once(desk: Desk) -> None:
    first = desk.post(ANN, BEN, 60)
    once, again = correct(desk, first.entry_id), correct(desk, first.entry_id)
    assert (again.reversal.status, again.replacement.status) == ("replayed", "replayed")
    assert again.replacement.entry_id == once.replacement.entry_id
    assert desk.balances(ANN, BEN) == [-90, 90]
    for changed in ({"minutes": 91}, {"reason": "Other words"}, {"occurred_on": OTHER_DAY}):
        with pytest.raises(KeyMismatch):
            correct(desk, first.entry_id, **changed)
    assert desk.verify().entries == 3


@pytest.mark.parametrize("minutes", [0, -1, 1.5])
def test_what_can_not_be_written_down_changes_nothing(desk: Desk, minutes: Any) -> None:
    first = desk.post(ANN, BEN, 60)
    with pytest.raises(LedgerRefusal):
        correct(desk, first.entry_id, minutes)
    assert desk.verify().entries == 1


def test_an_entry_is_replaced_once_and_then_the_new_one_is(desk: Desk) -> None:
    first = desk.post(ANN, BEN, 60)
    second = correct(desk, first.entry_id, 90).replacement
    with pytest.raises(AlreadyReversed):
        correct(desk, first.entry_id, 30, idem_key="another")
    third = correct(desk, second.entry_id, 75).replacement
    assert desk.balances(ANN, BEN) == [-75, 75]
    assert desk.verify().ok
    told = [
        (step.seq, step.takes_back, step.instead_of, step.minutes)
        for step in line(desk, first.entry_id)
    ]
    assert told == [
        (1, None, None, 60),
        (2, 1, None, 60),
        (3, None, 1, 90),
        (4, 3, None, 90),
        (5, None, 3, 75),
    ]
    for step in line(desk, first.entry_id):
        assert line(desk, step.entry_id) == line(desk, third.entry_id)


def test_what_was_taken_back_or_is_not_there_is_not_put_right(desk: Desk) -> None:
    first = desk.post(ANN, BEN, 60)
    back = desk.reverse(first.entry_id)
    for entry_id, refusal in (
        (first.entry_id, AlreadyReversed),
        (back.entry_id, NotReversible),
        (NOWHERE, UnknownEntry),
    ):
        with pytest.raises(refusal) as refused:
            correct(desk, entry_id)
        assert refused.value.facts["entry_id"] == entry_id
    assert desk.verify().entries == 2


def test_an_entry_stands_in_place_only_of_one_that_was_taken_back_and_alone(desk: Desk) -> None:
    first = desk.post(ANN, BEN, 60)
    with pytest.raises(StillStands) as stands:
        desk.post(ANN, BEN, 50, corrects=first.entry_id)
    assert stands.value.facts == {"entry_id": first.entry_id}
    right = correct(desk, first.entry_id).replacement
    with pytest.raises(AlreadyCorrected) as corrected:
        desk.post(ANN, BEN, 50, corrects=first.entry_id)
    assert corrected.value.facts == {
        "entry_id": first.entry_id,
        "correction_id": right.entry_id,
    }
    with pytest.raises(UnknownEntry):
        desk.post(corrects=NOWHERE)


def test_links_are_told_both_ways_and_only_where_there_are_some(desk: Desk) -> None:
    first, alone = desk.post(ANN, BEN, 60), desk.post(BEN, CAT, 5)
    done = correct(desk, first.entry_id)
    ids = (first.entry_id, done.reversal.entry_id, done.replacement.entry_id)
    was, back, right = (Ref(each, seq) for each, seq in zip(ids, (1, 3, 4), strict=True))
    assert links(desk, *ids, alone.entry_id) == {
        ids[0]: Links(taken_back_by=back, replaced_by=right),
        ids[1]: Links(takes_back=was),
        ids[2]: Links(instead_of=was),
    }
    assert links(desk, ids[0]) == {ids[0]: Links(taken_back_by=back, replaced_by=right)}
    assert links(desk, alone.entry_id) == links(desk) == {}
    assert [step.seq for step in line(desk, alone.entry_id)] == [2]
    assert list(line(desk, NOWHERE)) == []


def test_a_line_tells_all_that_moved_and_everybody_it_touched(desk: Desk) -> None:
    first = desk.post(legs=((ANN, BEN, 60), (ANN, CAT, 30)))
    legs = (LegRequest(ANN, BEN, 45), LegRequest(BEN, CAT, 5))
    correct(desk, first.entry_id, legs=legs, occurred_on=OTHER_DAY)
    assert [(step.minutes, set(step.codes)) for step in line(desk, first.entry_id)] == [
        (90, {ANN, BEN, CAT}),
        (90, {ANN, BEN, CAT}),
        (50, {ANN, BEN, CAT}),
    ]
    days = [step.occurred_on for step in line(desk, first.entry_id)]
    assert days == [dt.date(2026, 1, 2), dt.date(2026, 1, 2), OTHER_DAY]
    assert line(desk, first.entry_id)[0].recorded_at == first.recorded_at


def test_what_another_book_put_right_is_none_of_this_one(desk: Desk) -> None:
    """Ids are made by each book alone, so two books may have the same."""
    other = Desk(desk.engine, OTHER_BOOK).open()
    first, same = desk.post(ANN, BEN, 60), other.post(ANN, CAT, 7)
    assert first.entry_id == same.entry_id
    other_ids = [
        other.reverse(same.entry_id).entry_id,
        other.post(ANN, CAT, 8, corrects=same.entry_id).entry_id,
    ]
    # As many dice are thrown for each of these, so they have the ids of those two.
    ids = [desk.post(BEN, CAT, 1, memo="Tak").entry_id, desk.post(BEN, CAT, 2).entry_id]
    assert ids == other_ids
    assert links(desk, first.entry_id, *ids) == {}
    assert [(step.minutes, set(step.codes)) for step in line(desk, first.entry_id)] == [
        (60, {ANN, BEN}),
    ]


# ---------------------------------------------------------------------------- limits


def test_the_new_entry_keeps_the_limits_and_then_nothing_happens(desk: Desk) -> None:
    first = desk.post(ANN, BEN, 60)
    limit(desk, BEN, -600, 100)
    for minutes, refusal in ((601, OverFloor), (101, OverCeiling)):
        with pytest.raises(refusal):
            correct(desk, first.entry_id, minutes)
    assert (desk.verify().entries, desk.balances(ANN, BEN)) == (1, [-60, 60])
    assert correct(desk, first.entry_id, 100).replacement.status == "posted"


def test_less_than_before_is_never_stopped_by_a_limit_that_moved(desk: Desk) -> None:
    first = desk.post(ANN, BEN, 300)
    limit(desk, ANN, -100)
    limit(desk, BEN, -600, 50)
    correct(desk, first.entry_id, 200)
    assert desk.balances(ANN, BEN) == [-200, 200]
    second = correct(desk, line(desk, first.entry_id)[-1].entry_id, 200, occurred_on=OTHER_DAY)
    assert second.replacement.status == "posted"
    with pytest.raises(OverFloor):
        correct(desk, second.replacement.entry_id, 201)
    limit(desk, ANN, -600)
    # Now only Ben's ceiling is in the way, and one minute more than before is more.
    with pytest.raises(OverCeiling):
        correct(desk, second.replacement.entry_id, 201)


def test_less_than_before_counts_from_all_that_somebody_held(desk: Desk) -> None:
    desk.post(CAT, BEN, 100)
    first = desk.post(legs=((ANN, BEN, 200), (ANN, BEN, 100)))
    limit(desk, BEN, -600, 50)
    limit(desk, ANN, 0)
    second = correct(desk, first.entry_id, 250).replacement
    assert desk.balances(ANN, BEN) == [-250, 350]
    with pytest.raises(OverFloor):
        correct(desk, second.entry_id, 251)


def test_hours_that_were_spent_do_not_stop_it_and_the_treasurer_is_told(desk: Desk) -> None:
    first = desk.post(ANN, BEN, 60)
    desk.post(BEN, CAT, 60)
    limit(desk, BEN, 0)
    done = correct(desk, first.entry_id, 45)
    assert (desk.balance(BEN), done.overdrawn) == (-15, (BEN,))
    assert correct(desk, first.entry_id, 45).overdrawn == (BEN,)
    again = correct(desk, done.replacement.entry_id, 60)
    assert (desk.balance(BEN), again.overdrawn) == (0, ())


def test_a_source_has_no_floor_to_be_under(desk: Desk) -> None:
    first = desk.post(DROP_IN, BEN, 60, kind="activity")
    desk.post(BEN, CAT, 60)
    limit(desk, BEN, 0)
    done = correct(desk, first.entry_id, legs=(LegRequest(DROP_IN, BEN, 30),))
    assert done.overdrawn == (BEN,)


# ----------------------------------------------------------------------- verification


def test_verify_sees_an_entry_in_place_of_one_that_stands(desk: Desk) -> None:
    first = desk.post(ANN, BEN, 60)
    done = correct(desk, first.entry_id)
    with without_guards(desk.engine) as connection:
        entry = schema.entry
        connection.execute(
            sa.update(entry)
            .where(entry.c.id == done.replacement.entry_id)
            .values(corrects=done.reversal.entry_id)
        )
        reasons = {problem.reason for problem in verify(connection, BOOK).problems}
    assert "replaces what still stands" in reasons


def test_the_table_itself_allows_one_replacement(desk: Desk) -> None:
    first = desk.post(ANN, BEN, 60)
    correct(desk, first.entry_id)
    with desk.engine.connect() as connection:
        names = {index["name"] for index in sa.inspect(connection).get_indexes("entry")}
    assert "uq_entry_one_correction" in names
