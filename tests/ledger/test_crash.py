"""Whatever goes wrong, and wherever: the book stays as it was, or says it does not know."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from ledger import journal, schema
from ledger.entries import Outcome
from ledger.errors import Indeterminate
from tests.ledger.desk import ANN, BEN, BOOK, OPENED_AT, SECRET, Desk
from timebank.db import WRITES


class PowerCutError(Exception):
    """The process is gone in the middle of a statement."""


@contextmanager
def cut_at(engine: Engine, number: int, *, after: bool) -> Iterator[list[str]]:
    """Stop before or after the statement with this number; list what was run."""
    run: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        run.append(statement)
        if len(run) == number:
            raise PowerCutError

    moment = "after_cursor_execute" if after else "before_cursor_execute"
    event.listen(engine, moment, count)
    try:
        yield run
    finally:
        event.remove(engine, moment, count)


def contents(engine: Engine) -> dict[str, list[Any]]:
    """Every row of every table of the ledger."""
    with engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in schema.metadata.sorted_tables
        }


def post(desk: Desk) -> Outcome:
    return desk.post(ANN, BEN, 60, key="crash", memo="Words")


def reverse(desk: Desk) -> Outcome:
    with desk.engine.connect() as connection:
        first = connection.execute(
            sa.select(schema.entry.c.id).order_by(schema.entry.c.seq)
        ).scalar_one()
    return desk.reverse(first, key="crash")


def hold(desk: Desk) -> Outcome:
    return desk.hold(ANN, BEN, 60, key="crash", memo="Words", days=9)


def held_by(desk: Desk) -> UUID:
    with desk.engine.connect() as connection:
        found = sa.select(schema.entry.c.id).where(schema.entry.c.kind == "hold")
        hold_id: UUID = connection.execute(found).scalar_one()
    return hold_id


def capture(desk: Desk) -> Outcome:
    return desk.capture(held_by(desk), (BEN, ANN, 4), key="crash", memo="Words")


def release(desk: Desk) -> Outcome:
    return desk.release(held_by(desk), key="crash")


def expire(desk: Desk) -> Outcome:
    desk.now = OPENED_AT + dt.timedelta(days=3)
    return desk.expire(held_by(desk), key="crash")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("act", [post, reverse, hold, capture, release, expire])
def test_a_crash_at_any_statement_leaves_the_book_as_it_was(
    desk: Desk, act: Callable[[Desk], Outcome], *, after: bool
) -> None:
    if act in {capture, release, expire}:
        desk.hold(BEN, ANN, 5)
    else:
        desk.post(BEN, ANN, 5)
    before = contents(desk.engine)
    number = 0
    while True:
        number += 1
        try:
            with cut_at(desk.engine, number, after=after):
                act(desk)
        except PowerCutError:
            assert contents(desk.engine) == before, f"after statement {number}"
            continue
        break
    assert number > 4
    assert desk.verify().entries == 2
    assert desk.verify().ok


@pytest.mark.parametrize(("act", "more"), [(post, 0), (hold, 0), (capture, 4), (release, 4)])
def test_an_entry_takes_few_statements(
    desk: Desk, act: Callable[[Desk], Outcome], more: int
) -> None:
    """What resolves a hold reads it and its legs, and looks whether that was done before."""
    desk.hold(BEN, ANN, 5)
    with cut_at(desk.engine, 0, after=False) as run:
        act(desk)
    counted = [statement for statement in run if not statement.startswith(("BEGIN", "SET LOCAL"))]
    is_sqlite = desk.engine.dialect.name == "sqlite"
    # On SQLite the memo is a statement of its own; the search for the hold is the test's.
    wanted = (6 if act is release else 7) if is_sqlite else 3
    assert len(counted) == wanted + more, counted


# ------------------------------------------------------------- an error from COMMIT


def break_commit(connection: Connection, error: Exception, *, really: bool) -> None:
    """Let the next COMMIT fail as a driver would tell it, having taken effect or not."""
    dbapi = connection.connection.dbapi_connection
    assert dbapi is not None
    wrapped = connection.dialect.do_commit

    def do_commit(given: Any) -> None:
        connection.dialect.do_commit = wrapped  # type: ignore[method-assign]
        if really:
            wrapped(given)
        else:
            connection.dialect.do_rollback(given)
        raise error

    connection.dialect.do_commit = do_commit  # type: ignore[method-assign,assignment]


def driver_error(engine: Engine, **facts: object) -> Exception:
    """An error of the driver in use, with such facts on it."""
    driver = engine.dialect.loaded_dbapi
    error: Exception = driver.OperationalError("the disk does not answer")
    for name, value in facts.items():
        setattr(error, name, value)
    return error


@pytest.mark.parametrize("really", [False, True])
def test_a_doubtful_commit_is_never_called_failed_and_the_key_settles_it(
    desk: Desk, *, really: bool
) -> None:
    connection = desk.engine.connect().execution_options(**{WRITES: True})
    with connection:
        transaction = connection.begin()
        desk.post_in(connection, desk.request(key="doubt"))
        break_commit(connection, driver_error(desk.engine), really=really)
        with pytest.raises(Indeterminate) as doubt:
            journal.commit(transaction, book_id=BOOK, idem_key="doubt")
    assert doubt.value.facts == {"book_id": BOOK, "idem_key": "doubt"}
    with desk.engine.connect() as connection:
        found = journal.lookup(connection, BOOK, "doubt")
    assert (found is not None) == really
    again = desk.post(key="doubt")
    assert again.status == ("replayed" if really else "posted")
    assert desk.verify().entries == 1


def test_a_commit_that_certainly_failed_says_so(desk: Desk) -> None:
    sqlite = desk.engine.dialect.name == "sqlite"
    facts = {"sqlite_errorname": "SQLITE_BUSY"} if sqlite else {}
    connection = desk.engine.connect().execution_options(**{WRITES: True})
    with connection:
        transaction = connection.begin()
        desk.post_in(connection, desk.request(key="doubt"))
        error = driver_error(desk.engine, **facts)
        if not sqlite:
            error = desk.engine.dialect.loaded_dbapi.errors.SerializationFailure("try again")
        break_commit(connection, error, really=False)
        with pytest.raises(DBAPIError):
            journal.commit(transaction, book_id=BOOK, idem_key="doubt")
    assert desk.verify().entries == 0


@pytest.mark.parametrize(
    ("facts", "certain"),
    [
        ({"sqlstate": "40001"}, True),
        ({"sqlstate": "40P01"}, True),
        ({"sqlstate": "57P01"}, False),
        ({"sqlstate": None, "sqlite_errorname": "SQLITE_BUSY_SNAPSHOT"}, True),
        ({"sqlite_errorname": "SQLITE_IOERR_FSYNC"}, False),
        ({}, False),
    ],
)
def test_only_some_errors_prove_that_nothing_was_written(
    facts: dict[str, Any], *, certain: bool
) -> None:
    error = OperationalError("COMMIT", {}, SimpleNamespace(**facts))  # type: ignore[arg-type]
    assert journal.is_certainly_rolled_back(error) is certain


def test_a_good_commit_says_nothing(desk: Desk) -> None:
    connection = desk.engine.connect().execution_options(**{WRITES: True})
    with connection:
        transaction = connection.begin()
        request = desk.request(key="well")
        journal.post(connection, request, secret=SECRET, now=desk.now)
        journal.commit(transaction, book_id=BOOK, idem_key="well")
    assert desk.verify().entries == 1
