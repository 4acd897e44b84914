"""Many at once: one line at the head of the book, and nobody loses a minute."""

import datetime as dt
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from ledger import holds, journal
from ledger.entries import EntryRequest, Outcome
from ledger.entry_views import find_entry
from ledger.errors import AlreadyResolved, LedgerRefusal, OverFloor
from tests.ledger.desk import (
    ANN,
    BEN,
    BOOK,
    CAT,
    OPENING,
    POT,
    SECRET,
    SERIALIZATION_FAILURE,
    Desk,
)
from timebank.config import ROOT

PROCESSES, EACH = 6, 20


def test_twenty_posts_at_once_with_one_key_make_one_entry(desk: Desk) -> None:
    start = threading.Barrier(20)
    request = desk.request(key="exchange:1")

    def confirm(_number: int) -> Outcome:
        start.wait()
        return desk.write(partial(journal.post, request=request, secret=SECRET, now=desk.now))

    with ThreadPoolExecutor(20) as threads:
        outcomes = list(threads.map(confirm, range(20)))
    assert Counter(outcome.status for outcome in outcomes) == {"posted": 1, "replayed": 19}
    assert len({outcome.entry_id for outcome in outcomes}) == 1
    assert desk.balances(ANN, BEN) == [-60, 60]
    assert desk.verify().entries == 1


def at_once(desk: Desk, *acts: Callable[[Connection], Outcome]) -> Counter[str]:
    """Do all of it at the same moment, each in a transaction of its own; count the answers."""
    start = threading.Barrier(len(acts))

    def do(act: Callable[[Connection], Outcome]) -> str:
        start.wait()
        try:
            return desk.write(act).status
        except LedgerRefusal as refusal:
            return refusal.reason

    with ThreadPoolExecutor(len(acts)) as threads:
        return Counter(threads.map(do, acts))


def test_sixteen_threads_with_one_key_set_hours_aside_once_and_capture_them_once(
    desk: Desk,
) -> None:
    request = desk.request(kind="hold", key="aside:1", expires_at=desk.now + dt.timedelta(days=1))
    facts: dict[str, Any] = {"secret": SECRET, "now": desk.now}
    said = at_once(desk, *[partial(holds.hold, request=request, **facts)] * 16)
    assert said == {"posted": 1, "replayed": 15}
    assert (desk.figures(ANN), desk.figures(BEN)) == ((0, 0, 60), (0, 60, 0))
    found = desk.hold(key="aside:1", days=1)
    facts |= {"book_id": BOOK, "hold_id": found.entry_id, "idem_key": "exchange:1", "actor": None}
    said = at_once(desk, *[partial(holds.capture, **facts)] * 16)
    assert said == {"posted": 1, "replayed": 15}
    assert (desk.figures(ANN), desk.figures(BEN)) == ((-60, 0, 0), (60, 0, 0))
    assert desk.verify().entries == 2


def test_of_capture_release_and_expiry_at_once_exactly_one_ends_the_hold(desk: Desk) -> None:
    """Ten holds, and for each two captures, a release and a worker at the same moment."""
    late = desk.now + dt.timedelta(days=5)
    ends: Counter[str] = Counter()
    for number, hold_id in enumerate([desk.hold().entry_id for _hold in range(10)]):
        facts: dict[str, Any] = {"book_id": BOOK, "hold_id": hold_id, "secret": SECRET, "now": late}
        said = at_once(
            desk,
            partial(holds.capture, **facts, idem_key=f"one:{number}", actor=None),
            partial(holds.capture, **facts, idem_key=f"two:{number}", actor=None),
            partial(holds.release, **facts, idem_key=f"release:{number}", actor=None),
            partial(holds.expire, **facts, idem_key=f"expire:{number}"),
        )
        assert said == {"posted": 1, AlreadyResolved.reason: 3}
        with desk.engine.connect() as connection:
            ending = find_entry(connection, BOOK, hold_id).resolved_by
            assert ending is not None
            ends[find_entry(connection, BOOK, ending).kind] += 1
    assert desk.figures(BEN) == (60 * ends["capture"], 0, 0)
    assert desk.figures(ANN) == (-60 * ends["capture"], 0, 0)
    report = desk.verify()
    assert (report.ok, report.entries) == (True, 20)


def test_two_who_want_the_last_hour_do_not_both_set_it_aside(desk: Desk) -> None:
    desk.hold(ANN, BEN, 540)
    wanted = [
        desk.request(ANN, payee, 60, kind="hold", key=f"aside:{payee}") for payee in (BEN, CAT)
    ]
    wanted.append(desk.request(ANN, CAT, 60, key="exchange:1"))
    doors = (holds.hold, holds.hold, journal.post)
    said = at_once(
        desk,
        *(
            partial(door, request=request, secret=SECRET, now=desk.now)
            for door, request in zip(doors, wanted, strict=True)
        ),
    )
    assert said == {"posted": 1, OverFloor.reason: 2}
    assert desk.account(ANN).available == -600
    assert desk.verify().ok


def test_six_processes_end_at_the_right_balance(desk: Desk, engine_url_of: str) -> None:
    command = [sys.executable, str(Path(__file__).parent / "writer.py"), engine_url_of]
    running = [
        subprocess.Popen([*command, f"p{number}", str(EACH)], cwd=ROOT, env={"PYTHONPATH": "."})
        for number in range(PROCESSES)
    ]
    assert [process.wait(120) for process in running] == [0] * PROCESSES
    expected: Counter[str] = Counter()
    for number in range(PROCESSES):
        chosen = random.Random(f"p{number}")
        for _entry in range(EACH):
            payer, payee = chosen.sample([ANN, BEN, CAT], 2)
            expected[payer] -= 1
            expected[payee] += 1
    assert desk.balances(ANN, BEN, CAT) == [expected[ANN], expected[BEN], expected[CAT]]
    report = desk.verify()
    assert (report.ok, report.entries) == (True, PROCESSES * EACH)


def test_every_snapshot_of_a_busy_book_adds_up_to_zero(desk: Desk) -> None:
    done = threading.Event()

    def write() -> None:
        try:
            for number in range(40):
                desk.post(*((ANN, BEN, 7) if number % 2 else (BEN, CAT, 3)))
        finally:
            done.set()

    def read() -> list[int]:
        sums: list[int] = []
        while not done.is_set() or not sums:
            sums.append(total(desk.engine))
        return sums

    with ThreadPoolExecutor(3) as threads:
        writing = threads.submit(write)
        reading = [threads.submit(read) for _reader in range(2)]
        writing.result()
        sums = {found for reader in reading for found in reader.result()}
    assert sums == {0}


def test_eight_writers_on_crossing_accounts_never_lock_each_other_out(
    desk: Desk,
) -> None:
    """A bank at its busiest: half of all movements touch one hot account, and readers look on."""
    hot, others = POT, (ANN, BEN, CAT)
    with desk.writing() as connection:
        journal.post(
            connection, desk.request(OPENING, hot, 600, kind="opening"), secret=SECRET, now=desk.now
        )
    before = deadlocks(desk.engine)
    done = threading.Event()

    def write(name: int) -> None:
        chosen = random.Random(name)
        for number in range(15):
            payer, payee = chosen.sample(others, 2)
            if number % 2:
                payer, payee = (hot, payee) if chosen.random() < 0.5 else (payer, hot)
            request = desk.request(payer, payee, 1, kind="gift", key=f"bank-{name}-{number}")
            desk.write(partial(journal.post, request=request, secret=SECRET, now=desk.now))

    def read() -> set[int]:
        sums: set[int] = set()
        while not done.is_set() or not sums:
            sums.add(total(desk.engine))
        return sums

    with ThreadPoolExecutor(10) as threads:
        readers = [threads.submit(read) for _reader in range(2)]
        writers = [threads.submit(write, name) for name in range(8)]
        try:
            for writer in writers:
                writer.result()
        finally:
            done.set()
        assert {found for reader in readers for found in reader.result()} == {0}
    report = desk.verify()
    assert (report.ok, report.entries, report.total_minutes) == (True, 1 + 8 * 15, 0)
    assert deadlocks(desk.engine) == before


def test_a_bank_whose_server_is_set_to_serializable_is_right_too(desk: Desk) -> None:
    """The ledger needs no more than read committed; with more, writers are sent round again.

    Whoever waited for the head of the book is refused where another was quicker, so each writes
    anew with the same key, as `timebank.web.session.run_in_transaction` does.
    """
    if desk.engine.dialect.name == "sqlite":
        # It has nothing less: one writer at a time.
        return
    strict = desk.engine.execution_options(isolation_level="SERIALIZABLE")
    before = deadlocks(desk.engine)

    def write(name: int) -> int:
        chosen, again = random.Random(name), 0
        for number in range(8):
            payer, payee = chosen.sample((ANN, BEN, CAT), 2)
            request = desk.request(payer, payee, 1, kind="gift", key=f"strict-{name}-{number}")
            while posted(strict, request, desk) is None:
                again += 1
        return again

    with ThreadPoolExecutor(4) as threads:
        tries = sum(threads.map(write, range(4)))
    report = desk.verify()
    assert (report.ok, report.entries, report.total_minutes) == (True, 4 * 8, 0)
    assert tries, "nobody was in anybody's way, so this has shown nothing"
    assert deadlocks(desk.engine) == before


def posted(engine: Engine, request: EntryRequest, desk: Desk) -> Outcome | None:
    """Post once; None where the database asks for another try."""
    try:
        with engine.begin() as connection:
            return journal.post(connection, request, secret=SECRET, now=desk.now)
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", "") != SERIALIZATION_FAILURE:
            raise
    return None


def deadlocks(engine: Engine) -> int:
    """How often PostgreSQL had to break writers apart; SQLite has but one at a time."""
    if engine.dialect.name == "sqlite":
        return 0
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        )
        return int(found.scalar_one())


def total(engine: Engine) -> int:
    with engine.connect() as connection:
        found = connection.execute(text("SELECT sum(posted_in - posted_out) FROM account"))
        return int(found.scalar_one())


def test_orders_of_accounts_that_cross_do_not_lock_each_other_out(desk: Desk) -> None:
    """Half pay one way and half the other, on the same two accounts."""
    requests = [
        desk.request(*((ANN, BEN) if number % 2 else (BEN, ANN)), 5, key=f"k{number}")
        for number in range(40)
    ]

    def write(number: int) -> str:
        post = partial(journal.post, request=requests[number], secret=SECRET, now=desk.now)
        return desk.write(post).status

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(write, range(40))) == {"posted"}
    assert desk.balances(ANN, BEN) == [0, 0]
    assert desk.verify().ok


def test_a_plain_begin_is_enough_for_the_lock(desk: Desk) -> None:
    """Even a caller that forgot to say it will write does not lose an update on SQLite."""
    requests = [desk.request(key=f"k{number}", minutes=1) for number in range(12)]

    def write(number: int) -> int:
        done = None
        while done is None:
            done = posted(desk.engine, requests[number], desk)
        return done.seq

    with ThreadPoolExecutor(4) as threads:
        places = sorted(threads.map(write, range(12)))
    assert places == list(range(1, 13))
    assert desk.book_id == BOOK
    assert desk.balance(BEN) == 12
