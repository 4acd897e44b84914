"""Months that are over: sealed by the worker or on demand, and read by whoever wants to know.

Sealing a month needs a checkpoint that reaches to its end, so one is made first. Each month is one
short transaction of its own; whoever comes second finds it done.
"""

import datetime as dt
import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from ledger import keys, periods, published
from ledger.errors import LedgerRefusal
from ledger.months import Month, MonthEnd
from ledger.periods import MonthDraft, SealedMonth
from ledger.proof_errors import NotSealed, UnknownMonth
from timebank.communities import queries as communities
from timebank.communities.models import Community
from timebank.config import Settings
from timebank.db import db
from timebank.hours import sealing
from timebank.hours.errors import NoSuchMonthError, NotAsSignedError
from timebank.hours.sealing import Vault
from timebank.web.session import run_in_transaction

#: Months on one page.
MONTHS_ON_A_PAGE = periods.MONTHS_ON_A_PAGE
log = logging.getLogger(__name__)


# -------------------------------------------------------------------------------- sealing


def seal(community: Community, vault: Vault, *, now: dt.datetime) -> Sequence[SealedMonth]:
    """Seal every month of a community that is over and is not sealed, the oldest first.

    Again at once, or by two workers at once, changes nothing more.

    Raises:
        NotSealed: If the book is not what was signed before.
        LostPrivateKey: If the key in use is not where it is kept.
        OSError: If the folder outside can not be written. What is sealed by then is laid there the
            next time.
    """
    book_id, zone = community.id, ZoneInfo(community.time_zone)
    _publish_missing(book_id, vault)
    with db.engine.connect() as connection:
        months = periods.due(connection, book_id, zone=zone, now=now)
    if not months:
        return []
    sealing.seal(community, vault, now=now)
    done = []
    for month in months:
        with db.engine.connect() as connection:
            drafted = periods.draft(connection, book_id, month)
        sealed = _keep(book_id, vault, drafted, now=now)
        if sealed is None:
            # An entry came in between; the next run takes it from there.
            break
        published.put_month(vault.folder, sealed.period, sealed.note)
        done.append(sealed)
    return done


def _publish_missing(book_id: uuid.UUID, vault: Vault) -> None:
    """Lay sealed months outside that could not be laid there when they were sealed."""
    with db.engine.connect() as connection:
        newest_first = periods.listed(connection, book_id, limit=MONTHS_ON_A_PAGE)
    for sealed in newest_first:
        if not published.put_month(vault.folder, sealed.period, sealed.note):
            # They are laid there in their order, so the ones before lie there too.
            break


def _keep(
    book_id: uuid.UUID, vault: Vault, drafted: MonthDraft, *, now: dt.datetime
) -> SealedMonth | None:
    def keep(session: Session) -> SealedMonth | None:
        connection = session.connection()
        signer = keys.load(vault.secrets, keys.in_use(connection, book_id).key)
        return periods.keep(connection, book_id, drafted, signer, now=now)

    return run_in_transaction(keep)


def seal_ended(settings: Settings, *, now: dt.datetime) -> int:
    """Seal the months of every community that are over; return how many months that were.

    One that can not be sealed is named in the log, and holds up no other.
    """
    done = 0
    for community in communities.every(db.session()):
        try:
            done += len(seal(community, Vault.of(settings, community), now=now))
        except LedgerRefusal as refusal:
            log.exception("a month of %s is not sealed: %s", community.slug, refusal.reason)
        except OSError:
            log.exception("a month of %s was not laid outside", community.slug)
    return done


# -------------------------------------------------------------------------------- reading


def latest(session: Session, community_id: uuid.UUID) -> SealedMonth | None:
    """The newest sealed month; None before the first."""
    return periods.latest(session.connection(), community_id)


def listed(
    session: Session, community_id: uuid.UUID, *, before: str | None, limit: int
) -> Sequence[SealedMonth]:
    """Sealed months, the newest first, a page at a time; `before` is the last one seen."""
    return periods.listed(session.connection(), community_id, before=before, limit=limit)


def find(session: Session, community_id: uuid.UUID, period: str) -> SealedMonth:
    """A sealed month, such as that of ``2026-05``.

    Raises:
        NoSuchMonthError: If it is not sealed.
    """
    with _in_our_words():
        return periods.find(session.connection(), community_id, period)


def is_sealed(session: Session, community_id: uuid.UUID, period: str) -> bool:
    """Tell whether a month is sealed, so that nothing recorded in it changes any more."""
    try:
        find(session, community_id, period)
    except NoSuchMonthError:
        return False
    return True


def trial_balance(
    session: Session, community_id: uuid.UUID, sealed: SealedMonth
) -> Mapping[str, int]:
    """What every account held when a month was over, as it was sealed.

    Raises:
        NotAsSignedError: If it is no longer what was sealed.
    """
    with _in_our_words():
        return periods.trial_balance(session.connection(), community_id, sealed)


def prove(session: Session, community_id: uuid.UUID, period: str, code: str) -> MonthEnd:
    """Prove what one account held when a month was over, without showing any other.

    Raises:
        NoSuchMonthError: If the month is not sealed, or the account had not moved by then.
        NotAsSignedError: If it is no longer what was sealed.
    """
    with _in_our_words():
        return periods.prove(session.connection(), community_id, period, code)


def period_of(day: dt.date) -> str:
    """The month a day lies in, as it is written: ``2026-05``."""
    return Month.around(day, dt.UTC).period


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except UnknownMonth as refusal:
        raise NoSuchMonthError(refusal.period) from refusal
    except NotSealed as refusal:
        raise NotAsSignedError(refusal.reason) from refusal
