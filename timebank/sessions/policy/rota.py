"""What a rota says: who has which role, where somebody is missing, and at which hours."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from timebank.groups.policy import standing
from timebank.groups.policy.standing import Standing
from timebank.sessions.models import GroupSession

#: A gap that opens later than this before the beginning is told to those who run the group.
NEAR = dt.timedelta(days=3)
#: Weekday (0 is Monday) and hour of the day on the clock on the wall.
HourOfWeek = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role at one session, with how many are needed there."""

    id: uuid.UUID
    name: str
    needed: int
    is_hosting: bool = False
    is_open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Somebody on a rota.

    Attributes:
        role_id: What they do; None for the named host of a session whose roles have none for it.
        state: "asked" or "yes".
        is_paid: Whether somebody pays them for being there.
        shift_id: Their part; None for the named host, who is on the rota without one.
        is_swapping: Whether they look for somebody to take it over.
    """

    member_id: uuid.UUID
    first_name: str
    number: int
    role_id: uuid.UUID | None
    state: str = "yes"
    is_paid: bool = False
    shift_id: uuid.UUID | None = None
    is_swapping: bool = False


@dataclass(frozen=True, slots=True)
class Cover:
    """A role at one session and who has it.

    Attributes:
        coming: Who comes.
        asked: Who was asked and has not answered; they fill no place yet.
    """

    role: Role
    coming: Sequence[Hand]
    asked: Sequence[Hand]

    @property
    def missing(self) -> int:
        """How many more it takes."""
        return max(0, self.role.needed - len(self.coming))

    @property
    def filled(self) -> int:
        """How many places are taken; more hands than places fill no more."""
        return min(self.role.needed, len(self.coming))


@dataclass(frozen=True, slots=True)
class Roster:
    """All who are on the rota of one session.

    Attributes:
        covers: Its roles, in their order.
        host: The named host where no role takes them up.
        lacks_staff: Whether the group needs somebody paid there, and nobody who is comes.
    """

    covers: Sequence[Cover]
    host: Hand | None
    lacks_staff: bool

    @property
    def needed(self) -> int:
        """How many places there are."""
        return sum(cover.role.needed for cover in self.covers)

    @property
    def filled(self) -> int:
        """How many of them are taken."""
        return sum(cover.filled for cover in self.covers)

    @property
    def missing(self) -> int:
        """How many more it takes in all roles; somebody paid who is missing counts as one."""
        return sum(cover.missing for cover in self.covers) + self.lacks_staff

    @property
    def coming(self) -> list[Hand]:
        """Who comes, each once."""
        there = [hand for cover in self.covers for hand in cover.coming]
        return there if self.host is None else [self.host, *there]


def roster(
    roles: Sequence[Role], hands: Iterable[Hand], *, host: Hand | None, needs_staff: bool
) -> Roster:
    """Put everybody where they belong.

    Args:
        roles: What the session needs, in order.
        hands: Who was asked or comes. Whoever has a role that is not needed any more still comes.
        host: Who is named as the session's host; they fill a place of the first hosting role, and
            are not counted twice where they have a part on the rota as well.
        needs_staff: Whether the group opens only while somebody paid is there.
    """
    there = list(hands)
    if host is not None and any(hand.member_id == host.member_id for hand in there):
        host = None
    hosting = next((role for role in roles if role.is_hosting and role.needed), None)
    covers = []
    for role in roles:
        own = [hand for hand in there if hand.role_id == role.id]
        coming = [hand for hand in own if hand.state == "yes"]
        if host is not None and role is hosting:
            coming.insert(0, host)
        asked = [hand for hand in own if hand.state == "asked"]
        if role.needed or coming or asked:
            covers.append(Cover(role, coming, asked))
    left = host if hosting is None else None
    made = Roster(covers, left, lacks_staff=False)
    lacks = needs_staff and not any(hand.is_paid for hand in made.coming)
    return Roster(covers, left, lacks_staff=lacks)


def may_plan(who: Standing) -> bool:
    """Tell whether somebody says what a rota needs and puts others down: who runs the group."""
    return standing.may_run(who)


def may_see(who: Standing) -> bool:
    """Tell whether somebody sees a rota: whoever may see who is in the group."""
    return standing.may_see_people(who)


def is_to_come(planned: GroupSession, *, now: dt.datetime) -> bool:
    """Tell whether the rota of a session can still change: it takes place, and has not begun."""
    return planned.state == "planned" and not planned.is_off and planned.starts_at > now


def is_near(starts_at: dt.datetime, *, now: dt.datetime) -> bool:
    """Tell whether a session begins so soon that a gap has to be told."""
    return starts_at - now <= NEAR


def minutes_by_hour(
    starts_at: dt.datetime, ends_at: dt.datetime, zone: ZoneInfo
) -> Counter[HourOfWeek]:
    """Divide a time among the hours of a week, each minute once, also past midnight.

    The hours are those on the clock on the wall. Together they are as long as the time is: in the
    night on which the clocks go back an hour of the day gets up to 120 minutes.
    """
    found: Counter[HourOfWeek] = Counter()
    moment = starts_at
    while moment < ends_at:
        local = moment.astimezone(zone)
        until = min(ends_at, moment + dt.timedelta(minutes=60 - local.minute))
        found[local.weekday(), local.hour] += int((until - moment).total_seconds()) // 60
        moment = until
    return found


@dataclass(frozen=True, slots=True)
class HourCover:
    """How an hour of the week is covered: minutes of people, over all sessions that touch it."""

    needed_minutes: int
    filled_minutes: int


def cover_by_hour(
    rosters: Iterable[tuple[dt.datetime, dt.datetime, Roster]], zone: ZoneInfo
) -> Mapping[HourOfWeek, HourCover]:
    """Add up how the hours of a week are covered; an hour in which nobody is needed is left out."""
    needed: Counter[HourOfWeek] = Counter()
    filled: Counter[HourOfWeek] = Counter()
    for starts_at, ends_at, each in rosters:
        for hour, minutes in minutes_by_hour(starts_at, ends_at, zone).items():
            needed[hour] += minutes * each.needed
            filled[hour] += minutes * each.filled
    return {
        hour: HourCover(minutes, filled[hour])
        for hour, minutes in sorted(needed.items())
        if minutes
    }
