"""What time does: reminds, and confirms what nobody answered."""

import datetime as dt

from sqlalchemy.orm import Session

from timebank.communities import queries as communities
from timebank.communities.models import Community
from timebank.exchanges import policy, queries
from timebank.exchanges.models import Exchange
from timebank.exchanges.service import moving
from timebank.passed_over import PassedOver


def confirm_silent(session: Session, community: Community, *, now: dt.datetime) -> int:
    """Confirm every exchange of a community whose silence has ended; return how many that were.

    Safe to run again and by several at once: an exchange that another holds is left to that one.
    """
    count = 0
    while (exchange := queries.next_silent(session, community.id, now=now)) is not None:
        _confirm(session, community, exchange, now=now)
        session.flush()
        count += 1
    return count


def confirm_next_silent(
    session: Session, *, now: dt.datetime, passed: PassedOver | None = None
) -> int:
    """Confirm one exchange whose silence has ended, in any community; return 1, or 0 if none is.

    The worker runs this in a transaction of its own again and again until it returns 0, and has one
    that failed `passed` over, so that one exchange cannot spoil the others.
    """
    passed = passed or PassedOver()
    for community in communities.every(session):
        exchange = queries.next_silent(session, community.id, now=now, without=passed.ids)
        if exchange is not None:
            passed.begin(exchange.id)
            _confirm(session, community, exchange, now=now)
            return 1
    return 0


def remind_next(session: Session, *, now: dt.datetime, passed: PassedOver | None = None) -> int:
    """Remind one member that silence will soon confirm; return 1, or 0 if nobody is due.

    For the worker, as `confirm_next_silent`.
    """
    passed = passed or PassedOver()
    for community in communities.every(session):
        before = now + policy.remind_lead(community.confirm_days)
        exchange = queries.next_to_remind(
            session, community.id, before=before, now=now, without=passed.ids
        )
        if exchange is not None:
            passed.begin(exchange.id)
            _remind(session, exchange, now=now)
            return 1
    return 0


def _confirm(
    session: Session, community: Community, exchange: Exchange, *, now: dt.datetime
) -> None:
    deal = queries.deal(session, community.id, exchange.id)
    moving.book(session, community, deal, "confirm", by=None, now=now)


def _remind(session: Session, exchange: Exchange, *, now: dt.datetime) -> None:
    exchange.reminded_at = now
    deal = queries.deal(session, exchange.community_id, exchange.id)
    other = deal.giver if exchange.awaiting_id == deal.receiver.id else deal.receiver
    moving.tell_other(session, deal, other, "exchange-reminder", now=now)
