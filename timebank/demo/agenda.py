"""What is on in the demo when a visitor looks in: today, in the next weeks, and at Christmas."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from timebank.demo.gatherings import Gathered
from timebank.demo.holding import LEAD, MINUTE, open_door
from timebank.demo.stories import DAY, HOUR, WEEK, Story
from timebank.errors import RefusalError
from timebank.groups import queries as groups
from timebank.groups.policy.standing import Standing
from timebank.members.models import Member
from timebank.sessions import queries, service
from timebank.sessions.models import GroupSession
from timebank.sessions.service import SessionDetails

if TYPE_CHECKING:
    from timebank.demo.service import Director

Scene = Callable[["Director", Random], Story]
COORDINATOR = Standing(is_member=True, is_coordinator=True)
CHRISTMAS = (12, 24)
CHRISTMAS_DAYS = 3 * DAY
#: A rota is filled so far ahead, and so much of it.
ROTA_AHEAD = 4 * WEEK
FILLED = 0.8
#: Who cannot come to one of their dates.
SWAPS = "winston"
#: The house is open in these hours; outside of them somebody is on the line.
OPEN_HOURS = range(8, 21)
#: What is open now began so long ago at least, and lasts so long.
SINCE = 50 * MINUTE
LASTS_MINUTES = 180
#: Nothing of one day begins after this.
LAST_MINUTE = 23 * 60


@dataclass(frozen=True, slots=True)
class Extra:
    """Something a group does once, beside its series."""

    key: str
    title: str
    words: str
    is_by_phone: bool = False


def agenda(slug: str, gathered: Gathered) -> Iterator[Scene]:
    """Return the stories of what is on."""
    if slug == "grejs":
        yield _christmas("Glædelig jul. Vi ses bagefter, og kaffen er varm.")
        yield _open_now(gathered, Extra("cafe", "Åbent hus", "Kig ind, når du har lyst."), None)
        yield _later_today(
            gathered, Extra("cafe", "Strik og snak", "Tag garn med, eller lån vores."), None
        )
        yield _rota(gathered, "cafe")
        return
    yield _christmas("Christmas. The kettle is back on the 27th.")
    line = "A long night for some. We are by the phone."
    night = Extra("crisis", "Extra night line", line, is_by_phone=True)
    yield _open_now(
        gathered,
        Extra("weekend", "Kettle on", "For whoever is about and would like company."),
        night,
    )
    yield _later_today(
        gathered,
        Extra("mentors", "Tea for new mentors", "Questions nobody dared ask."),
        night,
    )
    yield _sign_ups(gathered, "mentors", waiting=3)
    yield _sign_ups(gathered, "bread", waiting=2)
    yield _moved(gathered, "mentors")
    yield _cancelled(gathered, "badminton", "The hall gets a new floor. Back the week after.")
    yield _together(gathered, "weekend", "crisis", days=-120)
    yield _together(gathered, "weekend", "crisis", days=-4)
    for key in ("weekend", "crisis"):
        yield _rota(gathered, key)


def _to_come(
    director: "Director", gathered: Gathered, key: str, *, begin: dt.datetime, end: dt.datetime
) -> list[GroupSession]:
    """Return a group's planned sessions that are on."""
    stage = director.stage
    found = queries.sessions_between(
        stage.session,
        stage.community.id,
        group_id=gathered.groups[key].id,
        begin=begin,
        end=end,
    )
    return [each for each in found if each.state == "planned" and not each.is_off]


def _christmas(words: str) -> Scene:
    """Each year a coordinator closes the three days; not if a visitor looks in on one of them."""

    def story(director: "Director", _random: Random) -> Story:
        stage = director.stage
        last = director.ends.astimezone(stage.zone).date()
        for year in range(director.begins.year, last.year + 2):
            first = dt.date(year, *CHRISTMAS)
            until = first + CHRISTMAS_DAYS - DAY
            told = min(stage.at(first - 30 * DAY, 18), director.ends - 9 * DAY)
            if first <= last <= until or told < director.begins or first > last + 26 * WEEK:
                continue
            yield told
            by = stage.coordinator
            if by is not None:
                service.close_days(
                    stage.session,
                    stage.community,
                    None,
                    from_on=first,
                    until_on=until,
                    words=words,
                    by=by,
                    who=COORDINATOR,
                    now=stage.now,
                )

    return story


# ------------------------------------------------------------------------------------ today


def _open_now(gathered: Gathered, by_day: Extra, by_night: Extra | None) -> Scene:
    """Whenever a visitor looks in, a door is open and people are there."""

    def story(director: "Director", random: Random) -> Story:
        stage = director.stage
        yield director.ends - 4 * HOUR
        local = (director.ends - SINCE).astimezone(stage.zone)
        extra = by_day if local.hour in OPEN_HOURS else by_night
        if extra is None or extra.key not in gathered.groups:
            return
        planned = _on_now(director, gathered, extra.key) or _plan_now(director, gathered, extra)
        yield max(stage.now, planned.starts_at)
        lead, *others = (
            stage.members[each] for each in gathered.people[extra.key] if stage.is_here(each)
        )
        there = random.sample(others, k=min(len(others), 7))
        held = open_door(director, planned, [lead, *there[:1]], there[1:], now=stage.now)
        for tap, number in enumerate((4, 2, 5)):
            service.count(
                stage.session,
                held,
                number,
                client_key=uuid.UUID(int=planned.id.int ^ (tap + 1)),
                by=lead,
                who=LEAD,
                now=stage.now,
                first_timers=1,
            )

    return story


def _on_now(director: "Director", gathered: Gathered, key: str) -> GroupSession | None:
    """Return what a group's series has on at this very moment, so that nothing is doubled."""
    begin = director.ends - 8 * HOUR
    for each in _to_come(director, gathered, key, begin=begin, end=director.ends - 10 * MINUTE):
        if each.ends_at > director.ends + 20 * MINUTE:
            return each
    return None


def _plan_now(director: "Director", gathered: Gathered, extra: Extra) -> GroupSession:
    local = (director.ends - SINCE).astimezone(director.stage.zone)
    minute = local.hour * 60 + local.minute // 30 * 30
    return _plan_extra(director, gathered, extra, local.date(), minute, LASTS_MINUTES)


def _later_today(gathered: Gathered, by_day: Extra, by_night: Extra | None) -> Scene:
    """Something is on later today, unless the day is nearly over."""

    def story(director: "Director", _random: Random) -> Story:
        stage = director.stage
        yield director.ends - 30 * HOUR
        local = director.ends.astimezone(stage.zone)
        minute = (local.hour * 60 + local.minute + 90) // 30 * 30
        extra = by_day if minute // 60 in OPEN_HOURS else by_night
        if minute >= LAST_MINUTE or extra is None or extra.key not in gathered.groups:
            return
        _plan_extra(director, gathered, extra, local.date(), minute, 60)

    return story


def _plan_extra(
    director: "Director",
    gathered: Gathered,
    extra: Extra,
    day_on: dt.date,
    starts_minute: int,
    length_minutes: int,
) -> GroupSession:
    stage, group = director.stage, gathered.groups[extra.key]
    return service.plan_session(
        stage.session,
        stage.community,
        group,
        SessionDetails(
            title=extra.title,
            words=extra.words,
            venue_id=None if extra.is_by_phone else group.venue_id,
            setting="phone" if extra.is_by_phone else "community",
            is_public=not extra.is_by_phone,
        ),
        day_on=day_on,
        starts_minute=starts_minute,
        length_minutes=length_minutes,
        who=LEAD,
        now=stage.now,
    )


# ---------------------------------------------------------------------------- the next weeks


def _sign_ups(gathered: Gathered, key: str, *, waiting: int) -> Scene:
    """The next date that one signs up for is full, and some wait."""

    def story(director: "Director", random: Random) -> Story:
        stage = director.stage
        yield director.ends - 5 * DAY
        group = gathered.groups[key]
        begin = director.ends + 6 * HOUR
        dates = _to_come(director, gathered, key, begin=begin, end=begin + 26 * WEEK)
        planned = next(each for each in dates if each.sign_up == "sign-up")
        people = [each for each in gathered.people[key] if stage.is_here(each)]
        random.shuffle(people)
        for member_key in people[: (planned.capacity or 0) + waiting]:
            service.sign_up(stage.session, group, planned, stage.members[member_key], now=stage.now)

    return story


def _moved(gathered: Gathered, key: str) -> Scene:
    """One date is a day later than it would be."""

    def story(director: "Director", _random: Random) -> Story:
        stage = director.stage
        yield director.ends - 50 * HOUR
        group = gathered.groups[key]
        begin = director.ends + 4 * DAY
        dates = _to_come(director, gathered, key, begin=begin, end=begin + 8 * WEEK)
        planned = next(each for each in dates if each.sign_up == "drop-in")
        time = service.time_of(stage.community, planned)
        service.change_session(
            stage.session,
            stage.community,
            group,
            planned,
            service.details_of(planned),
            replace(time, day_on=time.day_on + DAY),
            by=groups.leads(stage.session, group)[0],
            who=LEAD,
            now=stage.now,
        )

    return story


def _cancelled(gathered: Gathered, key: str, words: str) -> Scene:
    """One date does not take place, and it says why."""

    def story(director: "Director", _random: Random) -> Story:
        stage = director.stage
        yield director.ends - 26 * HOUR
        group = gathered.groups[key]
        begin = director.ends + 5 * DAY
        planned = _to_come(director, gathered, key, begin=begin, end=begin + 4 * WEEK)[0]
        service.cancel_session(
            stage.session,
            group,
            planned,
            words,
            by=groups.leads(stage.session, group)[0],
            who=LEAD,
            now=stage.now,
        )

    return story


def _together(gathered: Gathered, key: str, other_key: str, *, days: int) -> Scene:
    """Two connected groups hold the next date together, and share what it comes to."""

    def story(director: "Director", _random: Random) -> Story:
        stage = director.stage
        yield director.ends + days * DAY
        group, other = gathered.groups[key], gathered.groups[other_key]
        begin = stage.now + 5 * DAY
        planned = _to_come(director, gathered, key, begin=begin, end=begin + 2 * WEEK)[0]
        row = service.ask_partner(
            stage.session,
            planned,
            group,
            other,
            by=groups.leads(stage.session, group)[0],
            who=LEAD,
            who_there=Standing(is_member=True),
            now=stage.now,
        )
        yield stage.now + 20 * HOUR
        service.answer_partner(
            stage.session,
            row,
            planned,
            group,
            other,
            yes=True,
            by=groups.leads(stage.session, other)[0],
            who_there=LEAD,
            now=stage.now,
        )

    return story


def _rota(gathered: Gathered, key: str) -> Scene:
    """Names go down for the next weeks; some places stay free, and somebody looks for a swap."""

    def story(director: "Director", random: Random) -> Story:
        stage = director.stage
        yield director.ends - DAY
        group = gathered.groups.get(key)
        if group is None:
            return
        begin = director.ends + 3 * HOUR
        dates = _to_come(director, gathered, key, begin=begin, end=begin + ROTA_AHEAD)
        series_ids = [series.id for series in gathered.series.get(key, ())]
        roles = queries.roles_of(stage.session, stage.community.id, series_ids=series_ids)
        people = [stage.members[each] for each in gathered.people[key] if stage.is_here(each)]
        for planned in dates:
            for role in roles:
                if role.series_id != planned.series_id:
                    continue
                names = random.sample(people, k=min(len(people), role.needed))
                _put_down(director, random, planned, role.id, names)
        if stage.is_here(SWAPS):
            _ask_to_swap(director, dates, stage.members[SWAPS])

    return story


def _put_down(
    director: "Director",
    random: Random,
    planned: GroupSession,
    role_id: uuid.UUID,
    people: Sequence[Member],
) -> None:
    stage = director.stage
    group = groups.by_id(stage.session, planned.community_id, planned.group_id)
    for member in people:
        if random.random() > FILLED:
            continue
        try:
            with stage.session.begin_nested():
                service.put_name_down(
                    stage.session, group, planned, role_id, by=member, now=stage.now
                )
        except RefusalError:
            # They are elsewhere at that time, or on this rota already: the place stays free.
            continue


def _ask_to_swap(director: "Director", dates: Sequence[GroupSession], member: Member) -> None:
    """Let somebody ask everybody to take over the last of their dates."""
    stage = director.stage
    for planned in reversed(dates):
        part = queries.shift_of(stage.session, planned, member.id)
        if part is not None and part.state == "yes":
            group = groups.by_id(stage.session, planned.community_id, planned.group_id)
            service.ask_to_swap(
                stage.session, group, planned, part, asked=None, by=member, now=stage.now
            )
            return
