"""Who holds hours and where they came from, in one question whatever the size of the book."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, case, func, literal, select

from ledger import schema


@dataclass(frozen=True, slots=True)
class Holding:
    """Accounts of one kind together; a source stands alone.

    Attributes:
        kind: One of ``ACCOUNT_KINDS``.
        code: The source's code; empty for the other kinds.
        plus_minutes: What those of them above zero hold together.
        minus_minutes: What those below zero hold together; zero or less.
    """

    kind: str
    code: str
    plus_minutes: int
    minus_minutes: int


def holdings(connection: Connection, book_id: UUID) -> Sequence[Holding]:
    """All accounts of a book by kind; everything above zero and everything below come to nothing.

    Args:
        connection: Where to read.
        book_id: The book; one that is not there holds nothing.
    """
    account = schema.account.c
    posted = account.posted_in - account.posted_out
    code = case((account.kind == "source", account.code), else_=literal(""))
    rows = connection.execute(
        select(
            account.kind,
            code,
            func.sum(case((posted > 0, posted), else_=0)),
            func.sum(case((posted < 0, posted), else_=0)),
        )
        .where(account.book_id == book_id)
        .group_by(account.kind, code)
        .order_by(account.kind, code)
    )
    return [Holding(kind, name, int(plus), int(minus)) for kind, name, plus, minus in rows]
