import datetime as dt
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from ledger import journal, schema
from ledger.entries import EntryRequest, LegRequest
from ledger.entry_views import find_entry
from ledger.errors import (
    AlreadyReversed,
    KeyMismatch,
    LostUpdate,
    NotReversible,
    OverCeiling,
    OverFloor,
    UnknownAccount,
    UnknownBook,
    UnknownEntry,
    UnsupportedKind,
)
from ledger.storage import storage_of
from tests.ledger.desk import (
    ACTOR,
    ANN,
    BEN,
    BOOK,
    CAT,
    DROP_IN,
    OPENED_AT,
    OPENING,
    OTHER_BOOK,
    POT,
    SECRET,
    Desk,
    Dice,
)

NOWHERE = UUID("0190a0a0-0000-7000-8000-0000000000ff")


def limit(desk: Desk, code: str, *, floor: int = -600, ceiling: int | None = None) -> None:
    with desk.writing() as connection:
        journal.set_limits(
            *(connection, BOOK, code),
            floor_minutes=floor,
            ceiling_minutes=ceiling,
            actor=None,
            reason=None,
            now=desk.now,
        )


# ------------------------------------------------------------------------- posting


def test_an_hour_of_help_moves_once_and_the_book_stays_even(desk: Desk) -> None:
    outcome = desk.post(ANN, BEN, 60, memo="Thanks for the lift")
    assert outcome.status == "posted"
    assert outcome.seq == 1
    assert outcome.recorded_at == OPENED_AT + dt.timedelta(minutes=1)
    assert outcome.balances == {ANN: -60, BEN: 60}
    assert outcome.overdrawn == ()
    assert desk.balances(ANN, BEN, CAT) == [-60, 60, 0]
    assert desk.verify().ok


def test_an_entry_may_have_many_legs(desk: Desk) -> None:
    legs = ((DROP_IN, ANN, 60), (DROP_IN, BEN, 45), (ANN, BEN, 5))
    outcome = desk.post(legs=legs, kind="activity")
    assert outcome.balances == {ANN: 55, BEN: 50, DROP_IN: -105}
    with desk.engine.connect() as connection:
        entry = find_entry(connection, BOOK, outcome.entry_id)
    assert [(leg.payer_balance, leg.payee_balance) for leg in entry.legs] == [
        *((-60, 60), (-105, 45), (55, 50)),
    ]
    assert desk.verify().ok


def test_the_clock_may_go_back_and_the_book_does_not(desk: Desk) -> None:
    first = desk.post()
    desk.now -= dt.timedelta(days=400)
    second = desk.post()
    assert second.recorded_at == first.recorded_at + dt.timedelta(microseconds=1)
    assert desk.verify().ok


def test_the_same_key_posts_once(desk: Desk) -> None:
    first = desk.post(key="exchange:1", memo="Thanks")
    again = desk.post(key="exchange:1", memo="Thanks", actor=None)
    assert again.status == "replayed"
    assert (again.entry_id, again.seq, again.chain) == (first.entry_id, first.seq, first.chain)
    assert (again.recorded_at, again.balances) == (first.recorded_at, first.balances)
    assert desk.balance(BEN) == 60


def test_a_replay_tells_the_balances_of_the_first_time(desk: Desk) -> None:
    first = desk.post(key="exchange:1")
    desk.post()
    assert desk.post(key="exchange:1").balances == first.balances


@pytest.mark.parametrize(
    "changed",
    [
        {"minutes": 61},
        {"payee": CAT},
        {"category": "food"},
        {"on": dt.date(2026, 1, 3)},
        {"memo": "Other words"},
        {"kind": "gift"},
        # What is wrong with the account does not matter: the key comes first.
        {"payee": "M000099"},
        {"payer": BEN, "payee": ANN},
    ],
)
def test_a_key_can_not_be_used_for_something_else(desk: Desk, changed: dict[str, Any]) -> None:
    first = desk.post(key="exchange:1")
    with pytest.raises(KeyMismatch) as refused:
        desk.post(key="exchange:1", **changed)
    assert refused.value.facts == {"idem_key": "exchange:1", "entry_id": first.entry_id}
    assert desk.verify().entries == 1


def test_a_replay_comes_before_limits(desk: Desk) -> None:
    desk.post(ANN, BEN, 600, key="exchange:1")
    assert desk.post(ANN, BEN, 600, key="exchange:1").status == "replayed"


def test_keys_belong_to_their_book(desk: Desk) -> None:
    other = Desk(desk.engine, OTHER_BOOK).open()
    desk.post(key="exchange:1")
    assert other.post(CAT, BEN, 5, key="exchange:1").status == "posted"
    assert (desk.verify().ok, other.verify().ok) == (True, True)


def test_another_secret_does_not_recognise_the_retry(desk: Desk) -> None:
    desk.post(key="exchange:1")
    request = desk.request(key="exchange:1")
    with pytest.raises(KeyMismatch), desk.writing() as connection:
        journal.post(connection, request, secret=SECRET[::-1], now=desk.now)


def test_a_short_secret_is_a_mistake(desk: Desk) -> None:
    with pytest.raises(ValueError, match="too short"), desk.writing() as connection:
        journal.post(connection, desk.request(), secret=bytes(15), now=desk.now)
    with desk.writing() as connection:
        journal.post(connection, desk.request(), secret=bytes(16), now=desk.now)


def test_a_key_looks_up_its_entry(desk: Desk) -> None:
    first = desk.post(key="exchange:1")
    with desk.engine.connect() as connection:
        found = journal.lookup(connection, BOOK, "exchange:1")
        assert journal.lookup(connection, BOOK, "exchange:2") is None
    assert found is not None
    assert (found.status, found.entry_id) == ("replayed", first.entry_id)
    assert found.balances == first.balances == {ANN: -60, BEN: 60}
    assert found.recorded_at.tzinfo is dt.UTC


@pytest.mark.parametrize("payer", [ANN, "M000100"])
def test_an_account_must_be_there(desk: Desk, payer: str) -> None:
    with pytest.raises(UnknownAccount) as refused:
        desk.post(payer, "M000099", 60)
    assert refused.value.code == "M000099"


def test_a_book_must_be_there(desk: Desk) -> None:
    with pytest.raises(UnknownBook) as refused:
        Desk(desk.engine, OTHER_BOOK).post()
    assert refused.value.book_id == OTHER_BOOK


def test_a_correction_knows_what_it_corrects(desk: Desk) -> None:
    first = desk.post()
    desk.reverse(first.entry_id)
    right = desk.post(ANN, BEN, 50, corrects=first.entry_id)
    with desk.engine.connect() as connection:
        assert find_entry(connection, BOOK, right.entry_id).corrects == first.entry_id
    with pytest.raises(UnknownEntry) as refused:
        desk.post(corrects=NOWHERE)
    assert refused.value.entry_id == NOWHERE
    assert desk.verify().ok


def test_what_another_book_took_back_is_not_put_right_in_this_one(desk: Desk) -> None:
    other = Desk(desk.engine, OTHER_BOOK, dice=Dice(1_000)).open()
    elsewhere = other.post()
    other.reverse(elsewhere.entry_id)
    with pytest.raises(UnknownEntry) as refused:
        desk.post(corrects=elsewhere.entry_id)
    assert refused.value.entry_id == elsewhere.entry_id


def test_ids_and_salts_are_random_unless_said_otherwise(desk: Desk) -> None:
    with desk.writing() as connection:
        one = journal.post(connection, desk.request(memo="a"), secret=SECRET, now=desk.now)
        two = journal.post(connection, desk.request(memo="a"), secret=SECRET, now=desk.now)
        salts = connection.execute(sa.select(schema.memo.c.salt)).scalars().all()
    assert one.entry_id != two.entry_id
    assert len(set(salts)) == 2


# -------------------------------------------------------------------------- limits


def test_nobody_goes_below_the_floor(desk: Desk) -> None:
    desk.post(ANN, BEN, 590)
    with pytest.raises(OverFloor) as refused:
        desk.post(ANN, CAT, 11)
    assert refused.value.facts == {
        "code": ANN,
        "floor_minutes": -600,
        "available_minutes": -590,
        "change_minutes": -11,
    }
    desk.post(ANN, CAT, 10)
    assert desk.balance(ANN) == -600


def test_nobody_goes_above_the_ceiling(desk: Desk) -> None:
    limit(desk, BEN, ceiling=100)
    desk.post(ANN, BEN, 100)
    with pytest.raises(OverCeiling) as refused:
        desk.post(ANN, BEN, 1)
    assert refused.value.facts == {
        "code": BEN,
        "ceiling_minutes": 100,
        "balance_minutes": 100,
        "change_minutes": 1,
    }


def test_a_member_under_a_raised_floor_can_still_earn_but_not_spend(desk: Desk) -> None:
    desk.post(ANN, BEN, 500)
    limit(desk, ANN, floor=-100)
    desk.post(CAT, ANN, 60)
    assert desk.balance(ANN) == -440
    with pytest.raises(OverFloor):
        desk.post(ANN, BEN, 1)


def test_a_member_above_a_lowered_ceiling_can_still_spend_but_not_earn(desk: Desk) -> None:
    desk.post(ANN, BEN, 500)
    limit(desk, BEN, ceiling=100)
    desk.post(BEN, CAT, 60)
    with pytest.raises(OverCeiling):
        desk.post(ANN, BEN, 1)


def test_only_the_sum_of_an_entry_meets_the_limits(desk: Desk) -> None:
    """Ann passes on what she gets in the same entry."""
    desk.post(legs=((ANN, BEN, 700), (CAT, ANN, 100)))
    assert desk.balance(ANN) == -600


def test_sources_have_no_floor(desk: Desk) -> None:
    desk.post(OPENING, ANN, 6_000_000, kind="opening")
    assert desk.balance(OPENING) == -6_000_000


# ------------------------------------------------------------------------ reversal


def test_a_reversal_is_the_mirror_image_and_both_know_each_other(desk: Desk) -> None:
    first = desk.post(legs=((ANN, BEN, 60), (ANN, CAT, 30)), on=dt.date(2025, 12, 30))
    back = desk.reverse(first.entry_id, reason="It was another Ben.")
    assert back.balances == {ANN: 0, BEN: 0, CAT: 0}
    with desk.engine.connect() as connection:
        original = find_entry(connection, BOOK, first.entry_id)
        mirror = find_entry(connection, BOOK, back.entry_id)
    assert original.reversed_by == back.entry_id
    assert (mirror.reverses, mirror.memo) == (first.entry_id, "It was another Ben.")
    assert mirror.occurred_on == dt.date(2025, 12, 30)
    assert [(leg.payer_code, leg.payee_code, leg.minutes) for leg in mirror.legs] == [
        *((BEN, ANN, 60), (CAT, ANN, 30)),
    ]
    assert desk.verify().ok


def test_an_entry_is_taken_back_once(desk: Desk) -> None:
    first = desk.post()
    back = desk.reverse(first.entry_id, key="back:1")
    with pytest.raises(AlreadyReversed) as refused:
        desk.reverse(first.entry_id, key="back:2")
    assert refused.value.facts == {"entry_id": first.entry_id, "reversal_id": back.entry_id}
    assert desk.reverse(first.entry_id, key="back:1").status == "replayed"


def test_a_reversal_ignores_limits_and_names_who_it_left_short(desk: Desk) -> None:
    first = desk.post(ANN, BEN, 60)
    desk.post(BEN, CAT, 660)
    limit(desk, ANN, floor=-60, ceiling=-30)
    back = desk.reverse(first.entry_id, key="back:1")
    assert (desk.balance(BEN), back.overdrawn) == (-660, (BEN,))
    assert desk.reverse(first.entry_id, key="back:1").overdrawn == (BEN,)


def test_a_reversal_names_nobody_who_is_left_just_at_the_floor(desk: Desk) -> None:
    first = desk.post(legs=((ANN, BEN, 60), (ANN, CAT, 30)))
    desk.post(BEN, POT, 660)
    desk.post(CAT, POT, 600)
    back = desk.reverse(first.entry_id, key="back:1")
    assert (desk.balances(BEN, CAT), back.overdrawn) == ([-660, -600], (BEN,))
    again = desk.reverse(first.entry_id, key="back:1")
    assert (again.overdrawn, again.balances) == ((BEN,), back.balances)


def test_a_source_that_gives_back_is_never_short(desk: Desk) -> None:
    first = desk.post(ANN, DROP_IN, 30, kind="adjustment")
    back = desk.reverse(first.entry_id, key="back:1")
    again = desk.reverse(first.entry_id, key="back:1")
    assert (back.overdrawn, again.overdrawn, again.balances) == ((), (), back.balances)


def test_a_posting_is_never_called_overdrawn_when_it_is_replayed(desk: Desk) -> None:
    desk.post(ANN, BEN, 600, key="exchange:1")
    desk.reverse(desk.post(CAT, BEN, 1).entry_id)
    limit(desk, ANN, floor=0)
    # Others were taken back in the meantime; this one was not.
    assert desk.post(ANN, BEN, 600, key="exchange:1").overdrawn == ()


def test_a_reversal_is_not_taken_back(desk: Desk) -> None:
    back = desk.reverse(desk.post().entry_id)
    with pytest.raises(NotReversible) as refused:
        desk.reverse(back.entry_id, key="back:2")
    assert refused.value.kind == "reversal"


def test_what_is_not_there_is_not_taken_back(desk: Desk) -> None:
    with pytest.raises(UnknownEntry) as refused:
        desk.reverse(NOWHERE)
    assert refused.value.entry_id == NOWHERE


def test_a_used_key_comes_before_everything_else_in_a_reversal_too(desk: Desk) -> None:
    posted = desk.post(key="exchange:1")
    back = desk.reverse(desk.post().entry_id)
    for entry_id in (NOWHERE, back.entry_id):
        with pytest.raises(KeyMismatch) as refused:
            desk.reverse(entry_id, key="exchange:1")
        assert refused.value.entry_id == posted.entry_id


def test_a_reversal_has_its_own_door(desk: Desk) -> None:
    first = desk.post()
    request = EntryRequest(
        book_id=BOOK,
        kind="reversal",
        legs=(LegRequest(BEN, ANN, 1),),
        occurred_on=dt.date(2026, 1, 2),
        actor=ACTOR,
        category="company",
        idem_key="sly",
        reverses=first.entry_id,
    )
    with pytest.raises(UnsupportedKind), desk.writing() as connection:
        journal.post(connection, request, secret=SECRET, now=desk.now)


# ---------------------------------------------------------------------------- memos


def test_a_memo_can_be_erased_and_the_book_still_verifies(desk: Desk) -> None:
    other = Desk(desk.engine, OTHER_BOOK).open()
    outcome, next_one = desk.post(memo="Help after the operation"), desk.post(memo="Thanks")
    elsewhere = other.post(memo="Tak")
    with desk.writing() as connection:
        assert journal.erase_memo(connection, BOOK, outcome.entry_id)
        assert not journal.erase_memo(connection, BOOK, outcome.entry_id)
        assert not journal.erase_memo(connection, BOOK, elsewhere.entry_id)
    with desk.engine.connect() as connection:
        assert find_entry(connection, BOOK, outcome.entry_id).memo is None
        # The words beside every other entry are still there.
        assert find_entry(connection, BOOK, next_one.entry_id).memo == "Thanks"
        assert find_entry(connection, OTHER_BOOK, elsewhere.entry_id).memo == "Tak"
    assert desk.verify().ok


HOSTILE = [
    'quote " backslash \\ newline \n tab \t',
    "'; DROP TABLE entry; --",
    "%s %(a)s ? :x {} $1",
    "\u202etxet desrever\u202c and \u0000".replace("\u0000", ""),
    "emoji 👩🏽‍🦽 and Ærø, Łódź, ß",
    "\x01\x1b[31m",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_come_back_unchanged(desk: Desk, words: str) -> None:
    outcome = desk.post(memo=words)
    with desk.engine.connect() as connection:
        assert find_entry(connection, BOOK, outcome.entry_id).memo == words
    assert desk.verify().ok


# --------------------------------------------------------------------- the last guard


def test_a_balance_that_moved_between_lock_and_write_stops_the_entry(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk.engine.connect() as connection:
        storage = type(storage_of(connection))
    lock = storage.lock_accounts

    def unlocked(self: Any, *args: Any) -> Any:
        accounts, used = lock(self, *args)
        return [account._replace(version=account.version + 1) for account in accounts], used

    monkeypatch.setattr(storage, "lock_accounts", unlocked)
    with pytest.raises(LostUpdate):
        desk.post()
    monkeypatch.undo()
    assert desk.balances(ANN, BEN) == [0, 0]
    assert desk.verify().entries == 0
