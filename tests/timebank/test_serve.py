"""Serving: two processes side by side, and a clean end."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.databases import free_port
from timebank import serve
from timebank.config import ROOT

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
SECONDS_MAX = 30


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"TIMEBANK_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}


def timebank(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "timebank.cli", *words],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
    )


@contextlib.contextmanager
def served(environment: dict[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "timebank.cli", "serve", "--port", str(port), "--processes", "1"],
        env=environment,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """Read the machine's own list; `ps` is not on every machine."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = status.read_text("utf-8", "replace").rpartition(")")[2].split()[1]
            if int(parent) == process.pid:
                found.append(int(status.parent.name))
    return sorted(found)


def answers(port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/nothing-here") as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_pages_are_served_the_worker_comes_back_and_both_end_together(
    environment: dict[str, str],
) -> None:
    assert timebank(environment, "migrate").returncode == 0
    port = free_port()
    with served(environment, port) as process:
        wait_until(lambda: answers(port) == 404)
        _web, worker = children(process)
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: worker not in children(process) and len(children(process)) == 2)
        last = children(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS_MAX) == 0
    for pid in last:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_what_stays_for_good_is_left_aside_by_the_garbage_collector(
    environment: dict[str, str],
) -> None:
    program = (
        "import gc; from timebank.app import COLLECT_AT, served_app; served_app();"
        "print(gc.get_freeze_count() > 100_000, gc.get_threshold() == COLLECT_AT)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
    )
    assert done.stdout == "True True\n", done.stderr
    assert "timebank.app:served_app(keeps_to_one=True)" in serve.web_command(
        serve.Address("127.0.0.1", 1), processes=1, threads=1
    )


def test_an_unmigrated_database_is_not_served(environment: dict[str, str]) -> None:
    done = timebank(environment, "serve", "--port", str(free_port()))
    assert done.returncode == 1
    assert "timebank migrate" in done.stderr


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_that_is_taken_is_said_in_one_sentence(
    environment: dict[str, str], command: str
) -> None:
    assert timebank(environment, "migrate").returncode == 0
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = timebank(environment, command, "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: Port {port} of 127.0.0.1 cannot be used: ")
    assert "Choose another one, such as: " in done.stderr
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_that_is_none_is_refused(environment: dict[str, str], command: str) -> None:
    done = timebank(environment, command, "--port", "99999")
    assert done.returncode == 2
    assert "99999 is not in the range" in done.stderr


def test_a_wrong_setting_is_named_without_a_traceback(environment: dict[str, str]) -> None:
    done = timebank(environment | {"TIMEBANK_DATABASE_URL": "mysql://x"}, "migrate")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: TIMEBANK_DATABASE_URL begins with mysql://")


def test_a_database_that_is_away_is_named_without_a_traceback(environment: dict[str, str]) -> None:
    url = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    done = timebank(environment | {"TIMEBANK_DATABASE_URL": url}, "migrate")
    assert done.returncode == 1
    assert done.stderr.startswith("The database cannot be used: ")
    assert "Traceback" not in done.stderr


def test_migrating_twice_is_harmless_and_the_doctor_is_asked(environment: dict[str, str]) -> None:
    assert "→" in timebank(environment, "migrate").stdout
    assert timebank(environment, "migrate").stdout.startswith("The database is at")
    seen = timebank(environment, "doctor")
    assert seen.returncode == 1
    assert "BAD  mail" in seen.stdout


def test_every_command_says_what_it_does(environment: dict[str, str]) -> None:
    for command in ("migrate", "serve", "worker", "doctor"):
        done = timebank(environment, command, "--help")
        assert done.returncode == 0
        assert len(done.stdout.splitlines()) > 3


def test_when_the_web_server_stops_so_does_the_rest() -> None:
    failing = serve.Child([sys.executable, "-c", "raise SystemExit(3)"], comes_back=False)
    other = serve.Child(SLEEP, comes_back=True)
    assert serve.run([failing, other]) == 3
    assert other.process is not None
    assert other.process.returncode == -signal.SIGTERM


def test_a_worker_that_keeps_failing_is_started_ever_more_slowly() -> None:
    child = serve.Child([sys.executable, "-c", "raise SystemExit(1)"], comes_back=True)
    child.start()
    assert child.process is not None
    child.process.wait()
    child.look_after()
    assert child.pause_seconds == 2 * serve.PAUSE_SECONDS_FIRST
    child.look_after()
    assert child.process is None, "it waits first"


def test_a_child_that_does_not_listen_is_ended() -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    child = serve.Child([sys.executable, "-c", deaf], comes_back=False)
    child.start()
    time.sleep(0.3)
    child.ask_to_stop()
    child.stop(time.monotonic() + 0.2)
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL


def test_addresses_are_written_as_browsers_read_them() -> None:
    assert str(serve.Address("127.0.0.1", 8000)) == "127.0.0.1:8000"
    assert str(serve.Address("::1", 8000)) == "[::1]:8000"
