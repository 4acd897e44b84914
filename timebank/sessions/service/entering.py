"""Bring in sessions that were held and written down elsewhere: plan, count and close at once."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.db import new_id
from timebank.groups.errors import GroupEndedError
from timebank.groups.models import Group
from timebank.groups.policy.standing import Standing
from timebank.members.models import Member
from timebank.sessions import queries
from timebank.sessions.errors import (
    ListedAnotherTimeError,
    NotOverYetError,
    OpenRightNowError,
    SeveralThatDayError,
)
from timebank.sessions.models import GroupSession, SessionClosing
from timebank.sessions.policy import when
from timebank.sessions.service.closing import Came, close_session
from timebank.sessions.service.counting import count
from timebank.sessions.service.door import Arrival, check_in_all
from timebank.sessions.service.planning import SessionDetails, plan_session, zone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A session as a list has it.

    Attributes:
        title: What it is called, where it is not planned yet.
        day_on: Its day.
        starts_minute: When it begins, where it is not planned yet.
        is_timed: Whether the list says so itself; then a session at another time is another one.
        length_minutes: How long it lasts, where it is not planned yet.
        arrivals: Who was there by name.
        nameless: How many without a name.
        first_timers: How many of those for the first time.
    """

    title: str
    day_on: dt.date
    starts_minute: int
    length_minutes: int
    is_timed: bool = False
    arrivals: Sequence[Arrival] = ()
    nameless: int = 0
    first_timers: int = 0


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of a session of a list.

    Attributes:
        closing: What it came to; None where it had been closed before and stays as it is.
        kept_out: Who was left out: those who run the group know more.
        was_planned: Whether the group had planned it here.
    """

    closing: SessionClosing | None
    kept_out: Sequence[Member] = ()
    was_planned: bool = False


def enter_held(
    session: Session,
    community: Community,
    group: Group,
    listed: Listed,
    *,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> Entered:
    """Enter a session that was held: it is closed, and its hours posted by the rule of that day.

    A list says that it was held and who was there, so nobody has to be on duty and nobody hears
    the ground rules with it. One that was closed before stays as it is: the same list may come
    again.

    Args:
        session: The open unit of work; never committed here.
        community: Whose books.
        group: Whose session.
        listed: The session.
        by: Who answers for the list.
        who: What `by` is to the group.
        now: When.

    Raises:
        NotYoursToPlanError, GroupEndedError, LengthError, ClosedThatDayError: As for
            `plan_session`.
        NotOverYetError: If it is still to come, or not over.
        OpenRightNowError: If its door is open.
        SeveralThatDayError: If the group has several that day and the list names no time.
        ListedAnotherTimeError: If what was planned for that day was called off.
        TooFewHoursError, RefusalError: As for `close_session`.
    """
    if not group.is_open:
        raise GroupEndedError
    there = _planned(session, community, group, listed)
    was_planned = there is not None
    if there is None:
        there = plan_session(
            session,
            community,
            group,
            SessionDetails(title=listed.title),
            day_on=listed.day_on,
            starts_minute=listed.starts_minute,
            length_minutes=listed.length_minutes,
            who=who,
            now=now,
        )
    if there.state == "closed":
        return Entered(None, was_planned=True)
    if there.state == "open":
        raise OpenRightNowError
    if there.ends_at > now:
        raise NotOverYetError
    there.state, there.opened_at, there.opened_by_id = "open", now, by.id
    session.flush()
    held = queries.held(session, community.id, there.id)
    kept_out = check_in_all(session, held, listed.arrivals, way="list", by=None, who=None, now=now)
    if listed.nameless:
        count(
            session,
            held,
            listed.nameless,
            client_key=new_id(),
            way="list",
            by=by,
            who=who,
            now=now,
            first_timers=listed.first_timers,
        )
    closing = close_session(session, community, held, Came(), by=None, who=None, now=now)
    return Entered(closing, kept_out, was_planned)


def _planned(
    session: Session, community: Community, group: Group, listed: Listed
) -> GroupSession | None:
    """Return the session that the list means, where the group has it here; or None."""
    zone = zone_of(community)
    that_day = [
        each
        for each in queries.sessions_between(
            session,
            community.id,
            group_id=group.id,
            begin=when.begin_of(listed.day_on, zone),
            end=when.begin_of(listed.day_on + dt.timedelta(days=1), zone),
        )
        if not listed.is_timed or when.minute_of(each.starts_at, zone) == listed.starts_minute
    ]
    held = [each for each in that_day if not each.is_off]
    if len(held) > 1:
        raise SeveralThatDayError
    if that_day and not held:
        raise ListedAnotherTimeError
    return held[0] if held else None
