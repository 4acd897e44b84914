"""Which taps on a name were done at a door, so that none is done twice; and for how long."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.db import insert_once
from timebank.sessions.models import SessionTap
from timebank.sessions.queries import Held

#: A tablet that was put away before it read the answer sends its taps again when it is taken out,
#: such as after a summer. Sent still later, a tap on a closed session reaches the working list
#: alone, and counts once somebody puts the closing right.
KEPT_FOR = dt.timedelta(days=180)


def is_first_time(session: Session, held: Held, client_key: uuid.UUID, *, now: dt.datetime) -> bool:
    """Write down that a tap is done, and tell whether it was not before.

    It is written first: one that is sent twice at the same moment waits here for the other.
    """
    written = session.execute(
        insert_once(SessionTap, session.get_bind().dialect.name)
        .values(
            community_id=held.session.community_id,
            session_id=held.session.id,
            client_key=client_key,
            at=now,
        )
        .returning(SessionTap.client_key)
    )
    return written.first() is not None


def forget_old_taps(session: Session, *, now: dt.datetime) -> int:
    """Forget taps that no device sends again; return how many."""
    gone = session.execute(sa.delete(SessionTap).where(SessionTap.at < now - KEPT_FOR))
    return int(gone.rowcount)  # type: ignore[attr-defined]
