"""What the front page and the coordinator's list are made of: figures, and what waits."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.db import Key
from timebank.exchanges.models import Exchange, Overdraft
from timebank.exchanges.queries import Deal, deals_where, overdrafts_waiting, waits
from timebank.groups import queries as groups
from timebank.groups.queries import Undecided
from timebank.hours.models import BooksCheck
from timebank.hours.policy import COMMUNITY_POT
from timebank.limits.models import Crossing
from timebank.limits.queries import chats, due
from timebank.listings.models import Listing
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.messaging.models import Conversation, Participant

#: A request that nobody took up for this long is one for the coordinator.
UNMET_AFTER = dt.timedelta(days=7)
#: A report that only an answer can confirm, unanswered for this long.
UNANSWERED_AFTER = dt.timedelta(days=14)
#: Offers whose last day is this near.
ENDING_WITHIN = dt.timedelta(days=7)
#: Accounts on a treasurer's list, which has nothing else on it.
OVERDRAFTS_MAX = 50
#: Rows of one section of the coordinator's list.
SECTION_MAX = 8


@dataclass(frozen=True, slots=True)
class Figures:
    """What a community did this month, and what a member has not read.

    Attributes:
        given_minutes: Confirmed help; mutual help counts for both, paid work not at all.
        exchanges: How many times somebody helped somebody.
        receivers: How many different people were helped.
        members: How many take part now.
        unread: Conversations in which somebody wrote after the member last read; 0 for a visitor.
    """

    given_minutes: int
    exchanges: int
    receivers: int
    members: int
    unread: int


def figures(
    session: Session, community_id: uuid.UUID, *, since_on: dt.date, member: Member | None = None
) -> Figures:
    """Return what was given since a day, in one statement over that time's exchanges alone."""
    asked = {"community_id": community_id, "since_on": since_on}
    if member is None:
        row = session.execute(_figures_question(with_unread=False), asked).one()
    else:
        asked |= {"member_id": member.id}
        row = session.execute(_figures_question(with_unread=True), asked).one()
    return Figures(*(int(figure) for figure in row))


@cache
def _figures_question(*, with_unread: bool) -> sa.Select[int, int, int, int, int]:
    here = sa.bindparam("community_id", type_=Key)
    minutes = sa.case(
        (Exchange.basis == "mutual", Exchange.worked_minutes * 2), else_=Exchange.worked_minutes
    )
    members = (
        sa.select(sa.func.count())
        .where(Member.community_id == here, Member.state == "active")
        .scalar_subquery()
    )
    unread = (
        sa.select(sa.func.count())
        .select_from(Participant)
        .join(
            Conversation,
            (Conversation.community_id == Participant.community_id)
            & (Conversation.id == Participant.conversation_id),
        )
        .where(
            Participant.community_id == here,
            Participant.member_id == sa.bindparam("member_id"),
            Participant.read_at.is_(None) | (Conversation.last_message_at > Participant.read_at),
        )
        .scalar_subquery()
    )
    return sa.select(
        sa.func.coalesce(sa.func.sum(minutes), 0),
        sa.func.count(),
        sa.func.count(Exchange.receiver_id.distinct()),
        members,
        unread if with_unread else sa.literal(0),
    ).where(
        Exchange.community_id == here,
        Exchange.state == "confirmed",
        Exchange.happened_on >= sa.bindparam("since_on"),
        Exchange.basis != "paid",
        Exchange.reversal_id.is_(None),
    )


# -------------------------------------------------------------- the coordinator's list


def _joiners(community_id: uuid.UUID) -> sa.ColumnElement[bool]:
    return sa.and_(Member.community_id == community_id, Member.state == "waiting")


def _queried(community_id: uuid.UUID) -> sa.ColumnElement[bool]:
    return sa.and_(Exchange.community_id == community_id, Exchange.state == "queried")


def _held_up(community_id: uuid.UUID) -> sa.ColumnElement[bool]:
    return sa.and_(
        Exchange.community_id == community_id,
        Exchange.state == "done",
        Exchange.held_up_at.is_not(None),
    )


def _unanswered(community_id: uuid.UUID, now: dt.datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        Exchange.community_id == community_id,
        Exchange.state == "done",
        Exchange.held_up_at.is_(None),
        Exchange.silence_ends_at.is_(None),
        Exchange.moved_at < now - UNANSWERED_AFTER,
    )


def _unmet(community_id: uuid.UUID, now: dt.datetime, today: dt.date) -> sa.ColumnElement[bool]:
    taken_up = (
        sa.select(Exchange.id)
        .where(
            Exchange.community_id == Listing.community_id,
            Exchange.listing_id == Listing.id,
            Exchange.state.in_(("proposed", "agreed", "done", "confirmed")),
        )
        .exists()
    )
    return sa.and_(
        Listing.community_id == community_id,
        Listing.kind == "request",
        Listing.state == "open",
        Listing.ends_on.is_(None) | (Listing.ends_on >= today),
        Listing.posted_at < now - UNMET_AFTER,
        ~taken_up,
    )


def _alarm(community_id: uuid.UUID) -> sa.ColumnElement[bool]:
    """The newest verdict on the books, if it is that something is not right."""
    newest = (
        sa.select(BooksCheck.id)
        .where(BooksCheck.community_id == community_id, BooksCheck.outcome != "stopped")
        .order_by(BooksCheck.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return sa.and_(
        BooksCheck.community_id == community_id,
        BooksCheck.id == newest,
        BooksCheck.outcome == "wrong",
    )


@dataclass(frozen=True, slots=True)
class Work:
    """Everything that waits for a coordinator, the oldest first and at most a few of each.

    Attributes:
        alarms: The last check of the books, if it found something.
        joiners: People who wait to be let in.
        queried: Exchanges that two people remember differently.
        held_up: Agreed hours that a limit keeps from moving.
        unanswered: Reports that only an answer can confirm, and none came.
        chats: Members whose balance has come so far that a chat would be nice.
        unmet: Requests that nobody took up for a week.
        overdrafts: Accounts that moving hours back left below their limit.
        ending: Offers whose last day is near; they wait for nobody.
        unheard: People without e-mail to go through the house rules with.
        undecided: What was asked of pots, and waits for a yes that this coordinator can give.
        counts: How many there are in all, by the names above.
    """

    alarms: list[BooksCheck]
    joiners: list[Member]
    queried: list[Deal]
    held_up: list[Deal]
    unanswered: list[Deal]
    chats: list[tuple[Crossing, Member]]
    unmet: list[tuple[Listing, Member]]
    overdrafts: list[Overdraft]
    ending: list[tuple[Listing, Member]]
    unheard: list[Member]
    undecided: list[Undecided]
    counts: dict[str, int]


def work(
    session: Session,
    community: Community,
    *,
    member_id: uuid.UUID,
    now: dt.datetime,
    today: dt.date,
) -> Work:
    """Return the list of a coordinator."""
    key = community.id
    counts = waiting(session, key, member_id, now=now, today=today)
    return Work(
        alarms=alarms(session, key),
        joiners=list(
            session.scalars(
                sa.select(Member).where(_joiners(key)).order_by(Member.id).limit(SECTION_MAX)
            )
        ),
        queried=deals_where(session, _queried(key), limit=SECTION_MAX),
        held_up=deals_where(session, _held_up(key), limit=SECTION_MAX),
        unanswered=deals_where(session, _unanswered(key, now), limit=SECTION_MAX),
        chats=chats(session, key, today=today, limit=SECTION_MAX),
        unmet=_listings(session, _unmet(key, now, today)),
        overdrafts=list(overdrafts_waiting(session, key, limit=SECTION_MAX)),
        ending=_listings(
            session,
            sa.and_(
                Listing.community_id == key,
                Listing.kind == "offer",
                Listing.state == "open",
                Listing.ends_on.between(today, today + ENDING_WITHIN),
            ),
        ),
        unheard=list(
            members.page(
                session,
                key,
                states=("active", "paused"),
                behind=community.house_rules_version,
                limit=SECTION_MAX,
            )
        ),
        # Most days nothing is asked of any pot, and the count has told so.
        undecided=groups.undecided(session, key, member_id, limit=SECTION_MAX)
        if counts["undecided"]
        else [],
        counts=counts,
    )


def alarms(session: Session, community_id: uuid.UUID) -> list[BooksCheck]:
    """Return the newest verdict on the books, if it is that something is not right."""
    return list(session.scalars(sa.select(BooksCheck).where(_alarm(community_id))))


def waiting(
    session: Session,
    community_id: uuid.UUID,
    member_id: uuid.UUID,
    *,
    now: dt.datetime,
    today: dt.date,
) -> dict[str, int]:
    """Count what waits for a coordinator by section, in one statement: also for the header."""
    rules: dict[str, sa.ColumnElement[bool]] = {
        "joiners": _joiners(community_id),
        "queried": _queried(community_id),
        "held_up": _held_up(community_id),
        "unanswered": _unanswered(community_id, now),
        "overdrafts": waits(community_id),
        "chats": due(community_id, today),
        "books": _alarm(community_id),
        "undecided": groups.awaits_yes(community_id, member_id),
        "unmet": sa.and_(
            _unmet(community_id, now, today),
            Listing.member_id.in_(
                sa.select(Member.id).where(
                    Member.community_id == community_id, Member.state == "active"
                )
            ),
        ),
    }
    return _counted(session, rules)


def waiting_for_treasurer(
    session: Session, community_id: uuid.UUID, member_id: uuid.UUID
) -> dict[str, int]:
    """Count what waits for a treasurer by section, in one statement."""
    rules = {
        "overdrafts": waits(community_id),
        "books": _alarm(community_id),
        "undecided": groups.awaits_yes(community_id, member_id, code=COMMUNITY_POT),
    }
    return _counted(session, rules)


def _counted(session: Session, rules: Mapping[str, sa.ColumnElement[bool]]) -> dict[str, int]:
    row = session.execute(
        sa.select(
            *(
                sa.select(sa.func.count()).where(rule).scalar_subquery().label(name)
                for name, rule in rules.items()
            )
        )
    ).one()
    return {name: int(getattr(row, name)) for name in rules}


def _listings(session: Session, rule: sa.ColumnElement[bool]) -> list[tuple[Listing, Member]]:
    rows = session.execute(
        sa.select(Listing, Member)
        .join(
            Member,
            (Member.community_id == Listing.community_id) & (Member.id == Listing.member_id),
        )
        .where(rule, Member.state == "active")
        .order_by(Listing.id)
        .limit(SECTION_MAX)
    )
    return [(listing, member) for listing, member in rows]
