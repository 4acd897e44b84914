"""A book to write in, on SQLite and on PostgreSQL, without the application around it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.databases import Database, close
from tests.ledger.desk import Desk


@pytest.fixture
def engine(_database: Database) -> Iterator[Engine]:
    """Open a fresh database, as the application would."""
    engine = _database.engine()
    yield engine
    _database.put_back(engine)
    close(engine)


@pytest.fixture
def desk(engine: Engine) -> Desk:
    """Open a book with three members."""
    return Desk(engine).open()


@pytest.fixture
def engine_url_of(_database: Database) -> str:
    """Give the address of the database, for a process of its own."""
    return _database.url
