"""Which groups hold a session together, and which did when it was closed."""

import uuid
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import SQLColumnExpression
from sqlalchemy.orm import Session

from timebank.groups.models import Group
from timebank.sessions.models import (
    ClosingShare,
    GroupSession,
    Series,
    SessionClosing,
    SessionPartner,
)

#: Partners listed, also those who said no.
PARTNERS_SHOWN = 40


class Parts(NamedTuple):
    """What a group agreed with one that holds a session as well: its own parts, and theirs."""

    own_parts: int
    other_parts: int


def partners(
    session: Session, held_session: GroupSession, *, states: Sequence[str] = ("joined",)
) -> list[tuple[Parts, Group]]:
    """Return the groups that hold a session together with its own, by themselves or by series."""
    if held_session.state == "closed":
        return _closed_with(session, held_session)
    rows = session.execute(
        _partners_question(),
        {
            "community_id": held_session.community_id,
            "session_id": held_session.id,
            # No series has the key of a session, so a session of none asks in vain.
            "series_id": held_session.series_id or held_session.id,
            "states": list(states),
        },
    )
    # A group that joined both the series and this one date is there once.
    found = {group.id: (Parts(row.own_parts, row.other_parts), group) for row, group in rows}
    return list(found.values())


def _closed_with(session: Session, held_session: GroupSession) -> list[tuple[Parts, Group]]:
    """Return the groups that a session was closed with, by the parts that counted then."""
    rows = session.execute(
        sa.select(ClosingShare.parts, Group)
        .join(
            SessionClosing,
            sa.and_(
                SessionClosing.community_id == ClosingShare.community_id,
                SessionClosing.id == ClosingShare.closing_id,
            ),
        )
        .join(
            Group,
            sa.and_(
                Group.community_id == ClosingShare.community_id, Group.id == ClosingShare.group_id
            ),
        )
        .where(
            SessionClosing.community_id == held_session.community_id,
            SessionClosing.session_id == held_session.id,
            latest(),
        )
        .order_by(Group.folded, Group.id)
    ).all()
    own = sum(parts for parts, group in rows if group.id == held_session.group_id)
    return [
        (Parts(own, parts), group) for parts, group in rows if group.id != held_session.group_id
    ]


def is_held_by(group_id: SQLColumnExpression[uuid.UUID]) -> sa.ColumnElement[bool]:
    """Say of a row of `GroupSession` that a group holds it, alone or with others.

    For what is to come: whom a session was closed with, `partners` tells.
    """
    holds_too = sa.exists().where(
        SessionPartner.community_id == GroupSession.community_id,
        SessionPartner.group_id == group_id,
        SessionPartner.state == "joined",
        sa.or_(
            SessionPartner.session_id == GroupSession.id,
            SessionPartner.series_id == GroupSession.series_id,
        ),
    )
    return sa.or_(GroupSession.group_id == group_id, holds_too)


@cache
def _partners_question() -> sa.Select[SessionPartner, Group]:
    return (
        sa.select(SessionPartner, Group)
        .join(
            Group,
            sa.and_(
                Group.community_id == SessionPartner.community_id,
                Group.id == SessionPartner.group_id,
            ),
        )
        .where(
            SessionPartner.community_id == sa.bindparam("community_id"),
            sa.or_(
                SessionPartner.session_id == sa.bindparam("session_id"),
                SessionPartner.series_id == sa.bindparam("series_id"),
            ),
            SessionPartner.state.in_(sa.bindparam("states", expanding=True)),
        )
        .order_by(Group.folded, Group.id, SessionPartner.id)
    )


def partners_of(
    session: Session, about: GroupSession | Series
) -> list[tuple[SessionPartner, Group]]:
    """Return the groups that were asked to hold this very session or series, whatever they said."""
    column = (
        SessionPartner.session_id if isinstance(about, GroupSession) else SessionPartner.series_id
    )
    rows = session.execute(
        sa.select(SessionPartner, Group)
        .join(
            Group,
            sa.and_(
                Group.community_id == SessionPartner.community_id,
                Group.id == SessionPartner.group_id,
            ),
        )
        .where(SessionPartner.community_id == about.community_id, column == about.id)
        .order_by(Group.folded, Group.id)
        .limit(PARTNERS_SHOWN)
    )
    return [(row[0], row[1]) for row in rows]


def latest() -> sa.ColumnElement[bool]:
    """Tell of a row of `SessionClosing` whether it is the version that counts."""
    later = sa.orm.aliased(SessionClosing)
    return ~sa.exists().where(
        later.community_id == SessionClosing.community_id,
        later.session_id == SessionClosing.session_id,
        later.version > SessionClosing.version,
    )
