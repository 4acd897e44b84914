"""Tell who comes to a line, see to chats, and decide about limits, for everybody or for one."""

import datetime as dt

from sqlalchemy.orm import Session

from timebank.communities import queries as communities
from timebank.communities import service as communities_service
from timebank.communities.models import Community
from timebank.communities.policy import Limits
from timebank.hours import limits as hours_limits
from timebank.hours import queries as hours
from timebank.hours.policy import SIDES, is_beyond
from timebank.limits import policy, queries
from timebank.limits.errors import (
    LastDayOutOfRangeError,
    NoChatDueError,
    OwnAccountError,
)
from timebank.limits.models import TOLD_STEPS, Crossing
from timebank.limits.policy import COORDINATOR
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.messaging import service as messaging
from timebank.passed_over import PassedOver

TOPIC = "hours"
TOPIC_WORK = "work"
#: Where a member reads how far their hours may go, below the community's address.
PATH = "hours/limits"


def path_of(member: Member) -> str:
    """Return where bookkeepers read about a member's limits, below the community's address."""
    return f"books/accounts/{member.account_code}/limits"


# ------------------------------------------------------------------------ coming to a line


def tell_next(session: Session, *, now: dt.datetime, passed: PassedOver | None = None) -> int:
    """Note one member who came to a line or is back, in any community; return 1, or 0 for nobody.

    Whatever moved the hours or the line. The member is told once for each time they come to a line,
    the furthest one where they passed several at once; the soft one is a task for coordinators too.
    The worker runs this in a transaction of its own again and again until it returns 0.
    """
    passed = passed or PassedOver()
    for community in communities.every(session):
        member = queries.next_to_tell(session, community, without=passed.ids)
        if member is not None:
            passed.begin(member.id)
            look_at(session, community, member, now=now)
            return 1
    return 0


def look_at(session: Session, community: Community, member: Member, *, now: dt.datetime) -> None:
    """Compare where a member's balance is with what was told of it, and tell what is new."""
    minutes = hours.balance_of(session, member).posted
    limits, _own = hours.limits_for(session, community, member.account_code)
    noted = queries.open_crossings(session, member)
    for side in SIDES:
        reached = ""
        for step in TOLD_STEPS:
            crossing = noted.get((side, step))
            if is_beyond(minutes, limits, side, step):
                if crossing is None:
                    session.add(_crossing(member, side, step, now))
                    reached = step
            elif crossing is not None:
                crossing.back_at = now
        if reached:
            _tell(session, member, side, reached, minutes, now=now)
    session.flush()


def _crossing(member: Member, side: str, step: str, now: dt.datetime) -> Crossing:
    return Crossing(
        community_id=member.community_id,
        member_id=member.id,
        side=side,
        step=step,
        crossed_at=now,
    )


def _tell(
    session: Session, member: Member, side: str, step: str, minutes: int, *, now: dt.datetime
) -> None:
    messaging.tell(
        session,
        member,
        topic=TOPIC,
        kind=f"limit-{side}-{step}",
        facts={"minutes": abs(minutes)},
        path=PATH,
        now=now,
    )
    if step != "soft":
        return
    for coordinator in members.holders(session, member.community_id, COORDINATOR):
        if coordinator.id != member.id:
            messaging.tell(
                session,
                coordinator,
                topic=TOPIC_WORK,
                kind="work-chat",
                facts={"name": member.first_name},
                path=path_of(member),
                now=now,
            )


# ------------------------------------------------------------------------------- chats


def note_chat(session: Session, member: Member, *, by: Member, now: dt.datetime) -> Crossing:
    """Note that somebody had a chat with a member about where their balance is.

    Raises:
        NoChatDueError: If there is nothing to talk about, or it was noted before.
        OwnAccountError: If a coordinator would note it about themselves.
    """
    crossing = _chat(session, member, by)
    crossing.talked_at, crossing.talked_by_id = now, by.id
    return crossing


def put_off_chat(
    session: Session,
    community: Community,
    member: Member,
    *,
    days: int,
    by: Member,
    now: dt.datetime,
) -> Crossing:
    """Take a chat off the list of work for some days.

    Raises:
        NoChatDueError, OwnAccountError: As `note_chat`.
    """
    crossing = _chat(session, member, by)
    crossing.put_off_until = community.day_of(now) + dt.timedelta(days=days)
    crossing.put_off_by_id = by.id
    return crossing


def _chat(session: Session, member: Member, by: Member) -> Crossing:
    if by.id == member.id:
        raise OwnAccountError
    crossing = queries.soft_crossing(session, member)
    if crossing is None or crossing.talked_at is not None:
        raise NoChatDueError
    return crossing


# ------------------------------------------------------------------------ deciding


def change_for_everybody(
    session: Session, community: Community, limits: Limits, *, by: Member | None, now: dt.datetime
) -> int:
    """Change the community's limits; they reach every account without limits of its own at once.

    Args:
        session: The open unit of work; this function never commits it.
        community: The community.
        limits: All six lines.
        by: The coordinator, or None from the command line.
        now: Aware time of the change.

    Returns:
        How many accounts have other stops now; 0 also where only a nudge or a chat moved.
    """
    communities_service.change_settings(
        session, community, limits.by_name, by_member_id=by.id if by else None, now=now
    )
    return hours_limits.reach_everybody(session, community, by=by, now=now)


def give_own(
    session: Session,
    community: Community,
    member: Member,
    limits: Limits,
    *,
    until_on: dt.date | None,
    reason: str,
    by: Member,
    now: dt.datetime,
) -> None:
    """Give one member limits of their own, with a reason they read, and tell them.

    The caller has seen to it that `by` looks after the books.

    Raises:
        OwnAccountError: If they would decide about themselves.
        ReasonMissingError: If there is no reason.
        LastDayOutOfRangeError: If they would end before tomorrow, or years ahead.
        NoSuchAccountError: If the member has no account.
    """
    _check_not_own(member, by)
    _check_last_day(until_on, community.day_of(now))
    hours_limits.give_own(
        session,
        community,
        member.account_code,
        limits,
        until_on=until_on,
        reason=reason,
        by=by,
        now=now,
    )
    _tell_of_limits(session, member, "limit-own", now=now)


def give_the_communitys(
    session: Session,
    community: Community,
    member: Member,
    *,
    by: Member,
    reason: str,
    now: dt.datetime,
) -> None:
    """Let the community's limits hold for a member again, and tell them.

    Raises:
        OwnAccountError: If somebody would decide about themselves.
        NoOwnLimitsError: If the member has no limits of their own.
    """
    _check_not_own(member, by)
    hours_limits.give_the_communitys(
        session, community, member.account_code, by=by, reason=reason.strip() or None, now=now
    )
    _tell_of_limits(session, member, "limit-as-everybody", now=now)


def end_next(session: Session, *, now: dt.datetime, passed: PassedOver | None = None) -> int:
    """End limits whose last day is over, of one member in any community; return 1, or 0.

    For the worker, as `tell_next`.
    """
    passed = passed or PassedOver()
    for community in communities.every(session):
        today = community.day_of(now)
        code = hours_limits.end_next(session, community, today=today, now=now, passed=passed)
        if code is not None:
            member = members.by_number(session, community.id, int(code[1:]))
            _tell_of_limits(session, member, "limit-as-everybody", now=now)
            return 1
    return 0


def _check_not_own(member: Member, by: Member) -> None:
    if member.id == by.id:
        raise OwnAccountError


def _check_last_day(until_on: dt.date | None, today: dt.date) -> None:
    first = today + dt.timedelta(days=1)
    last = today + dt.timedelta(days=policy.UNTIL_DAYS_MAX)
    if until_on is not None and not first <= until_on <= last:
        raise LastDayOutOfRangeError(until_on, first, last)


def _tell_of_limits(session: Session, member: Member, kind: str, *, now: dt.datetime) -> None:
    messaging.tell(session, member, topic=TOPIC, kind=kind, facts={}, path=PATH, now=now)
