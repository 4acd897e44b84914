"""What is written down of what was signed: of one book, over its exported entries, in order."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from ledger import checkpoints, keys, periods
from ledger.books.signatures import signed_texts
from ledger.chain import instant_text
from tests.ledger.desk import ANN, BEN, BOOK, CAT, OTHER_BOOK, POT, Desk
from tests.ledger.tamper import without_guards
from tests.ledger.test_months import seal_all
from tests.ledger.vault import Vault

FIRST, SECOND = "signed/2026.txt", "signed/2027.txt"
KEYS, MONTHS = "signed/keys.txt", "signed/months.txt"
BEGIN = "timebank-signed 1\n"


def day(month: int, number: int) -> dt.datetime:
    return dt.datetime(2026, month, number, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Texts:
    """What the files have to say: each record as it stands in its file."""

    checkpoints: dict[int, str]
    notes: dict[int, str]
    signers: dict[int, str]
    months: dict[str, str]


@pytest.fixture
def vault(desk: Desk, tmp_path: Path) -> Vault:
    """Three checkpoints with two keys, the last just as a year begins, and two months."""
    vault = Vault(desk, tmp_path / "vault", now=day(11, 18))
    desk.now = day(11, 10)
    desk.post(ANN, BEN, 60)
    vault.begin()
    vault.seal()
    vault.rotate()
    desk.now = day(12, 5)
    desk.post(BEN, CAT, 20)
    vault.now = day(12, 10)
    vault.seal()
    seal_all(vault, now=day(12, 12))
    desk.now = day(12, 20)
    desk.post(CAT, ANN, 5)
    vault.now = day(12, 31)
    vault.seal()
    seal_all(vault, now=dt.datetime(2027, 1, 2, tzinfo=dt.UTC))
    return vault


@pytest.fixture
def wanted(vault: Vault) -> Texts:
    with vault.desk.engine.connect() as connection:
        signed = {size: checkpoints.find(connection, BOOK, size) for size in (1, 2, 3)}
        sealed = periods.listed(connection, BOOK, limit=9)
        names = {each.key.public: str(each.key) for each in keys.every(connection, BOOK)}
    assert signed[3].signed_at == dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    assert len(set(names.values())) == 2
    return Texts(
        {n: f"\ncheckpoint {instant_text(s.signed_at)}\n{s.note}" for n, s in signed.items()},
        {n: each.note for n, each in signed.items()},
        {n: f"{names[each.public_key]}\n" for n, each in signed.items()},
        {s.period: f"\nmonth {instant_text(s.sealed_at)}\n{s.note}" for s in sealed},
    )


def texts_of(desk: Desk, seq: int, *, since: int = 0) -> dict[str, str]:
    with desk.engine.connect() as connection:
        return signed_texts(connection, desk.book_id, seq, since=since)


def test_nothing_is_written_of_a_book_that_nobody_signs(desk: Desk) -> None:
    desk.post(ANN, BEN, 60)
    assert texts_of(desk, 1) == {}


def test_each_checkpoint_lies_in_its_year_and_each_month_beside(
    vault: Vault, wanted: Texts
) -> None:
    """The first moment of a year is in it."""
    texts = texts_of(vault.desk, 3)
    assert texts.keys() == {FIRST, SECOND, KEYS, MONTHS, "CHECKPOINT", "KEY"}
    assert texts[FIRST] == BEGIN + wanted.checkpoints[1] + wanted.checkpoints[2]
    assert texts[SECOND] == BEGIN + wanted.checkpoints[3]
    assert texts[MONTHS] == BEGIN + wanted.months["2026-11"] + wanted.months["2026-12"]
    assert (texts["CHECKPOINT"], texts["KEY"]) == (wanted.notes[3], wanted.signers[3])


def test_of_a_key_is_said_since_when_and_until_when_it_signs_and_who_named_it(
    vault: Vault,
) -> None:
    with vault.desk.engine.connect() as connection:
        old, new = keys.every(connection, BOOK)
    assert new.handover is not None
    made, changed = "2026-11-19T00:00:00.000000Z", "2026-11-21T00:00:00.000000Z"
    assert texts_of(vault.desk, 3)[KEYS] == (
        f"{BEGIN}\nkey {old.key} {made} {changed}\n\nkey {new.key} {changed} -\n{new.handover}"
    )


@pytest.mark.parametrize("seq", [0, 1, 2])
def test_what_was_signed_over_more_entries_than_are_exported_is_not_written(
    vault: Vault, wanted: Texts, seq: int
) -> None:
    """Somebody may sign while the books are written."""
    whole, texts = texts_of(vault.desk, 3), texts_of(vault.desk, seq)
    expected = {KEYS: whole[KEYS]}
    if seq:
        expected |= {
            FIRST: BEGIN + "".join(wanted.checkpoints[n] for n in range(1, seq + 1)),
            MONTHS: BEGIN + wanted.months["2026-11"],
            "CHECKPOINT": wanted.notes[seq],
            "KEY": wanted.signers[seq],
        }
    assert texts == expected


def test_checkpoints_are_asked_for_since_a_year_and_the_rest_always(vault: Vault) -> None:
    whole = texts_of(vault.desk, 3)
    assert texts_of(vault.desk, 3, since=2026) == whole
    since = texts_of(vault.desk, 3, since=2027)
    assert since == {name: content for name, content in whole.items() if name != FIRST}
    later = texts_of(vault.desk, 3, since=2028)
    assert later == {name: content for name, content in since.items() if name != SECOND}


def test_what_was_signed_of_another_book_beside_is_not_written(
    vault: Vault, tmp_path: Path
) -> None:
    """Both books have as many entries, and were signed as often."""
    before = texts_of(vault.desk, 3)
    other = Desk(vault.desk.engine, OTHER_BOOK, now=day(11, 10)).open()
    elsewhere = Vault(other, tmp_path / "elsewhere", now=day(11, 18))
    elsewhere.dice.thrown = 1_000
    elsewhere.begin("other.example/at/other")
    for month in (11, 12):
        other.now, elsewhere.now = day(month, 20), day(month, 21)
        other.post(CAT, POT, 3)
        elsewhere.seal()
    with other.writing() as connection:
        signer = keys.load(elsewhere.secrets, keys.in_use(connection, OTHER_BOOK).key)
        now = dt.datetime(2027, 1, 3, tzinfo=dt.UTC)
        for month_due in periods.due(connection, OTHER_BOOK, zone=dt.UTC, now=now):
            drafted = periods.draft(connection, OTHER_BOOK, month_due)
            periods.keep(connection, OTHER_BOOK, drafted, signer, now=now)
    assert texts_of(vault.desk, 3) == before
    of_other = texts_of(other, 3)
    assert of_other.keys() == {FIRST, KEYS, MONTHS, "CHECKPOINT", "KEY"}
    assert "village.example" not in "".join(of_other.values())
    assert of_other[MONTHS].count("\nmonth 2027") == 2


def in_no_order(connection: Connection) -> None:
    """Let the database give rows in another order than that of their keys, unless it is asked."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA reverse_unordered_selects = ON"))
        return
    for way in ("indexscan", "indexonlyscan", "bitmapscan"):
        connection.execute(text(f"SET LOCAL enable_{way} = off"))
    # A row that is written again lies behind the others.
    connection.execute(text("UPDATE checkpoint SET note = note WHERE size = 1"))
    connection.execute(text("UPDATE period_seal SET note = note WHERE period = '2026-11'"))


def test_what_was_signed_lies_in_order_however_the_database_keeps_it(vault: Vault) -> None:
    before = texts_of(vault.desk, 3)
    with without_guards(vault.desk.engine) as connection:
        in_no_order(connection)
        assert signed_texts(connection, BOOK, 3) == before
