"""Answers typed so far in a chain of single questions, kept on the server until the last page.

A chain works without script, survives the Back button and a flat battery, and never shows an answer
in an address. The draft's id is random, so for someone without an account it is also the key to it.
"""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.db import Base, OfCommunity, at_most
from timebank.errors import NotFoundError

KIND_LENGTH_MAX = 20
#: Drafts of people who are not members yet may hold a name and a phone number: they go soon.
KEPT_FOR = dt.timedelta(days=7)


class DraftGoneError(NotFoundError):
    """These answers were sent already, are somebody else's, or were left for too long."""


class Draft(OfCommunity, Base):
    """The answers of one chain; `owner_id` is a member, or None for somebody just joining."""

    __tablename__ = "draft"
    __table_args__ = (at_most("kind", KIND_LENGTH_MAX), sa.Index(None, "community_id", "saved_at"))

    kind: Mapped[str] = mapped_column(sa.String(KIND_LENGTH_MAX))
    owner_id: Mapped[uuid.UUID | None]
    answers: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    saved_at: Mapped[dt.datetime]


def begin(
    session: Session,
    community_id: uuid.UUID,
    kind: str,
    *,
    owner_id: uuid.UUID | None,
    answers: dict[str, Any],
    now: dt.datetime,
) -> Draft:
    """Start a chain and return its draft."""
    draft = Draft(
        community_id=community_id,
        id=uuid.uuid4(),  # noqa: TID251 - all random: the id is the key to the answers
        kind=kind,
        owner_id=owner_id,
        answers=answers,
        saved_at=now,
    )
    session.add(draft)
    return draft


def load(
    session: Session,
    community_id: uuid.UUID,
    draft_id: uuid.UUID,
    kind: str,
    *,
    owner_id: uuid.UUID | None,
) -> Draft:
    """Return a draft of this kind and owner.

    Raises:
        DraftGoneError: If there is none.
    """
    draft = session.get(Draft, (community_id, draft_id))
    if draft is None or draft.kind != kind or draft.owner_id != owner_id:
        raise DraftGoneError
    return draft


def keep(draft: Draft, answers: dict[str, Any], *, now: dt.datetime) -> None:
    """Add `answers` to what was answered before."""
    draft.answers = {**draft.answers, **answers}
    draft.saved_at = now


def delete_stale(session: Session, *, now: dt.datetime) -> int:
    """Delete drafts left for longer than a week; return how many."""
    gone = session.execute(sa.delete(Draft).where(Draft.saved_at < now - KEPT_FOR))
    return int(gone.rowcount)  # type: ignore[attr-defined]
