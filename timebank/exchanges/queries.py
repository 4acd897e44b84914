"""Finding exchanges. Nothing here changes anything; two functions lock what they return."""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.exchanges.models import Exchange, ExchangeMove, ThankYou
from timebank.listings.models import Listing
from timebank.members.models import Member

#: States of an exchange that nobody has agreed to: whoever asked without a name keeps it so.
UNNAMED_STATES = frozenset({"proposed", "declined", "cancelled"})


def locked(session: Session, community_id: uuid.UUID, exchange_id: uuid.UUID) -> Exchange | None:
    """Lock an exchange until the unit of work ends, and read it as it is under the lock."""
    return session.scalar(
        sa.select(Exchange)
        .where(Exchange.community_id == community_id, Exchange.id == exchange_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


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


def next_silent(session: Session, community_id: uuid.UUID, *, now: dt.datetime) -> Exchange | None:
    """Lock the exchange whose silence ended first; one that another worker holds is passed over."""
    return session.scalar(
        sa.select(Exchange)
        .where(
            Exchange.community_id == community_id,
            Exchange.state == "done",
            Exchange.silence_ends_at <= now,
        )
        .order_by(Exchange.silence_ends_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )


def next_to_remind(
    session: Session, community_id: uuid.UUID, *, before: dt.datetime, now: dt.datetime
) -> Exchange | None:
    """Lock an unanswered exchange that silence confirms between `now` and `before`."""
    return session.scalar(
        sa.select(Exchange)
        .where(
            Exchange.community_id == community_id,
            Exchange.state == "done",
            Exchange.silence_ends_at > now,
            Exchange.silence_ends_at <= before,
            Exchange.awaiting_id.is_not(None),
            Exchange.reminded_at.is_(None),
        )
        .order_by(Exchange.silence_ends_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )


def longest_minutes(session: Session, exchange: Exchange) -> int:
    """Return the longest confirmed exchange of the same two people, either way; 0 if none is."""
    pair = (exchange.giver_id, exchange.receiver_id)
    return (
        session.scalar(
            sa.select(sa.func.max(Exchange.worked_minutes)).where(
                Exchange.community_id == exchange.community_id,
                Exchange.giver_id.in_(pair),
                Exchange.receiver_id.in_(pair),
                Exchange.state == "confirmed",
            )
        )
        or 0
    )


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


def is_unnamed(session: Session, exchange: Exchange, member_id: uuid.UUID) -> bool:
    """Tell whether a side stays "a member" to the other: an anonymous request, not agreed yet."""
    if exchange.listing_id is None or exchange.state not in UNNAMED_STATES:
        return False
    listing = session.get_one(Listing, (exchange.community_id, exchange.listing_id))
    return listing.is_anonymous and listing.member_id == member_id


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
