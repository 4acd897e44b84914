"""Read hours: balances, statements, the trial balance, entries. Nothing here changes anything."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from ledger import balances as ledger_balances
from ledger import corrections
from ledger.balances import Balance, EntryView, Statement, TrialBalance
from ledger.corrections import Links, Step
from ledger.errors import UnknownAccount, UnknownBook, UnknownEntry
from timebank.communities.models import Community
from timebank.hours.errors import NoBookError, NoSuchAccountError, NoSuchEntryError
from timebank.hours.policy import Holder

__all__ = [
    "Balance",
    "EntryView",
    "Statement",
    "Step",
    "TrialBalance",
]
#: Entries on one page of the book.
ENTRIES_ON_A_PAGE = 50


def balance_of(session: Session, member: Holder) -> Balance:
    """What a member's account holds now.

    Raises:
        NoSuchAccountError: If the member has no account, such as one not yet let in.
    """
    return balance(session, member.community_id, member.account_code)


def balance(session: Session, community_id: uuid.UUID, code: str) -> Balance:
    """What an account holds now.

    Raises:
        NoSuchAccountError: If the book has no such account.
    """
    try:
        return ledger_balances.balance(session.connection(), community_id, code)
    except UnknownAccount as refusal:
        raise NoSuchAccountError(code) from refusal


def balances(session: Session, community_id: uuid.UUID, codes: Sequence[str]) -> dict[str, Balance]:
    """What several accounts hold, in one question; codes without account are left out."""
    return ledger_balances.balances(session.connection(), community_id, codes)


def statement(
    session: Session, community: Community, code: str, since_on: dt.date, until_on: dt.date
) -> Statement:
    """An account over whole days where the community lives; opening plus lines is closing.

    Raises:
        NoSuchAccountError: If the book has no such account.
        BadPeriod: If the period ends before it begins.
    """
    try:
        return ledger_balances.statement(
            session.connection(),
            community.id,
            code,
            since_on,
            until_on,
            zone=ZoneInfo(community.time_zone),
        )
    except UnknownAccount as refusal:
        raise NoSuchAccountError(code) from refusal


def month_statement(session: Session, community: Community, code: str, month: dt.date) -> Statement:
    """An account over the calendar month that `month` lies in.

    Raises:
        NoSuchAccountError: If the book has no such account.
    """
    since_on, until_on = month_around(month)
    return statement(session, community, code, since_on, until_on)


def month_around(day: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day of a day's month."""
    first = day.replace(day=1)
    next_month = (first + dt.timedelta(days=31)).replace(day=1)
    return first, next_month - dt.timedelta(days=1)


def trial_balance(
    session: Session, community_id: uuid.UUID, *, after_code: str = "", limit: int | None = None
) -> TrialBalance:
    """Every account of the book, or a page of them; the sums are over all in any case.

    Raises:
        NoBookError: If the community has no book.
    """
    try:
        return ledger_balances.trial_balance(
            session.connection(), community_id, after_code=after_code, limit=limit
        )
    except UnknownBook as refusal:
        raise NoBookError(community_id) from refusal


def entry(session: Session, community_id: uuid.UUID, entry_id: uuid.UUID) -> EntryView:
    """One entry of the book with its legs, its memo, and whatever took it back.

    Raises:
        NoSuchEntryError: If the book has no such entry.
    """
    try:
        return ledger_balances.find_entry(session.connection(), community_id, entry_id)
    except UnknownEntry as refusal:
        raise NoSuchEntryError(entry_id) from refusal


def latest_entries(
    session: Session,
    community_id: uuid.UUID,
    *,
    before_seq: int | None = None,
    limit: int = ENTRIES_ON_A_PAGE,
) -> Sequence[EntryView]:
    """The newest entries first, a page at a time; `before_seq` is the last one seen."""
    return ledger_balances.latest_entries(
        session.connection(), community_id, before_seq=before_seq, limit=limit
    )


def links(
    session: Session, community_id: uuid.UUID, entry_ids: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, Links]:
    """What entries have to do with others: taken back by, in place of; most are left out."""
    return corrections.links(session.connection(), community_id, entry_ids)


def history(session: Session, community_id: uuid.UUID, entry_id: uuid.UUID) -> Sequence[Step]:
    """The line of corrections an entry stands in, in order; the entry alone if there were none."""
    return corrections.history(session.connection(), community_id, entry_id)
