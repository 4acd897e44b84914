"""Writers of one SQLite file: each gets its turn, and nobody is in the way after a crash."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from tests.databases import open_engine
from timebank import turns
from timebank.db import WRITES
from timebank.turns import Turn

WRITERS, WRITES_EACH = 4, 100
#: Writes of others that may come first; a queue that nobody ever slips into would need one round.
PASSED_MAX = WRITES_EACH


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'town.sqlite3'}")
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        connection.execute(text("CREATE TABLE noted (writer INTEGER)"))
    yield engine
    engine.dispose()


def most_passed_over(engine: Engine) -> int:
    """Let several write as fast as they can.

    Returns:
        How many others wrote between somebody's asking and their turn, at most.
    """
    begin = threading.Barrier(WRITERS)
    written: list[int] = []
    passed: list[int] = []

    def write(writer: int) -> None:
        with engine.connect().execution_options(**{WRITES: True}) as connection:
            begin.wait()
            for _time in range(WRITES_EACH):
                before = len(written)
                with connection.begin():
                    passed.append(len(written) - before)
                    connection.execute(text("INSERT INTO noted VALUES (:who)"), {"who": writer})
                    written.append(writer)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(written) == WRITERS * WRITES_EACH
    with engine.connect() as connection:
        found = connection.scalars(text("SELECT writer FROM noted ORDER BY rowid")).all()
    assert found == written
    return max(passed)


def test_in_the_queue_no_writer_is_passed_over_again_and_again(engine: Engine) -> None:
    assert most_passed_over(engine) <= PASSED_MAX


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Turn]]:
    """Make turns that share no line, as if each were in a process of its own."""
    made: list[Turn] = []

    def make() -> Turn:
        monkeypatch.setattr(turns, "_LINES", {})
        made.append(Turn(str(tmp_path / "town.sqlite3")))
        return made[-1]

    yield make
    for turn in made:
        turn.close()


@contextlib.contextmanager
def at_the_door(turn: Turn) -> Iterator[threading.Event]:
    """Let somebody wait at the door, write at once when the turn comes, and say so before."""
    came = threading.Event()

    def write() -> None:
        assert turn.take(30)
        came.set()
        turn.give_back()

    waiting = threading.Thread(target=write)
    waiting.start()
    while not is_locked(Path(turn._database + turns.SUFFIXES[0])):
        assert waiting.is_alive()
    yield came
    waiting.join()


def is_locked(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def test_whoever_is_at_the_door_comes_before_the_one_that_has_just_written(
    processes: Callable[[], Turn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "AGAIN_SECONDS", 0.0)
    first, second = processes(), processes()
    assert first.take(0.0)
    with at_the_door(second) as came:
        first.give_back()
        assert first.take(5)
        assert came.is_set()
        first.give_back()


def test_within_a_moment_the_same_process_may_write_again(
    processes: Callable[[], Turn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "AGAIN_SECONDS", 60.0)
    monkeypatch.setattr(turns, "TURN_LOOK_SECONDS", 0.5)
    first, second = processes(), processes()
    assert first.take(0.0)
    with at_the_door(second) as came:
        first.give_back()
        assert first.take(0.0)
        assert not came.is_set()
        first.give_back()


def test_without_turns_a_writer_is_passed_over(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Turn, "take", lambda _turn, _seconds: False)
    assert most_passed_over(engine) > PASSED_MAX


def test_the_turn_ends_with_the_transaction_however_it_ends(engine: Engine) -> None:
    other = Turn(str(engine.url.database))
    with engine.connect().execution_options(**{WRITES: True}) as connection:
        with connection.begin():
            assert not other.take(0.0)
        assert other.take(0.0)
        other.give_back()
        with connection.begin() as transaction:
            transaction.rollback()
            assert other.take(0.0)
            other.give_back()
        connection.begin()
        assert not other.take(0.0)
    assert other.take(0.0)
    other.close()


def test_readers_wait_for_nobody(engine: Engine) -> None:
    other = Turn(str(engine.url.database))
    assert other.take(0.0)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM noted")) == 0
    other.close()


def test_a_turn_that_does_not_come_leaves_the_answer_to_sqlite(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WAIT_SECONDS_MAX", 0.01)
    other = Turn(str(engine.url.database))
    assert other.take(0.0)
    with engine.connect().execution_options(**{WRITES: True}) as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=1")
        connection.execute(text("INSERT INTO noted VALUES (1)"))
        connection.commit()
        with (
            engine.connect().execution_options(**{WRITES: True}) as second,
            second.begin(),
            pytest.raises(OperationalError, match="database is locked"),
        ):
            connection.begin()
    other.close()


def test_who_gave_up_waiting_holds_up_nobody_later(tmp_path: Path) -> None:
    first, second, third = (Turn(str(tmp_path / "town.sqlite3")) for _turn in range(3))
    assert first.take(0.0)
    assert not second.take(0.01)
    first.give_back()
    assert third.take(5)
    third.give_back()
    assert second.take(5)
    for turn in (first, second, third):
        turn.close()


@pytest.mark.parametrize("is_called", [False, True])
def test_who_is_interrupted_while_waiting_holds_up_nobody_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_called: bool
) -> None:
    first, second, third = (Turn(str(tmp_path / "town.sqlite3")) for _turn in range(3))

    def interrupt(_called: threading.Event, _seconds: float) -> bool:
        if is_called:
            first.give_back()
        raise KeyboardInterrupt

    assert first.take(0.0)
    monkeypatch.setattr(threading.Event, "wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        second.take(5)
    first.give_back()
    assert third.take(0.0)
    for turn in (first, second, third):
        turn.close()


def test_a_killed_process_leaves_the_queue(tmp_path: Path) -> None:
    database = str(tmp_path / "town.sqlite3")
    program = (
        "import sys, time; from timebank.turns import Turn;"
        "print(Turn(sys.argv[1]).take(5), flush=True) or time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, database], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "True\n"
    turn = Turn(database)
    assert not turn.take(0.0)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert turn.take(0.0)
    turn.close()


def test_a_database_in_memory_and_a_closed_folder_have_no_queue(tmp_path: Path) -> None:
    assert not Turn("").take(0.0)
    assert not Turn(str(tmp_path / "missing" / "town.sqlite3")).take(0.0)
    engine = open_engine("sqlite://")
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        connection.execute(text("CREATE TABLE noted (writer INTEGER)"))
    engine.dispose()


@pytest.mark.parametrize(
    ("milliseconds", "may"),
    [
        ([2.9], True),
        ([3.1], False),
        ([0.5] * 10, True),
        ([0.5] * 11, False),
        ([1.0, 1.0, 3.0], False),
    ],
)
def test_a_process_writes_again_where_one_more_write_would_be_over_in_time(
    monkeypatch: pytest.MonkeyPatch, milliseconds: list[float], *, may: bool
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    line = turns._Line()
    for number, each in enumerate(milliseconds):
        line.note(is_again=number > 0)
        now += each / 1_000
    assert line.may_again() is may
