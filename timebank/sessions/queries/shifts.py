"""Single rows of rotas, what somebody's own parts are, and what others would like to pass on."""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import SQLColumnExpression
from sqlalchemy.orm import Session

from timebank.groups.models import Exclusion, Group, GroupMember
from timebank.members.models import Member
from timebank.sessions.errors import RoleNotFoundError, ShiftNotFoundError, SwapNotFoundError
from timebank.sessions.models import GroupSession, Shift, ShiftNeed, ShiftRole, ShiftSwap
from timebank.sessions.queries import joins
from timebank.sessions.queries.rota import PRESENT
from timebank.sessions.queries.together import is_held_by

OWN_MAX = 100


@dataclass(frozen=True, slots=True)
class OwnShift:
    """A member's part in a session.

    Attributes:
        shift: The part.
        session: When and what.
        group: Whose session it is.
        role: What they do there.
        swap: The question whether somebody takes it over, while it is open.
    """

    shift: Shift
    session: GroupSession
    group: Group
    role: ShiftRole
    swap: ShiftSwap | None


@dataclass(frozen=True, slots=True)
class SwapAsked:
    """A part that somebody would like to pass on.

    Attributes:
        swap: The question.
        shift: The part.
        session: When and what.
        group: Whose session it is.
        role: What it is.
        asker: Who has it until somebody takes it.
    """

    swap: ShiftSwap
    shift: Shift
    session: GroupSession
    group: Group
    role: ShiftRole
    asker: Member


def role(session: Session, community_id: uuid.UUID, role_id: uuid.UUID) -> ShiftRole:
    """Return a role by its key.

    Raises:
        RoleNotFoundError: If the community has no such role.
    """
    found = session.get(ShiftRole, (community_id, role_id))
    if found is None:
        raise RoleNotFoundError
    return found


def roles_of(
    session: Session,
    community_id: uuid.UUID,
    *,
    series_ids: Collection[uuid.UUID] = (),
    session_id: uuid.UUID | None = None,
    all_of_them: bool = False,
) -> Sequence[ShiftRole]:
    """Return the roles of some series, or of one session, in order; only those needed now."""
    wanted = sa.select(ShiftRole).where(
        ShiftRole.community_id == community_id,
        ShiftRole.series_id.in_(series_ids)
        if session_id is None
        else ShiftRole.session_id == session_id,
    )
    if not all_of_them:
        wanted = wanted.where(ShiftRole.ended_at.is_(None))
    return session.scalars(wanted.order_by(ShiftRole.id)).all()


def need(
    session: Session, community_id: uuid.UUID, session_id: uuid.UUID, role_id: uuid.UUID
) -> ShiftNeed | None:
    """Return the number that one session needs instead of its series', or None."""
    return session.scalar(
        sa.select(ShiftNeed).where(
            ShiftNeed.community_id == community_id,
            ShiftNeed.session_id == session_id,
            ShiftNeed.role_id == role_id,
        )
    )


def shift(
    session: Session, community_id: uuid.UUID, shift_id: uuid.UUID, *, lock: bool = False
) -> Shift:
    """Return a part in a session; with `lock`, its row is held until the end of the transaction.

    Raises:
        ShiftNotFoundError: If the community has no such part.
    """
    found = session.get(Shift, (community_id, shift_id), with_for_update=lock)
    if found is None:
        raise ShiftNotFoundError
    return found


def shift_of(session: Session, planned: GroupSession, member_id: uuid.UUID) -> Shift | None:
    """Return a member's part in a session, whatever became of it, or None."""
    return session.scalar(
        sa.select(Shift).where(
            Shift.community_id == planned.community_id,
            Shift.session_id == planned.id,
            Shift.member_id == member_id,
        )
    )


def swap(
    session: Session, community_id: uuid.UUID, swap_id: uuid.UUID, *, lock: bool = False
) -> ShiftSwap:
    """Return the question whether somebody takes a part over.

    Raises:
        SwapNotFoundError: If the community has no such question.
    """
    found = session.get(ShiftSwap, (community_id, swap_id), with_for_update=lock)
    if found is None:
        raise SwapNotFoundError
    return found


def open_swap(session: Session, part: Shift) -> ShiftSwap | None:
    """Return the open question whether somebody takes a part over, or None."""
    return session.scalar(
        sa.select(ShiftSwap).where(
            ShiftSwap.community_id == part.community_id,
            ShiftSwap.shift_id == part.id,
            ShiftSwap.state == "open",
        )
    )


# ----------------------------------------------------------------------------- what is mine


def _with_role() -> sa.ColumnElement[bool]:
    return sa.and_(ShiftRole.community_id == Shift.community_id, ShiftRole.id == Shift.role_id)


def _is_on() -> sa.ColumnElement[bool]:
    return sa.and_(
        GroupSession.state.in_(("planned", "open")), GroupSession.closed_day_id.is_(None)
    )


def own_shifts(session: Session, member: Member, *, since: dt.datetime) -> list[OwnShift]:
    """Return what a member was asked for or said yes to, in sessions that are not over."""
    rows = session.execute(
        sa.select(Shift, GroupSession, Group, ShiftRole, ShiftSwap)
        .join(GroupSession, joins.of_session(Shift))
        .join(Group, joins.of_group())
        .join(
            GroupMember,
            sa.and_(
                GroupMember.community_id == Group.community_id,
                GroupMember.group_id == Group.id,
                GroupMember.member_id == Shift.member_id,
                GroupMember.state == "active",
            ),
        )
        .join(ShiftRole, _with_role())
        .outerjoin(
            ShiftSwap,
            sa.and_(
                ShiftSwap.community_id == Shift.community_id,
                ShiftSwap.shift_id == Shift.id,
                ShiftSwap.state == "open",
            ),
        )
        .where(
            Shift.community_id == member.community_id,
            Shift.member_id == member.id,
            Shift.state.in_(PRESENT),
            GroupSession.ends_at > since,
            _is_on(),
            ~_stays_away(Shift.member_id),
        )
        .order_by(GroupSession.starts_at, GroupSession.id)
        .limit(OWN_MAX)
    )
    return [OwnShift(*row) for row in rows]


def _stays_away(member_id: SQLColumnExpression[uuid.UUID]) -> sa.ColumnElement[bool]:
    """Say that a member stays away from a group that holds a session on its day."""
    return sa.exists().where(
        Exclusion.community_id == GroupSession.community_id,
        is_held_by(Exclusion.group_id),
        Exclusion.member_id == member_id,
        Exclusion.holding_on(GroupSession.day_on),
    )


def swaps_for(
    session: Session, member: Member, *, now: dt.datetime, group: Group | None = None
) -> list[SwapAsked]:
    """Return the parts that others would like to pass on and this member may take.

    Those of a group where one is given, else of all groups they belong to. The own ones are left
    out, and those that somebody else was asked for.
    """
    wanted = (
        sa.select(ShiftSwap, Shift, GroupSession, Group, ShiftRole, Member)
        .join(
            Shift,
            sa.and_(Shift.community_id == ShiftSwap.community_id, Shift.id == ShiftSwap.shift_id),
        )
        .join(GroupSession, joins.of_session(Shift))
        .join(Group, joins.of_group())
        .join(ShiftRole, _with_role())
        .join(
            Member, sa.and_(Member.community_id == Shift.community_id, Member.id == Shift.member_id)
        )
        .join(
            GroupMember,
            sa.and_(
                GroupMember.community_id == GroupSession.community_id,
                GroupMember.group_id == GroupSession.group_id,
                GroupMember.member_id == member.id,
                GroupMember.state == "active",
            ),
        )
        .where(
            ShiftSwap.community_id == member.community_id,
            ShiftSwap.state == "open",
            Shift.state == "yes",
            Shift.member_id != member.id,
            ShiftSwap.asked_id.is_(None) | (ShiftSwap.asked_id == member.id),
            GroupSession.starts_at > now,
            _is_on(),
            ~_stays_away(sa.literal(member.id, Shift.member_id.type)),
        )
        .order_by(GroupSession.starts_at, ShiftSwap.id)
        .limit(OWN_MAX)
    )
    if group is not None:
        wanted = wanted.where(GroupSession.group_id == group.id)
    return [SwapAsked(*row) for row in session.execute(wanted)]


def on_rota(session: Session, planned: GroupSession) -> Sequence[Member]:
    """Return who was asked for a session, or said yes, and is here and in the group."""
    return session.scalars(
        sa.select(Member)
        .join(
            Shift, sa.and_(Shift.community_id == Member.community_id, Shift.member_id == Member.id)
        )
        .join(
            GroupMember,
            sa.and_(
                GroupMember.community_id == Member.community_id,
                GroupMember.member_id == Member.id,
                GroupMember.group_id == planned.group_id,
                GroupMember.state == "active",
            ),
        )
        .where(
            Shift.community_id == planned.community_id,
            Shift.session_id == planned.id,
            Shift.state.in_(PRESENT),
            Member.state.in_(("active", "paused")),
        )
        .order_by(Shift.since_at, Shift.id)
    ).all()


def clashing(session: Session, planned: GroupSession, member_id: uuid.UUID) -> GroupSession | None:
    """Return another session at the same time that a member is on the rota of, or holds."""
    parts = sa.select(Shift.session_id).where(
        Shift.community_id == planned.community_id,
        Shift.member_id == member_id,
        Shift.state == "yes",
    )
    return session.scalar(
        sa.select(GroupSession)
        .where(
            GroupSession.community_id == planned.community_id,
            GroupSession.id != planned.id,
            GroupSession.starts_at < planned.ends_at,
            GroupSession.ends_at > planned.starts_at,
            _is_on(),
            GroupSession.id.in_(parts) | (GroupSession.host_id == member_id),
        )
        .order_by(GroupSession.starts_at)
        .limit(1)
    )


def next_to_remind(
    session: Session,
    community_id: uuid.UUID,
    *,
    day: dt.date,
    now: dt.datetime,
    without: Collection[uuid.UUID] = (),
) -> tuple[Shift, GroupSession, Member] | None:
    """Return somebody who comes on a day, has not been reminded and is here; or None."""
    row = session.execute(
        sa.select(Shift, GroupSession, Member)
        .join(GroupSession, joins.of_session(Shift))
        .join(
            Member, sa.and_(Member.community_id == Shift.community_id, Member.id == Shift.member_id)
        )
        .join(
            GroupMember,
            sa.and_(
                GroupMember.community_id == Shift.community_id,
                GroupMember.group_id == GroupSession.group_id,
                GroupMember.member_id == Shift.member_id,
                GroupMember.state == "active",
            ),
        )
        .where(
            Shift.community_id == community_id,
            Shift.state == "yes",
            # Once for each day that it is on: it may have been moved since.
            Shift.reminded_at.is_(None) | (Shift.reminded_at < GroupSession.changed_at),
            Shift.id.not_in(without),
            Member.state == "active",
            GroupSession.day_on == day,
            GroupSession.starts_at > now,
            _is_on(),
            ~_stays_away(Shift.member_id),
        )
        .order_by(GroupSession.starts_at, Shift.id)
        .limit(1)
        .with_for_update(of=Shift, skip_locked=True)
    ).first()
    return None if row is None else (row[0], row[1], row[2])


def next_gap(
    session: Session,
    community_id: uuid.UUID,
    *,
    now: dt.datetime,
    until: dt.datetime,
    without: Collection[uuid.UUID] = (),
) -> tuple[Shift, GroupSession] | None:
    """Return a part in a session before a moment whose member is on no rota any more; or None.

    They left the group or the community, take a break, or stay away that day; and nobody who runs
    the group has been told that somebody is missing.
    """
    is_here = sa.exists().where(
        GroupMember.community_id == Shift.community_id,
        GroupMember.group_id == GroupSession.group_id,
        GroupMember.member_id == Shift.member_id,
        GroupMember.state == "active",
        Member.community_id == Shift.community_id,
        Member.id == Shift.member_id,
        Member.state == "active",
    )
    row = session.execute(
        sa.select(Shift, GroupSession)
        .join(GroupSession, joins.of_session(Shift))
        .where(
            Shift.community_id == community_id,
            Shift.state == "yes",
            Shift.gap_told_at.is_(None),
            Shift.id.not_in(without),
            GroupSession.starts_at > now,
            GroupSession.starts_at <= until,
            _is_on(),
            ~is_here | _stays_away(Shift.member_id),
        )
        .order_by(GroupSession.starts_at, Shift.id)
        .limit(1)
        .with_for_update(of=Shift, skip_locked=True)
    ).first()
    return None if row is None else (row[0], row[1])
