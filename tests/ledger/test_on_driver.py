"""What the driver of SQLite is asked directly is heard of and refused as everything else."""

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from ledger import storage
from tests.ledger.desk import Desk

pytestmark = pytest.mark.parametrize("_database", ["sqlite"], indirect=True)


def test_listeners_of_the_engine_hear_of_every_statement_of_a_post(desk: Desk) -> None:
    heard: list[str] = []

    def hear(_connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        heard.append(statement.split(" (", maxsplit=1)[0])

    event.listen(desk.engine, "before_cursor_execute", hear)
    desk.post("M000001", "M000002", 60)
    event.remove(desk.engine, "before_cursor_execute", hear)
    assert "INSERT INTO entry" in " ".join(heard)
    assert "INSERT INTO leg" in " ".join(heard)


def test_an_error_is_the_one_that_everybody_above_waits_for(desk: Desk) -> None:
    with desk.engine.connect() as connection:
        with pytest.raises(OperationalError, match="no such table: nowhere") as refusal:
            storage._on_driver(connection, "SELECT 1 FROM nowhere", ())
        assert refusal.value.statement == "SELECT 1 FROM nowhere"
