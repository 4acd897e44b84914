"""Hours in the application's words: each refusal of the ledger arrives as one a page can say."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.orm import Session

from ledger.accounts import COMMUNITY_POT
from ledger.entries import Outcome
from ledger.verify import verify
from tests.factories import NOW, make_community, make_member
from timebank.communities.models import Community
from timebank.db import new_id
from timebank.hours import policy, queries, service
from timebank.hours.errors import (
    AccountClosedError,
    AccountInUseError,
    AlreadyTakenBackError,
    CannotBookError,
    DifferentBeforeError,
    NoBookError,
    NoSuchAccountError,
    NoSuchEntryError,
    NotTakenBackError,
    TooFewHoursError,
    TooManyHoursError,
)
from timebank.members.models import Member

ON = dt.date(2026, 5, 3)


@pytest.fixture
def village(session: Session) -> Community:
    """A community that lets a balance go ten hours down."""
    return make_community(session, slug="village", floor_minutes=-600, ceiling_minutes=None)


@pytest.fixture
def ann(session: Session, village: Community) -> Member:
    """Ann, who is helped."""
    return make_member(session, village, first_name="Ann")


@pytest.fixture
def ben(session: Session, village: Community) -> Member:
    """Ben, who helps."""
    return make_member(session, village, first_name="Ben")


def help_given(
    session: Session, village: Community, receiver: Member, giver: Member, **changed: Any
) -> Outcome:
    values: dict[str, Any] = {
        "minutes": 60,
        "happened_on": ON,
        "category": "company",
        "key": f"exchange:{new_id()}",
        "by": receiver,
        "now": NOW,
    }
    return service.transfer(session, village, receiver=receiver, giver=giver, **(values | changed))


def posted(session: Session, member: Member) -> int:
    return queries.balance_of(session, member).posted


def take_back(session: Session, village: Community, entry: Any, **changed: Any) -> Outcome:
    values: dict[str, Any] = {
        "reason": "Booked twice",
        "key": f"back:{new_id()}",
        "by": None,
        "now": NOW,
    }
    return service.take_back(session, village, entry, **(values | changed))


def test_an_hour_is_an_hour_whatever_the_help_was(
    session: Session, village: Community, ann: Member, ben: Member
) -> None:
    for number, category in enumerate(("company", "forms.letters", "repairs", "own-0a1b2c3d4e5f")):
        help_given(session, village, ann, ben, category=category)
        assert posted(session, ben) == (number + 1) * 60
    assert posted(session, ann) == -240
    assert verify(session.connection(), village.id).ok


def test_help_is_booked_once_whoever_confirms(
    session: Session, village: Community, ann: Member, ben: Member
) -> None:
    first = help_given(session, village, ann, ben, key="exchange:1", by=ann)
    second = help_given(session, village, ann, ben, key="exchange:1", by=ben)
    silence = help_given(session, village, ann, ben, key="exchange:1", by=None)
    assert [first.status, second.status, silence.status] == ["posted", "replayed", "replayed"]
    assert first.entry_id == second.entry_id == silence.entry_id
    assert posted(session, ben) == 60


def test_too_few_hours_says_how_many_are_missing(
    session: Session, village: Community, ann: Member, ben: Member
) -> None:
    help_given(session, village, ann, ben, minutes=570)
    with pytest.raises(TooFewHoursError) as refused:
        help_given(session, village, ann, ben, minutes=45)
    said = refused.value
    assert (said.code, said.floor_minutes) == (ann.account_code, -600)
    assert (said.available_minutes, said.short_minutes) == (-570, 15)


def test_too_many_hours_says_how_many_are_too_many(
    session: Session, village: Community, ann: Member, ben: Member
) -> None:
    service.set_limits(
        *(session, village, ben.account_code),
        floor_minutes=-600,
        ceiling_minutes=90,
        by=ann,
        reason="Agreed",
        now=NOW,
    )
    help_given(session, village, ann, ben, minutes=60)
    with pytest.raises(TooManyHoursError) as refused:
        help_given(session, village, ann, ben, minutes=45)
    said = refused.value
    assert (said.ceiling_minutes, said.balance_minutes, said.over_minutes) == (90, 60, 15)
    assert said.code == ben.account_code


def test_a_community_without_floor_lets_hours_go_as_low_as_they_go(session: Session) -> None:
    open_handed = make_community(session, slug="open-handed", floor_minutes=None)
    ann, ben = (make_member(session, open_handed) for _one in range(2))
    help_given(session, open_handed, ann, ben, minutes=5_000)
    balance = queries.balance_of(session, ann)
    assert balance.posted == -5_000
    assert policy.floor_or_none(balance.floor_minutes) is None
    assert policy.floor_or_none(-600) == -600
    assert policy.floor_or_none(None) is None


def test_the_same_key_with_other_figures_is_refused(
    session: Session, village: Community, ann: Member, ben: Member
) -> None:
    first = help_given(session, village, ann, ben, key="exchange:1")
    with pytest.raises(DifferentBeforeError) as refused:
        help_given(session, village, ann, ben, key="exchange:1", minutes=90)
    assert refused.value.entry_id == first.entry_id


def test_a_frozen_or_closed_account_says_which(
    session: Session, village: Community, ann: Member, ben: Member
) -> None:
    def set_state(state: str) -> None:
        code = ben.account_code
        service.set_state(session, village, code, state, by=ann, reason=None, now=NOW)

    for state, frozen in (("frozen", True), ("closed", False)):
        set_state(state)
        with pytest.raises(AccountClosedError) as refused:
            help_given(session, village, ann, ben)
        assert (refused.value.code, refused.value.is_frozen) == (ben.account_code, frozen)
    set_state("open")
    help_given(session, village, ann, ben)
    with pytest.raises(AccountInUseError) as in_use:
        set_state("closed")
    assert (in_use.value.code, in_use.value.balance_minutes) == (ben.account_code, 60)


def test_what_can_not_be_written_down_is_refused_with_its_facts(
    session: Session, village: Community, ann: Member, ben: Member
) -> None:
    for changed, reason in (
        ({"minutes": 0}, "bad-minutes"),
        ({"category": "Food & drink"}, "bad-field"),
        ({"giver": ann}, "same-account"),
    ):
        with pytest.raises(CannotBookError) as refused:
            help_given(session, village, **({"receiver": ann, "giver": ben} | changed))
        assert refused.value.reason == reason
        assert refused.value.facts


def test_hours_are_taken_back_once_and_the_short_are_named(
    session: Session, village: Community, ann: Member, ben: Member
) -> None:
    cat = make_member(session, village, first_name="Cat")
    first = help_given(session, village, ann, ben)
    help_given(session, village, ben, cat, minutes=660)
    back = take_back(session, village, first.entry_id, by=ann)
    assert back.overdrawn == (ben.account_code,)
    assert posted(session, ann) == 0
    with pytest.raises(AlreadyTakenBackError) as again:
        take_back(session, village, first.entry_id)
    assert (again.value.entry_id, again.value.reversal_id) == (first.entry_id, back.entry_id)
    with pytest.raises(NotTakenBackError) as never:
        take_back(session, village, back.entry_id)
    assert never.value.entry_id == back.entry_id
    entry = queries.entry(session, village.id, back.entry_id)
    assert (entry.memo, entry.reverses) == ("Booked twice", first.entry_id)


def test_what_is_not_there_is_not_found(session: Session, village: Community, ann: Member) -> None:
    nothing = new_id()
    with pytest.raises(NoSuchEntryError) as no_entry:
        take_back(session, village, nothing)
    assert no_entry.value.entry_id == nothing
    with pytest.raises(NoSuchAccountError) as no_account:
        service.set_limits(
            *(session, village, "M999999"),
            floor_minutes=None,
            ceiling_minutes=None,
            by=None,
            reason=None,
            now=NOW,
        )
    assert no_account.value.code == "M999999"
    unborn = Community(id=nothing, slug="unborn", floor_minutes=0, ceiling_minutes=None)
    with pytest.raises(NoBookError):
        service.open_member_account(session, unborn, ann)


def test_mutual_help_credits_everyone_and_the_book_shows_where_it_came_from(
    session: Session, village: Community, ann: Member, ben: Member
) -> None:
    outcome = service.credit_mutual(
        *(session, village),
        members=[ann, ben],
        minutes=45,
        happened_on=ON,
        category="company",
        key="exchange:m1",
        by=None,
        now=NOW,
    )
    assert outcome.balances[service.MUTUAL_HELP] == -90
    assert (posted(session, ann), posted(session, ben)) == (45, 45)


@pytest.mark.parametrize("minutes", [300, -120])
def test_a_balance_from_before_is_brought_in(
    session: Session, village: Community, ann: Member, minutes: int
) -> None:
    service.bring_in(
        *(session, village, ann),
        minutes=minutes,
        happened_on=ON,
        key="opening:1",
        by=None,
        now=NOW,
    )
    assert posted(session, ann) == minutes


def test_a_gift_to_the_pot_and_a_new_activity(
    session: Session, village: Community, ann: Member
) -> None:
    pot = COMMUNITY_POT
    for kind, leg, key in (
        ("gift", (ann.account_code, pot, 30), "gift:1"),
        ("activity", ("activity-choir", pot, 60), "choir:1"),
    ):
        service.move(
            *(session, village),
            kind=kind,
            legs=[leg],
            happened_on=ON,
            category="pot",
            key=key,
            by=ann,
            now=NOW,
        )
    assert queries.balance(session, village.id, pot).posted == 90
    assert queries.balance(session, village.id, "activity-choir").posted == -60


def test_words_beside_an_entry_can_be_forgotten(
    session: Session, village: Community, ann: Member, ben: Member
) -> None:
    outcome = help_given(session, village, ann, ben, memo="After the operation")
    assert queries.entry(session, village.id, outcome.entry_id).memo == "After the operation"
    assert service.forget_memo(session, village, outcome.entry_id)
    assert queries.entry(session, village.id, outcome.entry_id).memo is None
    assert verify(session.connection(), village.id).ok


def test_a_booking_nobody_is_sure_of_is_settled_by_its_key(
    session: Session, village: Community, ann: Member, ben: Member
) -> None:
    assert service.settle(session, village, "exchange:1") is None
    outcome = help_given(session, village, ann, ben, key="exchange:1")
    settled = service.settle(session, village, "exchange:1")
    assert settled is not None
    assert settled.entry_id == outcome.entry_id


def test_limits_of_a_source_stay_none(session: Session, village: Community) -> None:
    service.set_limits(
        *(session, village, "opening"),
        floor_minutes=None,
        ceiling_minutes=None,
        by=None,
        reason=None,
        now=NOW,
    )
    assert queries.balance(session, village.id, "opening").floor_minutes is None


def test_opening_again_changes_nothing(
    session: Session, village: Community, ann: Member, ben: Member
) -> None:
    help_given(session, village, ann, ben)
    service.open_book(session, village, now=NOW)
    service.open_member_account(session, village, ben)
    assert posted(session, ben) == 60
