"""Say what a session needs: roles of a series or of one date, and how many it takes."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.groups.errors import GroupEndedError, WordsMissingError
from timebank.groups.models import Group
from timebank.groups.policy.standing import Standing
from timebank.sessions import queries
from timebank.sessions.errors import (
    NotYoursToStaffError,
    RoleNotFoundError,
    RoleTwiceError,
    RotaOverError,
    TooManyRolesError,
)
from timebank.sessions.models import ROLES_MAX, GroupSession, Series, ShiftNeed, ShiftRole
from timebank.sessions.policy import rota as policy


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
    check_staffs(group, who)
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
    check_staffs(group, who)
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
    check_staffs(group, who)
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
    check_staffs(group, who)
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


def check_staffs(group: Group, who: Standing) -> None:
    """Refuse what only those who run a group may do, and any change to one that has ended.

    Raises:
        NotYoursToStaffError, GroupEndedError: As their names say.
    """
    if not policy.may_plan(who):
        raise NotYoursToStaffError
    if not group.is_open:
        raise GroupEndedError


def check_to_come(planned: GroupSession, *, now: dt.datetime) -> None:
    """Refuse a change to the rota of a session that has begun, or is off.

    Raises:
        RotaOverError: If it is.
    """
    if not policy.is_to_come(planned, now=now):
        raise RotaOverError


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
