"""The disk lies, fills up, or the process is gone: nothing acknowledged is lost, nothing doubled.

The faults are the operating system's own answers, put in by strace at every so many calls, or a
limit on the size of a file. Acknowledgements are counted in another process than the one that
writes (`acknowledging.py`): after a lossy commit the sums still balance, and only that count
notices.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests import databases
from tests.databases import Database, open_engine
from tests.ledger.desk import Desk
from timebank import migrations
from timebank.config import ROOT

POSTS = 24
ANSWERS = {"posted", "replayed", "unknown", "refused"}
SYNCS, WRITE = "fsync,fdatasync", "pwrite64"
#: So many are posted in peace before anybody is killed.
QUIET_FIRST = 5
#: What a whole posting needs on top of an empty database, in bytes: the limit falls amidst them.
ROOM_BYTES = 60_000
#: A posting writes more than this to the log, in bytes.
LOGGED_BYTES_MIN = 30_000
strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def writing(url: str, *prefix: str, count: int = POSTS) -> tuple[dict[str, str], int]:
    """Run the writer behind `prefix`; return the answer to each key, and its exit status."""
    writer = [sys.executable, str(Path(__file__).parent / "acknowledging.py"), url, str(count)]
    done = subprocess.run(
        [*prefix, *writer],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "."},
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    answers = dict(line.split() for line in done.stdout.splitlines())
    assert set(answers.values()) <= ANSWERS, done.stderr
    return answers, done.returncode


def injecting(calls: str, fault: str) -> list[str]:
    """The command that lets the operating system answer `fault` to some of `calls`."""
    return ["strace", "-o", os.devnull, "-e", f"trace={calls}", "-e", f"inject={calls}:{fault}"]


def keys_in(url: str) -> Counter[str]:
    """Count the entries in the book under each key."""
    engine = open_engine(url)
    with engine.connect() as connection:
        found = Counter(connection.execute(text("SELECT idem_key FROM entry")).scalars())
    engine.dispose()
    return found


def check_then_retry(url: str, answers: dict[str, str], *, count: int = POSTS) -> None:
    """Hold the book against what was acknowledged; then ask for everything again."""
    kept = keys_in(url)
    assert set(kept.values()) <= {1}
    for key, answer in answers.items():
        if answer == "posted":
            assert kept[key], f"{key} was acknowledged and is lost"
        if answer == "refused":
            assert not kept[key], f"{key} was said to have failed and is there"
    again, status = writing(url, count=count)
    assert status == 0
    assert {key: answer for key, answer in again.items() if kept[key]} == dict.fromkeys(
        kept, "replayed"
    )
    assert set(again.values()) <= {"posted", "replayed"}
    desk = Desk(open_engine(url))
    report = desk.verify()
    assert (report.ok, report.entries, report.total_minutes) == (True, count, 0)
    desk.engine.dispose()


# --------------------------------------------------------------------------- SQLite


@pytest.fixture
def file(sqlite_database: Database) -> Iterator[str]:
    """Give a database file with a book in it, freshly copied."""
    engine = sqlite_database.engine()
    sqlite_database.put_back(engine)
    Desk(engine).open()
    engine.dispose()
    yield sqlite_database.url
    sqlite_database.put_back(engine)


@strace
@pytest.mark.parametrize("fault", ["error=EIO:when=2+3", "error=EIO:when=5+2"])
def test_a_disk_that_does_not_sync_loses_nothing_it_acknowledged(file: str, fault: str) -> None:
    answers, status = writing(file, *injecting(SYNCS, fault))
    assert status == 0
    assert set(answers.values()) > {"posted"}, "no fault was met, so this has shown nothing"
    check_then_retry(file, answers)


@strace
@pytest.mark.parametrize("fault", ["error=ENOSPC:when=9+53", "error=EIO:when=31+41"])
def test_a_write_that_fails_anywhere_leaves_no_half_an_entry(file: str, fault: str) -> None:
    answers, status = writing(file, *injecting(WRITE, fault))
    assert status == 0
    assert set(answers.values()) > {"posted"}, "no fault was met, so this has shown nothing"
    check_then_retry(file, answers)


@strace
@pytest.mark.parametrize("when", [8, 17, 40])
def test_a_process_killed_amid_a_write_loses_nothing_it_acknowledged(file: str, when: int) -> None:
    answers, status = writing(file, *injecting(WRITE, f"signal=KILL:when={when}"))
    assert status in {-signal.SIGKILL, 128 + signal.SIGKILL}
    assert len(answers) < POSTS
    check_then_retry(file, answers)


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="prlimit is not installed")
def test_a_full_disk_loses_nothing_and_mends_by_itself(file: str) -> None:
    path = Path(file.removeprefix("sqlite:///"))
    limit = path.stat().st_size + ROOM_BYTES
    # The log of what is written grows until it meets the limit, however big the empty file is.
    count = POSTS + limit // LOGGED_BYTES_MIN
    answers, status = writing(file, "prlimit", f"--fsize={limit}", count=count)
    assert status == 0
    assert answers["key-0"] == "posted"
    # Whether the last page of a commit got there is not known; to say "failed" would be a guess.
    assert {"refused", "unknown"} & set(answers.values())
    check_then_retry(file, answers, count=count)


# ----------------------------------------------------------------------- PostgreSQL


@pytest.fixture
def syncing_server() -> Iterator[str]:
    """Run a server that syncs each commit to the disk, as in life, with a book in it."""
    programs = databases.postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server programs are not installed (apt-get install postgresql)")
    with databases.postgres_server(programs, fsync="on", full_page_writes="on") as server:
        url = f"{server}/postgres"
        engine = open_engine(url)
        migrations.upgrade(engine)
        Desk(engine).open()
        engine.dispose()
        yield url


def postmaster(url: str) -> int:
    """The server's first process, from the file in which it says so itself."""
    engine = create_engine(url)
    with engine.connect() as connection:
        folder = connection.execute(text("SHOW data_directory")).scalar_one()
    engine.dispose()
    return int(Path(folder, "postmaster.pid").read_text("ascii").splitlines()[0])


@contextlib.contextmanager
def tracing(pid: int, command: Sequence[str]) -> Iterator[None]:
    """Put faults into a running process and all it starts, for as long as the block lasts."""
    process = subprocess.Popen(
        [*command, "-f", "-p", str(pid)], stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        # It says so once it holds the process.
        assert process.stderr is not None
        assert b"attached" in process.stderr.readline()
        yield
    finally:
        process.terminate()
        process.communicate(timeout=30)


@strace
@pytest.mark.postgres
def test_postgresql_loses_nothing_it_acknowledged_when_its_disk_does_not_sync(
    syncing_server: str,
) -> None:
    with tracing(postmaster(syncing_server), injecting("fdatasync", "error=EIO:when=4+4")):
        answers, status = writing(syncing_server)
    assert status == 0
    assert set(answers.values()) > {"posted"}, "no fault was met, so this has shown nothing"
    wait_for(syncing_server)
    check_then_retry(syncing_server, answers)


@pytest.mark.postgres
def test_postgresql_loses_nothing_it_acknowledged_when_its_processes_are_killed(
    syncing_server: str,
) -> None:
    writer = [sys.executable, str(Path(__file__).parent / "acknowledging.py"), syncing_server]
    with subprocess.Popen(
        [*writer, str(POSTS)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "."},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        parent = postmaster(syncing_server)
        answers: dict[str, str] = {}
        for line in process.stdout:
            key, answer = line.split()
            answers[key] = answer
            # A kill may fall between two connections and meet nobody; so it is tried again after
            # each answer, until two of them were no plain "posted".
            if (
                len(answers) >= QUIET_FIRST
                and Counter(answers.values())["posted"] > len(answers) - 2
            ):
                kill_backends(parent)
    assert process.returncode == 0
    assert set(answers.values()) > {"posted"}, "no fault was met, so this has shown nothing"
    wait_for(syncing_server)
    check_then_retry(syncing_server, answers)


def kill_backends(parent: int) -> None:
    """Kill every process that serves a connection; the server then restarts all of itself."""
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if b"127.0.0.1" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), signal.SIGKILL)


def wait_for(url: str) -> None:
    """Wait until the server takes connections again."""
    deadline = time.monotonic() + 30
    engine = open_engine(url)
    while True:
        try:
            engine.connect().close()
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            engine.dispose()
            return
