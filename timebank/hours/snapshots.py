"""Read one moment of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from timebank.db import db


@contextmanager
def snapshot() -> Iterator[Connection]:
    """A connection that reads one moment of the database, and changes nothing."""
    level = {"isolation_level": "REPEATABLE READ"} if db.engine.name == "postgresql" else {}
    with db.engine.connect().execution_options(**level) as connection:
        yield connection
