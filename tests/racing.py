"""Several pieces of work at the same moment, each in a thread and a transaction of its own."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

from flask import Flask
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.errors import RefusalError
from timebank.web.session import run_in_transaction

Work = Callable[[Session, Community], object]


def race(app: Flask, community_id: UUID, works: list[Work]) -> Counter[str]:
    """Run every piece of work at the same moment; count how each ended."""
    barrier = Barrier(len(works))

    def one(work: Work) -> str:
        with app.app_context():
            barrier.wait(10)
            try:
                run_in_transaction(
                    lambda session: work(session, session.get_one(Community, community_id)),
                    give_up_after=60,
                )
            except RefusalError as refusal:
                return type(refusal).__name__
            return "done"

    with ThreadPoolExecutor(len(works)) as pool:
        return Counter(pool.map(one, works))
