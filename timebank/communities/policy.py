"""What a community's own words and numbers must look like."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from zoneinfo import available_timezones

from timebank.communities.models import SLUG_LENGTH_MAX

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def is_slug(text: str) -> bool:
    """Tell whether a short name can stand in an address: small letters, digits, single hyphens."""
    return len(text) <= SLUG_LENGTH_MAX and _SLUG.fullmatch(text) is not None


def is_time_zone(name: str) -> bool:
    """Tell whether this machine knows a time zone of this name."""
    return name in available_timezones()


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
