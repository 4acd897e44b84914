"""What is done between requests: mail goes out, silence confirms, old tokens are cleared away.

There is one queue, and it is tables: whatever waits to be done was written in the transaction that
made it necessary (`docs/decisions/0002-the-outbox-is-the-queue.md`). A job therefore asks "what is
due?", does it, and may be run by two workers at once or cut off at any moment.
"""

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from flask import Flask

from timebank.clock import utc_now
from timebank.db import db

LOOK_SECONDS = 1.0
#: A job that fails waits longer each time, up to this.
PAUSE_SECONDS_MAX = 600.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """Something to do again and again.

    Attributes:
        name: How the log calls it.
        every_seconds: Seconds from the end of one run to the start of the next.
        work: Does what is due at the moment it is given; returns how many things that were. It
            makes its own transactions (`timebank.web.session.run_in_transaction`).
    """

    name: str
    every_seconds: float
    work: Callable[[dt.datetime], int]
    _next: float = field(default=0.0)
    _failures: int = field(default=0)

    def run_if_due(self, clock: float) -> int:
        """Run the job if its time has come; a failure is logged, and the job tried again later."""
        if clock < self._next:
            return 0
        try:
            done = self.work(utc_now())
        except Exception:
            self._failures += 1
            log.exception("the job %r failed", self.name)
            done = 0
        else:
            self._failures = 0
        pause = min(self.every_seconds * 2**self._failures, PAUSE_SECONDS_MAX)
        self._next = clock + max(pause, self.every_seconds)
        return done


def jobs() -> list[Job]:
    """List what there is to do."""
    return []


def run(app: Flask, todo: Iterable[Job], *, stop: threading.Event) -> None:
    """Run what there is `todo` until `stop` is set; each run gets a session of its own."""
    kept = list(todo)
    while not stop.is_set():
        run_once(app, kept)
        stop.wait(LOOK_SECONDS)


def run_once(app: Flask, todo: Iterable[Job]) -> int:
    """Run each job that is due; return how many things were done."""
    done = 0
    for job in todo:
        with app.app_context():
            done += job.run_if_due(time.monotonic())
            db.session.remove()
    return done
