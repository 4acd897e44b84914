"""Bring in who was at which session: members are found or made, sessions held and posted, once."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.errors import RefusalError
from timebank.groups import queries as groups
from timebank.groups.models import Group
from timebank.hours import queries as hours
from timebank.imports.attendance_sheets import Attendance, HeldThen, Who
from timebank.imports.sheets import split_name
from timebank.members import policy as members_policy
from timebank.members import queries as members_queries
from timebank.members import service as members
from timebank.members.models import NAME_LENGTH_MAX, Member
from timebank.sessions import service as sessions
from timebank.sessions.models import SessionClosing
from timebank.sessions.service import Arrival, Listed
from timebank.tables import Remark


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What holds where a table does not say otherwise.

    Attributes:
        title: What a session is called.
        starts_minute: When it begins.
        length_minutes: How long it lasts.
    """

    title: str
    starts_minute: int = 10 * 60
    length_minutes: int = 120


@dataclass(slots=True)
class Entered:
    """What became of a table.

    Attributes:
        sessions: Sessions that are held and closed now and were not before.
        known: Sessions that had been closed before and stayed as they are.
        contacts: People at the new sessions, with a name or without.
        people: Members among them, each once.
        new_members: First names of members who were made for it.
        without_rule: New sessions of days on which the group had no crediting rule.
        to_members_minutes: What members got in the books.
        pots_minutes: What pots gained; less than nothing where they paid.
        remarks: What there is to tell about single rows, in their order.
    """

    sessions: int = 0
    known: int = 0
    contacts: int = 0
    people: set[uuid.UUID] = field(default_factory=set)
    new_members: list[str] = field(default_factory=list)
    without_rule: int = 0
    to_members_minutes: int = 0
    pots_minutes: int = 0
    remarks: list[Remark] = field(default_factory=list)


def bring_in(
    session: Session,
    community: Community,
    group: Group,
    table: Attendance,
    usual: Usual,
    *,
    by: Member,
    now: dt.datetime,
) -> Entered:
    """Hold and close each session of a table that was not closed before.

    A session comes in whole or not at all. Members are found by their number, or by their name
    where that fits one alone; somebody new is made a member with nothing but a name,
    unless no session comes in.

    Args:
        session: The open unit of work; never committed here.
        community: Whose books.
        group: Whose sessions.
        table: As `attendance_sheets.read` returned it.
        usual: What holds where the table does not say.
        by: Who answers for it: somebody who runs the group.
        now: When.
    """
    entered = Entered(remarks=list(table.remarks))
    before = session.begin_nested()
    people = _people(session, community, table, entered, now=now)
    closings = []
    for then in table.held:
        try:
            with session.begin_nested():
                closing = _enter(session, community, group, then, usual, people, entered, by, now)
        except RefusalError as refusal:
            facts = {"day": then.day_on.isoformat(), "why": type(refusal).__name__}
            entered.remarks.append(Remark(then.row, "refused", facts, is_bad=True))
            continue
        if closing is None:
            entered.known += 1
        else:
            closings.append(closing)
    if closings:
        before.commit()
        _add_up(session, community, closings, entered)
    else:
        # Nobody becomes a member by a table of which nothing came in.
        before.rollback()
        entered.new_members.clear()
    entered.remarks.sort(key=lambda remark: remark.row)
    return entered


def answers_for(
    session: Session, community: Community, group: Group, *, now: dt.datetime
) -> Member | None:
    """Return who answers for a group's list unless somebody is named: a lead, or a coordinator."""
    leads = groups.acting_leads(session, group, now=now)
    if leads:
        return leads[0]
    return next(iter(members_queries.holders(session, community.id, "coordinator")), None)


def _enter(
    session: Session,
    community: Community,
    group: Group,
    then: HeldThen,
    usual: Usual,
    people: Mapping[str, Member],
    entered: Entered,
    by: Member,
    now: dt.datetime,
) -> SessionClosing | None:
    arrivals = [
        Arrival(member=people[key], role=mark.role, minutes=mark.minutes)
        for key, (_who, mark) in then.there.items()
        if key in people
    ]
    minute = usual.starts_minute if then.starts_minute is None else then.starts_minute
    roles = members_queries.roles_of(session, by)
    made = sessions.enter_held(
        session,
        community,
        group,
        Listed(
            title=then.title or usual.title,
            day_on=then.day_on,
            starts_minute=minute,
            is_timed=then.starts_minute is not None,
            length_minutes=usual.length_minutes,
            arrivals=arrivals,
            nameless=then.nameless,
            first_timers=then.first_timers,
        ),
        by=by,
        who=groups.standing_of(session, group, by, roles, on=community.day_of(now)),
        now=now,
    )
    for member in made.kept_out:
        facts = {"name": member.first_name, "day": then.day_on.isoformat()}
        entered.remarks.append(Remark(then.row, "kept out", facts, is_bad=True))
    if made.closing is not None:
        entered.people |= {each.member.id for each in arrivals} - {
            member.id for member in made.kept_out
        }
    return made.closing


def _add_up(
    session: Session, community: Community, closings: Sequence[SessionClosing], entered: Entered
) -> None:
    entered.sessions = len(closings)
    entered.contacts = sum(closing.contacts for closing in closings)
    entered.without_rule = sum(not closing.rule_version for closing in closings)
    ids = sa.select(SessionClosing.entry_id).where(
        SessionClosing.community_id == community.id,
        SessionClosing.id.in_([closing.id for closing in closings]),
    )
    moved = hours.moved_by_entries(session, community.id, ids).values()
    entered.to_members_minutes = sum(each.to_members_minutes for each in moved)
    entered.pots_minutes = sum(each.into_pots_minutes - each.out_of_pots_minutes for each in moved)


# ------------------------------------------------------------------------------- members


def _people(
    session: Session, community: Community, table: Attendance, entered: Entered, *, now: dt.datetime
) -> dict[str, Member]:
    """Find or make the member for each person of a table; who is not to be told is left out."""
    told = {key: who for then in table.held for key, (who, _mark) in then.there.items()}
    if not told:
        return {}
    here = session.scalars(
        sa.select(Member)
        .where(Member.community_id == community.id, Member.state.in_(("active", "paused")))
        .order_by(Member.number)
    ).all()
    found = {}
    for key, who in told.items():
        member = _member(session, community, who, here, entered, now=now)
        if member is not None:
            found[key] = member
    return found


def _member(
    session: Session,
    community: Community,
    who: Who,
    here: Sequence[Member],
    entered: Entered,
    *,
    now: dt.datetime,
) -> Member | None:
    if who.number:
        fitting = [member for member in here if member.number == who.number]
        if not fitting:
            facts = {"number": f"M{who.number:06d}"}
            entered.remarks.append(Remark(who.row, "no such number", facts, is_bad=True))
        return fitting[0] if fitting else None
    fitting = _called(here, who.name)
    if len(fitting) > 1:
        numbers = ", ".join(member.account_code for member in fitting)
        facts = {"name": who.name, "numbers": numbers}
        entered.remarks.append(Remark(who.row, "several", facts, is_bad=True))
        return None
    if fitting:
        return fitting[0]
    first_name, last_name = split_name(who.name)
    if not first_name:
        entered.remarks.append(Remark(who.row, "nobody named", is_bad=True))
        return None
    entered.new_members.append(first_name)
    return members.add_member(
        session,
        community,
        first_name=first_name[:NAME_LENGTH_MAX],
        last_name=last_name[:NAME_LENGTH_MAX],
        by=None,
        now=now,
    )


def _called(here: Sequence[Member], name: str) -> list[Member]:
    """Return who is called that. A first name alone fits all who have it: hours are at stake."""
    folded = members_policy.fold(" ".join(split_name(name)))
    if " " not in folded:
        return [member for member in here if members_policy.fold(member.first_name) == folded]
    return [
        member
        for member in here
        if members_policy.fold(f"{member.first_name} {member.last_name}") == folded
    ]
