"""Hold a session, or a whole series, together with a connected group."""

import datetime as dt
import uuid
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.groups import queries as group_queries
from timebank.groups.errors import GroupEndedError, NotConnectedError, SameGroupError
from timebank.groups.models import Group, TieTerms
from timebank.groups.policy.standing import Standing, may_run
from timebank.members.models import Member
from timebank.sessions import queries
from timebank.sessions.errors import (
    AlreadyClosedError,
    AlreadyPartnerError,
    NoPartnerError,
    NotYoursToHoldError,
    TooManyPartnersError,
)
from timebank.sessions.models import PARTNERS_MAX, GroupSession, Series, SessionPartner
from timebank.sessions.service import telling


def ask_partner(
    session: Session,
    about: GroupSession | Series,
    group: Group,
    other: Group,
    *,
    by: Member,
    who: Standing,
    who_there: Standing,
    now: dt.datetime,
) -> SessionPartner:
    """Ask a connected group to hold a session, or all of a series, together.

    Whoever runs both groups has answered by asking.

    Args:
        session: The open unit of work; never committed here.
        about: The session or the series.
        group: Whose it is.
        other: The group that is asked.
        by: Who asks.
        who: What `by` is to `group`.
        who_there: What `by` is to `other`.
        now: When.

    Raises:
        NotYoursToHoldError: If `by` does not run the group.
        SameGroupError, GroupEndedError, NotConnectedError: As their names say.
        AlreadyClosedError: If the session is over.
        AlreadyPartnerError: If the other group was asked already.
        TooManyPartnersError: If there are enough.
    """
    if not may_run(who):
        raise NotYoursToHoldError
    if group.id == other.id:
        raise SameGroupError
    if not other.is_open:
        raise GroupEndedError
    session.flush()
    session.refresh(about, with_for_update=True)
    _check_before_closing(about)
    terms = _terms(session, group, other)
    row = _between(session, about, other)
    if row is not None and row.state in {"asked", "joined"}:
        raise AlreadyPartnerError
    if _count(session, about) >= PARTNERS_MAX:
        raise TooManyPartnersError
    if row is None:
        row = SessionPartner(
            community_id=group.community_id,
            id=new_id(),
            session_id=about.id if isinstance(about, GroupSession) else None,
            series_id=about.id if isinstance(about, Series) else None,
            group_id=other.id,
        )
        session.add(row)
    row.state, row.asked_by_id, row.asked_at = "asked", by.id, now
    row.answered_by_id = row.answered_at = None
    _agree(row, group, terms, session)
    if may_run(who_there):
        row.state, row.answered_by_id, row.answered_at = "joined", by.id, now
    session.flush()
    _tell(
        session,
        group_queries.acting_leads(session, other, now=now),
        "session-together-asked" if row.state == "asked" else "session-together-yes",
        about,
        group,
        by=by,
        now=now,
    )
    return row


def answer_partner(
    session: Session,
    row: SessionPartner,
    about: GroupSession | Series,
    group: Group,
    other: Group,
    *,
    yes: bool,
    by: Member,
    who_there: Standing,
    now: dt.datetime,
) -> None:
    """Say yes or no, for `other`, to holding something together; yes by what is agreed by then.

    Raises:
        NotYoursToHoldError: If `by` does not run the group that was asked.
        NotConnectedError: If the two are not connected any more.
        AlreadyClosedError: If the session is over.
        NoPartnerError: If nothing waits for an answer.
    """
    if not may_run(who_there):
        raise NotYoursToHoldError
    session.refresh(about, with_for_update=True)
    session.refresh(row, with_for_update=True)
    if row.state != "asked":
        raise NoPartnerError
    _check_before_closing(about)
    if yes:
        _agree(row, group, _terms(session, group, other), session)
    row.state = "joined" if yes else "declined"
    row.answered_by_id, row.answered_at = by.id, now
    session.flush()
    _tell(
        session,
        group_queries.acting_leads(session, group, now=now),
        f"session-together-{'yes' if yes else 'no'}",
        about,
        other,
        by=by,
        now=now,
    )


def end_partner(
    session: Session,
    row: SessionPartner,
    about: GroupSession | Series,
    *,
    who: Standing,
    who_there: Standing,
    by: Member,
    now: dt.datetime,
) -> None:
    """Hold it alone from now on; what was closed together stays so. Either group may.

    Raises:
        NotYoursToHoldError: If `by` runs neither group.
        AlreadyClosedError: If the session is over.
        NoPartnerError: If they do not hold it together.
    """
    if not (may_run(who) or may_run(who_there)):
        raise NotYoursToHoldError
    session.refresh(about, with_for_update=True)
    _check_before_closing(about)
    if row.state not in {"asked", "joined"}:
        raise NoPartnerError
    row.state, row.answered_by_id, row.answered_at = "ended", by.id, now
    session.flush()


def _check_before_closing(about: GroupSession | Series) -> None:
    if isinstance(about, GroupSession) and about.state == "closed":
        raise AlreadyClosedError


def _terms(session: Session, group: Group, other: Group) -> TieTerms:
    tie = group_queries.tie_between(session, group, other)
    terms = group_queries.agreed_terms(session, tie) if tie and tie.state == "joined" else None
    if terms is None:
        raise NotConnectedError
    return terms


def _agree(row: SessionPartner, group: Group, terms: TieTerms, session: Session) -> None:
    """Write down what the two have agreed on, from the side of the group it belongs to."""
    other = session.get_one(Group, (group.community_id, row.group_id))
    parts = (terms.first_parts, terms.second_parts)
    is_first = group.id < other.id
    row.own_parts, row.other_parts = parts if is_first else parts[::-1]


def _between(session: Session, about: GroupSession | Series, other: Group) -> SessionPartner | None:
    column = _column(about)
    return session.scalar(
        sa.select(SessionPartner).where(
            SessionPartner.community_id == about.community_id,
            column == about.id,
            SessionPartner.group_id == other.id,
        )
    )


def _count(session: Session, about: GroupSession | Series) -> int:
    if isinstance(about, GroupSession):
        return len(queries.partners(session, about, states=("asked", "joined")))
    found = session.scalar(
        sa.select(sa.func.count()).where(
            SessionPartner.community_id == about.community_id,
            SessionPartner.series_id == about.id,
            SessionPartner.state.in_(("asked", "joined")),
        )
    )
    return int(found or 0)


def _column(about: GroupSession | Series) -> sa.ColumnElement[uuid.UUID | None]:
    if isinstance(about, GroupSession):
        return SessionPartner.session_id.expression
    return SessionPartner.series_id.expression


def _tell(
    session: Session,
    people: Iterable[Member],
    kind: str,
    about: GroupSession | Series,
    group: Group,
    *,
    by: Member,
    now: dt.datetime,
) -> None:
    """Tell some what a group asks or answers."""
    telling.tell(
        session,
        people,
        kind,
        title=about.title,
        group=group,
        path=_path(about),
        now=now,
        by=by,
    )


def _path(about: GroupSession | Series) -> str:
    kind = "sessions" if isinstance(about, GroupSession) else "series"
    return f"{kind}/{about.id}/together"
