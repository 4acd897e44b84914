"""Say what a session needs, put names down, answer, step back."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.groups import queries as groups
from timebank.groups.errors import GroupEndedError, SpeakToTheLeadError, WordsMissingError
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
    NotYoursToStaffError,
    PlacesTakenError,
    RoleNotFoundError,
    RoleTwiceError,
    RotaOverError,
    ShiftNotFoundError,
    SomebodyBusyError,
    TooManyRolesError,
)
from timebank.sessions.models import (
    ROLES_MAX,
    GroupSession,
    Series,
    Shift,
    ShiftNeed,
    ShiftRole,
)
from timebank.sessions.policy import rota as policy
from timebank.sessions.service.telling import TOPIC

#: Where somebody's own parts are, below their community's address.
OWN_PATH = "me/rota"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDetails:
    """What a role is.

    Attributes:
        name: What people call it.
        needed: How many it takes.
        is_hosting: Whether the named host of a session fills a place of it.
        is_open: Whether people put their own names down.
    """

    name: str
    needed: int = 1
    is_hosting: bool = False
    is_open: bool = True


# -------------------------------------------------------------------------- what is needed


def add_role(
    session: Session,
    group: Group,
    held: Series | GroupSession,
    details: RoleDetails,
    *,
    who: Standing,
) -> ShiftRole:
    """Say that a series, or one session beside its series, needs somebody for something.

    A role that had ended is taken up again under its name, with all who were in it.

    Raises:
        NotYoursToStaffError, GroupEndedError, WordsMissingError: As their names say.
        RoleTwiceError: If there is a role of that name.
        TooManyRolesError: If there are as many as a rota takes.
    """
    _check_staffs(group, who)
    name = _named(details)
    roles = _roles_beside(session, group, held)
    known = next((each for each in roles if each.name.casefold() == name.casefold()), None)
    if known is not None and known.ended_at is None:
        raise RoleTwiceError
    if sum(each.ended_at is None for each in roles) >= ROLES_MAX:
        raise TooManyRolesError(ROLES_MAX)
    role = known or ShiftRole(
        community_id=group.community_id,
        id=new_id(),
        group_id=group.id,
        series_id=held.id if isinstance(held, Series) else None,
        session_id=None if isinstance(held, Series) else held.id,
    )
    role.ended_at = None
    _describe(role, name, details)
    session.add(role)
    session.flush()
    return role


def change_role(
    session: Session, group: Group, role: ShiftRole, details: RoleDetails, *, who: Standing
) -> None:
    """Call a role something else, or say that it takes another number from now on.

    Raises:
        NotYoursToStaffError, GroupEndedError, WordsMissingError: As their names say.
        RoleTwiceError: If another role has that name.
    """
    _check_staffs(group, who)
    name = _named(details)
    beside = queries.roles_of(
        session,
        group.community_id,
        series_ids=[role.series_id] if role.series_id is not None else [],
        session_id=role.session_id,
        all_of_them=True,
    )
    if any(each.id != role.id and each.name.casefold() == name.casefold() for each in beside):
        raise RoleTwiceError
    _describe(role, name, details)
    session.flush()


def end_role(
    session: Session, group: Group, role: ShiftRole, *, who: Standing, now: dt.datetime
) -> None:
    """Say that nobody is needed for something any more; whoever said yes still comes.

    Raises:
        NotYoursToStaffError, GroupEndedError: As their names say.
    """
    _check_staffs(group, who)
    if role.ended_at is None:
        role.ended_at = now
    session.flush()


def set_need(
    session: Session,
    group: Group,
    planned: GroupSession,
    role: ShiftRole,
    needed: int,
    *,
    who: Standing,
    now: dt.datetime,
) -> None:
    """Say how many one session needs in a role of its series; 0 for none.

    Raises:
        NotYoursToStaffError, GroupEndedError, RotaOverError: As their names say.
        RoleNotFoundError: If it is no role of the session's series.
    """
    _check_staffs(group, who)
    check_to_come(planned, now=now)
    if role.series_id is None or role.series_id != planned.series_id:
        raise RoleNotFoundError
    need = queries.need(session, group.community_id, planned.id, role.id)
    if need is None:
        need = ShiftNeed(
            community_id=group.community_id, id=new_id(), session_id=planned.id, role_id=role.id
        )
    need.needed = needed
    session.add(need)
    session.flush()


# -------------------------------------------------------------------------------- coming


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
    check_to_come(planned, now=now)
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
    _check_staffs(group, who)
    lock(session, planned)
    check_to_come(planned, now=now)
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
    check_to_come(planned, now=now)
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
    check_to_come(planned, now=now)
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
            groups.leads(session, group),
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


def check_to_come(planned: GroupSession, *, now: dt.datetime) -> None:
    """Refuse a change to the rota of a session that has begun, or is off.

    Raises:
        RotaOverError: If it is.
    """
    if planned.state != "planned" or planned.is_off or planned.starts_at <= now:
        raise RotaOverError


def check_in_group(
    session: Session, group: Group, planned: GroupSession, member: Member
) -> GroupMember:
    """Return how a member stands to the group, and refuse whoever can not come that day.

    Raises:
        NotInGroupError: If they do not belong to it.
        SpeakToTheLeadError: If they stay away from it on that day.
    """
    link = groups.link(session, group, member.id)
    if link is None or link.state != "active":
        raise NotInGroupError
    if groups.is_kept_out(session, group, member.id, today=planned.day_on):
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
    part.reminded_at = None
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


def _check_staffs(group: Group, who: Standing) -> None:
    if not policy.may_plan(who):
        raise NotYoursToStaffError
    if not group.is_open:
        raise GroupEndedError


def _named(details: RoleDetails) -> str:
    name = details.name.strip()
    if not name:
        raise WordsMissingError
    return name


def _describe(role: ShiftRole, name: str, details: RoleDetails) -> None:
    role.name, role.needed = name, details.needed
    role.is_hosting, role.is_open = details.is_hosting, details.is_open


def _roles_beside(session: Session, group: Group, held: Series | GroupSession) -> list[ShiftRole]:
    if isinstance(held, Series):
        return list(
            queries.roles_of(session, group.community_id, series_ids=[held.id], all_of_them=True)
        )
    return list(queries.roles_of(session, group.community_id, session_id=held.id, all_of_them=True))
