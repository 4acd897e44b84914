"""A month that is over is sealed once, and anyone can check any one balance against it."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger import dated, keys, periods, schema, verify
from ledger.months import (
    NO_MONTH,
    Month,
    MonthEnd,
    MonthHead,
    TrialTree,
    balance_line,
    check_balance,
    check_month,
    head_of,
)
from ledger.notes import PublicKey, Signer, sign
from ledger.periods import SealedMonth
from ledger.proof_errors import (
    BadSignature,
    NoSigningKey,
    NotUnderMonth,
    NotYetSealed,
    OtherOrigin,
    RewrittenBook,
    TornReceipt,
    UnknownMonth,
    UnknownSigner,
)
from ledger.verify import Problem
from tests.ledger.desk import ANN, BEN, BOOK, CAT, Desk
from tests.ledger.tamper import without_guards
from tests.ledger.vault import Vault, post_many

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
APRIL_2 = dt.datetime(2026, 4, 2, 5, tzinfo=dt.UTC)


def at(month: int, day: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, tzinfo=dt.UTC)


@pytest.fixture
def vault(desk: Desk, tmp_path: Path) -> Vault:
    """A book of three months: entries in January and March, none in February."""
    desk.post(ANN, BEN, 60)
    desk.now = at(1, 31, 23)
    desk.post(BEN, CAT, 20)
    desk.now = at(3, 10)
    desk.post(CAT, ANN, 5)
    vault = Vault(desk, tmp_path, now=APRIL_2)
    vault.begin()
    vault.seal()
    return vault


def seal_all(vault: Vault, *, zone: dt.tzinfo = dt.UTC, now: dt.datetime = APRIL_2) -> list[str]:
    """Seal every month that is due; return which these were."""
    desk, sealed = vault.desk, []
    with desk.engine.connect() as connection:
        months = periods.due(connection, BOOK, zone=zone, now=now)
    for month in months:
        with desk.writing() as connection:
            drafted = periods.draft(connection, BOOK, month)
            kept = periods.keep(connection, BOOK, drafted, signer(vault), now=now)
            assert kept is not None
            sealed.append(kept.period)
    return sealed


def signer(vault: Vault) -> Any:
    return keys.load(vault.secrets, vault.key())


def sealed(vault: Vault, period: str) -> SealedMonth:
    with vault.desk.engine.connect() as connection:
        return periods.find(connection, BOOK, period)


# ------------------------------------------------------------------------------ sealing


def test_months_that_are_over_are_sealed_one_after_the_other(vault: Vault) -> None:
    assert seal_all(vault) == ["2026-01", "2026-02", "2026-03"]
    assert seal_all(vault) == []
    first, second, third = (sealed(vault, f"2026-0{n}") for n in (1, 2, 3))
    assert (first.head.prev, second.head.prev) == (NO_MONTH, first.head.digest())
    assert (first.head.size, second.head.size, third.head.size) == (2, 2, 3)
    assert second.head.trial_root == first.head.trial_root != third.head.trial_root
    assert first.head.month == Month("2026-01", dt.date(2026, 1, 31), at(2, 1, 0))
    with vault.desk.engine.connect() as connection:
        assert periods.sealed_through(connection, BOOK) == dt.date(2026, 3, 31)
        listed = [each.period for each in periods.listed(connection, BOOK, limit=2)]
        rest = periods.listed(connection, BOOK, before=listed[-1], limit=2)
        assert (listed, [each.period for each in rest]) == (["2026-03", "2026-02"], ["2026-01"])
        assert periods.trial_balance(connection, BOOK, first) == {ANN: -60, BEN: 40, CAT: 20}
    assert vault.desk.verify().ok
    assert vault.problems() == []


def test_a_month_ends_where_the_community_lives(vault: Vault) -> None:
    seal_all(vault, zone=COPENHAGEN)
    # Entry 2 was recorded on 1 February there.
    assert sealed(vault, "2026-01").head.size == 1
    assert sealed(vault, "2026-01").head.month.ended_at == at(1, 31, 23)


def test_a_month_is_not_over_before_it_is(vault: Vault) -> None:
    assert seal_all(vault, now=at(3, 31, 23)) == ["2026-01", "2026-02"]
    assert seal_all(vault, now=at(4, 1, 0)) == ["2026-03"]


def test_a_book_without_entries_has_no_month_to_seal(desk: Desk) -> None:
    with desk.engine.connect() as connection:
        assert periods.due(connection, BOOK, zone=dt.UTC, now=APRIL_2) == []
        assert periods.latest(connection, BOOK) is None
        assert periods.sealed_through(connection, BOOK) is None
        with pytest.raises(UnknownMonth):
            periods.find(connection, BOOK, "2026-01")


def test_nothing_enters_a_sealed_month_even_where_the_clock_jumps_back(vault: Vault) -> None:
    seal_all(vault)
    desk = vault.desk
    desk.now = at(3, 20)
    late = desk.post(ANN, BEN, 7, on=dt.date(2026, 1, 15))
    assert late.recorded_at > at(4, 1, 0)
    january = sealed(vault, "2026-01")
    with desk.engine.connect() as connection:
        assert periods.trial_balance(connection, BOOK, january)[BEN] == 40
        # The service carries its own day, and is found by it.
        day = dt.date(2026, 1, 31)
        assert dated.balance_as_recorded_by(connection, BOOK, BEN, day) == 40
        assert dated.balance_for_services_up_to(connection, BOOK, BEN, day) == 47
    assert desk.verify().ok


def test_two_workers_at_once_end_in_one_seal(vault: Vault) -> None:
    with vault.desk.engine.connect() as connection:
        [january, *_later] = periods.due(connection, BOOK, zone=dt.UTC, now=APRIL_2)
        drafted = periods.draft(connection, BOOK, january)
    kept = []
    for _ in range(2):
        with vault.desk.writing() as connection:
            kept.append(periods.keep(connection, BOOK, drafted, signer(vault), now=APRIL_2))
    assert kept[0] == kept[1] is not None


def test_an_entry_that_came_in_between_asks_for_another_draft(vault: Vault) -> None:
    desk = vault.desk
    with desk.engine.connect() as connection:
        months = periods.due(connection, BOOK, zone=dt.UTC, now=APRIL_2)
        drafted = periods.draft(connection, BOOK, months[-1])
    seal_all(vault, now=at(3, 1))
    desk.now = at(3, 30)
    desk.post(ANN, BEN, 1)
    with desk.writing() as connection:
        assert periods.keep(connection, BOOK, drafted, signer(vault), now=APRIL_2) is None
    with desk.engine.connect() as connection, pytest.raises(NotYetSealed):
        periods.draft(connection, BOOK, months[-1])


def test_a_month_that_is_not_over_is_a_mistake(vault: Vault) -> None:
    with vault.desk.writing() as connection:
        drafted = periods.draft(connection, BOOK, Month.around(dt.date(2026, 4, 1), dt.UTC))
        with pytest.raises(ValueError, match="not over"):
            periods.keep(connection, BOOK, drafted, signer(vault), now=APRIL_2)


def test_only_the_key_in_use_seals(vault: Vault) -> None:
    with vault.desk.engine.connect() as connection:
        [january, *_later] = periods.due(connection, BOOK, zone=dt.UTC, now=APRIL_2)
        drafted = periods.draft(connection, BOOK, january)
    old = signer(vault)
    vault.rotate()
    with vault.desk.writing() as connection, pytest.raises(NoSigningKey):
        periods.keep(connection, BOOK, drafted, old, now=APRIL_2)
    assert seal_all(vault)[0] == "2026-01"


def test_without_a_checkpoint_there_is_nothing_to_stand_on(desk: Desk) -> None:
    desk.post(ANN, BEN, 60)
    with desk.engine.connect() as connection:
        [january, *_later] = periods.due(connection, BOOK, zone=dt.UTC, now=APRIL_2)
        with pytest.raises(NotYetSealed) as refused:
            periods.draft(connection, BOOK, january)
    assert refused.value.facts == {"seq": 1, "size": 0}


def test_a_book_that_does_not_add_up_is_not_sealed(vault: Vault) -> None:
    with without_guards(vault.desk.engine) as connection:
        [january, *_later] = periods.due(connection, BOOK, zone=dt.UTC, now=APRIL_2)
        connection.execute(sa.update(schema.leg).values(payer_balance=-61))
        with pytest.raises(RewrittenBook):
            periods.draft(connection, BOOK, january)


# ---------------------------------------------------------------------- verification

SEALED = [column.name for column in schema.period_seal.columns]
NOT_COVERED = {"sealed_at", "public_key"}


def other(column: str, value: Any) -> Any:
    """Something else of the same kind."""
    if isinstance(value, str):
        return "2026-05" if column == "period" else value.replace("2026", "2025", 1)
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    if isinstance(value, int):
        return value + 1
    if isinstance(value, dt.date):
        return value + dt.timedelta(days=1)
    return UUID(int=value.int ^ 1)


@pytest.mark.parametrize("column", SEALED)
def test_every_changed_column_of_a_seal_is_noticed(vault: Vault, column: str) -> None:
    """When and by which row a seal was stored are for lists; the signature names its key."""
    seal_all(vault)
    table = schema.period_seal
    with without_guards(vault.desk.engine) as connection:
        row = connection.execute(sa.select(table).where(table.c.period == "2026-03")).one()
        value = row._mapping[column]
        changed = other(column, value)
        connection.execute(
            sa.update(table).where(table.c.period == "2026-03").values({column: changed})
        )
        seen = verify.verify(connection, BOOK).ok and not vault.problems_in(connection)
    assert seen == (column in NOT_COVERED)


def reasons(vault: Vault, *changes: Any) -> set[str]:
    with without_guards(vault.desk.engine) as connection:
        for change in changes:
            connection.execute(change)
        found = verify.verify(connection, BOOK).problems
        return {each.reason for each in [*found, *vault.problems_in(connection)]}


def test_a_balance_that_was_changed_in_a_sealed_month_is_named(vault: Vault) -> None:
    seal_all(vault)
    leg, seal = schema.leg, schema.period_seal
    found = reasons(vault, sa.update(leg).where(leg.c.seq == 1).values(minutes=61))
    assert {"not the balances that were sealed", "the entry was changed"} <= found
    found = reasons(vault, sa.delete(seal).where(seal.c.period == "2026-02"))
    assert found == {"a month is missing before this one", "does not name the month before"}
    entry = schema.entry
    found = reasons(
        vault,
        sa.delete(leg).where(leg.c.seq == 3),
        sa.delete(entry).where(entry.c.seq == 3),
    )
    assert {"more was sealed than is there", "more was signed than is there"} <= found
    found = reasons(vault, sa.update(entry).where(entry.c.seq == 2).values(chain=bytes(32)))
    assert {"not the chain that was sealed", "not the chain that was signed"} <= found


def test_an_auditor_is_told_what_was_sealed_of_a_month_and_what_is_there(vault: Vault) -> None:
    seal_all(vault)
    january, february, march = (sealed(vault, f"2026-0{month}").head for month in (1, 2, 3))
    leg, entry, seal = schema.leg, schema.entry, schema.period_seal

    def problems(*changes: sa.Executable) -> list[Problem]:
        with without_guards(vault.desk.engine) as connection:
            for change in changes:
                connection.execute(change)
            return list(verify.verify(connection, BOOK).problems)

    # The head that is stored beside a note says something else than the note.
    other = replace(march, root=bytes(32))
    [found] = problems(sa.update(seal).where(seal.c.period == "2026-03").values(root=other.root))
    assert found == Problem("not what was signed", "month 2026-03", march.text(), other.text())
    assert problems(sa.delete(seal).where(seal.c.period == "2026-02")) == [
        Problem(
            "does not name the month before",
            *("month 2026-03", january.digest().hex(), february.digest().hex()),
        ),
        Problem("a month is missing before this one", "month 2026-03", "2026-02", "2026-03"),
    ]
    cut = problems(sa.delete(leg).where(leg.c.seq == 3), sa.delete(entry).where(entry.c.seq == 3))
    assert Problem("more was sealed than is there", "month 2026-03", "3 entries", "2") in cut
    broken = problems(sa.update(entry).where(entry.c.seq == 2).values(chain=bytes(32)))
    for month, head in [("2026-01", january), ("2026-02", february)]:
        links = (head.chain.hex(), bytes(32).hex())
        assert Problem("not the chain that was sealed", f"month {month}", *links) in broken
    moved = problems(sa.update(leg).where(leg.c.seq == 1).values(minutes=61))
    trial = TrialTree([(ANN, -61), (BEN, 41), (CAT, 20)]).root.hex()
    was = january.trial_root.hex()
    assert Problem("not the balances that were sealed", "month 2026-01", was, trial) in moved


def test_a_month_signed_by_a_stranger_is_named(vault: Vault) -> None:
    seal_all(vault)
    seal = schema.period_seal
    forged = sealed(vault, "2026-03").note.replace("\N{EM DASH} village", "\N{EM DASH} forest")
    change = sa.update(seal).where(seal.c.period == "2026-03").values(note=forged)
    assert "unknown-signer" in reasons(vault, change)


# ----------------------------------------------------------------------------- proofs


@pytest.fixture
def shown(vault: Vault) -> Iterator[MonthEnd]:
    seal_all(vault)
    with vault.desk.engine.connect() as connection:
        yield periods.prove(connection, BOOK, "2026-01", BEN)


def test_anyone_can_check_one_balance_and_sees_no_other(vault: Vault, shown: MonthEnd) -> None:
    text = shown.text(["For Ben", ""])
    assert CAT not in text
    proven = check_balance(MonthEnd.parse(text), keys=[vault.key()])
    assert (proven.code, proven.minutes) == (BEN, 40)
    assert proven.head == sealed(vault, "2026-01").head
    assert proven.signers == (vault.key(),)


@pytest.mark.parametrize(
    ("before", "after", "refusal"),
    [
        ("M000002 40", "M000002 41", NotUnderMonth),
        ("M000002 40", "M000003 40", NotUnderMonth),
        ("index 1", "index 0", NotUnderMonth),
        ("index 1", "index 9", NotUnderMonth),
        ("accounts 3", "accounts 4", BadSignature),
        ("month 2026-01", "month 2025-01", BadSignature),
    ],
)
def test_one_changed_letter_proves_nothing(
    vault: Vault, shown: MonthEnd, before: str, after: str, refusal: type[Exception]
) -> None:
    changed = shown.text().replace(before, after, 1)
    with pytest.raises(refusal):
        check_balance(MonthEnd.parse(changed), keys=[vault.key()])


def test_a_proof_of_another_length_proves_nothing(vault: Vault, shown: MonthEnd) -> None:
    short = MonthEnd(shown.line, shown.index, shown.proof[:-1], shown.note)
    with pytest.raises(NotUnderMonth) as refused:
        check_balance(short, keys=[vault.key()])
    assert refused.value.facts == {"code": BEN, "period": "2026-01"}
    worded = MonthEnd("nothing", shown.index, shown.proof, shown.note)
    with pytest.raises(TornReceipt) as torn:
        check_balance(worded, keys=[vault.key()])
    assert torn.value.facts == {"part": "balance", "line": 0}


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [
        ("timebank-month-end 1", "timebank-month-end 2", "head"),
        ("M000002 40", "M000002 +40", "balance"),
        ("M000002 40\n\n", "M000002 40\n", "balance"),
        ("index 1", "index one", "place"),
    ],
)
def test_what_is_no_proof_says_where_it_stops_being_one(
    shown: MonthEnd, before: str, after: str, part: str
) -> None:
    with pytest.raises(TornReceipt) as torn:
        MonthEnd.parse(shown.text().replace(before, after, 1))
    assert torn.value.part == part


def test_a_proof_that_ends_behind_its_first_line_lacks_the_balance(shown: MonthEnd) -> None:
    first, *_lost = shown.text().split("\n")
    with pytest.raises(TornReceipt) as torn:
        MonthEnd.parse(first)
    assert torn.value.facts == {"part": "balance", "line": 1}


def test_only_accounts_that_had_moved_are_in_a_month(vault: Vault) -> None:
    seal_all(vault)
    with vault.desk.engine.connect() as connection:
        with pytest.raises(UnknownMonth):
            periods.prove(connection, BOOK, "2026-01", "M000099")
        with pytest.raises(UnknownMonth):
            periods.prove(connection, BOOK, "2026-09", BEN)
    with without_guards(vault.desk.engine) as connection:
        connection.execute(sa.update(schema.leg).values(payer_balance=-61))
        with pytest.raises(RewrittenBook):
            periods.prove(connection, BOOK, "2026-01", BEN)


def test_a_key_of_another_book_proves_nothing(vault: Vault, shown: MonthEnd) -> None:
    other = PublicKey("elsewhere.example", vault.key().public)
    with pytest.raises(UnknownSigner):
        check_balance(shown, keys=[other])
    head = head_of(shown.note)
    claimed = sign(replace(head, origin="elsewhere.example").text(), signer(vault))
    with pytest.raises(OtherOrigin) as refused:
        check_month(claimed, [vault.key()])
    assert refused.value.facts == {"origin": "elsewhere.example", "signer": vault.key().name}


@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 600])
def test_each_of_many_balances_is_proven(count: int) -> None:
    rows = [(f"M{number:06d}", number - 3) for number in range(count)]
    trial = TrialTree(rows)
    month = Month.around(dt.date(2026, 1, 5), dt.UTC)
    head = MonthHead("a.example", month, 1, bytes(32), bytes(32), count, trial.root, NO_MONTH)
    by = Signer.of("a.example", Ed25519PrivateKey.generate())
    note = sign(head.text(), by)
    for code, minutes in rows[:: max(1, count // 7)]:
        end = trial.prove(code, note)
        assert end.line == balance_line(code, minutes)
        proven = check_balance(end, keys=[by.key])
        assert (proven.code, proven.minutes) == (code, minutes)
    with pytest.raises(ValueError, match="not in"):
        trial.prove("nobody", "")


def test_a_long_book_is_sealed_from_its_stored_tree(desk: Desk, tmp_path: Path) -> None:
    post_many(desk, 300)
    vault = Vault(desk, tmp_path, now=APRIL_2)
    vault.begin()
    vault.seal()
    seal_all(vault)
    assert desk.verify().ok
    assert vault.problems() == []
