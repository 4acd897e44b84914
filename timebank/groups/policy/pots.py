"""Who sees a pot, who decides about it, and how many of them it takes."""

import uuid
from collections.abc import Collection

from timebank.groups.models import PotMove
from timebank.groups.policy.standing import Standing

#: The pot of the whole community, in every book.
COMMUNITY_POT = "G000001"
#: What stands in the address of its page, where a group has its own short name.
COMMUNITY = "community"


def may_see_pot(who: Standing) -> bool:
    """Tell whether somebody sees what a group's pot did: those in it, and who keeps the books.

    What it holds, every member of the community sees.
    """
    return who.belongs or who.is_coordinator or who.is_treasurer


def may_decide(who: Standing, *, is_communitys: bool) -> bool:
    """Tell whether somebody decides about a pot.

    A group's own: its leads and the coordinators. The community's: coordinators and treasurers.
    """
    if is_communitys:
        return who.is_coordinator or who.is_treasurer
    return who.part == "lead" or who.is_coordinator


def may_ask(who: Standing, *, is_communitys: bool) -> bool:
    """Tell whether somebody may ask a pot for hours: whoever belongs to it."""
    return who.is_member if is_communitys else who.belongs or who.is_coordinator


def gift_floor(*lines_minutes: int | None) -> int:
    """Return how low a gift may take whoever gives it: to the first line the community drew.

    Help that was received may take somebody lower; hours that are given away may not, or a pot
    could be filled out of nothing. Where no line is drawn, one gives what one has.
    """
    return next((line for line in lines_minutes if line is not None), 0)


def approvals_needed(minutes: int, two_above_minutes: int) -> int:
    """Return how many people say yes before hours leave a pot."""
    return 2 if minutes > two_above_minutes else 1


def may_approve(
    move: PotMove, *, by_id: uuid.UUID, decides: bool, approved: Collection[uuid.UUID]
) -> bool:
    """Tell whether somebody may say yes: they decide, get nothing of it, and have not said so."""
    return decides and move.state == "waiting" and by_id not in {move.member_id, *approved}


def within_limit(net_minutes: int, minutes: int, mutual_minutes: int) -> bool:
    """Tell whether a pot may give so much to another.

    Args:
        net_minutes: What it has given to that pot so far, less what came back.
        minutes: What it would give now.
        mutual_minutes: How far apart the two may be.
    """
    return net_minutes + minutes <= mutual_minutes
