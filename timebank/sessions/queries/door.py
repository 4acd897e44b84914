"""Who is at a session, what it comes to so far, and whose code that is."""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.groups import queries as groups
from timebank.groups.models import Exclusion, Group, GroupMember
from timebank.groups.policy.standing import Standing, may_host, may_run
from timebank.members.models import Member
from timebank.sessions.errors import SessionNotFoundError
from timebank.sessions.models import (
    HOSTING_ROLES,
    GroupSession,
    SessionAttendance,
    SessionTally,
)
from timebank.sessions.queries import joins
from timebank.sessions.queries.together import Parts, partners

#: Sessions of one page of what a member was at.
MY_SESSIONS_MAX = 50


@dataclass(frozen=True, slots=True)
class Held:
    """A session with the group it belongs to, and those that hold it as well.

    Attributes:
        session: The session.
        group: Whose it is; its rules hold at the door, and its crediting rule.
        partners: Other groups that said yes to holding it, with what was agreed. Once it is closed
            they are those it was closed with, whoever joined or left its series since.
    """

    session: GroupSession
    group: Group
    partners: Sequence[tuple[Parts, Group]] = field(default=())

    @property
    def groups(self) -> list[Group]:
        """All groups that hold it, its own first."""
        return [self.group, *(group for _parts, group in self.partners)]


@dataclass(frozen=True, slots=True)
class Counts:
    """What a session comes to so far.

    Attributes:
        known: People with a name, whoever holds it too.
        known_first: How many of them are there for the first time.
        tallied: People without a name.
        tallied_first: How many of them said so.
    """

    known: int = 0
    known_first: int = 0
    tallied: int = 0
    tallied_first: int = 0

    @property
    def contacts(self) -> int:
        """Everybody who was there."""
        return self.known + self.tallied

    @property
    def first_timers(self) -> int:
        """Everybody who was there for the first time."""
        return self.known_first + self.tallied_first


@dataclass(frozen=True, slots=True)
class Present:
    """A member at a session."""

    attendance: SessionAttendance
    member: Member


@dataclass(frozen=True, slots=True)
class Known:
    """What the door has to know of some members before they come in.

    Attributes:
        kept_out: Who stays away from one of the groups that day.
        paid: Who is paid for being there.
        were_before: Who has been at an earlier session of the group.
        rows: How they are noted so far, also who was taken back.
    """

    kept_out: frozenset[uuid.UUID]
    paid: frozenset[uuid.UUID]
    were_before: frozenset[uuid.UUID]
    rows: dict[uuid.UUID, SessionAttendance]


def held(
    session: Session, community_id: uuid.UUID, session_id: uuid.UUID, *, lock: str = ""
) -> Held:
    """Return a session with the groups that hold it.

    Args:
        session: Any session.
        community_id: The community.
        session_id: Which one.
        lock: ``shared`` while somebody comes in, so that nobody closes it under their feet;
            ``alone`` for what only one may do at a time; nothing to look only.

    Raises:
        SessionNotFoundError: If the community has no such session.
    """
    row = session.execute(
        _held_question(lock), {"community_id": community_id, "session_id": session_id}
    ).one_or_none()
    if row is None:
        raise SessionNotFoundError
    return Held(row[0], row[1], partners(session, row[0]))


@cache
def _held_question(lock: str) -> sa.Select[GroupSession, Group]:
    """Ask for a session and its group; put together once, as each tap at the door asks it."""
    wanted = (
        sa.select(GroupSession, Group)
        .join(
            Group,
            joins.of_group(),
        )
        .where(
            GroupSession.community_id == sa.bindparam("community_id"),
            GroupSession.id == sa.bindparam("session_id"),
            GroupSession.state != "dropped",
        )
    )
    if not lock:
        return wanted
    return wanted.with_for_update(of=GroupSession, read=lock == "shared").execution_options(
        populate_existing=True
    )


def standing_at(
    session: Session,
    at: Held,
    member: Member,
    roles: frozenset[str] = frozenset(),
    *,
    today: dt.date,
) -> Standing:
    """Return what a member is to a session: the most that they are to any group that holds it.

    Whoever stays away from one of these groups today, or on the day of the session, holds nothing
    for it either: they neither see who is there nor close the door behind them.
    """
    ids = [group.id for group in at.groups]
    days = {today, at.session.day_on}
    found = groups.standings_of(session, ids, member, roles, on=days)
    return max(found.values(), key=lambda who: (may_run(who), may_host(who), who.belongs))


# ---------------------------------------------------------------------- people and counts


def known_of(session: Session, at: Held, member_ids: Collection[uuid.UUID]) -> Known:
    """Return what the door has to know of some members; as many questions for one as for many."""
    community_id = at.session.community_id
    group_ids = [group.id for group in at.groups]
    paid = session.scalars(
        sa.select(GroupMember.member_id).where(
            GroupMember.community_id == community_id,
            GroupMember.group_id.in_(group_ids),
            GroupMember.member_id.in_(member_ids),
            GroupMember.state == "active",
            GroupMember.is_paid,
        )
    )
    rows = session.scalars(
        sa.select(SessionAttendance).where(
            SessionAttendance.community_id == community_id,
            SessionAttendance.session_id == at.session.id,
            SessionAttendance.member_id.in_(member_ids),
        )
    )
    return Known(
        _kept_out(session, at.session, group_ids, member_ids),
        frozenset(paid),
        _were_before(session, at, member_ids),
        {row.member_id: row for row in rows},
    )


def kept_out(
    session: Session, planned: GroupSession, member_ids: Collection[uuid.UUID]
) -> frozenset[uuid.UUID]:
    """Return who of some members stays away that day from one of the groups that hold a session."""
    group_ids = [planned.group_id, *(group.id for _parts, group in partners(session, planned))]
    return _kept_out(session, planned, group_ids, member_ids)


def _kept_out(
    session: Session,
    planned: GroupSession,
    group_ids: Collection[uuid.UUID],
    member_ids: Collection[uuid.UUID],
) -> frozenset[uuid.UUID]:
    found = session.scalars(
        sa.select(Exclusion.member_id).where(
            Exclusion.community_id == planned.community_id,
            Exclusion.group_id.in_(group_ids),
            Exclusion.member_id.in_(member_ids),
            Exclusion.holding_on(planned.day_on),
        )
    )
    return frozenset(found)


def _were_before(
    session: Session, at: Held, member_ids: Collection[uuid.UUID]
) -> frozenset[uuid.UUID]:
    found = session.scalars(
        sa.select(SessionAttendance.member_id)
        .join(
            GroupSession,
            joins.of_session(SessionAttendance),
        )
        .where(
            SessionAttendance.community_id == at.session.community_id,
            SessionAttendance.member_id.in_(member_ids),
            SessionAttendance.undone_at.is_(None),
            GroupSession.group_id == at.group.id,
            GroupSession.starts_at < at.session.starts_at,
        )
        .distinct()
    )
    return frozenset(found)


def present(
    session: Session,
    held_session: GroupSession,
    *,
    after: uuid.UUID | None = None,
    limit: int | None = None,
) -> list[Present]:
    """Return who is noted by name, in order of their names; `after` is the last one before."""
    wanted = (
        sa.select(SessionAttendance, Member)
        .join(
            Member,
            sa.and_(
                Member.community_id == SessionAttendance.community_id,
                Member.id == SessionAttendance.member_id,
            ),
        )
        .where(
            SessionAttendance.community_id == held_session.community_id,
            SessionAttendance.session_id == held_session.id,
            SessionAttendance.undone_at.is_(None),
        )
        .order_by(Member.folded_name, Member.id)
        .limit(limit)
    )
    if after is not None:
        last = session.get_one(Member, (held_session.community_id, after))
        wanted = wanted.where(
            sa.tuple_(Member.folded_name, Member.id)
            > sa.tuple_(
                sa.bindparam(None, last.folded_name, Member.folded_name.type),
                sa.bindparam(None, last.id, Member.id.type),
            )
        )
    return [Present(row[0], row[1]) for row in session.execute(wanted)]


def on_duty_now(session: Session, member: Member, *, limit: int = 3) -> list[GroupSession]:
    """Return the open sessions that a member holds, the latest opened first."""
    return list(
        session.scalars(
            sa.select(GroupSession)
            .join(
                SessionAttendance,
                sa.and_(
                    SessionAttendance.community_id == GroupSession.community_id,
                    SessionAttendance.session_id == GroupSession.id,
                ),
            )
            .where(
                SessionAttendance.community_id == member.community_id,
                SessionAttendance.member_id == member.id,
                SessionAttendance.role.in_(HOSTING_ROLES),
                SessionAttendance.undone_at.is_(None),
                GroupSession.state == "open",
            )
            .order_by(GroupSession.opened_at.desc(), GroupSession.id)
            .limit(limit)
        )
    )


def attendance_of(
    session: Session, held_session: GroupSession, member_id: uuid.UUID
) -> SessionAttendance | None:
    """Return how a member is noted at a session, or None if they are not."""
    return session.scalar(
        sa.select(SessionAttendance).where(
            SessionAttendance.community_id == held_session.community_id,
            SessionAttendance.session_id == held_session.id,
            SessionAttendance.member_id == member_id,
            SessionAttendance.undone_at.is_(None),
        )
    )


def has_staff(session: Session, held_session: GroupSession) -> bool:
    """Tell whether somebody is there who is paid for it."""
    return bool(
        session.scalar(
            sa.select(
                sa.exists().where(
                    SessionAttendance.community_id == held_session.community_id,
                    SessionAttendance.session_id == held_session.id,
                    SessionAttendance.undone_at.is_(None),
                    SessionAttendance.is_paid,
                )
            )
        )
    )


def counts(session: Session, held_session: GroupSession) -> Counts:
    """Return what a session comes to so far, in one question."""
    here = (
        SessionAttendance.community_id == held_session.community_id,
        SessionAttendance.session_id == held_session.id,
        SessionAttendance.undone_at.is_(None),
    )
    tally = (
        SessionTally.community_id == held_session.community_id,
        SessionTally.session_id == held_session.id,
    )
    row = session.execute(
        sa.select(
            sa.select(sa.func.count()).where(*here).scalar_subquery(),
            sa.select(sa.func.count()).where(*here, SessionAttendance.is_first).scalar_subquery(),
            sa.select(sa.func.coalesce(sa.func.sum(SessionTally.number), 0))
            .where(*tally)
            .scalar_subquery(),
            sa.select(sa.func.coalesce(sa.func.sum(SessionTally.first_timers), 0))
            .where(*tally)
            .scalar_subquery(),
        )
    ).one()
    known, known_first, tallied, tallied_first = (int(each) for each in row)
    return Counts(known, known_first, tallied, max(0, min(tallied, tallied_first)))


def tally_by_key(
    session: Session, held_session: GroupSession, client_key: uuid.UUID
) -> SessionTally | None:
    """Return what a tap counted, or None if it never arrived."""
    return session.scalar(
        sa.select(SessionTally).where(
            SessionTally.community_id == held_session.community_id,
            SessionTally.session_id == held_session.id,
            SessionTally.client_key == client_key,
        )
    )


def sessions_attended(
    session: Session, member: Member, *, before: uuid.UUID | None = None
) -> list[tuple[SessionAttendance, GroupSession, Group]]:
    """Return the sessions a member was at, the latest first. For themselves alone."""
    wanted = (
        sa.select(SessionAttendance, GroupSession, Group)
        .join(
            GroupSession,
            joins.of_session(SessionAttendance),
        )
        .join(
            Group,
            joins.of_group(),
        )
        .where(
            SessionAttendance.community_id == member.community_id,
            SessionAttendance.member_id == member.id,
            SessionAttendance.undone_at.is_(None),
        )
        .order_by(GroupSession.starts_at.desc(), GroupSession.id.desc())
        .limit(MY_SESSIONS_MAX)
    )
    if before is not None:
        last = session.get_one(GroupSession, (member.community_id, before))
        wanted = wanted.where(
            sa.tuple_(GroupSession.starts_at, GroupSession.id)
            < sa.tuple_(
                sa.bindparam(None, last.starts_at, GroupSession.starts_at.type),
                sa.bindparam(None, last.id, GroupSession.id.type),
            )
        )
    return [(row[0], row[1], row[2]) for row in session.execute(wanted)]
