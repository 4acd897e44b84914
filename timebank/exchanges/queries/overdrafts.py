"""Finding accounts that a correction left too low."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.exchanges.errors import OverdraftNotFoundError
from timebank.exchanges.models import (
    Overdraft,
)


def locked_overdraft(
    session: Session, community_id: uuid.UUID, overdraft_id: uuid.UUID
) -> Overdraft | None:
    """Lock an account that was left too low, whether it was seen to or not."""
    return session.scalar(
        sa.select(Overdraft)
        .where(Overdraft.community_id == community_id, Overdraft.id == overdraft_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def overdraft(session: Session, community_id: uuid.UUID, overdraft_id: uuid.UUID) -> Overdraft:
    """Return an account that was left too low.

    Raises:
        OverdraftNotFoundError: If there is none.
    """
    found = session.get(Overdraft, (community_id, overdraft_id))
    if found is None:
        raise OverdraftNotFoundError
    return found


def overdrafts_waiting(
    session: Session, community_id: uuid.UUID, *, limit: int
) -> Sequence[Overdraft]:
    """Return accounts that were left too low and nobody has seen to, the oldest first."""
    return session.scalars(
        sa.select(Overdraft).where(waits(community_id)).order_by(Overdraft.id).limit(limit)
    ).all()


def waits(community_id: uuid.UUID) -> sa.ColumnElement[bool]:
    """Rule for accounts that were left too low and nobody has seen to."""
    return sa.and_(Overdraft.community_id == community_id, Overdraft.seen_to_at.is_(None))
