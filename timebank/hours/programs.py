"""Run the audit program beside us: a process of its own, with limits, and one at a time.

It sees a folder and nothing else: our secrets are taken out of what it inherits.
"""

import contextlib
import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from timebank.config import ROOT, Settings

#: What the program may take before it is stopped: far above a year of a large town.
SECONDS_MAX: Final = 600
MEGABYTES_MAX: Final = 4_096
#: How often we look whether it has ended.
LOOK_SECONDS: Final = 0.2
#: Exit statuses that mean an answer; any other means it was stopped.
ANSWERS: Final = (0, 1)
LOCK: Final = ".one-at-a-time"


class ShuttingDownError(Exception):
    """We were asked to stop while the program ran; what it was to do is still to be done."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended.

    Attributes:
        answer: What it wrote, read as JSON; None where it was stopped before it could.
        stop: Why it was stopped, or never began (`models.STOPS`); None where it answered.
        said: The last line of what it complained about.
    """

    answer: dict[str, Any] | None
    stop: str | None = None
    said: str = ""


def run(
    module: str,
    arguments: Sequence[str],
    *,
    seconds: int,
    words: str = "",
    stop: threading.Event | None = None,
) -> Ended:
    """Run a module of ours that answers in JSON, and wait for it.

    Args:
        module: Which, such as ``ledger.audit``.
        arguments: What it is told.
        seconds: When to stop it, by the clock on the wall.
        words: What it reads.
        stop: Set when we are to end ourselves.

    Raises:
        ShuttingDownError: If `stop` was set before it had answered.
    """
    used_before = _processor_seconds()
    process = subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=harmless_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        # Ctrl-C is for us; we tell it.
        start_new_session=True,
    )
    try:
        out, err = _wait(process, words, seconds=seconds, stop=stop)
    except subprocess.TimeoutExpired:
        return Ended(None, "time")
    finally:
        _end(process)
    answer = _read(out) if process.returncode in ANSWERS else None
    if answer is not None:
        return Ended(answer)
    said = err.strip().rsplit("\n", 1)[-1]
    used = _processor_seconds() - used_before
    return Ended(None, _reason(process.returncode, said, is_late=used >= seconds - 1), said)


def _wait(
    process: subprocess.Popen[str], words: str, *, seconds: int, stop: threading.Event | None
) -> tuple[str, str]:
    deadline = time.monotonic() + seconds
    given: str | None = words
    while True:
        try:
            return process.communicate(given, timeout=LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            given = None
            if stop is not None and stop.is_set():
                raise ShuttingDownError from None
            if time.monotonic() >= deadline:
                raise


def _end(process: subprocess.Popen[str]) -> None:
    """Leave nothing running and nothing open, however the waiting ended."""
    process.kill()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    process.wait()


def harmless_environment() -> dict[str, str]:
    """What another program of this machine inherits: everything but what is ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TIMEBANK_")}


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _read(out: str) -> dict[str, Any] | None:
    try:
        answer = json.loads(out)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _reason(status: int, said: str, *, is_late: bool) -> str:
    """Name what stopped it: the system kills what takes too much time or memory."""
    if status in {-signal.SIGXCPU, -signal.SIGALRM} or (status == -signal.SIGKILL and is_late):
        return "time"
    if status == -signal.SIGKILL or "MemoryError" in said or "memory" in said.lower():
        return "memory"
    return "fault"


@contextlib.contextmanager
def alone(settings: Settings) -> Iterator[bool]:
    """Tell whether nobody else of this installation runs the program now; keep it so meanwhile."""
    folder = settings.home / "books"
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def books_folder(settings: Settings, slug: str, book: str) -> Path:
    """Where the exported books of a community are kept up."""
    return settings.home / "books" / f"{slug}-{book[-12:]}"
