"""`post()` against the same statements hand-written on the bare driver, chain included."""

import datetime as dt
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine

from bench.registry import Conditions, Measured, benchmark
from bench.writers import BOOK, FLOOR_MINUTES, MEMBERS, race
from ledger import journal, schema
from ledger.accounts import member_code
from ledger.verify import verify
from tests import databases
from timebank.db import WRITES, engine_options, prepare_engine

WANTED = 0.5
WRITERS = (1, 8)
OPENED_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@benchmark("post")
def posting(conditions: Conditions) -> Iterator[Measured]:
    """Measure both databases with one writer and with eight."""
    turns = 0
    with servers(conditions) as urls:
        for database, url in urls.items():
            for writers in WRITERS:
                rates: dict[str, list[float]] = {"bare": [], "ours": []}
                slowest = 0.0
                for _turn in range(conditions.turns):
                    for side, measured in rates.items():
                        turns += 1
                        rate, p99 = run(side, url, conditions.seconds, writers, turns)
                        measured.append(rate)
                        slowest = max(slowest, p99) if side == "ours" else slowest
                yield Measured(
                    name=f"post() {database}, {writers} writer{'s' if writers > 1 else ''}",
                    ours=rates["ours"],
                    floor=rates["bare"],
                    wanted=WANTED,
                    note=f"p99 {slowest * 1000:.1f} ms",
                )
            check(url)


@contextmanager
def servers(conditions: Conditions) -> Iterator[dict[str, str]]:
    """Both databases with a book in them, syncing each commit to the disk as in life."""
    urls = {"SQLite": f"sqlite:///{conditions.folder / 'bench.sqlite3'}"}
    programs = databases.postgres_programs()
    if programs is None:
        print("PostgreSQL is not installed; only SQLite is measured")
        fill(urls["SQLite"])
        yield urls
        return
    with databases.postgres_server(programs, fsync="on", full_page_writes="on") as server:
        urls["PostgreSQL"] = f"{server}/postgres"
        for url in urls.values():
            fill(url)
        yield urls


def fill(url: str) -> None:
    """Open a book with its members."""
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    schema.metadata.create_all(engine)
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        journal.open_book(connection, BOOK, "bench", now=OPENED_AT)
        for number in range(1, MEMBERS + 1):
            journal.open_account(
                connection, BOOK, member_code(number), "member", floor_minutes=FLOOR_MINUTES
            )
    engine.dispose()


def run(side: str, url: str, seconds: float, writers: int, turn: int) -> tuple[float, float]:
    """Let so many processes write; return entries a second in all, and the worst p99."""
    context = multiprocessing.get_context("spawn")
    start, queue = context.Barrier(writers), context.Queue()
    running = [
        context.Process(target=race, args=(side, url, seconds, f"{turn}-{n}", start, queue))
        for n in range(writers)
    ]
    for process in running:
        process.start()
    answers = [queue.get(timeout=seconds + 60) for _process in running]
    for process in running:
        process.join()
    return sum(rate for rate, _p99 in answers), max(p99 for _rate, p99 in answers)


def check(url: str) -> None:
    """See that whatever was written so fast is also right, by hand or by us."""
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    with engine.connect() as connection:
        report = verify(connection, BOOK)
    engine.dispose()
    if not report.ok:
        raise AssertionError(report)
