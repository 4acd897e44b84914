"""Who may do what about limits, and when a chat is due. Pure rules."""

import datetime as dt

from timebank.hours.policy import BOOKKEEPERS
from timebank.limits.models import Crossing
from timebank.members.models import Member

COORDINATOR = "coordinator"
#: For how many days a chat can be put off.
PUT_OFF_DAYS = (7, 14, 30)
#: How far ahead a member's own limits may end, in days.
UNTIL_DAYS_MAX = 731


def may_decide(roles: frozenset[str], *, by: Member, code: str) -> bool:
    """Tell whether somebody may change an account's limits: a bookkeeper, but not their own."""
    return bool(roles & BOOKKEEPERS) and by.account_code != code


def is_due(crossing: Crossing, today: dt.date) -> bool:
    """Tell whether somebody should have a chat about it today. The list of work asks the same."""
    return (
        crossing.step == "soft"
        and crossing.back_at is None
        and crossing.talked_at is None
        and (crossing.put_off_until is None or crossing.put_off_until <= today)
    )
