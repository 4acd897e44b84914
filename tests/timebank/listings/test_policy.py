"""Rules of listings, each by itself."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.db import new_id
from timebank.listings import policy
from timebank.listings.models import Listing
from timebank.members.models import Member

OWNER, OTHER = new_id(), new_id()
TODAY = dt.date(2026, 5, 4)
NONE: frozenset[str] = frozenset()
COORDINATOR = frozenset({"coordinator"})


def a_listing(**columns: object) -> Listing:
    values = {"member_id": OWNER, "state": "open", "is_anonymous": False, "ends_on": None}
    return Listing(**(values | {"nudged_days": None} | columns))


def somebody(key: object = OTHER, state: str = "active") -> Member:
    return Member(id=key, state=state)


def test_a_listing_is_changed_by_its_owner_and_closed_by_a_coordinator_too() -> None:
    listing = a_listing()
    assert policy.may_change(listing, somebody(OWNER))
    assert not policy.may_change(listing, somebody())
    assert policy.may_close(listing, somebody(OWNER), NONE)
    assert policy.may_close(listing, somebody(), COORDINATOR)
    assert not policy.may_close(listing, somebody(), NONE)


def test_everybody_here_may_answer_but_the_owner() -> None:
    listing = a_listing()
    assert policy.may_reply(listing, somebody())
    assert not policy.may_reply(listing, somebody(OWNER))
    assert not policy.may_reply(listing, somebody(state="paused"))


def test_a_name_that_was_not_wanted_is_for_the_coordinator_alone() -> None:
    hidden = a_listing(is_anonymous=True)
    assert policy.may_see_who(a_listing(), None, NONE)
    assert policy.may_see_who(hidden, somebody(OWNER), NONE)
    assert policy.may_see_who(hidden, somebody(), COORDINATOR)
    assert not policy.may_see_who(hidden, somebody(), NONE)
    assert not policy.may_see_who(hidden, None, NONE)


def test_audiences_grow_with_what_somebody_is() -> None:
    assert policy.audiences_of(None, NONE) == ("everyone",)
    assert policy.audiences_of(somebody(state="waiting"), COORDINATOR) == ("everyone",)
    assert policy.audiences_of(somebody(state="paused"), NONE) == ("everyone", "community")
    assert "coordinator" in policy.audiences_of(somebody(), COORDINATOR)


@pytest.mark.parametrize(
    ("left", "nudged", "due"),
    [
        (8, None, None),
        (7, None, 7),
        (5, None, 7),
        (5, 7, None),
        (1, 7, 1),
        (1, None, 1),
        (1, 1, None),
        (0, 7, 1),
        (-1, None, None),
    ],
)
def test_a_reminder_is_due_a_week_and_a_day_before_the_end(
    left: int, nudged: int | None, due: int | None
) -> None:
    listing = a_listing(ends_on=TODAY + dt.timedelta(days=left), nudged_days=nudged)
    assert policy.nudge_due(listing, TODAY, TODAY - dt.timedelta(days=60)) == due


def test_nobody_is_reminded_of_what_they_just_chose() -> None:
    listing = a_listing(ends_on=TODAY + dt.timedelta(days=5))
    assert policy.nudge_due(listing, TODAY, TODAY) is None
    assert policy.nudge_due(a_listing(), TODAY, TODAY) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Call me on 020 7946 0018", "phone"),
        ("Ring til +45 12 34 56 78 efter fem", "phone"),
        ("tel. (0161) 496-0000", "phone"),
        ("Write to sam@example.org", "mail"),
        ("See https://example.org/me", "link"),
        ("Come to 12 High Street", "address"),
        ("at 12b Old Mill Lane, top bell", "address"),
        ("Jeg bor Strandvejen 12", "address"),
        ("Vivo en la Calle Mayor 3", "address"),
        ("Acre Lane 12, second door", "address"),
        ("Carrer Gran de Gràcia 41", "address"),
        ("Zone 2, 12 Finchley Road", "address"),
        ("near SW9 8QT", "address"),
        ("Flat is hard after my chemo", "health"),
        ("Jeg har kræft", "health"),
        ("por mi depresion", "health"),
        ("tinc ansietat", "health"),
    ],
)
def test_what_could_be_misused_is_pointed_out(text: str, kind: str) -> None:
    assert kind in {worry.kind for worry in policy.worries_in(text)}


@pytest.mark.parametrize(
    "text",
    [
        "A walk on Sundays at 10.30, about 2 hours",
        "Every week from 12.05.2026 until 1/9/2026",
        "I can lift 20 to 30 boxes, and drive 5 of us",
        "Tea for 12 at the house on the corner",
        "Up and down the lane 2 times",
        "På vej 2 gange om ugen",
        "Learn 100 words a week, 3 times 20 minutes",
        "Swimming strokes and a crack in the wall",
        "Vaig a la plaça cada dia",
        "Rådhuspladsen, 1550 København V",
        "Zone 2, Finchley Road",
        "Bydel 3, Østre Vej",
    ],
)
def test_plain_words_raise_no_worry(text: str) -> None:
    assert policy.worries_in(text) == []


def test_a_health_word_is_named_once() -> None:
    found = [worry.found for worry in policy.worries_in("Cancer, cancer and CANCER")]
    assert found == ["Cancer"]


@given(st.text(max_size=300))
def test_no_text_breaks_the_look_at_it(text: str) -> None:
    for worry in policy.worries_in(text):
        assert worry.found
