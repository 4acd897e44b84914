"""Which groups are connected, and what they agreed on."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from timebank.groups.errors import TieNotFoundError
from timebank.groups.models import Group, Tie, TieTerms

TIES_MAX = 200


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A group on the other side of a tie."""

    tie: Tie
    group: Group


def tie_between(session: Session, one: Group, other: Group) -> Tie | None:
    """Return how two groups stand to each other, or None if neither ever asked."""
    first_id, second_id = sorted((one.id, other.id))
    return session.scalar(
        sa.select(Tie).where(
            Tie.community_id == one.community_id,
            Tie.first_id == first_id,
            Tie.second_id == second_id,
        )
    )


def tie(session: Session, one: Group, other: Group) -> Tie:
    """Return how two groups stand to each other.

    Raises:
        TieNotFoundError: If neither ever asked.
    """
    found = tie_between(session, one, other)
    if found is None:
        raise TieNotFoundError
    return found


def agreed_terms(session: Session, connection: Tie) -> TieTerms | None:
    """Return what two groups agreed on last; None before the first yes."""
    return session.scalar(
        sa.select(TieTerms)
        .where(
            TieTerms.community_id == connection.community_id,
            TieTerms.tie_id == connection.id,
            TieTerms.is_agreed.is_(True),
        )
        .order_by(TieTerms.version.desc())
        .limit(1)
    )


def every_terms(session: Session, connection: Tie) -> Sequence[TieTerms]:
    """Return everything that was proposed between two groups, the latest first."""
    return session.scalars(
        sa.select(TieTerms)
        .where(TieTerms.community_id == connection.community_id, TieTerms.tie_id == connection.id)
        .order_by(TieTerms.version.desc())
        .limit(50)
    ).all()


def neighbours(
    session: Session, group: Group, *, states: Sequence[str] = ("joined",)
) -> list[Neighbour]:
    """Return the groups connected with one, by name."""
    other_id = sa.case((Tie.first_id == group.id, Tie.second_id), else_=Tie.first_id)
    rows = session.execute(
        sa.select(Tie, Group)
        .join(Group, sa.and_(Group.community_id == Tie.community_id, Group.id == other_id))
        .where(
            Tie.community_id == group.community_id,
            (Tie.first_id == group.id) | (Tie.second_id == group.id),
            Tie.state.in_(states),
            Group.state == "open",
        )
        .order_by(Group.folded, Group.id)
        .limit(TIES_MAX)
    )
    return [Neighbour(row[0], row[1]) for row in rows]


def web(
    session: Session, community_id: uuid.UUID, *, only_public: bool
) -> tuple[list[Group], list[tuple[uuid.UUID, uuid.UUID]]]:
    """Return the groups of a community that are connected, and the pairs they make."""
    first, second = aliased(Group), aliased(Group)
    shown = [
        (each.state == "open") & (each.is_public if only_public else sa.true())
        for each in (first, second)
    ]
    rows = session.execute(
        sa.select(first, second)
        .select_from(Tie)
        .join(first, sa.and_(first.community_id == Tie.community_id, first.id == Tie.first_id))
        .join(second, sa.and_(second.community_id == Tie.community_id, second.id == Tie.second_id))
        .where(Tie.community_id == community_id, Tie.state == "joined", *shown)
        .limit(TIES_MAX)
    ).all()
    groups = {group.id: group for row in rows for group in row}
    ordered = sorted(groups.values(), key=lambda group: (group.folded, group.id))
    return ordered, [(row[0].id, row[1].id) for row in rows]
