"""Write a group's crediting rule, and post what a session moves by it."""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.groups import queries
from timebank.groups.models import CreditingRule, Group
from timebank.groups.policy import crediting
from timebank.groups.policy.crediting import Attendance, PotShare, Terms
from timebank.groups.policy.standing import Standing
from timebank.groups.service.running import check_runs
from timebank.hours import service as hours
from timebank.members.models import Member


def write_crediting_rule(
    session: Session,
    group: Group,
    terms: Terms,
    *,
    applies_from_on: dt.date,
    by: Member,
    who: Standing,
    today: dt.date,
    now: dt.datetime,
) -> CreditingRule:
    """Give a group another crediting rule, from a day on. What was posted before stays.

    Raises:
        NotYoursToRunError, GroupEndedError: As their names say.
        RuleDoesNotAddUpError: If it could not be posted.
        RuleForThePastError: If it were to hold for days that are over.
    """
    session.refresh(group, with_for_update=True)
    check_runs(group, who)
    crediting.check_terms(terms)
    crediting.check_begins(applies_from_on, today=today)
    earlier = queries.crediting_rules(session, group, limit=1)
    rule = CreditingRule(
        community_id=group.community_id,
        group_id=group.id,
        version=earlier[0].version + 1 if earlier else 1,
        kind=terms.kind,
        activity=terms.activity,
        pot_minutes=terms.pot_minutes,
        cost_minutes=terms.cost_minutes,
        is_shared_evenly=terms.is_shared_evenly,
        credits_participants=terms.credits_participants,
        applies_from_on=applies_from_on,
        by_member_id=by.id,
        at=now,
    )
    session.add(rule)
    session.flush()
    return rule


def post_session(
    session: Session,
    community: Community,
    terms: Terms,
    attendances: Iterable[Attendance],
    pots: Sequence[PotShare],
    *,
    key: str,
    happened_on: dt.date,
    by: Member | None,
    now: dt.datetime,
) -> uuid.UUID | None:
    """Post what a session moves, once for its key; return the entry, or None where nothing moves.

    Raises:
        RuleDoesNotAddUpError: If the rule does not.
        TooFewHoursError: If a pot, or somebody who takes part, may not go that low.
        DifferentBeforeError: If the key was posted with other figures.
        RefusalError: As `hours.service.transfer` does.
    """
    legs = crediting.legs_of(terms, attendances, pots)
    if not legs:
        return None
    outcome = hours.move(
        session,
        community,
        kind=crediting.entry_kind(terms),
        legs=legs,
        happened_on=happened_on,
        category=crediting.category_of(terms),
        key=key,
        by=by,
        now=now,
    )
    return outcome.entry_id
