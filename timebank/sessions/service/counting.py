"""Count who has no name at a session, once for each tap."""

import datetime as dt
import uuid

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.groups.policy.standing import Standing
from timebank.members.models import Member
from timebank.sessions import queries
from timebank.sessions.errors import (
    MoreFirstTimersThanPeopleError,
    NobodyCountedError,
    NobodyToTakeBackError,
    NotYoursToHoldError,
)
from timebank.sessions.models import COUNT_MAX, SessionTally
from timebank.sessions.queries import Held
from timebank.sessions.service.door import check_open, lock


def count(  # noqa: PLR0913 - called by keywords: how many, who, when
    session: Session,
    held: Held,
    number: int = 1,
    *,
    client_key: uuid.UUID,
    way: str = "plus",
    by: Member | None,
    who: Standing | None,
    now: dt.datetime,
    first_timers: int = 0,
    late: bool = False,
) -> SessionTally:
    """Count people without a name, or take some back; once for each `client_key`.

    Args:
        session: The open unit of work; never committed here.
        held: The session.
        number: How many; below nothing takes that many back.
        client_key: Names the tap.
        way: How, one of `models.TALLY_WAYS`.
        by: Who counted; None for somebody who counts themselves with the code of the day.
        who: What `by` is to the session; None for the same.
        now: When.
        first_timers: How many of them are there for the first time.
        late: Also after the closing; it counts once that is put right.

    Raises:
        NotYoursToHoldError: If `by` may not.
        NotOpenError: If the door is not open.
        NobodyCountedError: If that is nobody, or more than a hall holds.
        NobodyToTakeBackError: If fewer are counted than are to be taken back.
        MoreFirstTimersThanPeopleError: If they do not fit among those counted.
    """
    if not 0 < abs(number) <= COUNT_MAX:
        raise NobodyCountedError
    if first_timers < 0 or first_timers > abs(number):
        raise MoreFirstTimersThanPeopleError
    if who is None and (way != "code" or number != 1):
        raise NotYoursToHoldError
    held = lock(session, held, who, alone=number < 0)
    there = held.session
    earlier = queries.tally_by_key(session, there, client_key)
    if earlier is not None:
        return earlier
    check_open(there, late=late)
    if number < 0 and queries.counts(session, there).tallied + number < 0:
        raise NobodyToTakeBackError
    row = SessionTally(
        community_id=there.community_id,
        id=new_id(),
        session_id=there.id,
        client_key=client_key,
        number=number,
        first_timers=first_timers if number > 0 else -first_timers,
        way=way,
        by_id=by.id if by is not None else None,
        at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        counted = queries.tally_by_key(session, there, client_key)
        if counted is None:
            raise
        return counted
    return row
