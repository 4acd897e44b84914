"""Put names down, answer, step back."""

import datetime as dt
import uuid
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.groups import queries as groups
from timebank.groups.errors import SpeakToTheLeadError
from timebank.groups.models import Group, GroupMember
from timebank.groups.policy.standing import Standing
from timebank.groups.service import telling
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.sessions import queries
from timebank.sessions.errors import (
    AlreadyOnRotaError,
    AnsweredError,
    BusyThenError,
    LeadPutsDownError,
    NotInGroupError,
    PlacesTakenError,
    RoleNotFoundError,
    ShiftNotFoundError,
    SomebodyBusyError,
)
from timebank.sessions.models import GroupSession, Shift, ShiftRole
from timebank.sessions.policy import rota as policy
from timebank.sessions.service import roles
from timebank.sessions.service.telling import TOPIC

#: Where somebody's own parts are, below their community's address.
OWN_PATH = "me/rota"


def put_name_down(
    session: Session,
    group: Group,
    planned: GroupSession,
    role_id: uuid.UUID,
    *,
    by: Member,
    now: dt.datetime,
) -> Shift:
    """Put one's own name down; whoever was asked for this says yes with it.

    Raises:
        NotInGroupError: If they do not belong to the group.
        SpeakToTheLeadError: If they stay away from it on that day.
        RotaOverError, PlacesTakenError, AlreadyOnRotaError, RoleNotFoundError: As their names say.
        LeadPutsDownError: If the role is given by those who run the group.
        BusyThenError: If they are on another rota at that time.
    """
    lock(session, planned)
    roles.check_to_come(planned, now=now)
    link = check_in_group(session, group, planned, by)
    cover = _cover(session, group, planned, role_id)
    part = queries.shift_of(session, planned, by.id)
    was_asked = part is not None and part.state == "asked"
    if not (cover.role.is_open or was_asked or link.part == "lead"):
        raise LeadPutsDownError
    if part is not None and part.state == "yes":
        raise AlreadyOnRotaError
    if not cover.missing:
        raise PlacesTakenError
    check_free(session, planned, by.id, is_own=True)
    return take_place(session, planned, role_id, by, part, state="yes", by=by, now=now)


def put_down(
    session: Session,
    group: Group,
    planned: GroupSession,
    role_id: uuid.UUID,
    member: Member,
    *,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> Shift:
    """Put somebody else down: they are asked, and fill the place once they say yes.

    Raises:
        NotYoursToStaffError, GroupEndedError, RotaOverError, RoleNotFoundError, PlacesTakenError,
            AlreadyOnRotaError, NotInGroupError, SpeakToTheLeadError: As their names say.
        SomebodyBusyError: If they are on another rota at that time.
    """
    if member.id == by.id:
        return put_name_down(session, group, planned, role_id, by=by, now=now)
    roles.check_staffs(group, who)
    lock(session, planned)
    roles.check_to_come(planned, now=now)
    check_in_group(session, group, planned, member)
    cover = _cover(session, group, planned, role_id)
    part = queries.shift_of(session, planned, member.id)
    if part is not None and part.state in queries.PRESENT:
        raise AlreadyOnRotaError
    if not cover.missing:
        raise PlacesTakenError
    check_free(session, planned, member.id, is_own=False)
    part = take_place(session, planned, role_id, member, part, state="asked", by=by, now=now)
    tell(
        session,
        group,
        [member],
        "rota-asked",
        by=by,
        now=now,
        role=cover.role,
    )
    return part


def answer(
    session: Session,
    group: Group,
    planned: GroupSession,
    part: Shift,
    *,
    yes: bool,
    by: Member,
    now: dt.datetime,
) -> None:
    """Say yes or no to being put down; whoever asked is told.

    Raises:
        ShiftNotFoundError: If somebody else was asked.
        AnsweredError: If it was answered in the meantime.
        RotaOverError, PlacesTakenError, NotInGroupError, SpeakToTheLeadError: As their names say.
        BusyThenError: If they are on another rota at that time.
    """
    if part.member_id != by.id:
        raise ShiftNotFoundError
    lock(session, planned)
    session.refresh(part)
    if part.state != "asked":
        raise AnsweredError
    roles.check_to_come(planned, now=now)
    role = queries.role(session, group.community_id, part.role_id)
    asker_id = part.by_id
    if yes:
        put_name_down(session, group, planned, part.role_id, by=by, now=now)
    else:
        part.state, part.since_at = "no", now
    asker = members.get(session, group.community_id, asker_id)
    kind = "rota-yes" if yes else "rota-no"
    path = path_to_week(group, planned)
    tell(session, group, [asker], kind, by=by, now=now, path=path, role=role)
    session.flush()


def step_back(
    session: Session,
    group: Group,
    planned: GroupSession,
    part: Shift,
    *,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> None:
    """Take a name off the rota: one's own, or as somebody who runs the group.

    The gap shows at once. Shortly before the session those who run the group are told of it; whose
    name was taken off by somebody else is told in any case.

    Raises:
        ShiftNotFoundError: If it is neither theirs nor in a group that they run.
        AnsweredError: If it is off already.
        RotaOverError: If the session has begun.
    """
    is_own = part.member_id == by.id
    if not (is_own or policy.may_plan(who)):
        raise ShiftNotFoundError
    lock(session, planned)
    session.refresh(part)
    if part.state not in queries.PRESENT:
        raise AnsweredError
    roles.check_to_come(planned, now=now)
    was_coming = part.state == "yes"
    role = queries.role(session, group.community_id, part.role_id)
    part.state, part.since_at = "withdrawn", now
    _settle_open_swap(session, part, by=by, now=now)
    if not is_own:
        member = members.get(session, group.community_id, part.member_id)
        tell(
            session,
            group,
            [member],
            "rota-taken-off",
            by=by,
            now=now,
            role=role,
        )
    elif was_coming and policy.is_near(planned.starts_at, now=now):
        tell(
            session,
            group,
            groups.acting_leads(session, group, now=now),
            "rota-gap",
            by=by,
            now=now,
            path=path_to_week(group, planned),
            role=role,
        )
    session.flush()


# ------------------------------------------------------------------------------- shared


def lock(session: Session, planned: GroupSession) -> None:
    """Hold the row of a session: two who take its last place wait for each other."""
    session.refresh(planned, with_for_update=True)


def check_in_group(
    session: Session, group: Group, planned: GroupSession, member: Member
) -> GroupMember:
    """Return how a member stands to the group, and refuse whoever can not come that day.

    Raises:
        NotInGroupError: If they do not belong to it.
        SpeakToTheLeadError: If they stay away that day from it, or from a group that holds it too.
    """
    link = groups.link(session, group, member.id)
    if link is None or link.state != "active":
        raise NotInGroupError
    if queries.kept_out(session, planned, [member.id]):
        raise SpeakToTheLeadError
    return link


def check_free(
    session: Session, planned: GroupSession, member_id: uuid.UUID, *, is_own: bool
) -> None:
    """Refuse somebody who is on another rota at the same time: one person fills one place.

    Raises:
        BusyThenError: If the one who asks is.
        SomebodyBusyError: If somebody else is, whom they ask; they learn no more.
    """
    # Two rotas are two rows to hold, and both might find the member free: so they are held too.
    session.execute(
        sa.select(Member.id)
        .where(Member.community_id == planned.community_id, Member.id == member_id)
        .with_for_update(key_share=True)
    )
    other = queries.clashing(session, planned, member_id)
    if other is not None and is_own:
        raise BusyThenError(other.title)
    if other is not None:
        raise SomebodyBusyError


def take_place(
    session: Session,
    planned: GroupSession,
    role_id: uuid.UUID,
    member: Member,
    part: Shift | None,
    *,
    state: str,
    by: Member,
    now: dt.datetime,
) -> Shift:
    """Write somebody on the rota, on the row there is of them or on a new one."""
    part = part or Shift(
        community_id=planned.community_id,
        id=new_id(),
        session_id=planned.id,
        member_id=member.id,
    )
    part.role_id, part.state, part.by_id, part.since_at = role_id, state, by.id, now
    part.reminded_at, part.gap_told_at = None, None
    session.add(part)
    session.flush()
    return part


def tell(
    session: Session,
    group: Group,
    people: Iterable[Member],
    kind: str,
    *,
    role: ShiftRole | policy.Role,
    now: dt.datetime,
    path: str = OWN_PATH,
    by: Member | None = None,
    **facts: str,
) -> None:
    """Tell some members something about a rota; whoever did it is not told."""
    telling.tell(
        session,
        group,
        people,
        kind,
        now=now,
        by=by,
        topic=TOPIC,
        path=path,
        role=role.name,
        **facts,
    )


def path_to_week(group: Group, planned: GroupSession) -> str:
    """Return where a session stands on its group's rota."""
    return telling.path_of(group, f"/rota?week={planned.day_on.isoformat()}")


def _settle_open_swap(session: Session, part: Shift, *, by: Member, now: dt.datetime) -> None:
    swap = queries.open_swap(session, part)
    if swap is not None:
        swap.state, swap.settled_at, swap.settled_by_id = "withdrawn", now, by.id


def _cover(
    session: Session, group: Group, planned: GroupSession, role_id: uuid.UUID
) -> policy.Cover:
    covers = queries.roster_of(session, planned, group).covers
    found = next((each for each in covers if each.role.id == role_id), None)
    if found is None:
        raise RoleNotFoundError
    return found
