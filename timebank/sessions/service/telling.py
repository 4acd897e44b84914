"""Telling those who signed up what becomes of their session."""

import datetime as dt
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


def tell_all(
    session: Session,
    planned: GroupSession,
    group: Group,
    kind: str,
    *,
    now: dt.datetime,
    by: Member | None,
) -> None:
    """Tell everybody who signed up for a session, and those who wait, something about it."""
    people = [each.member for each in queries.coming(session, planned)]
    path = path_of(planned)
    tell(session, people, kind, title=planned.title, group=group, path=path, now=now, by=by)


def path_of(planned: GroupSession) -> str:
    """Return where a session is found, below its community's address."""
    return f"sessions/{planned.id}"
