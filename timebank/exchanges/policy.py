"""The life of an exchange: which moves there are, whose they are, and what silence may do.

Everything here is pure: facts go in, a verdict comes out.

An exchange is proposed, agreed, done, confirmed. While it is proposed or done, one side waits for
the other's answer: the one who is *asked* answers, the *asker* waits. The *reporter* said how long
it took. `LEGAL` is the whole truth about moves; the pages draw their buttons from it.
"""

import datetime as dt
import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from timebank.exchanges.errors import (
    AlreadyConfirmedError,
    DayOutOfRangeError,
    IllegalMoveError,
    MinutesOutOfRangeError,
    NotYourMoveError,
)
from timebank.exchanges.models import Exchange

#: Help may be reported for this long after it happened, and planned for this long ahead.
HAPPENED_DAYS_MAX = 366
PLANNED_DAYS_MAX = 366
#: What two people who never helped each other before usually take, for judging what is unusual.
USUAL_MINUTES_DEFAULT = 60
#: Silence does not confirm more than this many times the usual.
USUAL_TIMES_MAX = 2
#: The second notice comes this long before silence confirms, or at half time if that is later.
REMIND_BEFORE = dt.timedelta(days=2)
#: Hours stay set aside for this long after the planned day, and as long as silence takes on top: a
#: fortnight is enough to say that it happened, and then the other side has its time to answer.
SET_ASIDE_DAYS = 14
#: A held-up exchange is tried again after this long.
TRY_AGAIN_AFTER = dt.timedelta(days=1)


class Part(enum.Enum):
    """A part somebody plays in an exchange at this moment."""

    SIDE = "side"
    ASKED = "asked"
    ASKER = "asker"
    REPORTER = "reporter"
    COORDINATOR = "coordinator"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may make a move, and the state it leads to."""

    parts: frozenset[Part]
    state_after: str


def _rule(state_after: str, *parts: Part) -> Rule:
    return Rule(frozenset(parts), state_after)


#: Every legal move: (state, move) → who may, and what follows. What is not here is refused.
LEGAL: Mapping[tuple[str, str], Rule] = MappingProxyType(
    {
        ("proposed", "agree"): _rule("agreed", Part.ASKED),
        ("proposed", "decline"): _rule("declined", Part.ASKED),
        ("proposed", "change"): _rule("proposed", Part.SIDE),
        ("proposed", "cancel"): _rule("cancelled", Part.ASKER),
        ("agreed", "change"): _rule("proposed", Part.SIDE),
        ("agreed", "cancel"): _rule("cancelled", Part.SIDE),
        ("agreed", "report"): _rule("done", Part.SIDE),
        ("done", "confirm"): _rule("confirmed", Part.ASKED, Part.SILENCE),
        ("done", "correct"): _rule("done", Part.SIDE),
        ("done", "query"): _rule("queried", Part.ASKED),
        ("done", "cancel"): _rule("cancelled", Part.REPORTER),
        ("done", "settle"): _rule("confirmed", Part.COORDINATOR),
        ("queried", "correct"): _rule("done", Part.SIDE),
        ("queried", "cancel"): _rule("cancelled", Part.REPORTER),
        ("queried", "settle"): _rule("confirmed", Part.COORDINATOR),
    }
)


def parts_of(
    exchange: Exchange, member_id: uuid.UUID, *, is_coordinator: bool = False
) -> frozenset[Part]:
    """Name the parts a member plays; empty for an outsider.

    A coordinator who gave or received the help is a side like any other and settles nothing.
    Where both said yes and a limit is in the way, both are asked: either may try again.
    """
    if member_id not in {exchange.giver_id, exchange.receiver_id}:
        return frozenset({Part.COORDINATOR}) if is_coordinator else frozenset()
    parts = {Part.SIDE}
    held_up = exchange.held_up_at is not None
    if held_up or exchange.awaiting_id == member_id:
        parts.add(Part.ASKED)
    elif exchange.awaiting_id is not None:
        parts.add(Part.ASKER)
    if exchange.reported_by_id == member_id and not held_up:
        parts.add(Part.REPORTER)
    return frozenset(parts)


def may_see(exchange: Exchange, member_id: uuid.UUID, *, is_coordinator: bool) -> bool:
    """Tell whether a member may know of an exchange: its two sides and the coordinators."""
    return bool(parts_of(exchange, member_id, is_coordinator=is_coordinator))


def may_move(exchange: Exchange, move: str, parts: frozenset[Part]) -> bool:
    """Tell whether somebody who plays these parts may make a move now."""
    rule = LEGAL.get((exchange.state, move))
    return rule is not None and bool(rule.parts & parts)


def state_after(exchange: Exchange, move: str, parts: frozenset[Part]) -> str:
    """Return the state a move leads to.

    Raises:
        AlreadyConfirmedError: If it was confirmed before and this would confirm it.
        IllegalMoveError: If there is no such move from here.
        NotYourMoveError: If there is, for somebody else.
    """
    rule = LEGAL.get((exchange.state, move))
    if rule is None:
        if exchange.state == "confirmed" and move == "confirm":
            raise AlreadyConfirmedError(exchange.state, move)
        raise IllegalMoveError(exchange.state, move)
    if not rule.parts & parts:
        raise NotYourMoveError(exchange.state, move)
    return rule.state_after


def terms_line(exchange: Exchange) -> str:
    """Write what two people would agree on in a line, to tell later whether it is still so."""
    terms = (
        exchange.planned_on,
        exchange.part_of_day,
        exchange.agreed_minutes,
        exchange.place,
    )
    return " ".join(str(each or "-") for each in terms)


def moves_hours(basis: str, mutual_help: str) -> bool:
    """Tell whether confirming moves hours.

    Args:
        basis: How the time counts, of `models.BASES`.
        mutual_help: The community's rule, of `communities.models.MUTUAL_HELP`.
    """
    return basis == "hours" or (basis == "mutual" and mutual_help == "credited")


def other_side(exchange: Exchange, member_id: uuid.UUID) -> uuid.UUID:
    """Return the other of the two."""
    return exchange.receiver_id if member_id == exchange.giver_id else exchange.giver_id


def round_minutes(minutes: int, *, step: int, minutes_max: int) -> int:
    """Round to the community's step, half a step upwards, never to nothing.

    Raises:
        MinutesOutOfRangeError: If there are no minutes or too many for one exchange.
    """
    if not 1 <= minutes <= minutes_max:
        raise MinutesOutOfRangeError(minutes, minutes_max)
    rounded = max(step, (minutes + step // 2) // step * step)
    return rounded if rounded <= minutes_max else max(1, minutes_max // step * step)


def check_happened(day: dt.date, *, today: dt.date) -> None:
    """Refuse a day on which the help cannot have been given, or that is too long ago to say.

    Raises:
        DayOutOfRangeError: If it lies in the future or more than a year back.
    """
    first = today - dt.timedelta(days=HAPPENED_DAYS_MAX)
    if not first <= day <= today:
        raise DayOutOfRangeError(day, first, today)


def check_planned(day: dt.date, *, today: dt.date) -> None:
    """Refuse a day on which nothing can be planned any more, or not yet.

    Raises:
        DayOutOfRangeError: If it lies in the past or more than a year ahead.
    """
    last = today + dt.timedelta(days=PLANNED_DAYS_MAX)
    if not today <= day <= last:
        raise DayOutOfRangeError(day, today, last)


def is_unusual(worked_minutes: int, *, agreed_minutes: int | None, longest_minutes: int) -> bool:
    """Tell whether an amount stands out, so that only an answer may confirm it.

    Args:
        worked_minutes: What was reported.
        agreed_minutes: What the two had agreed before; None where nothing was.
        longest_minutes: The longest exchange these two have confirmed; 0 where there is none.
    """
    usual = max(agreed_minutes or USUAL_MINUTES_DEFAULT, longest_minutes)
    return worked_minutes > USUAL_TIMES_MAX * usual


def sets_aside(basis: str, setting_aside: str) -> bool:
    """Tell whether agreeing sets hours aside: only those that one of the two would spend."""
    return basis == "hours" and setting_aside == "agreed"


def set_aside_ends_at(
    planned_on: dt.date, *, today: dt.date, confirm_days: int, zone: dt.tzinfo
) -> dt.datetime:
    """Return when hours that nobody used are given back: at midnight where the community is.

    A proposal may be answered after its day; then the time is counted from the answer.
    """
    days = dt.timedelta(days=SET_ASIDE_DAYS + confirm_days + 1)
    midnight = dt.datetime.combine(max(planned_on, today) + days, dt.time.min, zone)
    return midnight.astimezone(dt.UTC)


def silence_ends_at(
    now: dt.datetime, *, confirm_days: int, may_confirm: bool
) -> dt.datetime | None:
    """Return when silence confirms what was said at `now`, or None if it never does."""
    return now + dt.timedelta(days=confirm_days) if may_confirm else None


def remind_lead(confirm_days: int) -> dt.timedelta:
    """Return how long before silence confirms the second notice is due."""
    return min(REMIND_BEFORE, dt.timedelta(days=confirm_days) / 2)
