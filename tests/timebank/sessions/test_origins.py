"""Hours lead back to what they came from: on the page of a pot, and on a member's own."""

import pytest
from sqlalchemy.orm import Session

from tests.factories import at
from tests.pages.page import Page, Walk
from tests.timebank.conftest import Counted
from tests.timebank.sessions.door import Door, make_door
from tests.timebank.sessions.door_pages import page_of
from timebank.clock import utc_now
from timebank.groups import service as groups

STATEMENTS_MAX = 12


@pytest.fixture
def door(session: Session) -> Door:
    """Give a session that was held and closed, and an hour of each in the pot."""
    door = make_door(session)
    door.people.come_in(door.people.mia)
    door.rule("activity", pot_minutes=15, credits_participants=True)
    door.open()
    door.come(door.people.mia)
    door.close(now=utc_now())
    return door


def links(page: Page) -> dict[str, str]:
    """Return the links of a page by what is read of them."""
    return {
        " ".join(link.get_text(" ").split()): str(link["href"])
        for link in page.soup.select("main a[href]")
    }


def give(door: Door, minutes: int) -> None:
    """Let Mia give the pot something."""
    groups.give(
        door.session,
        door.people.community,
        door.people.group.account_code,
        minutes=minutes,
        words="For the shuttles.",
        by=door.people.mia,
        today=utc_now().date(),
        now=utc_now(),
    )


def test_a_line_of_a_pot_leads_to_the_session_it_came_from(door: Door, walk: Walk) -> None:
    door.stays(door.people.hugo, 60, "host")
    door.correct(now=utc_now())
    lena = walk(door.people.lena)
    found = links(lena.get(at(door.people.community, "/pots/badminton")))
    assert found["Badminton, 10 May 2026"] == page_of(door)
    assert found["Taken back: Badminton, 10 May 2026"] == page_of(door)
    assert "A session:" not in lena.page  # type: ignore[operator]
    page = walk(door.people.mia).get(page_of(door))
    assert page.h1 == "Badminton", "whoever is in the group may follow it"


def test_what_moved_lately_is_all_that_moved_and_leads_there(door: Door, walk: Walk) -> None:
    people = door.people
    give(door, 30)
    mia = walk(people.mia)
    page = mia.get(at(people.community, "/hours"))
    lately = page.soup.select(".link-list")[-1]
    lines = [" ".join(line.get_text(" ").split()) for line in lately.select("li")]
    assert lines[0].startswith("A gift to a pot The pot of Badminton · ")
    assert lines[1:] == ["Badminton, 10 May 2026 Drop-in +2 h"]
    hrefs = [str(link["href"]) for link in lately.select("a")]
    assert hrefs == [at(people.community, "/pots/badminton"), page_of(door)]
    statement = mia.get(at(people.community, "/hours/statement"))
    assert "The pot of Badminton" in statement
    assert people.group.account_code not in statement.text


def test_whoever_is_not_in_the_group_is_led_to_its_page(door: Door, walk: Walk) -> None:
    people = door.people
    give(door, 30)
    groups.leave(door.session, people.group, people.mia, now=utc_now())
    mia = walk(people.mia)
    found = links(mia.get(at(people.community, "/hours")))
    [href] = [href for words, href in found.items() if words.startswith("A gift to a pot")]
    assert href == at(people.community, "/groups/badminton")
    assert mia.get(href).h1 == "Badminton"


def test_my_hours_ask_no_more_the_more_has_moved(door: Door, walk: Walk, counted: Counted) -> None:
    mia = walk(door.people.mia)
    for _ in range(3):
        give(door, 1)
    few = counted(mia, at(door.people.community, "/hours"))
    for _ in range(12):
        give(door, 1)
    assert counted(mia, at(door.people.community, "/hours")) <= few <= STATEMENTS_MAX
    lately = mia.page.soup.select(".link-list")[-1]  # type: ignore[union-attr]
    assert len(lately.select("li")) == 6
