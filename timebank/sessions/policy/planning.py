"""Who may plan sessions, who may see them, and which of them are still to come."""

import datetime as dt

from timebank.groups.models import Group
from timebank.groups.policy import standing
from timebank.groups.policy.standing import Standing
from timebank.sessions.models import GroupSession

#: Sessions are made so far ahead.
WEEKS_AHEAD = 26
#: The worker makes more when less than this is left.
WEEKS_LEFT_MIN = 25
#: A calendar of the past can be brought in, and nobody plans further ahead.
YEARS_BACK = 11
YEARS_ON = 3


def may_plan(who: Standing) -> bool:
    """Tell whether somebody may plan a group's sessions and change them: who holds or runs it."""
    return standing.may_host(who)


def may_see(group: Group, who: Standing, planned: GroupSession) -> bool:
    """Tell whether somebody may know of a session: members of all, visitors of the public ones."""
    if planned.state == "dropped":
        return False
    return who.is_member or (planned.is_public and standing.may_see(group, who))


def is_to_come(planned: GroupSession, now: dt.datetime) -> bool:
    """Tell whether a session can still be changed: it is planned, and it is not over."""
    return planned.state == "planned" and planned.ends_at > now


def expects_people(planned: GroupSession, now: dt.datetime) -> bool:
    """Tell whether one can say that one comes, or that one does not after all."""
    is_on = planned.state in {"planned", "open"} and not planned.is_off
    return is_on and planned.ends_at > now


def has_room(capacity: int | None, signed: int) -> bool:
    """Tell whether there is a place for one more. Whoever has a place keeps it."""
    return capacity is None or signed < capacity


def first_and_last_day(today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and the last day on which something can be planned."""
    return today - dt.timedelta(days=366 * YEARS_BACK), today + dt.timedelta(days=366 * YEARS_ON)


def horizon_on(today: dt.date) -> dt.date:
    """Return the last day for which sessions are made today."""
    return today + dt.timedelta(weeks=WEEKS_AHEAD)
