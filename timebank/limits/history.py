"""Every change to how far an account may go: who, when, why, from what to what.

Three tables say so together. The book has both stops of the account, from its opening on, and can
not be rewritten. `own_limits` has what was given to this account, and `community_change` what was
changed for everybody, which concerns an account while it has nothing of its own.
"""

import datetime as dt
import itertools
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import LIMITS, Community, CommunityChange
from timebank.communities.policy import Limits, limits_of
from timebank.hours import queries as hours
from timebank.hours.models import OwnLimits
from timebank.hours.policy import floor_or_none


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the history.

    Attributes:
        kind: `opened`; `everybody`, where the community changed its limits; `own`, where this
            account was given its own; `ended` or `last day`, where those ended by decision or by
            themselves; `let pass`, where one exchange was let through; `state`, where the account
            was put on hold, opened or closed; `decided`, where the book alone knows.
        by_member_id: Who decided; None where nobody of the community did.
        reason: Why, where it was said.
        until_on: The last day of limits that were given for a while.
        changes: Name of the line, before and after, for each of the six that changed.
        state: The account's state after it.
    """

    at: dt.datetime
    kind: str
    by_member_id: uuid.UUID | None = None
    reason: str = ""
    until_on: dt.date | None = None
    changes: Sequence[tuple[str, int | None, int | None]] = ()
    state: str = "open"


def history(session: Session, community: Community, code: str, *, since: dt.datetime) -> list[Line]:
    """Return the whole history of an account's limits, the latest first.

    Args:
        session: The session to read with.
        community: Whose book.
        code: The account of a member.
        since: When its member joined; what the community changed before did not concern them.
    """
    own = hours.own_limits_ever(session, community.id, code)
    communal = _communal(session, community)
    told = [
        *_given_and_ended(own, communal),
        *(line for line in _for_everybody(communal, own) if line.at >= since),
    ]
    known = {line.at for line in told}
    lines = [*_in_the_book(session, community, code, known), *told]
    # Turned round at the end, so that of one moment too the latest comes first.
    return sorted(lines, key=lambda line: line.at)[::-1]


# --------------------------------------------------------------- what held for everybody


@dataclass(frozen=True, slots=True)
class _Communal:
    """The community's limits from a moment on, and who set them."""

    since: dt.datetime
    limits: Limits
    by_member_id: uuid.UUID | None


def _communal(session: Session, community: Community) -> list[_Communal]:
    """Return what the community's limits were, from the first on, read back from what they are."""
    rows = session.scalars(
        sa.select(CommunityChange)
        .where(CommunityChange.community_id == community.id, CommunityChange.setting.in_(LIMITS))
        .order_by(CommunityChange.id.desc())
    ).all()
    now = limits_of(community).by_name
    found: list[_Communal] = []
    for row in rows:
        if not found or found[-1].since != row.at:
            found.append(_Communal(row.at, Limits(**now), row.by_member_id))
        now[row.setting] = None if row.before is None else int(row.before)
    found.append(_Communal(community.created_at, Limits(**now), None))
    return found[::-1]


def _held_at(communal: Sequence[_Communal], at: dt.datetime) -> Limits:
    return next((one.limits for one in reversed(communal) if one.since <= at), communal[0].limits)


def _for_everybody(communal: Sequence[_Communal], own: Sequence[OwnLimits]) -> Iterator[Line]:
    for before, after in itertools.pairwise(communal):
        if not any(one.since_at <= after.since < (one.ended_at or _NEVER) for one in own):
            yield Line(
                at=after.since,
                kind="everybody",
                by_member_id=after.by_member_id,
                changes=_changes(before.limits, after.limits),
            )


# ---------------------------------------------------------------- what it was given itself

_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)


def _given_and_ended(own: Sequence[OwnLimits], communal: Sequence[_Communal]) -> Iterator[Line]:
    ends = {one.ended_at: one for one in own if one.ended_at is not None}
    begins = {one.since_at for one in own}
    for one in own:
        earlier = ends.get(one.since_at)
        before = limits_of(earlier) if earlier is not None else _held_at(communal, one.since_at)
        yield Line(
            at=one.since_at,
            kind="own",
            by_member_id=one.by_member_id,
            reason=one.reason,
            until_on=one.until_on,
            changes=_changes(before, limits_of(one)),
        )
    for at, one in ends.items():
        # What was given in its place says so itself.
        if at not in begins:
            yield Line(
                at=at,
                kind="last day" if one.ended_by_id is None else "ended",
                by_member_id=one.ended_by_id,
                changes=_changes(limits_of(one), _held_at(communal, at)),
            )


def _changes(before: Limits, after: Limits) -> list[tuple[str, int | None, int | None]]:
    return [
        (name, old, new)
        for name, old, new in ((name, before.by_name[name], after.by_name[name]) for name in LIMITS)
        if old != new
    ]


# ------------------------------------------------------------------- what the book remembers


def _in_the_book(
    session: Session, community: Community, code: str, known: set[dt.datetime]
) -> Iterator[Line]:
    """Tell what only the book knows, and the reasons of what let an exchange pass."""
    lines: list[Line] = []
    for row in hours.account_history(session, community.id, code):
        changes = [
            (name, old, new)
            for name, old, new in (
                (
                    "floor_minutes",
                    floor_or_none(row.floor_before),
                    floor_or_none(row.floor_after),
                ),
                ("ceiling_minutes", row.ceiling_before, row.ceiling_after),
            )
            if old != new
        ]
        line = Line(
            at=row.changed_at,
            kind="decided",
            by_member_id=row.actor,
            reason=row.reason or "",
            changes=changes,
            state=row.state_after,
        )
        if row.n == 1:
            line = replace(line, kind="opened", changes=[])
        elif row.state_before != row.state_after:
            line = replace(line, kind="state")
        elif lines and lines[-1].at == line.at and lines[-1].kind == "decided":
            # Out of the way and back in one moment: one exchange was let through.
            lines[-1] = replace(lines[-1], kind="let pass", changes=[])
            continue
        lines.append(line)
    return (line for line in lines if line.kind != "decided" or line.at not in known)
