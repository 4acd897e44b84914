"""Before the help: propose, agree, decline, change, call off."""

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.exchanges import policy
from timebank.exchanges.errors import PlannedDayMissingError, TermsChangedError
from timebank.exchanges.models import Exchange
from timebank.exchanges.service import aside, moving
from timebank.exchanges.service.moving import Terms
from timebank.members.models import Member


def propose(  # noqa: PLR0913 - called by keywords: who, whom, what, when
    session: Session,
    community: Community,
    *,
    by: Member,
    giver: Member,
    receiver: Member,
    category_id: uuid.UUID,
    terms: Terms,
    now: dt.datetime,
    title: str = "",
    basis: str = "hours",
    listing_id: uuid.UUID | None = None,
    conversation_id: uuid.UUID | None = None,
    words: str = "",
) -> Exchange:
    """Propose an exchange; either side may. The other one is asked.

    Raises:
        SamePersonError, NotTakingPartError: If these two cannot help each other now.
        NotYourMoveError: If `by` is neither of them.
        CategoryNotFoundError: If the community has no such kind of help.
        MinutesOutOfRangeError, DayOutOfRangeError: If the terms cannot be.
    """
    deal = moving.begin(
        session,
        community,
        by=by,
        giver=giver,
        receiver=receiver,
        category_id=category_id,
        minutes=terms.agreed_minutes,
        basis=basis,
        title=title,
        now=now,
        listing_id=listing_id,
    )
    exchange = deal.exchange
    exchange.state, exchange.conversation_id = "proposed", conversation_id
    exchange.awaiting_id = policy.other_side(exchange, by.id)
    moving.set_terms(community, exchange, terms, now=now)
    session.add(exchange)
    moving.note(session, exchange, "propose", by=by, now=now, words=words)
    moving.tell_other(session, deal, by, "exchange-proposed", now=now)
    return exchange


def agree(
    session: Session,
    community: Community,
    exchange_id: uuid.UUID,
    *,
    by: Member,
    now: dt.datetime,
    planned_on: dt.date | None = None,
    part_of_day: str | None = None,
    shown: str | None = None,
) -> Exchange:
    """Say yes to a proposal. A day that the proposal left open is set here; a named one stands.

    `shown` is what `policy.terms_line` made of the terms on the page; the yes is refused if they
    have changed since. None trusts the row.

    Raises:
        TermsChangedError: If the other side suggested something else meanwhile.
        PlannedDayMissingError: If there is still no day or no part of it.
        NotTakingPartError: If the other side is away or has left since.
        CannotSetAsideError: If the community sets hours aside, and that is not possible.
        IllegalMoveError, NotYourMoveError, DayOutOfRangeError: As their names say.
    """
    deal, parts = moving.locked(session, community, exchange_id, by)
    exchange = deal.exchange
    after = policy.state_after(exchange, "agree", parts)
    if shown is not None and shown != policy.terms_line(exchange):
        raise TermsChangedError
    moving.check_here(deal.giver, deal.receiver)
    if exchange.planned_on is None and planned_on is not None:
        policy.check_planned(planned_on, today=community.day_of(now))
    minutes = exchange.agreed_minutes
    day, part = exchange.planned_on or planned_on, exchange.part_of_day or part_of_day
    if day is None or part is None:
        raise PlannedDayMissingError
    is_set_aside = aside.set_aside(session, community, deal, by=by, planned_on=day, now=now)
    # Only now: a page that says what is in the way still asks for the day.
    exchange.planned_on, exchange.part_of_day = day, part
    moving.share_names(session, deal, now=now)
    exchange.state, exchange.awaiting_id = after, None
    moving.note(session, exchange, "agree", by=by, now=now, minutes=minutes)
    if is_set_aside:
        moving.note(session, exchange, "set aside", by=None, now=now, minutes=minutes)
    moving.tell_other(session, deal, by, "exchange-agreed", now=now)
    return exchange


def decline(
    session: Session,
    community: Community,
    exchange_id: uuid.UUID,
    *,
    by: Member,
    now: dt.datetime,
    words: str = "",
) -> Exchange:
    """Say no to a proposal; no reason is needed.

    Raises:
        IllegalMoveError, NotYourMoveError: As their names say.
    """
    return _end(session, community, exchange_id, "decline", by=by, words=words, now=now)


def cancel(
    session: Session,
    community: Community,
    exchange_id: uuid.UUID,
    *,
    by: Member,
    now: dt.datetime,
    words: str = "",
) -> Exchange:
    """Call it off, withdraw a proposal, or take back what one reported oneself.

    Raises:
        IllegalMoveError, NotYourMoveError: As their names say.
    """
    return _end(session, community, exchange_id, "cancel", by=by, words=words, now=now)


def change(
    session: Session,
    community: Community,
    exchange_id: uuid.UUID,
    *,
    by: Member,
    terms: Terms,
    now: dt.datetime,
    words: str = "",
) -> Exchange:
    """Propose other terms; the other side is asked again, even where both had agreed.

    Raises:
        IllegalMoveError, NotYourMoveError: As their names say.
        MinutesOutOfRangeError, DayOutOfRangeError: If the terms cannot be.
    """
    deal, parts = moving.locked(session, community, exchange_id, by)
    exchange = deal.exchange
    after = policy.state_after(exchange, "change", parts)
    aside.give_back(session, community, exchange, by=by, now=now)
    exchange.state = after
    exchange.awaiting_id = policy.other_side(exchange, by.id)
    moving.set_terms(community, exchange, terms, now=now)
    moving.note(
        session, exchange, "change", by=by, now=now, minutes=exchange.agreed_minutes, words=words
    )
    moving.tell_other(session, deal, by, "exchange-changed", now=now)
    return exchange


def _end(
    session: Session,
    community: Community,
    exchange_id: uuid.UUID,
    move: str,
    *,
    by: Member,
    words: str,
    now: dt.datetime,
) -> Exchange:
    deal, parts = moving.locked(session, community, exchange_id, by)
    exchange = deal.exchange
    after = policy.state_after(exchange, move, parts)
    aside.give_back(session, community, exchange, by=by, now=now)
    exchange.state, exchange.awaiting_id = after, None
    moving.stop_waiting(exchange)
    moving.note(session, exchange, move, by=by, now=now, words=words)
    moving.tell_other(session, deal, by, f"exchange-{exchange.state}", now=now)
    return exchange
