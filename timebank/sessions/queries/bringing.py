"""What came from calendar files before."""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.groups.models import Group
from timebank.sessions.models import GroupSession, ImportedSession, Series


def series_from(session: Session, group: Group, source_uid: str) -> Series | None:
    """Return the series of a group that came from an event of a calendar file, or None."""
    return session.scalar(
        sa.select(Series).where(
            Series.community_id == group.community_id,
            Series.group_id == group.id,
            Series.source_uid == source_uid,
        )
    )


def session_on(session: Session, series: Series, day: dt.date) -> GroupSession | None:
    """Return the session of a series for a date that its rule gave, wherever it was moved."""
    return session.scalar(
        sa.select(GroupSession).where(
            GroupSession.community_id == series.community_id,
            GroupSession.series_id == series.id,
            GroupSession.occurrence_on == day,
        )
    )


def imported(session: Session, group: Group, keys: Sequence[str]) -> dict[str, GroupSession]:
    """Return the sessions of a group that came from calendar files, by the dates' fingerprints."""
    rows = session.execute(
        sa.select(ImportedSession.source_key, GroupSession)
        .join(
            GroupSession,
            sa.and_(
                GroupSession.community_id == ImportedSession.community_id,
                GroupSession.id == ImportedSession.session_id,
            ),
        )
        .where(
            ImportedSession.community_id == group.community_id,
            ImportedSession.group_id == group.id,
            ImportedSession.source_key.in_(keys),
        )
    )
    return {row[0]: row[1] for row in rows}
