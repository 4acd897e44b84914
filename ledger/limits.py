"""Limits of many accounts at once, and what became of the limits of one."""

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, func, insert, literal, or_, select, update

from ledger import schema
from ledger.chart import check_limits
from ledger.entries import is_plain_text
from ledger.errors import BadField, UnknownBook
from ledger.storage import storage_of


@dataclass(frozen=True, slots=True)
class AccountChange:
    """One line of an account's history; the first is its opening and has nothing before it.

    Attributes:
        n: Its place in the history, from 1.
        actor: Who decided; None where nobody did.
        reason: Why, if it was said and not erased since.
    """

    n: int
    changed_at: datetime
    actor: UUID | None
    reason: str | None
    floor_before: int | None
    floor_after: int | None
    ceiling_before: int | None
    ceiling_after: int | None
    state_before: str
    state_after: str


def set_limits_of_members(
    connection: Connection,
    book_id: UUID,
    *,
    floor_minutes: int,
    ceiling_minutes: int | None,
    but: Select[str],
    actor: UUID | None,
    reason: str | None,
    now: datetime,
) -> int:
    """Give all members' accounts the same limits, each with a line in its history.

    Two statements, however many accounts there are; what has these limits already is left alone,
    so doing it twice changes nothing the second time.

    Args:
        connection: Inside a transaction the caller commits, and soon: the head of the book is
            locked until then.
        book_id: The book.
        floor_minutes: As low as each may fall.
        ceiling_minutes: As high as each may rise; None for no limit.
        but: Selects the codes of accounts that keep what they have.
        actor: Who decided.
        reason: Why; None where the change speaks for itself.
        now: When.

    Returns:
        How many accounts changed.

    Raises:
        UnknownBook: If there is no such book.
        BadLimits: If the limits can not be.
        BadField: If the reason can not be kept.
    """
    check_limits("members", "member", floor_minutes, ceiling_minutes)
    if reason is not None and not is_plain_text(reason, schema.REASON_LENGTH_MAX):
        raise BadField("reason", reason)
    lock_book(connection, book_id)
    account, change = schema.account.c, schema.account_change.c
    concerned: ColumnElement[bool] = (
        (account.book_id == book_id)
        & (account.kind == "member")
        & or_(
            account.floor_minutes.is_distinct_from(floor_minutes),
            account.ceiling_minutes.is_distinct_from(ceiling_minutes),
        )
        & account.code.not_in(but)
    )
    last = (
        select(func.max(change.n))
        .where(change.book_id == account.book_id, change.code == account.code)
        .correlate(schema.account)
        .scalar_subquery()
    )
    values = {
        "book_id": account.book_id,
        "code": account.code,
        "n": last + 1,
        "changed_at": literal(now, change.changed_at.type),
        "actor": literal(actor, change.actor.type),
        "reason": literal(reason, change.reason.type),
        "floor_before": account.floor_minutes,
        "floor_after": literal(floor_minutes, change.floor_after.type),
        "ceiling_before": account.ceiling_minutes,
        "ceiling_after": literal(ceiling_minutes, change.ceiling_after.type),
        "state_before": account.state,
        "state_after": account.state,
    }
    # The history first, while the accounts still say what they were; nobody else writes meanwhile.
    connection.execute(
        insert(schema.account_change).from_select(
            list(values), select(*values.values()).where(concerned)
        )
    )
    changed = connection.execute(
        update(schema.account)
        .where(concerned)
        .values(floor_minutes=floor_minutes, ceiling_minutes=ceiling_minutes)
    )
    return changed.rowcount


def lock_book(connection: Connection, book_id: UUID) -> None:
    """Stand in line with all writers of a book: what is read now stays true until the commit.

    Raises:
        UnknownBook: If there is no such book.
    """
    if storage_of(connection).lock_head(connection, book_id) is None:
        raise UnknownBook(book_id)


def history(connection: Connection, book_id: UUID, code: str) -> list[AccountChange]:
    """Everything that became of an account's limits and state, from its opening on."""
    change = schema.account_change.c
    columns = [change[field.name] for field in fields(AccountChange)]
    rows = connection.execute(
        select(*columns).where(change.book_id == book_id, change.code == code).order_by(change.n)
    )
    return [AccountChange(*row) for row in rows]
