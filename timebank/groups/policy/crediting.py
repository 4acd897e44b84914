"""What a session moves in the books, by the group's rule. Pure: facts in, legs out.

One hour is one hour: whoever is credited gets a minute for each minute they gave, whatever their
part and whatever the rule. Paid staff are recorded and neither credited nor charged.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from timebank.groups.errors import RuleDoesNotAddUpError, RuleForThePastError
from timebank.groups.models import (
    ACTIVITIES,
    CREDITING_KINDS,
    MINUTES_OF_AN_HOUR,
    CreditingRule,
)
from timebank.groups.policy.shares import Leg, pour, split


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a crediting rule says; see `models.CreditingRule`."""

    kind: str = "unpaid"
    activity: str = "drop-in"
    pot_minutes: int = 0
    cost_minutes: int = 0
    is_shared_evenly: bool = False
    credits_participants: bool = False


#: What holds while a group has written no rule: everything is recorded, nothing moves.
NO_RULE = Terms()


@dataclass(frozen=True, slots=True)
class Attendance:
    """Somebody known who was there.

    Attributes:
        code: Their account.
        minutes: How long; less than one moves nothing.
        is_host: Whether they held the session, and did not only take part.
        is_paid: Whether somebody pays them for being there.
    """

    code: str
    minutes: int
    is_host: bool = False
    is_paid: bool = False


@dataclass(frozen=True, slots=True)
class PotShare:
    """A pot that has a part in a session, and how many parts: one alone has one."""

    code: str
    parts: int = 1


def terms_of(rule: CreditingRule | None) -> Terms:
    """Return what a rule says; without one, that nothing moves."""
    if rule is None:
        return NO_RULE
    return Terms(
        kind=rule.kind,
        activity=rule.activity,
        pot_minutes=rule.pot_minutes,
        cost_minutes=rule.cost_minutes,
        is_shared_evenly=rule.is_shared_evenly,
        credits_participants=rule.credits_participants,
    )


def check_terms(terms: Terms) -> None:
    """Refuse a rule that does not add up, with the first thing that is wrong.

    Raises:
        RuleDoesNotAddUpError: `reason` says what.
    """
    pays = terms.kind == "participants"
    wrong = {
        "unknown": terms.kind not in CREDITING_KINDS or terms.activity not in ACTIVITIES,
        "more than an hour": not (
            0 <= terms.pot_minutes <= MINUTES_OF_AN_HOUR
            and 0 <= terms.cost_minutes <= MINUTES_OF_AN_HOUR
        ),
        "pot share from nowhere": terms.pot_minutes > 0 and terms.kind != "activity",
        "credit from nowhere": terms.credits_participants and terms.kind != "activity",
        "cost for nothing": (terms.cost_minutes > 0 or terms.is_shared_evenly) and not pays,
        "nobody pays": pays and not terms.cost_minutes and not terms.is_shared_evenly,
        "paid twice": pays and terms.cost_minutes > 0 and terms.is_shared_evenly,
    }
    for reason, is_wrong in wrong.items():
        if is_wrong:
            raise RuleDoesNotAddUpError(reason)


def check_begins(applies_from_on: dt.date, *, today: dt.date) -> None:
    """Refuse a rule for days that are over: what was held by then stays as it was posted.

    Raises:
        RuleForThePastError: If it is one.
    """
    if applies_from_on < today:
        raise RuleForThePastError


def source_of(terms: Terms) -> str:
    """Return the account that recognised hours come from."""
    return f"activity-{terms.activity}"


def category_of(terms: Terms) -> str:
    """Return what the books say a session's hours were for."""
    return f"session.{terms.activity}"


def entry_kind(terms: Terms) -> str:
    """Return the kind of entry a session is in the books."""
    return {"pot": "grant", "participants": "exchange"}.get(terms.kind, "activity")


def legs_of(
    terms: Terms, attendances: Iterable[Attendance], pots: Sequence[PotShare]
) -> tuple[Leg, ...]:
    """Work out what a session moves: legs that add up, the same each time.

    Args:
        terms: The rule.
        attendances: Who was there. Somebody may come twice; their minutes are added.
        pots: The group's pot, or those of all groups that held it, each with its agreed parts.

    Returns:
        Payer, payee and minutes of each leg; empty where nothing moves.

    Raises:
        RuleDoesNotAddUpError: If the rule itself does not.
    """
    check_terms(terms)
    there = list(attendances)
    hosts = _minutes_by_code(each for each in there if each.is_host)
    guests = _minutes_by_code(each for each in there if not each.is_host)
    return _MAKERS[terms.kind](terms, hosts, guests, pots)


_Minutes = list[tuple[str, int]]


def _minutes_by_code(attendances: Iterable[Attendance]) -> _Minutes:
    """Add up who gave or took how long; paid staff and no time at all are left out."""
    found: dict[str, int] = {}
    for each in attendances:
        if each.minutes > 0 and not each.is_paid:
            found[each.code] = found.get(each.code, 0) + each.minutes
    return sorted(found.items())


def _sum(minutes: _Minutes) -> int:
    return sum(each for _code, each in minutes)


def _of_hours(whole: int, minutes_an_hour: int) -> int:
    """Take so many minutes of each hour, to the nearest minute; halves go up."""
    return (2 * whole * minutes_an_hour + MINUTES_OF_AN_HOUR) // (2 * MINUTES_OF_AN_HOUR)


def _shared(whole: int, pots: Sequence[PotShare]) -> _Minutes:
    """Divide minutes among the pots by their parts."""
    shares = split(whole, [pot.parts for pot in pots])
    return [(pot.code, share) for pot, share in zip(pots, shares, strict=True)]


def _recognised(
    terms: Terms, hosts: _Minutes, guests: _Minutes, pots: Sequence[PotShare]
) -> tuple[Leg, ...]:
    source = source_of(terms)
    credited = hosts + (guests if terms.credits_participants else [])
    for_pots = _shared(_of_hours(_sum(hosts), terms.pot_minutes), pots)
    return tuple((source, code, minutes) for code, minutes in [*credited, *for_pots] if minutes)


def _from_the_pot(
    _terms: Terms, hosts: _Minutes, _guests: _Minutes, pots: Sequence[PotShare]
) -> tuple[Leg, ...]:
    return pour(_shared(_sum(hosts), pots), hosts)


def _from_participants(
    terms: Terms, hosts: _Minutes, guests: _Minutes, pots: Sequence[PotShare]
) -> tuple[Leg, ...]:
    """Participants give to the pot and the pot pays the hosts; a surplus stays in it.

    Where nobody known took part there is nobody to share with, and the pot pays as it can.
    """
    if terms.is_shared_evenly:
        shares = split(_sum(hosts), [1] * len(guests)) if guests else ()
    else:
        shares = tuple(_of_hours(minutes, terms.cost_minutes) for _code, minutes in guests)
    paid = [(code, share) for (code, _time), share in zip(guests, shares, strict=False) if share]
    into_pots = pour(paid, _shared(_sum(paid), pots))
    return into_pots + pour(_shared(_sum(hosts), pots), hosts)


def _donated(
    terms: Terms, hosts: _Minutes, _guests: _Minutes, pots: Sequence[PotShare]
) -> tuple[Leg, ...]:
    """Hosts are credited and give it to the pot at once: both stand on their statement."""
    source = source_of(terms)
    credited = tuple((source, code, minutes) for code, minutes in hosts)
    return credited + pour(hosts, _shared(_sum(hosts), pots))


def _nothing(
    _terms: Terms, _hosts: _Minutes, _guests: _Minutes, _pots: Sequence[PotShare]
) -> tuple[Leg, ...]:
    return ()


_MAKERS = {
    "activity": _recognised,
    "pot": _from_the_pot,
    "participants": _from_participants,
    "donated": _donated,
    "unpaid": _nothing,
}
