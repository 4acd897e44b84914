"""Mail that waits in the tray goes out."""

import datetime as dt
import functools
import logging
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.messaging import policy, queries
from timebank.messaging.errors import MailRefusedError
from timebank.messaging.models import ERROR_LENGTH_MAX, OutboxMail
from timebank.web.session import run_in_transaction

#: Mails that one round sends at most; the worker has other things to do too.
ROUND_MAX = 20

log = logging.getLogger(__name__)


def deliver_due(*, clock: Callable[[], dt.datetime], send: Callable[[OutboxMail], None]) -> int:
    """Send mails that are due, one after the other; return how many went out.

    A mail is leased in one transaction, sent outside of any (a mail server may take its time, and
    nobody else should wait for it), and marked in another. A worker cut off in between leaves a
    lease that ends by itself; such a mail may then go out twice, and never not at all.

    Args:
        clock: Tells the aware time; the lease of each mail begins when its turn has come.
        send: Hands one mail to a mail server. It raises `MailRefusedError` where trying again is no
            use, and any `OSError` where it may be. Whatever else it raises is about this one mail
            too: the others go out.
    """
    sent = 0
    for _turn in range(ROUND_MAX):
        now = clock()
        mail = run_in_transaction(functools.partial(_lease_next, now=now))
        if mail is None:
            break
        try:
            send(mail)
        except Exception as error:
            if not isinstance(error, (OSError, MailRefusedError)):
                log.exception("mail %s did not go out", mail.id)
            _settle(mail, **_after_failure(mail, error, now))
        else:
            _settle(mail, state="sent", sent_at=now)
            sent += 1
    return sent


def _lease_next(session: Session, *, now: dt.datetime) -> OutboxMail | None:
    """Take the next mail; it comes back detached, so that sending holds no transaction open."""
    mail = queries.next_due_mail(session, now)
    if mail is not None:
        mail.leased_until = now + policy.LEASE
        mail.attempts += 1
        session.flush()
        session.expunge(mail)
    return mail


def _settle(mail: OutboxMail, **outcome: object) -> None:
    """Keep how it went; what is not kept here goes out a second time."""
    settled = (
        sa.update(OutboxMail)
        .where(OutboxMail.id == mail.id)
        .values(leased_until=None, **outcome)
        .execution_options(synchronize_session=False)
    )
    run_in_transaction(lambda session: session.execute(settled))


def _after_failure(mail: OutboxMail, error: Exception, now: dt.datetime) -> dict[str, object]:
    """Keep why it failed, without the address it was for, and decide about another try."""
    words = f"{type(error).__name__} {_code_of(error)}".strip()[:ERROR_LENGTH_MAX]
    if isinstance(error, MailRefusedError) or mail.attempts >= policy.TRIES_MAX:
        return {"last_error": words, "state": "given up"}
    return {"last_error": words, "due_at": now + policy.pause_after(mail.attempts)}


def _code_of(error: Exception) -> str:
    """Return the number a mail server or the system gave, or nothing."""
    code = getattr(error, "smtp_code", None) or getattr(error, "errno", None)
    return "" if code is None else str(code)
