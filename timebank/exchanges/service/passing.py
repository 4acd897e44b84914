"""Letting hours pass once that a limit keeps from moving, by somebody who looks after the books."""

import datetime as dt
import uuid
from typing import cast

from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.exchanges import queries
from timebank.exchanges.errors import (
    NotHeldUpError,
    OwnHoursError,
    WordsMissingError,
)
from timebank.exchanges.models import Exchange
from timebank.exchanges.service import moving
from timebank.hours import limits
from timebank.members.models import Member

#: What can be let through; an account on hold is no limit.
LIMITS = ("floor", "ceiling")


def let_pass(
    session: Session,
    community: Community,
    exchange_id: uuid.UUID,
    *,
    by: Member,
    reason: str,
    now: dt.datetime,
) -> Exchange:
    """Move the hours of one exchange this once, past the limit that holds them up.

    The limit stays what it is. The reason stands in the exchange's story, which both read, and in
    the history of the account whose limit it was. The caller has seen to it that `by` looks after
    the books.

    Raises:
        WordsMissingError: If there is no reason.
        ExchangeNotFoundError: If there is no such exchange.
        OwnHoursError: If `by` is one of the two: nobody lets their own hours pass.
        NotHeldUpError: If no limit holds it up, or none does any more.
        AccountClosedError: If one of the two accounts is on hold by now.
    """
    if not reason.strip():
        raise WordsMissingError
    deal = queries.locked_deal(session, community, exchange_id)
    exchange = deal.exchange
    if deal.has(by):
        raise OwnHoursError
    if exchange.state != "done" or exchange.held_up_by not in LIMITS:
        raise NotHeldUpError
    # The table sees to it that a reported exchange has them.
    minutes = cast("int", exchange.worked_minutes)
    changes = {
        deal.giver.account_code: minutes,
        deal.receiver.account_code: minutes if exchange.basis == "mutual" else -minutes,
    }
    with limits.past_limits(session, community, changes, reason=reason, by=by, now=now):
        moving.book(session, community, deal, "let pass", by=by, now=now, words=reason)
    return exchange
