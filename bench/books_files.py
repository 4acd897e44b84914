"""The books as files: export whole and in part, restore, and the audit beside stock bean-check.

Processor time throughout, of this process or of the one that was started: what the disk and other
people do meanwhile says nothing about us.
"""

import datetime as dt
import itertools
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import Engine

from bench import long_book
from bench.ledger_size import hash_all, rate
from bench.long_book import OPENED_AT
from bench.posting import started
from bench.registry import Conditions, Measured, benchmark
from bench.writers import BOOK, CODES, SECRET
from ledger import schema
from ledger.books import export
from ledger.entries import EntryRequest, LegRequest
from ledger.journal import post
from ledger.restore import restore
from ledger.verify import verify
from timebank.db import WRITES

NEW = 1_000
#: How many times faster than a whole export one of a thousand new entries is to be, at 400,000.
PART, PART_OF = 50, 400_000
YEAR_ENTRIES = 60_000
#: So that as many fall into one year.
YEAR_STEP = dt.timedelta(minutes=8)
AUDIT_TAKES_AT_MOST = 1.3
PLUGIN_LINE = 'plugin "timebank_books"\n'
_KEYS = itertools.count()


@benchmark("books")
def books(conditions: Conditions) -> Iterator[Measured]:
    """Measure on both databases, the audit once: it sees files only."""
    with started(conditions) as servers:
        for database, create in servers.items():
            print(f"writing a book of {conditions.size:,} entries ({database}) …", flush=True)
            url = create("books_long")
            long_book.make(url, conditions.size)
            engine = long_book.open_engine(url)
            folder = conditions.folder / f"books-{engine.name}"
            yield _whole(database, engine, folder, conditions)
            yield _in_part(database, engine, folder, conditions)
            restored = long_book.open_engine(create("books_restored"))
            yield _restoring(database, restored, folder)
            for each in (engine, restored):
                each.dispose()
    yield _auditing(conditions)


def _export(engine: Engine, folder: Path, *, is_full: bool = False) -> int:
    with engine.connect() as connection:
        return export(connection, BOOK, folder, is_full=is_full).entries


def _whole(database: str, engine: Engine, folder: Path, conditions: Conditions) -> Measured:
    """A whole export beside hashing as many entries that are in memory."""
    hashed = list(long_book.entries_in_memory(min(conditions.size, 100_000)))
    ours, floor = [], []
    for _turn in range(conditions.turns):
        shutil.rmtree(folder, ignore_errors=True)
        ours.append(rate(lambda: _export(engine, folder)))
        floor.append(rate(lambda: hash_all(hashed)))
    return Measured(
        name=f"export whole, {database}, beside hashing alone",
        ours=ours,
        floor=floor,
        wanted=0.2,
        note=f"{max(ours):,.0f} entries a second; 60,000 wanted of an idle core",
    )


def _in_part(database: str, engine: Engine, folder: Path, conditions: Conditions) -> Measured:
    """A thousand new entries, against a part of a whole export of the same book."""
    part = PART * min(1.0, conditions.size / PART_OF)
    ours, floor = [], []
    for _turn in range(conditions.turns):
        _post_new(engine)
        seconds = _seconds(lambda: _export(engine, folder))
        whole = _seconds(lambda: _export(engine, folder, is_full=True))
        ours.append(1 / seconds)
        floor.append(part / whole)
    return Measured(
        name=f"export of {NEW:,} new, {database}, as 1/{part:.0f} of whole",
        ours=ours,
        floor=floor,
        wanted=1.0,
        note=f"{1000 / max(ours):.0f} ms; 1/{PART} wanted at {PART_OF:,} entries",
    )


def _post_new(engine: Engine) -> None:
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        for number in range(NEW):
            request = EntryRequest(
                book_id=BOOK,
                kind="exchange",
                legs=(LegRequest(CODES[number % 50], CODES[number % 50 + 1], 15),),
                occurred_on=OPENED_AT.date(),
                actor=None,
                category="company",
                idem_key=f"books-{next(_KEYS)}",
            )
            post(connection, request, secret=SECRET, now=OPENED_AT)


def _restoring(database: str, engine: Engine, folder: Path) -> Measured:
    """The ledger anew from the files, beside `verify`, which it ends with."""
    schema.metadata.create_all(engine)

    def make_anew() -> int:
        writing = engine.connect().execution_options(**{WRITES: True})
        with writing as connection, connection.begin():
            return restore(
                *(connection, folder),
                secret=SECRET,
                limits=lambda _kind: (-(10**8), None),
                now=OPENED_AT,
            ).entries

    ours = rate(make_anew)
    with engine.connect() as connection:
        floor = rate(lambda: verify(connection, BOOK).entries)
    return Measured(
        name=f"restore, {database}, beside verify alone",
        ours=[ours],
        floor=[floor],
        wanted=0.1,
        note="verify is a part of it",
    )


def _auditing(conditions: Conditions) -> Measured:
    """A year by our audit and by stock bean-check, which loads no plugin of ours."""
    url = f"sqlite:///{conditions.folder / 'books_year.sqlite3'}"
    long_book.make(url, YEAR_ENTRIES, YEAR_STEP)
    engine = long_book.open_engine(url)
    folder, stock = conditions.folder / "year", conditions.folder / "stock"
    _export(engine, folder)
    engine.dispose()
    shutil.copytree(folder, stock)
    top = f"{OPENED_AT.year}.beancount"
    text = (stock / top).read_text("utf-8")
    (stock / top).write_text(text.replace(PLUGIN_LINE, ""), "utf-8")
    bean_check = Path(sys.executable).with_name("bean-check")
    audit = (sys.executable, "-m", "ledger.audit", str(folder), "--year", str(OPENED_AT.year))
    ours, floor = [], []
    for _turn in range(conditions.turns):
        floor.append(YEAR_ENTRIES / _child_seconds(bean_check, "--no-cache", stock / top))
        ours.append(YEAR_ENTRIES / _child_seconds(*audit))
    return Measured(
        name=f"audit of a year of {YEAR_ENTRIES:,}, beside bean-check",
        ours=ours,
        floor=floor,
        wanted=1 / AUDIT_TAKES_AT_MOST,
        note=f"{YEAR_ENTRIES / max(ours):.1f} s; entries a second",
    )


def _seconds(act: Callable[[], object]) -> float:
    begin = time.process_time()
    act()
    return time.process_time() - begin


def _child_seconds(*command: str | Path) -> float:
    """Processor time that a program takes, which must succeed."""
    before = _of_children()
    words: Sequence[str] = [str(word) for word in command]
    subprocess.run(words, check=True, capture_output=True)  # noqa: S603 - our own words
    return _of_children() - before


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
