"""Which exchange is next for the jobs that wait for a moment; each locks what it returns."""

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.exchanges.models import Exchange

#: What a job leaves alone (`timebank.passed_over`).
Ids = Collection[uuid.UUID]


def next_silent(
    session: Session, community_id: uuid.UUID, *, now: dt.datetime, without: Ids = ()
) -> Exchange | None:
    """Lock the exchange whose silence ended first; one that another worker holds is passed over."""
    due = (Exchange.state == "done", Exchange.silence_ends_at <= now)
    return _first(session, community_id, without, *due, by=Exchange.silence_ends_at)


def next_to_give_back(
    session: Session, community_id: uuid.UUID, *, now: dt.datetime, without: Ids = ()
) -> Exchange | None:
    """Lock an exchange whose hours were set aside long enough; one that is held is passed over."""
    due = (Exchange.set_aside_id.is_not(None), Exchange.set_aside_ends_at <= now)
    return _first(session, community_id, without, *due, by=Exchange.set_aside_ends_at)


def next_to_remind(
    session: Session,
    community_id: uuid.UUID,
    *,
    before: dt.datetime,
    now: dt.datetime,
    without: Ids = (),
) -> Exchange | None:
    """Lock an unanswered exchange that silence confirms between `now` and `before`."""
    due = (
        Exchange.state == "done",
        Exchange.silence_ends_at > now,
        Exchange.silence_ends_at <= before,
        Exchange.awaiting_id.is_not(None),
        Exchange.reminded_at.is_(None),
    )
    return _first(session, community_id, without, *due, by=Exchange.silence_ends_at)


def _first(
    session: Session,
    community_id: uuid.UUID,
    without: Ids,
    *due: sa.ColumnElement[bool],
    by: sa.orm.InstrumentedAttribute[Any],
) -> Exchange | None:
    return session.scalar(
        sa.select(Exchange)
        .where(Exchange.community_id == community_id, *due, Exchange.id.not_in(without))
        .order_by(by)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
