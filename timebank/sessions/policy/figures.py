"""What sessions come to in figures, and which figures are too small for everybody to see.

A *contact* is one person at one session, with a name or without. A *person* is a member who was
there by name, however often. Both are kept apart: contacts must not be sold as people.
"""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from timebank.groups.policy import standing
from timebank.groups.policy.shares import split
from timebank.groups.policy.standing import Standing

#: A number of people below this is not shown in public: it could be about somebody.
SHOWN_MIN = 10


@dataclass(frozen=True, slots=True)
class Part:
    """What one group has of a session: it alone has all of it."""

    group_id: uuid.UUID
    parts: int
    contacts: int
    hosted_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What one closed session came to, of which the latest closing counts.

    Attributes:
        group_id: Whose session it is.
        is_public: Whether visitors may know of it and of its group, and so read its title.
        contacts: Everybody who was there.
        by_name: How many of them are members, with a name.
        first_timers: How many were there for the first time: known by the books, else asked.
        shares: What each group has of it, all groups that held it.
        credited_minutes: What members got in the books.
        into_pots_minutes: What pots got.
        out_of_pots_minutes: What pots gave.
    """

    session_id: uuid.UUID
    group_id: uuid.UUID
    day_on: dt.date
    title: str
    contacts: int
    by_name: int
    first_timers: int
    shares: Sequence[Part] = field(default=())
    credited_minutes: int = 0
    into_pots_minutes: int = 0
    out_of_pots_minutes: int = 0
    #: Whether other groups have a share of it that is not told of here.
    was_together: bool = False
    is_public: bool = False

    @property
    def without_name(self) -> int:
        """How many were counted without a name."""
        return self.contacts - self.by_name

    @property
    def is_shared(self) -> bool:
        """Whether several groups held it."""
        return len(self.shares) > 1

    def of(self, group_id: uuid.UUID) -> "Came":
        """Return it as one group counts it: its share of contacts and hours.

        The shares of all groups add up to the whole, to the contact and to the minute.
        """
        place = next(
            (number for number, each in enumerate(self.shares) if each.group_id == group_id), None
        )
        if place is None or not self.is_shared:
            return self
        parts = [each.parts for each in self.shares]
        mine = self.shares[place]
        return Came(
            session_id=self.session_id,
            group_id=self.group_id,
            day_on=self.day_on,
            title=self.title,
            contacts=mine.contacts,
            by_name=min(split(self.by_name, parts)[place], mine.contacts),
            first_timers=min(split(self.first_timers, parts)[place], mine.contacts),
            shares=(mine,),
            credited_minutes=split(self.credited_minutes, parts)[place],
            into_pots_minutes=split(self.into_pots_minutes, parts)[place],
            out_of_pots_minutes=split(self.out_of_pots_minutes, parts)[place],
            was_together=True,
            is_public=self.is_public,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What some sessions come to together; `people` are counted where the members are."""

    sessions: int = 0
    contacts: int = 0
    by_name: int = 0
    without_name: int = 0
    first_timers: int = 0
    hosted_minutes: int = 0
    credited_minutes: int = 0
    into_pots_minutes: int = 0
    out_of_pots_minutes: int = 0


def summed(came: Iterable[Came]) -> Figures:
    """Add up what sessions came to."""
    found = list(came)
    return Figures(
        sessions=len(found),
        contacts=sum(each.contacts for each in found),
        by_name=sum(each.by_name for each in found),
        without_name=sum(each.without_name for each in found),
        first_timers=sum(each.first_timers for each in found),
        hosted_minutes=sum(share.hosted_minutes for each in found for share in each.shares),
        credited_minutes=sum(each.credited_minutes for each in found),
        into_pots_minutes=sum(each.into_pots_minutes for each in found),
        out_of_pots_minutes=sum(each.out_of_pots_minutes for each in found),
    )


def by_month(came: Iterable[Came]) -> dict[int, Figures]:
    """Add up what sessions of one year came to in each of its months that had any."""
    months: dict[int, list[Came]] = {}
    for each in came:
        months.setdefault(each.day_on.month, []).append(each)
    return {month: summed(months[month]) for month in sorted(months)}


def by_group(came: Iterable[Came]) -> dict[uuid.UUID, Figures]:
    """Add up what sessions came to for each group; a session held together counts in each."""
    groups: dict[uuid.UUID, list[Came]] = {}
    for each in came:
        for share in each.shares:
            groups.setdefault(share.group_id, []).append(each.of(share.group_id))
    return {group_id: summed(found) for group_id, found in groups.items()}


def by_day(came: Iterable[Came], measure: Callable[[Came], int]) -> Mapping[dt.date, int]:
    """Add up something of sessions for each day."""
    found: Counter[dt.date] = Counter()
    for each in came:
        found[each.day_on] += measure(each)
    return found


def may_see_exact(who: Standing) -> bool:
    """Tell whether somebody sees small numbers and names: who holds or runs the group."""
    return standing.may_host(who)


@dataclass(frozen=True, slots=True)
class Shown:
    """A column of numbers of people as everybody may see it; None is a number that is hidden."""

    values: Sequence[int | None]
    total: int | None


def for_everybody(
    values: Sequence[int], *, also: Collection[int] = (), total_too: bool = False
) -> Shown:
    """Hide numbers that are too small, and so many beside them that none can be worked out.

    Nothing is nobody and may be said. Where a single number, or numbers that come to very little
    together, could be had by taking the others from the total, the smallest of those goes too; and
    where none is left to hide behind, so does the total.

    Args:
        values: The numbers.
        also: Places in them that have to be hidden for another reason.
        total_too: Whether the total has to be.
    """
    hidden = {place for place, value in enumerate(values) if 0 < value < SHOWN_MIN} | {*also}
    others = sorted(
        (place for place, value in enumerate(values) if value and place not in hidden),
        key=lambda place: (values[place], place),
    )
    while hidden and others and not is_covered([values[place] for place in hidden]):
        hidden.add(others.pop(0))
    total = sum(values)
    is_open = not hidden or is_covered([values[place] for place in hidden])
    return Shown(
        [None if place in hidden else value for place, value in enumerate(values)],
        total if is_open and not total_too and not 0 < total < SHOWN_MIN else None,
    )


def is_covered(hidden: Sequence[int]) -> bool:
    """Tell whether hidden numbers are several and not few people together."""
    return len(hidden) > 1 and sum(hidden) >= SHOWN_MIN


def contacts_for_everybody(came: Sequence[Came]) -> Shown:
    """Return the contacts of the months of a year as everybody may see them.

    Whoever takes the groups that can be seen from all of them must not find one that can not. So a
    month in which the small numbers of groups are not covered is hidden; and where those of the
    year are not, so are the year and the months in which these groups met.
    """
    months = by_month(came)
    small = {
        group_id for group_id, found in by_group(came).items() if 0 < found.contacts < SHOWN_MIN
    }
    year_is_open = _are_covered(came, small)
    also = set()
    for place, month in enumerate(months):
        then = [each for each in came if each.day_on.month == month]
        of_groups = by_group(then)
        few = {key for key, found in of_groups.items() if 0 < found.contacts < SHOWN_MIN}
        if not _are_covered(then, few) or (not year_is_open and small & of_groups.keys()):
            also.add(place)
    values = [found.contacts for found in months.values()]
    return for_everybody(values, also=also, total_too=not year_is_open)


def _are_covered(came: Iterable[Came], small: Collection[uuid.UUID]) -> bool:
    found = by_group(came)
    return not small or is_covered([found[key].contacts for key in small])
