"""Finding offers and requests. What a viewer may see is said once, in `_visible`."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, defer, load_only

from timebank.communities.models import Community
from timebank.listings import policy
from timebank.listings.errors import CategoryNotFoundError, ListingNotFoundError
from timebank.listings.models import AUDIENCES, Category, Listing, ListingSlot, ListingWord
from timebank.listings.search import BEGINNING_LENGTH_MIN, LAST, questions_in
from timebank.members.models import Member
from timebank.messaging.models import Conversation, Participant

#: Areas offered to choose from.
AREAS_MAX = 60
NO_ROLES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to; whatever is None or empty narrows nothing.

    Attributes:
        kind: "offer" or "request".
        category_ids: A category, or a heading with all under it.
        support: One of `listings.models.SUPPORTS`.
        weekday: 0 is Monday; a listing without any day fits every day.
        area: An area as it was written.
        language: A locale.
        words: Words to search for; all of them must be found.
        categories_named: For a searched word, the categories whose name has it.
    """

    kind: str | None = None
    category_ids: Collection[uuid.UUID] = ()
    support: str | None = None
    weekday: int | None = None
    area: str = ""
    language: str | None = None
    words: str = ""
    categories_named: Mapping[frozenset[str], Collection[uuid.UUID]] = field(default_factory=dict)


def local_date(community: Community, now: dt.datetime) -> dt.date:
    """Return the date of a moment where the community is."""
    return now.astimezone(ZoneInfo(community.time_zone)).date()


def _visible(
    community_id: uuid.UUID, audiences: Collection[str], today: dt.date
) -> sa.ColumnElement[bool]:
    """Say what somebody may find: open, not over, put up by somebody here, and meant for them."""
    return sa.and_(
        Listing.community_id == community_id,
        Listing.state == "open",
        Listing.ends_on.is_(None) | (Listing.ends_on >= today),
        Listing.audience.in_(audiences),
        Member.state == "active",
    )


def _with_member() -> sa.ColumnElement[bool]:
    return (Member.community_id == Listing.community_id) & (Member.id == Listing.member_id)


def shown(
    session: Session,
    community_id: uuid.UUID,
    wanted: Wanted,
    *,
    viewer: Member | None,
    today: dt.date,
    limit: int,
    roles: frozenset[str] = NO_ROLES,
    after: uuid.UUID | None = None,
) -> list[tuple[Listing, Member]]:
    """Return up to `limit` listings that a viewer may find, the newest first, with their members.

    Args:
        session: The session to read with.
        community_id: Whose listings.
        wanted: What the list is narrowed to.
        viewer: The member who looks, or None for somebody not signed in.
        today: The date where the community is.
        limit: How many at most.
        roles: The viewer's roles.
        after: Id of the listing that the page before ended with.
    """
    select = (
        sa.select(Listing, Member)
        .join(Member, _with_member())
        .where(
            _visible(community_id, policy.audiences_of(viewer, roles), today),
            *_narrowed(community_id, wanted),
        )
        .options(load_only(Member.first_name, Member.number, Member.state), defer(Listing.words))
        .order_by(Listing.id.desc())
        .limit(limit)
    )
    if after is not None:
        select = select.where(Listing.id < after)
    return [(listing, member) for listing, member in session.execute(select)]


def fitting(
    session: Session,
    member: Member,
    kind: str,
    *,
    roles: frozenset[str],
    today: dt.date,
    limit: int,
) -> list[Listing]:
    """Return open listings of others that fit a member, then the newest: what to do next.

    A request fits who ever offered that kind of help, and an offer who ever asked for it.
    """
    own_kind = "offer" if kind == "request" else "request"
    own = sa.select(Listing.category_id).where(
        Listing.community_id == member.community_id,
        Listing.member_id == member.id,
        Listing.kind == own_kind,
    )
    fits = Listing.category_id.in_(own.correlate(None))
    others = (
        sa.select(Listing.id)
        .join(Member, _with_member())
        .where(
            _visible(member.community_id, policy.audiences_of(member, roles), today),
            Listing.kind == kind,
            Listing.member_id != member.id,
        )
        .order_by(Listing.id.desc())
        .limit(limit)
    )
    # A few of each and then the best of these, so that nobody sorts a whole board.
    few = [sa.select(part.subquery().c.id) for part in (others.where(fits), others)]
    return list(
        session.scalars(
            sa.select(Listing)
            .where(Listing.community_id == member.community_id, Listing.id.in_(sa.union_all(*few)))
            .options(defer(Listing.words))
            .order_by(sa.case((fits, 0), else_=1), Listing.id.desc())
            .limit(limit)
        )
    )


def slots_of(
    session: Session, community_id: uuid.UUID, listing_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[tuple[int, str]]]:
    """Return the times that suit, by listing; a listing without any is left out."""
    rows = session.execute(
        sa.select(ListingSlot.listing_id, ListingSlot.weekday, ListingSlot.part).where(
            ListingSlot.community_id == community_id, ListingSlot.listing_id.in_(listing_ids)
        )
    )
    found: dict[uuid.UUID, list[tuple[int, str]]] = {}
    for listing_id, weekday, part in rows:
        found.setdefault(listing_id, []).append((weekday, part))
    return found


def _narrowed(community_id: uuid.UUID, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    rules: list[sa.ColumnElement[bool]] = []
    if wanted.kind:
        rules.append(Listing.kind == wanted.kind)
    if wanted.category_ids:
        rules.append(Listing.category_id.in_(wanted.category_ids))
    if wanted.support:
        columns = {
            "social": Listing.is_social,
            "emotional": Listing.is_emotional,
            "practical": Listing.is_practical,
        }
        rules.append(columns[wanted.support].is_(True))
    if wanted.area:
        rules.append(Listing.area == wanted.area)
    if wanted.language:
        rules.append(Listing.language == wanted.language)
    if wanted.weekday is not None:
        rules.append(_suits(community_id, wanted.weekday))
    rules += [
        _found_by(community_id, beginnings, wanted.categories_named.get(beginnings, ()))
        for beginnings in questions_in(wanted.words)
    ]
    return rules


def _suits(community_id: uuid.UUID, weekday: int) -> sa.ColumnElement[bool]:
    slots = sa.select(ListingSlot.listing_id).where(
        ListingSlot.community_id == community_id, ListingSlot.listing_id == Listing.id
    )
    return sa.or_(slots.where(ListingSlot.weekday == weekday).exists(), ~slots.exists())


def _found_by(
    community_id: uuid.UUID, beginnings: frozenset[str], category_ids: Collection[uuid.UUID]
) -> sa.ColumnElement[bool]:
    """Match listings with a word that begins like this, or that stand in these categories."""
    # Of two beginnings where one begins the other, only the shorter says anything.
    ranges = [
        ListingWord.word == start
        if len(start) < BEGINNING_LENGTH_MIN
        else (ListingWord.word >= start) & (ListingWord.word < start + LAST)
        for start in sorted(beginnings)
        if not any(start != other and start.startswith(other) for other in beginnings)
    ]
    ids = sa.select(ListingWord.listing_id).where(
        ListingWord.community_id == community_id, sa.or_(*ranges)
    )
    if not category_ids:
        return Listing.id.in_(ids)
    in_categories = sa.select(Listing.id).where(
        Listing.community_id == community_id, Listing.category_id.in_(category_ids)
    )
    return Listing.id.in_(sa.union(ids, in_categories))


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
    rule = _visible(community.id, audiences, local_date(community, now))
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
        .join(Member, _with_member())
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


def place_in_tree(session: Session, listing: Listing) -> tuple[Category, Category]:
    """Return a listing's category and the heading it stands under; of a heading, twice itself."""
    heading = aliased(Category)
    found = session.execute(
        sa.select(Category, heading)
        .outerjoin(
            heading,
            (heading.community_id == Category.community_id) & (heading.id == Category.parent_id),
        )
        .where(Category.community_id == listing.community_id, Category.id == listing.category_id)
    ).one()
    leaf: Category = found[0]
    top: Category | None = found[1]
    return leaf, leaf if top is None else top


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


def areas(session: Session, community_id: uuid.UUID, kind: str) -> Sequence[str]:
    """Return areas that open listings of a kind name, in the order of the alphabet."""
    return session.scalars(
        sa.select(Listing.area)
        .join(Member, _with_member())
        .where(
            Listing.community_id == community_id,
            Listing.kind == kind,
            Listing.state == "open",
            Member.state == "active",
            Listing.area != "",
            Listing.audience != "coordinator",
        )
        .distinct()
        .order_by(Listing.area)
        .limit(AREAS_MAX)
    ).all()


def urgent_requests(
    session: Session, community: Community, *, now: dt.datetime, limit: int
) -> list[tuple[Listing, Member]]:
    """Return open requests about a big change, the oldest first: for coordinators."""
    rows = session.execute(
        sa.select(Listing, Member)
        .join(Member, _with_member())
        .where(
            _visible(community.id, AUDIENCES, local_date(community, now)),
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
        .join(Member, _with_member())
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


# --------------------------------------------------------------------------- categories


@dataclass(frozen=True, slots=True)
class Branch:
    """A heading of the tree with what stands under it, both in order."""

    top: Category
    leaves: Sequence[Category]


def categories(
    session: Session, community_id: uuid.UUID, *, with_retired: bool = False
) -> list[Branch]:
    """Return the tree of categories in its order."""
    every = session.scalars(
        sa.select(Category)
        .where(
            Category.community_id == community_id,
            sa.true() if with_retired else Category.retired_at.is_(None),
        )
        .order_by(Category.position, Category.id)
    ).all()
    return [
        Branch(top, [leaf for leaf in every if leaf.parent_id == top.id])
        for top in every
        if top.parent_id is None
    ]


class Kind(NamedTuple):
    """As much of a category as a list needs."""

    id: uuid.UUID
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Outline:
    """A heading with what stands under it, without what a list does not need."""

    top: Kind
    leaves: Sequence[Kind]


def outline(session: Session, community_id: uuid.UUID) -> list[Outline]:
    """Return the tree in its order, cheaper than `categories`; retired ones are in it.

    What is up keeps its category, so a list can be narrowed to a retired one too.
    """
    rows = session.execute(
        sa.select(Category.parent_id, Category.id, Category.key, Category.name)
        .where(Category.community_id == community_id)
        .order_by(Category.position, Category.id)
    ).all()
    under: dict[uuid.UUID | None, list[Kind]] = {}
    for parent_id, key_id, key, name in rows:
        under.setdefault(parent_id, []).append(Kind(key_id, key, name))
    return [Outline(top, under.get(top.id, [])) for top in under.get(None, [])]


def category(session: Session, community_id: uuid.UUID, category_id: uuid.UUID) -> Category:
    """Return a category.

    Raises:
        CategoryNotFoundError: If this community has none with that id.
    """
    found = session.get(Category, (community_id, category_id))
    if found is None:
        raise CategoryNotFoundError
    return found


def category_by_key(session: Session, community_id: uuid.UUID, key: str) -> Category:
    """Return the category with a key.

    Raises:
        CategoryNotFoundError: If this community has none with that key.
    """
    found = session.scalar(
        sa.select(Category).where(Category.community_id == community_id, Category.key == key)
    )
    if found is None:
        raise CategoryNotFoundError
    return found


def siblings(
    session: Session, community_id: uuid.UUID, parent: Category | None
) -> Sequence[Category]:
    """Return the categories under a heading, or the headings; retired ones too."""
    return session.scalars(
        sa.select(Category)
        .where(
            Category.community_id == community_id,
            Category.parent_id.is_(None) if parent is None else Category.parent_id == parent.id,
        )
        .order_by(Category.position, Category.id)
    ).all()
