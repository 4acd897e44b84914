"""Hours set aside, in the application's words."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from ledger.entries import Outcome
from ledger.verify import verify
from tests.factories import NOW, make_community, make_member
from timebank.communities.models import Community
from timebank.db import new_id
from timebank.hours import holding, queries, service
from timebank.hours.errors import (
    AccountClosedError,
    CannotBookError,
    DifferentBeforeError,
    NoSuchAccountError,
    NothingSetAsideError,
    SetAsideEndedError,
    TooFewHoursError,
    TooManyHoursError,
)
from timebank.members.models import Member

ON = dt.date(2026, 5, 3)
DAY = dt.timedelta(days=1)


@pytest.fixture
def village(session: Session) -> Community:
    """A community that lets a balance go an hour down and two up."""
    return make_community(session, slug="village", floor_minutes=-60, ceiling_minutes=120)


@pytest.fixture
def ann(session: Session, village: Community) -> Member:
    return make_member(session, village, first_name="Ann")


@pytest.fixture
def ben(session: Session, village: Community) -> Member:
    return make_member(session, village, first_name="Ben")


Aside = Callable[..., Outcome]


@pytest.fixture
def aside(session: Session, village: Community, ann: Member, ben: Member) -> Aside:
    """Set an hour of Ann's aside for Ben, until tomorrow."""

    def set_aside(**changed: Any) -> Outcome:
        values: dict[str, Any] = {
            "receiver": ann,
            "giver": ben,
            "minutes": 60,
            "planned_on": ON,
            "ends_at": NOW + DAY,
            "category": "company",
            "key": f"set-aside:{new_id()}",
            "by": ann,
            "now": NOW,
        }
        return holding.set_aside(session, village, **(values | changed))

    return set_aside


def figures(session: Session, member: Member) -> tuple[int, int, int]:
    found = queries.balance_of(session, member)
    return found.posted, found.held_in, found.held_out


def test_hours_are_set_aside_and_then_used(
    session: Session, village: Community, ann: Member, ben: Member, aside: Aside
) -> None:
    held = aside(key="set-aside:1")
    assert aside(key="set-aside:1").status == "replayed"
    assert (figures(session, ann), figures(session, ben)) == ((0, 0, 60), (0, 60, 0))
    facts: dict[str, Any] = {
        "receiver": ann,
        "giver": ben,
        "minutes": 45,
        "happened_on": ON + DAY,
        "key": "exchange:1",
        "by": ben,
        "now": NOW,
    }
    used = holding.use_set_aside(session, village, held.entry_id, **facts)
    assert (figures(session, ann), figures(session, ben)) == ((-45, 0, 0), (45, 0, 0))
    # The key settles what became of it, as of any booking.
    settled = service.settle(session, village, "exchange:1")
    assert settled is not None
    assert settled.entry_id == used.entry_id
    assert holding.use_set_aside(session, village, held.entry_id, **facts).status == "replayed"
    with pytest.raises(DifferentBeforeError):
        holding.use_set_aside(session, village, held.entry_id, **facts | {"minutes": 30})
    entry = queries.entry(session, village.id, used.entry_id)
    assert (entry.occurred_on, entry.category, entry.actor) == (ON + DAY, "company", ben.id)
    assert verify(session.connection(), village.id).ok


def test_more_than_was_set_aside_is_not_used(
    session: Session, village: Community, ann: Member, ben: Member, aside: Aside
) -> None:
    held = aside()
    with pytest.raises(CannotBookError) as refused:
        holding.use_set_aside(
            session,
            village,
            held.entry_id,
            receiver=ann,
            giver=ben,
            minutes=61,
            happened_on=ON,
            key="exchange:1",
            by=None,
            now=NOW,
        )
    assert refused.value.reason == "over-held"


def test_hours_are_given_back_once(session: Session, village: Community, aside: Aside) -> None:
    held, other = aside(minutes=20), aside(minutes=30)
    back = holding.give_back(session, village, held.entry_id, key="release:1", by=None, now=NOW)
    with pytest.raises(CannotBookError) as refused:
        holding.let_end(session, village, other.entry_id, now=NOW)
    assert refused.value.reason == "not-expired"
    ended = holding.let_end(session, village, other.entry_id, now=NOW + DAY)
    assert holding.let_end(session, village, other.entry_id, now=NOW + DAY).status == "replayed"
    with pytest.raises(SetAsideEndedError) as late:
        holding.let_end(session, village, held.entry_id, now=NOW + DAY)
    assert (late.value.set_aside_id, late.value.entry_id) == (held.entry_id, back.entry_id)
    assert not late.value.has_moved
    with pytest.raises(SetAsideEndedError) as late:
        holding.give_back(session, village, other.entry_id, key="release:2", by=None, now=NOW)
    assert late.value.entry_id == ended.entry_id
    with pytest.raises(NothingSetAsideError):
        holding.give_back(session, village, new_id(), key="release:3", by=None, now=NOW)


def test_what_is_in_the_way_is_said_as_of_any_booking(
    session: Session, village: Community, ann: Member, ben: Member, aside: Aside
) -> None:
    with pytest.raises(TooFewHoursError) as few:
        aside(minutes=70)
    assert (few.value.available_minutes, few.value.short_minutes) == (0, 10)
    aside(minutes=60)
    service.set_limits(
        session,
        village,
        ann.account_code,
        floor_minutes=-600,
        ceiling_minutes=None,
        by=None,
        reason=None,
        now=NOW,
    )
    with pytest.raises(TooManyHoursError) as many:
        aside(minutes=70)
    assert (many.value.balance_minutes, many.value.over_minutes) == (60, 10)
    with pytest.raises(CannotBookError) as early:
        aside(ends_at=NOW)
    assert early.value.reason == "expires-too-early"
    service.set_state(session, village, ben.account_code, "frozen", by=None, reason=None, now=NOW)
    with pytest.raises(AccountClosedError):
        aside(minutes=1)
    stranger = make_member(session, make_community(session))
    stranger.number = 99
    with pytest.raises(NoSuchAccountError):
        aside(giver=stranger)
