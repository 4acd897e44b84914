"""Finding sessions, series and closed days. Nothing here changes anything."""

from timebank.sessions.queries.planned import (
    Meeting,
    closed_days,
    meeting,
    meetings,
    series_by_id,
    series_of_group,
    session_by_id,
    sessions_between,
)

__all__ = [
    "Meeting",
    "closed_days",
    "meeting",
    "meetings",
    "series_by_id",
    "series_of_group",
    "session_by_id",
    "sessions_between",
]
