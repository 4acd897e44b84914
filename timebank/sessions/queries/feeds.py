"""What is in somebody's calendar feed, and in a group's."""

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.groups.models import Group, GroupMember
from timebank.members.models import Member
from timebank.members.queries import hash_secret, left_since
from timebank.sessions.errors import FeedNotFoundError
from timebank.sessions.models import (
    FeedToken,
    GroupSession,
    Shift,
    SignUp,
)
from timebank.sessions.queries.planned import Meeting, meetings

#: What a feed shows of the past and of what is to come.
DAYS_BACK = 31
DAYS_AHEAD = 26 * 7
#: More than this nobody has in a calendar of half a year.
FEED_MAX = 1_000
ORDER = (GroupSession.starts_at, GroupSession.id)


@dataclass(frozen=True, slots=True)
class Dated:
    """A session in somebody's own calendar.

    Attributes:
        meeting: The session with its group and place.
        sign_up: Their sign-up to it, if there is one.
        shift: Their part in its rota, if they have one.
        is_host: Whether they hold it.
    """

    meeting: Meeting
    sign_up: SignUp | None
    shift: Shift | None
    is_host: bool

    @property
    def is_sure(self) -> bool:
        """Whether they come for certain: they do not wait for a place, nor for their own answer."""
        waits = self.sign_up is not None and self.sign_up.state == "waiting"
        asked = self.shift is not None and self.shift.state == "asked"
        return self.is_host or not (waits or asked)

    @property
    def changed_at(self) -> dt.datetime:
        """When anything about it was changed last."""
        moments = [self.meeting.session.changed_at]
        moments += [each.since_at for each in (self.sign_up, self.shift) if each is not None]
        return max(moments)


def feed_of(session: Session, member: Member) -> FeedToken | None:
    """Return a member's feed in use, or None."""
    return session.scalar(
        sa.select(FeedToken)
        .join(Member, _owner())
        .where(
            FeedToken.community_id == member.community_id,
            FeedToken.member_id == member.id,
            _in_use(),
        )
    )


def _owner() -> sa.ColumnElement[bool]:
    return sa.and_(Member.community_id == FeedToken.community_id, Member.id == FeedToken.member_id)


def _in_use() -> sa.ColumnElement[bool]:
    """Tell whether an address still leads somewhere: leaving ends it, also for who comes back."""
    return sa.and_(FeedToken.ended_at.is_(None), ~left_since(FeedToken.made_at.expression))


def feed_by_secret(
    session: Session, community_id: uuid.UUID, secret: str
) -> tuple[FeedToken, Member]:
    """Return the feed whose address holds this secret, and whose it is.

    Raises:
        FeedNotFoundError: If there is none, it was ended, or they do not belong here any more.
    """
    row = session.execute(
        sa.select(FeedToken, Member)
        .join(Member, _owner())
        .where(
            FeedToken.community_id == community_id,
            FeedToken.secret_hash == hash_secret(secret),
            _in_use(),
            Member.state.in_(("active", "paused")),
        )
    ).one_or_none()
    if row is None:
        raise FeedNotFoundError
    return row[0], row[1]


def own_dates(session: Session, feed: FeedToken, *, now: dt.datetime) -> list[Dated]:
    """Return what is in a member's own feed: what they signed up for, help with or hold, in order.

    With the feed's `has_groups`, also every session of the groups they belong to.
    """
    theirs = (
        SignUp.id.is_not(None) | Shift.id.is_not(None) | (GroupSession.host_id == feed.member_id)
    )
    if feed.has_groups:
        theirs |= GroupSession.group_id.in_(
            sa.select(GroupMember.group_id).where(
                GroupMember.community_id == feed.community_id,
                GroupMember.member_id == feed.member_id,
                GroupMember.state == "active",
            )
        )
    rows = session.execute(
        meetings()
        .add_columns(SignUp, Shift)
        .outerjoin(SignUp, _of(SignUp, feed) & SignUp.state.in_(("signed", "waiting")))
        .outerjoin(Shift, _of(Shift, feed) & Shift.state.in_(("asked", "yes")))
        .where(_within(feed.community_id, now), theirs)
        .order_by(*ORDER)
        .limit(FEED_MAX)
    )
    return [
        Dated(
            Meeting(row[0], row[1], row[2], row[3]),
            sign_up=row[4],
            shift=row[5],
            is_host=row[0].host_id == feed.member_id,
        )
        for row in rows
    ]


def _of(model: type[SignUp | Shift], feed: FeedToken) -> sa.ColumnElement[bool]:
    return sa.and_(
        model.community_id == GroupSession.community_id,
        model.session_id == GroupSession.id,
        model.member_id == feed.member_id,
    )


def public_dates(session: Session, group: Group, *, now: dt.datetime) -> list[Meeting]:
    """Return what anybody may know of a group's sessions, in order."""
    rows = session.execute(
        meetings()
        .where(
            _within(group.community_id, now),
            GroupSession.group_id == group.id,
            GroupSession.is_public.is_(True),
        )
        .order_by(*ORDER)
        .limit(FEED_MAX)
    )
    return [Meeting(row[0], row[1], row[2], row[3]) for row in rows]


def _within(community_id: uuid.UUID, now: dt.datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        GroupSession.community_id == community_id,
        GroupSession.starts_at >= now - dt.timedelta(days=DAYS_BACK),
        GroupSession.starts_at < now + dt.timedelta(days=DAYS_AHEAD),
    )
