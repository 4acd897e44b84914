"""Noting what happened to a group, and telling those whom it concerns."""

import datetime as dt
import uuid
from collections.abc import Iterable

from sqlalchemy.orm import Session

from timebank.groups.models import Group, GroupEvent
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.messaging import service as messaging

TOPIC = "membership"
TOPIC_WORK = "work"
COORDINATOR = "coordinator"


def note(
    session: Session,
    group: Group,
    kind: str,
    *,
    by: Member | None,
    now: dt.datetime,
    member_id: uuid.UUID | None = None,
    part: str | None = None,
) -> None:
    """Add a row to the group's story."""
    session.add(
        GroupEvent(
            community_id=group.community_id,
            group_id=group.id,
            kind=kind,
            member_id=member_id,
            part=part,
            by_member_id=by.id if by is not None else None,
            at=now,
        )
    )


def tell(
    session: Session,
    group: Group,
    people: Iterable[Member],
    kind: str,
    *,
    now: dt.datetime,
    by: Member | None = None,
    topic: str = TOPIC,
    path: str = "",
    **facts: object,
) -> None:
    """Tell some members something about a group; whoever did it is not told."""
    for member in people:
        if by is not None and member.id == by.id:
            continue
        messaging.tell(
            session,
            member,
            topic=topic,
            kind=kind,
            facts={"group": group.name, "name": by.first_name if by else "", **facts},
            path=path or path_of(group),
            now=now,
        )


def coordinators(session: Session, group: Group) -> Iterable[Member]:
    """Return the coordinators of a group's community."""
    return members.holders(session, group.community_id, COORDINATOR)


def path_of(group: Group, page: str = "") -> str:
    """Return where a group is found, below its community's address."""
    return f"groups/{group.slug}{page}"
