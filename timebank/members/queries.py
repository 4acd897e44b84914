"""Finding people, memberships, roles, and what was decided about them."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.members import policy
from timebank.members.errors import MemberNotFoundError
from timebank.members.models import (
    Address,
    CodeCard,
    DeviceSession,
    Invitation,
    Member,
    MemberEvent,
    Person,
    RoleGrant,
)

#: A device that was not used for this long is signed out, and every device after the longer time.
IDLE_MAX = dt.timedelta(days=30)
AGE_MAX = dt.timedelta(days=180)
#: The same for a device that is shared with others.
SHARED_IDLE_MAX = dt.timedelta(hours=1)
SHARED_AGE_MAX = dt.timedelta(hours=12)
#: How many memberships are looked through for likely duplicates of one.
COMPARED_MAX = 5000


def hash_secret(secret: str) -> bytes:
    """Hash a secret of at least 128 random bits for storage; such a secret needs no salt."""
    return hashlib.sha256(secret.encode()).digest()


# ---------------------------------------------------------------------------- members


def get(session: Session, community_id: uuid.UUID, member_id: uuid.UUID) -> Member:
    """Return a member of a community, whatever their state.

    Raises:
        MemberNotFoundError: If nobody in this community has this id.
    """
    member = session.get(Member, (community_id, member_id))
    if member is None:
        raise MemberNotFoundError
    return member


def several(
    session: Session, community_id: uuid.UUID, member_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, Member]:
    """Return members of a community by id in one query; ids of nobody are left out."""
    if not member_ids:
        return {}
    found = session.scalars(
        sa.select(Member).where(Member.community_id == community_id, Member.id.in_(set(member_ids)))
    )
    return {member.id: member for member in found}


def has_number(session: Session, community_id: uuid.UUID, number: int) -> bool:
    """Tell whether a number is somebody's, also of somebody who has left."""
    found = sa.select(Member.id).where(Member.community_id == community_id, Member.number == number)
    return session.scalar(found) is not None


def by_number(session: Session, community_id: uuid.UUID, number: int) -> Member:
    """Return the member with this number.

    Raises:
        MemberNotFoundError: If the number was never given out here.
    """
    member = session.scalar(
        sa.select(Member).where(Member.community_id == community_id, Member.number == number)
    )
    if member is None:
        raise MemberNotFoundError
    return member


def by_numbers(
    session: Session, community_id: uuid.UUID, numbers: Sequence[int]
) -> Sequence[Member]:
    """Return the members with these numbers, in one query; numbers of nobody are left out."""
    if not numbers:
        return []
    return session.scalars(
        sa.select(Member).where(
            Member.community_id == community_id, Member.number.in_(set(numbers))
        )
    ).all()


def shown_name(member: Member) -> str:
    """Return what everybody of the community calls a member: the first name alone."""
    return member.first_name


def full_name(member: Member) -> str:
    """Return first and last name, for those who may see both."""
    return f"{member.first_name} {member.last_name}".strip()


def page(
    session: Session,
    community_id: uuid.UUID,
    *,
    states: Sequence[str],
    text: str = "",
    after: uuid.UUID | None = None,
    behind: int | None = None,
    limit: int,
) -> Sequence[Member]:
    """Return members in order of their names.

    Args:
        session: Any session.
        community_id: The community.
        states: Which of `models.STATES`.
        text: Words of the name without accents or capitals, or a member number; "" for all.
        after: The last member of the page before, or None from the start.
        behind: Only those to go through this version of the house rules with; None for all.
        limit: At most so many.
    """
    wanted = sa.select(Member).where(Member.community_id == community_id, Member.state.in_(states))
    if behind is not None:
        wanted = wanted.where(_rules_behind(behind))
    if text:
        wanted = wanted.where(_fits(text))
    if after is not None:
        last = get(session, community_id, after)
        wanted = wanted.where(
            sa.tuple_(Member.folded_name, Member.id)
            > sa.tuple_(
                sa.bindparam(None, last.folded_name, Member.folded_name.type),
                sa.bindparam(None, last.id, Member.id.type),
            )
        )
    return session.scalars(wanted.order_by(Member.folded_name, Member.id).limit(limit)).all()


def here(
    session: Session,
    community_id: uuid.UUID,
    *,
    after: uuid.UUID | None = None,
    limit: int,
) -> Sequence[Member]:
    """Return members who take part now, in order of their names."""
    return page(session, community_id, states=("active",), after=after, limit=limit)


def find(session: Session, community_id: uuid.UUID, text: str, limit: int) -> Sequence[Member]:
    """Return members who take part now and whose name or number fits; nobody for an empty text."""
    if not text.strip():
        return []
    return page(session, community_id, states=("active",), text=text, limit=limit)


def _fits(text: str) -> sa.ColumnElement[bool]:
    number = policy.number_typed(text)
    if number:
        return Member.number == number
    words = policy.fold(text).split()
    return sa.and_(
        sa.true(), *(Member.folded_name.contains(word, autoescape=True) for word in words)
    )


def count_by_state(session: Session, community_id: uuid.UUID) -> dict[str, int]:
    """Count the memberships of each state; a state of nobody is left out."""
    rows = session.execute(
        sa.select(Member.state, sa.func.count())
        .where(Member.community_id == community_id)
        .group_by(Member.state)
    )
    return {state: count for state, count in rows}  # noqa: C416 - rows are not tuples


def active_counts(session: Session) -> dict[uuid.UUID, int]:
    """Count who takes part now, in every community at once; one with nobody is left out."""
    rows = session.execute(
        sa.select(Member.community_id, sa.func.count())
        .where(Member.state == "active")
        .group_by(Member.community_id)
    )
    return {community_id: count for community_id, count in rows}  # noqa: C416 - rows are not tuples


def waiting_count(session: Session, community_id: uuid.UUID) -> int:
    """Count the people who wait to be let in."""
    count = session.scalar(
        sa.select(sa.func.count()).where(
            Member.community_id == community_id, Member.state == "waiting"
        )
    )
    return count or 0


def _rules_behind(version: int) -> sa.ColumnElement[bool]:
    """Say who has not agreed to this version and has no e-mail.

    The others are asked by the site itself, when they come by.
    """
    return sa.and_(
        Member.rules_version < version, Member.email == "", Member.state.in_(policy.BELONGING)
    )


def behind_count(session: Session, community: Community) -> int:
    """Count the members whom a coordinator should go through the house rules with."""
    count = session.scalar(
        sa.select(sa.func.count()).where(
            Member.community_id == community.id, _rules_behind(community.house_rules_version)
        )
    )
    return count or 0


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A membership that may be of the same person, and why: "email", "phone", "name"."""

    member: Member
    reasons: tuple[str, ...]


def lookalikes(
    session: Session,
    community_id: uuid.UUID,
    traits: policy.Traits,
    *,
    but: uuid.UUID | None = None,
    limit: int = 5,
) -> list[Lookalike]:
    """Return memberships that may be of the person with these traits, the likeliest first.

    They are suggested to a coordinator and block nothing.
    """
    rows = session.execute(
        sa.select(Member.id, Member.folded_name, Member.area, Member.email, Member.phone)
        .where(Member.community_id == community_id, Member.id != but if but else sa.true())
        .order_by(Member.id.desc())
        .limit(COMPARED_MAX)
    )
    reasons = {}
    for row in rows:
        other = policy.Traits(row.folded_name, row.area, row.email, row.phone)
        if found := policy.reasons_for_one_person(traits, other):
            reasons[row.id] = found
    likeliest = sorted(reasons, key=lambda key: len(reasons[key]), reverse=True)[:limit]
    members = several(session, community_id, likeliest)
    return [Lookalike(members[key], reasons[key]) for key in likeliest]


# --------------------------------------------------------------------- roles and history


#: A role that a member holds now.
_HOLDS = sa.and_(
    RoleGrant.community_id == Member.community_id,
    RoleGrant.member_id == Member.id,
    RoleGrant.ended_at.is_(None),
)
# Questions of every page, put together once.
_MEMBERSHIP = sa.select(Member).where(
    Member.community_id == sa.bindparam("community_id"),
    Member.person_id == sa.bindparam("person_id"),
)
_MEMBERSHIPS = (
    sa.select(Member, Community, RoleGrant.role)
    .join(Community, Community.id == Member.community_id)
    .outerjoin(RoleGrant, _HOLDS)
    .where(Member.person_id == sa.bindparam("person_id"))
    .order_by(Community.name, Member.id)
)
_ROLES = sa.select(RoleGrant.role).where(
    RoleGrant.community_id == sa.bindparam("community_id"),
    RoleGrant.member_id == sa.bindparam("member_id"),
    RoleGrant.ended_at.is_(None),
)
_DEVICE = sa.select(DeviceSession).where(DeviceSession.secret_hash == sa.bindparam("secret_hash"))


def membership_of(session: Session, community: Community, person_id: uuid.UUID) -> Member | None:
    """Return a person's membership of a community, whatever its state, or None."""
    return session.scalar(_MEMBERSHIP, {"community_id": community.id, "person_id": person_id})


class Membership(NamedTuple):
    """A person in a community, with the roles that they hold there now; most have none."""

    member: Member
    community: Community
    roles: frozenset[str]


def memberships_of(session: Session, person_id: uuid.UUID) -> list[Membership]:
    """Return every membership of a person, by the community's name."""
    rows = session.execute(_MEMBERSHIPS, {"person_id": person_id})
    found = []
    for (member, community), several in groupby(rows, key=lambda row: (row[0], row[1])):
        roles = frozenset(row[2] for row in several) - {None}
        found.append(Membership(member, community, roles))
    return found


def belongs_elsewhere(session: Session, person_id: uuid.UUID, community_id: uuid.UUID) -> bool:
    """Tell whether a person has a membership outside this community."""
    found = sa.select(Member.id).where(
        Member.person_id == person_id, Member.community_id != community_id
    )
    return bool(session.scalar(sa.select(found.exists())))


def roles_of(session: Session, member: Member) -> frozenset[str]:
    """Name the roles a member holds now; empty for most."""
    asked = {"community_id": member.community_id, "member_id": member.id}
    return frozenset(session.scalars(_ROLES, asked))


def holders(session: Session, community_id: uuid.UUID, role: str) -> Sequence[Member]:
    """Return the active members who hold a role now."""
    return session.scalars(
        sa.select(Member)
        .join(RoleGrant, _HOLDS)
        .where(
            Member.community_id == community_id,
            Member.state == "active",
            RoleGrant.role == role,
        )
        .order_by(Member.folded_name, Member.id)
    ).all()


def role_history(session: Session, member: Member) -> Sequence[RoleGrant]:
    """Return every role a member holds or held, the latest first."""
    return session.scalars(
        sa.select(RoleGrant)
        .where(RoleGrant.community_id == member.community_id, RoleGrant.member_id == member.id)
        .order_by(RoleGrant.given_at.desc(), RoleGrant.id.desc())
    ).all()


def history(session: Session, member: Member, *, limit: int = 50) -> Sequence[MemberEvent]:
    """Return what was decided about a membership, the latest first."""
    return session.scalars(
        sa.select(MemberEvent)
        .where(MemberEvent.community_id == member.community_id, MemberEvent.member_id == member.id)
        .order_by(MemberEvent.id.desc())
        .limit(limit)
    ).all()


def left_since(moment: sa.ColumnElement[dt.datetime]) -> sa.ColumnElement[bool]:
    """Tell, in a question about a `Member`, whether they left since a moment, back or not."""
    return (
        sa.exists()
        .where(
            MemberEvent.community_id == Member.community_id,
            MemberEvent.member_id == Member.id,
            MemberEvent.kind == "left",
            MemberEvent.at >= moment,
        )
        .correlate_except(MemberEvent)
    )


def card_in_use(session: Session, member: Member) -> CodeCard | None:
    """Return the code card that signs this member in now, or None."""
    return session.scalar(
        sa.select(CodeCard).where(
            CodeCard.community_id == member.community_id,
            CodeCard.member_id == member.id,
            CodeCard.stopped_at.is_(None),
        )
    )


def invitation(
    session: Session, community_id: uuid.UUID, secret: str, *, now: dt.datetime
) -> Invitation | None:
    """Return an invitation that still lets somebody in, or None."""
    return session.scalar(
        sa.select(Invitation).where(
            Invitation.community_id == community_id,
            Invitation.secret_hash == hash_secret(secret),
            Invitation.used_by_id.is_(None),
            Invitation.expires_at > now,
        )
    )


# ---------------------------------------------------------------------------- signing in


def device_of(session: Session, secret: str, *, now: dt.datetime) -> DeviceSession | None:
    """Return the device that holds this secret, or None if it ended or lay idle too long."""
    device = session.scalar(_DEVICE, {"secret_hash": hash_secret(secret)})
    return device if device is not None and is_signed_in(device, now=now) else None


def is_signed_in(device: DeviceSession, *, now: dt.datetime) -> bool:
    """Tell whether a device still signs its person in."""
    idle_max = SHARED_IDLE_MAX if device.is_shared else IDLE_MAX
    age_max = SHARED_AGE_MAX if device.is_shared else AGE_MAX
    return (
        device.ended_at is None
        and now - device.last_seen_at <= idle_max
        and now - device.created_at <= age_max
    )


def devices(
    session: Session,
    person_id: uuid.UUID,
    *,
    now: dt.datetime,
    only_id: uuid.UUID | None = None,
) -> list[DeviceSession]:
    """Return the devices a person is signed in on, the last used first.

    With `only_id`, those that open that community alone.
    """
    found = session.scalars(
        sa.select(DeviceSession)
        .where(
            DeviceSession.person_id == person_id,
            DeviceSession.ended_at.is_(None),
            DeviceSession.created_at > now - AGE_MAX,
            sa.true() if only_id is None else DeviceSession.community_id == only_id,
        )
        .order_by(DeviceSession.last_seen_at.desc())
        .limit(100)
    )
    return [device for device in found if is_signed_in(device, now=now)]


def address(session: Session, email: str) -> Address | None:
    """Return the sign-in address, or None if nobody signs in with it."""
    return session.scalar(sa.select(Address).where(Address.folded == policy.fold_address(email)))


def addresses_of(session: Session, person_id: uuid.UUID) -> Sequence[Address]:
    """Return the addresses that sign a person in, confirmed or not."""
    return session.scalars(
        sa.select(Address).where(Address.person_id == person_id).order_by(Address.id)
    ).all()


def person(session: Session, person_id: uuid.UUID) -> Person:
    """Return a person who is known to exist, such as the one signed in."""
    return session.get_one(Person, person_id)


def has_way_back(session: Session, person_id: uuid.UUID) -> bool:
    """Tell whether a person can sign in without a password: confirmed address or code card."""
    confirmed = sa.select(Address.id).where(
        Address.person_id == person_id, Address.verified_at.is_not(None)
    )
    card = (
        sa.select(CodeCard.id)
        .join(
            Member,
            sa.and_(Member.community_id == CodeCard.community_id, Member.id == CodeCard.member_id),
        )
        .where(Member.person_id == person_id, CodeCard.stopped_at.is_(None))
    )
    return bool(session.scalar(sa.select(sa.or_(confirmed.exists(), card.exists()))))
