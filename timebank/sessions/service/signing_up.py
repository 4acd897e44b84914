"""Sign up for a session, think again, and move up from the waiting list."""

import datetime as dt

from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.groups import queries as groups
from timebank.groups.errors import SpeakToTheLeadError
from timebank.groups.models import Group
from timebank.members.models import Member
from timebank.passed_over import PassedOver
from timebank.sessions import queries
from timebank.sessions.errors import ComeInFirstError, DropInError, NotExpectedError
from timebank.sessions.models import GroupSession, SignUp
from timebank.sessions.policy import planning
from timebank.sessions.service import telling

#: How long before its beginning people are reminded of a session.
REMIND_BEFORE = dt.timedelta(days=1)


def sign_up(
    session: Session, group: Group, planned: GroupSession, member: Member, *, now: dt.datetime
) -> SignUp:
    """Say that a member means to come; they wait where the places are taken.

    Saying it twice is saying it once. Two who want the last place at the same moment come one
    after the other, and the second waits.

    Raises:
        NotExpectedError: If the session is over or does not happen, or the group has ended.
        DropInError: If one simply comes.
        ComeInFirstError: If the group wants to get to know people first.
        SpeakToTheLeadError: If the lead knows more.
    """
    session.refresh(planned, with_for_update=True)
    if not planning.expects_people(planned, now) or not group.is_open:
        raise NotExpectedError
    if planned.sign_up != "sign-up":
        raise DropInError
    if queries.kept_out(session, planned, [member.id]):
        raise SpeakToTheLeadError
    link = groups.link(session, group, member.id)
    if group.joining == "ask" and (link is None or link.state != "active"):
        raise ComeInFirstError
    found = queries.sign_up_of(session, planned, member.id)
    if found is not None and found.state != "withdrawn":
        return found
    signed = _count(session, planned).signed
    if found is None:
        found = SignUp(
            community_id=planned.community_id,
            id=new_id(),
            session_id=planned.id,
            member_id=member.id,
        )
        session.add(found)
    found.state = "signed" if planning.has_room(planned.capacity, signed) else "waiting"
    found.since_at = now
    # Who says so within the last day knows it.
    found.reminded_at = now if planned.starts_at - now <= REMIND_BEFORE else None
    session.flush()
    return found


def withdraw(
    session: Session, group: Group, planned: GroupSession, member: Member, *, now: dt.datetime
) -> None:
    """Say that a member does not come after all; whoever waited longest moves up.

    Saying it twice is saying it once.

    Raises:
        NotExpectedError: If the session is over or does not happen.
    """
    session.refresh(planned, with_for_update=True)
    if not planning.expects_people(planned, now):
        raise NotExpectedError
    found = queries.sign_up_of(session, planned, member.id)
    if found is None or found.state == "withdrawn":
        return
    found.state, found.since_at = "withdrawn", now
    session.flush()
    move_up(session, group, planned, now=now)


def move_up(
    session: Session, group: Group, planned: GroupSession, *, now: dt.datetime
) -> list[Member]:
    """Give free places to those who wait, the longest first, and tell them.

    The session is locked by whoever calls this. Nobody moves up once it has begun.
    """
    if not planning.expects_people(planned, now) or planned.starts_at <= now:
        return []
    moved = []
    signed = _count(session, planned).signed
    waiting = queries.coming(session, planned, states=("waiting",))
    kept_out = queries.kept_out(session, planned, [each.member.id for each in waiting])
    for each in waiting:
        if not planning.has_room(planned.capacity, signed):
            break
        if each.member.id in kept_out:
            continue
        each.sign_up.state, each.sign_up.since_at = "signed", now
        # They hear of it now; another word the day before only where that is later.
        soon = planned.starts_at - now <= REMIND_BEFORE
        each.sign_up.reminded_at = now if soon else None
        signed += 1
        moved.append(each.member)
    session.flush()
    telling.tell(
        session,
        moved,
        "session-place",
        title=planned.title,
        group=group,
        path=telling.path_of(planned),
        now=now,
    )
    return moved


def _count(session: Session, planned: GroupSession) -> queries.Count:
    return queries.sign_up_counts(session, planned.community_id, [planned.id]).get(
        planned.id, queries.Count()
    )


def move_up_next(session: Session, *, now: dt.datetime, passed: PassedOver) -> int:
    """Let people move up in the next session that has room, such as after somebody left for good.

    Returns:
        1 if somebody could; 0 if there is no such session.
    """
    planned = queries.with_room_for_somebody(session, now=now, but=passed.ids)
    if planned is None:
        return 0
    passed.begin(planned.id)
    session.refresh(planned, with_for_update=True)
    group = groups.by_id(session, planned.community_id, planned.group_id)
    if not move_up(session, group, planned, now=now):
        # Everybody who waits is to speak to the lead: look again later, not at once.
        passed.pass_over(now)
    return 1


def remind_next_coming(session: Session, *, now: dt.datetime, passed: PassedOver) -> int:
    """Remind the next member of a session that begins within a day.

    Returns:
        1 if somebody was reminded; 0 if nobody is left.
    """
    due = queries.to_remind(session, now=now, ahead=REMIND_BEFORE, but=passed.ids)
    if due is None:
        return 0
    sign_up_row, planned, member = due
    passed.begin(sign_up_row.id)
    group = groups.by_id(session, planned.community_id, planned.group_id)
    sign_up_row.reminded_at = now
    telling.tell(
        session,
        [member],
        "session-soon",
        title=planned.title,
        group=group,
        path=telling.path_of(planned),
        now=now,
        once_key=f"session-soon:{sign_up_row.id}:{planned.sequence}",
    )
    return 1
