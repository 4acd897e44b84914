"""Hours that are set aside for what two people agreed, and given back where they are not used.

A community asks for it in its settings. Using them is part of confirming: `moving.book`.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from contextlib import suppress
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities import queries as communities
from timebank.communities.models import Community
from timebank.exchanges import policy, queries
from timebank.exchanges.errors import CannotSetAsideError
from timebank.exchanges.models import Exchange
from timebank.exchanges.queries import Deal
from timebank.exchanges.service import moving
from timebank.hours import holding
from timebank.hours.errors import SetAsideEndedError, TooFewHoursError
from timebank.hours.policy import category_code
from timebank.members.models import Member
from timebank.passed_over import PassedOver


def set_aside(
    session: Session,
    community: Community,
    deal: Deal,
    *,
    by: Member,
    planned_on: dt.date,
    now: dt.datetime,
) -> bool:
    """Set the agreed hours aside, if the community wishes it; tell if that was done.

    Nothing of the exchange is changed but what is about this, so that a refusal leaves it as it
    was. The key counts how often the two have agreed: they may change their plans and agree again.

    Raises:
        CannotSetAsideError: If there are too few hours, or too many on their way, or an account
            is on hold.
    """
    exchange, category = deal.exchange, deal.category
    if not policy.sets_aside(exchange.basis, community.setting_aside):
        return False
    ends_at = policy.set_aside_ends_at(
        planned_on,
        today=community.day_of(now),
        confirm_days=community.confirm_days,
        zone=ZoneInfo(community.time_zone),
    )
    times = queries.times_agreed(session, exchange) + 1
    try:
        outcome = holding.set_aside(
            session,
            community,
            receiver=deal.receiver,
            giver=deal.giver,
            minutes=exchange.agreed_minutes,
            planned_on=planned_on,
            ends_at=ends_at,
            category=category_code(category.key, category.id),
            key=f"set-aside:{exchange.id}:{times}",
            by=by,
            now=now,
        )
    except tuple(moving.HELD_UP_BY) as refusal:
        left = 0
        if isinstance(refusal, TooFewHoursError):
            left = max(0, refusal.available_minutes - refusal.floor_minutes)
        raise CannotSetAsideError(
            moving.HELD_UP_BY[type(refusal)],
            is_own=getattr(refusal, "code", "") == by.account_code,
            available_minutes=left,
            minutes=exchange.agreed_minutes,
        ) from refusal
    exchange.set_aside_id, exchange.set_aside_ends_at = outcome.entry_id, ends_at
    return True


def give_back(
    session: Session,
    community: Community,
    exchange: Exchange,
    *,
    by: Member | None,
    now: dt.datetime,
) -> None:
    """Give back what is set aside for an exchange that will not use it; mostly nothing is.

    Called while the exchange is still in a state that may have something set aside.
    """
    set_aside_id = exchange.set_aside_id
    if set_aside_id is None:
        return
    key = f"release:{set_aside_id}"
    holding.give_back(session, community, set_aside_id, key=key, by=by, now=now)
    exchange.set_aside_id = exchange.set_aside_ends_at = None
    moving.note(session, exchange, "give back", by=None, now=now, minutes=exchange.agreed_minutes)


def give_back_next(session: Session, *, now: dt.datetime, passed: PassedOver | None = None) -> int:
    """Give back hours that were set aside long enough, of one exchange; return 1, or 0 if none is.

    The exchange goes on: what is confirmed later moves as it would have without. The worker runs
    this in a transaction of its own again and again until it returns 0. Several may: the exchange
    is locked, and the ledger ends each hold once.
    """
    passed = passed or PassedOver()
    for community in communities.every(session):
        exchange = queries.next_to_give_back(session, community.id, now=now, without=passed.ids)
        if exchange is not None and exchange.set_aside_id is not None:
            passed.begin(exchange.id)
            holding.let_end(session, community, exchange.set_aside_id, now=now)
            exchange.set_aside_id = exchange.set_aside_ends_at = None
            minutes = exchange.agreed_minutes
            moving.note(session, exchange, "expire", by=None, now=now, minutes=minutes)
            deal = queries.deal(session, community.id, exchange.id)
            moving.tell_both(session, deal, "exchange-given-back", now=now)
            return 1
    return 0


def give_back_forgotten(
    session: Session, *, now: dt.datetime, passed: PassedOver | None = None
) -> int:
    """Give back hours set aside long enough for no exchange that is known here; return how many.

    After the books were restored without the rest of the database, nothing else would ever end
    them: their members could not spend them, nor leave. Of one community at a time, as
    `give_back_next`; 0 if there are none anywhere.
    """
    passed = passed or PassedOver()
    for community in communities.every(session):
        # Reading all holds of a book takes a while, and nearly always the sums are the same.
        known = _known(session, community)
        if holding.all_minutes(session, community) == sum(known.values()):
            continue
        count = 0
        for set_aside_id in holding.overdue(session, community, now=now):
            if set_aside_id not in known and set_aside_id not in passed.ids:
                passed.begin(set_aside_id)
                # Somebody may have used them since we looked.
                with suppress(SetAsideEndedError):
                    holding.let_end(session, community, set_aside_id, now=now)
                    count += 1
        if count:
            return count
    return 0


def _known(session: Session, community: Community) -> Mapping[uuid.UUID | None, int]:
    """Return what exchanges have set aside: the minutes, by the entry that did it."""
    found = session.execute(
        sa.select(Exchange.set_aside_id, Exchange.agreed_minutes).where(
            Exchange.community_id == community.id, Exchange.set_aside_id.is_not(None)
        )
    )
    return {row.set_aside_id: row.agreed_minutes for row in found}
