"""Giving and ending roles; what was held stays on record."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.members import queries
from timebank.members.errors import (
    LastCoordinatorError,
    NotHereError,
    RoleHeldError,
    RoleNotHeldError,
)
from timebank.members.models import Member, RoleGrant
from timebank.members.service.record import note
from timebank.trail import service as trail

COORDINATOR = "coordinator"


def give_role(
    session: Session, member: Member, role: str, *, by: Member | None, now: dt.datetime
) -> None:
    """Give a role to a member who takes part.

    Raises:
        NotHereError: If the member waits, pauses, was refused or left.
        RoleHeldError: If the member holds it already.
    """
    session.refresh(member, with_for_update=True)
    if not member.is_here:
        raise NotHereError
    if role in queries.roles_of(session, member):
        raise RoleHeldError
    session.add(
        RoleGrant(
            community_id=member.community_id,
            id=new_id(),
            member_id=member.id,
            role=role,
            given_by_id=None if by is None else by.id,
            given_at=now,
        )
    )
    note(session, member, "role given", by=by, reason=role, now=now)
    _trace(session, member, "role given", role, by=by, now=now)


def end_role(
    session: Session, member: Member, role: str, *, by: Member | None, now: dt.datetime
) -> None:
    """End a role of a member.

    Raises:
        RoleNotHeldError: If the member does not hold it.
        LastCoordinatorError: If nobody else coordinates this community.
    """
    session.refresh(member, with_for_update=True)
    held = session.scalar(
        sa.select(RoleGrant).where(
            RoleGrant.community_id == member.community_id,
            RoleGrant.member_id == member.id,
            RoleGrant.role == role,
            RoleGrant.ended_at.is_(None),
        )
    )
    if held is None:
        raise RoleNotHeldError
    if role == COORDINATOR:
        keep_a_coordinator(session, member)
    held.ended_at = now
    held.ended_by_id = None if by is None else by.id
    note(session, member, "role ended", by=by, reason=role, now=now)
    _trace(session, member, "role ended", role, by=by, now=now)


def _trace(
    session: Session, member: Member, kind: str, role: str, *, by: Member | None, now: dt.datetime
) -> None:
    trail.record(
        session,
        kind,
        now=now,
        person_id=None if by is None else by.person_id,
        community_id=member.community_id,
        member_id=member.id,
        detail=role,
    )


def end_all_roles(session: Session, member: Member, *, by: Member | None, now: dt.datetime) -> None:
    """End every role of somebody who leaves."""
    for role in sorted(queries.roles_of(session, member)):
        end_role(session, member, role, by=by, now=now)


def keep_a_coordinator(session: Session, member: Member) -> None:
    """Refuse to lose the last coordinator; two who leave at once wait for each other here.

    Raises:
        LastCoordinatorError: If `member` is the only active one.
    """
    # Lock every holder in one order: the second of two sees what the first has done.
    session.execute(
        sa.select(RoleGrant.id)
        .where(
            RoleGrant.community_id == member.community_id,
            RoleGrant.role == COORDINATOR,
            RoleGrant.ended_at.is_(None),
        )
        .order_by(RoleGrant.id)
        .with_for_update()
    )
    coordinators = queries.holders(session, member.community_id, COORDINATOR)
    if [coordinator.id for coordinator in coordinators] == [member.id]:
        raise LastCoordinatorError
