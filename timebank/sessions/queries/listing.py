"""What is on: the sessions of some days, the next ones, and a member's own."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.groups.models import Group, GroupMember, Venue
from timebank.members.models import Member
from timebank.sessions.models import LENGTH_MINUTES_MAX, ClosedDay, GroupSession, SignUp
from timebank.sessions.queries.coming import HERE, Count
from timebank.sessions.queries.planned import Meeting, meetings

#: No session lasts longer: what began before this is over. The clocks may change meanwhile.
LONGEST = dt.timedelta(minutes=LENGTH_MINUTES_MAX + 60)
_Listed: TypeAlias = sa.Select[GroupSession, Group, Venue, ClosedDay]
#: Groups to choose from.
GROUPS_MAX = 200
ONLINE = ("online", "phone")


@dataclass(frozen=True, slots=True)
class WhatsOn:
    """What a list of sessions is narrowed to; whatever is empty or None narrows nothing.

    Attributes:
        group: Short name of a group.
        support: One of `listings.models.SUPPORTS`.
        area: An area as it was written, of the group or of the place.
        where: "online" for sessions far away, "place" for the others.
        only_on: Only this day.
    """

    group: str = ""
    support: str = ""
    area: str = ""
    where: str = ""
    only_on: dt.date | None = None


def _number(state: str) -> sa.ScalarSelect[int]:
    """Count who comes to a session, or who waits; whoever left the community does neither."""
    return (
        sa.select(sa.func.count())
        .select_from(SignUp)
        .join(
            Member,
            sa.and_(Member.community_id == SignUp.community_id, Member.id == SignUp.member_id),
        )
        .where(
            SignUp.community_id == GroupSession.community_id,
            SignUp.session_id == GroupSession.id,
            SignUp.state == state,
            Member.state.in_(HERE),
        )
        .correlate(GroupSession)
        .scalar_subquery()
    )


def _state_of(member_id: uuid.UUID | None) -> sa.ColumnElement[str] | sa.ColumnElement[None]:
    """Return how it stands between a session and the one who looks at a list."""
    if member_id is None:
        return sa.null()
    return (
        sa.select(SignUp.state)
        .where(
            SignUp.community_id == GroupSession.community_id,
            SignUp.session_id == GroupSession.id,
            SignUp.member_id == member_id,
            SignUp.state != "withdrawn",
        )
        .correlate(GroupSession)
        .scalar_subquery()
    )


def _of_open_groups(community_id: uuid.UUID, *, seen_by: uuid.UUID | None) -> _Listed:
    wanted = meetings().where(GroupSession.community_id == community_id, Group.state == "open")
    if seen_by is None:
        wanted = wanted.where(GroupSession.is_public, Group.is_public)
    return wanted


def _narrowed(wanted: _Listed, narrow: WhatsOn) -> _Listed:
    if narrow.group:
        wanted = wanted.where(Group.slug == narrow.group)
    if narrow.support:
        wanted = wanted.where(getattr(Group, f"is_{narrow.support}"))
    if narrow.area:
        wanted = wanted.where(sa.or_(Group.area == narrow.area, Venue.area == narrow.area))
    if narrow.where:
        is_away = GroupSession.setting.in_(ONLINE)
        wanted = wanted.where(is_away if narrow.where == "online" else ~is_away)
    if narrow.only_on is not None:
        wanted = wanted.where(GroupSession.day_on == narrow.only_on)
    return wanted


def _in_order(
    session: Session, wanted: _Listed, limit: int, seen_by: uuid.UUID | None
) -> list[Meeting]:
    """Ask for all that a list shows in one question, those who come and wait included."""
    rows = session.execute(
        wanted.add_columns(_number("signed"), _number("waiting"), _state_of(seen_by))
        .order_by(GroupSession.starts_at, GroupSession.id)
        .limit(limit)
    )
    return [
        Meeting(row[0], row[1], row[2], row[3], Count(row[4], row[5]), row[6] or "") for row in rows
    ]


def whats_on(
    session: Session,
    community_id: uuid.UUID,
    narrow: WhatsOn,
    *,
    begin: dt.datetime,
    end: dt.datetime,
    still_at: dt.datetime | None = None,
    seen_by: uuid.UUID | None,
    limit: int,
) -> list[Meeting]:
    """Return what starts in a time, in order.

    Args:
        session: Any session.
        community_id: The community.
        narrow: What the list is narrowed to.
        begin: The first moment of the time.
        end: The moment after its last.
        still_at: Also what began before and still goes on at this moment.
        seen_by: The member who looks; None for a visitor, who sees what is public.
        limit: At most so many.
    """
    wanted = _narrowed(_of_open_groups(community_id, seen_by=seen_by), narrow)
    if still_at is None:
        wanted = wanted.where(GroupSession.starts_at >= begin)
    else:
        wanted = wanted.where(
            GroupSession.starts_at >= begin - LONGEST,
            sa.or_(GroupSession.starts_at >= begin, GroupSession.ends_at > still_at),
        )
    return _in_order(session, wanted.where(GroupSession.starts_at < end), limit, seen_by)


def next_meetings(
    session: Session,
    community_id: uuid.UUID,
    *,
    now: dt.datetime,
    group_id: uuid.UUID | None = None,
    after: GroupSession | None = None,
    seen_by: uuid.UUID | None,
    limit: int,
) -> list[Meeting]:
    """Return the sessions that are not over, the next first.

    Args:
        session: Any session.
        community_id: The community.
        now: What ended before is over.
        group_id: Only of this group; of all where None.
        after: The one that the page before ended with, wherever it is by now.
        seen_by: The member who looks; None for a visitor, who sees what is public.
        limit: At most so many.
    """
    wanted = _of_open_groups(community_id, seen_by=seen_by).where(
        GroupSession.starts_at >= now - LONGEST, GroupSession.ends_at > now
    )
    if group_id is not None:
        wanted = wanted.where(GroupSession.group_id == group_id)
    if after is not None:
        # By both, as the list is ordered: several may begin at the same moment.
        wanted = wanted.where(
            sa.tuple_(GroupSession.starts_at, GroupSession.id)
            > sa.tuple_(
                sa.bindparam(None, after.starts_at, GroupSession.starts_at.type),
                sa.bindparam(None, after.id, GroupSession.id.type),
            )
        )
    return _in_order(session, wanted, limit, seen_by)


def my_meetings(session: Session, member: Member, *, now: dt.datetime, limit: int) -> list[Meeting]:
    """Return what is on for a member: what they signed up for, hold, or come along to."""
    signed = (
        sa.select(SignUp.session_id)
        .where(
            SignUp.community_id == member.community_id,
            SignUp.member_id == member.id,
            SignUp.state.in_(("signed", "waiting")),
        )
        .scalar_subquery()
    )
    mine = (
        sa.select(GroupMember.group_id)
        .where(
            GroupMember.community_id == member.community_id,
            GroupMember.member_id == member.id,
            GroupMember.state == "active",
        )
        .scalar_subquery()
    )
    wanted = _of_open_groups(member.community_id, seen_by=member.id).where(
        GroupSession.starts_at >= now - LONGEST,
        GroupSession.ends_at > now,
        sa.or_(
            GroupSession.id.in_(signed),
            GroupSession.host_id == member.id,
            GroupSession.group_id.in_(mine),
        ),
    )
    return _in_order(session, wanted, limit, member.id)


def groups_to_choose(
    session: Session, community_id: uuid.UUID, *, only_public: bool
) -> list[tuple[str, str]]:
    """Return short name and name of the groups that plan sessions, by name."""
    wanted = (
        sa.select(Group.slug, Group.name)
        .where(Group.community_id == community_id, Group.state == "open")
        .order_by(Group.folded, Group.id)
        .limit(GROUPS_MAX)
    )
    if only_public:
        wanted = wanted.where(Group.is_public)
    return [(row[0], row[1]) for row in session.execute(wanted)]
