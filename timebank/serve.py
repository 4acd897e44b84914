"""Run the web server and the worker as two processes side by side, for a small community.

In a larger installation the two are started by the machine's own service manager instead
(`docs/operations.md`), and this module is not used.
"""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import FrameType

from timebank.config import ROOT

STOP_SECONDS_MAX = 15.0
LOOK_SECONDS = 0.2
#: A worker that stops is started again, after a pause that doubles up to the longest.
PAUSE_SECONDS_FIRST = 1.0
PAUSE_SECONDS_MAX = 60.0
#: One that lived this long was well, and the pause begins anew.
WELL_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where the web server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        """Write it as gunicorn and browsers read it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


PORT_MAX = 65535


class PortTakenError(Exception):
    """Nothing can listen at an address; the message says why and what to do."""


def refuse_a_taken_port(address: Address, *, instead: str) -> None:
    """See that something can listen at an address, before anything is started.

    Args:
        address: Where.
        instead: The command with which to choose another port; the port is put behind it.

    Raises:
        PortTakenError: If nothing can.
    """
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address.host, address.port))
    except OSError as error:
        other = address.port + 1 if address.port < PORT_MAX else address.port - 1
        msg = (
            f"Port {address.port} of {address.host} cannot be used: {error.strerror}. "
            f"Choose another one, such as: {instead}{other}"
        )
        raise PortTakenError(msg) from error


def web_command(address: Address, *, processes: int, threads: int) -> list[str]:
    """Return the command line of the web server."""
    return [
        *(sys.executable, "-m", "gunicorn", "timebank.app:served_app(keeps_to_one=True)"),
        *("--chdir", str(ROOT)),
        *("--bind", str(address)),
        *("--worker-class", "gthread"),
        *("--workers", str(processes)),
        *("--threads", str(threads)),
        *("--graceful-timeout", "10"),
        # A slow leak, ours or a library's, never grows old.
        *("--max-requests", "20000", "--max-requests-jitter", "2000"),
        *("--log-level", "warning"),
        # TIMEBANK_TRUSTED_PROXIES alone decides whose word counts on who is calling.
        *("--forwarded-allow-ips", ""),
        "--no-control-socket",
    ]


def worker_command() -> list[str]:
    """Return the command line of the worker."""
    return [sys.executable, "-m", "timebank.cli", "worker"]


@dataclass(slots=True)
class Child:
    """A process of ours: how to start it, and whether it comes back when it stops."""

    command: Sequence[str]
    comes_back: bool
    process: subprocess.Popen[bytes] | None = None
    pause_seconds: float = PAUSE_SECONDS_FIRST
    started: float = 0.0
    start_again: float = field(default=0.0)

    def start(self) -> None:
        """Start the process; Ctrl-C reaches us alone, and we tell it."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(self.command, start_new_session=True)  # noqa: S603 -- our own words

    def look_after(self) -> int | None:
        """Return the exit status of a process that stopped for good."""
        if self.process is None:
            if time.monotonic() >= self.start_again:
                self.start()
            return None
        status = self.process.poll()
        if status is None:
            return None
        if not self.comes_back:
            return status
        if time.monotonic() - self.started > WELL_SECONDS:
            self.pause_seconds = PAUSE_SECONDS_FIRST
        self.start_again = time.monotonic() + self.pause_seconds
        self.pause_seconds = min(self.pause_seconds * 2, PAUSE_SECONDS_MAX)
        self.process = None
        return None

    def stop(self, deadline: float) -> None:
        """Ask the process to finish what it is doing; after the deadline, end it."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask_to_stop(self) -> None:
        """Send the polite signal."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()


def run(children: Sequence[Child]) -> int:
    """Run the children until one that does not come back stops, or until asked to stop.

    Returns:
        The exit status to end with: 0 when asked to stop, else the stopped child's.
    """
    asked = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        # Only noted: an exception here could fall between a child's start and our knowing of it.
        asked.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return _watch(children, asked)
    finally:
        _stop_all(children)
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch(children: Sequence[Child], asked: threading.Event) -> int:
    for child in children:
        child.start()
    while not asked.wait(LOOK_SECONDS):
        for child in children:
            status = child.look_after()
            if status is not None:
                return status or 1
    return 0


def _stop_all(children: Sequence[Child]) -> None:
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + STOP_SECONDS_MAX
    for child in children:
        child.stop(deadline)
