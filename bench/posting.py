"""`post()` against the same statements hand-written on the bare driver, chain included."""

import datetime as dt
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine

from bench.registry import Conditions, Measured, benchmark
from bench.writers import BOOKS, CODES, FLOOR_MINUTES, Raced, Shape, race
from ledger import journal, schema
from ledger.verify import verify
from tests import databases
from timebank.db import WRITES, engine_options, prepare_engine

WANTED = 0.6
#: How many write at once, and where.
RACES = (
    (1, Shape("one book")),
    (8, Shape("one book")),
    (8, Shape("20 books", books=BOOKS)),
    (8, Shape("hot account", is_hot=True)),
)
OPENED_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@benchmark("post")
def posting(conditions: Conditions) -> Iterator[Measured]:
    """Measure both databases: one writer and eight; one book, many, and one hot account."""
    turns = 0
    with servers(conditions) as urls:
        for database, url in urls.items():
            for writers, shape in RACES:
                rates: dict[str, list[float]] = {"bare": [], "ours": []}
                p99 = longest = 0.0
                for _turn in range(conditions.turns):
                    for side, measured in rates.items():
                        turns += 1
                        found = run(side, url, conditions.seconds, writers, turns, shape)
                        measured.append(found.rate)
                        if side == "ours":
                            p99, longest = max(p99, found.p99), max(longest, found.longest)
                yield Measured(
                    name=f"post() {database}, {writers} at once, {shape.name}",
                    ours=rates["ours"],
                    floor=rates["bare"],
                    wanted=WANTED,
                    note=f"p99 {p99 * 1000:.1f} ms, longest {longest * 1000:.0f} ms",
                )
            check(url)


@contextmanager
def started(conditions: Conditions) -> Iterator[dict[str, Callable[[str], str]]]:
    """Both databases, syncing each commit to the disk as in life: name → address of a new one."""
    made: dict[str, Callable[[str], str]] = {
        "SQLite": lambda name: f"sqlite:///{conditions.folder / name}.sqlite3"
    }
    programs = databases.postgres_programs()
    if programs is None:
        print("PostgreSQL is not installed; only SQLite is measured")
        yield made
        return
    with databases.postgres_server(programs, fsync="on", full_page_writes="on") as server:

        def create(name: str) -> str:
            engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            engine.dispose()
            return f"{server}/{name}"

        made["PostgreSQL"] = create
        yield made


@contextmanager
def servers(conditions: Conditions) -> Iterator[dict[str, str]]:
    """Both databases with books in them."""
    with started(conditions) as made:
        urls = {database: create("bench") for database, create in made.items()}
        for url in urls.values():
            fill(url)
        yield urls


def fill(url: str) -> None:
    """Open a book with its members."""
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    schema.metadata.create_all(engine)
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        for number, book in enumerate(BOOKS, 1):
            journal.open_book(connection, book, f"bench-{number}", now=OPENED_AT)
            for code in CODES:
                journal.open_account(connection, book, code, "member", floor_minutes=FLOOR_MINUTES)
    engine.dispose()


def run(side: str, url: str, seconds: float, writers: int, turn: int, shape: Shape) -> Raced:
    """Let so many processes write; return entries a second in all, and the worst of the rest."""
    context = multiprocessing.get_context("spawn")
    start, queue = context.Barrier(writers), context.Queue()
    running = [
        context.Process(target=race, args=(side, url, seconds, f"{turn}-{n}", shape, start, queue))
        for n in range(writers)
    ]
    for process in running:
        process.start()
    answers = [queue.get(timeout=seconds + 60) for _process in running]
    for process in running:
        process.join()
    return Raced(
        rate=sum(each.rate for each in answers),
        p99=max(each.p99 for each in answers),
        longest=max(each.longest for each in answers),
    )


def check(url: str) -> None:
    """See that whatever was written so fast is also right, by hand or by us."""
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    with engine.connect() as connection:
        reports = [verify(connection, book) for book in BOOKS]
    engine.dispose()
    for report in reports:
        if not report.ok:
            raise AssertionError(report)
