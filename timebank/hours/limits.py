"""Change how far balances may go: for everybody, for one, until a day, or for one exchange.

The community's limits reach every account that has none of its own. Each change is a line in the
book's history of the account; each function runs in the caller's transaction and never commits.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ledger import limits as ledger_limits
from ledger.balances import Balance
from ledger.errors import UnknownBook
from timebank.communities.models import Community
from timebank.communities.policy import HasLimits, Limits
from timebank.hours import queries, service
from timebank.hours.errors import (
    AccountClosedError,
    NoBookError,
    NoOwnLimitsError,
    ReasonMissingError,
)
from timebank.hours.models import OwnLimits
from timebank.hours.policy import Holder, floor_for_the_book, has_ended
from timebank.passed_over import PassedOver


def reach_everybody(
    session: Session, community: Community, *, by: Holder | None, now: dt.datetime
) -> int:
    """Give every account that has no limits of its own the stops the community has now.

    The nudge and the chat need no giving: they are read from the community. Two statements and one
    locked row, however many members; again changes nothing.

    Returns:
        How many accounts changed.

    Raises:
        NoBookError: If the community has no book.
    """
    session.flush()
    try:
        return ledger_limits.set_limits_of_members(
            session.connection(),
            community.id,
            floor_minutes=floor_for_the_book(community.floor_minutes),
            ceiling_minutes=community.ceiling_minutes,
            but=queries.codes_with_own_limits(community.id),
            actor=by.id if by else None,
            reason=None,
            now=now,
        )
    except UnknownBook as refusal:
        raise NoBookError(community.id) from refusal


def lock_book(session: Session, community: Community) -> None:
    """Stand in line with all writers of the book: a balance read now is true until the commit.

    Raises:
        NoBookError: If the community has no book.
    """
    session.flush()
    try:
        ledger_limits.lock_book(session.connection(), community.id)
    except UnknownBook as refusal:
        raise NoBookError(community.id) from refusal


def give_own(
    session: Session,
    community: Community,
    code: str,
    limits: Limits,
    *,
    until_on: dt.date | None,
    reason: str,
    by: Holder | None,
    now: dt.datetime,
) -> OwnLimits:
    """Give one account limits of its own, for good or until a day is over; earlier ones end.

    Args:
        session: The open unit of work; never committed here.
        community: Whose book.
        code: The account of a member.
        limits: All six lines.
        until_on: The last day, where the community lives; None for good.
        reason: Why. The member reads it.
        by: Who decided; the caller has seen to their right.
        now: When.

    Raises:
        ReasonMissingError: If there is no reason.
        NoSuchAccountError: If the book has no such account.
        CannotBookError: If the reason is too long.
    """
    if not reason.strip():
        raise ReasonMissingError
    # First the book: its head is locked now, so two who decide at once do so one after the other.
    _set(session, community, code, _stops_of(limits), by=by, reason=reason.strip(), now=now)
    earlier = queries.own_limits(session, community.id, code)
    if earlier is not None:
        _end(session, earlier, by=by, now=now)
    own = OwnLimits(
        community_id=community.id,
        code=code,
        reason=reason.strip(),
        until_on=until_on,
        since_at=now,
        by_member_id=by.id if by else None,
        **limits.by_name,
    )
    session.add(own)
    session.flush()
    return own


def give_the_communitys(
    session: Session,
    community: Community,
    code: str,
    *,
    by: Holder | None,
    reason: str | None,
    now: dt.datetime,
) -> None:
    """End an account's own limits: those of the community hold for it again.

    Raises:
        NoOwnLimitsError: If it has none.
        NoSuchAccountError: If the book has no such account.
        CannotBookError: If the reason is too long.
    """
    _set(session, community, code, _stops_of(community), by=by, reason=reason, now=now)
    own = queries.own_limits(session, community.id, code)
    if own is None:
        raise NoOwnLimitsError(code)
    _end(session, own, by=by, now=now)


def end_next(
    session: Session, community: Community, *, today: dt.date, now: dt.datetime, passed: PassedOver
) -> str | None:
    """End own limits whose last day is over; return whose, or None where there are none.

    Safe to run again and by several at once.
    """
    due = session.execute(
        sa.select(OwnLimits.id, OwnLimits.code)
        .where(
            OwnLimits.community_id == community.id,
            OwnLimits.ended_at.is_(None),
            OwnLimits.until_on < today,
            OwnLimits.id.not_in(passed.ids),
        )
        .order_by(OwnLimits.id)
        .limit(1)
    ).first()
    if due is None:
        return None
    passed.begin(due.id)
    # The book first, as everywhere; somebody may have decided otherwise before it was our turn.
    lock_book(session, community)
    own = queries.own_limits(session, community.id, due.code)
    if own is None or not has_ended(own.until_on, today):
        return None
    give_the_communitys(session, community, due.code, by=None, reason=None, now=now)
    return own.code


@contextmanager
def past_limits(
    session: Session,
    community: Community,
    changes: Mapping[str, int],
    *,
    reason: str,
    by: Holder,
    now: dt.datetime,
) -> Iterator[None]:
    """Let what is booked inside pass this once although a stop is in the way.

    A stop that is in the way is moved out of it and put back in the same transaction. Both are in
    the account's history, the first with the reason, so a stranger can see why a balance lies
    beyond its line.

    Args:
        session: The open unit of work; never committed here.
        community: Whose book.
        changes: What will be booked: minutes by account, above zero for what it gains.
        reason: Why. The member reads it.
        by: Who decided; the caller has seen to their right.
        now: When.

    Raises:
        ReasonMissingError: If there is no reason.
        AccountClosedError: If one of the accounts is closed or on hold: that is no limit.
        NoSuchAccountError: If the book has no such account.
        CannotBookError: If the reason is too long.
    """
    if not reason.strip():
        raise ReasonMissingError
    lock_book(session, community)
    stops = {}
    for code, change_minutes in changes.items():
        account = queries.balance(session, community.id, code)
        if account.state != "open":
            raise AccountClosedError(code, is_frozen=account.state == "frozen")
        moved = _out_of_the_way(account, change_minutes)
        if moved is not None:
            stops[code] = (account.floor_minutes, account.ceiling_minutes)
            _set(session, community, code, moved, by=by, reason=reason.strip(), now=now)
    yield
    for code, kept in stops.items():
        _set(session, community, code, kept, by=by, reason=None, now=now)


def _out_of_the_way(account: Balance, change_minutes: int) -> tuple[int | None, int | None] | None:
    """Return the stops with which a change would pass; None where they let it pass already."""
    floor, ceiling = account.floor_minutes, account.ceiling_minutes
    # What is set aside counts as moved, as it does when the book checks.
    lowest = account.available + change_minutes
    highest = account.posted + account.held_in + change_minutes
    if change_minutes < 0 and floor is not None and lowest < floor:
        return lowest, ceiling
    if change_minutes > 0 and ceiling is not None and highest > ceiling:
        return floor, highest
    return None


def _set(
    session: Session,
    community: Community,
    code: str,
    stops: tuple[int | None, int | None],
    *,
    by: Holder | None,
    reason: str | None,
    now: dt.datetime,
) -> None:
    """Set floor and ceiling of an account."""
    service.set_limits(
        session,
        community,
        code,
        floor_minutes=stops[0],
        ceiling_minutes=stops[1],
        by=by,
        reason=reason,
        now=now,
    )


def _stops_of(limits: HasLimits) -> tuple[int | None, int | None]:
    return limits.floor_minutes, limits.ceiling_minutes


def _end(session: Session, own: OwnLimits, *, by: Holder | None, now: dt.datetime) -> None:
    own.ended_at = now
    own.ended_by_id = by.id if by else None
    session.flush()
