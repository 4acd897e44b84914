"""A member's own hours as a small beancount file: their legs, and codes on the other side.

It stands alone: stock beancount and Fava read it as they read any file. It is no part of the books
of the community and proves nothing by itself; receipts do that.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from ledger.accounts import book_name
from ledger.balances import Statement, StatementLine
from ledger.books.text import open_text, quoted
from timebank.communities.models import Community
from timebank.hours import queries

#: Where hours of earlier times are brought in from.
CARRIED_OVER: Final = "Equity:Carried-Over"


def own_books(
    session: Session, community: Community, code: str, since_on: dt.date, until_on: dt.date
) -> str:
    """An account over whole days as beancount reads it, beginning with what was in it before.

    Raises:
        NoSuchAccountError: If the book has no such account.
        BadPeriod: If the period ends before it begins.
    """
    statement = queries.statement(session, community, code, since_on, until_on)
    return "".join(_written(statement, community.slug, ZoneInfo(community.time_zone)))


def _written(statement: Statement, slug: str, zone: dt.tzinfo) -> Iterator[str]:
    name, first = book_name(statement.code), statement.since_on.isoformat()
    others = sorted({line.counterpart_code for line in statement.lines})
    yield (
        f";; Hours of {statement.code}, {statement.since_on} to {statement.until_on}, in whole"
        " minutes.\n;; Other accounts are pseudonyms.\n"
        f"option {quoted('title')} {quoted(f'Hours of {statement.code} in {slug}')}\n"
        'option "operating_currency" "MIN"\n'
        'option "tolerance_multiplier" "0"\n'
        f"{first} commodity MIN\n{first} commodity HOUR\n{first} price HOUR  60 MIN\n"
    )
    for account in (name, CARRIED_OVER, *map(book_name, others)):
        yield open_text(first, account)
    if statement.opening_minutes:
        yield (
            f'\n{first} * "brought over"\n  {name}  {statement.opening_minutes} MIN\n'
            f"  {CARRIED_OVER}  {-statement.opening_minutes} MIN\n"
        )
    for _seq, legs in groupby(statement.lines, key=lambda line: line.seq):
        yield _entry(name, list(legs), zone)
    after = statement.until_on + dt.timedelta(days=1)
    yield f"\n{after} balance {name}  {statement.closing_minutes} MIN\n"


def _entry(name: str, legs: Sequence[StatementLine], zone: dt.tzinfo) -> str:
    line = legs[0]
    fields = "".join(
        f"  {field}: {value}\n"
        for field, value in (
            ("seq", str(line.seq)),
            ("uid", quoted(line.entry_id.hex)),
            ("occurred", line.occurred_on.isoformat()),
            ("category", quoted(line.category)),
            ("rev", quoted(line.reverses.hex) if line.reverses else ""),
            ("corrects", quoted(line.corrects.hex) if line.corrects else ""),
        )
        if value
    )
    postings = "".join(
        f"  {name}  {leg.minutes} MIN\n  {book_name(leg.counterpart_code)}  {-leg.minutes} MIN\n"
        for leg in legs
    )
    # The day on the member's own calendar: a statement begins and ends at their midnight.
    on = line.recorded_at.astimezone(zone).date().isoformat()
    return f"\n{on} * {quoted(line.counterpart_code)} {quoted(line.kind)}\n{fields}{postings}"
