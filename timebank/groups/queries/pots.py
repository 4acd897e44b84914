"""What pots hold, what waits to be decided, and how hours flow between them."""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.groups.errors import MoveNotFoundError
from timebank.groups.models import (
    TWO_ABOVE_MINUTES,
    Group,
    GroupMember,
    PotApproval,
    PotMove,
    PotRule,
)
from timebank.groups.policy.pots import COMMUNITY_POT
from timebank.hours import queries as hours
from timebank.members.models import Member

POTS_MAX = 500
SOURCES_MAX = 200
ASKED_MAX = 120


@dataclass(frozen=True, slots=True)
class Flow:
    """Minutes that went from one pot to another over a time."""

    giver_code: str
    taker_code: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A move of a pot.

    Attributes:
        move: The move.
        approved: Who said yes so far.
        other_name: The group whose pot it goes to; None for a member, or for the whole community.
    """

    move: PotMove
    approved: list[uuid.UUID]
    other_name: str | None


@dataclass(frozen=True, slots=True)
class Undecided:
    """A move that waits for the yes of somebody who decides about its pot.

    Attributes:
        move: The move.
        group: Whose pot it is; None for the whole community's.
        to_name: Whom the hours would go to: a member, or another group; None for the community.
    """

    move: PotMove
    group: Group | None
    to_name: str | None


@dataclass(frozen=True, slots=True)
class Pots:
    """All pots of a community beside the rest of its book, which adds up to nothing.

    Attributes:
        minutes: What each pot holds, by its code.
        created: What each activity recognised, by its source's code.
        members_minutes: What all members hold together.
        others_minutes: What came in otherwise: from before, put right, less what was let go.
    """

    minutes: dict[str, int]
    created: dict[str, int]
    members_minutes: int
    others_minutes: int


def pot_minutes(session: Session, group: Group) -> int:
    """Return the minutes in a group's pot."""
    return hours.balance(session, group.community_id, group.account_code).posted


def two_above(session: Session, community_id: uuid.UUID, code: str) -> int:
    """Return from more than how many minutes on two people decide about a pot."""
    found = session.scalar(
        sa.select(PotRule.two_above_minutes).where(
            PotRule.community_id == community_id, PotRule.pot_code == code
        )
    )
    return TWO_ABOVE_MINUTES if found is None else found


def pot_rule(session: Session, community_id: uuid.UUID, code: str) -> PotRule | None:
    """Return the rule a pot was given, or None while it has the usual one."""
    return session.scalar(
        sa.select(PotRule).where(PotRule.community_id == community_id, PotRule.pot_code == code)
    )


def move(
    session: Session, community_id: uuid.UUID, move_id: uuid.UUID, *, lock: bool = False
) -> PotMove:
    """Return a move of a pot; with `lock`, its row is held until the end of the transaction.

    Raises:
        MoveNotFoundError: If the community has no such move.
    """
    found = session.get(PotMove, (community_id, move_id), with_for_update=lock)
    if found is None:
        raise MoveNotFoundError
    return found


def awaits_yes(
    community_id: uuid.UUID, member_id: uuid.UUID, *, code: str | None = None
) -> sa.ColumnElement[bool]:
    """Rule for moves that wait for a yes of somebody who decides, as `policy.may_approve` says it.

    Args:
        community_id: The community.
        member_id: Who decides.
        code: The one pot they decide about; None where they decide about all of them.
    """
    said_yes = sa.exists().where(
        PotApproval.community_id == PotMove.community_id,
        PotApproval.move_id == PotMove.id,
        PotApproval.member_id == member_id,
    )
    # The pot of a group that has ended decides nothing any more.
    group = sa.orm.aliased(Group)
    open_group = sa.exists().where(*_of_pot(group), group.state == "open")
    of_pot = sa.or_(PotMove.pot_code == COMMUNITY_POT, open_group)
    return sa.and_(
        PotMove.community_id == community_id,
        # Gifts wait for nobody. To name the others lets the index find what waits.
        PotMove.kind.in_(("grant", "payment", "transfer")),
        PotMove.state == "waiting",
        of_pot if code is None else PotMove.pot_code == code,
        PotMove.member_id.is_distinct_from(member_id),
        ~said_yes,
    )


def _of_pot(group: type[Group]) -> tuple[sa.ColumnElement[bool], ...]:
    """Join a move and the group whose pot it leaves; the community's pot has none."""
    number = sa.cast(sa.func.substr(PotMove.pot_code, 2), sa.Integer)
    return group.community_id == PotMove.community_id, group.number == number


def undecided(
    session: Session,
    community_id: uuid.UUID,
    member_id: uuid.UUID,
    *,
    code: str | None = None,
    limit: int,
) -> list[Undecided]:
    """Return what waits for the yes of somebody who decides, the oldest first (`awaits_yes`)."""
    other = sa.orm.aliased(Group)
    number = sa.cast(sa.func.substr(PotMove.other_code, 2), sa.Integer)
    rows = session.execute(
        sa.select(PotMove, Group, sa.func.coalesce(Member.first_name, other.name))
        .outerjoin(Group, sa.and_(*_of_pot(Group)))
        .outerjoin(
            Member,
            sa.and_(Member.community_id == PotMove.community_id, Member.id == PotMove.member_id),
        )
        .outerjoin(
            other, sa.and_(other.community_id == PotMove.community_id, other.number == number)
        )
        .where(awaits_yes(community_id, member_id, code=code))
        .order_by(PotMove.id)
        .limit(limit)
    )
    return [Undecided(*row) for row in rows]


def asked_of(session: Session, community_id: uuid.UUID, code: str) -> list[Asked]:
    """Return what was asked of a pot, what waits first: with who said yes, and to which group.

    One question: what waits, and what the latest lines of its book are about.
    """
    waits = sa.case((PotMove.state == "waiting", 0), else_=1)
    rows = session.execute(
        sa.select(PotMove, PotApproval.member_id, Group.name)
        .outerjoin(
            PotApproval,
            sa.and_(
                PotApproval.community_id == PotMove.community_id, PotApproval.move_id == PotMove.id
            ),
        )
        .outerjoin(
            Group,
            sa.and_(
                Group.community_id == PotMove.community_id,
                Group.number == sa.cast(sa.func.substr(PotMove.other_code, 2), sa.Integer),
            ),
        )
        .where(
            PotMove.community_id == community_id,
            PotMove.pot_code == code,
            PotMove.state.in_(("waiting", "booked")),
        )
        .order_by(waits, PotMove.id.desc())
        .limit(ASKED_MAX)
    )
    found: dict[uuid.UUID, Asked] = {}
    for move, member_id, name in rows:
        asked = found.setdefault(move.id, Asked(move, [], name))
        if member_id is not None:
            asked.approved.append(member_id)
    return list(found.values())


def approvals(session: Session, move: PotMove) -> list[uuid.UUID]:
    """Return who said yes to a move, in order."""
    return list(
        session.scalars(
            sa.select(PotApproval.member_id)
            .where(PotApproval.community_id == move.community_id, PotApproval.move_id == move.id)
            .order_by(PotApproval.id)
        )
    )


def net_minutes(session: Session, community_id: uuid.UUID, giver: str, taker: str) -> int:
    """Return what one pot gave to another, less what came back, over all time."""
    total = sa.func.coalesce(sa.func.sum(PotMove.minutes), 0)

    def given(pot: str, other: str) -> int:
        return int(
            session.scalar(
                sa.select(total).where(
                    PotMove.community_id == community_id,
                    PotMove.kind == "transfer",
                    PotMove.state == "booked",
                    PotMove.pot_code == pot,
                    PotMove.other_code == other,
                )
            )
            or 0
        )

    return given(giver, taker) - given(taker, giver)


def flows(session: Session, community_id: uuid.UUID, *, since_on: dt.date) -> list[Flow]:
    """Return what flowed from pot to pot since a day, the most first."""
    minutes = sa.func.sum(PotMove.minutes)
    rows = session.execute(
        sa.select(PotMove.pot_code, PotMove.other_code, minutes)
        .where(
            PotMove.community_id == community_id,
            PotMove.kind == "transfer",
            PotMove.state == "booked",
            PotMove.happened_on >= since_on,
        )
        .group_by(PotMove.pot_code, PotMove.other_code)
        .order_by(minutes.desc(), PotMove.pot_code, PotMove.other_code)
        .limit(POTS_MAX)
    )
    return [Flow(giver, str(taker), int(total)) for giver, taker, total in rows]


def pots(session: Session, community_id: uuid.UUID, codes: Collection[str]) -> Pots:
    """Return what these pots hold and the hours that activity created, as the book has them."""
    held = hours.balances(session, community_id, sorted(codes))
    # The codes of sources are in small letters: they come after all numbered accounts.
    book = hours.trial_balance(session, community_id, after_code="Z", limit=SOURCES_MAX)
    created = {
        each.code: -each.posted
        for each in book.accounts
        if each.code.startswith("activity-") and each.posted
    }
    return Pots(
        minutes={code: balance.posted for code, balance in held.items()},
        created=created,
        members_minutes=book.kinds.get("member", 0),
        others_minutes=-book.kinds.get("source", 0) - sum(created.values()),
    )


def groups_by_pot(session: Session, community_id: uuid.UUID) -> dict[str, Group]:
    """Return the groups of a community by the codes of their pots, ended ones too."""
    found = session.scalars(
        sa.select(Group).where(Group.community_id == community_id).order_by(Group.folded, Group.id)
    )
    return {group.account_code: group for group in found}


def behind_pots(
    session: Session, community_id: uuid.UUID, codes: Collection[str], member_id: uuid.UUID
) -> dict[str, tuple[Group, bool]]:
    """Return the groups behind codes of pots, and whether a member belongs to each.

    Codes of no group, such as the whole community's, are left out.
    """
    numbers = [int(code[1:]) for code in codes]
    if not numbers:
        return {}
    rows = session.execute(
        sa.select(Group, GroupMember.id)
        .outerjoin(
            GroupMember,
            sa.and_(
                GroupMember.community_id == Group.community_id,
                GroupMember.group_id == Group.id,
                GroupMember.member_id == member_id,
                GroupMember.state == "active",
            ),
        )
        .where(Group.community_id == community_id, Group.number.in_(numbers))
    )
    return {group.account_code: (group, part is not None) for group, part in rows}
