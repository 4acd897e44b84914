"""What there is to say about the books: the last check, the last nights, and who holds hours."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.hours import auditing, proofs
from timebank.hours import queries as hours
from timebank.hours.models import BooksCheck

#: Of several checks in one night the worst counts.
WORST_FIRST: Final = ("wrong", "stopped", "right")
#: A night without a check, in the strip.
NO_CHECK: Final = "none"


@dataclass(frozen=True, slots=True)
class Standing:
    """How the books stand.

    Attributes:
        checks: The last that have ended, the newest first.
        latest: The newest of them.
        whole: The newest of them that was to read all years.
        waiting: The one that waits or runs.
        nights: What came of each of the last nights, the oldest first.
        sealed_at: When the books were last sealed.
        sealed_size: Entries under that seal.
    """

    checks: Sequence[BooksCheck]
    latest: BooksCheck | None
    whole: BooksCheck | None
    waiting: BooksCheck | None
    nights: Sequence[tuple[dt.date, str]]
    sealed_at: dt.datetime | None
    sealed_size: int


def standing(session: Session, community: Community, *, now: dt.datetime) -> Standing:
    """Return how the books of a community stand."""
    found = auditing.lately(session, community.id)
    ended = [check for check in found if check.ended_at is not None]
    today = community.day_of(now)
    first = today - dt.timedelta(days=auditing.NIGHTS - 1)
    sealed = proofs.latest(session, community.id)
    return Standing(
        checks=ended,
        latest=next(iter(ended), None),
        whole=next((check for check in ended if check.is_whole), None),
        waiting=next((check for check in found if check.ended_at is None), None),
        nights=list(_by_night(ended, community, first, today)),
        sealed_at=sealed.signed_at if sealed else None,
        sealed_size=sealed.size if sealed else 0,
    )


def _by_night(
    found: Sequence[BooksCheck], community: Community, first: dt.date, last: dt.date
) -> Iterable[tuple[dt.date, str]]:
    came: dict[dt.date, set[str]] = {}
    for check in found:
        came.setdefault(community.day_of(check.asked_at), set()).add(check.outcome or NO_CHECK)
    for number in range((last - first).days + 1):
        on = first + dt.timedelta(days=number)
        outcomes = came.get(on, set())
        yield on, next((each for each in WORST_FIRST if each in outcomes), NO_CHECK)


@dataclass(frozen=True, slots=True)
class Sides:
    """Hours above zero, and hours below: two lists that come to the same.

    Attributes:
        held: Who holds hours: kind or source, and minutes.
        given: Where they came from: kind or source, and minutes.
    """

    held: Sequence[tuple[str, int]]
    given: Sequence[tuple[str, int]]

    @property
    def held_minutes(self) -> int:
        """What those who hold hours hold together."""
        return sum(minutes for _name, minutes in self.held)

    @property
    def total_minutes(self) -> int:
        """All accounts together: zero, if the book is sound."""
        return self.held_minutes - sum(minutes for _name, minutes in self.given)


def sides(session: Session, community_id: uuid.UUID) -> Sides:
    """Return who holds hours and where they came from; the names are kinds, or codes of sources."""
    found = hours.holdings(session, community_id)
    plus: Mapping[str, int] = {each.code or each.kind: each.plus_minutes for each in found}
    minus: Mapping[str, int] = {each.code or each.kind: -each.minus_minutes for each in found}
    return Sides(_largest_first(plus), _largest_first(minus))


def _largest_first(minutes: Mapping[str, int]) -> list[tuple[str, int]]:
    some = [(name, count) for name, count in minutes.items() if count]
    return sorted(some, key=lambda each: (-each[1], each[0]))
