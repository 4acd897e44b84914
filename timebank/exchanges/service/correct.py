"""Taking hours back and putting them right: entries beside the entry, never an edit of it."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.db import new_id
from timebank.exchanges import policy, queries
from timebank.exchanges.errors import (
    AccountFixedError,
    CategoryNotFoundError,
    NothingChangedError,
    OverdraftNotFoundError,
    OwnExchangeError,
    TooManyLegsError,
    WordsMissingError,
)
from timebank.exchanges.models import Exchange, ExchangeCorrection, Overdraft
from timebank.exchanges.service import moving
from timebank.hours import queries as hours_queries
from timebank.hours import service as hours
from timebank.hours.policy import category_code
from timebank.listings.models import Category
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.messaging import service as messaging
from timebank.messaging.models import Notice

TOPIC = "hours"
TOPIC_WORK = "work"
REVERSED = "hours-reversed"
CORRECTED = "hours-corrected"
#: Where a member reads of hours that belong to no exchange, below the community's address. Each
#: entry has a page of its own, so that what is told of one is never taken for what is told of
#: another.
PATH_ENTRY = "hours/receipts/"
#: Where they all led before.
PATH_HOURS = "hours"
#: Who looks after accounts that are short; where nobody holds the first, the next.
LOOK_AFTER_ACCOUNTS = ("treasurer", "coordinator")


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What should have been written down.

    Attributes:
        minutes: How long it really took, or how much should have moved.
        happened_on: On which day.
        category_id: What kind of help; None leaves it as it was.
        member_id: Whose hours, where an entry is about one member and no exchange; None leaves it.
    """

    minutes: int
    happened_on: dt.date
    category_id: uuid.UUID | None = None
    member_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Corrected:
    """How a correction ended.

    Attributes:
        entry_id: The entry that stands now.
        overdrawn: Accounts that are under their floor now; mostly none.
    """

    entry_id: uuid.UUID
    overdrawn: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Line:
    """What an entry moved, so much each time, with what it was for and when."""

    sides: tuple[tuple[str, str], ...]
    minutes: int
    happened_on: dt.date
    category: str


def reverse_entry(
    session: Session,
    community: Community,
    entry_id: uuid.UUID,
    *,
    by: Member,
    reason: str,
    now: dt.datetime,
) -> Sequence[str]:
    """Take an entry back with a reason; its members are told. The caller has seen to `by`'s right.

    Limits do not stop it: else hours once spent could never be put right. Whoever looks after the
    accounts is told of those that it leaves too low.

    Returns:
        The accounts that are under their floor now; mostly none.

    Raises:
        WordsMissingError: If there is no reason.
        OwnExchangeError: If the hours would come back to `by`.
        AlreadyTakenBackError, NoSuchEntryError, NotTakenBackError: Of `hours`, as their names say.
    """
    if not reason.strip():
        raise WordsMissingError
    exchange = queries.locked_by_entry(session, community.id, entry_id)
    entry = hours_queries.entry(session, community.id, entry_id)
    if any(by.account_code == leg.payer_code for leg in entry.legs):
        raise OwnExchangeError
    outcome = hours.take_back(
        session,
        community,
        entry_id,
        reason=reason.strip(),
        key=f"reverse:{entry_id}",
        by=by,
        now=now,
    )
    if outcome.status == "replayed":
        # Somebody pressed at the same moment, with the same words. All have been told.
        return tuple(outcome.overdrawn)
    if exchange is not None:
        exchange.reversal_id = outcome.entry_id
        moving.note(session, exchange, "reverse", by=by, now=now, words=reason)
    facts = {"reason": reason.strip()}
    told = dict.fromkeys(outcome.balances, outcome.entry_id)
    _tell(session, community, told, exchange, REVERSED, facts, now=now)
    flag_overdrawn(session, community, outcome.entry_id, outcome.overdrawn, now=now)
    return tuple(outcome.overdrawn)


def correct_entry(
    session: Session,
    community: Community,
    entry_id: uuid.UUID,
    right: Right,
    *,
    by: Member,
    reason: str,
    now: dt.datetime,
) -> Corrected:
    """Put an entry right: take it back and book what is right, in one act; its members are told.

    The exchange it belongs to, if any, shows the new figures and keeps its story. Refused halves
    are undone with the unit of work. The caller has seen to `by`'s right to do such things.

    Raises:
        WordsMissingError: If there is no reason.
        OwnExchangeError: If the hours are `by`'s own.
        TooManyLegsError: If the entry moved more for some people than for others.
        AccountFixedError: If it should be about somebody else, and can not.
        NothingChangedError: If it says what is right already.
        MinutesOutOfRangeError, DayOutOfRangeError, CategoryNotFoundError: As their names say.
        RefusalError: Of `hours`, where the book or a limit does not allow it.
    """
    if not reason.strip():
        raise WordsMissingError
    exchange = queries.locked_by_entry(session, community.id, entry_id)
    check_not_own(session, community, entry_id, by=by)
    was = _line_of(session, community, entry_id)
    new = _new_line(session, community, exchange, was, right, by=by, now=now)
    if new == was:
        raise NothingChangedError
    done = hours.correct(
        session,
        community,
        entry_id,
        legs=[(payer, payee, new.minutes) for payer, payee in new.sides],
        happened_on=new.happened_on,
        category=new.category,
        reason=reason.strip(),
        key=f"correct:{entry_id}",
        by=by,
        now=now,
    )
    corrected = Corrected(done.replacement.entry_id, done.overdrawn)
    if done.replacement.status == "replayed":
        return corrected
    if exchange is not None:
        _rewrite(session, exchange, done.reversal.entry_id, done.replacement.entry_id, new, right)
        moving.note(session, exchange, "correct", by=by, now=now, minutes=new.minutes, words=reason)
    facts = {"before": was.minutes, "minutes": new.minutes, "reason": reason.strip()}
    told = dict.fromkeys(done.replacement.balances, done.replacement.entry_id)
    # Whose it is no more finds the entry that moved it back, and no other.
    told = dict.fromkeys(done.reversal.balances, done.reversal.entry_id) | told
    _tell(session, community, told, exchange, CORRECTED, facts, now=now)
    flag_overdrawn(session, community, done.reversal.entry_id, done.overdrawn, now=now)
    return corrected


def check_not_own(
    session: Session, community: Community, entry_id: uuid.UUID, *, by: Member
) -> None:
    """See that somebody may put an entry right: hours of one's own are for somebody else.

    Raises:
        OwnExchangeError: If the hours are `by`'s own.
        NoSuchEntryError: If the book has no such entry.
    """
    entry = hours_queries.entry(session, community.id, entry_id)
    if any(by.account_code in {leg.payer_code, leg.payee_code} for leg in entry.legs):
        raise OwnExchangeError


def see_to_overdraft(
    session: Session,
    community: Community,
    overdraft_id: uuid.UUID,
    *,
    by: Member,
    now: dt.datetime,
) -> Overdraft:
    """Say that somebody was talked with; again changes nothing.

    Raises:
        OverdraftNotFoundError: If there is no such thing to see to.
    """
    overdraft = queries.locked_overdraft(session, community.id, overdraft_id)
    if overdraft is None:
        raise OverdraftNotFoundError
    if overdraft.seen_to_at is None:
        overdraft.seen_to_at, overdraft.seen_to_by_id = now, by.id
    return overdraft


# --------------------------------------------------------------------------- what is right


def _line_of(session: Session, community: Community, entry_id: uuid.UUID) -> _Line:
    entry = hours_queries.entry(session, community.id, entry_id)
    minutes = {leg.minutes for leg in entry.legs}
    if len(minutes) != 1:
        raise TooManyLegsError
    return _Line(
        tuple((leg.payer_code, leg.payee_code) for leg in entry.legs),
        minutes.pop(),
        entry.occurred_on,
        entry.category,
    )


def _new_line(
    session: Session,
    community: Community,
    exchange: Exchange | None,
    was: _Line,
    right: Right,
    *,
    by: Member,
    now: dt.datetime,
) -> _Line:
    """What the new entry will say."""
    minutes = right.minutes
    if exchange is not None and minutes != was.minutes:
        minutes = moving.rounded(community, minutes)
    if right.happened_on != was.happened_on:
        # A day that stays may lie longer ago than one that is newly said.
        policy.check_happened(right.happened_on, today=community.day_of(now))
    category = was.category
    if right.category_id is not None:
        found = session.get(Category, (community.id, right.category_id))
        if found is None:
            raise CategoryNotFoundError
        category = category_code(found.key, found.id)
    sides = was.sides
    if right.member_id is not None:
        sides = _other_sides(session, community, exchange, was, right.member_id, by=by)
    return _Line(sides, minutes, right.happened_on, category)


def _other_sides(
    session: Session,
    community: Community,
    exchange: Exchange | None,
    was: _Line,
    member_id: uuid.UUID,
    *,
    by: Member,
) -> tuple[tuple[str, str], ...]:
    """Payer and payee, with another member in place of the one there is."""
    code = members.get(session, community.id, member_id).account_code
    people = [side for pair in was.sides for side in pair if is_member_code(side)]
    if exchange is not None or len(people) != 1:
        raise AccountFixedError
    if code == by.account_code:
        raise OwnExchangeError
    return tuple(
        (code if payer == people[0] else payer, code if payee == people[0] else payee)
        for payer, payee in was.sides
    )


def is_member_code(code: str) -> bool:
    """Tell whether an account is a member's: M and figures."""
    return code[:1] == "M" and code[1:].isdigit()


def _rewrite(
    session: Session,
    exchange: Exchange,
    reversal_id: uuid.UUID,
    entry_id: uuid.UUID,
    new: _Line,
    right: Right,
) -> None:
    """Let the exchange show what is right, and remember the entry that stands no more."""
    session.add(
        ExchangeCorrection(
            community_id=exchange.community_id,
            exchange_id=exchange.id,
            entry_id=exchange.entry_id,
            reversal_id=reversal_id,
        )
    )
    exchange.entry_id = entry_id
    exchange.worked_minutes, exchange.happened_on = new.minutes, new.happened_on
    exchange.category_id = right.category_id or exchange.category_id


# -------------------------------------------------------------------------------- telling


def _tell(
    session: Session,
    community: Community,
    entries: Mapping[str, uuid.UUID],
    exchange: Exchange | None,
    kind: str,
    facts: Mapping[str, object],
    *,
    now: dt.datetime,
) -> None:
    """Tell the members behind these accounts; the entries are where each of them reads of it."""
    whole = dict(facts)
    if exchange is None:
        # No path leads from here to those whom the words are about, should they be forgotten.
        whole["codes"] = f" {' '.join(sorted(entries))} "
    for member in queries.by_account_codes(session, community.id, entries):
        path = f"{PATH_ENTRY}{entries[member.account_code]}"
        if exchange is not None:
            path = moving.path_of(exchange)
        messaging.tell(session, member, topic=TOPIC, kind=kind, facts=whole, path=path, now=now)


def forget_told(session: Session, community: Community, code: str) -> None:
    """Delete what anybody was told, with a reason, of hours of this account and of no exchange.

    Those that do not say whose hours they were are older than that, and go too.
    """
    codes = Notice.facts["codes"].as_string()
    session.execute(
        sa.delete(Notice).where(
            Notice.community_id == community.id,
            Notice.kind.in_((REVERSED, CORRECTED)),
            sa.or_(Notice.path == PATH_HOURS, Notice.path.startswith(PATH_ENTRY)),
            sa.or_(codes.is_(None), codes.contains(f" {code} ")),
        )
    )


def flag_overdrawn(
    session: Session,
    community: Community,
    reversal_id: uuid.UUID,
    codes: Collection[str],
    *,
    now: dt.datetime,
) -> None:
    """Put accounts that are too low now on the list of whoever looks after them, and tell them.

    Whoever else moves hours back calls this too, such as a session that is put right.
    """
    if not codes:
        return
    held = hours_queries.balances(session, community.id, sorted(codes))
    lookers = next(
        (
            found
            for role in LOOK_AFTER_ACCOUNTS
            if (found := members.holders(session, community.id, role))
        ),
        [],
    )
    for code in sorted(codes):
        floor_minutes, overdraft_id = held[code].floor_minutes or 0, new_id()
        session.add(
            Overdraft(
                community_id=community.id,
                id=overdraft_id,
                account_code=code,
                reversal_id=reversal_id,
                short_minutes=floor_minutes - held[code].available,
                flagged_at=now,
            )
        )
        for looker in lookers:
            messaging.tell(
                session,
                looker,
                topic=TOPIC_WORK,
                kind="work-overdrawn",
                facts={"code": code},
                path=f"books/overdrafts/{overdraft_id}",
                now=now,
            )
