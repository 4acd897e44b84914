"""Move hours: open accounts, book help, take back, set limits.

Each function runs in the caller's transaction and never commits. Each takes a `key` that names the
intention: the same key moves hours once, whoever asks and however often.
"""

import datetime as dt
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from ledger import balances, corrections, erasure, journal
from ledger.accounts import (
    ADJUSTMENT,
    COMMUNITY_POT,
    OPENING,
    WRITTEN_OFF,
    activity_code,
    kind_of,
)
from ledger.corrections import Correction
from ledger.entries import EntryRequest, LegRequest, Outcome
from timebank.communities.models import Community
from timebank.db import LEDGER_SECRET
from timebank.hours.errors import NoBookError
from timebank.hours.policy import Holder, floor_for_the_book
from timebank.hours.refusals import in_our_words as _in_our_words

#: Where hours of mutual help come from: both gave and both received, and nobody pays.
MUTUAL_HELP = activity_code("mutual-help")
#: Accounts in which hours enter and leave the members' circle, in every book.
SOURCES = (OPENING, ADJUSTMENT, WRITTEN_OFF, MUTUAL_HELP)


def open_book(session: Session, community: Community, *, now: dt.datetime) -> None:
    """Open the community's book with its pot and its sources; again changes nothing."""
    connection = session.connection()
    with _in_our_words():
        journal.open_book(connection, community.id, community.slug, now=now)
        journal.open_account(connection, community.id, COMMUNITY_POT, "pot", floor_minutes=0)
        for code in SOURCES:
            journal.open_account(connection, community.id, code, "source")


def open_member_account(session: Session, community: Community, member: Holder) -> None:
    """Open a member's account with the community's limits; again changes nothing.

    Raises:
        NoBookError: If the community's book is not open.
    """
    # As they are now, and for as long as this lasts: whoever changes them meanwhile waits, and then
    # finds this account too.
    stops = session.execute(
        sa.select(Community.floor_minutes, Community.ceiling_minutes)
        .where(Community.id == community.id)
        .with_for_update(read=True)
    ).first()
    if stops is None:
        raise NoBookError(community.id)
    with _in_our_words():
        journal.open_account(
            session.connection(),
            community.id,
            member.account_code,
            "member",
            floor_minutes=floor_for_the_book(stops.floor_minutes),
            ceiling_minutes=stops.ceiling_minutes,
        )


def open_pot(session: Session, community: Community, code: str, *, floor_minutes: int = 0) -> None:
    """Open the shared balance of a group, such as ``G000002``; again changes nothing.

    Raises:
        NoBookError: If the community's book is not open.
    """
    with _in_our_words():
        journal.open_account(
            session.connection(), community.id, code, "pot", floor_minutes=floor_minutes
        )


def close_pot(
    session: Session,
    community: Community,
    code: str,
    *,
    key: str,
    happened_on: dt.date,
    by: Holder | None,
    now: dt.datetime,
) -> int:
    """Move what a pot holds to the community's pot and close it; return the minutes that moved.

    Raises:
        AccountInUseError: If it owes hours; somebody has to give them first.
    """
    posted = balances.balance(session.connection(), community.id, code).posted
    if posted > 0:
        legs = ((code, COMMUNITY_POT, posted),)
        move(
            session,
            community,
            kind="gift",
            legs=legs,
            happened_on=happened_on,
            category="pot.ended",
            key=key,
            by=by,
            now=now,
        )
    set_state(session, community, code, "closed", by=by, reason=None, now=now)
    return posted


def transfer(  # noqa: PLR0913 - called by keywords: who, what, when
    session: Session,
    community: Community,
    *,
    receiver: Holder,
    giver: Holder,
    minutes: int,
    happened_on: dt.date,
    category: str,
    key: str,
    by: Holder | None,
    now: dt.datetime,
    memo: str | None = None,
) -> Outcome:
    """Move hours for help that was given, minute for minute, whatever the help was.

    Args:
        session: The open unit of work; never committed here.
        community: Whose book.
        receiver: Who was helped; their hours are spent.
        giver: Who helped; they earn the hours.
        minutes: Minutes of help, more than zero.
        happened_on: The day of the help.
        category: Its code, from `policy.category_code`.
        key: Names this booking for ever, such as ``exchange:<id>``.
        by: Who confirmed; None where silence did.
        now: When it is recorded.
        memo: Words kept beside the entry; never exported, and they can be erased.

    Raises:
        TooFewHoursError: If the receiver may not go that low.
        TooManyHoursError: If the giver may not go that high.
        DifferentBeforeError: If the key was booked with other figures.
        AccountClosedError: If one of the accounts is closed or on hold.
        NoSuchAccountError: If one of the members has no account.
        CannotBookError: If the figures or words can not be written down.
    """
    with _in_our_words():
        return _post(
            session,
            EntryRequest(
                book_id=community.id,
                kind="exchange",
                legs=(LegRequest(receiver.account_code, giver.account_code, minutes),),
                occurred_on=happened_on,
                actor=by.id if by else None,
                category=category,
                idem_key=key,
                memo=memo,
            ),
            now=now,
        )


def credit_mutual(
    session: Session,
    community: Community,
    *,
    members: Sequence[Holder],
    minutes: int,
    happened_on: dt.date,
    category: str,
    key: str,
    by: Holder | None,
    now: dt.datetime,
) -> Outcome:
    """Credit everyone in mutual help, each with the minutes they gave.

    The hours come from the source for mutual help, so the book shows how many were recognised in
    this way. Raises as `transfer` does.
    """
    with _in_our_words():
        return _post(
            session,
            EntryRequest(
                book_id=community.id,
                kind="activity",
                legs=tuple(
                    LegRequest(MUTUAL_HELP, member.account_code, minutes) for member in members
                ),
                occurred_on=happened_on,
                actor=by.id if by else None,
                category=category,
                idem_key=key,
            ),
            now=now,
        )


def bring_in(
    session: Session,
    community: Community,
    member: Holder,
    *,
    minutes: int,
    happened_on: dt.date,
    key: str,
    by: Holder | None,
    now: dt.datetime,
) -> Outcome:
    """Bring in the balance a member had before, in either direction. Raises as `transfer` does."""
    code = member.account_code
    payer, payee = (OPENING, code) if minutes >= 0 else (code, OPENING)
    with _in_our_words():
        return _post(
            session,
            EntryRequest(
                book_id=community.id,
                kind="opening",
                legs=(LegRequest(payer, payee, abs(minutes)),),
                occurred_on=happened_on,
                actor=by.id if by else None,
                category=OPENING,
                idem_key=key,
            ),
            now=now,
        )


def move(  # noqa: PLR0913 - as above
    session: Session,
    community: Community,
    *,
    kind: str,
    legs: Sequence[tuple[str, str, int]],
    happened_on: dt.date,
    category: str,
    key: str,
    by: Holder | None,
    now: dt.datetime,
    memo: str | None = None,
) -> Outcome:
    """Book any other movement: a gift to the pot, a grant out of it, an adjustment.

    Args:
        session: The open unit of work; never committed here.
        community: Whose book.
        kind: ``gift``, ``grant``, ``activity`` or ``adjustment``.
        legs: Payer's code, payee's code, minutes. A source is opened at its first use.
        happened_on: The day it is about.
        category: What it was for, as a short public code.
        key: Names this booking for ever.
        by: Who decided.
        now: When it is recorded.
        memo: Words kept beside the entry.

    Raises:
        RefusalError: As `transfer` does.
    """
    with _in_our_words():
        for code in sorted({code for leg in legs for code in leg[:2]}):
            if kind_of(code) == "source":
                journal.open_account(session.connection(), community.id, code, "source")
        return _post(
            session,
            EntryRequest(
                book_id=community.id,
                kind=kind,
                legs=tuple(LegRequest(*leg) for leg in legs),
                occurred_on=happened_on,
                actor=by.id if by else None,
                category=category,
                idem_key=key,
                memo=memo,
            ),
            now=now,
        )


def take_back(
    session: Session,
    community: Community,
    entry_id: uuid.UUID,
    *,
    reason: str,
    key: str,
    by: Holder | None,
    now: dt.datetime,
) -> Outcome:
    """Move the hours of an entry back, once, with a reason; `overdrawn` names who it left short.

    Raises:
        NoSuchEntryError: If the book has no such entry.
        AlreadyTakenBackError: If it was taken back before, under another key.
        NotTakenBackError: If it is itself a taking back.
        AccountClosedError: If one of its accounts is closed.
        CannotBookError: If the reason is empty or too long.
    """
    connection = session.connection()
    with _in_our_words():
        return journal.reverse(
            connection,
            community.id,
            entry_id,
            reason=reason,
            actor=by.id if by else None,
            idem_key=key,
            secret=secret_of(connection),
            now=now,
        )


def correct(  # noqa: PLR0913 - as above
    session: Session,
    community: Community,
    entry_id: uuid.UUID,
    *,
    legs: Sequence[tuple[str, str, int]],
    happened_on: dt.date,
    category: str,
    reason: str,
    key: str,
    by: Holder | None,
    now: dt.datetime,
) -> Correction:
    """Take an entry back and book what is right in its place: both or, if refused, neither.

    Args:
        session: The open unit of work; never committed here.
        community: Whose book.
        entry_id: What was wrong; after a correction, the entry of that.
        legs: Payer's code, payee's code, minutes, as it should have been.
        happened_on: The day of the help.
        category: What it was for, as a short public code.
        reason: Why; kept beside the entry that takes back.
        key: Names this correction for ever.
        by: Who decided.
        now: When it is recorded.

    Raises:
        NoSuchEntryError, AlreadyTakenBackError, NotTakenBackError: As `take_back`.
        RefusalError: As `transfer` does; limits are those of the new entry, and stop only what
            is worse than before.
    """
    # What a refusal leaves half written must not be seen by whoever goes on reading.
    with _in_our_words(), session.begin_nested():
        # Asked for within, or the savepoint is not there yet.
        connection = session.connection()
        return corrections.correct(
            connection,
            community.id,
            entry_id,
            legs=tuple(LegRequest(*leg) for leg in legs),
            occurred_on=happened_on,
            category=category,
            reason=reason,
            actor=by.id if by else None,
            idem_key=key,
            secret=secret_of(connection),
            now=now,
        )


def set_limits(
    session: Session,
    community: Community,
    code: str,
    *,
    floor_minutes: int | None,
    ceiling_minutes: int | None,
    by: Holder | None,
    reason: str | None,
    now: dt.datetime,
) -> None:
    """Change how far an account may go; the book remembers who, when and why.

    Args:
        session: The open unit of work; never committed here.
        community: Whose book.
        code: The account.
        floor_minutes: As low as it may go; None for no limit.
        ceiling_minutes: As high as it may go; None for no limit.
        by: Who decided.
        reason: Why, in a sentence.
        now: When.

    Raises:
        NoSuchAccountError: If the book has no such account.
        CannotBookError: If the floor lies above the ceiling, or the reason is too long.
    """
    floor = floor_minutes if kind_of(code) == "source" else floor_for_the_book(floor_minutes)
    with _in_our_words():
        journal.set_limits(
            session.connection(),
            community.id,
            code,
            floor_minutes=floor,
            ceiling_minutes=ceiling_minutes,
            actor=by.id if by else None,
            reason=reason,
            now=now,
        )


def set_state(
    session: Session,
    community: Community,
    code: str,
    state: str,
    *,
    by: Holder | None,
    reason: str | None,
    now: dt.datetime,
) -> None:
    """Open, freeze or close an account; the book remembers who, when and why.

    Raises:
        NoSuchAccountError: If the book has no such account.
        AccountInUseError: If it is to be closed with hours in it.
        CannotBookError: If there is no such state, or the reason is too long.
    """
    with _in_our_words():
        journal.set_state(
            session.connection(),
            community.id,
            code,
            state,
            actor=by.id if by else None,
            reason=reason,
            now=now,
        )


def forget_memo(session: Session, community: Community, entry_id: uuid.UUID) -> bool:
    """Erase the words kept beside an entry; the books still verify. Tell if there were any."""
    return journal.erase_memo(session.connection(), community.id, entry_id)


def forget_words(session: Session, community: Community, code: str) -> int:
    """Erase all words kept beside an account's entries and limits; the books still verify."""
    return erasure.forget_words(session.connection(), community.id, code)


def settle(session: Session, community: Community, key: str) -> Outcome | None:
    """Tell what became of a booking whose COMMIT gave no clear answer; None if it never was."""
    return journal.lookup(session.connection(), community.id, key)


def _post(session: Session, request: EntryRequest, *, now: dt.datetime) -> Outcome:
    session.flush()
    connection = session.connection()
    return journal.post(connection, request, secret=secret_of(connection), now=now)


def secret_of(connection: Connection) -> bytes:
    """The server's secret by which the ledger recognises a retry."""
    secret: bytes = connection.get_execution_options()[LEDGER_SECRET]
    return secret
