"""Which crediting rule holds when."""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.groups.models import CreditingRule, Group


def crediting_rules(session: Session, group: Group, *, limit: int = 20) -> Sequence[CreditingRule]:
    """Return the versions of a group's crediting rule, the latest first."""
    return session.scalars(
        sa.select(CreditingRule)
        .where(CreditingRule.community_id == group.community_id, CreditingRule.group_id == group.id)
        .order_by(CreditingRule.version.desc())
        .limit(limit)
    ).all()


def crediting_rule_on(session: Session, group: Group, day: dt.date) -> CreditingRule | None:
    """Return the rule for sessions of a day, or None while nobody has written one.

    Of those that hold by then the latest written counts, so that a rule can be put right before
    it begins.
    """
    return session.scalar(
        sa.select(CreditingRule)
        .where(
            CreditingRule.community_id == group.community_id,
            CreditingRule.group_id == group.id,
            CreditingRule.applies_from_on <= day,
        )
        .order_by(CreditingRule.version.desc())
        .limit(1)
    )
