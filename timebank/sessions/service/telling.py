"""Telling those who count on a session what becomes of it."""

import datetime as dt
import uuid
from collections.abc import Iterable

from sqlalchemy.orm import Session

from timebank.groups.models import Group
from timebank.members.models import Member
from timebank.messaging import service as messaging
from timebank.sessions import queries
from timebank.sessions.models import GroupSession

TOPIC = "session"


def tell(
    session: Session,
    people: Iterable[Member],
    kind: str,
    *,
    title: str,
    group: Group,
    path: str,
    now: dt.datetime,
    by: Member | None = None,
    once_key: str = "",
    **facts: object,
) -> None:
    """Tell some members something about a session; whoever did it is not told."""
    for member in people:
        if by is not None and member.id == by.id:
            continue
        messaging.tell(
            session,
            member,
            topic=TOPIC,
            kind=kind,
            facts={"title": title, "group": group.name, **facts},
            path=path,
            now=now,
            once_key=f"{once_key}:{member.id}" if once_key else None,
        )


def holding(session: Session, planned: GroupSession, host_id: uuid.UUID | None) -> list[Member]:
    """Return whoever is named as holding a session, if they are still here."""
    if host_id is None:
        return []
    host = session.get_one(Member, (planned.community_id, host_id))
    return [host] if host.is_here else []


def counting_on(session: Session, planned: GroupSession) -> dict[uuid.UUID, Member]:
    """Return who counts on a session: who signed up or waits, is on its rota, or holds it."""
    people = [each.member for each in queries.coming(session, planned)]
    people += queries.on_rota(session, planned)
    people += holding(session, planned, planned.host_id)
    return {member.id: member for member in people}


def tell_all(
    session: Session,
    planned: GroupSession,
    group: Group,
    kind: str,
    *,
    now: dt.datetime,
    by: Member | None,
) -> None:
    """Tell all who count on a session something about it."""
    people = counting_on(session, planned).values()
    path = path_of(planned)
    tell(session, people, kind, title=planned.title, group=group, path=path, now=now, by=by)


def path_of(planned: GroupSession) -> str:
    """Return where a session is found, below its community's address."""
    return f"sessions/{planned.id}"
