"""The chart of accounts: opening a book, opening accounts, their limits and states."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, Table, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ledger import schema
from ledger.accounts import ACCOUNT_STATES, kind_of
from ledger.chain import GENESIS
from ledger.entries import is_plain_text
from ledger.errors import (
    AccountNotEmpty,
    BadAccount,
    BadField,
    BadLimits,
    UnknownAccount,
    UnknownBook,
)
from ledger.storage import storage_of

#: The widest limits an account may have, in minutes; sums stay far inside 64 bits.
LIMIT_MINUTES_MAX: Final = 1_000_000_000


def open_book(connection: Connection, book_id: UUID, code: str, *, now: datetime) -> None:
    """Open the book of a community; doing so twice changes nothing.

    Args:
        connection: Inside a transaction the caller commits.
        book_id: The community's id, hashed into every entry.
        code: A label for people; not hashed.
        now: When it opens; nothing in it is ever recorded earlier.

    Raises:
        BadField: If the label can not be kept.
    """
    if not is_plain_text(code, schema.BOOK_CODE_LENGTH_MAX):
        raise BadField("code", code)
    _insert_once(
        connection,
        schema.book,
        book_id=book_id,
        code=code,
        opened_at=now,
        chain=GENESIS,
        recorded_at=now,
    )


def open_account(
    connection: Connection,
    book_id: UUID,
    code: str,
    kind: str,
    *,
    floor_minutes: int | None = None,
    ceiling_minutes: int | None = None,
) -> None:
    """Open an account; doing so twice changes nothing, its limits included.

    Args:
        connection: Inside a transaction the caller commits.
        book_id: The book.
        code: The account's code, given once and never renamed.
        kind: One of ``ACCOUNT_KINDS``, which the code must fit.
        floor_minutes: As low as the balance may fall. Only a source may go without.
        ceiling_minutes: As high as it may rise; None for no limit.

    Raises:
        BadAccount: If the code does not fit the kind.
        BadLimits: If the limits can not be.
        UnknownBook: If there is no such book.
    """
    if kind_of(code) != kind:
        raise BadAccount(code, kind)
    check_limits(code, kind, floor_minutes, ceiling_minutes)
    found = select(schema.book.c.recorded_at).where(schema.book.c.book_id == book_id)
    book = connection.execute(found).first()
    if book is None:
        raise UnknownBook(book_id)
    opened = _insert_once(
        connection,
        schema.account,
        book_id=book_id,
        code=code,
        kind=kind,
        floor_minutes=floor_minutes,
        ceiling_minutes=ceiling_minutes,
    )
    if opened:
        # The first line of its history, so that limits can not change without a trace. An
        # account is opened at a place in the book, so it carries the time of that place.
        connection.execute(
            insert(schema.account_change).values(
                book_id=book_id,
                code=code,
                n=1,
                changed_at=book.recorded_at,
                floor_after=floor_minutes,
                ceiling_after=ceiling_minutes,
                state_before="open",
                state_after="open",
            )
        )


def set_limits(
    connection: Connection,
    book_id: UUID,
    code: str,
    *,
    floor_minutes: int | None,
    ceiling_minutes: int | None,
    actor: UUID | None,
    reason: str | None,
    now: datetime,
) -> None:
    """Change how far an account may go, and remember who did so, when and why.

    Limits work in one direction: a member already below a raised floor can still earn.

    Raises:
        UnknownBook: If there is no such book.
        UnknownAccount: If it has no such account.
        BadLimits: If the limits can not be.
        BadField: If the reason can not be kept.
    """
    account = _lock_account(connection, book_id, code)
    check_limits(code, account.kind, floor_minutes, ceiling_minutes)
    _change_account(
        connection,
        account,
        {"floor_minutes": floor_minutes, "ceiling_minutes": ceiling_minutes},
        actor=actor,
        reason=reason,
        now=now,
    )


def set_state(
    connection: Connection,
    book_id: UUID,
    code: str,
    state: str,
    *,
    actor: UUID | None,
    reason: str | None,
    now: datetime,
) -> None:
    """Open, freeze or close an account, and remember who did so, when and why.

    Raises:
        BadField: If there is no such state, or the reason can not be kept.
        UnknownBook: If there is no such book.
        UnknownAccount: If it has no such account.
        AccountNotEmpty: If it is to be closed with hours in it or on their way.
    """
    if state not in ACCOUNT_STATES:
        raise BadField("state", state)
    account = _lock_account(connection, book_id, code)
    balance_minutes = account.posted_in - account.posted_out
    held_minutes = account.held_in + account.held_out
    if state == "closed" and (balance_minutes or held_minutes):
        raise AccountNotEmpty(code, balance_minutes, held_minutes)
    _change_account(connection, account, {"state": state}, actor=actor, reason=reason, now=now)


def check_limits(
    code: str, kind: str, floor_minutes: int | None, ceiling_minutes: int | None
) -> None:
    """Refuse limits that can not be."""
    given = [limit for limit in (floor_minutes, ceiling_minutes) if limit is not None]
    whole = all(type(limit) is int and abs(limit) <= LIMIT_MINUTES_MAX for limit in given)
    if not whole or given != sorted(given) or (floor_minutes is None and kind != "source"):
        raise BadLimits(code, floor_minutes, ceiling_minutes)


def _lock_account(connection: Connection, book_id: UUID, code: str) -> Row[Any]:
    """Lock the head, then the account, in the order in which `post` does."""
    if storage_of(connection).lock_head(connection, book_id) is None:
        raise UnknownBook(book_id)
    account = schema.account
    row = connection.execute(
        select(account)
        .where(account.c.book_id == book_id, account.c.code == code)
        .with_for_update()
    ).first()
    if row is None:
        raise UnknownAccount(code)
    return row


def _change_account(
    connection: Connection,
    account: Row[Any],
    values: dict[str, Any],
    *,
    actor: UUID | None,
    reason: str | None,
    now: datetime,
) -> None:
    """Change an account and write the line of its history; nothing if nothing changes."""
    if reason is not None and not is_plain_text(reason, schema.REASON_LENGTH_MAX):
        raise BadField("reason", reason)
    before = {
        "floor": account.floor_minutes,
        "ceiling": account.ceiling_minutes,
        "state": account.state,
    }
    after = {
        "floor": values.get("floor_minutes", account.floor_minutes),
        "ceiling": values.get("ceiling_minutes", account.ceiling_minutes),
        "state": values.get("state", account.state),
    }
    if before == after:
        return
    table, change = schema.account, schema.account_change
    this = (table.c.book_id == account.book_id, table.c.code == account.code)
    connection.execute(update(table).where(*this).values(values))
    last = select(func.max(change.c.n)).where(
        change.c.book_id == account.book_id, change.c.code == account.code
    )
    connection.execute(
        insert(change).values(
            book_id=account.book_id,
            code=account.code,
            n=connection.execute(last).scalar_one() + 1,
            changed_at=now,
            actor=actor,
            reason=reason,
            **{f"{name}_before": value for name, value in before.items()},
            **{f"{name}_after": value for name, value in after.items()},
        )
    )


def _insert_once(connection: Connection, table: Table, **values: object) -> bool:
    """Insert a row unless its key is there already; tell whether it was inserted."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(values)
    key = [column.name for column in table.primary_key]
    once = statement.on_conflict_do_nothing(index_elements=key).returning(*table.primary_key)
    return connection.execute(once).first() is not None
