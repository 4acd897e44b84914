"""Who has come to a line, who is due for a chat, and whom a change would concern."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.communities.policy import Limits
from timebank.hours import queries as hours
from timebank.hours.policy import SIDES, STEPS
from timebank.limits.models import TOLD_STEPS, Crossing
from timebank.members.models import Member

#: Members who take part or take a break: whose balances are looked at.
HERE = ("active", "paused")
#: Figures of an account code, unless there are more members than these can count.
ZEROS = 6
COUNTED = tuple(f"{side}_{step}" for side in SIDES for step in STEPS)


def account_code() -> sa.ColumnElement[str]:
    """Say a member's account code in SQL, so that accounts are found by their key.

    As `Member.account_code` says it in Python: M and at least six figures.
    """
    figures = sa.cast(Member.number, sa.String)
    missing = ZEROS - sa.func.length(figures)
    zeros = sa.func.substr("0" * ZEROS, 1, sa.case((missing > 0, missing), else_=0))
    return sa.literal("M") + zeros + figures


def _here(community_id: uuid.UUID) -> sa.ColumnElement[bool]:
    return sa.and_(Member.community_id == community_id, Member.state.in_(HERE))


# ----------------------------------------------------------------------- coming to a line


def next_to_tell(
    session: Session, community: Community, *, without: Collection[uuid.UUID] = ()
) -> Member | None:
    """Return a member who has come to a line, or is back from one, since anybody looked.

    The member is locked for this unit of work; one that another worker holds is left to that one.
    """
    standing = hours.standing(community)
    now_told = [
        sa.case(
            (
                sa.select(Crossing.id)
                .where(
                    Crossing.community_id == Member.community_id,
                    Crossing.member_id == Member.id,
                    Crossing.side == side,
                    Crossing.step == step,
                    Crossing.back_at.is_(None),
                )
                .exists(),
                1,
            ),
            else_=0,
        )
        != standing.c[f"{side}_{step}"]
        for side in SIDES
        for step in TOLD_STEPS
    ]
    return session.scalar(
        sa.select(Member)
        .join(standing, standing.c.code == account_code())
        .where(_here(community.id), sa.or_(*now_told), Member.id.not_in(without))
        .order_by(Member.number)
        .limit(1)
        .with_for_update(of=Member, skip_locked=True)
    )


def open_crossings(session: Session, member: Member) -> Mapping[tuple[str, str], Crossing]:
    """Return the lines a member's balance is at or beyond as far as was told, by side and step."""
    found = session.scalars(
        sa.select(Crossing).where(
            Crossing.community_id == member.community_id,
            Crossing.member_id == member.id,
            Crossing.back_at.is_(None),
        )
    )
    return {(one.side, one.step): one for one in found}


def due(community_id: uuid.UUID, today: dt.date) -> sa.ColumnElement[bool]:
    """Say which crossings are a task for today, as `policy.is_due` does of one."""
    return sa.and_(
        Crossing.community_id == community_id,
        Crossing.step == "soft",
        Crossing.back_at.is_(None),
        Crossing.talked_at.is_(None),
        Crossing.put_off_until.is_(None) | (Crossing.put_off_until <= today),
        Crossing.member_id.in_(sa.select(Member.id).where(_here(community_id))),
    )


def chats(
    session: Session, community_id: uuid.UUID, *, today: dt.date, limit: int
) -> list[tuple[Crossing, Member]]:
    """Return the members somebody should have a chat with, who has waited longest first."""
    rows = session.execute(
        sa.select(Crossing, Member)
        .join(
            Member,
            sa.and_(Member.community_id == Crossing.community_id, Member.id == Crossing.member_id),
        )
        .where(due(community_id, today))
        .order_by(Crossing.id)
        .limit(limit)
    )
    return [(crossing, member) for crossing, member in rows]


def soft_crossing(session: Session, member: Member) -> Crossing | None:
    """Return the chat there is to be had, or that was had, about where a balance is now."""
    return session.scalar(
        sa.select(Crossing)
        .where(
            Crossing.community_id == member.community_id,
            Crossing.member_id == member.id,
            Crossing.step == "soft",
            Crossing.back_at.is_(None),
        )
        .with_for_update()
    )


# -------------------------------------------------------------------------- all at a glance


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom limits concern, in figures.

    Attributes:
        members: Members here who have no limits of their own.
        with_own: Members here who have, and keep them.
        counts: How many of the first are at or beyond each line, such as `floor_soft`.
    """

    members: int
    with_own: int
    counts: Mapping[str, int]


def reach(session: Session, community: Community, limits: Limits) -> Reach:
    """Return whom limits would concern if they were the community's, in one statement."""
    standing = hours.standing(community, limits)
    follows = standing.c.is_own == 0
    row = session.execute(
        sa.select(
            sa.func.count().filter(follows),
            sa.func.count().filter(~follows),
            *(
                sa.func.coalesce(sa.func.sum(standing.c[name]).filter(follows), 0)
                for name in COUNTED
            ),
        )
        .select_from(standing)
        .join(Member, standing.c.code == account_code())
        .where(_here(community.id))
    ).one()
    members, with_own, *counts = (int(figure) for figure in row)
    return Reach(members, with_own, dict(zip(COUNTED, counts, strict=True)))


@dataclass(frozen=True, slots=True)
class Standing:
    """A member and where their balance is; `side` and `step` are None in the wide middle."""

    member: Member
    minutes: int
    is_own: bool
    side: str | None
    step: str | None


@dataclass(frozen=True, slots=True)
class Overview:
    """Where all balances are, in figures, and the first of those who are at a line.

    Attributes:
        members: How many members are here.
        with_own: How many have limits of their own.
        counts: How many are at or beyond each line.
        back_minutes: All that is to be given back, of those at a line, as a positive figure.
        spend_minutes: All that is to be spent, of those at a line.
        rows: Members at or beyond a line, in the order of their numbers.
    """

    members: int
    with_own: int
    counts: Mapping[str, int]
    back_minutes: int
    spend_minutes: int
    rows: Sequence[Standing]


def overview(
    session: Session, community: Community, *, after_number: int = 0, limit: int
) -> Overview:
    """Return who is at which line; never in the order of balances: nobody is ranked."""
    standing = hours.standing(community)
    # A community may have a stop and no nudge, so every line counts.
    at_floor = sa.or_(*(standing.c[f"floor_{step}"] == 1 for step in STEPS))
    at_ceiling = sa.or_(*(standing.c[f"ceiling_{step}"] == 1 for step in STEPS))
    figures = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(standing.c.is_own), 0),
            sa.func.coalesce(sa.func.sum(-standing.c.minutes).filter(at_floor), 0),
            sa.func.coalesce(sa.func.sum(standing.c.minutes).filter(at_ceiling), 0),
            *(sa.func.coalesce(sa.func.sum(standing.c[name]), 0) for name in COUNTED),
        )
        .select_from(standing)
        .join(Member, standing.c.code == account_code())
        .where(_here(community.id))
    ).one()
    members, with_own, back, spend, *counts = (int(figure) for figure in figures)
    rows = session.execute(
        sa.select(Member, standing)
        .join(standing, standing.c.code == account_code())
        .where(_here(community.id), at_floor | at_ceiling, Member.number > after_number)
        .order_by(Member.number)
        .limit(limit)
    )
    return Overview(
        members=members,
        with_own=with_own,
        counts=dict(zip(COUNTED, counts, strict=True)),
        back_minutes=back,
        spend_minutes=spend,
        rows=[_standing(row) for row in rows],
    )


def _standing(row: "sa.Row[tuple[Member, object]]") -> Standing:
    facts = row._mapping  # noqa: SLF001 - its public name
    at = [(side, step) for side in SIDES for step in reversed(STEPS) if facts[f"{side}_{step}"]]
    side, step = at[0] if at else (None, None)
    return Standing(facts[Member], facts["minutes"], bool(facts["is_own"]), side, step)
