"""Look at exported books in Fava: another program, on a copy, at an address of this machine alone.

Fava is started, never imported. It gets a copy of the books that goes when it ends, none of our
secrets, and no right to write a byte into any file. That keeps a slip from doing harm; who may
reach its address is decided by whoever starts it (`docs/operations.md`).
"""

import contextlib
import ipaddress
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from ledger.books.zipped import INSIDE, packed
from ledger.layout import MAIN, top_of
from timebank.hours.programs import harmless_environment

#: How long Fava may take to answer for the first time: years of a town.
START_SECONDS_MAX: Final = 180
LOOK_SECONDS: Final = 0.2
#: Nobody writes into the copy.
FILE_MODE: Final = 0o444
FOLDER_MODE: Final = 0o555


class NotLoopbackError(Exception):
    """The address can be reached from other machines."""


class TakenError(Exception):
    """Somebody else listens at this address."""


class NotStartedError(Exception):
    """Fava ended before it answered."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where Fava listens; only addresses of this machine are places.

    Raises:
        NotLoopbackError: If other machines could reach it.
    """

    host: str
    port: int

    def __post_init__(self) -> None:
        try:
            address = ipaddress.ip_address(self.host)
        except ValueError as error:
            raise NotLoopbackError(self.host) from error
        if not address.is_loopback:
            raise NotLoopbackError(self.host)

    def __str__(self) -> str:
        """Write it as a browser reads it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"


@contextlib.contextmanager
def fava(
    folder: Path, place: Place, *, year: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Start Fava on a copy of exported books, and leave nothing behind at the end.

    Args:
        folder: The books.
        place: Where it listens.
        year: Look at this year alone, with its opening balances; None for all there is.

    Raises:
        TakenError: If the place is taken.
        NotStartedError: If Fava ended before it answered, or did not answer in time.
        FileNotFoundError: If there are no books of that year.
    """
    _refuse_a_taken(place)
    with _copy(folder) as copy:
        top = copy / (MAIN if year is None else top_of(year))
        if not top.is_file():
            raise FileNotFoundError(top.name)
        process = subprocess.Popen(  # noqa: S603 - our own words
            [
                *(sys.executable, "-m", "fava.cli", "--read-only"),
                *("--host", place.host, "--port", str(place.port), str(top)),
            ],
            # From nowhere of ours, and nothing that lies there counts.
            cwd=copy,
            env=harmless_environment() | {"BEANCOUNT_DISABLE_LOAD_CACHE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _forbid_writing(process)
            _wait_for(process, place)
            yield process
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            process.wait()


def _refuse_a_taken(place: Place) -> None:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((place.host, place.port))
        except OSError as error:
            raise TakenError(str(place)) from error


@contextlib.contextmanager
def _copy(folder: Path) -> Iterator[Path]:
    """A copy of the books that nobody is meant to write into, and that goes afterwards.

    It is what may be carried away: without notes of the treasurer, which may name people, and
    plugins, which Fava would run.
    """
    with tempfile.TemporaryDirectory(prefix="timebank-books-") as made:
        with packed(folder) as file, ZipFile(file) as archive:
            archive.extractall(made)
        copy = Path(made) / INSIDE
        inside = [copy, *copy.rglob("*")]
        for path in inside:
            path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)
        try:
            yield copy
        finally:
            for path in inside:
                if path.is_dir():
                    path.chmod(0o700)


def _forbid_writing(process: subprocess.Popen[bytes]) -> None:
    """Let the process write not a byte into any file, where the system can be told so."""
    if hasattr(resource, "prlimit"):
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, 0))


def _wait_for(process: subprocess.Popen[bytes], place: Place) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotStartedError(str(process.returncode))
        with contextlib.suppress(OSError), socket.create_connection((place.host, place.port), 1):
            return
        time.sleep(LOOK_SECONDS)
