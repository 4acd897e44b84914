"""Finding communities."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community, CommunityChange

# Asked on every page, so it is put together once.
_BY_SLUG = sa.select(Community).where(Community.slug == sa.bindparam("slug"))


def by_slug(session: Session, slug: str) -> Community | None:
    """Return the community of this slug, or None."""
    return session.scalar(_BY_SLUG, {"slug": slug})


def key_of(community: Community) -> uuid.UUID:
    """Return the id of a community that is in the database, without asking for its row again.

    After a rollback or a commit its other attributes are read anew, by a question of their own.
    """
    identity = sa.inspect(community, raiseerr=True).identity
    return community.id if identity is None else identity[0]


def every(session: Session) -> Sequence[Community]:
    """Return every community of this installation by name; empty before the first is made."""
    return session.scalars(sa.select(Community).order_by(Community.name)).all()


def house_rules_at(session: Session, community_id: uuid.UUID, version: int) -> str | None:
    """Return the house rules as they stood in an earlier version, or None if nobody knows."""
    if version < 1:
        return None
    # The first change is what ended version 1, and so on.
    return session.scalar(
        sa.select(CommunityChange.before)
        .where(
            CommunityChange.community_id == community_id, CommunityChange.setting == "house_rules"
        )
        .order_by(CommunityChange.id)
        .offset(version - 1)
        .limit(1)
    )


def changes(
    session: Session, community_id: uuid.UUID, *, limit: int = 50
) -> Sequence[CommunityChange]:
    """Return the latest changes to a community's settings, newest first."""
    return session.scalars(
        sa.select(CommunityChange)
        .where(CommunityChange.community_id == community_id)
        .order_by(CommunityChange.id.desc())
        .limit(limit)
    ).all()
