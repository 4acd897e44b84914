"""The directory: groups as everybody may find them, narrowed and a page at a time."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from timebank.groups.models import Group, GroupSlot, GroupTransition, Venue
from timebank.groups.policy.places import as_typed, words_asked

#: Groups that go into one file or onto one printed list.
ENTRIES_MAX = 2000
AREAS_MAX = 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the directory is narrowed to; whatever is empty or None narrows nothing.

    Attributes:
        support: One of `listings.models.SUPPORTS`.
        transition: One of `listings.models.TRANSITIONS`.
        weekday: 0 is Monday.
        sector: One of `groups.models.SECTORS`.
        area: An area as it was written, of the group or of its place.
        text: Words to search for, or a postcode however it is typed.
    """

    support: str = ""
    transition: str = ""
    weekday: int | None = None
    sector: str = ""
    area: str = ""
    text: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return self != Wanted()


@dataclass(frozen=True, slots=True)
class Entry:
    """A group with its place, if it has one."""

    group: Group
    venue: Venue | None


def _entries(community_id: uuid.UUID, *, only_public: bool) -> sa.Select[Group, Venue]:
    select = (
        sa.select(Group, Venue)
        .outerjoin(
            Venue,
            sa.and_(Venue.community_id == Group.community_id, Venue.id == Group.venue_id),
        )
        .where(Group.community_id == community_id, Group.state == "open")
        .options(selectinload(Group.slots), selectinload(Group.transitions))
    )
    return select.where(Group.is_public) if only_public else select


def _narrowed(select: sa.Select[Group, Venue], wanted: Wanted) -> sa.Select[Group, Venue]:
    if wanted.support:
        select = select.where(getattr(Group, f"is_{wanted.support}"))
    if wanted.transition:
        select = select.where(
            sa.exists().where(
                GroupTransition.community_id == Group.community_id,
                GroupTransition.group_id == Group.id,
                GroupTransition.transition == wanted.transition,
            )
        )
    if wanted.weekday is not None:
        select = select.where(
            sa.exists().where(
                GroupSlot.community_id == Group.community_id,
                GroupSlot.group_id == Group.id,
                GroupSlot.weekday == wanted.weekday,
            )
        )
    if wanted.sector:
        select = select.where(Group.sector == wanted.sector)
    if wanted.area:
        select = select.where((Group.area == wanted.area) | (Venue.area == wanted.area))
    typed = as_typed(wanted.text)
    for word in words_asked(wanted.text):
        select = select.where(
            Group.folded.contains(word, autoescape=True)
            | Venue.folded.contains(word, autoescape=True)
            # What a group says of itself is not kept folded: there accents count.
            | Group.words.icontains(typed.get(word, word), autoescape=True)
        )
    return select


def entries(
    session: Session,
    community_id: uuid.UUID,
    wanted: Wanted,
    *,
    only_public: bool,
    after: uuid.UUID | None = None,
    limit: int,
) -> Sequence[Entry]:
    """Return a page of the directory in order of the names.

    Args:
        session: Any session.
        community_id: The community.
        wanted: What it is narrowed to.
        only_public: Whether somebody looks who is no member.
        after: The group the page before ended with.
        limit: At most so many.
    """
    select = _narrowed(_entries(community_id, only_public=only_public), wanted)
    if after is not None:
        last = session.execute(
            sa.select(Group.folded, Group.id).where(
                Group.community_id == community_id, Group.id == after
            )
        ).one_or_none()
        if last is not None:
            select = select.where(
                sa.tuple_(Group.folded, Group.id)
                > sa.tuple_(
                    sa.bindparam(None, last.folded, Group.folded.type),
                    sa.bindparam(None, last.id, Group.id.type),
                )
            )
    rows = session.execute(select.order_by(Group.folded, Group.id).limit(limit))
    return [Entry(row[0], row[1]) for row in rows]


def every_entry(
    session: Session, community_id: uuid.UUID, wanted: Wanted, *, only_public: bool
) -> Sequence[Entry]:
    """Return the whole directory for a file or a printed list, up to `ENTRIES_MAX`."""
    return entries(session, community_id, wanted, only_public=only_public, limit=ENTRIES_MAX)


def entry(session: Session, group: Group) -> Entry:
    """Return one group with its place."""
    venue = session.get(Venue, (group.community_id, group.venue_id)) if group.venue_id else None
    return Entry(group, venue)


def areas(session: Session, community_id: uuid.UUID, *, only_public: bool) -> list[str]:
    """Return the areas to choose from, of groups and of their places."""
    here = (
        Group.community_id == community_id,
        Group.state == "open",
        Group.is_public if only_public else sa.true(),
    )
    of_groups = sa.select(Group.area).where(*here)
    of_places = (
        sa.select(Venue.area)
        .join(Group, sa.and_(Group.community_id == Venue.community_id, Group.venue_id == Venue.id))
        .where(*here)
    )
    both = sa.union(of_groups, of_places).subquery()
    return list(
        session.scalars(
            sa.select(both.c.area).where(both.c.area != "").order_by(both.c.area).limit(AREAS_MAX)
        )
    )
