"""The tree of categories of a community."""

import datetime as dt
import uuid
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.listings import queries
from timebank.listings.errors import BadDetailsError, CategoryTakenError
from timebank.listings.models import CHECK_HINTS, Category
from timebank.listings.search import fold
from timebank.listings.tree import CHECK_HINTS_OF, TREE


def seed_categories(session: Session, community_id: uuid.UUID) -> int:
    """Give a community the shipped tree and return how many came; what is there stays as it is."""
    there = set(
        session.scalars(sa.select(Category.key).where(Category.community_id == community_id))
    )
    added = 0
    for position, heading in enumerate(TREE):
        if heading.key in there:
            top = queries.category_by_key(session, community_id, heading.key)
        else:
            top = _seed(session, community_id, heading.key, None, position)
            added += 1
        for place, key in enumerate(heading.leaves):
            if key not in there:
                _seed(session, community_id, key, top.id, place)
                added += 1
    session.flush()
    return added


def _seed(
    session: Session,
    community_id: uuid.UUID,
    key: str,
    parent_id: uuid.UUID | None,
    position: int,
) -> Category:
    category = Category(
        community_id=community_id,
        id=new_id(),
        parent_id=parent_id,
        key=key,
        check_hint=CHECK_HINTS_OF.get(key, "none"),
        position=position,
    )
    session.add(category)
    session.flush()
    return category


def add_category(
    session: Session,
    community_id: uuid.UUID,
    *,
    parent: Category | None,
    name: str,
    check_hint: str = "none",
) -> Category:
    """Add a category of the community's own, at the end of its heading, or a new heading.

    Raises:
        CategoryTakenError: If the heading has one of that name.
        BadDetailsError: If the check hint is not one of `CHECK_HINTS`, or the parent is no heading.
    """
    if check_hint not in CHECK_HINTS:
        raise BadDetailsError("check_hint")
    if parent is not None and parent.parent_id is not None:
        raise BadDetailsError("parent")
    siblings = queries.siblings(session, community_id, parent)
    _check_name(name, siblings)
    key = new_id()
    category = Category(
        community_id=community_id,
        id=key,
        parent_id=None if parent is None else parent.id,
        key=f"own-{key.hex[-12:]}",
        name=name,
        check_hint=check_hint,
        position=1 + max((each.position for each in siblings), default=-1),
    )
    session.add(category)
    session.flush()
    return category


def change_category(session: Session, category: Category, *, name: str, check_hint: str) -> None:
    """Give a category another name and check hint; an empty name is the shipped one again.

    Raises:
        CategoryTakenError: If another one under the same heading has that name.
        BadDetailsError: If the check hint is not one of `CHECK_HINTS`, or an own category would be
            left without a name.
    """
    if check_hint not in CHECK_HINTS:
        raise BadDetailsError("check_hint")
    if not name and category.key.startswith("own-"):
        raise BadDetailsError("name")
    parent = None
    if category.parent_id is not None:
        parent = queries.category(session, category.community_id, category.parent_id)
    siblings = queries.siblings(session, category.community_id, parent)
    _check_name(name, [each for each in siblings if each.id != category.id])
    category.name, category.check_hint = name, check_hint


def retire_category(category: Category, *, now: dt.datetime) -> None:
    """Take a category out of new listings; the old ones keep it."""
    category.retired_at = category.retired_at or now


def restore_category(category: Category) -> None:
    """Use a retired category again."""
    category.retired_at = None


def _check_name(name: str, others: Collection[Category]) -> None:
    if name and fold(name) in {fold(each.name) for each in others}:
        raise CategoryTakenError(name)
