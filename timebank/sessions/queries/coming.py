"""Who said that they come, and who waits."""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.groups.models import Group
from timebank.members.models import Member
from timebank.sessions.models import GroupSession, SignUp
from timebank.sessions.queries import joins

#: Whoever left the community is not expected any more.
HERE = ("active", "paused")


@dataclass(frozen=True, slots=True)
class Coming:
    """A member and that they mean to come."""

    sign_up: SignUp
    member: Member


@dataclass(frozen=True, slots=True)
class Count:
    """How many said that they come to a session, and how many wait."""

    signed: int = 0
    waiting: int = 0


NOBODY = Count()


def _with_member() -> sa.ColumnElement[bool]:
    return sa.and_(Member.community_id == SignUp.community_id, Member.id == SignUp.member_id)


def coming(
    session: Session, planned: GroupSession, *, states: Collection[str] = ("signed", "waiting")
) -> list[Coming]:
    """Return who means to come to a session: who has a place first, then the line of who waits."""
    rows = session.execute(
        sa.select(SignUp, Member)
        .join(Member, _with_member())
        .where(
            SignUp.community_id == planned.community_id,
            SignUp.session_id == planned.id,
            SignUp.state.in_(states),
            Member.state.in_(HERE),
        )
        .order_by(SignUp.state == "waiting", SignUp.since_at, SignUp.id)
    )
    return [Coming(row[0], row[1]) for row in rows]


def sign_up_of(session: Session, planned: GroupSession, member_id: uuid.UUID) -> SignUp | None:
    """Return how it stands between a member and a session, or None if they never said anything."""
    return session.scalar(
        sa.select(SignUp).where(
            SignUp.community_id == planned.community_id,
            SignUp.session_id == planned.id,
            SignUp.member_id == member_id,
        )
    )


def sign_up_counts(
    session: Session, community_id: uuid.UUID, session_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, Count]:
    """Count who comes and who waits, of several sessions in one question."""
    if not session_ids:
        return {}
    rows = session.execute(
        sa.select(SignUp.session_id, SignUp.state, sa.func.count())
        .join(Member, _with_member())
        .where(
            SignUp.community_id == community_id,
            SignUp.session_id.in_(session_ids),
            SignUp.state.in_(("signed", "waiting")),
            Member.state.in_(HERE),
        )
        .group_by(SignUp.session_id, SignUp.state)
    )
    found: dict[uuid.UUID, dict[str, int]] = {}
    for session_id, state, number in rows:
        found.setdefault(session_id, {})[state] = number
    return {key: Count(**each) for key, each in found.items()}


def to_remind(
    session: Session, *, now: dt.datetime, ahead: dt.timedelta, but: Collection[uuid.UUID]
) -> tuple[SignUp, GroupSession, Member] | None:
    """Return whom to remind first of a session that begins soon; `but` are left alone."""
    row = session.execute(
        sa.select(SignUp, GroupSession, Member)
        .join(
            GroupSession,
            sa.and_(
                GroupSession.community_id == SignUp.community_id,
                GroupSession.id == SignUp.session_id,
            ),
        )
        .join(Member, _with_member())
        .join(Group, joins.of_group())
        .where(
            Group.state == "open",
            GroupSession.starts_at > now,
            GroupSession.starts_at <= now + ahead,
            GroupSession.state == "planned",
            GroupSession.closed_day_id.is_(None),
            SignUp.state == "signed",
            SignUp.reminded_at.is_(None),
            SignUp.id.not_in(but),
            Member.state.in_(HERE),
        )
        .order_by(GroupSession.starts_at, SignUp.id)
        .limit(1)
        .with_for_update(of=SignUp, skip_locked=True)
    ).first()
    return None if row is None else (row[0], row[1], row[2])


def with_room_for_somebody(
    session: Session, *, now: dt.datetime, but: Collection[uuid.UUID]
) -> GroupSession | None:
    """Return a session to come with a free place for which somebody waits, or None.

    Places get free without a word when somebody leaves the community.
    """

    def number(state: str) -> sa.ScalarSelect[int]:
        return (
            sa.select(sa.func.count())
            .select_from(SignUp)
            .join(Member, _with_member())
            .where(
                SignUp.community_id == GroupSession.community_id,
                SignUp.session_id == GroupSession.id,
                SignUp.state == state,
                Member.state.in_(HERE),
            )
            .correlate(GroupSession)
            .scalar_subquery()
        )

    return session.scalar(
        sa.select(GroupSession)
        .join(Group, joins.of_group())
        .where(
            Group.state == "open",
            GroupSession.starts_at > now,
            GroupSession.state == "planned",
            GroupSession.closed_day_id.is_(None),
            GroupSession.sign_up == "sign-up",
            GroupSession.id.not_in(but),
            number("waiting") > 0,
            sa.or_(GroupSession.capacity.is_(None), number("signed") < GroupSession.capacity),
        )
        .order_by(GroupSession.starts_at, GroupSession.id)
        .limit(1)
    )
