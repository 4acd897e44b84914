"""A process of its own that posts into a book others post into: `writer.py URL NAME COUNT`."""

import datetime as dt
import random
import secrets
import sys
import time

from sqlalchemy.exc import OperationalError

from tests.databases import open_engine
from tests.ledger.desk import ANN, BEN, CAT, Desk


def main(url: str, name: str, count: int) -> None:
    """Move a minute so many times, each with a key of this process's own."""
    now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    desk = Desk(open_engine(url), now=now, dice=secrets.token_bytes)
    chosen = random.Random(name)
    for number in range(count):
        payer, payee = chosen.sample([ANN, BEN, CAT], 2)
        for _try in range(5):
            try:
                desk.post(payer, payee, 1, key=f"{name}-{number}")
            except OperationalError:
                time.sleep(chosen.random() / 10)
            else:
                break
    desk.engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
