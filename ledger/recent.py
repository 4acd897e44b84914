"""What an account holds now and how it came to that, in as few questions as there can be."""

from datetime import date, tzinfo
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from ledger.balances import Balance, Statement, balance, lines_between, midnight, seq_before
from ledger.errors import BadPeriod

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
