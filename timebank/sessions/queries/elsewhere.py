"""Whose time at a session was counted at another one already."""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.groups import queries as groups
from timebank.groups.models import CreditingRule, GroupMember
from timebank.groups.policy import crediting
from timebank.groups.policy.standing import Standing, standing
from timebank.members.models import Member
from timebank.sessions.models import ClosingPerson, GroupSession, SessionClosing
from timebank.sessions.policy.closing import Person, hours_move
from timebank.sessions.policy.ending import end_of, lasted_minutes
from timebank.sessions.policy.overlapping import Stay, minutes_too_many
from timebank.sessions.queries import joins
from timebank.sessions.queries.closing import Draft
from timebank.sessions.queries.door import Held
from timebank.sessions.queries.together import latest

#: What stands further away can not leave less time beside it: no session is longer than a day.
_AROUND = dt.timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Other:
    """A closed session at which somebody's hours moved, and what whoever asks is to its group."""

    session: GroupSession
    who: Standing


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Somebody whose hours would move for minutes that moved hours at another session already.

    Attributes:
        person: Who, as the closing has them.
        too_many_minutes: How much of their time here can not have been.
        left_minutes: How long they can have been here. Where another session leaves too little
            time, more minutes than this one has are none at all.
        others: Where they were at that time.
    """

    person: Person
    too_many_minutes: int
    left_minutes: int
    others: Sequence[Other]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who would like to know it, and on which day."""

    member: Member
    roles: frozenset[str]
    on: dt.date


def whose_hours_move(draft: Draft) -> dict[uuid.UUID, Person]:
    """Return for whom hours would move, by their keys."""
    return {
        person.member_id: person
        for person in draft.people
        if hours_move(draft.terms, person.role, is_paid=person.is_paid, minutes=person.minutes)
        and person.has_account
    }


def elsewhere(
    session: Session,
    at: Held,
    draft: Draft,
    *,
    ended_at: dt.datetime | None,
    asker: Asker | None = None,
) -> list[Elsewhere]:
    """Return whose time at a session was counted at another, in one question; mostly nobody's.

    Args:
        session: Any session.
        at: The session.
        draft: What closing it would do.
        ended_at: When it ended; None for as planned.
        asker: Who reads it; None where nobody does.
    """
    mine = whose_hours_move(draft)
    stays: dict[uuid.UUID, list[tuple[Stay, Other]]] = {}
    for there, closing, rule, person, link, is_away in _closed_around(
        session, at.session, ended_at, mine, asker
    ):
        terms = crediting.terms_of(rule)
        if hours_move(terms, person.role, is_paid=person.is_paid, minutes=person.minutes):
            stay = Stay(there.starts_at, end_of(there, closing.ended_at), person.minutes)
            roles = asker.roles if asker else frozenset()
            other = Other(there, standing(link, roles, is_away=is_away))
            stays.setdefault(person.member_id, []).append((stay, other))
    found = []
    for member_id, others in stays.items():
        here = Stay(at.session.starts_at, end_of(at.session, ended_at), mine[member_id].minutes)
        too_many = minutes_too_many(here, [stay for stay, _other in others])
        if too_many:
            then = [other for stay, other in others if stay.overlaps(here)]
            left = min(here.minutes, lasted_minutes(at.session, ended_at)) - too_many
            found.append(Elsewhere(mine[member_id], too_many, left, then))
    return found


def _closed_around(
    session: Session,
    held: GroupSession,
    ended_at: dt.datetime | None,
    member_ids: Collection[uuid.UUID],
    asker: Asker | None,
) -> list[tuple[GroupSession, SessionClosing, CreditingRule, ClosingPerson, GroupMember, bool]]:
    """Return who of some members was at a session of about that time that moved hours."""
    if not member_ids:
        return []
    rows = session.execute(
        sa.select(
            GroupSession,
            SessionClosing,
            CreditingRule,
            ClosingPerson,
            GroupMember,
            # As at a door: neither holds that session who stayed away on its own day.
            groups.is_away(asker.on if asker else held.day_on, GroupSession.day_on),
        )
        .join(SessionClosing, joins.of_session(SessionClosing))
        .join(
            CreditingRule,
            sa.and_(
                CreditingRule.community_id == GroupSession.community_id,
                CreditingRule.group_id == GroupSession.group_id,
                CreditingRule.version == SessionClosing.rule_version,
            ),
        )
        .join(
            ClosingPerson,
            sa.and_(
                ClosingPerson.community_id == SessionClosing.community_id,
                ClosingPerson.closing_id == SessionClosing.id,
            ),
        )
        .outerjoin(
            GroupMember,
            sa.and_(
                GroupMember.community_id == GroupSession.community_id,
                GroupMember.group_id == GroupSession.group_id,
                GroupMember.member_id == (asker.member.id if asker else None),
            ),
        )
        .where(
            GroupSession.community_id == held.community_id,
            GroupSession.id != held.id,
            GroupSession.state == "closed",
            GroupSession.starts_at > held.starts_at - _AROUND,
            GroupSession.starts_at < end_of(held, ended_at) + _AROUND,
            SessionClosing.entry_id.is_not(None),
            latest(),
            ClosingPerson.member_id.in_(member_ids),
        )
        .order_by(GroupSession.starts_at, GroupSession.id)
    )
    return [(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows]
