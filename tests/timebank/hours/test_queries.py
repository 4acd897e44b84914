"""Reading hours: days are those of the place, and nothing is found in another's book."""

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from ledger.entries import Outcome
from tests.factories import NOW, make_community, make_member
from timebank.communities.models import Community
from timebank.db import new_id
from timebank.hours import policy, queries, service
from timebank.hours.errors import NoBookError, NoSuchAccountError, NoSuchEntryError
from timebank.members.models import Member


def help_at(
    session: Session, community: Community, members: tuple[Member, Member], now: dt.datetime
) -> Outcome:
    receiver, giver = members
    return service.transfer(
        *(session, community),
        receiver=receiver,
        giver=giver,
        minutes=60,
        happened_on=now.date(),
        category="company",
        key=f"exchange:{new_id()}",
        by=receiver,
        now=now,
    )


@pytest.fixture
def village(session: Session) -> Community:
    """A community two hours east of Greenwich in summer."""
    return make_community(session, slug="village", time_zone="Europe/Copenhagen")


@pytest.fixture
def pair(session: Session, village: Community) -> tuple[Member, Member]:
    """Who is helped, and who helps."""
    return make_member(session, village), make_member(session, village)


def test_a_month_begins_at_midnight_where_the_community_lives(
    session: Session, village: Community, pair: tuple[Member, Member]
) -> None:
    help_at(session, village, pair, NOW)
    help_at(session, village, pair, dt.datetime(2026, 5, 31, 22, 30, tzinfo=dt.UTC))
    code = pair[1].account_code
    may, june = (
        queries.month_statement(session, village, code, dt.date(2026, month, 15)).statement
        for month in (5, 6)
    )
    assert (may.opening_minutes, len(may.lines), may.closing_minutes) == (0, 1, 60)
    assert (june.opening_minutes, len(june.lines), june.closing_minutes) == (60, 1, 120)
    assert (may.since_on, may.until_on) == (dt.date(2026, 5, 1), dt.date(2026, 5, 31))


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (dt.date(2026, 2, 14), dt.date(2026, 2, 1), dt.date(2026, 2, 28)),
        (dt.date(2028, 2, 29), dt.date(2028, 2, 1), dt.date(2028, 2, 29)),
        (dt.date(2026, 12, 31), dt.date(2026, 12, 1), dt.date(2026, 12, 31)),
    ],
)
def test_a_month_has_a_first_and_a_last_day(day: dt.date, first: dt.date, last: dt.date) -> None:
    assert queries.month_around(day) == (first, last)


def test_nothing_is_found_in_the_book_of_another(
    session: Session, village: Community, pair: tuple[Member, Member]
) -> None:
    outcome = help_at(session, village, pair, NOW)
    other = make_community(session, slug="other")
    code = pair[0].account_code
    with pytest.raises(NoSuchEntryError):
        queries.entry(session, other.id, outcome.entry_id)
    with pytest.raises(NoSuchAccountError):
        queries.balance(session, other.id, code)
    with pytest.raises(NoSuchAccountError):
        queries.month_statement(session, other, code, NOW.date())
    with pytest.raises(NoBookError):
        queries.trial_balance(session, new_id())
    assert queries.balances(session, other.id, [code]) == {}
    assert queries.latest_entries(session, other.id) == []
    assert queries.trial_balance(session, other.id).entries == 0


def test_the_trial_balance_is_even(
    session: Session, village: Community, pair: tuple[Member, Member]
) -> None:
    help_at(session, village, pair, NOW)
    trial = queries.trial_balance(session, village.id, limit=2)
    assert (trial.total_minutes, trial.entries, len(trial.accounts)) == (0, 1, 2)
    codes = [member.account_code for member in pair]
    assert sorted(queries.balances(session, village.id, codes)) == sorted(codes)
    assert [entry.seq for entry in queries.latest_entries(session, village.id)] == [1]
    assert queries.latest_entries(session, village.id, before_seq=1) == []


def test_those_who_look_after_the_books_see_them() -> None:
    for roles, may, changes in (
        (frozenset(), False, False),
        (frozenset({"auditor"}), True, False),
        (frozenset({"treasurer"}), True, True),
    ):
        assert policy.may_see_books(roles) is may
        assert policy.may_take_back(roles) is changes
        assert policy.may_see_statement(roles, own_code="M000001", code="M000002") is may
        assert policy.may_see_statement(roles, own_code="M000001", code="M000001")


def test_a_category_has_a_public_code_for_ever() -> None:
    own = new_id()
    assert policy.category_code("home.repairs", own) == "home.repairs"
    assert policy.category_code("Getting about!", own) == "getting-about"
    assert policy.category_code("", own) == f"own-{own.hex[-12:]}"
