"""One unit of work a request: begin, change, commit once; or roll everything back.

Every changing form carries a `submission_key` minted when it was rendered. The key is claimed in
the same transaction as the change, so a double click, a retry after a lost answer and a second tab
all end in the first one's result.
"""

import datetime as dt
import functools
import hashlib
import secrets
import time
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from flask import Response, g, make_response, redirect, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.clock import utc_now
from timebank.db import WRITES, Base, db, insert_once, new_id
from timebank.errors import ConflictError, IndeterminateError
from timebank.web.callers import caller_id

T = TypeVar("T")

TRIES_MAX = 5
DEADLINE_SECONDS = 12.0
#: How long a sent form is remembered.
KEPT_FOR = dt.timedelta(days=7)
FIRST_PAUSE_SECONDS = 0.02
JITTER = secrets.SystemRandom()
SUBMISSION_FIELD = "submission_key"
#: Serialization failure, deadlock, lock not available, administrator's shutdown.
RETRYABLE_SQLSTATES = frozenset({"40001", "40P01", "55P03", "57P01"})
#: Fields that change between two sends of the same page without changing what is asked.
UNSENT_FIELDS = frozenset({"csrf_token", SUBMISSION_FIELD})


class Submission(Base):
    """A form that was sent and acted upon, by the key minted when it was shown."""

    __tablename__ = "submission"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    location: Mapped[str | None] = mapped_column(sa.String(2000))
    sent_at: Mapped[dt.datetime] = mapped_column(index=True)


def delete_old_submissions(session: Session, *, now: dt.datetime) -> int:
    """Delete keys of forms sent over a week ago, which nobody sends again; return how many."""
    gone = session.execute(sa.delete(Submission).where(Submission.sent_at < now - KEPT_FOR))
    return int(gone.rowcount)  # type: ignore[attr-defined]


class FormChangedError(ConflictError):
    """This page was already sent once, with other words in it or by somebody else."""


def new_submission_key() -> str:
    """Mint the key that a form carries from the moment it is shown."""
    return str(new_id())


def is_away(error: DBAPIError) -> bool:
    """Tell whether the database could not be reached, or went away while it was asked."""
    could_not_connect = isinstance(error, OperationalError) and error.statement is None
    return error.connection_invalidated or could_not_connect


def is_retryable(error: DBAPIError) -> bool:
    """Tell whether the same work may succeed if it is simply done again."""
    if is_away(error):
        return True
    sqlstate = getattr(error.orig, "sqlstate", None)
    if sqlstate is not None:
        return sqlstate in RETRYABLE_SQLSTATES
    return isinstance(error, OperationalError) and any(
        word in str(error.orig) for word in ("database is locked", "database table is locked")
    )


def run_in_transaction(
    work: Callable[[Session], T], *, give_up_after: float = DEADLINE_SECONDS
) -> T:
    """Run `work` in one transaction and commit; do it again when the database asks for that.

    Args:
        work: Takes the session, never commits. It may run up to five times and must not touch the
            world outside the database.
        give_up_after: Seconds after which no further try begins.

    Raises:
        IndeterminateError: If the database went away and stayed away.
    """
    deadline = time.monotonic() + give_up_after
    for attempt in range(1, TRIES_MAX + 1):
        db.session.rollback()
        try:
            db.session.connection(execution_options={WRITES: True})
            result = work(db.session())
            _commit()
        except DBAPIError as error:
            db.session.rollback()
            if not is_retryable(error):
                raise
            if attempt == TRIES_MAX or time.monotonic() > deadline:
                raise IndeterminateError from error
            time.sleep(FIRST_PAUSE_SECONDS * 2**attempt * JITTER.uniform(0.5, 1.5))
        except BaseException:
            db.session.rollback()
            raise
        else:
            return result
    raise AssertionError  # pragma: no cover - the last try returns or raises


def _commit() -> None:
    """Commit; an error from there that nobody can read is never told as a failure.

    SQLite has returned an error for a commit that took effect, and so has PostgreSQL while it went
    down (`docs/operations.md`). What the database is certain about may simply be done again.
    """
    db.session.flush()
    try:
        db.session.commit()
    except DBAPIError as error:
        if is_retryable(error):
            raise
        db.session.rollback()
        raise IndeterminateError from error


class _RefusedError(Exception):
    """Carries an answer that is no success out of a transaction, so that it rolls back."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class _Sent(NamedTuple):
    """A form that came with a key, and what it asks for."""

    key: uuid.UUID
    fingerprint: bytes


def writes(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Make a view one unit of work: committed if it answers below 400, else rolled back.

    A GET of the same view runs as usual. A form sent again with its key gets the first answer.
    """

    @functools.wraps(view)
    def in_one_transaction(*args: Any, **kwargs: Any) -> ResponseReturnValue:  # noqa: ANN401 - the route's own
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            return view(*args, **kwargs)
        kept, sent = dict(cookie), _sent()

        def work(session: Session) -> Response:
            cookie.clear()
            cookie.update(kept)
            return _answer_once(session, sent, lambda: make_response(view(*args, **kwargs)))

        try:
            return run_in_transaction(work)
        except _RefusedError as refused:
            return refused.response
        except BaseException:
            # What the view had to say did not happen: nobody reads "confirmed" on an error page.
            cookie.clear()
            cookie.update(kept)
            raise

    return in_one_transaction


def _answer_once(session: Session, sent: _Sent | None, view: Callable[[], Response]) -> Response:
    if sent is not None and not _claim(session, sent):
        return _replay(session, sent)
    response = view()
    if response.status_code >= 400:  # noqa: PLR2004 - HTTP's own line between done and refused
        raise _RefusedError(response)
    if sent is not None:
        answered = {"key": sent.key, "answer": response.location or request.full_path}
        session.connection().execute(_ANSWERED, answered)
    return response


def _sent() -> _Sent | None:
    try:
        key = uuid.UUID(request.form.get(SUBMISSION_FIELD, ""))
    except ValueError:
        return None
    return _Sent(key, _fingerprint(caller_id()))


def _claim(session: Session, sent: _Sent) -> bool:
    """Take the key; False where it is taken. Who holds it is waited for, and may let go of it."""
    connection = session.connection()
    claim = {"id": sent.key, "fingerprint": sent.fingerprint, "sent_at": utc_now()}
    return connection.execute(_claiming(connection.dialect.name), claim).first() is not None


def _replay(session: Session, sent: _Sent) -> Response:
    earlier = session.connection().execute(_EARLIER, {"key": sent.key}).one()
    # Whoever joins is nobody yet when they send the page, and somebody when they send it again.
    if earlier.fingerprint not in {sent.fingerprint, _fingerprint(None)}:
        raise FormChangedError
    g.replayed = True
    return make_response(redirect(earlier.location or "/", code=303))


# Of every form that changes something, so they are put together once.
_OF_KEY = Submission.id == sa.bindparam("key")
_EARLIER = sa.select(Submission.fingerprint, Submission.location).where(_OF_KEY)
_ANSWERED = sa.update(Submission).where(_OF_KEY).values(location=sa.bindparam("answer"))


@functools.cache
def _claiming(database: str) -> sa.Executable:
    return insert_once(Submission, database).returning(Submission.id)


def _fingerprint(person_id: uuid.UUID | None) -> bytes:
    """Hash what was asked and who asked: the address and every field but the tokens, in order.

    On a computer that several people use, a page that one of them sent is not taken for the next
    one's, who would be told that their hours moved.
    """
    digest = hashlib.sha256(f"{person_id or ''}\x00{request.full_path}".encode())
    for name, value in sorted(request.form.items(multi=True)):
        if name not in UNSENT_FIELDS:
            digest.update(f"\x00{len(name)}:{name}={len(value)}:{value}".encode())
    return digest.digest()
