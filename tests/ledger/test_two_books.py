"""Two books in one database know nothing of each other, though they use the same codes and ids.

Everything that can be read of one book is read, then the other lives a life of its own, and then
the same is read again. A question that forgot to say whose book it is about answers differently.
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from ledger import (
    balances,
    checkpoints,
    corrections,
    dated,
    entry_views,
    erasure,
    holdings,
    holds,
    journal,
    keys,
    limits,
    periods,
    recent,
    schema,
)
from ledger.entries import LegRequest
from ledger.errors import LedgerRefusal, UnknownEntry, UnknownHold
from ledger.proof_errors import UnknownCheckpoint
from ledger.verify import verify
from tests.ledger.desk import (
    ANN,
    BEN,
    CAT,
    DROP_IN,
    OPENED_AT,
    OPENING,
    OTHER_BOOK,
    POT,
    SECRET,
    Desk,
)
from tests.ledger.vault import Vault

CODES = (ANN, BEN, CAT, POT, DROP_IN, OPENING)
MONTHS = tuple((dt.date(2026, n, 1), dt.date(2026, n, 28)) for n in (1, 2, 3))
DAYS = tuple(dt.date(2026, month, day) for month in (1, 2) for day in (1, 2, 3, 28))
NOBODY = sa.select(schema.account.c.code).where(sa.false())


def live(desk: Desk, *, more: int) -> None:
    """A life with everything in it; each minute is `more` than in that of another book."""
    first = desk.post(ANN, BEN, 60 + more, memo="Thanks", on=dt.date(2025, 12, 30))
    held = desk.hold(BEN, CAT, 5 + more, days=20)
    desk.release(desk.hold(CAT, ANN, 2 + more, days=9).entry_id)
    late = desk.hold(ANN, POT, 3 + more, days=1)
    if more:
        desk.reverse(first.entry_id)
        desk.post(ANN, CAT, 7, corrects=first.entry_id, memo="It was Cat")
        desk.capture(held.entry_id, (BEN, CAT, 1))
        desk.now = OPENED_AT + dt.timedelta(days=2)
        desk.expire(late.entry_id)
    desk.now = dt.datetime(2026, 2, 3, 12, tzinfo=dt.UTC)
    legs = ((DROP_IN, ANN, 30 + more), (DROP_IN, CAT, 15))
    desk.post(legs=legs, kind="activity", memo="Café", on=dt.date(2026, 1, 20))
    with desk.writing() as connection:
        changes: dict[str, Any] = {"actor": None, "reason": f"Agreed {more}", "now": desk.now}
        journal.set_state(connection, desk.book_id, POT, "frozen" if more else "open", **changes)
        # The first book has the longer history of one account, the second that of another.
        for code, floor in ((BEN if more else ANN, floor) for floor in (-690, -680, -670 - more)):
            journal.set_limits(
                *(connection, desk.book_id, code),
                floor_minutes=floor,
                ceiling_minutes=None,
                **changes,
            )
        if more:
            limits.set_limits_of_members(
                *(connection, desk.book_id),
                floor_minutes=-800,
                ceiling_minutes=9_000,
                but=NOBODY,
                **changes,
            )
            erasure.forget_words(connection, desk.book_id, CAT)


def answers(desk: Desk) -> dict[str, Any]:
    """Everything that can be asked about hours in a book."""
    with desk.engine.connect() as connection:
        book = (connection, desk.book_id)
        entries = entry_views.latest_entries(*book, limit=50)
        ids = [entry.entry_id for entry in entries]
        found: dict[str, Any] = {
            "trial balance": balances.trial_balance(*book),
            "balances": balances.balances(*book, CODES),
            "entries": entries,
            "keys": [journal.lookup(*book, entry.idem_key) for entry in entries],
            "each entry": [entry_views.find_entry(*book, each) for each in ids],
            "links": dict(corrections.links(*book, ids)),
            "lines": [corrections.history(*book, each) for each in ids],
            "overdue": holds.overdue(*book, OPENED_AT + dt.timedelta(days=99)),
            "held": holds.held_minutes(*book),
            "holdings": holdings.holdings(*book),
            "verified": verify(*book),
        }
        for code in CODES:
            found[f"statements of {code}"] = [
                *(balances.statement(*book, code, *month) for month in MONTHS),
                *(recent.period(*book, code, *month, dt.UTC) for month in MONTHS),
                recent.latest(*book, code, limit=3),
                recent.statement_to_now(*book, code, *MONTHS[1], dt.UTC),
                *(dated.balance_as_recorded_by(*book, code, day) for day in DAYS),
                *(dated.balance_for_services_up_to(*book, code, day) for day in DAYS),
            ]
            found[f"limits of {code}"] = limits.history(*book, code)
        for day in DAYS:
            found[f"on {day}"] = (
                dict(dated.balances_as_recorded_by(*book, day)),
                dict(dated.balances_for_services_up_to(*book, day)),
                list(dated.on_day(*book, dated.end_of_day(*book, day))),
                list(dated.out_of_time(*book, dated.end_of_day(*book, day))),
            )
    return found


@pytest.mark.parametrize("few", [0, dated.FEW])
def test_what_one_book_says_does_not_change_when_another_lives(
    desk: Desk, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (dated, recent):
        monkeypatch.setattr(module, "FEW", few)
    live(desk, more=0)
    before = answers(desk)
    assert before["verified"].ok
    other = Desk(desk.engine, OTHER_BOOK).open(*CODES, "M000009")
    live(other, more=1)
    after, elsewhere = answers(desk), answers(other)
    assert [name for name in before if after[name] != before[name]] == []
    assert elsewhere["verified"].ok
    # The two were not alike by chance: the other book says something else each time.
    same = {name for name in before if before[name] == elsewhere[name]}
    assert same == {f"limits of {OPENING}", f"limits of {DROP_IN}"}
    shared = {entry.entry_id for entry in before["entries"]}
    assert shared & {entry.entry_id for entry in elsewhere["entries"]}


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (lambda desk, entry_id: desk.reverse(entry_id), UnknownEntry),
        (lambda desk, entry_id: desk.capture(entry_id), UnknownHold),
        (lambda desk, entry_id: desk.release(entry_id), UnknownHold),
        (lambda desk, entry_id: desk.expire(entry_id), UnknownHold),
        (lambda desk, entry_id: desk.post(corrects=entry_id), UnknownEntry),
    ],
)
def test_what_is_in_another_book_alone_is_not_there(
    desk: Desk, act: Callable[[Desk, Any], object], refusal: type[LedgerRefusal]
) -> None:
    other = Desk(desk.engine, OTHER_BOOK).open()
    for entry in (other.post(), other.hold(days=1)):
        with pytest.raises(refusal):
            act(desk, entry.entry_id)
    assert desk.verify().entries == 0


def test_a_replay_tells_of_its_own_book(desk: Desk) -> None:
    """In both books Ben spends what is then taken back; in one of them his floor was raised."""
    other = Desk(desk.engine, OTHER_BOOK).open()
    told = []
    for book, minutes, floor in ((other, 90, -600), (desk, 60, -10)):
        first = book.post(ANN, BEN, minutes, key="first")
        book.post(BEN, CAT, minutes)
        with book.writing() as connection:
            journal.set_limits(
                *(connection, book.book_id, BEN),
                floor_minutes=floor,
                ceiling_minutes=None,
                actor=None,
                reason=None,
                now=book.now,
            )
        told.append(book.reverse(first.entry_id, key="back"))
    assert told[0].entry_id == told[1].entry_id
    assert [outcome.overdrawn for outcome in told] == [(), (BEN,)]
    assert [outcome.balances for outcome in told] == [{ANN: 0, BEN: -90}, {ANN: 0, BEN: -60}]
    for book, outcome in zip((other, desk), told, strict=True):
        with book.engine.connect() as connection:
            found = journal.lookup(connection, book.book_id, "back")
            first_again = journal.lookup(connection, book.book_id, "first")
        assert found is not None
        assert (found.overdrawn, found.balances) == (outcome.overdrawn, outcome.balances)
        # Only a reversal leaves anybody short, whatever was taken back since.
        assert first_again is not None
        assert first_again.overdrawn == ()


def test_what_is_put_right_is_the_entry_of_this_book(desk: Desk) -> None:
    other = Desk(desk.engine, OTHER_BOOK).open()
    first, same = desk.post(ANN, BEN, 60), other.post(CAT, POT, 9, kind="gift")
    assert first.entry_id == same.entry_id
    with desk.writing() as connection:
        done = corrections.correct(
            *(connection, desk.book_id, first.entry_id),
            legs=(LegRequest(ANN, BEN, 90),),
            occurred_on=dt.date(2026, 1, 2),
            category="company",
            reason="It took longer.",
            actor=None,
            idem_key="right",
            secret=SECRET,
            now=desk.now,
        )
        entry = entry_views.find_entry(connection, desk.book_id, done.replacement.entry_id)
    assert (entry.kind, desk.balances(ANN, BEN)) == ("exchange", [-90, 90])
    assert other.balances(CAT, POT) == [-9, 9]


# ------------------------------------------------------------------------ what was signed


def sealed(vault: Vault) -> None:
    """Sign the book as it is, and the months that are over."""
    vault.seal()
    with vault.desk.writing() as connection:
        signer = keys.load(vault.secrets, keys.in_use(connection, vault.desk.book_id).key)
        for month in periods.due(connection, vault.desk.book_id, zone=dt.UTC, now=vault.now):
            drafted = periods.draft(connection, vault.desk.book_id, month)
            periods.keep(connection, vault.desk.book_id, drafted, signer, now=vault.now)


def signatures(connection: Connection, desk: Desk) -> dict[str, Any]:
    """Everything that can be asked about what was signed."""
    book = (connection, desk.book_id)
    months = periods.listed(*book, limit=9)
    signed = checkpoints.listed(*book, limit=9)
    entries = entry_views.latest_entries(*book, limit=50)
    return {
        "keys": keys.every(*book),
        "in use": keys.in_use(*book),
        "checkpoints": signed,
        "newest": checkpoints.latest(*book),
        "each": [checkpoints.find(*book, each.size) for each in signed],
        "receipts": [
            checkpoints.receipt(*book, each.entry_id)
            for each in entries
            if each.seq <= signed[0].size
        ],
        "months": months,
        "newest month": periods.latest(*book),
        "through": periods.sealed_through(*book),
        "each month": [periods.find(*book, each.head.month.period) for each in months],
        "trial balances": [periods.trial_balance(*book, each) for each in months],
        "proofs": [
            periods.prove(*book, each.head.month.period, ANN) for each in months if each.head.size
        ],
        "due": periods.due(*book, zone=dt.UTC, now=dt.datetime(2026, 7, 2, tzinfo=dt.UTC)),
    }


def test_what_was_signed_in_one_book_stays_when_another_is_signed(
    desk: Desk, tmp_path: Path
) -> None:
    live(desk, more=0)
    vault = Vault(desk, tmp_path / "one")
    vault.begin()
    sealed(vault)
    with desk.engine.connect() as connection:
        before = signatures(connection, desk)
    other = Desk(desk.engine, OTHER_BOOK).open()
    live(other, more=1)
    elsewhere = Vault(other, tmp_path / "two", now=vault.now)
    elsewhere.dice.thrown = 1_000
    elsewhere.begin("other.example/at/other")
    sealed(elsewhere)
    other.now = elsewhere.now
    other.post()
    elsewhere.rotate()
    sealed(elsewhere)
    with desk.engine.connect() as connection:
        after = signatures(connection, desk)
        assert [name for name in before if after[name] != before[name]] == []
        with pytest.raises(UnknownCheckpoint):
            checkpoints.find(connection, desk.book_id, other.verify().entries)
    assert vault.problems() == []
    assert elsewhere.problems() == []


def test_sealing_the_months_of_one_book_leaves_another_as_it_was(
    desk: Desk, tmp_path: Path
) -> None:
    """The second book begins a month later, and as many entries are in both."""
    other = Desk(desk.engine, OTHER_BOOK).open()
    other.post(ANN, BEN, 60)
    desk.now = other.now = dt.datetime(2026, 2, 10, tzinfo=dt.UTC)
    desk.post(ANN, BEN, 7)
    vaults = [Vault(other, tmp_path / "one"), Vault(desk, tmp_path / "two")]
    now = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
    with desk.engine.connect() as connection:
        due = [
            [month.period for month in periods.due(connection, each, zone=dt.UTC, now=now)]
            for each in (OTHER_BOOK, desk.book_id)
        ]
    assert due == [["2026-01", "2026-02"], ["2026-02"]]
    for n, vault in enumerate(vaults):
        vault.dice.thrown = n * 1_000
        vault.begin(f"village.example/at/{n}")
        sealed(vault)
        # Time went on in the book that was sealed, and in no other.
        assert (desk.verify().problems, other.verify().problems) == ((), ())
        if vault.desk is other:
            desk.now = dt.datetime(2026, 2, 11, tzinfo=dt.UTC)
            assert desk.post(BEN, ANN, 7).recorded_at == desk.now
            other.post(BEN, ANN, 60)
    with desk.engine.connect() as connection:
        chains = [periods.find(connection, each, "2026-02") for each in (OTHER_BOOK, desk.book_id)]
    assert [(each.head.size, each.head.accounts) for each in chains] == [(1, 2), (2, 2)]
    assert chains[0].head.chain != chains[1].head.chain


def test_the_seal_of_a_month_moves_no_time_back(desk: Desk, tmp_path: Path) -> None:
    """January is sealed late, when February has begun to be written."""
    desk.post(ANN, BEN, 60)
    desk.now = dt.datetime(2026, 2, 10, tzinfo=dt.UTC)
    last = desk.post(ANN, BEN, 7)
    vault = Vault(desk, tmp_path, now=dt.datetime(2026, 2, 20, tzinfo=dt.UTC))
    vault.begin()
    sealed(vault)
    assert desk.verify().problems == ()
    desk.now = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    assert desk.post(BEN, ANN, 7).recorded_at == last.recorded_at + dt.timedelta(microseconds=1)
