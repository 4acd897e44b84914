"""Sessions that were held and closed, put into the database as a closing leaves them."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy.orm import Session

from tests.factories import NOW
from timebank.db import new_id
from timebank.groups.models import Group
from timebank.groups.policy.shares import split
from timebank.members.models import Member
from timebank.sessions.models import ClosingPerson, ClosingShare, GroupSession, SessionClosing

HOUR = dt.timedelta(hours=1)


def make_held(
    session: Session,
    group: Group,
    day_on: dt.date,
    *,
    by: Member,
    people: Sequence[Member] = (),
    contacts: int | None = None,
    first_timers: int = 0,
    together: Sequence[Group] = (),
    title: str = "Badminton",
) -> GroupSession:
    """Let a group have held two hours on a day; with `together`, equal parts for each group."""
    starts_at = dt.datetime.combine(day_on, dt.time(10), dt.UTC)
    held = GroupSession(
        community_id=group.community_id,
        id=new_id(),
        group_id=group.id,
        title=title,
        day_on=day_on,
        starts_at=starts_at,
        ends_at=starts_at + 2 * HOUR,
        state="closed",
        changed_at=NOW,
        opened_at=starts_at,
        opened_by_id=by.id,
        closed_at=starts_at + 2 * HOUR,
        closed_by_id=by.id,
    )
    session.add(held)
    session.flush()
    number = len(people) if contacts is None else contacts
    closing = SessionClosing(
        community_id=group.community_id,
        id=new_id(),
        session_id=held.id,
        version=1,
        rule_version=0,
        contacts=number,
        known=len(people),
        first_timers=first_timers,
        counted=number,
        by_id=by.id,
        at=starts_at + 2 * HOUR,
    )
    session.add(closing)
    session.flush()
    session.add_all(
        ClosingPerson(
            community_id=group.community_id,
            closing_id=closing.id,
            member_id=member.id,
            role="participant",
            minutes=120,
            is_paid=False,
            is_first=False,
        )
        for member in people
    )
    groups = [group, *together]
    session.add_all(
        ClosingShare(
            community_id=group.community_id,
            closing_id=closing.id,
            group_id=each.id,
            parts=1,
            contacts=share,
            hosted_minutes=minutes,
        )
        for each, share, minutes in zip(
            groups, split(number, [1] * len(groups)), split(120, [1] * len(groups)), strict=True
        )
    )
    session.flush()
    return held
