"""A listing by itself, those of one member, and those that a coordinator looks at."""

import datetime as dt
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.listings import policy
from timebank.listings.errors import ListingNotFoundError
from timebank.listings.models import AUDIENCES, Listing
from timebank.listings.queries.board import NO_ROLES, visible, with_member
from timebank.members.models import Member
from timebank.messaging.models import Conversation, Participant


def get_with_owner(
    session: Session,
    community: Community,
    listing_id: uuid.UUID,
    viewer: Member | None,
    *,
    now: dt.datetime,
    roles: frozenset[str] = NO_ROLES,
) -> tuple[Listing, Member]:
    """Return a listing that a viewer may open, and the member who put it up.

    Whoever put it up, and whoever they talk with about it, may open it whatever its state.

    Raises:
        ListingNotFoundError: If there is none, or it is not for this viewer.
    """
    audiences = policy.audiences_of(viewer, roles)
    rule = visible(community.id, audiences, community.day_of(now))
    if viewer is not None:
        talked = sa.select(Participant.id).join(
            Conversation,
            (Conversation.community_id == Participant.community_id)
            & (Conversation.id == Participant.conversation_id),
        )
        rule |= Listing.member_id == viewer.id
        rule |= talked.where(
            Participant.community_id == community.id,
            Participant.member_id == viewer.id,
            Conversation.about_id == Listing.id,
        ).exists()
    found = session.execute(
        sa.select(Listing, Member)
        .join(Member, with_member())
        .where(rule, Listing.community_id == community.id, Listing.id == listing_id)
    ).first()
    if found is None:
        raise ListingNotFoundError
    return found[0], found[1]


def get(
    session: Session,
    community: Community,
    listing_id: uuid.UUID,
    viewer: Member | None,
    *,
    now: dt.datetime,
    roles: frozenset[str] = NO_ROLES,
) -> Listing:
    """Return a listing that a viewer may open; see `get_with_owner`.

    Raises:
        ListingNotFoundError: If there is none, or it is not for this viewer.
    """
    return get_with_owner(session, community, listing_id, viewer, now=now, roles=roles)[0]


def by_id(session: Session, community_id: uuid.UUID, listing_id: uuid.UUID) -> Listing:
    """Return a listing whoever asks: for those who already have a part in it.

    Raises:
        ListingNotFoundError: If there is none.
    """
    listing = session.get(Listing, (community_id, listing_id))
    if listing is None:
        raise ListingNotFoundError
    return listing


def owner_of(session: Session, listing: Listing) -> Member:
    """Return the member who put a listing up."""
    return session.get_one(Member, (listing.community_id, listing.member_id))


def of_member(
    session: Session, member: Member, *, after: uuid.UUID | None, limit: int
) -> Sequence[Listing]:
    """Return up to `limit` listings of a member in every state, the newest first."""
    select = (
        sa.select(Listing)
        .where(Listing.community_id == member.community_id, Listing.member_id == member.id)
        .order_by(Listing.id.desc())
        .limit(limit)
    )
    if after is not None:
        select = select.where(Listing.id < after)
    return session.scalars(select).all()


def count_since(session: Session, member: Member, since: dt.datetime) -> int:
    """Count what a member put up after a moment."""
    count = session.scalar(
        sa.select(sa.func.count()).where(
            Listing.community_id == member.community_id,
            Listing.member_id == member.id,
            Listing.posted_at > since,
        )
    )
    return count or 0


def urgent_requests(
    session: Session, community: Community, *, now: dt.datetime, limit: int
) -> list[tuple[Listing, Member]]:
    """Return open requests about a big change, the oldest first: for coordinators."""
    rows = session.execute(
        sa.select(Listing, Member)
        .join(Member, with_member())
        .where(
            visible(community.id, AUDIENCES, community.day_of(now)),
            Listing.kind == "request",
            Listing.transition.is_not(None),
        )
        .order_by(Listing.id)
        .limit(limit)
    )
    return [(listing, member) for listing, member in rows]


def ending(
    session: Session, community: Community, *, until: dt.date, today: dt.date
) -> list[tuple[Listing, Member]]:
    """Return open listings of members here whose last day lies between two dates, inclusive."""
    rows = session.execute(
        sa.select(Listing, Member)
        .join(Member, with_member())
        .where(
            Listing.community_id == community.id,
            Listing.state == "open",
            Listing.ends_on >= today,
            Listing.ends_on <= until,
            Member.state == "active",
        )
        .order_by(Listing.id)
    )
    return [(listing, member) for listing, member in rows]
