"""Somebody with a first name and a printed card does everything that others do."""

import pytest
from sqlalchemy.orm import Session

from tests.factories import at
from tests.journeys.test_imported_request import make_card
from tests.pages.page import Pages, Walk
from tests.timebank.listings.test_chain import answer_all
from timebank.communities.models import Community
from timebank.members.models import Member


@pytest.fixture
def winston(place: Community, cora: Member, walk: Walk, visitor: Pages) -> Pages:
    """Winston, whom the coordinator added a minute ago, signed in with his card."""
    desk = walk(cora)
    desk.get(at(place))
    desk.follow("People")
    desk.follow("Add somebody")
    desk.submit(first_name="Winston")
    desk.get(at(place))
    number, code = make_card(desk, "Winston")
    visitor.get(at(place, "/card"))
    visitor.submit(number=number, code=code)
    return visitor


def test_he_offers_help_and_it_is_found(
    winston: Pages, session: Session, place: Community, gita: Member, walk: Walk
) -> None:
    answer_all(winston, session, place, kind="offer", title="Dominoes on Tuesdays")
    winston.submit(button="Put up my offer")
    other = walk(gita)
    other.get(at(place, "/offers"))
    other.submit("form[role=search]", q="domino")
    assert "Winston" in other.follow("Dominoes on Tuesdays")


def test_he_notes_an_hour_on_one_page_and_the_other_says_yes(
    winston: Pages, place: Community, gita: Member, walk: Walk
) -> None:
    winston.get(at(place, "/log"))
    winston.submit(side="give", who="Gita", worked_minutes="60", title="Mended the radio")
    assert "We asked Gita" in winston.page  # type: ignore[operator]

    other = walk(gita)
    other.get(at(place))
    other.follow("Mended the radio")
    assert "1 h went to Winston" in other.submit(button="Yes, that is right")
    assert "1 h to spend" in winston.get(at(place, "/hours"))


def test_he_can_be_sure_that_a_second_tap_counts_once(
    winston: Pages, place: Community, gita: Member, walk: Walk
) -> None:
    winston.get(at(place, "/log"))
    form = winston.page
    winston.submit(side="give", who="Gita", worked_minutes="30", title="Fixed the lamp")
    winston.page = form
    winston.submit(side="give", who="Gita", worked_minutes="30", title="Fixed the lamp")

    other = walk(gita)
    other.get(at(place, "/exchanges"))
    assert [words for words in other.page.all("main a") if "Fixed the lamp" in words] != []  # type: ignore[union-attr]
    other.follow("Fixed the lamp")
    asked = other.page
    other.submit(button="Yes, that is right")
    other.page = asked
    other.submit(button="Yes, that is right")
    assert "30 min to spend" in winston.get(at(place, "/hours"))
