"""What is done between requests: mail goes out, silence confirms, the books are checked.

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
from typing import Protocol

from flask import Flask, current_app
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from timebank.clock import utc_now
from timebank.db import db, learn_how_full
from timebank.errors import IndeterminateError
from timebank.exchanges import service as exchanges
from timebank.hours import asking, auditing, months, sealing
from timebank.limits import service as limits
from timebank.listings import service as listings
from timebank.members.service import links, throttle
from timebank.messaging import delivery, emails
from timebank.passed_over import PAUSE, PassedOver
from timebank.sessions import service as sessions
from timebank.statements import service as statements
from timebank.trail import service as trail
from timebank.web import drafts
from timebank.web.session import delete_old_submissions, run_in_transaction

LOOK_SECONDS = 1.0
DAY_SECONDS = 24 * 60 * 60
#: A job that fails waits longer each time, up to this.
PAUSE_SECONDS_MAX = 600.0
#: Things one job does in a row before the others have their turn.
BATCH_MAX = 200

log = logging.getLogger(__name__)


class Service(Protocol):
    """Does what is due in one unit of work; returns how many things that were."""

    def __call__(self, session: Session, /, *, now: dt.datetime) -> int:
        """Do it."""


class OneService(Protocol):
    """Does the one thing that is due first; returns 0 if there is none."""

    def __call__(self, session: Session, /, *, now: dt.datetime, passed: PassedOver) -> int:
        """Do it, but for what is passed over."""


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
    return [
        Job("silence confirms", 60, _one_by_one(exchanges.confirm_next_silent)),
        Job("hours set aside are given back", 300, _one_by_one(exchanges.give_back_next)),
        Job("what nothing uses is given back", 3600, _one_by_one(exchanges.give_back_forgotten)),
        Job("silence is announced", 300, _one_by_one(exchanges.remind_next)),
        Job("limits of one's own end", 300, _one_by_one(limits.end_next)),
        Job("who comes to a line is told", 60, _one_by_one(limits.tell_next)),
        Job("the rota of tomorrow is announced", 900, _one_by_one(sessions.remind_next)),
        Job("gaps on a rota are told", 300, _one_by_one(sessions.tell_next_gap)),
        Job("what a check found is told", 60, _one_by_one(statements.tell_next)),
        Job("sessions are made ahead", 3600, _one_by_one(sessions.make_next_ahead)),
        Job("who waits moves up", 300, _one_by_one(sessions.move_up_next)),
        Job("sessions are announced", 60, _one_by_one(sessions.remind_next_coming)),
        Job("mail goes out", 5, _deliver_mail),
        Job("ends of listings are announced", 900, _at_once(listings.nudge_ending)),
        Job("books are sealed", 600, _seal_books),
        Job("months are sealed", 600, _seal_months),
        Job("sign-in tries are forgotten", 3600, _at_once(throttle.delete_old_attempts)),
        Job("old links are forgotten", 3600, _at_once(links.delete_old_links)),
        Job("the trail is linked", 60, _at_once(trail.link_new)),
        Job("old sign-ins are forgotten", 3600, _at_once(trail.forget_old)),
        Job("old taps at doors are forgotten", DAY_SECONDS, _at_once(sessions.forget_old_taps)),
        Job("sent forms are forgotten", 3600, _at_once(delete_old_submissions)),
        Job("the database is counted", DAY_SECONDS, _count),
        Job("drafts nobody finished are forgotten", 3600, _at_once(drafts.delete_stale)),
    ]


def slow_jobs(stop: threading.Event | None = None) -> list[Job]:
    """List what waits for programs of their own, and must hold up nothing else.

    Args:
        stop: Set when the worker is to end; a program that runs then is ended, and begun again by
            the next worker.
    """
    return [
        Job("questions are answered", 1, _by_a_program(asking.answer_due, stop)),
        Job("books are checked", 5, _by_a_program(auditing.check_due, stop)),
        Job("old answers are forgotten", 3600, _at_once(asking.delete_old)),
    ]


def _deliver_mail(_now: dt.datetime) -> int:
    """Send what waits in the tray; without a mail server it stays there."""
    session = db.session()
    send = emails.sender_to(session, current_app.config["SETTINGS"])
    return 0 if send is None else delivery.deliver_due(clock=utc_now, send=send)


def _seal_books(now: dt.datetime) -> int:
    """Sign each book once a night, where something was recorded in it."""
    return sealing.seal_after_night(current_app.config["SETTINGS"], now=now)


def _by_a_program(
    run: Callable[..., int], stop: threading.Event | None
) -> Callable[[dt.datetime], int]:
    """Do what is due by starting a program of its own and waiting for it."""

    def work(now: dt.datetime) -> int:
        return run(current_app.config["SETTINGS"], now=now, stop=stop)

    return work


def _seal_months(now: dt.datetime) -> int:
    """Seal each month that is over, where the community lives."""
    return months.seal_ended(current_app.config["SETTINGS"], now=now)


def _count(_now: dt.datetime) -> int:
    """Let the database learn how its tables are filled; nobody waits for that."""
    run_in_transaction(lambda session: learn_how_full(session.connection()))
    return 0


def _at_once(service: Service) -> Callable[[dt.datetime], int]:
    """Do all that is due in one transaction."""

    def work(now: dt.datetime) -> int:
        return run_in_transaction(lambda session: service(session, now=now))

    return work


def _one_by_one(service: OneService) -> Callable[[dt.datetime], int]:
    """Do what is due one thing a transaction, so that one that fails does not stop the others."""
    passed = PassedOver()

    def work(now: dt.datetime) -> int:
        done = 0
        passed.look_again(now)
        for _ in range(BATCH_MAX):
            count = _do_next(service, passed, now)
            if count == 0:
                break
            done += count is not None
        return done

    return work


def _do_next(service: OneService, passed: PassedOver, now: dt.datetime) -> int | None:
    """Do what is due first; return 0 if nothing is, None if it failed and is passed over now."""

    def one(session: Session) -> int:
        passed.next()
        return service(session, now=now, passed=passed)

    try:
        return run_in_transaction(one)
    except (IndeterminateError, OperationalError):
        # That is the database, and the next thing would fare no better: the whole job waits. Should
        # it be this one thing after all, the others come first then.
        passed.pass_over(now)
        raise
    except Exception:
        failed = passed.pass_over(now)
        if failed is None:
            raise
        log.exception("%s is left alone until %s: it failed", failed, now + PAUSE)
        return None


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
