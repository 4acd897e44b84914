"""Does it stay fast? Posting, balances and statements in a short book and in a long one; `verify`.

The two books stand side by side and are asked in turn, so that a bad moment of the machine meets
both. `--size` says how long the long one is.
"""

import datetime as dt
import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Connection, Engine

from bench import long_book
from bench.long_book import OPENED_AT, STEP
from bench.posting import started
from bench.registry import Conditions, Measured, benchmark
from bench.writers import BOOK, CODES, SECRET
from ledger.balances import balance, statement
from ledger.chain import GENESIS, ChainedEntry, canonical, leaf, link
from ledger.entries import EntryRequest, LegRequest
from ledger.journal import post
from ledger.verify import verify
from timebank.db import WRITES

SHORT = 10_000
#: The slowest of a hundred may take half as long again in the long book.
FLAT = 1 / 1.5
ASKED = 400
Act = Callable[[Engine, int], None]


@benchmark("size")
def size(conditions: Conditions) -> Iterator[Measured]:
    """Measure the p99 of each act in a short book against that in a long one, on both databases."""
    with started(conditions) as servers:
        for database, folder in servers.items():
            urls = [folder(f"book_{entries}") for entries in (SHORT, conditions.size)]
            for url, entries in zip(urls, (SHORT, conditions.size), strict=True):
                print(f"writing a book of {entries:,} entries ({database}) …", flush=True)
                long_book.make(url, entries)
            with _open(urls) as (short, long):
                for name, act in ACTS.items():
                    yield _compare(f"{name}, {database}", act, short, long, conditions)
                yield _verifying(database, long, conditions)


@contextmanager
def _open(urls: Sequence[str]) -> Iterator[tuple[Engine, Engine]]:
    short, long = (long_book.open_engine(url) for url in urls)
    try:
        yield short, long
    finally:
        short.dispose()
        long.dispose()


def _compare(name: str, act: Act, short: Engine, long: Engine, conditions: Conditions) -> Measured:
    slowest: dict[Engine, list[float]] = {short: [], long: []}
    middle: dict[Engine, list[float]] = {short: [], long: []}
    for turn in range(conditions.turns):
        taken: dict[Engine, list[float]] = {short: [], long: []}
        for number in range(ASKED):
            for engine in (short, long):
                begin = time.perf_counter()
                act(engine, turn * ASKED + number)
                taken[engine].append(time.perf_counter() - begin)
        for engine, seconds in taken.items():
            slowest[engine].append(sorted(seconds)[ASKED * 99 // 100])
            middle[engine].append(sorted(seconds)[ASKED // 2])
    return Measured(
        name=f"{name}: p99, {SHORT:,} and {conditions.size:,}",
        ours=[1 / seconds for seconds in slowest[long]],
        floor=[1 / seconds for seconds in slowest[short]],
        wanted=FLAT,
        note=", ".join(
            f"{each} p50 {min(middle[engine]) * 1000:.2f}, p99 {min(slowest[engine]) * 1000:.2f} ms"
            for each, engine in (("short", short), ("long", long))
        ),
    )


def _post(engine: Engine, number: int) -> None:
    chosen = random.Random(number)  # noqa: S311 - both books get the same
    payer, payee = chosen.sample(CODES, 2)
    request = EntryRequest(
        book_id=BOOK,
        kind="exchange",
        legs=(LegRequest(payer, payee, 15),),
        occurred_on=OPENED_AT.date(),
        actor=None,
        category="company",
        idem_key=f"size-{next(_KEYS)}",
    )
    # The ledger itself goes on from the last entry, a microsecond each.
    now = OPENED_AT
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        post(connection, request, secret=SECRET, now=now)


_KEYS = itertools.count()


def _balance(engine: Engine, number: int) -> None:
    with engine.connect() as connection:
        balance(connection, BOOK, CODES[number % len(CODES)])


def _statement(engine: Engine, number: int) -> None:
    """A month of one account, anywhere in the book."""
    chosen = random.Random(number)  # noqa: S311 - both books are asked the same
    day = (OPENED_AT + chosen.random() * _length(engine) * STEP).date()
    with engine.connect() as connection:
        statement(
            connection, BOOK, chosen.choice(CODES), since_on=day, until_on=day + dt.timedelta(29)
        )


@cache
def _length(engine: Engine) -> int:
    """How many entries a book began with."""
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT seq FROM book").scalar_one())


ACTS: dict[str, Act] = {"post()": _post, "balance": _balance, "statement": _statement}


def _verifying(database: str, engine: Engine, conditions: Conditions) -> Measured:
    """`verify` beside hashing as many entries that are in memory already."""
    count = min(conditions.size, 100_000)
    entries = list(long_book.entries_in_memory(count))
    ours, floor = [], []
    for _turn in range(conditions.turns):
        with engine.connect() as connection:
            ours.append(rate(lambda: _verify(connection)))
        floor.append(rate(lambda: hash_all(entries)))
    return Measured(
        name=f"verify {database}, beside hashing alone",
        ours=ours,
        floor=floor,
        wanted=0.3,
        note=f"{max(ours):,.0f} entries a second; 60,000 wanted of an idle core",
    )


def rate(act: Callable[[], int]) -> float:
    """How many it does in a second of the processor."""
    begin = time.process_time()
    done = act()
    return done / (time.process_time() - begin)


def _verify(connection: Connection) -> int:
    report = verify(connection, BOOK)
    if not report.ok:
        raise AssertionError(report)
    return report.entries


def hash_all(entries: Sequence[ChainedEntry]) -> int:
    """Hash these into one chain: the floor of whatever reads a book."""
    chain = GENESIS
    for entry in entries:
        chain = link(chain, leaf(canonical(entry)))
    return len(entries)
