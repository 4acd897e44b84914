"""Words beside an account go when they are asked to; those beside others stay."""

import datetime as dt
from uuid import UUID

from ledger import erasure, journal, limits
from ledger.entry_views import find_entry
from tests.ledger.desk import ANN, BEN, CAT, OTHER_BOOK, POT, Desk

NOW = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)


def forget(desk: Desk, code: str) -> int:
    with desk.writing() as connection:
        return erasure.forget_words(connection, desk.book_id, code)


def words(desk: Desk, *entry_ids: UUID) -> list[str | None]:
    with desk.engine.connect() as connection:
        return [find_entry(connection, desk.book_id, each).memo for each in entry_ids]


def reasons(desk: Desk, code: str) -> list[str | None]:
    with desk.engine.connect() as connection:
        return [each.reason for each in limits.history(connection, desk.book_id, code)]


def give_reason(desk: Desk, code: str, floor: int, reason: str | None) -> None:
    with desk.writing() as connection:
        journal.set_limits(
            *(connection, desk.book_id, code),
            floor_minutes=floor,
            ceiling_minutes=None,
            actor=None,
            reason=reason,
            now=NOW,
        )


def test_words_of_one_account_are_forgotten_on_both_sides_and_no_others(desk: Desk) -> None:
    paid, got = desk.post(ANN, BEN, memo="From Ann"), desk.post(CAT, ANN, memo="To Ann")
    legs = ((BEN, CAT, 5), (POT, ANN, 1))
    desk.post(BEN, POT, 9)
    among = desk.post(legs=legs, memo="Ann is in the second line")
    others = desk.post(BEN, CAT, memo="Ben and Cat")
    give_reason(desk, ANN, -300, "Agreed with Ann")
    give_reason(desk, ANN, -200, None)
    give_reason(desk, BEN, -300, "Agreed with Ben")
    # Three memos and one reason; where there was none, nothing is forgotten.
    assert forget(desk, ANN) == 4
    assert words(desk, paid.entry_id, got.entry_id, among.entry_id) == [None, None, None]
    assert words(desk, others.entry_id) == ["Ben and Cat"]
    assert reasons(desk, ANN) == [None, None, None]
    assert reasons(desk, BEN) == [None, "Agreed with Ben"]
    assert forget(desk, ANN) == 0
    assert desk.verify().ok


def test_words_in_another_book_stay(desk: Desk) -> None:
    """Ids and codes are given by each book alone, so another book may have the same."""
    other = Desk(desk.engine, OTHER_BOOK).open()
    here, there = desk.post(ANN, BEN, memo="Here"), other.post(ANN, BEN, memo="There")
    assert here.entry_id == there.entry_id
    here_too, there_too = desk.post(BEN, CAT, memo="Ben"), other.post(ANN, CAT, memo="Ann")
    assert here_too.entry_id == there_too.entry_id
    give_reason(other, ANN, -300, "Agreed there")
    assert forget(desk, ANN) == 1
    assert words(desk, here.entry_id, here_too.entry_id) == [None, "Ben"]
    assert words(other, there.entry_id, there_too.entry_id) == ["There", "Ann"]
    assert reasons(other, ANN) == [None, "Agreed there"]
