"""No minute of anybody moves hours twice: refuse it, or write down what is left."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.groups.policy.standing import Standing
from timebank.members.models import Member
from timebank.sessions import queries
from timebank.sessions.errors import CountedElsewhereError
from timebank.sessions.policy import ending
from timebank.sessions.queries import Draft, Held
from timebank.sessions.service.door import Arrival, set_stay


def check_once(session: Session, held: Held, draft: Draft, *, ended_at: dt.datetime | None) -> None:
    """Refuse to move hours for minutes of somebody that moved hours at another session already.

    Args:
        session: The open unit of work, which holds the row of the session.
        held: The session.
        draft: What closing it would do.
        ended_at: When it ended; None for as planned.

    Raises:
        CountedElsewhereError: If there are any.
    """
    members = queries.whose_hours_move(draft)
    if not members:
        return
    # Two sessions are two rows to hold, and both might be closed at this moment: so whoever was at
    # both is held too, and the second closing finds the first.
    session.execute(
        sa.select(Member.id)
        .where(Member.community_id == held.session.community_id, Member.id.in_(members))
        .order_by(Member.id)
        .with_for_update(key_share=True)
    )
    found = queries.elsewhere(session, held, draft, ended_at=ended_at)
    if found:
        raise CountedElsewhereError(len(found))


def write_what_is_left(
    session: Session,
    held: Held,
    draft: Draft,
    *,
    ended_at: dt.datetime | None,
    who: Standing,
    now: dt.datetime,
) -> None:
    """Note everybody for as long as they can have been there beside other sessions.

    Raises:
        NotYoursToHoldError, NotOpenError: As for `check_in`.
        EndOutOfRangeError: If it can not have ended then.
    """
    ending.check_end(held.session, ended_at, now=now)
    members = {each.member.id: each.member for each in draft.present}
    stays = [
        Arrival(
            member=members[each.person.member_id],
            role=each.person.role,
            minutes=each.left_minutes,
        )
        for each in queries.elsewhere(session, held, draft, ended_at=ended_at)
    ]
    if stays:
        whole = ending.lasted_minutes(held.session, ended_at)
        set_stay(session, held, stays, who=who, whole_minutes=whole)
