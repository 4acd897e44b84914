"""Writing the trail: an event in the transaction of what it tells of, the chain a little later."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.trail import policy, queries
from timebank.trail.models import DETAIL_LENGTH_MAX, FADING, TrailEvent, TrailLink

#: Events linked in one unit of work.
LINKED_AT_ONCE = 500
#: Of what anybody can cause again and again, so many are written down an hour.
PERSON_EVENTS_MAX = 60
NOBODY_EVENTS_MAX = 600


def record(
    session: Session,
    kind: str,
    *,
    now: dt.datetime,
    person_id: uuid.UUID | None = None,
    community_id: uuid.UUID | None = None,
    member_id: uuid.UUID | None = None,
    detail: str = "",
) -> None:
    """Write an event down, in one statement; if that fails, so does what it tells of.

    Args:
        session: The unit of work of the act itself; this function never commits it.
        kind: One of `models.KINDS`.
        now: Aware time of the act.
        person_id: Who did it or whose account was tried; None where nobody is known.
        community_id: Where, or None outside of all communities.
        member_id: Whom it is about.
        detail: A word of the program. Never a name, an address or a code.
    """
    session.execute(
        sa.insert(TrailEvent).values(
            id=new_id(),
            at=now,
            kind=kind,
            person_id=person_id,
            community_id=community_id,
            member_id=member_id,
            detail=detail[:DETAIL_LENGTH_MAX],
        )
    )


def record_sparingly(
    session: Session,
    kind: str,
    *,
    now: dt.datetime,
    person_id: uuid.UUID | None,
    community_id: uuid.UUID | None,
    detail: str,
) -> bool:
    """Write down what anybody can cause at will, up to so many an hour; tell whether it was."""
    most = NOBODY_EVENTS_MAX if person_id is None else PERSON_EVENTS_MAX
    if queries.count_lately(session, kind, person_id, now=now) >= most:
        return False
    record(session, kind, now=now, person_id=person_id, community_id=community_id, detail=detail)
    return True


def link_new(session: Session, *, now: dt.datetime) -> int:
    """Link events that have no link yet; return how many.

    A request may commit after a later one did, so what is looked for is not "after the last" but
    "not linked yet", over a time in which every transaction has ended.
    """
    last = queries.last_link(session, lock=True)
    head, seq = (policy.FIRST_CHAIN, 0) if last is None else (last.chain, last.seq)
    since = None if last is None else min(last.at, now) - queries.LINKED_WITHIN
    found = queries.unlinked(session, since=since, limit=LINKED_AT_ONCE)
    for event in found:
        seq += 1
        link = TrailLink(
            seq=seq,
            event_id=event.id,
            at=event.at,
            kind=event.kind,
            content=policy.content_of(event),
            chain=b"",
        )
        link.chain = head = policy.chain_after(head, link)
        session.add(link)
    session.flush()
    return len(found)


def forget_old(session: Session, *, now: dt.datetime) -> int:
    """Delete sign-ins and refusals that are too old to help anybody; their links stay."""
    gone = session.execute(
        sa.delete(TrailEvent).where(
            TrailEvent.at < now - queries.KEPT_FOR,
            TrailEvent.kind.in_(FADING),
            sa.select(TrailLink.seq).where(TrailLink.event_id == TrailEvent.id).exists(),
        )
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]
