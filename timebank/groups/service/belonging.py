"""Come in, be invited, leave, be given another part."""

import datetime as dt

from sqlalchemy.orm import Session

from timebank.groups import queries
from timebank.groups.errors import (
    AlreadyInGroupError,
    GroupEndedError,
    LastLeadError,
    NoPartInGroupError,
    NotAskedError,
    SpeakToTheLeadError,
)
from timebank.groups.models import Group, GroupMember
from timebank.groups.policy.standing import Standing
from timebank.groups.service import telling
from timebank.groups.service.running import check_runs
from timebank.members.models import Member


def join(
    session: Session, group: Group, member: Member, *, today: dt.date, now: dt.datetime
) -> GroupMember:
    """Come into a group: at once where it is open, else a lead is asked.

    Raises:
        AlreadyInGroupError: If the member belongs already.
        SpeakToTheLeadError: If it is not possible just now; no more is said.
        GroupEndedError: If the group has ended.
    """
    _lock(session, group)
    _check_open(group)
    link = queries.link(session, group, member.id)
    if link is not None and link.state == "active":
        raise AlreadyInGroupError
    if queries.is_kept_out(session, group, member.id, today=today):
        raise SpeakToTheLeadError
    is_invited = link is not None and link.state == "invited"
    state = "active" if group.joining == "open" or is_invited else "asked"
    link = _set(session, group, member, link, state=state, now=now)
    kind = "joined" if state == "active" else "asked"
    telling.note(session, group, kind, by=member, now=now, member_id=member.id, part="member")
    leads = queries.acting_leads(session, group, now=now)
    telling.tell(
        session,
        group,
        leads,
        f"group-{kind}",
        by=member,
        now=now,
        path=telling.path_of(group, "/people"),
    )
    return link


def answer_request(
    session: Session,
    group: Group,
    member: Member,
    *,
    yes: bool,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> None:
    """Let somebody in who asked, or not.

    Raises:
        NotYoursToRunError, GroupEndedError: As their names say.
        NotAskedError: If they do not wait for an answer.
    """
    check_runs(group, who)
    link = queries.link(session, group, member.id)
    if link is None or link.state != "asked":
        raise NotAskedError
    _set(session, group, member, link, state="active" if yes else "left", now=now)
    kind = "joined" if yes else "declined"
    telling.note(session, group, kind, by=by, now=now, member_id=member.id, part="member")
    telling.tell(session, group, [member], f"group-answer-{'yes' if yes else 'no'}", by=by, now=now)


def invite(
    session: Session,
    group: Group,
    member: Member,
    *,
    by: Member,
    who: Standing,
    today: dt.date,
    now: dt.datetime,
) -> None:
    """Ask a member to come in; they say yes or no themselves.

    Raises:
        NotYoursToRunError, GroupEndedError: As their names say.
        AlreadyInGroupError: If they belong already.
        SpeakToTheLeadError: If they stay away from this group just now.
    """
    _lock(session, group)
    check_runs(group, who)
    link = queries.link(session, group, member.id)
    if link is not None and link.state == "active":
        raise AlreadyInGroupError
    if queries.is_kept_out(session, group, member.id, today=today):
        raise SpeakToTheLeadError
    _set(session, group, member, link, state="invited", now=now)
    telling.note(session, group, "invited", by=by, now=now, member_id=member.id, part="member")
    telling.tell(session, group, [member], "group-invited", by=by, now=now)


def answer_invitation(
    session: Session, group: Group, member: Member, *, yes: bool, today: dt.date, now: dt.datetime
) -> None:
    """Say yes or no to an invitation.

    Raises:
        NotAskedError: If there is no invitation.
        SpeakToTheLeadError: If they stay away from this group just now.
        GroupEndedError: If the group has ended.
    """
    link = queries.link(session, group, member.id)
    if link is None or link.state != "invited":
        raise NotAskedError
    if yes:
        join(session, group, member, today=today, now=now)
        return
    _set(session, group, member, link, state="left", now=now)
    telling.note(session, group, "declined", by=member, now=now, member_id=member.id)


def leave(session: Session, group: Group, member: Member, *, now: dt.datetime) -> None:
    """Leave a group. Hours that were given to its pot stay there.

    Raises:
        NoPartInGroupError: If the member is not in it.
        LastLeadError: If nobody would be left to run it.
    """
    link = queries.link(session, group, member.id)
    if link is None or link.state not in {"active", "asked"}:
        raise NoPartInGroupError
    if link.state == "active":
        _check_led(session, group, link)
    part = link.part
    _set(session, group, member, link, state="left", now=now)
    telling.note(session, group, "left", by=member, now=now, member_id=member.id, part=part)


def give_part(
    session: Session,
    group: Group,
    member: Member,
    part: str,
    *,
    is_paid: bool,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> None:
    """Let somebody lead, host or come along, and say whether they are paid for it.

    Raises:
        NotYoursToRunError, GroupEndedError: As their names say.
        NoPartInGroupError: If they are not in the group.
        LastLeadError: If nobody would be left to run it.
    """
    check_runs(group, who)
    link = queries.link(session, group, member.id)
    if link is None or link.state != "active":
        raise NoPartInGroupError
    if part != "lead":
        _check_led(session, group, link)
    if link.part == part and link.is_paid == is_paid:
        return
    if link.part != part:
        telling.note(session, group, "part changed", by=by, now=now, member_id=member.id, part=part)
        telling.tell(session, group, [member], f"group-part-{part}", by=by, now=now)
    link.part, link.is_paid = part, is_paid


def _lock(session: Session, group: Group) -> None:
    """Let one change of who is in a group come after the other: two taps make one row."""
    session.flush()
    session.refresh(group, with_for_update=True)


def _check_open(group: Group) -> None:
    if not group.is_open:
        raise GroupEndedError


def _check_led(session: Session, group: Group, link: GroupMember) -> None:
    """Refuse to take away the only one who runs a group."""
    if link.part != "lead":
        return
    if all(lead.id == link.member_id for lead in queries.leads(session, group)):
        raise LastLeadError


def _set(
    session: Session,
    group: Group,
    member: Member,
    link: GroupMember | None,
    *,
    state: str,
    now: dt.datetime,
) -> GroupMember:
    if link is None:
        link = GroupMember(
            community_id=group.community_id,
            group_id=group.id,
            member_id=member.id,
            part="member",
            is_paid=False,
        )
        session.add(link)
    if link.state in {"left", None}:
        # Whoever comes back comes along first: a part is given anew.
        link.part, link.is_paid = "member", False
    link.state, link.since_at = state, now
    session.flush()
    return link
