"""Pots and sessions in the books: called by their names, which are nobody's secret."""

import re

import pytest
from sqlalchemy.orm import Session

from tests.factories import at, make_member
from tests.pages.page import Walk
from tests.timebank.conftest import Counted
from tests.timebank.sessions.door import Door, make_door
from tests.timebank.sessions.door_pages import page_of
from timebank.clock import utc_now
from timebank.groups import service as groups
from timebank.groups.policy.pots import COMMUNITY_POT

STATEMENTS_MAX = 12


@pytest.fixture
def door(session: Session) -> Door:
    """Give a session that filled the pot, and a gift and a payment of the day."""
    door = make_door(session)
    people = door.people
    people.come_in(people.mia)
    door.rule("activity", pot_minutes=60)
    door.open()
    door.close(now=utc_now())
    today, now = utc_now().date(), utc_now()
    door.give(people.mia, 60)
    for code in (people.group.account_code, COMMUNITY_POT):
        groups.give(
            session, people.community, code, minutes=30, words="", by=people.mia,
            today=today, now=now,
        )  # fmt: skip
    groups.ask_pot(
        session, people.community, people.group.account_code, "payment", member=people.hugo,
        minutes=45, words="Holding it", by=people.lena, who=people.lead, today=today, now=now,
    )  # fmt: skip
    return door


def test_who_keeps_the_books_reads_pots_by_name_and_people_by_number(
    door: Door, walk: Walk, session: Session, counted: Counted
) -> None:
    people = door.people
    code = people.group.account_code
    theo = make_member(session, people.community, first_name="Theo", roles=("treasurer",))
    treasurer = walk(theo)
    page = treasurer.get(at(people.community, f"/books/accounts/{code}"))
    assert page.h1.startswith("The pot of Badminton, ")
    assert f"Account {code}" in page
    assert "Pay for hosting" in page
    assert "A gift to a pot" in page
    assert "Badminton, 10 May 2026" in page
    assert not re.search("Hugo|Mia", str(page.soup.select_one("main")))
    for where in ("/books", "/books/entries", "/books/day"):
        page = treasurer.get(at(people.community, where))
        assert "The pot of Badminton" in page
        assert not re.search("Hugo|Mia", str(page.soup.select_one("main")))
    assert counted(treasurer, at(people.community, "/books")) <= STATEMENTS_MAX
    assert counted(treasurer, at(people.community, "/books/entries")) <= STATEMENTS_MAX


def test_an_entry_of_a_session_leads_there(door: Door, walk: Walk) -> None:
    cora = walk(door.people.cora)
    cora.get(at(door.people.community, "/books/entries"))
    page = cora.follow("No. 1")
    assert "A session: Drop-in" in page
    assert page.link("The session it came from") == page_of(door)
    cora.get(at(door.people.community, "/books/entries"))
    assert "The session it came from" not in cora.follow("No. 3")


def test_a_member_reads_what_went_to_which_pot(door: Door, walk: Walk) -> None:
    mia, hugo = walk(door.people.mia), walk(door.people.hugo)
    page = mia.get(at(door.people.community, "/hours/statement"))
    rows = [[cell.get_text() for cell in row.select("th, td")] for row in page.soup.select("tr")]
    assert ["A gift to a pot", "The pot of Badminton"] in [row[:2] for row in rows]
    assert ["A gift to a pot", "The community pot"] in [row[:2] for row in rows]
    page = hugo.get(at(door.people.community, "/hours"))
    assert "Pay for hosting" in page


def test_notices_speak_of_hours(door: Door, walk: Walk) -> None:
    people = door.people
    groups.ask_pot(
        door.session, people.community, people.group.account_code, "grant", member=people.mia,
        minutes=75, words="A lift", by=people.mia, who=people.who(people.mia),
        today=utc_now().date(), now=utc_now(),
    )  # fmt: skip
    lena = walk(people.lena)
    page = lena.get(at(people.community, "/me/notices"))
    assert "The pot of Badminton is asked for 1 h 15 min." in page
    assert "minutes" not in page.text
