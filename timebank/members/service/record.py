"""Writing down what was decided about a membership."""

import datetime as dt

from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.members.models import REASON_LENGTH_MAX, Member, MemberEvent


def note(
    session: Session,
    member: Member,
    kind: str,
    *,
    by: Member | None,
    now: dt.datetime,
    reason: str = "",
) -> None:
    """Keep who decided what about a membership, when and why."""
    session.add(
        MemberEvent(
            community_id=member.community_id,
            id=new_id(),
            member_id=member.id,
            kind=kind,
            by_member_id=None if by is None else by.id,
            reason=reason[:REASON_LENGTH_MAX],
            at=now,
        )
    )
    session.flush()
