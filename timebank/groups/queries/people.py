"""Who is in a group, what they took in of its rules, and what the door says."""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.groups.errors import NoPartInGroupError
from timebank.groups.models import (
    Acknowledgement,
    Exclusion,
    GroundRules,
    Group,
    GroupEvent,
    GroupMember,
)
from timebank.groups.policy import rules as rules_policy
from timebank.groups.policy.rules import Door
from timebank.groups.policy.standing import Standing, standing
from timebank.members.models import Member

#: Groups one member's page lists.
MY_GROUPS_MAX = 50


@dataclass(frozen=True, slots=True)
class Companion:
    """A member and their part in a group."""

    link: GroupMember
    member: Member


def link(session: Session, group: Group, member_id: uuid.UUID) -> GroupMember | None:
    """Return how it stands between a member and a group, or None if there was never anything."""
    return session.scalar(
        sa.select(GroupMember).where(
            GroupMember.community_id == group.community_id,
            GroupMember.group_id == group.id,
            GroupMember.member_id == member_id,
        )
    )


def is_away(*days: dt.date | sa.SQLColumnExpression[dt.date]) -> sa.ColumnElement[bool]:
    """Say of a row of `GroupMember` that they stay away from the group on one of some days."""
    return sa.exists().where(
        Exclusion.community_id == GroupMember.community_id,
        Exclusion.group_id == GroupMember.group_id,
        Exclusion.member_id == GroupMember.member_id,
        sa.or_(*(Exclusion.holding_on(day) for day in days)),
    )


def standings_of(
    session: Session,
    group_ids: Collection[uuid.UUID],
    member: Member,
    roles: frozenset[str] = frozenset(),
    *,
    on: Collection[dt.date],
) -> dict[uuid.UUID, Standing]:
    """Return what a member is to some groups, by their keys, in one question.

    Args:
        session: Any session.
        group_ids: The groups.
        member: Who.
        roles: Theirs in the community.
        on: The days that count: whoever stays away on one of them has no more than anybody's part.
    """
    rows = session.execute(
        sa.select(GroupMember, is_away(*on)).where(
            GroupMember.community_id == member.community_id,
            GroupMember.group_id.in_(group_ids),
            GroupMember.member_id == member.id,
        )
    )
    found = {row[0].group_id: standing(row[0], roles, is_away=bool(row[1])) for row in rows}
    return {each: found.get(each) or standing(None, roles) for each in group_ids}


def standing_of(
    session: Session,
    group: Group,
    member: Member,
    roles: frozenset[str] = frozenset(),
    *,
    on: dt.date,
) -> Standing:
    """Return what a member is to a group on a day; `roles` are theirs in the community."""
    return standings_of(session, [group.id], member, roles, on=[on])[group.id]


def _with_member() -> sa.ColumnElement[bool]:
    return sa.and_(
        Member.community_id == GroupMember.community_id, Member.id == GroupMember.member_id
    )


def companions(
    session: Session,
    group: Group,
    *,
    parts: Collection[str] = (),
    state: str = "active",
    here_on: dt.date | None = None,
    after: uuid.UUID | None = None,
    limit: int = 500,
) -> Sequence[Companion]:
    """Return who is in a group, in order of their names; whoever left the community is left out.

    Args:
        session: Any session.
        group: The group.
        parts: Only these parts; all where empty.
        state: One of `groups.models.PART_STATES`.
        here_on: Only those who do not stay away on that day.
        after: The member the page before ended with.
        limit: At most so many.
    """
    wanted = (
        sa.select(GroupMember, Member)
        .join(Member, _with_member())
        .where(
            GroupMember.community_id == group.community_id,
            GroupMember.group_id == group.id,
            GroupMember.state == state,
            Member.state.in_(("active", "paused")),
        )
        .order_by(Member.folded_name, Member.id)
        .limit(limit)
    )
    if parts:
        wanted = wanted.where(GroupMember.part.in_(parts))
    if here_on is not None:
        wanted = wanted.where(~is_away(here_on))
    if after is not None:
        last = session.get_one(Member, (group.community_id, after))
        wanted = wanted.where(
            sa.tuple_(Member.folded_name, Member.id)
            > sa.tuple_(
                sa.bindparam(None, last.folded_name, Member.folded_name.type),
                sa.bindparam(None, last.id, Member.id.type),
            )
        )
    return [Companion(row[0], row[1]) for row in session.execute(wanted)]


def leads(session: Session, group: Group) -> list[Member]:
    """Return who runs a group, also who stays away from it just now."""
    return [companion.member for companion in companions(session, group, parts=("lead",))]


def acting_leads(session: Session, group: Group, *, now: dt.datetime) -> list[Member]:
    """Return who runs a group and does not stay away from it: who hears what there is to do."""
    today = session.get_one(Community, group.community_id).day_of(now)
    found = companions(session, group, parts=("lead",), here_on=today)
    return [companion.member for companion in found]


def waiting_links(session: Session, group: Group) -> Sequence[Companion]:
    """Return who asked to come in and waits for a lead."""
    return companions(session, group, state="asked")


def my_groups(session: Session, member: Member) -> list[tuple[GroupMember, Group]]:
    """Return the groups a member belongs to or is invited to, by name."""
    rows = session.execute(
        sa.select(GroupMember, Group)
        .join(
            Group,
            sa.and_(
                Group.community_id == GroupMember.community_id, Group.id == GroupMember.group_id
            ),
        )
        .where(
            GroupMember.community_id == member.community_id,
            GroupMember.member_id == member.id,
            GroupMember.state.in_(("active", "invited")),
            Group.state == "open",
        )
        .order_by(Group.folded, Group.id)
        .limit(MY_GROUPS_MAX)
    )
    return [(row[0], row[1]) for row in rows]


def parts_of(session: Session, member: Member, *, on: dt.date) -> frozenset[str]:
    """Name the parts a member plays on a day in any group that they do not stay away from."""
    return frozenset(
        session.scalars(
            sa.select(GroupMember.part)
            .where(
                GroupMember.community_id == member.community_id,
                GroupMember.member_id == member.id,
                GroupMember.state == "active",
                ~is_away(on),
            )
            .distinct()
        )
    )


def events(session: Session, group: Group, *, limit: int = 60) -> Sequence[GroupEvent]:
    """Return what happened to a group, the latest first."""
    return session.scalars(
        sa.select(GroupEvent)
        .where(GroupEvent.community_id == group.community_id, GroupEvent.group_id == group.id)
        .order_by(GroupEvent.id.desc())
        .limit(limit)
    ).all()


# ------------------------------------------------------------------------- ground rules


def ground_rules(
    session: Session, group: Group, *, version: int | None = None
) -> GroundRules | None:
    """Return a version of the ground rules, by default the one that holds; or None."""
    return session.scalar(
        sa.select(GroundRules).where(
            GroundRules.community_id == group.community_id,
            GroundRules.group_id == group.id,
            GroundRules.version == (group.rules_version if version is None else version),
        )
    )


def rules_history(session: Session, group: Group, *, limit: int = 20) -> Sequence[GroundRules]:
    """Return the versions of the ground rules, the latest first."""
    return session.scalars(
        sa.select(GroundRules)
        .where(GroundRules.community_id == group.community_id, GroundRules.group_id == group.id)
        .order_by(GroundRules.version.desc())
        .limit(limit)
    ).all()


def acknowledgement(
    session: Session, group: Group, member_id: uuid.UUID, version: int
) -> Acknowledgement | None:
    """Return that a member took in a version of the rules, or None."""
    return session.scalar(
        sa.select(Acknowledgement).where(
            Acknowledgement.community_id == group.community_id,
            Acknowledgement.group_id == group.id,
            Acknowledgement.member_id == member_id,
            Acknowledgement.version == version,
        )
    )


def acknowledged_versions(session: Session, group: Group, member_id: uuid.UUID) -> frozenset[int]:
    """Return which versions of the rules a member took in."""
    return frozenset(
        session.scalars(
            sa.select(Acknowledgement.version).where(
                Acknowledgement.community_id == group.community_id,
                Acknowledgement.group_id == group.id,
                Acknowledgement.member_id == member_id,
            )
        )
    )


def must_hear(session: Session, group: Group, member_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Return who of these members still has to take in the rules that hold, in one question."""
    if not group.rules_version or not member_ids:
        return set()
    heard = session.scalars(
        sa.select(Acknowledgement.member_id).where(
            Acknowledgement.community_id == group.community_id,
            Acknowledgement.group_id == group.id,
            Acknowledgement.version == group.rules_version,
            Acknowledgement.member_id.in_(member_ids),
        )
    )
    return set(member_ids) - set(heard)


# ------------------------------------------------------------------------------ the door


def is_kept_out(session: Session, group: Group, member_id: uuid.UUID, *, today: dt.date) -> bool:
    """Tell whether a member stays away from this group today. For the door and the lead alone."""
    return bool(
        session.scalar(
            sa.select(
                sa.exists().where(
                    Exclusion.community_id == group.community_id,
                    Exclusion.group_id == group.id,
                    Exclusion.member_id == member_id,
                    Exclusion.holding_on(today),
                )
            )
        )
    )


def at_the_door(session: Session, group: Group, member_id: uuid.UUID, *, today: dt.date) -> Door:
    """Return what the door of a group says to a member: come in, the rules first, or the lead."""
    return rules_policy.door(
        group,
        is_kept_out=is_kept_out(session, group, member_id, today=today),
        versions=acknowledged_versions(session, group, member_id),
    )


def exclusions(session: Session, group: Group, *, limit: int = 100) -> Sequence[Exclusion]:
    """Return the decisions of a group that somebody stays away, the latest first."""
    return session.scalars(
        sa.select(Exclusion)
        .where(Exclusion.community_id == group.community_id, Exclusion.group_id == group.id)
        .order_by(Exclusion.id.desc())
        .limit(limit)
    ).all()


def exclusion(session: Session, group: Group, exclusion_id: uuid.UUID) -> Exclusion:
    """Return a decision of this group.

    Raises:
        NoPartInGroupError: If it is none of this group's.
    """
    found = session.get(Exclusion, (group.community_id, exclusion_id))
    if found is None or found.group_id != group.id:
        raise NoPartInGroupError
    return found


def own_exclusion(session: Session, group: Group, member: Member) -> Exclusion | None:
    """Return the latest decision about a member themselves, or None."""
    return session.scalar(
        sa.select(Exclusion)
        .where(
            Exclusion.community_id == group.community_id,
            Exclusion.group_id == group.id,
            Exclusion.member_id == member.id,
        )
        .order_by(Exclusion.id.desc())
        .limit(1)
    )
