"""Look for somebody who takes a part over, take one, say no; and remind the day before."""

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from timebank.communities import queries as communities
from timebank.db import new_id
from timebank.groups import queries as groups
from timebank.groups.models import Group
from timebank.groups.policy.standing import Standing
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.passed_over import PassedOver
from timebank.sessions import queries
from timebank.sessions.errors import (
    AlreadyOnRotaError,
    AnsweredError,
    NoUseToAskError,
    ShiftNotFoundError,
    SwapNotFoundError,
)
from timebank.sessions.models import GroupSession, Shift, ShiftSwap
from timebank.sessions.policy import rota as policy
from timebank.sessions.service import roles, rota

#: What tells somebody that a thing is due soon.
TOPIC_REMINDER = "session"


def ask_to_swap(
    session: Session,
    group: Group,
    planned: GroupSession,
    part: Shift,
    *,
    asked: Member | None,
    by: Member,
    now: dt.datetime,
) -> ShiftSwap:
    """Ask one person, or everybody in the group, to take one's part over.

    One stays on the rota until somebody does.

    Args:
        session: The open unit of work; never committed here.
        group: Whose session it is.
        planned: The session.
        part: The part, which must be the one who asks'.
        asked: Whom they ask; None for everybody in the group.
        by: Who asks.
        now: When.

    Raises:
        ShiftNotFoundError: If it is somebody else's.
        AnsweredError: If they are not on the rota any more, or ask already.
        RotaOverError: If the session has begun.
        NoUseToAskError: If that person is not in the group, stays away, or comes anyway.
    """
    if part.member_id != by.id:
        raise ShiftNotFoundError
    rota.lock(session, planned)
    session.refresh(part)
    if part.state != "yes" or queries.open_swap(session, part) is not None:
        raise AnsweredError
    roles.check_to_come(planned, now=now)
    if asked is not None:
        _check_may_take(session, group, planned, asked, by)
    swap = ShiftSwap(
        community_id=group.community_id,
        id=new_id(),
        shift_id=part.id,
        asked_id=asked.id if asked is not None else None,
        state="open",
        at=now,
    )
    session.add(swap)
    session.flush()
    role = queries.role(session, group.community_id, part.role_id)
    told = _others(session, group, planned, by) if asked is None else [asked]
    rota.tell(
        session,
        group,
        told,
        "rota-swap-asked",
        by=by,
        now=now,
        role=role,
    )
    return swap


def take_over(
    session: Session,
    group: Group,
    planned: GroupSession,
    swap: ShiftSwap,
    *,
    by: Member,
    now: dt.datetime,
) -> Shift:
    """Take a part over: both are told, and so are those who run the group.

    Raises:
        SwapNotFoundError: If somebody else was asked, or it is one's own.
        AnsweredError: If somebody took it, or it is not needed any more.
        NotInGroupError, SpeakToTheLeadError, RotaOverError, AlreadyOnRotaError: As their names say.
        BusyThenError: If they are on another rota at that time.
    """
    part = _asked_part(session, swap, by)
    rota.lock(session, planned)
    session.refresh(swap)
    session.refresh(part)
    if swap.state != "open" or part.state != "yes":
        raise AnsweredError
    roles.check_to_come(planned, now=now)
    rota.check_in_group(session, group, planned, by)
    own = queries.shift_of(session, planned, by.id)
    if own is not None and own.state == "yes":
        raise AlreadyOnRotaError
    rota.check_free(session, planned, by.id, is_own=True)
    part.state, part.since_at = "passed on", now
    swap.state, swap.settled_at, swap.settled_by_id = "taken", now, by.id
    taken = rota.take_place(session, planned, part.role_id, by, own, state="yes", by=by, now=now)
    asker = members.get(session, group.community_id, part.member_id)
    role = queries.role(session, group.community_id, part.role_id)
    facts: dict[str, Any] = {"asker": asker.first_name, "taker": by.first_name}
    path = rota.path_to_week(group, planned)
    rota.tell(
        session, group, [asker], "rota-swap-taken", by=by, now=now, path=path, role=role, **facts
    )
    # The taker hears of it too: it stands in their notices, with the way to the rota.
    rota.tell(session, group, [by], "rota-swap-yours", now=now, role=role, **facts)
    leads = [
        each
        for each in groups.acting_leads(session, group, now=now)
        if each.id not in {asker.id, by.id}
    ]
    rota.tell(session, group, leads, "rota-swap-seen", now=now, path=path, role=role, **facts)
    return taken


def say_no(
    session: Session,
    group: Group,
    planned: GroupSession,
    swap: ShiftSwap,
    *,
    by: Member,
    now: dt.datetime,
) -> None:
    """Say that one can not take a part over; the one who asked is told.

    Raises:
        SwapNotFoundError: If somebody else was asked, or everybody was: then nobody has to say no.
        AnsweredError: If it was settled in the meantime.
    """
    part = _asked_part(session, swap, by)
    if swap.asked_id is None:
        raise SwapNotFoundError
    rota.lock(session, planned)
    session.refresh(swap)
    if swap.state != "open":
        raise AnsweredError
    swap.state, swap.settled_at, swap.settled_by_id = "declined", now, by.id
    asker = members.get(session, group.community_id, part.member_id)
    role = queries.role(session, group.community_id, part.role_id)
    path = rota.path_to_week(group, planned)
    rota.tell(
        session,
        group,
        [asker],
        "rota-swap-no",
        by=by,
        now=now,
        path=path,
        role=role,
    )


def stop_asking(
    session: Session,
    planned: GroupSession,
    swap: ShiftSwap,
    *,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> None:
    """Take back the question whether somebody takes a part over.

    Raises:
        SwapNotFoundError: If somebody else asked, and `by` does not run the group.
        AnsweredError: If it was settled in the meantime.
    """
    part = queries.shift(session, swap.community_id, swap.shift_id)
    if part.member_id != by.id and not policy.may_plan(who):
        raise SwapNotFoundError
    rota.lock(session, planned)
    session.refresh(swap)
    if swap.state != "open":
        raise AnsweredError
    swap.state, swap.settled_at, swap.settled_by_id = "withdrawn", now, by.id
    session.flush()


def remind_next(session: Session, *, now: dt.datetime, passed: PassedOver | None = None) -> int:
    """Remind one member that they are on a rota tomorrow; return 1, or 0 if nobody is due.

    The worker runs this in a transaction of its own again and again until it returns 0.
    """
    passed = passed or PassedOver()
    for community in communities.every(session):
        today = community.day_of(now)
        found = queries.next_to_remind(
            session,
            community.id,
            day=today + dt.timedelta(days=1),
            now=now,
            without=passed.ids,
        )
        if found is not None:
            part, planned, member = found
            passed.begin(part.id)
            part.reminded_at = now
            group = groups.by_id(session, community.id, planned.group_id)
            role = queries.role(session, community.id, part.role_id)
            rota.tell(
                session,
                group,
                [member],
                "rota-tomorrow",
                now=now,
                role=role,
            )
            return 1
    return 0


def tell_next_gap(session: Session, *, now: dt.datetime, passed: PassedOver | None = None) -> int:
    """Tell those who run a group of a gap soon that nobody stepped back from; return 1, or 0.

    Whoever was down for it left, takes a break or stays away: which of these it is, and who, is for
    nobody to read in it. The worker runs this again and again until it returns 0.
    """
    passed = passed or PassedOver()
    for community in communities.every(session):
        found = queries.next_gap(
            session, community.id, now=now, until=now + policy.NEAR, without=passed.ids
        )
        if found is not None:
            part, planned = found
            passed.begin(part.id)
            part.gap_told_at = now
            group = groups.by_id(session, community.id, planned.group_id)
            rota.tell(
                session,
                group,
                groups.acting_leads(session, group, now=now),
                "rota-gap-left",
                now=now,
                path=rota.path_to_week(group, planned),
                role=queries.role(session, community.id, part.role_id),
            )
            return 1
    return 0


def _asked_part(session: Session, swap: ShiftSwap, by: Member) -> Shift:
    """Return the part a question is about, where this member may answer it."""
    part = queries.shift(session, swap.community_id, swap.shift_id)
    if part.member_id == by.id or swap.asked_id not in {None, by.id}:
        raise SwapNotFoundError
    return part


def _check_may_take(
    session: Session, group: Group, planned: GroupSession, asked: Member, by: Member
) -> None:
    """Refuse to ask somebody who can not say yes, without saying which reason it is."""
    link = groups.link(session, group, asked.id)
    own = queries.shift_of(session, planned, asked.id)
    if (
        asked.id == by.id
        or link is None
        or link.state != "active"
        or (own is not None and own.state == "yes")
        or queries.kept_out(session, planned, [asked.id])
    ):
        raise NoUseToAskError


def _others(session: Session, group: Group, planned: GroupSession, by: Member) -> list[Member]:
    """Return everybody in the group who could take a part: those who are not on the rota."""
    coming = set(queries.on_duty(session, planned, group))
    return [
        each.member
        for each in groups.companions(session, group)
        if each.member.id not in coming and each.member.id != by.id
    ]
