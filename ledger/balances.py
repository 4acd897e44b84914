"""Reading the book: balances, the trial balance, statements; `entry_views` has single entries.

Nothing here changes anything or takes a lock. Each question is a handful of indexed
lookups, whatever the size of the book.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    literal,
    select,
    union_all,
)

from ledger import schema
from ledger.errors import BadPeriod, UnknownAccount, UnknownBook
from ledger.hints import Rare
from ledger.layout import ASIDE_KINDS


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account holds now, in minutes.

    Attributes:
        posted: Hours that have moved.
        held_in: Set aside by others for this account, not yet its own.
        held_out: Its own, but set aside for something agreed.
        version: How many legs have touched it; a reader's "as of".
        floor_minutes: As low as it may fall; None for a source.
        ceiling_minutes: As high as it may rise, if there is a limit.
        state: One of ``ACCOUNT_STATES``.
    """

    code: str
    kind: str
    posted: int
    held_in: int
    held_out: int
    version: int
    floor_minutes: int | None
    ceiling_minutes: int | None
    state: str

    @property
    def available(self) -> int:
        """Minutes that can be spent or promised: what is there less what is set aside."""
        return self.posted - self.held_out


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account side by side; the sum of a sound book is zero.

    Attributes:
        accounts: The accounts asked for, in code order.
        kinds: Minutes posted by kind of account, over all accounts.
        total_minutes: The sum over all accounts, whatever was asked for.
        entries: How many entries the book holds.
        chain: The head of the chain.
    """

    accounts: Sequence[Balance]
    kinds: Mapping[str, int]
    total_minutes: int
    entries: int
    chain: bytes


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement of one account. What is only set aside stands on no statement.

    Attributes:
        minutes: More than zero where the account gained.
        balance_minutes: In the account right after it.
        counterpart_code: The account on the other side.
        reverses: The entry this one takes back.
        reversed_by: The entry that took this one back.
        corrects: The entry this one stands in place of.
    """

    seq: int
    n: int
    entry_id: UUID
    kind: str
    category: str
    recorded_at: datetime
    occurred_on: date
    counterpart_code: str
    minutes: int
    balance_minutes: int
    reverses: UUID | None
    reversed_by: UUID | None
    corrects: UUID | None


@dataclass(frozen=True, slots=True)
class Statement:
    """An account over a period of recording; opening plus lines is closing."""

    code: str
    since_on: date
    until_on: date
    opening_minutes: int
    lines: Sequence[StatementLine]
    closing_minutes: int


def balance(connection: Connection, book_id: UUID, code: str) -> Balance:
    """What one account holds.

    Raises:
        UnknownAccount: If the book has no such account.
    """
    found = balances(connection, book_id, [code])
    if not found:
        raise UnknownAccount(code)
    return found[code]


def balances(connection: Connection, book_id: UUID, codes: Sequence[str]) -> dict[str, Balance]:
    """What several accounts hold, by code; codes the book does not have are left out."""
    asked = {"book_id": book_id, "codes": sorted(codes)}
    rows = connection.execute(_balances_question(), asked)
    return {row.code: Balance(*row) for row in rows}


@cache
def _balances_question() -> Select[Any]:
    account = schema.account.c
    return balance_columns().where(
        account.book_id == bindparam("book_id"),
        account.code.in_(bindparam("codes", expanding=True)),
    )


def trial_balance(
    connection: Connection,
    book_id: UUID,
    *,
    after_code: str = "",
    limit: int | None = None,
) -> TrialBalance:
    """All accounts of a book, or a page of them.

    Args:
        connection: Read from one snapshot for figures that fit each other.
        book_id: The book.
        after_code: Leave out accounts up to and including this code.
        limit: How many accounts to list; the sums are over all of them in any case.

    Raises:
        UnknownBook: If there is no such book.
    """
    account = schema.account.c
    entries, chain = head(connection, book_id)
    sums = connection.execute(
        select(account.kind, func.sum(account.posted_in - account.posted_out))
        .where(account.book_id == book_id)
        .group_by(account.kind)
        .order_by(account.kind)
    )
    kinds = {kind: int(minutes) for kind, minutes in sums}
    return TrialBalance(
        accounts=page(connection, book_id, after_code=after_code, limit=limit),
        kinds=kinds,
        total_minutes=sum(kinds.values()),
        entries=entries,
        chain=chain,
    )


def head(connection: Connection, book_id: UUID) -> tuple[int, bytes]:
    """How many entries a book holds, and its chain after the last of them.

    Raises:
        UnknownBook: If there is no such book.
    """
    book = schema.book.c
    row = connection.execute(select(book.seq, book.chain).where(book.book_id == book_id)).first()
    if row is None:
        raise UnknownBook(book_id)
    return int(row.seq), bytes(row.chain)


def page(
    connection: Connection, book_id: UUID, *, after_code: str = "", limit: int | None = None
) -> list[Balance]:
    """The accounts of a book in code order, a page at a time."""
    account = schema.account.c
    rows = connection.execute(
        balance_columns()
        .where(account.book_id == book_id, account.code > after_code)
        .order_by(account.code)
        .limit(limit)
    )
    return [Balance(*row) for row in rows]


def statement(
    connection: Connection,
    book_id: UUID,
    code: str,
    since_on: date,
    until_on: date,
    *,
    zone: tzinfo = UTC,
) -> Statement:
    """An account over whole days of recording, in the order of the book.

    Args:
        connection: Where to read.
        book_id: The book.
        code: The account.
        since_on: First day.
        until_on: Last day, included.
        zone: Whose midnight begins a day.

    Raises:
        BadPeriod: If the period ends before it begins.
        UnknownAccount: If the book has no such account.
    """
    if until_on < since_on:
        raise BadPeriod(since_on, until_on)
    balance(connection, book_id, code)
    since, until = midnight(since_on, zone), midnight(until_on + timedelta(days=1), zone)
    asked = {"book_id": book_id, "since": since, "until": until}
    after_seq, last_seq = (seq or 0 for seq in connection.execute(_ends_of_period(), asked).one())
    opening_minutes = balance_at(connection, book_id, code, after_seq)
    lines = lines_between(connection, book_id, code, after_seq, last_seq)
    return Statement(
        code=code,
        since_on=since_on,
        until_on=until_on,
        opening_minutes=opening_minutes,
        lines=lines,
        closing_minutes=opening_minutes + sum(line.minutes for line in lines),
    )


def balance_columns() -> Select[Any]:
    """Ask for the columns of a :class:`Balance`, in its order."""
    account = schema.account.c
    return select(
        account.code,
        account.kind,
        (account.posted_in - account.posted_out).label("posted"),
        account.held_in,
        account.held_out,
        account.version,
        account.floor_minutes,
        account.ceiling_minutes,
        account.state,
    )


def midnight(day: date, zone: tzinfo) -> datetime:
    """When a day begins somewhere, in UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


# The questions of a statement take longer to put together than to answer, so each is put together
# once and asked with other values.


def seq_before(connection: Connection, book_id: UUID, moment: datetime) -> int:
    """The place of the last entry recorded before a moment; 0 if there was none.

    Time never goes back inside a book, so the latest such entry is also the last one.
    """
    asked = {"book_id": book_id, "moment": moment}
    return connection.execute(last_before("moment"), asked).scalar() or 0


@cache
def _ends_of_period() -> Select[int, int]:
    return select(last_before("since").scalar_subquery(), last_before("until").scalar_subquery())


@cache
def last_before(name: str) -> Select[int]:
    """Ask for the place of the last entry recorded before the moment that is given as `name`."""
    entry = schema.entry.c
    return (
        select(entry.seq)
        .where(entry.book_id == bindparam("book_id"), entry.recorded_at < bindparam(name))
        .order_by(entry.recorded_at.desc())
        .limit(1)
    )


def balance_at(connection: Connection, book_id: UUID, code: str, seq: int) -> int:
    """What an account held after a place in the book."""
    asked = {"book_id": book_id, "code": code, "seq": seq}
    return connection.execute(_balance_at_question(), asked).scalar() or 0


@cache
def _balance_at_question() -> Select[Any]:
    leg = schema.leg.c
    sides = [
        select(leg.seq, leg.n, after.label("balance"))
        .where(
            leg.book_id == bindparam("book_id"),
            Rare(side == bindparam("code")),
            leg.seq <= bindparam("seq"),
        )
        .order_by(leg.seq.desc(), leg.n.desc())
        .limit(1)
        .subquery()
        for side, after in (
            (leg.payer_code, leg.payer_balance),
            (leg.payee_code, leg.payee_balance),
        )
    ]
    last = union_all(*(select(side) for side in sides)).subquery().c
    return select(last.balance).order_by(last.seq.desc(), last.n.desc()).limit(1)


def lines_between(
    connection: Connection, book_id: UUID, code: str, after_seq: int, last_seq: int
) -> list[StatementLine]:
    """The movements of an account between two places in the book."""
    asked = {"book_id": book_id, "code": code, "after_seq": after_seq, "last_seq": last_seq}
    return [StatementLine(*row) for row in connection.execute(_lines_question(), asked)]


@cache
def _lines_question() -> Select[Any]:
    return lines_after(bindparam("after_seq"))


def lines_after(
    after_seq: ColumnElement[int], last_seq: ColumnElement[int] | None = None
) -> Select[Any]:
    """Ask for the columns of a :class:`StatementLine`, of an account after a place in the book.

    The question takes `book_id`, `code` and, where that is not given here, `last_seq`.
    """
    leg, entry, later = schema.leg.c, schema.entry.c, schema.entry.alias("later")
    book_id: BindParameter[Any] = bindparam("book_id")
    until = bindparam("last_seq") if last_seq is None else last_seq
    sides = union_all(
        *(
            select(
                leg.seq,
                leg.n,
                other.label("counterpart_code"),
                (leg.minutes * sign).label("minutes"),
                after.label("balance_minutes"),
            ).where(
                leg.book_id == book_id,
                side == bindparam("code"),
                leg.seq > after_seq,
                leg.seq <= until,
            )
            for side, other, after, sign in (
                (leg.payer_code, leg.payee_code, leg.payer_balance, literal(-1)),
                (leg.payee_code, leg.payer_code, leg.payee_balance, literal(1)),
            )
        )
    ).subquery()
    moved = sides.c
    return (
        select(
            moved.seq,
            moved.n,
            entry.id,
            entry.kind,
            entry.category,
            entry.recorded_at,
            entry.occurred_on,
            moved.counterpart_code,
            moved.minutes,
            moved.balance_minutes,
            entry.reverses,
            later.c.id,
            entry.corrects,
        )
        .join(schema.entry, and_(entry.book_id == book_id, entry.seq == moved.seq))
        .outerjoin(later, and_(later.c.book_id == book_id, later.c.reverses == entry.id))
        .where(entry.kind.not_in(sorted(ASIDE_KINDS)))
        .order_by(moved.seq, moved.n)
    )
