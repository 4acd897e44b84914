"""A process of its own that posts and says what became of each key: `acknowledging.py URL COUNT`.

It writes a line the moment an answer is there, so that whoever reads the other end has counted the
acknowledgements outside of the database: only that shows a commit that was lost.
"""

import datetime as dt
import secrets
import sys
import time

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from ledger import journal
from ledger.errors import Indeterminate
from tests.databases import open_engine
from tests.ledger.desk import ANN, BEN, BOOK, CAT, Desk
from timebank.db import WRITES

PAIRS = ((ANN, BEN), (BEN, CAT), (CAT, ANN))
CONNECT_SECONDS_MAX = 10


def main(url: str, count: int) -> None:
    """Post each key once, without trying again."""
    desk = Desk(
        open_engine(url), now=dt.datetime(2026, 3, 1, tzinfo=dt.UTC), dice=secrets.token_bytes
    )
    for number in range(count):
        key = f"key-{number}"
        sys.stdout.write(f"{key} {_answer(desk, number, key)}\n")
        sys.stdout.flush()


def _answer(desk: Desk, number: int, key: str) -> str:
    """Tell how a posting ended, in one word."""
    payer, payee = PAIRS[number % len(PAIRS)]
    request = desk.request(payer, payee, 1, key=key, memo="Words that take some room. " * 20)
    try:
        with _connected(desk.engine) as connection:
            transaction = connection.begin()
            status = desk.post_in(connection, request).status
            journal.commit(transaction, book_id=BOOK, idem_key=key)
    except Indeterminate:
        return "unknown"
    except DBAPIError:
        return "refused"
    return status


def _connected(engine: Engine) -> Connection:
    """Connect; a server that is getting up again is waited for."""
    deadline = time.monotonic() + CONNECT_SECONDS_MAX
    while True:
        try:
            return engine.connect().execution_options(**{WRITES: True})
        except DBAPIError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
