"""A statement with everything its page says: who was on the other side, and what it was for."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.exchanges import queries as exchanges
from timebank.exchanges.models import Exchange
from timebank.exchanges.queries import Deal
from timebank.groups import queries as groups
from timebank.groups.models import Group
from timebank.groups.policy.pots import COMMUNITY_POT
from timebank.hours import queries as hours
from timebank.hours.policy import category_code
from timebank.listings.models import Category
from timebank.members.models import Member
from timebank.sessions import queries as sessions
from timebank.sessions.models import GroupSession
from timebank.statements.errors import BadMonthError

#: Lines of a statement on one page of the site; the file has them all.
LINES_ON_A_PAGE = 100
#: Months offered on a statement begin here at the earliest.
YEAR_MIN = 2000
YEAR_MAX = 2999
#: What the books say that hours of a session were for begins so.
OF_SESSIONS = "session."


@dataclass(frozen=True, slots=True)
class Line:
    """One movement of an account.

    Attributes:
        recorded_at: When it was written into the book.
        occurred_on: The day of the help.
        kind: The ledger's word, such as "exchange" or "reversal".
        category: The kind of help, or None where the line is about no exchange.
        purpose: What the books say it was for, such as "pot.gift".
        other_code: The account on the other side.
        other: The member behind it, or None for pots and sources.
        minutes: More than zero where the account gained.
        balance_minutes: What was in it right after.
        exchange: The exchange it was posted for or took back, or None.
        held: The session of a group that it was posted for or took back, or None.
        pot: The group whose pot is on the other side, or None.
        is_in_group: Whether the one who looks belongs to that group.
        is_back: Whether it takes another entry back.
        is_moved_back: Whether another entry took it back.
        is_put_right: Whether it stands in place of another entry.
        takes_back: Number of the entry it takes back, or None.
        taken_back_by: Number of the entry that took it back, or None.
        instead_of: Number of the entry it stands in place of, or None.
        replaced_by: Number of the entry that stands in its place, or None.
    """

    entry_id: uuid.UUID
    seq: int
    recorded_at: dt.datetime
    occurred_on: dt.date
    kind: str
    category: Category | None
    purpose: str
    other_code: str
    other: Member | None
    minutes: int
    balance_minutes: int
    exchange: Exchange | None
    held: GroupSession | None
    pot: Group | None
    is_in_group: bool
    is_back: bool
    is_moved_back: bool
    is_put_right: bool
    takes_back: int | None
    taken_back_by: int | None
    instead_of: int | None
    replaced_by: int | None


@dataclass(frozen=True, slots=True)
class Month:
    """A statement of one calendar month; opening plus lines is closing.

    Attributes:
        first: First day of the month.
        earlier: First day of the month before.
        later: First day of the month after, or None where that has not begun.
        now: What the account holds now.
        end: Where in the book the month ended.
    """

    code: str
    first: dt.date
    earlier: dt.date
    later: dt.date | None
    opening_minutes: int
    lines: Sequence[Line]
    closing_minutes: int
    now: hours.Balance
    end: hours.EndOfDay

    @property
    def in_minutes(self) -> int:
        """All that came in."""
        return sum(line.minutes for line in self.lines if line.minutes > 0)

    @property
    def out_minutes(self) -> int:
        """All that went out, as a positive figure."""
        return -sum(line.minutes for line in self.lines if line.minutes < 0)


def month_of(text: str | None, *, today: dt.date) -> dt.date:
    """Read a month such as 2026-05; nothing means this one.

    Raises:
        BadMonthError: If it is no month, or one that no book can have.
    """
    if not text:
        return today.replace(day=1)
    year, _dash, month = text.partition("-")
    if not (text.isascii() and len(text) == len("2026-05") and year.isdigit() and month.isdigit()):
        raise BadMonthError
    try:
        first = dt.date(int(year), int(month), 1)
    except ValueError as error:
        raise BadMonthError from error
    if not YEAR_MIN <= first.year <= YEAR_MAX or first > today:
        raise BadMonthError
    return first


def month(
    session: Session,
    community: Community,
    code: str,
    first: dt.date,
    *,
    today: dt.date,
    seen_by: Member,
) -> Month:
    """Return an account's statement of the month that begins on `first`.

    Raises:
        NoSuchAccountError: If the book has no such account.
    """
    now, statement, end = hours.month_statement(session, community, code, first)
    _first, last = hours.month_around(first)
    later = last + dt.timedelta(days=1)
    return Month(
        code=code,
        first=first,
        earlier=(first - dt.timedelta(days=1)).replace(day=1),
        later=later if later <= today else None,
        opening_minutes=statement.opening_minutes,
        closing_minutes=statement.closing_minutes,
        lines=_lines(session, community, statement.lines, seen_by),
        now=now,
        end=end,
    )


def lately(
    session: Session, member: Member, community: Community, *, limit: int
) -> tuple[hours.Balance, list[Line]]:
    """Return what a member's account holds now, and its latest movements, the newest first.

    These lines do not say by which number they have to do with others.
    """
    balance, moved = hours.latest(session, member, limit=limit)
    return balance, _lines(session, community, moved, member, with_numbers=False)[::-1]


def _lines(
    session: Session,
    community: Community,
    moved: Sequence[hours.StatementLine],
    seen_by: Member,
    *,
    with_numbers: bool = True,
) -> list[Line]:
    """Return movements with what each was for; what none of them needs is not asked for."""
    linked = [line.entry_id for line in moved if line.reverses or line.reversed_by or line.corrects]
    entry_ids = [line.entry_id for line in moved]
    deals = exchanges.deals_by_entry(session, community.id, entry_ids, linked=linked)
    links = hours.links(session, community.id, linked) if with_numbers else {}
    held = _held(session, community, moved)
    pots = pots_by_code(
        session, community.id, {line.counterpart_code for line in moved}, seen_by=seen_by
    )
    return [
        Line(
            entry_id=line.entry_id,
            seq=line.seq,
            recorded_at=line.recorded_at,
            occurred_on=line.occurred_on,
            kind=line.kind,
            category=deal.category if deal else None,
            purpose=line.category,
            other_code=line.counterpart_code,
            other=_side(deal, line.counterpart_code) if deal else None,
            minutes=line.minutes,
            balance_minutes=line.balance_minutes,
            exchange=deal.exchange if deal else None,
            held=held.get(line.entry_id),
            pot=group,
            is_in_group=is_in_group,
            is_back=line.reverses is not None,
            is_moved_back=line.reversed_by is not None,
            is_put_right=line.corrects is not None,
            takes_back=_seq(links, line.entry_id, "takes_back"),
            taken_back_by=_seq(links, line.entry_id, "taken_back_by"),
            instead_of=_seq(links, line.entry_id, "instead_of"),
            replaced_by=_seq(links, line.entry_id, "replaced_by"),
        )
        for line in moved
        for deal in (deals.get(line.entry_id),)
        for group, is_in_group in (pots.get(line.counterpart_code, (None, False)),)
    ]


def _held(
    session: Session, community: Community, lines: Sequence[hours.StatementLine]
) -> dict[uuid.UUID, GroupSession]:
    """Return the sessions of groups that lines are about; without such a line nobody is asked."""
    of_sessions = [line.entry_id for line in lines if line.category.startswith(OF_SESSIONS)]
    found = sessions.by_entry(session, community.id, of_sessions)
    return {entry_id: held for entry_id, (held, _group) in found.items()}


def _seq(links: Mapping[uuid.UUID, object], entry_id: uuid.UUID, way: str) -> int | None:
    """Return the number of the entry that one has to do with in some way."""
    ref = getattr(links.get(entry_id), way, None)
    return None if ref is None else int(ref.seq)


def _side(deal: Deal, code: str) -> Member | None:
    """Return the one of the two whose account this is; None for a pot or a source."""
    return next((each for each in (deal.giver, deal.receiver) if each.account_code == code), None)


def whose(session: Session, community_id: uuid.UUID, codes: Collection[str]) -> dict[str, str]:
    """Return who is behind accounts, in one question: first names of members, names of groups.

    Sources and the community's own pot are left out.
    """
    halves = []
    for letter, table, name in (
        (hours.MEMBER_LETTER, Member, Member.first_name),
        (hours.POT_LETTER, Group, Group.name),
    ):
        numbers = [int(code[1:]) for code in codes if code[0] == letter and code[1:].isdigit()]
        if numbers:
            halves.append(
                sa.select(sa.literal(letter), table.number, name).where(
                    table.community_id == community_id, table.number.in_(numbers)
                )
            )
    if not halves:
        return {}
    return {
        f"{letter}{number:06d}": name
        for letter, number, name in session.execute(sa.union_all(*halves))
    }


def pots_by_code(
    session: Session, community_id: uuid.UUID, codes: Collection[str], *, seen_by: Member
) -> dict[str, tuple[Group, bool]]:
    """Return the groups behind those codes that are pots, and whether somebody belongs to each."""
    pots = {code for code in codes if code[0] == hours.POT_LETTER} - {COMMUNITY_POT}
    return groups.behind_pots(session, community_id, pots, seen_by.id)


def session_of(
    session: Session, community_id: uuid.UUID, entry_id: uuid.UUID
) -> GroupSession | None:
    """Return the session of a group that an entry was posted for or took back, or None."""
    found = sessions.by_entry(session, community_id, [entry_id]).get(entry_id)
    return found[0] if found is not None else None


def exchange_of(session: Session, community_id: uuid.UUID, entry_id: uuid.UUID) -> Exchange | None:
    """Return the exchange that an entry was posted for or took back, or None."""
    deal = exchanges.deals_by_entry(session, community_id, [entry_id], linked=[entry_id]).get(
        entry_id
    )
    return deal.exchange if deal is not None else None


def categories_by_code(session: Session, community_id: uuid.UUID) -> Mapping[str, Category]:
    """Return the community's categories by their code in the book."""
    found = session.scalars(sa.select(Category).where(Category.community_id == community_id))
    return {category_code(category.key, category.id): category for category in found}
