"""Taking hours back: a reversal beside the entry, never an edit of it."""

import datetime as dt
import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.exchanges import queries
from timebank.exchanges.errors import WordsMissingError
from timebank.exchanges.models import Exchange
from timebank.exchanges.service import moving
from timebank.hours import service as hours
from timebank.members.models import Member
from timebank.messaging import service as messaging

TOPIC = "hours"


def reverse_entry(
    session: Session,
    community: Community,
    entry_id: uuid.UUID,
    *,
    by: Member,
    reason: str,
    now: dt.datetime,
) -> Sequence[str]:
    """Take an entry back with a reason; its members are told. The caller has seen to `by`'s right.

    Limits do not stop it: else hours once spent could never be put right.

    Returns:
        The accounts that are under their floor now; mostly none.

    Raises:
        WordsMissingError: If there is no reason.
        AlreadyTakenBackError, NoSuchEntryError, NotTakenBackError: Of `hours`, as their names say.
    """
    if not reason.strip():
        raise WordsMissingError
    exchange = queries.locked_by_entry(session, community.id, entry_id)
    outcome = hours.take_back(
        session,
        community,
        entry_id,
        reason=reason.strip(),
        key=f"reverse:{entry_id}",
        by=by,
        now=now,
    )
    if exchange is not None:
        exchange.reversal_id = outcome.entry_id
        moving.note(session, exchange, "reverse", by=by, now=now, words=reason)
    for member in queries.by_account_codes(session, community.id, outcome.balances):
        _tell(session, exchange, member, reason, now=now)
    return tuple(outcome.overdrawn)


def _tell(
    session: Session,
    exchange: Exchange | None,
    member: Member,
    reason: str,
    *,
    now: dt.datetime,
) -> None:
    path = "hours" if exchange is None else moving.path_of(exchange)
    messaging.tell(
        session,
        member,
        topic=TOPIC,
        kind="hours-reversed",
        facts={"reason": reason.strip()},
        path=path,
        now=now,
    )
