"""How the tables of sessions belong together, for questions about several of them."""

import sqlalchemy as sa

from timebank.groups.models import Group
from timebank.sessions.models import GroupSession, SessionAttendance, SessionClosing, Shift


def of_group() -> sa.ColumnElement[bool]:
    """Join a session and the group it belongs to."""
    return sa.and_(
        Group.community_id == GroupSession.community_id, Group.id == GroupSession.group_id
    )


def of_session(
    table: type[SessionAttendance] | type[SessionClosing] | type[Shift],
) -> sa.ColumnElement[bool]:
    """Join a session and what is kept of it in `table`."""
    return sa.and_(
        GroupSession.community_id == table.community_id, GroupSession.id == table.session_id
    )
