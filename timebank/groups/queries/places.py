"""One group, one place, and the places of a community."""

import datetime as dt
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.groups.errors import GroupNotFoundError, VenueNotFoundError
from timebank.groups.models import Group, GroupMember, Venue
from timebank.groups.policy.places import words_asked
from timebank.groups.policy.standing import VISITOR, Standing, may_see, standing
from timebank.groups.queries.people import is_away
from timebank.members.models import Member

#: Places offered to choose from.
VENUES_MAX = 300


def by_slug(session: Session, community_id: uuid.UUID, slug: str) -> Group:
    """Return the group with this short name.

    Raises:
        GroupNotFoundError: If no group of the community has it.
    """
    group = session.scalar(
        sa.select(Group).where(Group.community_id == community_id, Group.slug == slug)
    )
    if group is None:
        raise GroupNotFoundError
    return group


def seen_by(
    session: Session,
    community_id: uuid.UUID,
    slug: str,
    member: Member | None,
    roles: frozenset[str],
    *,
    on: dt.date,
) -> tuple[Group, Standing]:
    """Return a group that somebody may know of, and what they are to it; None is a visitor.

    Whoever waits to be let in, or has left, is a visitor as well.

    Raises:
        GroupNotFoundError: If there is none, or it is not for them.
    """
    is_member = member is not None and member.state in {"active", "paused"}
    row = session.execute(
        sa.select(Group, GroupMember, is_away(on))
        .outerjoin(
            GroupMember,
            sa.and_(
                GroupMember.community_id == Group.community_id,
                GroupMember.group_id == Group.id,
                GroupMember.member_id == (member.id if member is not None and is_member else None),
            ),
        )
        .where(Group.community_id == community_id, Group.slug == slug)
    ).one_or_none()
    if row is None:
        raise GroupNotFoundError
    group = row[0]
    who = standing(row[1], roles, is_away=bool(row[2])) if is_member else VISITOR
    if not may_see(group, who):
        raise GroupNotFoundError
    return group, who


def by_id(session: Session, community_id: uuid.UUID, group_id: uuid.UUID) -> Group:
    """Return a group by its key.

    Raises:
        GroupNotFoundError: If the community has no such group.
    """
    group = session.get(Group, (community_id, group_id))
    if group is None:
        raise GroupNotFoundError
    return group


def venue(session: Session, community_id: uuid.UUID, venue_id: uuid.UUID) -> Venue:
    """Return a place by its key.

    Raises:
        VenueNotFoundError: If the community knows no such place.
    """
    found = session.get(Venue, (community_id, venue_id))
    if found is None:
        raise VenueNotFoundError
    return found


def venues(
    session: Session,
    community_id: uuid.UUID,
    *,
    text: str = "",
    open_on: dt.date | None = None,
    after: uuid.UUID | None = None,
    limit: int = VENUES_MAX,
) -> Sequence[Venue]:
    """Return the places of a community in order of their names.

    Args:
        session: Any session.
        community_id: The community.
        text: Words of name, address or area, or a postcode however it is typed; "" for all.
        open_on: Only places that can be used on that day.
        after: The last place of the page before.
        limit: At most so many.
    """
    wanted = sa.select(Venue).where(Venue.community_id == community_id)
    for word in words_asked(text):
        wanted = wanted.where(Venue.folded.contains(word, autoescape=True))
    if open_on is not None:
        wanted = wanted.where(
            Venue.opens_on.is_(None) | (Venue.opens_on <= open_on),
            Venue.closes_on.is_(None) | (Venue.closes_on >= open_on),
        )
    if after is not None:
        last = venue(session, community_id, after)
        wanted = wanted.where(
            sa.tuple_(Venue.folded, Venue.id)
            > sa.tuple_(
                sa.bindparam(None, last.folded, Venue.folded.type),
                sa.bindparam(None, last.id, Venue.id.type),
            )
        )
    return session.scalars(wanted.order_by(Venue.folded, Venue.id).limit(limit)).all()


def groups_at(session: Session, place: Venue, *, limit: int = 50) -> Sequence[Group]:
    """Return the groups that meet at a place, by name."""
    return session.scalars(
        sa.select(Group)
        .where(
            Group.community_id == place.community_id,
            Group.venue_id == place.id,
            Group.state == "open",
        )
        .order_by(Group.folded, Group.id)
        .limit(limit)
    ).all()
