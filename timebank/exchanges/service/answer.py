"""After the help: say that it happened, answer, settle, thank."""

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.exchanges import policy, queries
from timebank.exchanges.errors import (
    AlreadyThankedError,
    IllegalMoveError,
    MinutesChangedError,
    NotYourMoveError,
    WordsMissingError,
)
from timebank.exchanges.models import Exchange, ThankYou
from timebank.exchanges.policy import Part
from timebank.exchanges.service import aside, moving
from timebank.members.models import Member


def report(
    session: Session,
    community: Community,
    exchange_id: uuid.UUID,
    *,
    by: Member,
    worked_minutes: int,
    happened_on: dt.date,
    now: dt.datetime,
) -> Exchange:
    """Say that it happened and how long it took; the other side is asked "Did this happen?".

    Raises:
        IllegalMoveError, NotYourMoveError: As their names say.
        MinutesOutOfRangeError, DayOutOfRangeError: If it cannot have been so.
    """
    deal, parts = moving.locked(session, community, exchange_id, by)
    exchange = deal.exchange
    after = policy.state_after(exchange, "report", parts)
    policy.check_happened(happened_on, today=community.day_of(now))
    moving.say_how_long(session, community, deal, worked_minutes, by=by, now=now)
    exchange.state, exchange.happened_on = after, happened_on
    moving.note(session, exchange, "report", by=by, now=now, minutes=exchange.worked_minutes)
    moving.tell_other(session, deal, by, "exchange-reported", now=now)
    return exchange


def log_informal(  # noqa: PLR0913 - called by keywords: who, whom, what, when
    session: Session,
    community: Community,
    *,
    by: Member,
    other: Member,
    by_gave: bool,
    category_id: uuid.UUID,
    worked_minutes: int,
    happened_on: dt.date,
    now: dt.datetime,
    basis: str = "hours",
    title: str = "",
    place: str = "public",
    conversation_id: uuid.UUID | None = None,
) -> Exchange:
    """Note help that was given without arranging it here; the other side is asked.

    With `by_gave` it was `by` who gave the help, else `by` received it.

    Raises:
        SamePersonError, NotTakingPartError, CategoryNotFoundError: As their names say.
        MinutesOutOfRangeError, DayOutOfRangeError: If it cannot have been so.
    """
    giver, receiver = (by, other) if by_gave else (other, by)
    policy.check_happened(happened_on, today=community.day_of(now))
    deal = moving.begin(
        session,
        community,
        by=by,
        giver=giver,
        receiver=receiver,
        category_id=category_id,
        minutes=worked_minutes,
        basis=basis,
        title=title,
        now=now,
    )
    exchange = deal.exchange
    exchange.state, exchange.is_informal = "done", True
    exchange.place, exchange.conversation_id = place, conversation_id
    exchange.happened_on = happened_on
    moving.say_how_long(session, community, deal, worked_minutes, by=by, now=now)
    session.add(exchange)
    moving.note(session, exchange, "report", by=by, now=now, minutes=exchange.worked_minutes)
    moving.tell_other(session, deal, by, "exchange-reported", now=now)
    return exchange


def answer_yes(
    session: Session,
    community: Community,
    exchange_id: uuid.UUID,
    *,
    by: Member,
    now: dt.datetime,
    worked_minutes: int | None = None,
) -> Exchange:
    """Confirm that it happened, and move the hours in the same transaction.

    `worked_minutes` is what the page showed; the answer is refused if that has changed since. None
    trusts the row.

    Returns:
        The exchange: confirmed, or still done with `held_up_at` set where a limit is in the way.
        Both are answers that count; in the second the coordinators have been told.

    Raises:
        AlreadyConfirmedError: If it was confirmed before; the hours moved once.
        MinutesChangedError: If the other side changed the time meanwhile.
        IllegalMoveError, NotYourMoveError: As their names say.
    """
    deal, parts = moving.locked(session, community, exchange_id, by)
    exchange = deal.exchange
    policy.state_after(exchange, "confirm", parts)
    if worked_minutes is not None and worked_minutes != exchange.worked_minutes:
        raise MinutesChangedError(exchange.worked_minutes)
    moving.book(session, community, deal, "confirm", by=by, now=now)
    return exchange


def answer_change(
    session: Session,
    community: Community,
    exchange_id: uuid.UUID,
    *,
    by: Member,
    worked_minutes: int,
    now: dt.datetime,
    words: str = "",
) -> Exchange:
    """Say that it took another time; now the other side is asked.

    Raises:
        IllegalMoveError, NotYourMoveError, MinutesOutOfRangeError: As their names say.
    """
    deal, parts = moving.locked(session, community, exchange_id, by)
    exchange = deal.exchange
    after = policy.state_after(exchange, "correct", parts)
    moving.say_how_long(session, community, deal, worked_minutes, by=by, now=now)
    exchange.state = after
    moving.note(
        session, exchange, "correct", by=by, now=now, minutes=exchange.worked_minutes, words=words
    )
    moving.tell_other(session, deal, by, "exchange-corrected", now=now)
    return exchange


def answer_no(
    session: Session,
    community: Community,
    exchange_id: uuid.UUID,
    *,
    by: Member,
    words: str,
    now: dt.datetime,
) -> Exchange:
    """Say that it was not so. Silence no longer confirms; the coordinators see it too.

    Raises:
        WordsMissingError: If nothing says what was different.
        IllegalMoveError, NotYourMoveError: As their names say.
    """
    deal, parts = moving.locked(session, community, exchange_id, by)
    exchange = deal.exchange
    after = policy.state_after(exchange, "query", parts)
    if not words.strip():
        raise WordsMissingError
    exchange.state, exchange.awaiting_id = after, None
    moving.stop_waiting(exchange)
    moving.note(session, exchange, "query", by=by, now=now, words=words)
    moving.tell_other(session, deal, by, "exchange-queried", now=now)
    moving.tell_coordinators(session, deal, "work-queried", now=now)
    return exchange


def settle(
    session: Session,
    community: Community,
    exchange_id: uuid.UUID,
    *,
    by: Member,
    worked_minutes: int,
    reason: str,
    now: dt.datetime,
) -> Exchange:
    """Decide as a coordinator, after talking with both: so long it was, or (0) nothing counts.

    Raises:
        WordsMissingError: If there is no reason.
        ExchangeNotFoundError: If `by` is no coordinator and no side.
        IllegalMoveError, NotYourMoveError, MinutesOutOfRangeError: As their names say.
    """
    deal, parts = moving.locked(session, community, exchange_id, by)
    exchange = deal.exchange
    policy.state_after(exchange, "settle", parts)
    if not reason.strip():
        raise WordsMissingError
    if worked_minutes == 0:
        aside.give_back(session, community, exchange, by=by, now=now)
        exchange.state, exchange.awaiting_id = "cancelled", None
        moving.stop_waiting(exchange)
        moving.note(session, exchange, "settle", by=by, now=now, minutes=0, words=reason)
        moving.tell_both(session, deal, "exchange-settled", now=now)
    else:
        exchange.worked_minutes = moving.rounded(community, worked_minutes)
        moving.book(session, community, deal, "settle", by=by, words=reason, now=now)
    return exchange


def thank(
    session: Session,
    community: Community,
    exchange_id: uuid.UUID,
    *,
    by: Member,
    words: str,
    now: dt.datetime,
) -> ThankYou:
    """Leave the other side a short thank-you, once.

    Raises:
        WordsMissingError, AlreadyThankedError: As their names say.
        IllegalMoveError: If the help is not confirmed yet.
        NotYourMoveError: If `by` is not one of the two.
    """
    deal, parts = moving.locked(session, community, exchange_id, by)
    exchange = deal.exchange
    if exchange.state != "confirmed":
        raise IllegalMoveError(exchange.state, "thank")
    if Part.SIDE not in parts:
        raise NotYourMoveError(exchange.state, "thank")
    if not words.strip():
        raise WordsMissingError
    if queries.thanked(session, exchange, by.id):
        raise AlreadyThankedError
    thanks = ThankYou(
        community_id=community.id,
        exchange_id=exchange.id,
        by_member_id=by.id,
        to_member_id=deal.other(by).id,
        words=words.strip(),
        at=now,
    )
    session.add(thanks)
    moving.tell_other(session, deal, by, "exchange-thanked", now=now)
    return thanks
