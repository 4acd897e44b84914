"""Read hours: balances, statements, the trial balance, entries. Nothing here changes anything."""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ledger import balances as ledger_balances
from ledger import corrections, dated, entry_views, recent, schema
from ledger import limits as ledger_limits
from ledger.balances import Balance, Statement, StatementLine, TrialBalance
from ledger.corrections import Links, Step
from ledger.dated import EndOfDay, OnDay, OutOfTime
from ledger.entry_views import EntryView
from ledger.errors import UnknownAccount, UnknownBook, UnknownEntry
from ledger.holdings import Holding
from ledger.holdings import holdings as ledger_holdings
from ledger.limits import AccountChange
from ledger.recent import Period
from timebank.communities.models import LIMITS, Community
from timebank.communities.policy import Limits, limits_of
from timebank.hours.errors import NoBookError, NoSuchAccountError, NoSuchEntryError
from timebank.hours.models import OwnLimits
from timebank.hours.policy import SIDES, STEPS, Holder, line_name

__all__ = [
    "Balance",
    "EndOfDay",
    "EntryView",
    "OnDay",
    "OutOfTime",
    "Period",
    "Statement",
    "StatementLine",
    "Step",
    "TrialBalance",
]
#: Entries on one page of the book.
ENTRIES_ON_A_PAGE = 50
#: What the codes of accounts begin with.
MEMBER_LETTER = "M"
POT_LETTER = "G"


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


def statement_to_now(
    session: Session, community: Community, code: str, since_on: dt.date, today: dt.date
) -> tuple[Balance, Statement]:
    """What an account holds now, and every line since a day: half the questions of the two apart.

    Raises:
        NoSuchAccountError: If the book has no such account.
    """
    try:
        return recent.statement_to_now(
            session.connection(),
            community.id,
            code,
            since_on,
            today,
            ZoneInfo(community.time_zone),
        )
    except UnknownAccount as refusal:
        raise NoSuchAccountError(code) from refusal


def latest(
    session: Session, member: Holder, *, limit: int
) -> tuple[Balance, Sequence[StatementLine]]:
    """What a member's account holds now, and its latest movements, the newest last.

    Raises:
        NoSuchAccountError: If the member has no account, such as one not yet let in.
    """
    code = member.account_code
    try:
        return recent.latest(session.connection(), member.community_id, code, limit=limit)
    except UnknownAccount as refusal:
        raise NoSuchAccountError(code) from refusal


def month_statement(session: Session, community: Community, code: str, month: dt.date) -> Period:
    """An account over the calendar month that `month` lies in, and what it holds now.

    Raises:
        NoSuchAccountError: If the book has no such account.
    """
    since_on, until_on = month_around(month)
    connection, zone = session.connection(), ZoneInfo(community.time_zone)
    try:
        return recent.period(connection, community.id, code, since_on, until_on, zone)
    except UnknownAccount as refusal:
        raise NoSuchAccountError(code) from refusal


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


def head(session: Session, community_id: uuid.UUID) -> tuple[int, str]:
    """How many entries the book holds, and the head of its chain in hex.

    Raises:
        NoBookError: If the community has no book.
    """
    try:
        entries, chain = ledger_balances.head(session.connection(), community_id)
    except UnknownBook as refusal:
        raise NoBookError(community_id) from refusal
    return entries, chain.hex()


def accounts(
    session: Session, community_id: uuid.UUID, *, after_code: str, limit: int
) -> Sequence[Balance]:
    """The accounts of the book in code order, a page at a time."""
    connection = session.connection()
    return ledger_balances.page(connection, community_id, after_code=after_code, limit=limit)


def entry(session: Session, community_id: uuid.UUID, entry_id: uuid.UUID) -> EntryView:
    """One entry of the book with its legs, its memo, and whatever took it back.

    Raises:
        NoSuchEntryError: If the book has no such entry.
    """
    try:
        return entry_views.find_entry(session.connection(), community_id, entry_id)
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
    return entry_views.latest_entries(
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


# ------------------------------------------------------------------------------- limits


def own_limits(session: Session, community_id: uuid.UUID, code: str) -> OwnLimits | None:
    """The limits of its own that an account has now, or None where the community's hold."""
    return session.scalar(
        sa.select(OwnLimits).where(
            OwnLimits.community_id == community_id,
            OwnLimits.code == code,
            OwnLimits.ended_at.is_(None),
        )
    )


def limits_for(
    session: Session, community: Community, code: str
) -> tuple[Limits, OwnLimits | None]:
    """The limits that hold for an account, and the row where they are its own."""
    own = own_limits(session, community.id, code)
    return limits_of(community if own is None else own), own


def codes_with_own_limits(community_id: uuid.UUID) -> sa.Select[str]:
    """Select the accounts that the community's limits pass by."""
    return sa.select(OwnLimits.code).where(
        OwnLimits.community_id == community_id, OwnLimits.ended_at.is_(None)
    )


def own_limits_ever(session: Session, community_id: uuid.UUID, code: str) -> Sequence[OwnLimits]:
    """All limits of its own that an account has or had, the oldest first."""
    return session.scalars(
        sa.select(OwnLimits)
        .where(OwnLimits.community_id == community_id, OwnLimits.code == code)
        .order_by(OwnLimits.id)
    ).all()


def account_history(
    session: Session, community_id: uuid.UUID, code: str
) -> Sequence[AccountChange]:
    """What became of an account's stops and state, from its opening on, as the book keeps it."""
    return ledger_limits.history(session.connection(), community_id, code)


def standing(community: Community, limits: Limits | None = None) -> sa.Subquery:
    """Select every member's account with its balance and how far beyond each line it is.

    For joining with members, who stand above this context. For each side and step there is a column
    such as `floor_nudge`: 1 where the balance has come so far.

    Args:
        community: Whose book.
        limits: What holds for those without limits of their own; None for the community's present.
    """
    account = schema.account.c
    for_all = (limits or limits_of(community)).by_name
    minutes = account.posted_in - account.posted_out
    is_own = OwnLimits.id.is_not(None)
    lines = {
        name: sa.case(
            (is_own, getattr(OwnLimits, name)), else_=sa.literal(for_all[name], sa.Integer)
        )
        for name in LIMITS
    }
    beyond = []
    for side in SIDES:
        for step in STEPS:
            line = lines[line_name(side, step)]
            # As `policy.is_beyond` says it; a test holds the two against each other.
            rule = (
                sa.and_(minutes < 0, minutes <= line)
                if side == "floor"
                else sa.and_(minutes > 0, minutes >= line)
            )
            beyond.append(sa.case((rule, 1), else_=0).label(f"{side}_{step}"))
    return (
        sa.select(
            account.code,
            minutes.label("minutes"),
            account.state.label("account_state"),
            sa.case((is_own, 1), else_=0).label("is_own"),
            *beyond,
        )
        .select_from(schema.account)
        .outerjoin(
            OwnLimits,
            sa.and_(
                OwnLimits.community_id == account.book_id,
                OwnLimits.code == account.code,
                OwnLimits.ended_at.is_(None),
            ),
        )
        .where(account.book_id == community.id, account.kind == "member")
        .subquery("standing")
    )


def holdings(session: Session, community_id: uuid.UUID) -> Sequence[Holding]:
    """Who holds hours and where they came from, by kind of account."""
    return ledger_holdings(session.connection(), community_id)


def end_of_day(session: Session, community: Community, day: dt.date) -> EndOfDay:
    """Where in the book a day ended where the community lives, for all that is asked about it."""
    zone = ZoneInfo(community.time_zone)
    return dated.end_of_day(session.connection(), community.id, day, zone=zone)


def on_day(
    session: Session,
    community_id: uuid.UUID,
    end: EndOfDay,
    *,
    after_code: str = "",
    limit: int | None = None,
) -> Sequence[OnDay]:
    """What accounts held on a day: as recorded by it, and for services up to it."""
    connection = session.connection()
    return dated.on_day(connection, community_id, end, after_code=after_code, limit=limit)


def out_of_time(
    session: Session,
    community_id: uuid.UUID,
    end: EndOfDay,
    *,
    after_seq: int = 0,
    limit: int | None = None,
) -> Sequence[OutOfTime]:
    """The movements that make the two figures of a day differ, in the order of the book."""
    connection = session.connection()
    return dated.out_of_time(connection, community_id, end, after_seq=after_seq, limit=limit)


def late_minutes(session: Session, community_id: uuid.UUID, code: str, end: EndOfDay) -> int:
    """What an account holds for services up to a day beyond what was recorded by it."""
    return dated.late_minutes(session.connection(), community_id, code, end)


def balance_as_recorded_by(session: Session, community: Community, code: str, day: dt.date) -> int:
    """Minutes in one account when a day was over where the community lives.

    Raises:
        NoSuchAccountError: If the book has no such account.
    """
    return _on_day(dated.balance_as_recorded_by, session, community, code, day)


def balance_for_services_up_to(
    session: Session, community: Community, code: str, day: dt.date
) -> int:
    """Minutes in one account from all services up to a day, as far as they are known now.

    Raises:
        NoSuchAccountError: If the book has no such account.
    """
    return _on_day(dated.balance_for_services_up_to, session, community, code, day)


def _on_day(
    ask: Callable[..., int], session: Session, community: Community, code: str, day: dt.date
) -> int:
    zone = ZoneInfo(community.time_zone)
    try:
        return ask(session.connection(), community.id, code, day, zone=zone)
    except UnknownAccount as refusal:
        raise NoSuchAccountError(code) from refusal


@dataclass(frozen=True, slots=True)
class Moved:
    """What an entry moved, by whom it reached.

    Attributes:
        to_members_minutes: Into accounts of members.
        into_pots_minutes: Into pots.
        out_of_pots_minutes: Out of pots.
    """

    to_members_minutes: int = 0
    into_pots_minutes: int = 0
    out_of_pots_minutes: int = 0


def moved_by_entries(
    session: Session, community_id: uuid.UUID, entry_ids: sa.Select[uuid.UUID | None]
) -> dict[uuid.UUID, Moved]:
    """Return what some entries moved, in one question; `entry_ids` selects them."""
    entry, leg = schema.entry.c, schema.leg.c

    def added(code: sa.ColumnElement[str], letter: str) -> sa.ColumnElement[int]:
        is_such = sa.func.substr(code, 1, 1) == letter
        return sa.func.sum(sa.case((is_such, leg.minutes), else_=0))

    rows = session.execute(
        sa.select(
            entry.id,
            added(leg.payee_code, MEMBER_LETTER),
            added(leg.payee_code, POT_LETTER),
            added(leg.payer_code, POT_LETTER),
        )
        .join(schema.leg, sa.and_(leg.book_id == entry.book_id, leg.seq == entry.seq))
        .where(entry.book_id == community_id, entry.id.in_(entry_ids))
        .group_by(entry.id)
    )
    return {row[0]: Moved(*(int(minutes) for minutes in row[1:])) for row in rows}
