"""The code of the day of a session, and which session a code belongs to."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.sessions.models import GroupSession, SessionCode


def code_of(session: Session, held_session: GroupSession) -> SessionCode | None:
    """Return the code of a session that counts, or None before somebody wanted one."""
    return session.scalar(
        sa.select(SessionCode)
        .where(
            SessionCode.community_id == held_session.community_id,
            SessionCode.session_id == held_session.id,
        )
        .order_by(SessionCode.id.desc())
        .limit(1)
    )


def code_by_token(session: Session, community_id: uuid.UUID, token: str) -> SessionCode | None:
    """Return the code of a poster, also of one that is over."""
    return session.scalar(
        sa.select(SessionCode).where(
            SessionCode.community_id == community_id, SessionCode.token == token
        )
    )


def code_by_digits(session: Session, community_id: uuid.UUID, digits: str) -> SessionCode | None:
    """Return the code with four figures: of a session that is open, else the latest there was."""
    return session.scalar(
        sa.select(SessionCode)
        .join(
            GroupSession,
            sa.and_(
                GroupSession.community_id == SessionCode.community_id,
                GroupSession.id == SessionCode.session_id,
            ),
        )
        .where(SessionCode.community_id == community_id, SessionCode.digits == digits)
        .order_by(sa.case((GroupSession.state == "open", 0), else_=1), SessionCode.id.desc())
        .limit(1)
    )


def digits_taken(session: Session, community_id: uuid.UUID, day: dt.date) -> set[str]:
    """Return the four figures in use around a day."""
    around = dt.timedelta(days=8)
    return set(
        session.scalars(
            sa.select(SessionCode.digits).where(
                SessionCode.community_id == community_id,
                SessionCode.day_on.between(day - around, day + around),
            )
        )
    )
