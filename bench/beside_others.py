"""The same journal in four programs: what every account holds, here and elsewhere.

The book is exported once and read by hledger, ledger and bean-query as they come from their makers;
here the question goes to the database. The ratio says how much longer they take, at least where one
of them is stopped because it takes too long.
"""

import csv
import io
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Engine

from bench import long_book
from bench.registry import Conditions, Measured, benchmark
from bench.writers import BOOK
from ledger.accounts import code_of
from ledger.balances import trial_balance
from ledger.books import export

TURNS_MAX = 2
SECONDS_MAX = 600
Balances = dict[str, int]
#: Metadata is beancount's own; the other two read plain transactions.
_METADATA = re.compile(r"  [a-z-]+: ")
_LINE = re.compile(r"\s*(-?[0-9]+) MIN\s+(\S+)")


@benchmark("others")
def others(conditions: Conditions) -> Iterator[Measured]:
    """Ask for every balance in the same book here and in other programs."""
    url = f"sqlite:///{conditions.folder / 'others.sqlite3'}"
    print(f"writing a book of {conditions.size:,} entries …", flush=True)
    long_book.make(url, conditions.size)
    engine = long_book.open_engine(url)
    books, plain = conditions.folder / "books", conditions.folder / "plain.journal"
    with engine.connect() as connection:
        export(connection, BOOK, books)
    _write_plain(books, plain)
    expected = _ours(engine)
    for name, ask in _programs(books, plain).items():
        ours, floor = [], []
        for _turn in range(min(conditions.turns, TURNS_MAX)):
            ours.append(1 / _seconds(lambda: _ours(engine), expected))
            floor.append(1 / _seconds(ask, expected))
        yield Measured(
            name=f"all balances of {conditions.size:,} entries, beside {name}",
            ours=ours,
            floor=floor,
            wanted=1.0,
            note=f"{name} takes {_said(1 / max(floor))}, we {1000 / max(ours):.1f} ms",
        )
    engine.dispose()


def _programs(books: Path, plain: Path) -> dict[str, Callable[[], Balances]]:
    found: dict[str, Callable[[], Balances]] = {}
    if shutil.which("hledger"):
        found["hledger"] = lambda: _hledger(plain)
    if shutil.which("ledger"):
        found["ledger"] = lambda: _ledger(plain)
    found["bean-query"] = lambda: _bean_query(books)
    return found


def _said(seconds: float) -> str:
    return f"over {SECONDS_MAX // 60} min" if seconds >= SECONDS_MAX else f"{seconds:.2f} s"


def _seconds(ask: Callable[[], Balances], expected: Balances) -> float:
    begin = time.perf_counter()
    try:
        found = ask()
    except subprocess.TimeoutExpired:
        return SECONDS_MAX
    seconds = time.perf_counter() - begin
    if found != expected:
        raise AssertionError("they do not agree")
    return seconds


def _ours(engine: Engine) -> Balances:
    with engine.connect() as connection:
        accounts = trial_balance(connection, BOOK).accounts
    return {account.code: account.posted for account in accounts if account.posted}


def _hledger(plain: Path) -> Balances:
    said = _run("hledger", "-f", plain, "balance", "--flat", "-N", "-O", "csv")
    rows = list(csv.reader(io.StringIO(said)))[1:]
    return _by_code((name, amount.removesuffix(" MIN")) for name, amount in rows)


def _ledger(plain: Path) -> Balances:
    said = _run("ledger", "-f", plain, "balance", "--flat", "--no-total")
    return _by_code(
        (found[2], found[1]) for found in map(_LINE.fullmatch, said.splitlines()) if found
    )


def _bean_query(books: Path) -> Balances:
    question = "SELECT account, sum(number) WHERE number != 0 GROUP BY account"
    said = _run(sys.executable, "-m", "beanquery", "-f", "csv", books / "main.beancount", question)
    rows = list(csv.reader(io.StringIO(said)))[1:]
    return _by_code((name.strip(), number.strip()) for name, number in rows)


def _by_code(rows: Iterator[tuple[str, str]]) -> Balances:
    found = {str(code_of(name)): int(number) for name, number in rows}
    return {code: minutes for code, minutes in found.items() if minutes}


def _run(*command: str | Path) -> str:
    ran = subprocess.run(  # noqa: S603 - our own words
        command, check=True, capture_output=True, text=True, timeout=SECONDS_MAX
    )
    return ran.stdout


def _write_plain(books: Path, plain: Path) -> None:
    """Leave out what only beancount knows."""
    with plain.open("w", encoding="utf-8") as out:
        for month in sorted(books.glob("[0-9]*/[0-9][0-9].beancount")):
            for line in month.read_text("utf-8").splitlines():
                if not _METADATA.match(line):
                    out.write(line.replace('"', "") + "\n")
