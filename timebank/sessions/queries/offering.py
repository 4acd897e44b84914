"""Whom the door has to offer: members to tap on, and those who may be on duty."""

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.groups.models import Acknowledgement, GroupMember
from timebank.members.models import Member
from timebank.members.policy import fold, number_typed
from timebank.sessions.models import SessionAttendance
from timebank.sessions.queries.door import Held

#: People to choose from when a session opens.
ON_DUTY_MAX = 60


@dataclass(frozen=True, slots=True)
class Offered:
    """A member as the door shows them.

    Attributes:
        part: Their part in one of the groups; None for whoever belongs to none.
        is_there: Whether they are noted.
        has_heard: Whether they took in the ground rules that hold.
    """

    member: Member
    part: str | None
    is_there: bool
    has_heard: bool


def offered(
    session: Session,
    at: Held,
    *,
    text: str = "",
    after: uuid.UUID | None = None,
    limit: int,
) -> list[Offered]:
    """Return whom to tap on, by name: those of the groups, or whoever a text fits.

    Whoever stays away is listed like everybody else: the list says nothing about anybody.

    Args:
        session: Any session.
        at: The session.
        text: A first name or its beginning, or a member number; "" for those of the groups.
        after: The last one of the page before.
        limit: At most so many.
    """
    community_id = at.session.community_id
    part = (
        sa.select(sa.func.min(GroupMember.part))
        .where(
            GroupMember.community_id == community_id,
            GroupMember.group_id.in_([group.id for group in at.groups]),
            GroupMember.member_id == Member.id,
            GroupMember.state == "active",
        )
        .correlate(Member)
        .scalar_subquery()
    )
    there = sa.exists().where(
        SessionAttendance.community_id == community_id,
        SessionAttendance.session_id == at.session.id,
        SessionAttendance.member_id == Member.id,
        SessionAttendance.undone_at.is_(None),
    )
    heard = sa.exists().where(
        Acknowledgement.community_id == community_id,
        Acknowledgement.group_id == at.group.id,
        Acknowledgement.member_id == Member.id,
        Acknowledgement.version == at.group.rules_version,
    )
    wanted = (
        sa.select(Member, part, there, heard)
        .where(Member.community_id == community_id, Member.state == "active")
        .order_by(Member.folded_name, Member.id)
        .limit(limit)
    )
    wanted = wanted.where(_fits(text)) if text.strip() else wanted.where(part.is_not(None))
    if after is not None:
        last = session.get_one(Member, (community_id, after))
        wanted = wanted.where(
            sa.tuple_(Member.folded_name, Member.id)
            > sa.tuple_(
                sa.bindparam(None, last.folded_name, Member.folded_name.type),
                sa.bindparam(None, last.id, Member.id.type),
            )
        )
    has_rules = at.group.rules_version > 0
    found = [
        Offered(row[0], row[1], bool(row[2]), bool(row[3]) or not has_rules)
        for row in session.execute(wanted)
    ]
    return [each for each in found if _is_called(each.member, text)]


def _fits(text: str) -> sa.ColumnElement[bool]:
    number = number_typed(text)
    if number:
        return Member.number == number
    words = fold(text).split()
    return sa.and_(
        sa.true(), *(Member.folded_name.contains(word, autoescape=True) for word in words)
    )


def _is_called(member: Member, text: str) -> bool:
    """Tell whether a text is a member's number or in their first name, which everybody may know."""
    return fold(text) in fold(member.first_name) or number_typed(text) == member.number


def may_be_on_duty(session: Session, at: Held) -> list[Member]:
    """Return who may hold the session: who leads or hosts, and whoever is paid for being there."""
    found = session.scalars(
        sa.select(Member)
        .where(
            Member.community_id == at.session.community_id,
            Member.state.in_(("active", "paused")),
            sa.exists().where(
                GroupMember.community_id == Member.community_id,
                GroupMember.group_id.in_([group.id for group in at.groups]),
                GroupMember.member_id == Member.id,
                GroupMember.state == "active",
                GroupMember.part.in_(("lead", "host")) | GroupMember.is_paid,
            ),
        )
        .order_by(Member.folded_name, Member.id)
        .limit(ON_DUTY_MAX)
    )
    return list(found)
