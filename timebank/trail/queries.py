"""Reading the trail: one's own sign-ins, and whether the chain still holds."""

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.trail import policy
from timebank.trail.models import FADING, TrailEvent, TrailLink

#: How long what fades is kept. The database refuses to delete it a day before that, and anything
#: else ever.
KEPT_FOR = dt.timedelta(days=180)
#: The worker links events within minutes; one that is older and has no link is worth a word.
LINKED_WITHIN = dt.timedelta(hours=1)
LINKS_AT_ONCE = 1000
FAULTS_MAX = 20
#: What is counted of one kind in one hour; a robot does not fill the disk.
HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of checking the trail.

    Attributes:
        links: How many links there are.
        chain: The head of the chain; noted elsewhere, it shows when the end was cut off.
        faults: What is wrong, in words for the log and the terminal; empty if nothing is.
    """

    links: int
    chain: bytes
    faults: tuple[str, ...]


def sign_ins_of(
    session: Session, person_id: uuid.UUID, *, only_id: uuid.UUID | None = None, limit: int
) -> Sequence[TrailEvent]:
    """Return how a person signed in lately and was tried to be, the latest first.

    With `only_id`, what was about that community alone.
    """
    return session.scalars(
        sa.select(TrailEvent)
        .where(
            TrailEvent.person_id == person_id,
            TrailEvent.kind.in_(("sign-in", "sign-in failed")),
            sa.true() if only_id is None else TrailEvent.community_id == only_id,
        )
        .order_by(TrailEvent.id.desc())
        .limit(limit)
    ).all()


def count_lately(
    session: Session, kind: str, person_id: uuid.UUID | None, *, now: dt.datetime
) -> int:
    """Count events of a kind and a person within an hour; None counts those of nobody known."""
    count = session.scalar(
        sa.select(sa.func.count()).where(
            TrailEvent.at > now - HOUR,
            TrailEvent.kind == kind,
            TrailEvent.person_id.is_(None)
            if person_id is None
            else TrailEvent.person_id == person_id,
        )
    )
    return count or 0


def last_link(session: Session, *, lock: bool = False) -> TrailLink | None:
    """Return the newest link, or None before the first."""
    wanted = sa.select(TrailLink).order_by(TrailLink.seq.desc()).limit(1)
    return session.scalar(wanted.with_for_update() if lock else wanted)


def unlinked(
    session: Session, *, since: dt.datetime | None, limit: int | None = None
) -> Sequence[TrailEvent]:
    """Return events that have no link yet, in order of their keys."""
    return session.scalars(
        sa.select(TrailEvent)
        .outerjoin(TrailLink, TrailLink.event_id == TrailEvent.id)
        .where(TrailLink.event_id.is_(None), sa.true() if since is None else TrailEvent.at > since)
        .order_by(TrailEvent.id)
        .limit(limit)
    ).all()


def verify(session: Session, *, now: dt.datetime) -> Verdict:
    """Work out the whole chain again and compare each event that is still there with its link."""
    head, seq, faults = policy.FIRST_CHAIN, 0, list[str]()
    for link, event in _links(session):
        seq += 1
        if link.seq != seq:
            faults.append(f"link {seq} is missing")
            seq = link.seq
        head = policy.chain_after(head, link)
        if head != link.chain:
            faults.append(f"link {link.seq} does not follow from the one before")
            head = link.chain
        faults += _compare(link, event, now)
        if len(faults) >= FAULTS_MAX:
            break
    late = unlinked(session, since=None, limit=FAULTS_MAX)
    faults += [
        f"event {event.id} was never linked" for event in late if event.at < now - LINKED_WITHIN
    ]
    return Verdict(seq, head, tuple(faults[:FAULTS_MAX]))


def _compare(link: TrailLink, event: TrailEvent | None, now: dt.datetime) -> Iterator[str]:
    if event is None:
        if link.kind not in FADING or link.at > now - KEPT_FOR:
            yield f"event {link.event_id} of link {link.seq} is gone"
    elif (event.kind, event.at, policy.content_of(event)) != (link.kind, link.at, link.content):
        yield f"event {link.event_id} of link {link.seq} was changed"


def _links(session: Session) -> Iterator[tuple[TrailLink, TrailEvent | None]]:
    after = 0
    while True:
        rows = session.execute(
            sa.select(TrailLink, TrailEvent)
            .outerjoin(TrailEvent, TrailEvent.id == TrailLink.event_id)
            .where(TrailLink.seq > after)
            .order_by(TrailLink.seq)
            .limit(LINKS_AT_ONCE)
        ).all()
        for row in rows:
            yield row[0], row[1]
        if len(rows) < LINKS_AT_ONCE:
            return
        after = rows[-1][0].seq
