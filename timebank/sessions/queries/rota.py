"""Who is on the rota of which session, and where somebody is missing."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.groups import queries as groups
from timebank.groups.models import Exclusion, Group, GroupMember
from timebank.groups.policy.standing import Standing, standing
from timebank.members.models import Member
from timebank.sessions.errors import SessionNotFoundError
from timebank.sessions.models import (
    GroupSession,
    Shift,
    ShiftNeed,
    ShiftRole,
    ShiftSwap,
)
from timebank.sessions.policy import rota as policy
from timebank.sessions.policy.rota import Hand, Role, Roster
from timebank.sessions.queries import joins
from timebank.sessions.queries.together import is_held_by

#: Who is on a rota now: asked, or coming.
PRESENT = ("asked", "yes")
#: Sessions of one rota; the page of a week has far fewer.
SESSIONS_MAX = 400


@dataclass(frozen=True, slots=True)
class Rostered:
    """A session with its rota."""

    session: GroupSession
    group: Group
    roster: Roster


def rostered(session: Session, held: Sequence[tuple[GroupSession, Group]]) -> list[Rostered]:
    """Return sessions of one community with their rotas, in the order given.

    It takes four questions whatever the number of sessions. Who left the group or the community,
    takes a break, or stays away that day from a group that holds it is on no rota.
    """
    if not held:
        return []
    sessions = [planned for planned, _group in held]
    community_id = sessions[0].community_id
    roles = _roles(session, community_id, sessions)
    people = _people(session, community_id, sessions)
    away = _away(session, community_id, sessions)
    hands = _hands(session, community_id, sessions, people, away)
    found = []
    for planned, group in held:
        host = people.get((group.id, planned.host_id)) if planned.host_id else None
        if (planned.id, planned.host_id) in away:
            host = None
        roster = policy.roster(
            roles[planned.id],
            hands[planned.id],
            host=host,
            needs_staff=group.needs_staff,
        )
        found.append(Rostered(planned, group, roster))
    return found


def roster_of(session: Session, planned: GroupSession, group: Group) -> Roster:
    """Return who is on the rota of one session of a group."""
    return rostered(session, [(planned, group)])[0].roster


def on_duty(session: Session, planned: GroupSession, group: Group) -> list[uuid.UUID]:
    """Return who comes to hold a session by its rota, each once: what the door begins with."""
    return [hand.member_id for hand in roster_of(session, planned, group).coming]


def held_between(
    session: Session,
    community_id: uuid.UUID,
    *,
    group_id: uuid.UUID | None = None,
    begin: dt.datetime,
    end: dt.datetime,
) -> list[Rostered]:
    """Return the sessions that start in a time and are on, with their rotas, in order."""
    wanted = (
        sa.select(GroupSession, Group)
        .join(
            Group,
            joins.of_group(),
        )
        .where(
            GroupSession.community_id == community_id,
            GroupSession.starts_at >= begin,
            GroupSession.starts_at < end,
            GroupSession.state.in_(("planned", "open", "closed")),
            GroupSession.closed_day_id.is_(None),
        )
        .order_by(GroupSession.starts_at, GroupSession.id)
        .limit(SESSIONS_MAX)
    )
    if group_id is not None:
        wanted = wanted.where(GroupSession.group_id == group_id)
    return rostered(session, [(row[0], row[1]) for row in session.execute(wanted)])


def session_and_standing(
    session: Session,
    session_id: uuid.UUID,
    member: Member,
    roles: frozenset[str] = frozenset(),
    *,
    on: dt.date,
) -> tuple[GroupSession, Group, Standing]:
    """Return a session, its group, and what a member is to that on a day, in one question.

    Raises:
        SessionNotFoundError: If the community has no such session.
    """
    row = session.execute(
        sa.select(GroupSession, Group, GroupMember, groups.is_away(on))
        .join(
            Group,
            joins.of_group(),
        )
        .outerjoin(
            GroupMember,
            sa.and_(
                GroupMember.community_id == Group.community_id,
                GroupMember.group_id == Group.id,
                GroupMember.member_id == member.id,
            ),
        )
        .where(
            GroupSession.community_id == member.community_id,
            GroupSession.id == session_id,
            GroupSession.state != "dropped",
        )
    ).one_or_none()
    if row is None:
        raise SessionNotFoundError
    return row[0], row[1], standing(row[2], roles, is_away=bool(row[3]))


# ------------------------------------------------------------------------- parts of rotas


def _roles(
    session: Session, community_id: uuid.UUID, sessions: Sequence[GroupSession]
) -> Mapping[uuid.UUID, list[Role]]:
    """Return what each session needs: the roles of its series, then its own."""
    ids = [each.id for each in sessions]
    series_ids = {each.series_id for each in sessions if each.series_id is not None}
    rows = session.execute(
        sa.select(ShiftRole, ShiftNeed.session_id, ShiftNeed.needed)
        .outerjoin(
            ShiftNeed,
            sa.and_(
                ShiftNeed.community_id == ShiftRole.community_id,
                ShiftNeed.role_id == ShiftRole.id,
                ShiftNeed.session_id.in_(ids),
            ),
        )
        .where(
            ShiftRole.community_id == community_id,
            ShiftRole.series_id.in_(series_ids) | ShiftRole.session_id.in_(ids),
        )
        .order_by(ShiftRole.id)
    )
    of_held: dict[uuid.UUID | None, dict[uuid.UUID, ShiftRole]] = defaultdict(dict)
    needs: dict[tuple[uuid.UUID, uuid.UUID], int] = {}
    for role, session_id, needed in rows:
        of_held[role.series_id or role.session_id][role.id] = role
        if session_id is not None:
            needs[session_id, role.id] = needed
    return {
        each.id: [
            _role(role, each, needs.get((each.id, role.id)))
            for role in (*of_held[each.series_id].values(), *of_held[each.id].values())
        ]
        for each in sessions
    }


def _role(role: ShiftRole, planned: GroupSession, own_needed: int | None) -> Role:
    is_over = role.ended_at is not None and role.ended_at <= planned.starts_at
    needed = role.needed if own_needed is None else own_needed
    return Role(
        id=role.id,
        name=role.name,
        needed=0 if is_over else needed,
        is_hosting=role.is_hosting,
        is_open=role.is_open,
    )


#: Members by a group that they belong to.
_People = Mapping[tuple[uuid.UUID, uuid.UUID], Hand]


def _people(session: Session, community_id: uuid.UUID, sessions: Sequence[GroupSession]) -> _People:
    """Return those on these rotas who belong to the group and to the community now."""
    ids = [each.id for each in sessions]
    hosts = {each.host_id for each in sessions if each.host_id is not None}
    group_ids = {each.group_id for each in sessions}
    on_rota = sa.select(Shift.member_id).where(
        Shift.community_id == community_id, Shift.session_id.in_(ids), Shift.state.in_(PRESENT)
    )
    rows = session.execute(
        sa.select(
            GroupMember.group_id,
            GroupMember.is_paid,
            Member.id,
            Member.first_name,
            Member.number,
        )
        .join(
            Member,
            sa.and_(
                Member.community_id == GroupMember.community_id, Member.id == GroupMember.member_id
            ),
        )
        .where(
            GroupMember.community_id == community_id,
            GroupMember.group_id.in_(group_ids),
            GroupMember.state == "active",
            Member.state == "active",
            Member.id.in_(hosts) | Member.id.in_(on_rota),
        )
    )
    return {
        (row.group_id, row.id): Hand(
            member_id=row.id,
            first_name=row.first_name,
            number=row.number,
            role_id=None,
            is_paid=row.is_paid,
        )
        for row in rows
    }


def _away(
    session: Session, community_id: uuid.UUID, sessions: Sequence[GroupSession]
) -> frozenset[tuple[uuid.UUID, uuid.UUID]]:
    """Return who stays away that day from a group that holds a session, by the session's key."""
    rows = session.execute(
        sa.select(GroupSession.id, Exclusion.member_id)
        .join(
            Exclusion,
            sa.and_(
                Exclusion.community_id == GroupSession.community_id,
                Exclusion.holding_on(GroupSession.day_on),
                is_held_by(Exclusion.group_id),
            ),
        )
        .where(
            GroupSession.community_id == community_id,
            GroupSession.id.in_([each.id for each in sessions]),
        )
    )
    return frozenset((row[0], row[1]) for row in rows)


def _hands(
    session: Session,
    community_id: uuid.UUID,
    sessions: Sequence[GroupSession],
    people: _People,
    away: Collection[tuple[uuid.UUID, uuid.UUID]],
) -> Mapping[uuid.UUID, list[Hand]]:
    by_id = {each.id: each for each in sessions}
    rows = session.execute(
        sa.select(Shift, ShiftSwap.id)
        .outerjoin(
            ShiftSwap,
            sa.and_(
                ShiftSwap.community_id == Shift.community_id,
                ShiftSwap.shift_id == Shift.id,
                ShiftSwap.state == "open",
            ),
        )
        .where(
            Shift.community_id == community_id,
            Shift.session_id.in_(by_id),
            Shift.state.in_(PRESENT),
        )
        .order_by(Shift.since_at, Shift.id)
    )
    found: dict[uuid.UUID, list[Hand]] = {each: [] for each in by_id}
    for shift, swap_id in rows:
        planned = by_id[shift.session_id]
        person = people.get((planned.group_id, shift.member_id))
        if person is None or (planned.id, shift.member_id) in away:
            continue
        found[planned.id].append(
            Hand(
                member_id=shift.member_id,
                first_name=person.first_name,
                number=person.number,
                role_id=shift.role_id,
                state=shift.state,
                is_paid=person.is_paid,
                shift_id=shift.id,
                is_swapping=swap_id is not None,
            )
        )
    return found
