"""The pages of sessions, walked as people walk them, without script."""

import datetime as dt
import re
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import at, make_member
from tests.pages.page import Page, Pages, Walk
from tests.timebank.conftest import Counted
from tests.timebank.sessions.scene import LONDON, Scene, make_sessions
from timebank.clock import utc_now
from timebank.groups import service as groups
from timebank.groups.service import VenueDetails
from timebank.sessions import service
from timebank.sessions.models import GroupSession
from timebank.web.paging import cursor_of

STATEMENTS_MAX = 12
DAY = dt.timedelta(days=1)


@pytest.fixture
def scene(session: Session) -> Scene:
    """Make the group, its people, and a session in six days, counted from the real today."""
    return make_sessions(session, now=utc_now())


def path(scene: Scene, page: str = "") -> str:
    """Return an address of the community."""
    return at(scene.people.community, page)


def page_of(scene: Scene, planned: GroupSession, page: str = "") -> str:
    """Return an address of a session."""
    return path(scene, f"/sessions/{planned.id}{page}")


def here(pages: Pages) -> Page:
    """Return the page that somebody looks at."""
    assert pages.page is not None
    return pages.page


# ------------------------------------------------------------------------ coming along


def test_the_waiting_list_on_the_page(scene: Scene, walk: Walk, session: Session) -> None:
    people = scene.people
    planned = scene.plan_one(sign_up="sign-up", capacity=1)
    session.commit()
    mia, otto, hugo = walk(people.mia), walk(people.otto), walk(people.hugo)
    mia.get(page_of(scene, planned))
    mia.submit(button="I come")
    otto.get(page_of(scene, planned))
    page = otto.submit(button="Wait for a place")
    assert "You are number 1 in the line." in page
    hugo.get(page_of(scene, planned))
    assert "You are number 2 in the line." in hugo.submit(button="Wait for a place")
    assert "Full, 2 wait" in mia.get(path(scene, "/whats-on"))
    mia.get(page_of(scene, planned))
    mia.submit(button="I can not come after all")
    assert "There is a place for you" in otto.get(path(scene, "/me/notices"))
    assert "You are number 1 in the line." in hugo.get(page_of(scene, planned))
    assert "You come" in otto.get(path(scene, "/me/sessions"))


def test_nobody_but_those_who_hold_it_sees_who_comes(
    scene: Scene, walk: Walk, session: Session
) -> None:
    people = scene.people
    planned = scene.plan_one(sign_up="sign-up")
    service.sign_up(session, people.group, planned, people.mia, now=scene.now)
    session.commit()
    assert "Mia" in walk(people.lena).get(page_of(scene, planned))
    assert "Mia" not in walk(people.otto).get(page_of(scene, planned))


def test_somebody_kept_out_is_told_no_more_than_to_speak_to_the_lead(
    scene: Scene, walk: Walk, session: Session
) -> None:
    people = scene.people
    planned = scene.plan_one(sign_up="sign-up")
    groups.exclude(
        session,
        people.group,
        people.otto,
        until_on=scene.today + 30 * DAY,
        review_on=scene.today + DAY,
        reason="They shouted.",
        by=people.lena,
        who=people.lead,
        today=scene.today,
        now=scene.now,
    )
    session.commit()
    otto = walk(people.otto)
    otto.get(page_of(scene, planned))
    page = otto.submit(button="I come", status=422)
    assert "Please speak to the person who runs this group." in page
    assert "shouted" not in page


# ---------------------------------------------------------------------------- who sees it


def test_a_visitor_sees_the_public_sessions_of_public_groups(
    scene: Scene, pages: Pages, session: Session
) -> None:
    people = scene.people
    shown = scene.plan_one(title="Open morning", is_public=True, sign_up="sign-up", capacity=1)
    for member in (people.mia, people.otto):
        service.sign_up(session, people.group, shown, member, now=scene.now)
    hidden = scene.plan_one(title="Inner circle")
    session.commit()
    assert "Open morning" not in pages.get(path(scene, "/whats-on"))
    pages.get(page_of(scene, shown), status=404)
    people.group.is_public = True
    session.commit()
    page = pages.get(path(scene, "/whats-on"))
    assert "Open morning" in page
    assert "Inner circle" not in page
    assert "wait" not in page
    page = pages.get(page_of(scene, shown))
    assert "Join the time bank to come along" in page
    assert "Lena" not in page
    pages.get(page_of(scene, hidden), status=404)
    assert "Open morning" in pages.get(path(scene, "/groups/badminton"))
    assert "Open morning" in pages.get(path(scene, "/groups/badminton/sessions"))


def test_a_link_is_for_members_and_a_ward_says_how_to_get_in(
    scene: Scene, walk: Walk, pages: Pages, session: Session
) -> None:
    people = scene.people
    people.group.is_public = True
    ward = groups.add_venue(
        session,
        people.community,
        VenueDetails(name="Ward 4", setting="ward", access_words="Ring the bell, say the group."),
        now=scene.now,
    )
    link = "https://meet.example/tea"
    online = scene.plan_one(setting="online", where_words=link, is_public=True)
    visit = scene.plan_one(setting="ward", venue_id=ward.id, is_public=True)
    session.commit()
    assert link in walk(people.mia).get(page_of(scene, online))
    page = pages.get(page_of(scene, online))
    assert "Online" in page
    assert link not in page.html
    assert link not in pages.get(path(scene, "/whats-on")).html
    assert "Ring the bell" in walk(people.mia).get(page_of(scene, visit))


def test_what_is_on_is_narrowed(scene: Scene, walk: Walk, session: Session) -> None:
    people = scene.people
    people.group.is_social = True
    tea = people.start(name="Tea", area="Brixton")
    service.plan_session(
        session,
        people.community,
        tea,
        service.SessionDetails(title="Cup of tea", setting="online"),
        day_on=scene.today + 2 * DAY,
        starts_minute=900,
        length_minutes=60,
        who=people.lead,
        now=scene.now,
    )
    session.commit()
    mia = walk(people.mia)
    both = {"Badminton", "Cup of tea"}
    for query, expected in (
        ("", both),
        ("?group=tea", {"Cup of tea"}),
        ("?support=social", {"Badminton"}),
        ("?area=Brixton", {"Cup of tea"}),
        ("?where=online", {"Cup of tea"}),
        ("?where=place", {"Badminton"}),
        (f"?day={(scene.today + 2 * DAY).weekday()}", {"Cup of tea"}),
        ("?day=9&support=x&where=y", both),
        ("?from=never", both),
        ("?from=0001-01-01", both),
        (f"?from={(scene.today + 3 * DAY).isoformat()}", {"Badminton"}),
    ):
        page = mia.get(path(scene, f"/whats-on{query}"))
        titles = set(page.all("main .link-list .link-title"))
        assert titles == expected, query
        assert titles == set(mia.get(path(scene, f"/whats-on/print{query}")).all("dl dt")), query


def test_today_and_tomorrow_are_called_so_and_what_still_goes_on_is_there(
    scene: Scene, walk: Walk, session: Session
) -> None:
    now = scene.now.astimezone(LONDON)
    begun = now - dt.timedelta(hours=1)
    scene.plan_one(
        begun.date(), begun.hour * 60 + begun.minute, length_minutes=120, title="Goes on"
    )
    scene.plan_one(scene.today + DAY, title="Soon")
    session.commit()
    page = walk(scene.people.mia).get(path(scene, "/whats-on"))
    headings = page.all("main h2")
    assert re.match(r"(Today|Yesterday), ", headings[0])
    assert any(heading.startswith("Tomorrow, ") for heading in headings)
    assert "Goes on" in page


def test_the_sessions_of_a_group_go_on_on_the_next_page(
    scene: Scene, walk: Walk, session: Session
) -> None:
    scene.plan(title="Rackets")
    session.commit()
    mia = walk(scene.people.mia)
    first = mia.get(path(scene, "/groups/badminton/sessions")).all("main .link-note")
    second = mia.follow("Further ahead").all("main .link-note")
    assert len(first) == 1 + 20, "and one line says when the series is"
    assert second
    assert set(first[1:]).isdisjoint(second[1:])
    assert mia.follow("The next dates").all("main .link-note") == first


def test_a_day_with_more_sessions_than_a_page_holds_is_shown_once_and_whole(
    scene: Scene, walk: Walk, session: Session
) -> None:
    tea = scene.people.start(name="Tea", is_public=True)
    morning = scene.plan_one(scene.today + DAY, title="Before")
    many = {f"Court {number}" for number in range(45)}
    for title in sorted(many):
        scene.plan_one(scene.today + 3 * DAY, title=title, is_public=True)
    elsewhere = scene.plan_one(scene.today + DAY, title="Elsewhere")
    elsewhere.group_id = tea.id
    session.commit()
    mia = walk(scene.people.mia)
    page = mia.get(path(scene, "/groups/badminton/sessions"))
    seen = page.all("main .link-title")
    while page.soup.select_one("a[rel=next]"):
        page = mia.follow("Further ahead")
        seen += page.all("main .link-title")
    titles = [words for words in seen if words.startswith("Court ")]
    assert sorted(titles) == sorted(many)
    address = path(scene, f"/groups/badminton/sessions?after={cursor_of(elsewhere.id)}")
    mia.get(address, status=404)
    mia.get(path(scene, "/groups/badminton/sessions?after=nonsense"), status=404)
    assert morning.title not in titles


def test_paper_names_no_day_today_and_nobody(scene: Scene, walk: Walk, session: Session) -> None:
    people = scene.people
    late = scene.plan_one(scene.today, starts_minute=23 * 60 + 59, title="Late", host_id=None)
    late.host_id = people.lena.id
    session.commit()
    lena = walk(people.lena)
    assert "You hold it" in lena.get(path(scene, "/whats-on"))
    paper = lena.get(path(scene, "/whats-on/print"))
    assert "Late" in paper
    assert "You hold it" not in paper
    assert not [words for words in paper.all("main h2") if words.startswith("Today")]


def test_a_visitor_is_not_told_that_nothing_is_planned_where_dates_are_for_members(
    scene: Scene, walk: Walk, pages: Pages, session: Session
) -> None:
    scene.people.group.is_public = True
    session.commit()
    for page in ("/groups/badminton", "/groups/badminton/sessions"):
        seen = pages.get(path(scene, page))
        assert "No date here is for everybody" in seen
        assert "planned yet" not in seen
        assert "No date here" not in walk(scene.people.mia).get(path(scene, page))


def test_an_empty_page_suggests_a_next_step(scene: Scene, walk: Walk, pages: Pages) -> None:
    mia = walk(scene.people.mia)
    far = (scene.today + 300 * DAY).isoformat()
    assert mia.get(path(scene, f"/whats-on?from={far}")).link("Look at the groups")
    assert mia.get(path(scene, "/whats-on?group=none")).link("Show everything")
    assert pages.get(path(scene, "/whats-on")).link("Join the time bank")
    assert mia.get(path(scene, "/me/sessions")).link("See what is on")


# --------------------------------------------------------------------------------- speed


def _years(scene: Scene, *, years: int) -> None:
    """Fill the past of the group with sessions, four a week."""
    first = scene.plan(
        "FREQ=WEEKLY;BYDAY=MO,WE,FR,SU",
        starts_on=scene.today - years * 365 * DAY,
        sign_up="sign-up",
        capacity=20,
    )
    assert len(scene.dates(first)) > 200 * years
    scene.session.commit()


@pytest.mark.parametrize(
    "page",
    [
        *("/whats-on", "/whats-on/print", "/groups/badminton", "/groups/badminton/sessions"),
        *("/me/sessions", "/sessions/{id}", "/groups/badminton/closed-days"),
    ],
)
def test_a_page_asks_no_more_after_ten_years(
    scene: Scene, walk: Walk, counted: Counted, session: Session, page: str
) -> None:
    lena = walk(scene.people.lena)
    planned = scene.plan_one(sign_up="sign-up", venue_id=None)
    for number in range(3):
        member = make_member(session, scene.people.community, first_name=f"Walker {number}")
        service.sign_up(session, scene.people.group, planned, member, now=scene.now)
    _years(scene, years=1)
    address = path(scene, page.format(id=planned.id))
    few = counted(lena, address)
    _years(scene, years=10)
    many = counted(lena, address)
    assert many <= few
    assert many <= STATEMENTS_MAX


def test_a_hundred_sessions_a_week_still_fit_on_a_page(
    scene: Scene, walk: Walk, session: Session
) -> None:
    details = service.SessionDetails(
        title="A rather long name for what happens here", where_words="The hall at the corner"
    )
    for number in range(100):
        service.plan_session(
            session,
            scene.people.community,
            scene.people.group,
            replace(details, title=f"{details.title} {number}"),
            day_on=scene.today + (1 + number % 6) * DAY,
            starts_minute=600,
            length_minutes=60,
            who=scene.people.lead,
            now=scene.now,
        )
    session.commit()
    page = walk(scene.people.mia).get(path(scene, "/whats-on"))
    assert "There is more than fits on a page." in page


def test_the_front_page_shows_what_is_next(
    scene: Scene, walk: Walk, client: Client, session: Session
) -> None:
    people = scene.people
    mine = scene.plan_one(title="Mine", sign_up="sign-up", day_on=scene.today + 9 * DAY)
    service.sign_up(session, people.group, mine, people.mia, now=scene.now)
    scene.plan_one(title="For everybody", is_public=True)
    people.group.is_public = True
    session.commit()
    page = walk(people.mia).get(path(scene, "/"))
    assert "Mine" in page
    visitor = Pages(client).get(path(scene, "/"))
    assert "For everybody" in visitor
    assert "Mine" not in visitor
