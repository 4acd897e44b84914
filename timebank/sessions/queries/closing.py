"""What a session would post, what it came to, and which entry of the books belongs to which."""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.groups import queries as groups
from timebank.groups.models import CreditingRule, Group
from timebank.groups.policy import crediting
from timebank.groups.policy.crediting import PotShare, Terms
from timebank.groups.policy.shares import Leg
from timebank.members.models import Member
from timebank.sessions.models import (
    ClosingPerson,
    ClosingShare,
    GroupSession,
    SessionAttendance,
    SessionClosing,
    SessionTally,
)
from timebank.sessions.policy import closing as policy
from timebank.sessions.policy import ending
from timebank.sessions.policy.closing import Person
from timebank.sessions.queries import joins
from timebank.sessions.queries.door import Counts, Held, Present, counts, present
from timebank.sessions.queries.together import latest

#: States of members whom hours can reach.
REACHED = frozenset({"active", "paused"})


@dataclass(frozen=True, slots=True)
class Draft:
    """What closing a session would do right now.

    Attributes:
        rule: The crediting rule it is closed by, or None.
        terms: What that says.
        present: Who is noted by name.
        people: The same, as the rule reads them.
        pots: The pots that have a part, the group's own first.
        legs: What would be posted; empty where nothing moves.
        counts: What the door counted.
        fingerprint: Changes whenever any of it does.
    """

    rule: CreditingRule | None
    terms: Terms
    present: Sequence[Present]
    people: Sequence[Person]
    pots: Sequence[PotShare]
    legs: Sequence[Leg]
    counts: Counts
    fingerprint: str


def draft(
    session: Session,
    at: Held,
    *,
    ended_at: dt.datetime | None = None,
    rule_version: int | None = None,
    reached: Collection[str] = (),
) -> Draft:
    """Return what closing a session would do right now.

    Args:
        session: Any session.
        at: The session.
        ended_at: When it ended; None for as planned.
        rule_version: The rule it was closed by before, where it is put right; 0 for none.
        reached: Accounts that hours moved on before, where it is put right: whoever has left since
            keeps what they were given.
    """
    rule = _rule(session, at, rule_version)
    terms = crediting.terms_of(rule)
    there = present(session, at.session)
    whole = ending.lasted_minutes(at.session, ended_at)
    people = [person_of(each, whole, reached) for each in there]
    parts = policy.parts_together([(each.own_parts, each.other_parts) for each, _ in at.partners])
    pots = [
        PotShare(group.account_code, part) for group, part in zip(at.groups, parts, strict=True)
    ]
    legs = crediting.legs_of(terms, policy.attendances(terms, people), pots)
    return Draft(
        rule=rule,
        terms=terms,
        present=there,
        people=people,
        pots=pots,
        legs=legs,
        counts=counts(session, at.session),
        fingerprint=policy.fingerprint(people, legs),
    )


def _rule(session: Session, at: Held, version: int | None) -> CreditingRule | None:
    if version is None:
        return groups.crediting_rule_on(session, at.group, at.session.day_on)
    return session.scalar(
        sa.select(CreditingRule).where(
            CreditingRule.community_id == at.group.community_id,
            CreditingRule.group_id == at.group.id,
            CreditingRule.version == version,
        )
    )


def person_of(there: Present, whole_minutes: int, reached: Collection[str] = ()) -> Person:
    """Return somebody at a session, which lasted so long, as the crediting rule reads them."""
    minutes = there.attendance.minutes
    return Person(
        member_id=there.member.id,
        code=there.member.account_code,
        role=there.attendance.role,
        minutes=whole_minutes if minutes is None else minutes,
        is_paid=there.attendance.is_paid,
        is_first=there.attendance.is_first,
        has_account=there.member.state in REACHED or there.member.account_code in reached,
    )


def whole_minutes(session: Session, held_session: GroupSession) -> int:
    """Return how long a session lasted: as its closing says, or as it is planned."""
    closing = closing_of(session, held_session) if held_session.state == "closed" else None
    return ending.lasted_minutes(held_session, closing.ended_at if closing else None)


def closings(session: Session, held_session: GroupSession) -> Sequence[SessionClosing]:
    """Return what a session came to, the latest version first."""
    return session.scalars(
        sa.select(SessionClosing)
        .where(
            SessionClosing.community_id == held_session.community_id,
            SessionClosing.session_id == held_session.id,
        )
        .order_by(SessionClosing.version.desc())
        .limit(50)
    ).all()


def closing_of(session: Session, held_session: GroupSession) -> SessionClosing | None:
    """Return the closing that counts, or None while there is none."""
    return next(iter(closings(session, held_session)), None)


def differs(session: Session, held_session: GroupSession, closing: SessionClosing) -> bool:
    """Tell whether the door has noted something since that the closing does not have; one question.

    Nobody is in a closing twice, so where everybody who is noted is in it as they are noted, and
    they are as many, nobody is missing either.
    """
    there = (
        SessionAttendance.community_id == held_session.community_id,
        SessionAttendance.session_id == held_session.id,
        SessionAttendance.undone_at.is_(None),
    )
    whole = ending.lasted_minutes(held_session, closing.ended_at)
    as_closed = sa.exists().where(
        ClosingPerson.community_id == closing.community_id,
        ClosingPerson.closing_id == closing.id,
        ClosingPerson.member_id == SessionAttendance.member_id,
        ClosingPerson.role == SessionAttendance.role,
        ClosingPerson.minutes == sa.func.coalesce(SessionAttendance.minutes, whole),
        ClosingPerson.is_paid == SessionAttendance.is_paid,
    )
    known = sa.select(sa.func.count()).where(*there).scalar_subquery()
    tallied = (
        sa.select(sa.func.coalesce(sa.func.sum(SessionTally.number), 0))
        .where(
            SessionTally.community_id == held_session.community_id,
            SessionTally.session_id == held_session.id,
        )
        .scalar_subquery()
    )
    return bool(
        session.scalar(
            sa.select(
                sa.exists().where(*there, ~as_closed)
                | (known != closing.known)
                | (known + tallied != closing.counted)
            )
        )
    )


def people_of(session: Session, closing: SessionClosing) -> list[tuple[ClosingPerson, Member]]:
    """Return who was there by name, as a closing has it, in order of their names."""
    rows = session.execute(
        sa.select(ClosingPerson, Member)
        .join(
            Member,
            sa.and_(
                Member.community_id == ClosingPerson.community_id,
                Member.id == ClosingPerson.member_id,
            ),
        )
        .where(
            ClosingPerson.community_id == closing.community_id,
            ClosingPerson.closing_id == closing.id,
        )
        .order_by(Member.folded_name, Member.id)
    )
    return [(row[0], row[1]) for row in rows]


def shares_of(session: Session, closing: SessionClosing) -> list[tuple[ClosingShare, Group]]:
    """Return what each group has of a closing, by name."""
    rows = session.execute(
        sa.select(ClosingShare, Group)
        .join(
            Group,
            sa.and_(
                Group.community_id == ClosingShare.community_id, Group.id == ClosingShare.group_id
            ),
        )
        .where(
            ClosingShare.community_id == closing.community_id,
            ClosingShare.closing_id == closing.id,
        )
        .order_by(Group.folded, Group.id)
    )
    return [(row[0], row[1]) for row in rows]


def held_together(
    session: Session, one: Group, other: Group, *, limit: int = 50
) -> list[tuple[GroupSession, list[ClosingShare]]]:
    """Return the closed sessions that two groups held together, with both shares, latest first."""
    mine, theirs = sa.orm.aliased(ClosingShare), sa.orm.aliased(ClosingShare)
    rows = session.execute(
        sa.select(GroupSession, mine, theirs)
        .join(
            SessionClosing,
            joins.of_session(SessionClosing),
        )
        .join(
            mine,
            sa.and_(
                mine.community_id == SessionClosing.community_id,
                mine.closing_id == SessionClosing.id,
                mine.group_id == one.id,
            ),
        )
        .join(
            theirs,
            sa.and_(
                theirs.community_id == SessionClosing.community_id,
                theirs.closing_id == SessionClosing.id,
                theirs.group_id == other.id,
            ),
        )
        .where(GroupSession.community_id == one.community_id, latest())
        .order_by(GroupSession.starts_at.desc(), GroupSession.id.desc())
        .limit(limit)
    )
    return [(row[0], [row[1], row[2]]) for row in rows]


def by_entry(
    session: Session, community_id: uuid.UUID, entry_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, tuple[GroupSession, Group]]:
    """Return the sessions that entries of the books belong to, also those that took one back."""
    if not entry_ids:
        return {}
    rows = session.execute(
        sa.select(SessionClosing.entry_id, SessionClosing.reversal_id, GroupSession, Group)
        .join(
            GroupSession,
            joins.of_session(SessionClosing),
        )
        .join(
            Group,
            joins.of_group(),
        )
        .where(
            SessionClosing.community_id == community_id,
            SessionClosing.entry_id.in_(entry_ids) | SessionClosing.reversal_id.in_(entry_ids),
        )
    )
    found: dict[uuid.UUID, tuple[GroupSession, Group]] = {}
    for entry_id, reversal_id, of, group in rows:
        for key in (entry_id, reversal_id):
            if key is not None:
                found[key] = (of, group)
    return found


def last_closed(session: Session, group: Group) -> GroupSession | None:
    """Return the latest session of a group that was held and closed, to try a rule on."""
    return session.scalar(
        sa.select(GroupSession)
        .where(
            GroupSession.community_id == group.community_id,
            GroupSession.group_id == group.id,
            GroupSession.state == "closed",
        )
        .order_by(GroupSession.starts_at.desc(), GroupSession.id.desc())
        .limit(1)
    )
