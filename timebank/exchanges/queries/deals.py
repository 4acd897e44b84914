"""An exchange with everything that a page says about it and a move needs."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from timebank.communities.models import Community
from timebank.communities.queries import key_of
from timebank.exchanges.errors import ExchangeNotFoundError
from timebank.exchanges.models import (
    STATES,
    Exchange,
    ExchangeCorrection,
    ExchangeMove,
    ThankYou,
)
from timebank.listings.models import Category, Listing
from timebank.members.models import Member

#: States of an exchange that nobody has agreed to: whoever asked without a name keeps it so.
UNNAMED_STATES = frozenset({"proposed", "declined", "cancelled"})
_Deals = sa.Select[Exchange, Member, Member, Category, Listing]


def locked_by_entry(
    session: Session, community_id: uuid.UUID, entry_id: uuid.UUID
) -> Exchange | None:
    """Lock the exchange that an entry of the books was posted for; None if there is none."""
    return session.scalar(
        sa.select(Exchange)
        .where(Exchange.community_id == community_id, Exchange.entry_id == entry_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def times_agreed(session: Session, exchange: Exchange) -> int:
    """Return how often both sides have agreed on it so far."""
    return (
        session.scalar(
            sa.select(sa.func.count()).where(
                ExchangeMove.community_id == exchange.community_id,
                ExchangeMove.exchange_id == exchange.id,
                ExchangeMove.move == "agree",
            )
        )
        or 0
    )


# As above.
_LONGEST = sa.select(sa.func.max(Exchange.worked_minutes)).where(
    Exchange.community_id == sa.bindparam("community_id"),
    Exchange.giver_id.in_(sa.bindparam("pair", expanding=True)),
    Exchange.receiver_id.in_(sa.bindparam("pair", expanding=True)),
    Exchange.state == "confirmed",
)


def longest_minutes(session: Session, exchange: Exchange) -> int:
    """Return the longest confirmed exchange of the same two people, either way; 0 if none is."""
    pair = [exchange.giver_id, exchange.receiver_id]
    return session.scalar(_LONGEST, {"community_id": exchange.community_id, "pair": pair}) or 0


def was_queried(session: Session, exchange: Exchange) -> bool:
    """Tell whether either side ever said that it was not so."""
    return bool(
        session.scalar(
            sa.select(
                sa.exists().where(
                    ExchangeMove.community_id == exchange.community_id,
                    ExchangeMove.exchange_id == exchange.id,
                    ExchangeMove.move == "query",
                )
            )
        )
    )


def thanked(session: Session, exchange: Exchange, member_id: uuid.UUID) -> bool:
    """Tell whether a member has said thank you for this exchange."""
    return bool(
        session.scalar(
            sa.select(
                sa.exists().where(
                    ThankYou.community_id == exchange.community_id,
                    ThankYou.exchange_id == exchange.id,
                    ThankYou.by_member_id == member_id,
                )
            )
        )
    )


def by_account_codes(
    session: Session, community_id: uuid.UUID, codes: Iterable[str]
) -> Sequence[Member]:
    """Return the members behind these accounts; codes of pots and sources are passed over."""
    numbers = [int(code[1:]) for code in codes if code[:1] == "M" and code[1:].isdigit()]
    return session.scalars(
        sa.select(Member)
        .where(Member.community_id == community_id, Member.number.in_(numbers))
        .order_by(Member.number)
    ).all()


# ------------------------------------------------------------------------------- deals


@dataclass(frozen=True, slots=True)
class Deal:
    """An exchange with everything that a page says about it and a move needs.

    Attributes:
        listing: The listing it came from, or None.
    """

    exchange: Exchange
    giver: Member
    receiver: Member
    category: Category
    listing: Listing | None

    def has(self, member: Member) -> bool:
        """Tell whether a member is one of the two."""
        return member.id in {self.exchange.giver_id, self.exchange.receiver_id}

    def is_giver(self, member: Member) -> bool:
        """Tell whether a member gives the help."""
        return self.exchange.giver_id == member.id

    def other(self, member: Member) -> Member:
        """Return the other side as seen from a member."""
        return self.receiver if self.is_giver(member) else self.giver

    def is_unnamed(self, member: Member) -> bool:
        """Tell whether this side is "a member" to the other: asked without a name, no yes yet."""
        return (
            self.listing is not None
            and self.listing.is_anonymous
            and self.listing.member_id == member.id
            and self.exchange.state in UNNAMED_STATES
        )


def unnamed_to(session: Session, member: Member) -> dict[uuid.UUID, uuid.UUID]:
    """Who is "a member" to another one, by exchange; as `Deal.is_unnamed` says of one deal."""
    rows = session.execute(
        sa.select(Exchange.id, Listing.member_id)
        .join(
            Listing,
            (Listing.community_id == Exchange.community_id) & (Listing.id == Exchange.listing_id),
        )
        .where(
            Exchange.community_id == member.community_id,
            sa.or_(Exchange.giver_id == member.id, Exchange.receiver_id == member.id),
            Exchange.state.in_(UNNAMED_STATES),
            Listing.is_anonymous,
            Listing.member_id != member.id,
        )
    )
    return dict(rows.all())


@cache
def _deals() -> _Deals:
    """Join an exchange with all it is shown with; made once, because making it takes a while."""
    giver, receiver = aliased(Member), aliased(Member)
    here = Exchange.community_id
    return (
        sa.select(Exchange, giver, receiver, Category, Listing)
        .join(giver, (giver.community_id == here) & (giver.id == Exchange.giver_id))
        .join(receiver, (receiver.community_id == here) & (receiver.id == Exchange.receiver_id))
        .join(Category, (Category.community_id == here) & (Category.id == Exchange.category_id))
        .outerjoin(Listing, (Listing.community_id == here) & (Listing.id == Exchange.listing_id))
    )


def deal(session: Session, community_id: uuid.UUID, exchange_id: uuid.UUID) -> Deal:
    """Return an exchange with its people.

    Raises:
        ExchangeNotFoundError: If there is none.
    """
    asked = {"community_id": community_id, "exchange_id": exchange_id}
    row = session.execute(_one(), asked).first()
    if row is None:
        raise ExchangeNotFoundError
    return Deal(*row)


def locked_deal(session: Session, community: Community, exchange_id: uuid.UUID) -> Deal:
    """Lock an exchange, and read all of it as it is under the lock; its community's rules too.

    Raises:
        ExchangeNotFoundError: If there is none.
    """
    asked = {"community_id": key_of(community), "exchange_id": exchange_id}
    row = session.execute(_one_locked(), asked).first()
    if row is None:
        raise ExchangeNotFoundError
    return Deal(*row[:-1])


@cache
def _one() -> _Deals:
    return _deals().where(
        Exchange.community_id == sa.bindparam("community_id"),
        Exchange.id == sa.bindparam("exchange_id"),
    )


@cache
def _one_locked() -> sa.Select[Exchange, Member, Member, Category, Listing, Community]:
    # The people are read and not locked: what two do makes nobody else wait.
    return (
        _one()
        .add_columns(Community)
        .join(Community, Community.id == Exchange.community_id)
        .with_for_update(of=Exchange)
        .execution_options(populate_existing=True)
    )


# ------------------------------------------------------------------------------- pages

#: States in which something is still to come.
OPEN_STATES = ("proposed", "agreed", "done", "queried")
ENDED_STATES = ("confirmed", "declined", "cancelled")
#: Nobody has so many things under way; a bound all the same.
OPEN_MAX = 60
#: How many of the latest exchanges are looked through for people one knows.
RECENT_MAX = 40
#: Sorts after every id there is.
LAST_ID = uuid.UUID(int=2**128 - 1)


def deals_where(session: Session, rule: sa.ColumnElement[bool], *, limit: int) -> list[Deal]:
    """Return up to `limit` exchanges for which a rule holds, the oldest first."""
    rows = session.execute(_deals().where(rule).order_by(Exchange.id).limit(limit))
    return [Deal(*row) for row in rows]


def deals_by_entry(
    session: Session,
    community_id: uuid.UUID,
    entry_ids: Sequence[uuid.UUID],
    *,
    linked: Sequence[uuid.UUID],
) -> dict[uuid.UUID, Deal]:
    """Return the exchanges that entries were posted for or took back, by the entries' ids.

    An entry that was put right belongs to its exchange too, and so does what took it back; only
    those in `linked` can be such.
    """
    if not entry_ids:
        return {}
    put_right = corrections(session, community_id, linked)
    asked = {
        "community_id": community_id,
        "entry_ids": entry_ids,
        "exchange_ids": [each.exchange_id for each in put_right],
    }
    deals = [Deal(*row) for row in session.execute(_entry_question(), asked)]
    found = {
        entry_id: deal
        for deal in deals
        for entry_id in (deal.exchange.entry_id, deal.exchange.reversal_id)
        if entry_id is not None
    }
    by_id = {deal.exchange.id: deal for deal in deals}
    for each in put_right:
        found[each.entry_id] = found[each.reversal_id] = by_id[each.exchange_id]
    return found


@cache
def _entry_question() -> _Deals:
    """Look for each column by its own index; any of them at once would read the whole community."""
    here = Exchange.community_id == sa.bindparam("community_id")
    parts = [
        sa.select(Exchange.id).where(here, column.in_(sa.bindparam(name, expanding=True)))
        for column, name in (
            (Exchange.entry_id, "entry_ids"),
            (Exchange.reversal_id, "entry_ids"),
            (Exchange.id, "exchange_ids"),
        )
    ]
    return _deals().where(here, Exchange.id.in_(sa.union_all(*parts))).order_by(Exchange.id)


def held_by_a_limit(session: Session, community_id: uuid.UUID, *, limit: int) -> list[Deal]:
    """Return exchanges that all agree on and only a limit holds up, the oldest first."""
    rule = sa.and_(
        Exchange.community_id == community_id,
        Exchange.state == "done",
        Exchange.held_up_by.in_(("floor", "ceiling")),
    )
    return deals_where(session, rule, limit=limit)


def open_deals(session: Session, member: Member) -> list[Deal]:
    """Return what a member has under way, the newest first."""
    return _by_side(session, member, OPEN_STATES, limit=OPEN_MAX)


def ended_deals(
    session: Session, member: Member, *, after: uuid.UUID | None, limit: int
) -> list[Deal]:
    """Return up to `limit` exchanges of a member that are over, the newest first."""
    return _by_side(session, member, ENDED_STATES, after=after, limit=limit)


def _by_side(
    session: Session,
    member: Member,
    states: tuple[str, ...],
    *,
    after: uuid.UUID | None = None,
    limit: int,
) -> list[Deal]:
    asked = {
        "community_id": member.community_id,
        "member_id": member.id,
        "states": states,
        "after": after or LAST_ID,
        "limit": limit,
    }
    return [Deal(*row) for row in session.execute(_side_question(), asked)]


@cache
def _side_question() -> _Deals:
    """Look at each side by its own index; asking for either at once would use neither."""
    here = Exchange.community_id == sa.bindparam("community_id")
    limit = sa.bindparam("limit", type_=sa.Integer)
    halves = [
        sa.select(
            sa.select(Exchange.id)
            .where(
                here,
                side == sa.bindparam("member_id"),
                Exchange.state.in_(sa.bindparam("states", expanding=True)),
                Exchange.id < sa.bindparam("after"),
            )
            .order_by(Exchange.id.desc())
            .limit(limit)
            .subquery()
            .c.id
        )
        for side in (Exchange.giver_id, Exchange.receiver_id)
    ]
    return (
        _deals()
        .where(here, Exchange.id.in_(sa.union_all(*halves)))
        .order_by(Exchange.id.desc())
        .limit(limit)
    )


def corrections(
    session: Session, community_id: uuid.UUID, entry_ids: Sequence[uuid.UUID]
) -> Sequence[ExchangeCorrection]:
    """Return the corrections that these entries were taken back by, or did take back."""
    if not entry_ids:
        return []
    halves = [
        sa.select(ExchangeCorrection.id).where(
            ExchangeCorrection.community_id == community_id, column.in_(entry_ids)
        )
        for column in (ExchangeCorrection.entry_id, ExchangeCorrection.reversal_id)
    ]
    return session.scalars(
        sa.select(ExchangeCorrection).where(
            ExchangeCorrection.community_id == community_id,
            ExchangeCorrection.id.in_(sa.union_all(*halves)),
        )
    ).all()


def story(session: Session, exchange: Exchange) -> list[tuple[ExchangeMove, Member | None]]:
    """Return every move of an exchange with who made it, in order."""
    rows = session.execute(
        sa.select(ExchangeMove, Member)
        .outerjoin(
            Member,
            (Member.community_id == ExchangeMove.community_id)
            & (Member.id == ExchangeMove.by_member_id),
        )
        .where(
            ExchangeMove.community_id == exchange.community_id,
            ExchangeMove.exchange_id == exchange.id,
        )
        .order_by(ExchangeMove.id)
    )
    return [(move, member) for move, member in rows]


def thanks(session: Session, exchange: Exchange) -> Sequence[ThankYou]:
    """Return the thank-yous of an exchange, at most one from each side."""
    return session.scalars(
        sa.select(ThankYou)
        .where(
            ThankYou.community_id == exchange.community_id,
            ThankYou.exchange_id == exchange.id,
        )
        .order_by(ThankYou.id)
    ).all()


def known_to(
    session: Session, member: Member, *, limit: int
) -> tuple[list[Member], Category | None]:
    """Return whom a member helped or was helped by lately, and what with the last time.

    People come once each, the latest first.
    """
    known: dict[uuid.UUID, Member] = {}
    deals = _by_side(session, member, STATES, limit=RECENT_MAX)
    for deal in deals:
        other = deal.other(member)
        if other.is_here and not deal.is_unnamed(other):
            known.setdefault(other.id, other)
    return list(known.values())[:limit], deals[0].category if deals else None
