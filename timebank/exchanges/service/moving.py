"""What every move has in common: lock, note, book, tell."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.db import new_id
from timebank.errors import NotFoundError
from timebank.exchanges import policy, queries
from timebank.exchanges.errors import (
    CategoryNotFoundError,
    ExchangeNotFoundError,
    NotTakingPartError,
    NotYourMoveError,
    SamePersonError,
)
from timebank.exchanges.models import Exchange, ExchangeMove
from timebank.exchanges.policy import Part
from timebank.exchanges.queries import Deal
from timebank.hours import holding
from timebank.hours import service as hours
from timebank.hours.errors import (
    AccountClosedError,
    NoSuchAccountError,
    TooFewHoursError,
    TooManyHoursError,
)
from timebank.hours.policy import category_code
from timebank.listings.models import Category, Listing
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.messaging import service as messaging
from timebank.messaging.models import Conversation

TOPIC = "exchange"
TOPIC_WORK = "work"
COORDINATOR = "coordinator"
#: The notice that hours have moved, by the move that did it; None is silence.
CONFIRMED_KINDS: Mapping[str | None, str] = MappingProxyType(
    {
        "confirm": "exchange-confirmed",
        "settle": "exchange-settled",
        "let pass": "exchange-let-pass",
        None: "exchange-confirmed-by-silence",
    }
)
#: What can keep hours from moving that both sides agree on, as `Exchange.held_up_by` says it.
HELD_UP_BY: Mapping[type[Exception], str] = MappingProxyType(
    {
        TooFewHoursError: "floor",
        TooManyHoursError: "ceiling",
        AccountClosedError: "account",
        NoSuchAccountError: "account",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What two people agree on.

    Attributes:
        agreed_minutes: How long it should take.
        place: One of `listings.models.PLACES`; never a street.
        planned_on: The day, or None while it is still to be found.
        part_of_day: Morning, afternoon or evening; None with no day.
    """

    agreed_minutes: int
    place: str
    planned_on: dt.date | None = None
    part_of_day: str | None = None


def path_of(exchange: Exchange) -> str:
    """Return where an exchange is found, below its community's address."""
    return f"exchanges/{exchange.id}"


def locked(
    session: Session, community: Community, exchange_id: uuid.UUID, by: Member
) -> tuple[Deal, frozenset[Part]]:
    """Lock an exchange for this unit of work; return it with the parts `by` plays in it.

    Raises:
        ExchangeNotFoundError: If there is none, or `by` has nothing to do with it.
    """
    deal = queries.locked_deal(session, community, exchange_id)
    is_coordinator = not deal.has(by) and COORDINATOR in members.roles_of(session, by)
    parts = policy.parts_of(deal.exchange, by.id, is_coordinator=is_coordinator)
    if not parts:
        raise ExchangeNotFoundError
    return deal, parts


# ------------------------------------------------------------------------- changing


def check_here(giver: Member, receiver: Member) -> None:
    """Refuse to plan with somebody who takes a break or has left.

    Raises:
        NotTakingPartError: If one of the two is not here.
    """
    for member in (giver, receiver):
        if not member.is_here:
            raise NotTakingPartError(member.first_name)


def begin(  # noqa: PLR0913 - as its callers
    session: Session,
    community: Community,
    *,
    by: Member,
    giver: Member,
    receiver: Member,
    category_id: uuid.UUID,
    minutes: int,
    basis: str,
    title: str,
    now: dt.datetime,
    listing_id: uuid.UUID | None = None,
) -> Deal:
    """Make an exchange that has no state yet; the caller adds it to the session.

    Raises:
        SamePersonError, NotTakingPartError: If these two cannot help each other now.
        NotYourMoveError: If `by` is neither of them.
        CategoryNotFoundError, MinutesOutOfRangeError: As their names say.
        NotFoundError: If there is no such listing between these two.
    """
    if giver.id == receiver.id:
        raise SamePersonError
    if by.id not in {giver.id, receiver.id}:
        raise NotYourMoveError("", "propose")
    check_here(giver, receiver)
    category = session.get(Category, (community.id, category_id))
    if category is None:
        raise CategoryNotFoundError
    exchange = Exchange(
        community_id=community.id,
        id=new_id(),
        giver_id=giver.id,
        receiver_id=receiver.id,
        proposed_by_id=by.id,
        category_id=category_id,
        title=title.strip(),
        basis=basis,
        is_informal=False,
        agreed_minutes=rounded(community, minutes),
        listing_id=listing_id,
        proposed_at=now,
        moved_at=now,
    )
    listing = None
    if listing_id is not None:
        listing = _listing(session, community, listing_id, giver, receiver)
    return Deal(exchange, giver, receiver, category, listing)


def _listing(
    session: Session, community: Community, listing_id: uuid.UUID, giver: Member, receiver: Member
) -> Listing:
    """Return a listing of one of the two, on the side it speaks for."""
    listing = session.get(Listing, (community.id, listing_id))
    owner = giver if listing is not None and listing.kind == "offer" else receiver
    if listing is None or listing.member_id != owner.id:
        raise NotFoundError
    return listing


def set_terms(community: Community, exchange: Exchange, terms: Terms, *, now: dt.datetime) -> None:
    """Write terms into an exchange.

    Raises:
        MinutesOutOfRangeError, DayOutOfRangeError: If they cannot be.
    """
    if terms.planned_on is not None:
        policy.check_planned(terms.planned_on, today=community.day_of(now))
    exchange.agreed_minutes = rounded(community, terms.agreed_minutes)
    exchange.place = terms.place
    exchange.planned_on = terms.planned_on
    exchange.part_of_day = terms.part_of_day


def rounded(community: Community, minutes: int) -> int:
    """Round to the community's own step.

    Raises:
        MinutesOutOfRangeError: If there are none, or too many for one exchange.
    """
    return policy.round_minutes(
        minutes, step=community.rounding_minutes, minutes_max=community.exchange_minutes_max
    )


def say_how_long(
    session: Session,
    community: Community,
    deal: Deal,
    worked_minutes: int,
    *,
    by: Member,
    now: dt.datetime,
) -> None:
    """Write down how long it took, as `by` says, and ask the other side.

    Silence may confirm it only if the amount is within the community's cap, is not unusual for
    these two, nobody ever queried it, and the one who is asked has a way to read the question.

    Raises:
        MinutesOutOfRangeError: If there are none, or too many for one exchange.
    """
    exchange, asked = deal.exchange, deal.other(by)
    exchange.worked_minutes = rounded(community, worked_minutes)
    stop_waiting(exchange)
    exchange.reported_by_id, exchange.awaiting_id = by.id, asked.id
    exchange.silence_ends_at = policy.silence_ends_at(
        now,
        confirm_days=community.confirm_days,
        may_confirm=(
            exchange.worked_minutes <= community.silent_minutes_max
            and not policy.is_unusual(
                exchange.worked_minutes,
                agreed_minutes=None if exchange.is_informal else exchange.agreed_minutes,
                longest_minutes=queries.longest_minutes(session, exchange),
            )
            and not queries.was_queried(session, exchange)
            and asked.person_id is not None
        ),
    )


def stop_waiting(exchange: Exchange) -> None:
    """Let neither silence nor a second try do anything any more."""
    exchange.silence_ends_at = exchange.reminded_at = None
    exchange.held_up_at = exchange.held_up_by = None


def note(
    session: Session,
    exchange: Exchange,
    move: str,
    *,
    by: Member | None,
    now: dt.datetime,
    minutes: int | None = None,
    words: str = "",
) -> None:
    """Add a row to the exchange's story; `by` is None where silence or time acted."""
    exchange.moved_at = now
    if exchange in session.new:
        session.flush()
    # Every move has one, so the row goes in the short way, as a notice does.
    session.connection().execute(
        _MOVE,
        {
            "community_id": exchange.community_id,
            "exchange_id": exchange.id,
            "move": move,
            "state_after": exchange.state,
            "by_member_id": by.id if by is not None else None,
            "minutes": minutes,
            "words": words.strip(),
            "at": now,
        },
    )


_MOVE = sa.insert(ExchangeMove)


def book(
    session: Session,
    community: Community,
    deal: Deal,
    move: str,
    *,
    by: Member | None,
    now: dt.datetime,
    words: str = "",
) -> None:
    """Confirm an exchange and move its hours, or hold it up where a limit is in the way.

    The ledger's key is made from the exchange, so whatever happens here twice is posted once.
    Paid help is confirmed without moving anything, and so is mutual help where the community counts
    it as even.
    """
    exchange = deal.exchange
    if policy.moves_hours(exchange.basis, community.mutual_help):
        try:
            exchange.entry_id = _post(session, community, deal, by=by, now=now)
        except tuple(HELD_UP_BY) as refusal:
            hold(session, deal, reason=HELD_UP_BY[type(refusal)], now=now)
            return
    exchange.set_aside_id = exchange.set_aside_ends_at = None
    exchange.state, exchange.awaiting_id = "confirmed", None
    stop_waiting(exchange)
    note(session, exchange, move, by=by, now=now, minutes=exchange.worked_minutes, words=words)
    tell_both(session, deal, CONFIRMED_KINDS[move if by else None], now=now, but=by)


def _post(
    session: Session,
    community: Community,
    deal: Deal,
    *,
    by: Member | None,
    now: dt.datetime,
) -> uuid.UUID:
    exchange, giver, receiver = deal.exchange, deal.giver, deal.receiver
    facts: dict[str, Any] = {
        # The table sees to it that a reported exchange has both.
        "minutes": cast("int", exchange.worked_minutes),
        "happened_on": cast("dt.date", exchange.happened_on),
        "category": category_code(deal.category.key, deal.category.id),
        "key": f"exchange:{exchange.id}",
        "by": by,
        "now": now,
    }
    if exchange.basis == "mutual":
        return hours.credit_mutual(session, community, members=(giver, receiver), **facts).entry_id
    if exchange.set_aside_id is not None:
        facts |= {"giver": giver, "receiver": receiver}
        return _from_set_aside(session, community, exchange, exchange.set_aside_id, facts)
    return hours.transfer(session, community, giver=giver, receiver=receiver, **facts).entry_id


def _from_set_aside(
    session: Session,
    community: Community,
    exchange: Exchange,
    set_aside_id: uuid.UUID,
    facts: dict[str, Any],
) -> uuid.UUID:
    """Move the hours that were set aside for it; if it took longer, give them back and move all.

    Either way the exchange is one entry in the books. Whoever is refused the longer time keeps
    what is set aside: giving it back is undone with the rest.
    """
    if facts["minutes"] <= exchange.agreed_minutes:
        # The category stands in the hold already.
        used = {name: value for name, value in facts.items() if name != "category"}
        return holding.use_set_aside(session, community, set_aside_id, **used).entry_id
    with session.begin_nested():
        key, who = f"release:{set_aside_id}", {"by": facts["by"], "now": facts["now"]}
        holding.give_back(session, community, set_aside_id, key=key, **who)
        return hours.transfer(session, community, **facts).entry_id


def hold(session: Session, deal: Deal, *, reason: str, now: dt.datetime) -> None:
    """Keep an exchange done that all have said yes to, until a limit is out of the way."""
    exchange = deal.exchange
    first_time = exchange.held_up_at is None
    exchange.state = "done"
    exchange.awaiting_id = exchange.reminded_at = None
    exchange.held_up_at = exchange.held_up_at or now
    exchange.held_up_by = reason
    exchange.silence_ends_at = now + policy.TRY_AGAIN_AFTER
    if first_time:
        note(session, exchange, "hold", by=None, now=now, minutes=exchange.worked_minutes)
        tell_both(session, deal, "exchange-held-up", now=now)
        tell_coordinators(session, deal, "work-held-up", now=now)


# -------------------------------------------------------------------------- telling


def share_names(session: Session, deal: Deal, *, now: dt.datetime) -> None:
    """Name who asked without a name to the other side, now that both have said yes to meeting.

    Suggesting a time or saying yes to one is how they allow it; the pages say so beforehand.
    """
    exchange = deal.exchange
    if exchange.conversation_id is None:
        return
    key = (exchange.community_id, exchange.conversation_id)
    for member in (deal.giver, deal.receiver):
        if deal.is_unnamed(member):
            conversation = session.get_one(Conversation, key)
            messaging.share_contact(session, conversation, by=member, field="name", now=now)


def tell_other(session: Session, deal: Deal, by: Member, kind: str, *, now: dt.datetime) -> None:
    """Tell the other side what `by` did."""
    _tell(session, deal, deal.other(by), TOPIC, kind, about=by, now=now)


def tell_both(
    session: Session,
    deal: Deal,
    kind: str,
    *,
    now: dt.datetime,
    but: Member | None = None,
) -> None:
    """Tell both sides, or the one that did not act itself."""
    for member in (deal.giver, deal.receiver):
        if but is None or member.id != but.id:
            _tell(session, deal, member, TOPIC, kind, about=deal.other(member), now=now)


def tell_coordinators(session: Session, deal: Deal, kind: str, *, now: dt.datetime) -> None:
    """Tell every coordinator that something waits for them."""
    for coordinator in members.holders(session, deal.exchange.community_id, COORDINATOR):
        _tell(session, deal, coordinator, TOPIC_WORK, kind, about=None, now=now)


def _tell(
    session: Session,
    deal: Deal,
    member: Member,
    topic: str,
    kind: str,
    *,
    about: Member | None,
    now: dt.datetime,
) -> None:
    exchange = deal.exchange
    if about is not None and deal.is_unnamed(about):
        kind, about = f"{kind} unnamed", None
    facts: dict[str, Any] = {
        "name": about.first_name if about is not None else "",
        "title": exchange.title,
        "minutes": exchange.worked_minutes or exchange.agreed_minutes,
    }
    messaging.tell(
        session, member, topic=topic, kind=kind, facts=facts, path=path_of(exchange), now=now
    )
