"""Flip each column of each table: either `verify` notices, or the column is named here."""

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from ledger import journal, schema, verify
from ledger.chain import canonical, leaf
from ledger.errors import UnknownBook
from ledger.storage import storage_of
from tests.ledger.desk import ACTOR, ANN, BEN, BOOK, CAT, DROP_IN, OTHER_BOOK, POT, Desk
from tests.ledger.tamper import without_guards

#: Columns nothing in the book can vouch for, and why that is bearable. `docs/ledger.md` says so.
NOT_COVERED = {
    "book.code": "a label for people",
    "book.opened_at": "noticed only where it comes after the first entry; no minute moves",
    "entry.idem_hash": "keyed with the server's secret; a retry would be refused, no minute moves",
    "account_change.changed_at": "limits move no hours",
    "account_change.actor": "limits move no hours",
    "account_change.reason": "may be forgotten",
    "memo.book_id": "a memo that belongs nowhere is one erased",
    "memo.entry_id": "a memo that belongs nowhere is one erased",
}
OTHER: dict[type, Any] = {
    int: lambda value: value + 1,
    str: lambda value: value + "x",
    bytes: lambda value: bytes([value[0] ^ 1]) + value[1:],
    dt.date: lambda value: value + dt.timedelta(days=1),
    dt.datetime: lambda value: value + dt.timedelta(seconds=1),
    type(ACTOR): lambda value: type(value)(int=value.int ^ 1),
}
#: What stands in place of nothing.
FILLED = {
    "account.ceiling_minutes": 1,
    "account_change.ceiling_before": 1,
    "account_change.ceiling_after": 1,
    "entry.actor": ACTOR,
    "entry.reverses": ACTOR,
    "entry.hold_id": ACTOR,
    "entry.expires_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    "entry.corrects": ACTOR,
}
#: The tables that hours stand on; proofs above the chain have tests of their own.
TABLES = ("book", "account", "account_change", "entry", "leg", "memo")
COLUMNS = [
    f"{name}.{column.name}" for name in TABLES for column in schema.metadata.tables[name].columns
]


@pytest.fixture
def lived(desk: Desk) -> Desk:
    """A book that has been lived in."""
    lived_in(desk)
    assert desk.verify().ok
    return desk


def lived_in(desk: Desk) -> None:
    """A few entries, one taken back, and two changes of limits."""
    first = desk.post(ANN, BEN, 60, memo="Thank you")
    desk.post(legs=((DROP_IN, ANN, 30), (DROP_IN, CAT, 30)), kind="activity", actor=None)
    desk.reverse(first.entry_id)
    desk.post(ANN, BEN, 50, corrects=first.entry_id)
    with desk.writing() as connection:
        for floor in (-300, -240):
            journal.set_limits(
                *(connection, BOOK, ANN),
                floor_minutes=floor,
                ceiling_minutes=None,
                actor=ACTOR,
                reason="Agreed",
                now=desk.now,
            )


@pytest.fixture
def holding(lived: Desk) -> Desk:
    """The same book, with holds."""
    set_aside_in(lived)
    assert lived.verify().ok
    return lived


def set_aside_in(desk: Desk) -> None:
    """Holds that ended in every way there is, and one that is open."""
    first = desk.hold(ANN, BEN, 40)  # entry 5
    desk.release(desk.hold(legs=((ANN, CAT, 5), (BEN, POT, 2))).entry_id)  # 6 and 7
    desk.capture(first.entry_id, (ANN, BEN, 30))  # 8
    late = desk.hold(BEN, CAT, 3)  # 9
    desk.hold(CAT, POT, 20, days=30)  # 10
    desk.now += dt.timedelta(days=4)
    desk.expire(late.entry_id)  # 11


def flip(connection: Connection, name: str) -> None:
    """Change one column of the last row that has something in it, or fill an empty one."""
    table_name, column_name = name.split(".")
    table = schema.metadata.tables[table_name]
    column = table.c[column_name]
    key = list(table.primary_key)
    last_first = [part.desc() for part in key]
    row = connection.execute(
        sa.select(table).where(column.is_not(None)).order_by(*last_first)
    ).first()
    if row is None:
        row = connection.execute(sa.select(table).order_by(*last_first)).first()
    assert row is not None
    value = row._mapping[column_name]
    changed = FILLED[name] if value is None else OTHER[type(value)](value)
    # A state is flipped to another that there is, so that it is read as one.
    if column_name.startswith("state"):
        changed = "frozen"
    this = [part == row._mapping[part.name] for part in key]
    connection.execute(sa.update(table).where(*this).values({column_name: changed}))


@pytest.mark.parametrize("with_holds", [False, True])
@pytest.mark.parametrize("name", COLUMNS)
def test_every_changed_column_is_noticed_or_documented(
    lived: Desk, name: str, *, with_holds: bool
) -> None:
    if with_holds:
        set_aside_in(lived)
    with without_guards(lived.engine) as connection:
        flip(connection, name)
        if name == "book.book_id":
            with pytest.raises(UnknownBook):
                verify.verify(connection, BOOK)
            return
        report = verify.verify(connection, BOOK)
    assert report.ok == (name in NOT_COVERED), report
    assert all(str(problem) for problem in report.problems)


def after(desk: Desk, *statements: str) -> verify.Report:
    """The verdict over the book after some tampering, which is then undone."""
    with without_guards(desk.engine) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        return verify.verify(connection, BOOK)


@pytest.mark.parametrize(
    ("statements", "where", "reason"),
    [
        (["UPDATE leg SET minutes = 61 WHERE seq = 1"], "entry 1", "the entry was changed"),
        (
            ["DELETE FROM entry WHERE seq = 2", "DELETE FROM leg WHERE seq = 2"],
            "entry 3",
            "an entry is missing before this one",
        ),
        (["DELETE FROM leg WHERE seq = 2"], "entry 2", "the entry was changed"),
        (["DELETE FROM leg WHERE seq = 2 AND n = 1"], "entry 2", "the entry was changed"),
        (
            ["DELETE FROM entry WHERE seq = 4", "DELETE FROM leg WHERE seq = 4"],
            "head",
            "entries are missing at the end",
        ),
        (["DELETE FROM entry WHERE seq = 4"], "head", "entries are missing at the end"),
        (
            ["UPDATE account SET posted_in = posted_in + 1 WHERE code = 'M000003'"],
            "account M000003",
            "counters are not the sum of its legs",
        ),
        (["DELETE FROM account WHERE code = 'M000003'"], "account M000003", "the account is gone"),
        (
            ["UPDATE entry SET recorded_at = '2020-01-01T00:00:00.000000Z' WHERE seq = 2"],
            "entry 2",
            "recorded too early",
        ),
        (["UPDATE memo SET body = 'Curses'"], "entry 1", "the memo was changed"),
        (
            ["UPDATE account SET floor_minutes = -9000 WHERE code = 'M000001'"],
            "account M000001",
            "limits or state changed without a trace",
        ),
        (
            ["DELETE FROM account_change WHERE code = 'M000001' AND n = 1"],
            "account M000001, change 2",
            "a change is missing before this one",
        ),
        (
            ["UPDATE account_change SET floor_before = 5 WHERE n = 3"],
            "account M000001, change 3",
            "does not follow the change before it",
        ),
        (
            ["UPDATE account SET held_out = 5 WHERE code = 'M000002'"],
            "account M000002",
            "what is set aside is not the sum of its open holds",
        ),
    ],
)
def test_the_first_thing_wrong_is_named(
    lived: Desk, statements: list[str], where: str, reason: str
) -> None:
    first = after(lived, *statements).problems[0]
    assert (first.where, first.reason) == (where, reason)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "DELETE FROM entry WHERE seq = 2",
            "entry 3: an entry is missing before this one (should be entry 2, is entry 3)",
        ),
        (
            "DELETE FROM entry WHERE seq = 4",
            "head: entries are missing at the end (should be 4 entries, is 3)",
        ),
        (
            "DELETE FROM entry WHERE seq = 4",
            "book: legs without an entry (should be 4 legs, is 5)",
        ),
        (
            "DELETE FROM leg WHERE seq = 2 AND n = 1",
            "entry 2, leg 2: a leg is missing before this one (should be leg 1, is leg 2)",
        ),
        (
            "DELETE FROM leg WHERE seq = 2",
            "entry 2: the entry moves nothing (should be legs, is none)",
        ),
        (
            "UPDATE leg SET payee_balance = 51 WHERE seq = 4",
            (
                "entry 4, leg 1: balances after it do not follow"
                " (should be -20, 4, 50, 3, is -20, 4, 51, 3)"
            ),
        ),
        (
            "UPDATE entry SET enc = 2 WHERE seq = 2",
            "entry 2: unknown encoding (should be 1, is 2)",
        ),
        (
            "UPDATE entry SET recorded_at = '2026-01-01T08:59:59.000000Z' WHERE seq = 1",
            (
                "entry 1: recorded too early"
                " (should be after 2026-01-01T09:00:00.000000Z, is 2026-01-01T08:59:59.000000Z)"
            ),
        ),
        (
            # Time goes on with each entry: the very time of the one before is too early.
            "UPDATE entry SET recorded_at = '2026-01-01T09:01:00.000000Z' WHERE seq = 2",
            (
                "entry 2: recorded too early"
                " (should be after 2026-01-01T09:01:00.000000Z, is 2026-01-01T09:01:00.000000Z)"
            ),
        ),
        (
            "UPDATE book SET recorded_at = '2026-01-01T09:05:00.000000Z'",
            (
                "head: is not the last time"
                " (should be 2026-01-01T09:04:00.000000Z, is 2026-01-01T09:05:00.000000Z)"
            ),
        ),
        (
            "UPDATE account SET posted_in = posted_in + 1 WHERE code = 'M000003'",
            (
                "account M000003: counters are not the sum of its legs"
                " (should be 30, 0, 1, is 31, 0, 1)"
            ),
        ),
        (
            "UPDATE account SET posted_in = posted_in + 1 WHERE code = 'M000003'",
            "book: the accounts do not add up to zero (should be 0, is 1)",
        ),
        (
            "UPDATE account SET held_out = 5 WHERE code = 'M000003'",
            (
                "account M000003: what is set aside is not the sum of its open holds"
                " (should be 0, 0, is 0, 5)"
            ),
        ),
        (
            "UPDATE account SET kind = 'pot' WHERE code = 'M000003'",
            "account M000003: kind does not fit the code (should be member, is pot)",
        ),
        (
            "UPDATE account SET state = 'frozen' WHERE code = 'M000001'",
            (
                "account M000001: limits or state changed without a trace"
                " (should be (-240, None, 'open'), is (-240, None, 'frozen'))"
            ),
        ),
        (
            "DELETE FROM account_change WHERE code = 'M000001' AND n = 2",
            (
                "account M000001, change 3: a change is missing before this one"
                " (should be change 2, is change 3)"
            ),
        ),
        (
            "UPDATE account_change SET floor_before = 5 WHERE n = 3",
            (
                "account M000001, change 3: does not follow the change before it"
                " (should be (-300, None, 'open'), is (5, None, 'open'))"
            ),
        ),
        (
            "DELETE FROM account_change WHERE code = 'M000003'",
            (
                "account M000003: limits or state changed without a trace"
                " (should be (None, None, 'unopened'), is (-600, None, 'open'))"
            ),
        ),
        (
            "DELETE FROM account WHERE code = 'M000003'",
            "account M000003: the account is gone (should be an account, is none)",
        ),
    ],
)
def test_an_auditor_is_told_what_should_be_there_and_what_is(
    lived: Desk, statement: str, told: str
) -> None:
    assert told in [str(problem) for problem in after(lived, statement).problems]


def test_hashes_are_told_as_they_should_be_and_as_they_are(lived: Desk) -> None:
    with lived.engine.connect() as connection:
        rows = list(storage_of(connection).journal(connection, BOOK, verify.SEQ_MAX))
    [changed] = after(lived, "UPDATE entry SET category = 'food' WHERE seq = 2").problems
    found = leaf(canonical(rows[1].entry._replace(category="food")))
    assert (changed.where, changed.reason) == ("entry 2", "the entry was changed")
    assert (changed.expected, changed.found) == (f"leaf {rows[1].leaf.hex()}", found.hex())
    broken = after(lived, "UPDATE entry SET chain = leaf WHERE seq = 4").problems
    right, wrong = rows[3].chain.hex(), rows[3].leaf.hex()
    assert [(problem.where, problem.expected, problem.found) for problem in broken] == [
        ("entry 4", right, wrong),
        ("head", wrong, right),
    ]
    assert [problem.reason for problem in broken] == ["the chain is broken", "is not the last link"]
    [memo] = after(lived, "UPDATE memo SET body = 'Curses' WHERE body = 'Thank you'").problems
    assert (memo.where, memo.expected) == ("entry 1", rows[0].entry.memo)
    assert memo.found != memo.expected


@pytest.mark.parametrize(
    ("statements", "where", "reason"),
    [
        (
            ["UPDATE account SET held_in = 0 WHERE code = 'G000001'"],
            "account G000001",
            "what is set aside is not the sum of its open holds",
        ),
        (
            ["UPDATE leg SET payer_balance = payer_balance - 20 WHERE seq = 10"],
            "entry 10, leg 1",
            "balances after it do not follow",
        ),
        (
            ["UPDATE account SET version = version - 1 WHERE code = 'G000001'"],
            "account G000001",
            "counters are not the sum of its legs",
        ),
    ],
)
def test_what_is_wrong_with_hours_set_aside_is_named(
    holding: Desk, statements: list[str], where: str, reason: str
) -> None:
    first = after(holding, *statements).problems[0]
    assert (first.where, first.reason) == (where, reason)


def test_one_minute_moved_everywhere_but_in_the_chain_is_still_found(lived: Desk) -> None:
    """Leg, balances and counters agree with each other; only the hash knows better."""
    report = after(
        lived,
        "UPDATE leg SET minutes = 51, payer_balance = payer_balance - 1,"
        " payee_balance = payee_balance + 1 WHERE seq = 4",
        "UPDATE account SET posted_out = posted_out + 1 WHERE code = 'M000001'",
        "UPDATE account SET posted_in = posted_in + 1 WHERE code = 'M000002'",
    )
    assert [str(problem.where) for problem in report.problems] == ["entry 4"]
    assert report.total_minutes == 0


def test_a_reversal_that_is_no_mirror_image_is_found(lived: Desk) -> None:
    """Even one that was hashed as it is: an error of ours, not of somebody else's."""
    report = after(lived, "UPDATE leg SET minutes = 59 WHERE seq = 3")
    reasons = [problem.reason for problem in report.problems]
    assert "no mirror image of what it takes back" in reasons


def test_a_total_that_is_not_zero_is_found(lived: Desk) -> None:
    report = after(lived, "UPDATE account SET posted_in = posted_in + 1 WHERE code = 'opening'")
    assert report.problems[-1].reason == "the accounts do not add up to zero"
    assert report.total_minutes == 1


def test_after_many_problems_it_stops_listing(lived: Desk) -> None:
    for _entry in range(10):
        lived.post(minutes=1)
    report = after(lived, "UPDATE leg SET minutes = minutes + 1")
    assert len(report.problems) == verify.PROBLEMS_MAX


def test_a_book_that_is_not_there_is_no_sound_book(desk: Desk) -> None:
    with pytest.raises(UnknownBook) as refused:
        Desk(desk.engine, OTHER_BOOK).verify()
    assert refused.value.book_id == OTHER_BOOK


def test_the_first_entry_may_be_recorded_at_the_opening_and_no_other_with_it(desk: Desk) -> None:
    desk.now -= dt.timedelta(minutes=1)
    desk.post(ANN, BEN, 60)
    assert desk.verify().ok
    desk.post(ANN, BEN, 5)
    same = "UPDATE entry SET recorded_at = (SELECT recorded_at FROM entry WHERE seq = 1)"
    first = after(desk, f"{same} WHERE seq = 2").problems[0]
    assert (first.where, first.reason) == ("entry 2", "recorded too early")


def test_an_empty_book_is_sound(desk: Desk) -> None:
    report = desk.verify()
    assert (report.ok, report.entries, report.accounts, report.head) == (True, 0, 6, bytes(32))
