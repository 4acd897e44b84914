"""What a community's own words and numbers must look like."""

import re
from zoneinfo import available_timezones

from timebank.communities.models import SLUG_LENGTH_MAX

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def is_slug(text: str) -> bool:
    """Tell whether a short name can stand in an address: small letters, digits, single hyphens."""
    return len(text) <= SLUG_LENGTH_MAX and _SLUG.fullmatch(text) is not None


def is_time_zone(name: str) -> bool:
    """Tell whether this machine knows a time zone of this name."""
    return name in available_timezones()
