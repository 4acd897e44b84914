"""What an account holds now and how it came to that, in as few questions as there can be."""

from dataclasses import fields
from datetime import date, timedelta, tzinfo
from functools import cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Connection,
    Integer,
    Select,
    bindparam,
    func,
    select,
    true,
    union_all,
)

from ledger import schema
from ledger.balances import (
    Balance,
    Statement,
    StatementLine,
    balance,
    balance_at,
    balance_columns,
    last_before,
    lines_after,
    lines_between,
    midnight,
    seq_before,
)
from ledger.dated import FEW, EndOfDay
from ledger.errors import BadPeriod, UnknownAccount
from ledger.layout import ASIDE_KINDS

#: Past every place there can be in a book.
LAST_SEQ: Final = 2**62


def statement_to_now(
    connection: Connection, book_id: UUID, code: str, since_on: date, today: date, zone: tzinfo
) -> tuple[Balance, Statement]:
    """What an account holds now, and how it came to that since a day, in three questions.

    Raises as `statement` does.
    """
    if today < since_on:
        raise BadPeriod(since_on, today)
    now = balance(connection, book_id, code)
    after_seq = seq_before(connection, book_id, midnight(since_on, zone))
    lines = lines_between(connection, book_id, code, after_seq, LAST_SEQ)
    # The last line knows better than `now` what it ends in, if something was posted in between.
    closing = lines[-1].balance_minutes if lines else now.posted
    opening = closing - sum(line.minutes for line in lines)
    return now, Statement(code, since_on, today, opening, lines, closing)


class Period(NamedTuple):
    """An account over some days, with what else is known of it from the same question.

    Attributes:
        now: What it holds now.
        statement: How it came to what it held when the last day was over.
        end: Where in the book that was.
    """

    now: Balance
    statement: Statement
    end: EndOfDay


def period(
    connection: Connection,
    book_id: UUID,
    code: str,
    since_on: date,
    until_on: date,
    zone: tzinfo,
) -> Period:
    """An account over whole days of recording, in one question, or two where nothing moved.

    Raises as `statement` does.
    """
    if until_on < since_on:
        raise BadPeriod(since_on, until_on)
    asked = {
        "book_id": book_id,
        "code": code,
        "since": midnight(since_on, zone),
        "until": midnight(until_on + timedelta(days=1), zone),
    }
    rows = connection.execute(_period_question(), asked).all()
    if not rows:
        raise UnknownAccount(code)
    wide = len(fields(Balance))
    after_seq, last_seq, head = rows[0][wide : wide + 3]
    lines = [StatementLine(*row[wide + 3 :]) for row in rows if row[wide + 3] is not None]
    if lines:
        closing = lines[-1].balance_minutes
    else:
        closing = balance_at(connection, book_id, code, after_seq)
    opening = closing - sum(line.minutes for line in lines)
    return Period(
        Balance(*rows[0][:wide]),
        Statement(code, since_on, until_on, opening, lines, closing),
        EndOfDay(until_on, last_seq, head - last_seq <= FEW),
    )


@cache
def _period_question() -> Select[Any]:
    account, book = schema.account.c, schema.book.c
    book_id: BindParameter[Any] = bindparam("book_id")
    after_seq, last_seq = (
        func.coalesce(last_before(moment).scalar_subquery(), 0) for moment in ("since", "until")
    )
    head = select(book.seq).where(book.book_id == book_id).scalar_subquery()
    lines = lines_after(after_seq, last_seq).subquery()
    return (
        balance_columns()
        .add_columns(after_seq, last_seq, head, *lines.c)
        .select_from(schema.account.outerjoin(lines, true()))
        .where(account.book_id == book_id, account.code == bindparam("code"))
        .order_by(lines.c.seq, lines.c.n)
    )


def latest(
    connection: Connection, book_id: UUID, code: str, *, limit: int
) -> tuple[Balance, list[StatementLine]]:
    """What an account holds now and its latest movements, the newest last, in one question.

    Raises:
        UnknownAccount: If the book has no such account.
    """
    asked = {"book_id": book_id, "code": code, "last_seq": LAST_SEQ, "limit": limit}
    rows = connection.execute(_latest_question(), asked).all()
    if not rows:
        raise UnknownAccount(code)
    wide = len(fields(Balance))
    lines = [StatementLine(*row[wide:]) for row in rows if row[wide] is not None]
    return Balance(*rows[0][:wide]), lines[-limit:]


@cache
def _latest_question() -> Select[Any]:
    """Look at each side of the account from its end: years before cost nothing."""
    account, leg, entry = schema.account.c, schema.leg.c, schema.entry.c
    book_id: BindParameter[Any] = bindparam("book_id")
    limit = bindparam("limit", type_=Integer)
    halves = [
        select(leg.seq)
        .join(schema.entry, (entry.book_id == leg.book_id) & (entry.seq == leg.seq))
        .where(
            leg.book_id == book_id,
            side == bindparam("code"),
            entry.kind.not_in(sorted(ASIDE_KINDS)),
        )
        .order_by(leg.seq.desc())
        .limit(limit)
        .subquery()
        for side in (leg.payer_code, leg.payee_code)
    ]
    both = union_all(*(select(half.c.seq) for half in halves)).subquery()
    newest = select(both.c.seq).order_by(both.c.seq.desc()).limit(limit).subquery()
    first_seq = select(func.min(newest.c.seq)).scalar_subquery()
    lines = lines_after(first_seq - 1).subquery()
    return (
        balance_columns()
        .add_columns(*lines.c)
        .select_from(schema.account.outerjoin(lines, true()))
        .where(account.book_id == book_id, account.code == bindparam("code"))
        .order_by(lines.c.seq, lines.c.n)
    )
