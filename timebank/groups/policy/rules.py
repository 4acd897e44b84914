"""When somebody has to hear the ground rules, and what a host is told at the door."""

import enum

from timebank.groups.models import Group


class Door(enum.Enum):
    """What the door says to somebody who comes in."""

    OPEN = "open"
    #: The ground rules come first; this version was not taken in yet.
    RULES = "rules"
    #: The only words anybody at the door reads, whatever the reason.
    LEAD = "speak to the lead"


def must_hear_rules(group: Group, versions: frozenset[int]) -> bool:
    """Tell whether somebody who took in these versions still has to hear the ones that hold now."""
    return group.rules_version > 0 and group.rules_version not in versions


def door(group: Group, *, is_kept_out: bool, versions: frozenset[int]) -> Door:
    """Return what the door says."""
    if is_kept_out:
        return Door.LEAD
    return Door.RULES if must_hear_rules(group, versions) else Door.OPEN
