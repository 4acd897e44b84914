"""How often somebody may try, counted in the database so that it holds over every process.

A try is written down and committed before any secret is looked at, so that many at once do not slip
through together; a try that succeeds is forgiven. Under PostgreSQL as many more as there are
requests in flight may pass; that many are few.
"""

import datetime as dt
import hashlib
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.errors import ThrottledError
from timebank.members.models import SignInAttempt


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries within so long, for each of something."""

    name: str
    tries_max: int
    within: dt.timedelta


#: Wrong passwords and codes, for each account and for each place they come from. A whole café may
#: sit behind one place.
ACCOUNT = Limit("account", 10, dt.timedelta(minutes=5))
PLACE = Limit("place", 50, dt.timedelta(minutes=5))
#: Mails asked for, to each address and from each place.
MAIL_TO = Limit("mail to", 3, dt.timedelta(minutes=15))
MAIL_FROM = Limit("mail from", 30, dt.timedelta(minutes=15))
#: New members from each place: a join-in day at the library is fine, a robot is not.
JOIN_FROM = Limit("join from", 40, dt.timedelta(hours=1))
#: Nothing is counted for longer than this.
KEPT_FOR = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from; `key` makes what is kept of it useless to others."""

    place: str
    key: bytes


def take_try(
    session: Session, caller: Caller, tries: Sequence[tuple[Limit, str]], *, now: dt.datetime
) -> list[uuid.UUID]:
    """Write a try down, or refuse it; return the ids to `forgive` if it succeeds.

    Args:
        session: A unit of work of its own, committed whatever comes of the try.
        caller: Who asks.
        tries: What is counted, such as an account; "" stands for the caller's place.
        now: Aware time.

    Raises:
        ThrottledError: If there were too many of one of them; nothing is written down.
    """
    buckets = [(limit, _bucket(caller, limit, what)) for limit, what in tries]
    for limit, bucket in buckets:
        _check(session, limit, bucket, now)
    attempts = [SignInAttempt(id=new_id(), bucket=bucket, at=now) for _limit, bucket in buckets]
    session.add_all(attempts)
    session.flush()
    return [attempt.id for attempt in attempts]


def forgive(session: Session, attempt_ids: Sequence[uuid.UUID]) -> None:
    """Forget tries that succeeded."""
    session.execute(sa.delete(SignInAttempt).where(SignInAttempt.id.in_(attempt_ids)))


def delete_old_attempts(session: Session, *, now: dt.datetime) -> int:
    """Delete tries that nothing counts any more; return how many."""
    gone = session.execute(sa.delete(SignInAttempt).where(SignInAttempt.at < now - KEPT_FOR))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _check(session: Session, limit: Limit, bucket: bytes, now: dt.datetime) -> None:
    latest = session.scalars(
        sa.select(SignInAttempt.at)
        .where(SignInAttempt.bucket == bucket, SignInAttempt.at > now - limit.within)
        .order_by(SignInAttempt.at.desc())
        .limit(limit.tries_max)
    ).all()
    if len(latest) >= limit.tries_max:
        free_at = latest[-1] + limit.within
        raise ThrottledError(max(1, round((free_at - now).total_seconds())))


def _bucket(caller: Caller, limit: Limit, what: str) -> bytes:
    text = f"{limit.name}\0{what or caller.place}"
    return hmac.digest(caller.key, text.encode(), hashlib.sha256)
