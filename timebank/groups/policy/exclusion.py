"""Who decides that somebody stays away, who reads it, and who answers an appeal."""

import uuid

from timebank.groups.models import Exclusion
from timebank.groups.policy.standing import Standing, may_run


def may_see_decisions(who: Standing) -> bool:
    """Tell whether somebody reads the decisions of a group: those who run this very group."""
    return may_run(who)


def may_exclude(who: Standing, *, by_id: uuid.UUID, member_id: uuid.UUID) -> bool:
    """Tell whether somebody may decide it about a member: never about themselves."""
    return may_run(who) and by_id != member_id


def may_look_again(decision: Exclusion, who: Standing, *, by_id: uuid.UUID) -> bool:
    """Tell whether somebody may look at a decision again, or end it: never one about themselves."""
    return may_run(who) and by_id != decision.member_id


def may_answer_appeal(decision: Exclusion, who: Standing, *, by_id: uuid.UUID) -> bool:
    """Tell whether somebody may answer an appeal: they run the group, and did not decide it."""
    return may_run(who) and by_id not in {decision.decided_by_id, decision.member_id}
