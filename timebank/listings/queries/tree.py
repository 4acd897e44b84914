"""The tree of categories."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from timebank.listings.errors import CategoryNotFoundError
from timebank.listings.models import Category, Listing


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
    under: dict[uuid.UUID | None, list[Kind]] = {}
    rows = session.execute(_outline_question(), {"community_id": community_id})
    for parent_id, key_id, key, name in rows:
        under.setdefault(parent_id, []).append(Kind(key_id, key, name))
    return [Outline(top, under.get(top.id, [])) for top in under.get(None, [])]


@cache
def _outline_question() -> sa.Select[uuid.UUID | None, uuid.UUID, str, str]:
    return (
        sa.select(Category.parent_id, Category.id, Category.key, Category.name)
        .where(Category.community_id == sa.bindparam("community_id"))
        .order_by(Category.position, Category.id)
    )


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
