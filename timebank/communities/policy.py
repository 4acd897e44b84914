"""What a community's own words and numbers must look like."""

import itertools
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Protocol
from zoneinfo import available_timezones

from timebank.communities.errors import LimitsOutOfOrderError
from timebank.communities.models import LIMITS, SLUG_LENGTH_MAX

#: Fewer letters than this are in the name of any town.
TOWN_LENGTH_MIN = 3
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def is_slug(text: str) -> bool:
    """Tell whether a short name can stand in an address: small letters, digits, single hyphens."""
    return len(text) <= SLUG_LENGTH_MAX and _SLUG.fullmatch(text) is not None


def is_time_zone(name: str) -> bool:
    """Tell whether this machine knows a time zone of this name."""
    return name in available_timezones()


def time_zones_like(text: str) -> list[str]:
    """Return time zones that somebody may mean who types a town, at most three."""
    wanted = text.strip().casefold().replace(" ", "_")
    found = [
        name
        for name in sorted(available_timezones())
        if len(wanted) >= TOWN_LENGTH_MIN and wanted in name.rpartition("/")[2].casefold()
    ]
    return sorted(found, key=len)[:3]


@dataclass(frozen=True, slots=True)
class Rewording:
    """Lines of a text that are new, and lines that are gone, each in their order."""

    new: tuple[str, ...]
    gone: tuple[str, ...]


def rewording(before: str, after: str) -> Rewording:
    """Return what became of a text, line by line; white space and empty lines do not count."""
    old, now = _lines(before), _lines(after)
    new: list[str] = []
    gone: list[str] = []
    for kind, old_from, old_to, now_from, now_to in SequenceMatcher(
        None, old, now, autojunk=False
    ).get_opcodes():
        if kind != "equal":
            gone += old[old_from:old_to]
            new += now[now_from:now_to]
    return Rewording(tuple(new), tuple(gone))


def _lines(text: str) -> list[str]:
    return [tidied for line in text.splitlines() if (tidied := " ".join(line.split()))]


class HasLimits(Protocol):
    """Whatever has the six lines: a community, a member's own, or the figures alone."""

    @property
    def floor_minutes(self) -> int | None:
        """No more help for hours below this."""
        ...

    @property
    def floor_soft_minutes(self) -> int | None:
        """A coordinator has a chat from here down."""
        ...

    @property
    def floor_nudge_minutes(self) -> int | None:
        """We drop a line from here down."""
        ...

    @property
    def ceiling_nudge_minutes(self) -> int | None:
        """We drop a line from here up."""
        ...

    @property
    def ceiling_soft_minutes(self) -> int | None:
        """A coordinator has a chat from here up."""
        ...

    @property
    def ceiling_minutes(self) -> int | None:
        """No more hours above this."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far a balance may go either way, and where somebody says something before that.

    Attributes:
        floor_minutes: No more help is received for hours below this; None for no stop.
        floor_soft_minutes: From here down a coordinator has a chat; None for never.
        floor_nudge_minutes: From here down we drop a line; None for never.
        ceiling_nudge_minutes: From here up we drop a line.
        ceiling_soft_minutes: From here up a coordinator has a chat.
        ceiling_minutes: No more hours are earned above this.

    Raises:
        LimitsOutOfOrderError: If a line that says more comes before one that says less.
    """

    floor_minutes: int | None
    floor_soft_minutes: int | None
    floor_nudge_minutes: int | None
    ceiling_nudge_minutes: int | None
    ceiling_soft_minutes: int | None
    ceiling_minutes: int | None

    def __post_init__(self) -> None:
        """Refuse lines in the wrong order, so that no table ever has to."""
        for side in (LIMITS[:3], LIMITS[3:]):
            drawn = [
                (getattr(self, name), name) for name in side if getattr(self, name) is not None
            ]
            for (lower, low_name), (upper, high_name) in itertools.pairwise(drawn):
                if lower > upper:
                    raise LimitsOutOfOrderError(low_name, high_name)

    @property
    def by_name(self) -> dict[str, int | None]:
        """The lines by the names of their columns."""
        return {name: getattr(self, name) for name in LIMITS}


def limits_of(row: HasLimits) -> Limits:
    """Return the lines that stand in a row."""
    return Limits(**{name: getattr(row, name) for name in LIMITS})
