"""What happens to a whole community of the demo: who helps whom in a week, nights, corrections."""

import datetime as dt
from random import Random
from typing import TYPE_CHECKING

from timebank.demo.script import Line
from timebank.demo.stories import (
    DAY,
    HOURS_OF_PART,
    NIGHTS_MAX,
    WEEK,
    Story,
    arranged,
    awake,
    informal,
)
from timebank.exchanges import service as exchanges
from timebank.limits import queries as at_lines
from timebank.limits import service as limits
from timebank.listings import service as listings

if TYPE_CHECKING:
    from timebank.demo.service import Director

#: How likely each day of the week is, from Monday.
DAYS_OF_WEEK = (0.9, 1.0, 1.05, 1.0, 1.0, 1.7, 1.35)
#: Chats a coordinator has in two weeks, at most.
CHATS_MAX = 40
REASONS_TO_REVERSE = (
    "Logged twice: once on paper and once here. Both agree.",
    "Meant for somebody else of the same name. Booked anew with the right one.",
    "It was half an hour, not five hours. A slip of the finger.",
    "Paid help after all: the housing office pays for it.",
)


def weeks(director: "Director", random: Random, targets: dict[dt.date, float]) -> Story:
    """Each Monday, decide who will help whom in the week."""
    stage = director.stage
    owed = 0.0
    for monday, target in targets.items():
        yield stage.at(monday, 6)
        owed += target
        for _each in range(round(owed)):
            owed -= 1
            _spontaneous(director, monday, random)


def _spontaneous(director: "Director", monday: dt.date, random: Random) -> None:
    stage = director.stage
    day = monday + dt.timedelta(days=random.choices(range(7), DAYS_OF_WEEK)[0])
    part = random.choice(tuple(HOURS_OF_PART))
    begins = stage.at(day, random.uniform(*HOURS_OF_PART[part]))
    pair = director.pair(random)
    if pair is None:
        return
    giver, receiver, line = pair
    basis = random.choices(("hours", "mutual", "paid"), (0.955, 0.03, 0.015))[0]
    if random.random() < 0.68:  # noqa: PLR2004 - two thirds are not arranged here
        director.begin(informal, giver, receiver, line, begins, basis=basis)
    else:
        director.begin(_later, begins - 4 * DAY, giver, receiver, line, basis=basis)


def _later(
    director: "Director",
    random: Random,
    moment: dt.datetime,
    giver: str,
    receiver: str,
    line: Line,
    *,
    basis: str,
) -> Story:
    with director.stage.binding(receiver, line.minutes):
        yield awake(max(moment, director.stage.now), random, director.stage.zone)
    yield from arranged(director, random, giver, receiver, line, basis=basis)


def nights(director: "Director", random: Random) -> Story:
    """What the worker does between requests: silence confirms, and ends are near."""
    stage = director.stage
    while True:
        is_near = director.ends - stage.now < 2 * WEEK
        pause = DAY if is_near else (NIGHTS_MAX - 1) * DAY
        yield stage.at(stage.today + pause, 5 + random.random() / 2)
        exchanges.confirm_silent(stage.session, stage.community, now=stage.now)
        while (member := at_lines.next_to_tell(stage.session, stage.community)) is not None:
            limits.look_at(stage.session, stage.community, member, now=stage.now)
        if is_near:
            listings.nudge_ending(stage.session, stage.now)


def readings(director: "Director", _random: Random) -> Story:
    """Every few weeks everybody has read everything, and once more some days ago."""
    while director.ends - director.stage.now > 7 * WEEK:
        yield director.stage.now + 5 * WEEK
        director.stage.read_all_notices()
    yield director.ends - 3 * DAY
    director.stage.read_all_notices()


def chats(director: "Director", random: Random) -> Story:
    """Now and then a coordinator sits down with those who came to a line; some are put off."""
    stage = director.stage
    while director.ends - stage.now > 3 * WEEK:
        yield stage.now + 2 * WEEK
        by = stage.coordinator
        for _crossing, member in at_lines.chats(
            stage.session, stage.community.id, today=stage.today, limit=CHATS_MAX
        ):
            if by is None or by.id == member.id:
                continue
            if random.random() < 0.9:  # noqa: PLR2004 - nine in ten
                limits.note_chat(stage.session, member, by=by, now=stage.now)
            else:
                limits.put_off_chat(
                    stage.session, stage.community, member, days=14, by=by, now=stage.now
                )


def reversals(director: "Director", random: Random, moments: list[dt.datetime]) -> Story:
    """A bookkeeper takes an entry back and says why."""
    stage = director.stage
    for moment, reason in zip(moments, REASONS_TO_REVERSE, strict=True):
        yield moment
        keepers = [key for key in stage.members if "treasurer" in stage.roles_of(key)]
        recent = [one for one in stage.booked[-40:] if one.reversal_id is None]
        if not keepers or not recent:
            continue
        keeper = stage.members[keepers[0]]
        sides = {keeper.id}
        others = [one for one in recent if not sides & {one.giver_id, one.receiver_id}]
        exchange = random.choice(others)
        if exchange.entry_id is not None:
            exchanges.reverse_entry(
                stage.session,
                stage.community,
                exchange.entry_id,
                by=keeper,
                reason=reason,
                now=stage.now,
            )
            giver, receiver = stage.keys_of(exchange)
            stage.minutes[giver] -= exchange.worked_minutes or 0
            stage.minutes[receiver] += exchange.worked_minutes or 0
