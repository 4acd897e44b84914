"""The pages of figures: who sees what of them, what each was counted from, and the pictures."""

import csv
import datetime as dt
import io

import pytest
from sqlalchemy.orm import Session

from tests.factories import at, make_member
from tests.pages.page import Pages, Walk
from tests.timebank.conftest import Counted
from tests.timebank.groups.scene import Scene, make_scene
from tests.timebank.sessions.held import make_held
from timebank.groups.models import Group

STATEMENTS_MAX = 12
SUNDAY = dt.date(2026, 3, 1)
WEEK = dt.timedelta(days=7)


@pytest.fixture
def scene(session: Session) -> Scene:
    """Let a public group have held ten Sundays from March on; the last two had few who came."""
    scene = make_scene(session)
    scene.group.is_public = True
    scene.come_in(scene.hugo, "host")
    scene.come_in(scene.mia)
    for week in range(10):
        make_held(
            session,
            scene.group,
            SUNDAY + week * WEEK,
            by=scene.lena,
            people=[scene.mia, scene.hugo] if week < 3 else [],
            contacts=25 if week < 9 else 4,
            first_timers=week % 2,
        )
    return scene


def path(scene: Scene, page: str = "") -> str:
    return at(scene.community, f"/groups/badminton/figures{page}")


def test_those_who_hold_a_group_see_its_year_and_what_it_was_counted_from(
    scene: Scene, walk: Walk
) -> None:
    hugo = walk(scene.hugo)
    hugo.get(at(scene.community, "/groups/badminton"))
    page = hugo.follow("In figures")
    assert page.h1 == "In figures, 2026"
    assert page.all(".figure-tile strong")[:5] == ["10", "229", "2", "223", "5"]
    assert "Somebody who comes ten times is ten contacts." in page
    assert page.all("tfoot td")[:3] == ["10", "229", "2"]
    page = hugo.follow("May")
    assert "1 session." in page
    assert page.all("tbody td")[:2] == ["Badminton", "4"]
    assert hugo.get(str(page.one("tbody td a")["href"])).h1 == "Badminton"
    hugo.get(path(scene))
    page = hugo.follow("people by name")
    assert page.all("tbody th") == ["Hugo", "Mia"]
    assert page.all("tbody td") == ["3", "3"]


def test_everybody_sees_how_much_there_was_and_nothing_small(scene: Scene, walk: Walk) -> None:
    mia = walk(scene.mia)
    page = mia.get(path(scene))
    assert page.all(".figure-tile strong") == ["10", "229", "not shown"]
    assert page.all("tbody tr")[:3] == [
        "March 5 125 not shown",
        "April 4 not shown 0",
        "May 1 not shown 0",
    ]
    assert "Fewer than ten people" in page
    assert "Hugo" not in page
    for page_of_names in ("/people", "/met", ".csv"):
        mia.refused(path(scene, page_of_names))
    page = mia.get(path(scene, "/sessions"))
    assert page.all("tbody tr")[0] == "Sunday 1 March Badminton"


def test_visitors_see_public_groups_alone(
    scene: Scene, walk: Walk, pages: Pages, session: Session
) -> None:
    tea = scene.start()
    make_held(session, tea, SUNDAY, by=scene.lena, contacts=30)
    page = walk(scene.cora).get(at(scene.community, "/figures"))
    assert page.all(".figure-tile strong")[:2] == ["11", "259"]
    assert "Tea 1 30" in walk(scene.mia).get(at(scene.community, "/figures"))
    assert "125" in pages.get(path(scene))
    page = pages.get(at(scene.community, "/figures"))
    assert "Badminton 10 229" in page
    assert "Tea" not in page
    pages.refused(at(scene.community, "/groups/tea/figures"))
    scene.group.state = "ended"
    session.commit()
    pages.refused(path(scene))
    assert "Badminton" not in pages.get(at(scene.community, "/figures")), "it has no page any more"


def test_visitors_do_not_read_what_sessions_for_members_are_called(
    scene: Scene, walk: Walk, pages: Pages, session: Session
) -> None:
    tea = scene.start()
    for group, title, is_public in (
        (scene.group, "Open morning", True),
        (scene.group, "Visit to the ward", False),
        (tea, "Tea for those who stopped", True),
    ):
        held = make_held(session, group, SUNDAY, by=scene.lena, title=title)
        held.is_public = is_public
    session.flush()
    address = at(scene.community, "/figures/sessions?month=3")
    page = pages.get(address)
    assert "8 sessions." in page
    assert "Open morning" in page
    assert "Sunday 1 March A session for members" in page.all("tbody tr")
    for title in ("Visit to the ward", "Tea for those who stopped"):
        assert title not in page
        assert title in walk(scene.mia).get(address)
    assert "Visit to the ward" not in pages.get(path(scene, "/sessions?month=3"))


def test_the_heat_calendar_has_a_square_for_each_day_and_a_table(scene: Scene, walk: Walk) -> None:
    lena = walk(scene.lena)
    page = lena.get(path(scene))
    squares = sum(str(tag["d"]).count("M") for tag in page.soup.select("svg path.heat"))
    dots = str(page.one("svg path.heat-none")["d"]).count("M")
    assert (squares, dots) == (10, 355)
    table = page.all(".picture-heat ~ details tbody tr")
    assert table[0] == "March 0 0 0 0 0 0 125 125"
    page = lena.get(path(scene, "?show=sessions"))
    assert page.all(".picture-heat ~ details tbody tr")[0] == "March 0 0 0 0 0 0 5 5"


def test_a_year_goes_to_a_spreadsheet(scene: Scene, walk: Walk) -> None:
    lena = walk(scene.lena)
    text = lena.client.get(path(scene, ".csv")).get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sum(int(row["contacts"]) for row in rows) == 229
    assert rows[0] | {"day": "2026-03-01", "by_name": "2", "hosted_minutes": "120"} == rows[0]
    everything = walk(scene.cora).client.get(at(scene.community, "/figures.csv"))
    assert everything.get_data(as_text=True) == text


def test_who_meets_whom_is_for_those_who_hold_the_group(scene: Scene, walk: Walk) -> None:
    hugo = walk(scene.hugo)
    hugo.get(path(scene))
    page = hugo.follow("Who meets whom")
    assert page.all("svg text") == ["Hugo", "Mia"]
    assert page.all("tbody tr") == ["Hugo Mia 3"]
    page = hugo.follow("Without names")
    assert page.all("svg text") == ["Person 1", "Person 2"]
    assert "Mia" not in page


def test_nothing_was_held_yet(scene: Scene, walk: Walk) -> None:
    tea = scene.start()
    page = walk(scene.lena).get(at(scene.community, f"/groups/{tea.slug}/figures"))
    assert "Nothing to count yet" in page
    page = walk(scene.lena).get(at(scene.community, f"/groups/{tea.slug}/figures/met"))
    assert "Nobody met by name" in page


@pytest.mark.parametrize(
    "odd", ["?year=1999", "?year=next", "?month=13", "?month=x&part=-1", "?part=99999999"]
)
def test_odd_addresses_lead_to_a_page_that_there_is(scene: Scene, walk: Walk, odd: str) -> None:
    lena = walk(scene.lena)
    assert "2026" in lena.get(path(scene, odd))
    assert "Badminton" in lena.get(path(scene, f"/sessions{odd}"))


def test_a_long_year_is_paged(scene: Scene, walk: Walk, session: Session) -> None:
    for day in range(70):
        make_held(
            session, scene.group, SUNDAY + dt.timedelta(days=100 + day), by=scene.lena, contacts=1
        )
    lena = walk(scene.lena)
    page = lena.get(path(scene, "/sessions"))
    assert len(page.all("tbody tr")) == 60
    page = lena.follow("More")
    assert len(page.all("tbody tr")) == 20


def ten_years(session: Session, scene: Scene, group: Group) -> None:
    """Let there have been ten years more, with other people."""
    people = [
        make_member(session, scene.community, first_name=f"Guest {number}") for number in range(6)
    ]
    for year in range(2016, 2026):
        for week in range(6):
            make_held(
                session,
                group,
                dt.date(year, 3, 1) + week * WEEK,
                by=scene.lena,
                people=people,
                contacts=20,
            )


@pytest.mark.parametrize(
    "page", ["", "/sessions", "/people", "/met", "community", "community/sessions"]
)
def test_figures_ask_as_little_after_ten_years_as_after_one(
    scene: Scene, walk: Walk, counted: Counted, session: Session, page: str
) -> None:
    address = (
        at(scene.community, page.replace("community", "/figures"))
        if page.startswith("community")
        else path(scene, page)
    )
    reader = walk(scene.cora if page.startswith("community") else scene.lena)
    before = counted(reader, address)
    ten_years(session, scene, scene.group)
    after = counted(reader, address)
    assert after == before <= STATEMENTS_MAX
