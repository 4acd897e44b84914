"""Leaving for good: the hours go where the member says, and everything else is forgotten.

What stays is what others need to be whole: the entries of the book under the member's number, and
that two people once met. Names, addresses, words and ways to sign in go. The books, the receipts of
others and all that was ever sealed hold as before, because no proof rests on a name or a word.
"""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.db import Key
from timebank.exchanges import service as exchanges
from timebank.exchanges.models import Exchange, ExchangeMove, ThankYou
from timebank.groups.models import Exclusion, GroupMember, PotMove
from timebank.home.errors import AlreadyForgottenError, NobodyToGiveToError, WaitsForAnswerError
from timebank.hours import queries as hours_queries
from timebank.hours import service as hours
from timebank.hours.errors import NoSuchAccountError
from timebank.hours.models import OwnLimits
from timebank.hours.policy import COMMUNITY_POT, WRITTEN_OFF
from timebank.limits import service as limits
from timebank.listings.models import Listing, ListingSlot, ListingWord
from timebank.members import policy, queries
from timebank.members import service as members
from timebank.members.models import (
    Address,
    CodeCard,
    DeviceSession,
    Member,
    MemberEvent,
    Person,
    SignInToken,
)
from timebank.messaging.models import (
    Conversation,
    MailChoice,
    Message,
    Notice,
    OutboxMail,
    Participant,
)

#: Answers of a chain of pages that was not finished. They belong to pages, which stand above this.
_DRAFT = sa.table("draft", sa.column("community_id", Key()), sa.column("owner_id", Key()))
#: What the entry is for that moves the hours of somebody who goes.
CATEGORY = "leaving"
#: Nobody agreed to these; whoever goes calls them off.
TO_CALL_OFF = ("proposed", "agreed")
#: Somebody reported these; both deserve an answer first.
TO_ANSWER = ("done", "queried")


def forget_member(
    session: Session,
    community: Community,
    member: Member,
    *,
    hours_to: str,
    by: Member | None,
    now: dt.datetime,
) -> int:
    """Let a member go for good, and forget who they were.

    Args:
        session: The open unit of work; never committed here.
        community: Where.
        member: Who goes. Ends the membership first, if it has not ended.
        hours_to: Where their hours go: the code of another member's account or of a pot. Hours to
            give back are let go, whatever is said here.
        by: Who acts: the member, a coordinator, or None from the command line.
        now: When.

    Returns:
        The minutes that were moved; below zero where they were let go.

    Raises:
        AlreadyForgottenError: If they were forgotten before.
        WaitsForAnswerError: If reported help waits for an answer.
        NobodyToGiveToError: If the hours can not go there.
        LastCoordinatorError: If nobody else coordinates the community.
        RefusalError: Of `hours`, such as where the other account would hold too much.
    """
    # A refusal on the way must leave nothing half done, whoever goes on in this unit of work.
    with session.begin_nested():
        session.refresh(member, with_for_update=True)
        if is_forgotten(member):
            raise AlreadyForgottenError
        _call_off(session, community, member, now=now)
        if member.state in {"active", "paused", "waiting"}:
            members.leave(session, member, by=by, now=now)
        minutes = _move_hours(session, community, member, hours_to, by=by, now=now)
        _forget_words(session, community, member)
        _forget_person(session, member, now=now)
    return minutes


def is_forgotten(member: Member) -> bool:
    """Tell whether somebody was forgotten: there is a number, and nobody behind it."""
    return member.person_id is None and member.first_name == member.account_code


# ----------------------------------------------------------------------- before anybody goes


def _call_off(session: Session, community: Community, member: Member, *, now: dt.datetime) -> None:
    """End what is planned; refuse to go while something waits for an answer."""
    sides = sa.or_(Exchange.giver_id == member.id, Exchange.receiver_id == member.id)
    mine = sa.and_(Exchange.community_id == community.id, sides)
    waiting = session.scalars(
        sa.select(sa.func.count()).where(mine, Exchange.state.in_(TO_ANSWER))
    ).one()
    if waiting:
        raise WaitsForAnswerError(waiting)
    planned = session.scalars(sa.select(Exchange).where(mine, Exchange.state.in_(TO_CALL_OFF)))
    for exchange in planned.all():
        is_asked = exchange.state == "proposed" and exchange.awaiting_id == member.id
        end = exchanges.decline if is_asked else exchanges.cancel
        end(session, community, exchange.id, by=member, now=now)
    session.flush()


def _move_hours(
    session: Session,
    community: Community,
    member: Member,
    hours_to: str,
    *,
    by: Member | None,
    now: dt.datetime,
) -> int:
    """Move what is in the account, and close it."""
    try:
        held = hours_queries.balance_of(session, member)
    except NoSuchAccountError:
        # Never let in, so there never was an account.
        return 0
    minutes, code = held.posted, member.account_code
    key = f"{CATEGORY}:{member.id}:{held.version}"
    if minutes:
        if minutes > 0:
            _check_goal(session, community, member, hours_to)
        kind, leg = (
            ("gift", (code, hours_to, minutes))
            if minutes > 0
            else ("adjustment", (WRITTEN_OFF, code, -minutes))
        )
        hours.move(
            session,
            community,
            kind=kind,
            legs=[leg],
            happened_on=now.date(),
            category=CATEGORY,
            key=key,
            by=by,
            now=now,
        )
    hours.set_state(session, community, code, "closed", by=by, reason=None, now=now)
    return minutes


def _check_goal(session: Session, community: Community, member: Member, hours_to: str) -> None:
    """Hours go to a pot, or to somebody else who takes part."""
    if hours_to == COMMUNITY_POT:
        return
    figures = hours_to[1:]
    is_member = hours_to[:1] == "M" and figures.isascii() and figures.isdigit()
    if not is_member or hours_to == member.account_code:
        raise NobodyToGiveToError
    if not queries.by_number(session, community.id, int(figures)).is_here:
        raise NobodyToGiveToError


# ------------------------------------------------------------------------------ forgetting


def _forget_words(session: Session, community: Community, member: Member) -> None:
    """Blank or delete every word the member wrote, and those others wrote about them."""
    key, here = community.id, member.id
    listings = _ids(session, Listing, Listing.member_id == here, key)
    talks = session.scalars(
        sa.select(Participant.conversation_id).where(
            Participant.community_id == key, Participant.member_id == here
        )
    ).all()
    sides = sa.or_(Exchange.giver_id == here, Exchange.receiver_id == here)
    deals = _ids(session, Exchange, sides, key)
    _delete(session, key, ListingWord, ListingWord.listing_id.in_(listings))
    _delete(session, key, ListingSlot, ListingSlot.listing_id.in_(listings))
    blank_listing = {"title": "", "words": "", "when_words": "", "area": ""}
    _blank(session, key, Listing, Listing.id.in_(listings), **blank_listing, state="closed")
    _blank(session, key, Conversation, Conversation.id.in_(talks), title="")
    _blank(session, key, Message, Message.author_id == here, body="")
    _blank(session, key, Exchange, Exchange.id.in_(deals), title="")
    _blank(session, key, ExchangeMove, ExchangeMove.exchange_id.in_(deals), words="")
    thanked = sa.or_(ThankYou.by_member_id == here, ThankYou.to_member_id == here)
    _delete(session, key, ThankYou, thanked)
    _blank(session, key, MemberEvent, MemberEvent.member_id == here, reason="")
    _blank(session, key, PotMove, PotMove.member_id == here, words="")
    _blank(session, key, GroupMember, GroupMember.member_id == here, state="left")
    away = {"reason": "", "review_words": "", "appeal_words": "", "appeal_answer": ""}
    _blank(session, key, Exclusion, Exclusion.member_id == here, **away)
    _blank(session, key, OwnLimits, OwnLimits.code == member.account_code, reason="")
    session.execute(
        sa.delete(_DRAFT).where(_DRAFT.c.community_id == key, _DRAFT.c.owner_id == here)
    )
    _delete(session, key, MailChoice, MailChoice.member_id == here)
    _delete(session, key, Notice, Notice.member_id == here)
    # Others were told with a name in it: of a meeting, a message, somebody who would like to join.
    told_of = [
        *(f"exchanges/{each}" for each in deals),
        *(f"messages/{each}" for each in talks),
        *(f"listings/{each}" for each in listings),
        f"people/{here}",
        limits.path_of(member),
    ]
    _delete(session, key, Notice, Notice.path.in_(told_of))
    # Those of groups do not say of whom they are, but by name; a namesake's go with them.
    is_named = Notice.facts["name"].as_string() == member.first_name
    _delete(session, key, Notice, sa.and_(Notice.path.startswith("groups/"), is_named))
    exchanges.forget_told(session, community, member.account_code)
    hours.forget_words(session, community, member.account_code)


def _forget_person(session: Session, member: Member, *, now: dt.datetime) -> None:
    """Take the person away from behind the number, and all that signs them in with it."""
    key, person_id = member.community_id, member.person_id
    _delete(session, key, CodeCard, CodeCard.member_id == member.id)
    session.execute(sa.delete(OutboxMail).where(OutboxMail.member_id == member.id))
    session.execute(sa.delete(SignInToken).where(SignInToken.member_id == member.id))
    blank = dict.fromkeys(("last_name", "area", "email", "phone", "about", "could_offer"), "")
    for name, value in (blank | {"would_like": ""}).items():
        setattr(member, name, value)
    member.first_name, member.person_id = member.account_code, None
    member.folded_name = policy.fold(member.account_code)
    session.flush()
    if person_id is None or session.scalar(
        sa.select(Member.id).where(Member.person_id == person_id).limit(1)
    ):
        # They belong elsewhere too, and sign in there.
        return
    addresses = session.scalars(sa.select(Address).where(Address.person_id == person_id)).all()
    for address in addresses:
        session.execute(sa.delete(SignInToken).where(SignInToken.address_id == address.id))
        session.execute(sa.delete(OutboxMail).where(OutboxMail.to_address == address.folded))
    session.execute(sa.delete(Address).where(Address.person_id == person_id))
    # What is signed in now is still answered once; then nothing leads to this row any more.
    devices = session.scalars(sa.select(DeviceSession).where(DeviceSession.person_id == person_id))
    for device in devices:
        device.ended_at, device.agent = device.ended_at or now, ""
    session.get_one(Person, person_id).password_hash = None
    session.flush()


def _ids(
    session: Session, table: type[Any], rule: sa.ColumnElement[bool], community_id: uuid.UUID
) -> list[uuid.UUID]:
    return list(
        session.scalars(sa.select(table.id).where(table.community_id == community_id, rule))
    )


def _blank(
    session: Session,
    community_id: uuid.UUID,
    table: type[Any],
    rule: sa.ColumnElement[bool],
    **values: object,
) -> None:
    session.execute(sa.update(table).where(table.community_id == community_id, rule).values(values))


def _delete(
    session: Session, community_id: uuid.UUID, table: type[Any], rule: sa.ColumnElement[bool]
) -> None:
    session.execute(sa.delete(table).where(table.community_id == community_id, rule))
