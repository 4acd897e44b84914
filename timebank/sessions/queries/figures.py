"""What closed sessions came to. Whatever was put right counts as it was put right."""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.groups.models import Group
from timebank.hours import queries as hours
from timebank.hours.queries import Moved
from timebank.members.models import Member
from timebank.sessions.models import ClosingPerson, ClosingShare, GroupSession, SessionClosing
from timebank.sessions.policy.figures import Came, Part
from timebank.sessions.queries import joins
from timebank.sessions.queries.together import latest

#: Names that one page lists.
PEOPLE_MAX = 300
#: What `people_by_month` calls the whole year.
ALL_YEAR = 0


SelectT = TypeVar("SelectT", bound="sa.Select[*tuple[Any, ...]]")


@dataclass(frozen=True, slots=True)
class Time:
    """A time of days: from its first day to the day before `end_on`."""

    begin_on: dt.date
    end_on: dt.date


def year_of(year: int) -> Time:
    """Return a year."""
    return Time(dt.date(year, 1, 1), dt.date(year + 1, 1, 1))


def month_of(year: int, month: int) -> Time:
    """Return a month."""
    following = dt.date(year + month // 12, month % 12 + 1, 1)
    return Time(dt.date(year, month, 1), following)


def _in(wanted: SelectT, community_id: uuid.UUID, time: Time, group: Group | None) -> SelectT:
    """Keep of closings those that count, of sessions on the days of a time, that a group held."""
    wanted = wanted.where(
        SessionClosing.community_id == community_id,
        GroupSession.community_id == community_id,
        GroupSession.day_on >= time.begin_on,
        GroupSession.day_on < time.end_on,
        # By the moment as well: that is what sessions are kept in order of.
        GroupSession.starts_at >= _moment(time.begin_on) - dt.timedelta(days=1),
        GroupSession.starts_at < _moment(time.end_on) + dt.timedelta(days=1),
        latest(),
    )
    if group is None:
        return wanted
    mine = sa.orm.aliased(ClosingShare)
    return wanted.where(
        sa.exists().where(
            mine.community_id == community_id,
            mine.closing_id == SessionClosing.id,
            mine.group_id == group.id,
        )
    )


def _moment(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def came(
    session: Session, community_id: uuid.UUID, time: Time, *, group: Group | None = None
) -> list[Came]:
    """Return what each session of a time came to, in order; for a group, its share of it.

    Two questions, however many sessions there are.
    """
    rows = session.execute(
        _in(
            sa.select(
                GroupSession.id,
                GroupSession.group_id,
                GroupSession.day_on,
                GroupSession.title,
                sa.and_(GroupSession.is_public, Group.is_public, Group.state == "open").label(
                    "is_public"
                ),
                SessionClosing.contacts,
                SessionClosing.known,
                SessionClosing.first_timers,
                SessionClosing.entry_id,
                ClosingShare.group_id.label("share_of"),
                ClosingShare.parts,
                ClosingShare.contacts.label("share_contacts"),
                ClosingShare.hosted_minutes,
            )
            .select_from(SessionClosing)
            .join(GroupSession, joins.of_session(SessionClosing))
            .join(
                Group,
                joins.of_group(),
            )
            .join(
                ClosingShare,
                sa.and_(
                    ClosingShare.community_id == SessionClosing.community_id,
                    ClosingShare.closing_id == SessionClosing.id,
                ),
            ),
            community_id,
            time,
            group,
        ).order_by(GroupSession.starts_at, GroupSession.id, ClosingShare.group_id)
    ).all()
    moved = _moved(session, community_id, time, group)
    shares: dict[uuid.UUID, list[Part]] = {}
    first: dict[uuid.UUID, Any] = {}
    for row in rows:
        first.setdefault(row.id, row)
        shares.setdefault(row.id, []).append(
            Part(row.share_of, row.parts, row.share_contacts, row.hosted_minutes)
        )
    found = [_came(row, shares[key], moved.get(row.entry_id)) for key, row in first.items()]
    return found if group is None else [each.of(group.id) for each in found]


def _came(row: sa.Row[Any], shares: Sequence[Part], moved: Moved | None) -> Came:
    moved = moved or Moved()
    return Came(
        session_id=row.id,
        group_id=row.group_id,
        day_on=row.day_on,
        title=row.title,
        is_public=row.is_public,
        contacts=row.contacts,
        by_name=row.known,
        first_timers=row.first_timers,
        shares=shares,
        credited_minutes=moved.to_members_minutes,
        into_pots_minutes=moved.into_pots_minutes,
        out_of_pots_minutes=moved.out_of_pots_minutes,
    )


def _moved(
    session: Session, community_id: uuid.UUID, time: Time, group: Group | None
) -> dict[uuid.UUID, Moved]:
    """Return what the entries of these sessions moved, as the books have it."""
    entries = sa.select(SessionClosing.entry_id).join(
        GroupSession, joins.of_session(SessionClosing)
    )
    wanted = _in(entries, community_id, time, group).where(SessionClosing.entry_id.is_not(None))
    return hours.moved_by_entries(session, community_id, wanted)


def people_by_month(
    session: Session, community_id: uuid.UUID, year: int, *, group: Group | None = None
) -> dict[int, int]:
    """Count the members who were there by name in each month of a year, and in all of it.

    Each counts once, however often they came; the whole year is under `ALL_YEAR`.
    """

    def counted(key: sa.ColumnElement[int]) -> sa.Select[int, int]:
        wanted = (
            sa.select(key, sa.func.count(ClosingPerson.member_id.distinct()))
            .select_from(SessionClosing)
            .join(GroupSession, joins.of_session(SessionClosing))
            .join(ClosingPerson, _with_person())
        )
        return _in(wanted, community_id, year_of(year), group)

    month = sa.cast(sa.extract("month", GroupSession.day_on), sa.Integer)
    whole = sa.literal(ALL_YEAR, sa.Integer)
    both = sa.union_all(counted(month).group_by(month), counted(whole))
    return {int(row[0]): int(row[1]) for row in session.execute(both)}


def _with_person() -> sa.ColumnElement[bool]:
    return sa.and_(
        ClosingPerson.community_id == SessionClosing.community_id,
        ClosingPerson.closing_id == SessionClosing.id,
    )


def people_named(
    session: Session, community_id: uuid.UUID, time: Time, *, group: Group | None = None
) -> list[tuple[Member, int]]:
    """Return who was there by name, in order of their names, and at how many sessions."""
    wanted = (
        sa.select(Member, sa.func.count())
        .select_from(SessionClosing)
        .join(GroupSession, joins.of_session(SessionClosing))
        .join(ClosingPerson, _with_person())
        .join(
            Member,
            sa.and_(
                Member.community_id == ClosingPerson.community_id,
                Member.id == ClosingPerson.member_id,
            ),
        )
    )
    rows = session.execute(
        _in(wanted, community_id, time, group)
        .group_by(Member.community_id, Member.id)
        .order_by(Member.folded_name, Member.id)
        .limit(PEOPLE_MAX)
    )
    return [(row[0], int(row[1])) for row in rows]


def years(session: Session, community_id: uuid.UUID, *, group: Group | None = None) -> list[int]:
    """Return the years in which sessions were held and closed, the latest first."""
    wanted = sa.select(sa.func.min(GroupSession.day_on), sa.func.max(GroupSession.day_on)).where(
        GroupSession.community_id == community_id, GroupSession.state == "closed"
    )
    if group is not None:
        wanted = wanted.where(GroupSession.group_id == group.id)
    first, last = cast("tuple[dt.date | None, dt.date | None]", session.execute(wanted).one())
    return list(range(last.year, first.year - 1, -1)) if first and last else []


def groups_named(
    session: Session, community_id: uuid.UUID, ids: Collection[uuid.UUID]
) -> Sequence[Group]:
    """Return the groups with these keys."""
    return session.scalars(
        sa.select(Group).where(Group.community_id == community_id, Group.id.in_(ids))
    ).all()


def met(
    session: Session, community_id: uuid.UUID, time: Time, *, group: Group | None
) -> dict[tuple[uuid.UUID, uuid.UUID], int]:
    """Count for each two members at how many sessions of a group both were, by name."""
    one, other = sa.orm.aliased(ClosingPerson), sa.orm.aliased(ClosingPerson)
    wanted = (
        sa.select(one.member_id, other.member_id, sa.func.count())
        .select_from(SessionClosing)
        .join(GroupSession, joins.of_session(SessionClosing))
        .join(
            one,
            sa.and_(
                one.community_id == SessionClosing.community_id,
                one.closing_id == SessionClosing.id,
            ),
        )
        .join(
            other,
            sa.and_(
                other.community_id == one.community_id,
                other.closing_id == one.closing_id,
                other.member_id > one.member_id,
            ),
        )
    )
    rows = session.execute(
        _in(wanted, community_id, time, group).group_by(one.member_id, other.member_id)
    )
    return {(row[0], row[1]): int(row[2]) for row in rows}
