"""Four times the entries must not cost sixteen times: the shape of a cost, not its size."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from ledger.audit.check import audit
from ledger.books import export
from ledger.verify import verify
from tests.databases import SqliteDatabase
from tests.ledger.desk import BOOK, Desk
from tests.ledger.vault import post_many

FEW, MANY = 150, 600
#: In step would be 4, by the square 16. Between the two, as no machine is ever still.
RATIO_MAX = 9.0


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one piece of work, the best of three."""
    took = []
    for _turn in range(3):
        begun = time.process_time()
        work()
        took.append(time.process_time() - begun)
    return min(took)


@pytest.mark.parametrize("what", ["verify", "export", "audit"])
def test_four_times_the_entries_do_not_cost_sixteen_times(
    sqlite_database: SqliteDatabase, tmp_path: Path, what: str
) -> None:
    engine = sqlite_database.engine()
    sqlite_database.put_back(engine)
    desk = Desk(engine).open()
    took = []
    with engine.connect() as connection:
        for more in (FEW, MANY - FEW):
            post_many(desk, more)
            connection.rollback()
            export(connection, BOOK, tmp_path, is_full=True)
            works: dict[str, Callable[[], object]] = {
                "verify": lambda: verify(connection, BOOK),
                "export": lambda: export(connection, BOOK, tmp_path, is_full=True),
                "audit": lambda: audit(tmp_path),
            }
            took.append(seconds(works[what]))
    sqlite_database.put_back(engine)
    assert took[1] / took[0] < RATIO_MAX, took


def by_the_square(count: int) -> int:
    return sum(a == b for a in range(count) for b in range(count))


def test_a_cost_by_the_square_would_be_seen() -> None:
    few, many = (seconds(partial(by_the_square, count)) for count in (FEW, MANY))
    assert many / few > RATIO_MAX
