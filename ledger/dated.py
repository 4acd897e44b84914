"""What accounts held on a day, asked in the two ways a day can be meant.

*As recorded by a day* is what the book said when that day was over. It never changes,
because nothing is ever recorded earlier than what is there. *For services up to a day*
counts what was done until then, also where it was reported later; it grows for as long
as somebody remembers an hour they had not written down.

The two differ by the entries that are *out of time*: recorded after the day for a service
up to it, or, rarely, recorded by the day for a later one. Neither question reads the book
from its beginning. The first looks up the last movement of each account. The second adds
what is out of time, found day by day of service: one index has the day and then the place
in the book, so each day costs one step and each entry that counts another. After a recent
day the few entries that follow are looked through instead, however many years lie before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    BindParameter,
    Connection,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    union_all,
)

from ledger import schema
from ledger.balances import balance, last_before, midnight, seq_before
from ledger.hints import InOrder, Rare
from ledger.layout import ASIDE_KINDS

#: Up to so many entries after a day are looked through one by one.
FEW: Final = 2_000


@dataclass(frozen=True, slots=True)
class OnDay:
    """An account on a day.

    Attributes:
        recorded_minutes: As recorded by the day.
        service_minutes: For services up to the day.
    """

    code: str
    recorded_minutes: int
    service_minutes: int


@dataclass(frozen=True, slots=True)
class OutOfTime:
    """A movement that one of the two figures has and the other has not.

    Attributes:
        is_late: Recorded after the day for a service up to it; else it is the other way.
    """

    seq: int
    entry_id: UUID
    kind: str
    category: str
    recorded_at: datetime
    occurred_on: date
    payer_code: str
    payee_code: str
    minutes: int
    is_late: bool


class EndOfDay(NamedTuple):
    """Where in a book a day ended.

    Attributes:
        day: The day, which is included.
        seq: The place of the last entry that was recorded when it was over; 0 if none was.
        is_recent: Whether so few entries follow that looking through them is quicker than
            day by day.
    """

    day: date
    seq: int
    is_recent: bool


def end_of_day(connection: Connection, book_id: UUID, day: date, *, zone: tzinfo = UTC) -> EndOfDay:
    """Look up where a day ended, for all that is asked about it."""
    asked = {"book_id": book_id, "moment": midnight(day + timedelta(days=1), zone)}
    seq, head = (place or 0 for place in connection.execute(_end_question(), asked).one())
    return EndOfDay(day, seq, head - seq <= FEW)


def balance_as_recorded_by(
    connection: Connection, book_id: UUID, code: str, day: date, *, zone: tzinfo = UTC
) -> int:
    """Minutes in one account when a day was over.

    Args:
        connection: Where to read.
        book_id: The book.
        code: The account.
        day: The day, which is included.
        zone: Whose midnight ends it.

    Raises:
        UnknownAccount: If the book has no such account.
    """
    balance(connection, book_id, code)
    seq = seq_by(connection, book_id, day, zone=zone)
    return balances_at(connection, book_id, seq, codes=[code]).get(code, 0)


def balance_for_services_up_to(
    connection: Connection, book_id: UUID, code: str, day: date, *, zone: tzinfo = UTC
) -> int:
    """Minutes in one account from all services up to a day, as far as they are known now.

    Arguments and refusals are those of `balance_as_recorded_by`.
    """
    recorded = balance_as_recorded_by(connection, book_id, code, day, zone=zone)
    return recorded + late_minutes(
        connection, book_id, code, end_of_day(connection, book_id, day, zone=zone)
    )


def late_minutes(connection: Connection, book_id: UUID, code: str, end: EndOfDay) -> int:
    """What the entries out of time add to an account: its second figure of a day less the first."""
    asked = {"book_id": book_id, "day": end.day, "seq": end.seq, "codes": [code]}
    question = _moved_question(some=True, is_recent=end.is_recent)
    moved = connection.execute(question, asked).first()
    return 0 if moved is None else int(moved[1])


def balances_as_recorded_by(
    connection: Connection, book_id: UUID, day: date, *, zone: tzinfo = UTC
) -> Mapping[str, int]:
    """Minutes in every account that had moved when a day was over, in code order."""
    return balances_at(connection, book_id, seq_by(connection, book_id, day, zone=zone))


def balances_for_services_up_to(
    connection: Connection, book_id: UUID, day: date, *, zone: tzinfo = UTC
) -> Mapping[str, int]:
    """Minutes in every account from all services up to a day, in code order."""
    end = end_of_day(connection, book_id, day, zone=zone)
    return {each.code: each.service_minutes for each in on_day(connection, book_id, end)}


def on_day(
    connection: Connection,
    book_id: UUID,
    end: EndOfDay,
    *,
    after_code: str = "",
    limit: int | None = None,
) -> Sequence[OnDay]:
    """Both figures of all accounts, or of a page of them, in code order.

    Accounts that had not moved in either sense are left out.

    Args:
        connection: Read from one snapshot for figures that fit each other.
        book_id: The book.
        end: Where the day ended.
        after_code: Leave out accounts up to and including this code.
        limit: How many accounts to list.
    """
    asked = {"book_id": book_id, "day": end.day, "seq": end.seq, "after_code": after_code}
    rows = connection.execute(_on_day_question(is_recent=end.is_recent), asked)
    return [
        OnDay(code, recorded or 0, (recorded or 0) + int(late or 0))
        for code, recorded, late in rows
        if (recorded, late) != (None, None)
    ][:limit]


def out_of_time(
    connection: Connection,
    book_id: UUID,
    end: EndOfDay,
    *,
    after_seq: int = 0,
    limit: int | None = None,
) -> Sequence[OutOfTime]:
    """The movements that make the two figures of a day differ, in the order of the book."""
    asked = {"book_id": book_id, "day": end.day, "seq": end.seq, "after_seq": after_seq}
    question = _out_of_time_question(is_recent=end.is_recent).limit(limit)
    return [OutOfTime(*(*row[:-1], row[-1] > 0)) for row in connection.execute(question, asked)]


def seq_by(connection: Connection, book_id: UUID, day: date, *, zone: tzinfo = UTC) -> int:
    """The place of the last entry that was recorded when a day was over; 0 if none was."""
    return seq_before(connection, book_id, midnight(day + timedelta(days=1), zone))


def balances_at(
    connection: Connection,
    book_id: UUID,
    seq: int,
    *,
    codes: Sequence[str] | None = None,
    after_code: str = "",
) -> dict[str, int]:
    """Minutes in each account that had moved by a place in the book, in code order.

    Four steps in an index for each account, however long the book.
    """
    asked = {"book_id": book_id, "seq": seq, "after_code": after_code, "codes": list(codes or ())}
    rows = connection.execute(_balances_at_question(some=codes is not None), asked)
    return {row.code: row.minutes for row in rows if row.minutes is not None}


# ------------------------------------------------------------------------- the questions
# Putting them together takes longer than answering them, so each is put together once.


@cache
def _end_question() -> Select[int, int]:
    book = schema.book.c
    head = select(book.seq).where(book.book_id == bindparam("book_id"))
    return select(last_before("moment").scalar_subquery(), head.scalar_subquery())


@cache
def _on_day_question(*, is_recent: bool) -> Select[Any]:
    """Both figures of every account: what it held, and what is out of time."""
    late = _moved_question(some=False, is_recent=is_recent).subquery("late")
    question = _balances_at_question(some=False)
    return question.add_columns(late.c.minutes).outerjoin_from(
        schema.account, late, late.c.code == schema.account.c.code
    )


@cache
def _balances_at_question(*, some: bool) -> Select[Any]:
    account = schema.account.c
    payer_version, payer_balance = _last("payer")
    payee_version, payee_balance = _last("payee")
    minutes = case(
        (func.coalesce(payer_version, 0) > func.coalesce(payee_version, 0), payer_balance),
        else_=payee_balance,
    )
    question = (
        select(account.code, minutes.label("minutes"))
        .where(
            account.book_id == bindparam("book_id"),
            account.code > bindparam("after_code"),
        )
        .order_by(account.code)
    )
    if some:
        return question.where(account.code.in_(bindparam("codes", expanding=True)))
    return question


def _last(side: str) -> tuple[ScalarSelect[Any], ScalarSelect[Any]]:
    """Version and balance that the last leg on one side of an account left."""
    leg, account = schema.leg.c, schema.account.c
    version, left = (
        select(leg[f"{side}_{what}"])
        .where(
            leg.book_id == bindparam("book_id"),
            Rare(leg[f"{side}_code"] == account.code),
            leg.seq <= bindparam("seq"),
        )
        .order_by(leg.seq.desc(), leg.n.desc())
        .limit(1)
        .correlate(schema.account)
        .scalar_subquery()
        for what in ("version", "balance")
    )
    return version, left


@cache
def _moved_question(*, some: bool, is_recent: bool) -> Select[Any]:
    """What the entries out of time add to each account, or to some."""
    out, leg = _out(is_recent=is_recent), schema.leg.c
    sides = []
    for code, sign in ((leg.payer_code, -1), (leg.payee_code, 1)):
        half = select(
            code.label("code"), (leg.minutes * out.c.sign * sign).label("minutes")
        ).select_from(
            InOrder(
                out,
                schema.leg,
                and_(leg.book_id == bindparam("book_id"), leg.seq == out.c.seq),
            )
        )
        if some:
            half = half.where(code.in_(bindparam("codes", expanding=True)))
        sides.append(half)
    moved = union_all(*sides).subquery().c
    return select(moved.code, func.sum(moved.minutes).label("minutes")).group_by(moved.code)


@cache
def _out_of_time_question(*, is_recent: bool) -> Select[Any]:
    out, leg, entry = _out(is_recent=is_recent), schema.leg.c, schema.entry.c
    return (
        select(
            entry.seq,
            entry.id,
            entry.kind,
            entry.category,
            entry.recorded_at,
            entry.occurred_on,
            leg.payer_code,
            leg.payee_code,
            leg.minutes,
            out.c.sign,
        )
        .select_from(
            InOrder(
                InOrder(
                    out,
                    schema.entry,
                    and_(entry.book_id == bindparam("book_id"), entry.seq == out.c.seq),
                ),
                schema.leg,
                and_(leg.book_id == bindparam("book_id"), leg.seq == entry.seq),
            )
        )
        # As an expression it can not push out the place where the day ended as the start of a walk.
        .where(func.coalesce(out.c.seq, 0) > bindparam("after_seq"))
        .order_by(entry.seq, leg.n)
    )


def _out(*, is_recent: bool) -> CTE:
    """Places of all entries out of time, with 1 for those reported late and -1 for the others.

    After a recent day few entries follow, and those that are late are found among them; else
    each day of service is looked at.
    """
    entry = schema.entry.c
    seq: BindParameter[Any] = bindparam("seq")
    halves = [
        select(entry.seq, literal(sign).label("sign"))
        .select_from(
            InOrder(
                days,
                schema.entry,
                and_(
                    entry.book_id == bindparam("book_id"),
                    entry.occurred_on == days.c.day,
                    entry.seq > seq if sign > 0 else entry.seq <= seq,
                ),
            )
        )
        .where(entry.kind.not_in(sorted(ASIDE_KINDS)))
        for days, sign in ((_days(later=False), 1), (_days(later=True), -1))
    ]
    if is_recent:
        halves[0] = select(entry.seq, literal(1).label("sign")).where(
            entry.book_id == bindparam("book_id"),
            Rare(entry.seq > seq),
            # As an expression the day is no index to walk: all days before it are in that one.
            func.coalesce(entry.occurred_on, entry.occurred_on) <= bindparam("day"),
            entry.kind.not_in(sorted(ASIDE_KINDS)),
        )
    return union_all(*halves).cte("out_of_time")


def _days(*, later: bool) -> CTE:
    """Every day of service up to the day asked for, or every one after it; a step for each."""
    entry, of_book = schema.entry.c, schema.entry.c.book_id == bindparam("book_id")
    asked: BindParameter[Any] = bindparam("day")
    nearest = func.min(entry.occurred_on) if later else func.max(entry.occurred_on)
    first = select(nearest).where(
        of_book, entry.occurred_on > asked if later else entry.occurred_on <= asked
    )
    days = select(first.scalar_subquery().label("day")).cte(
        "days_after" if later else "days_up_to", recursive=True
    )
    following = (
        select(nearest)
        .where(of_book, entry.occurred_on > days.c.day if later else entry.occurred_on < days.c.day)
        .correlate(days)
        .scalar_subquery()
    )
    return days.union_all(select(following).where(days.c.day.is_not(None)))
