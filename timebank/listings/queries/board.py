"""Lists of offers and requests. What a viewer may see is said once, in `visible`."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, defer

from timebank.db import Key
from timebank.listings import policy
from timebank.listings.models import Category, Listing, ListingSlot, ListingWord
from timebank.listings.search import BEGINNING_LENGTH_MIN, LAST, questions_in
from timebank.members.models import Member

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


def visible(
    community_id: uuid.UUID | sa.BindParameter[Any],
    audiences: Collection[str] | sa.BindParameter[Any],
    today: dt.date | sa.BindParameter[Any],
) -> sa.ColumnElement[bool]:
    """Say what somebody may find: open, not over, put up by somebody here, and meant for them."""
    return sa.and_(
        Listing.community_id == community_id,
        Listing.state == "open",
        Listing.ends_on.is_(None) | (Listing.ends_on >= today),
        Listing.audience.in_(audiences),
        Member.state == "active",
    )


def with_member() -> sa.ColumnElement[bool]:
    """Join a listing with the member who put it up."""
    return (Member.community_id == Listing.community_id) & (Member.id == Listing.member_id)


class Brief(NamedTuple):
    """As much of a listing as a card shows, with who put it up and the heading it stands under."""

    id: uuid.UUID
    kind: str
    member_id: uuid.UUID
    title: str
    about_minutes: int
    when_words: str
    place: str
    area: str
    language: str
    is_anonymous: bool
    heading_key: str
    owner_name: str
    owner_number: int


@cache
def _briefs() -> sa.Select[*tuple[Any, ...]]:
    """Select the columns of a :class:`Brief`, in its order; put together once."""
    heading = aliased(Category)
    return (
        sa.select(
            Listing.id,
            Listing.kind,
            Listing.member_id,
            Listing.title,
            Listing.about_minutes,
            Listing.when_words,
            Listing.place,
            Listing.area,
            Listing.language,
            Listing.is_anonymous,
            sa.func.coalesce(heading.key, Category.key),
            Member.first_name,
            Member.number,
        )
        .join(Member, with_member())
        .join(
            Category,
            (Category.community_id == Listing.community_id) & (Category.id == Listing.category_id),
        )
        .outerjoin(
            heading,
            (heading.community_id == Category.community_id) & (heading.id == Category.parent_id),
        )
        .where(
            visible(
                sa.bindparam("community_id"),
                sa.bindparam("audiences", expanding=True),
                sa.bindparam("today"),
            )
        )
        .order_by(Listing.id.desc())
        .limit(sa.bindparam("limit", type_=sa.Integer))
    )


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
) -> list[Brief]:
    """Return up to `limit` listings that a viewer may find, the newest first.

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
    narrowed = _narrowed_to(wanted, after)
    looks, words = _looks_for(wanted)
    question = _question(frozenset(narrowed), wanted.support, looks)
    asked = {
        "community_id": community_id,
        "audiences": policy.audiences_of(viewer, roles),
        "today": today,
        "limit": limit,
    }
    return [Brief(*row) for row in session.execute(question, asked | narrowed | words)]


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
        .join(Member, with_member())
        .where(
            visible(member.community_id, policy.audiences_of(member, roles), today),
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
    found: dict[uuid.UUID, list[tuple[int, str]]] = {}
    if not listing_ids:
        return found
    asked = {"community_id": community_id, "listing_ids": listing_ids}
    for listing_id, weekday, part in session.execute(_slots_question(), asked):
        found.setdefault(listing_id, []).append((weekday, part))
    return found


@cache
def _slots_question() -> sa.Select[uuid.UUID, int, str]:
    return sa.select(ListingSlot.listing_id, ListingSlot.weekday, ListingSlot.part).where(
        ListingSlot.community_id == sa.bindparam("community_id"),
        ListingSlot.listing_id.in_(sa.bindparam("listing_ids", expanding=True)),
    )


def _narrowed_to(wanted: Wanted, after: uuid.UUID | None) -> dict[str, Any]:
    """Return what each of `_RULES` that applies compares with. Monday is 0, and counts."""
    values = {
        "kind": wanted.kind,
        "category_ids": wanted.category_ids,
        "area": wanted.area,
        "language": wanted.language,
        "weekday": wanted.weekday,
        "after": after,
    }
    return {name: value for name, value in values.items() if value or value == 0}


class _Look(NamedTuple):
    """How a list is looked through for one word.

    Attributes:
        are_beginnings: For each way the word may begin, whether longer words count.
        is_in_categories: Whether some category has the word in its name.
    """

    are_beginnings: tuple[bool, ...]
    is_in_categories: bool


def _looks_for(wanted: Wanted) -> tuple[tuple[_Look, ...], dict[str, Any]]:
    """Return how to look for the words, and the values that `_found_by` compares with."""
    looks: list[_Look] = []
    values: dict[str, Any] = {}
    for word, beginnings in enumerate(questions_in(wanted.words)):
        # Of two beginnings where one begins the other, only the shorter says anything.
        starts = [
            start
            for start in sorted(beginnings)
            if not any(start != other and start.startswith(other) for other in beginnings)
        ]
        named = wanted.categories_named.get(beginnings, ())
        looks.append(
            _Look(tuple(len(start) >= BEGINNING_LENGTH_MIN for start in starts), bool(named))
        )
        values |= {f"start_{word}_{way}": start for way, start in enumerate(starts)}
        values |= {f"end_{word}_{way}": start + LAST for way, start in enumerate(starts)}
        values[f"named_{word}"] = named
    return tuple(looks), values


@lru_cache(maxsize=256)
def _question(
    narrowed: frozenset[str], support: str | None, looks: tuple[_Look, ...]
) -> sa.Select[*tuple[Any, ...]]:
    """Put a question together, once for each way of narrowing a list."""
    question = _briefs().where(*(_RULES[name] for name in sorted(narrowed)))
    if support:
        question = question.where(_SUPPORTS[support].is_(True))
    return question.where(*(_found_by(word, look) for word, look in enumerate(looks)))


_HERE = sa.bindparam("community_id", type_=Key)
_SLOTS = sa.select(ListingSlot.listing_id).where(
    ListingSlot.community_id == _HERE, ListingSlot.listing_id == Listing.id
)
#: Ways to narrow a list, by the name of the value they compare with.
_RULES = {
    "kind": Listing.kind == sa.bindparam("kind"),
    "category_ids": Listing.category_id.in_(sa.bindparam("category_ids", expanding=True)),
    "area": Listing.area == sa.bindparam("area"),
    "language": Listing.language == sa.bindparam("language"),
    "weekday": sa.or_(
        _SLOTS.where(ListingSlot.weekday == sa.bindparam("weekday")).exists(), ~_SLOTS.exists()
    ),
    "after": Listing.id < sa.bindparam("after"),
}
_SUPPORTS = {
    "social": Listing.is_social,
    "emotional": Listing.is_emotional,
    "practical": Listing.is_practical,
}


def _found_by(word: int, look: _Look) -> sa.ColumnElement[bool]:
    """Match listings with a word that begins like this, or that stand in these categories."""
    ranges = [
        (ListingWord.word >= sa.bindparam(f"start_{word}_{way}"))
        & (ListingWord.word < sa.bindparam(f"end_{word}_{way}"))
        if is_beginning
        else ListingWord.word == sa.bindparam(f"start_{word}_{way}")
        for way, is_beginning in enumerate(look.are_beginnings)
    ]
    ids = sa.select(ListingWord.listing_id).where(
        ListingWord.community_id == _HERE, sa.or_(*ranges)
    )
    if not look.is_in_categories:
        return Listing.id.in_(ids)
    in_categories = sa.select(Listing.id).where(
        Listing.community_id == _HERE,
        Listing.category_id.in_(sa.bindparam(f"named_{word}", expanding=True)),
    )
    return Listing.id.in_(sa.union(ids, in_categories))


def areas(
    session: Session,
    community_id: uuid.UUID,
    kind: str,
    *,
    viewer: Member | None,
    today: dt.date,
    roles: frozenset[str] = NO_ROLES,
) -> Sequence[str]:
    """Return areas that the listings of a kind name which a viewer may find, A to Z."""
    asked = {
        "community_id": community_id,
        "kind": kind,
        "audiences": policy.audiences_of(viewer, roles),
        "today": today,
    }
    return session.scalars(_areas_question(), asked).all()


@cache
def _areas_question() -> sa.Select[Any]:
    """Step from one area to the next through the index; reading every listing would take long."""
    open_ones = sa.and_(
        Listing.community_id == sa.bindparam("community_id"),
        Listing.kind == sa.bindparam("kind"),
        Listing.state == "open",
    )
    step = (
        sa.select(sa.func.min(Listing.area).label("area"))
        .where(open_ones, Listing.area > "")
        .cte("step", recursive=True)
    )
    next_area = sa.select(sa.func.min(Listing.area)).where(open_ones, Listing.area > step.c.area)
    step = step.union_all(sa.select(next_area.scalar_subquery()).where(step.c.area.is_not(None)))
    is_shown = (
        sa.select(Listing.id)
        .join(Member, with_member())
        .where(
            visible(
                sa.bindparam("community_id"),
                sa.bindparam("audiences", expanding=True),
                sa.bindparam("today"),
            ),
            Listing.kind == sa.bindparam("kind"),
            Listing.area == step.c.area,
        )
        .exists()
    )
    return sa.select(step.c.area).where(is_shown).order_by(step.c.area).limit(AREAS_MAX)
