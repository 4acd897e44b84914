"""Tell whoever looks after the books what a check of them found, and when that is over."""

import datetime as dt
from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from timebank.communities import queries as communities
from timebank.hours import auditing
from timebank.hours.models import BooksCheck
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.messaging import service as messaging
from timebank.passed_over import PassedOver
from timebank.statements import policy

#: Everybody who may open the page it leads to.
TOLD_ROLES = ("treasurer", "coordinator", "auditor")
TOPIC_WORK = "work"
TOPIC_NEWS = "hours"
#: Where every check stands, below the community's address.
PATH = "books/checks"


def tell_next(session: Session, *, now: dt.datetime, passed: PassedOver | None = None) -> int:
    """Tell of the oldest check nobody was told of, in any community; return 1, or 0 for none.

    Something found, or a check that was stopped, is told once, however many nights say the same;
    and once that all is right again. The worker runs this in a transaction of its own again and
    again until it returns 0.
    """
    passed = passed or PassedOver()
    for community in communities.every(session):
        check = auditing.next_to_tell(session, community.id, without=passed.ids)
        if check is not None:
            passed.begin(check.id)
            check.told_at = now
            _tell(session, check, now=now)
            return 1
    return 0


def _tell(session: Session, check: BooksCheck, *, now: dt.datetime) -> None:
    kind = _kind(check, auditing.before(session, check))
    if kind is None:
        return
    topic = TOPIC_NEWS if check.outcome == "right" else TOPIC_WORK
    for member in _people(session, check):
        messaging.tell(session, member, topic=topic, kind=kind, facts={}, path=PATH, now=now)


def _kind(check: BooksCheck, earlier: Sequence[BooksCheck]) -> str | None:
    """Return which sentence there is to say of a check; None for none."""
    troubles = list(policy.open_troubles(earlier))
    if check.outcome == "right":
        is_over = troubles and not any(policy.open_troubles([check, *earlier]))
        return "books-right-again" if is_over else None
    if any(policy.is_same(check, trouble) for trouble in troubles):
        return None
    return "books-wrong" if check.outcome == "wrong" else f"books-stopped-{check.stop}"


def _people(session: Session, check: BooksCheck) -> Iterator[Member]:
    """Everybody who looks after the books, each once."""
    seen = set()
    for role in TOLD_ROLES:
        for member in members.holders(session, check.community_id, role):
            if member.id not in seen:
                seen.add(member.id)
                yield member
