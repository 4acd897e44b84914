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


def every(session: Session) -> Sequence[Community]:
    """Return every community of this installation by name; empty before the first is made."""
    return session.scalars(sa.select(Community).order_by(Community.name)).all()


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
