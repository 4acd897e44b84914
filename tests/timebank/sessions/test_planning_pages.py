"""The pages with which sessions are planned, walked as people walk them, without script."""

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import at
from tests.pages.page import Page, Pages, Walk
from tests.timebank.sessions.scene import Scene, make_sessions
from timebank.clock import utc_now
from timebank.sessions import service
from timebank.sessions.models import GroupSession, Series

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


def test_something_regular_is_planned_after_a_look_at_its_dates(
    scene: Scene, walk: Walk, session: Session
) -> None:
    lena = walk(scene.people.lena)
    lena.get(path(scene, "/groups/badminton"))
    lena.follow("All sessions")
    lena.follow("Plan something regular")
    page = lena.submit(often="every second week", weekdays=["1", "3"], starts="13:00", ends="15:30")
    assert page.h1 == "Is this right?"
    assert "every second week on Tuesday and Thursday" in page
    assert len(page.soup.select("main ol li")) == 6
    page = lena.submit(button="Change my answers")
    assert page.one("#starts")["value"] == "13:00"
    lena.submit(weekdays=["1"])
    page = lena.submit(button="Plan it")
    assert "Planned." in page
    assert "every second week on Tuesday, 13:00–15:30" in page
    series = session.scalars(sa.select(Series)).one()
    assert series.rrule == "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"
    assert "Badminton" in walk(scene.people.mia).get(path(scene, "/whats-on"))


def test_sent_twice_it_is_planned_once(scene: Scene, walk: Walk, session: Session) -> None:
    lena = walk(scene.people.lena)
    lena.get(path(scene, "/groups/badminton/series/new"))
    page = lena.submit(often="every week", weekdays=["1"], starts="13", ends="15")
    form = next(tag for tag in page.soup.select("main form") if "/check" not in str(tag["action"]))
    data = {
        str(tag["name"]): [str(each["value"]) for each in form.select(f"input[name={tag['name']}]")]
        for tag in form.select("input[name]")
    }
    for _time in range(2):
        assert lena.post(str(form["action"]), data).h1 == "Sessions"
    assert len(session.scalars(sa.select(Series)).all()) == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"weekdays": []}, "Tick at least one weekday."),
        ({"often": "weekday of the month", "weekdays": ["1", "2"]}, "Tick one weekday"),
        ({"starts": "", "ends": ""}, "Write when it begins."),
        ({"starts": "25:00"}, "Write the time like this"),
        ({"starts": "15:00", "ends": "15:00"}, "begins and ends at the same time"),
        ({"until_on": "2020-01-01"}, "The last day comes before the first."),
        ({"starts_on": "9999-12-31"}, ""),
        ({"until_on": "soon"}, "Write the day like this"),
        ({"capacity": "many"}, "Write a whole number"),
        ({"capacity": "0"}, "Write a whole number from 1 to 500, or nothing."),
        ({"starts_on": "2020-01-01", "until_on": "2020-03-31"}, "The last day is over."),
        ({"title": ""}, "Write what it is called"),
        ({"often": "day of the month", "month_day": "31", "until": 20}, "Choose a later last day"),
        ({"closed": 40, "until": 30}, "Each of these dates is on a closed day."),
    ],
)
def test_what_does_not_add_up_gets_a_sentence_and_keeps_what_was_typed(
    scene: Scene, walk: Walk, session: Session, fields: dict[str, object], says: str
) -> None:
    people, today = scene.people, scene.today
    values: dict[str, object] = {
        "often": "every week",
        "weekdays": ["1"],
        "starts": "13:00",
        "ends": "15:00",
        "words": "Bring a racket",
    } | fields
    if days := values.pop("closed", 0):
        service.close_days(
            session,
            people.community,
            people.group,
            from_on=today,
            until_on=today + int(str(days)) * DAY,
            words="",
            by=people.lena,
            who=people.lead,
            now=scene.now,
        )
        session.commit()
    if days := values.pop("until", 0):
        # A month's last day far from today's, so that no 31st comes before the end.
        first = today.replace(day=1) + 35 * DAY
        first = first.replace(day=1) if "month_day" in values else today
        values |= {
            "starts_on": first.isoformat(),
            "until_on": (first + int(str(days)) * DAY).isoformat(),
        }
    lena = walk(people.lena)
    lena.get(path(scene, "/groups/badminton/series/new"))
    page = lena.submit(status=422, **values)  # type: ignore[arg-type]
    assert page.mistakes
    assert says in page
    assert page.one("textarea[name=words]").text.strip() == "Bring a racket"
    assert not session.scalars(sa.select(Series)).all()


def test_mistakes_stand_in_the_order_of_the_page(scene: Scene, walk: Walk) -> None:
    lena = walk(scene.people.lena)
    lena.get(path(scene, "/groups/badminton/series/new"))
    page = lena.submit(
        title="", often="every week", weekdays=[], starts="25:00", ends="15:00", starts_on="",
        capacity="many", status=422,
    )  # fmt: skip
    linked = [str(tag["href"]) for tag in page.soup.select(".error-summary a")]
    assert linked == ["#title", "#weekdays-0", "#starts", "#starts_on", "#capacity"]
    lena.get(path(scene, "/groups/badminton/sessions/new"))
    page = lena.submit(title="", day_on="", starts="", ends="15:00", status=422)
    linked = [str(tag["href"]) for tag in page.soup.select(".error-summary a")]
    assert linked == ["#title", "#day_on", "#starts"]


def test_a_single_date_is_planned_moved_cancelled_and_given_back(scene: Scene, walk: Walk) -> None:
    people = scene.people
    lena, mia = walk(people.lena), walk(people.mia)
    lena.get(path(scene, "/groups/badminton/sessions"))
    lena.follow("Plan one date")
    day = scene.today + 3 * DAY
    lena.submit(day_on="", starts="20:00", ends="02:00", status=422)
    page = lena.submit(
        title="Night of games", day_on=day.isoformat(), sign_up="sign-up", capacity="1"
    )
    assert page.h1 == "Night of games"
    assert "20:00–02:00, the next day" in page
    address = here(lena).url
    assert "1 place left" in mia.get(address)
    assert "You have a place." in mia.submit(button="I come")
    lena.follow("Change this date")
    page = lena.submit(day_on=(day + DAY).isoformat(), starts="19:00")
    assert "19:00–02:00" in page
    lena.follow("Cancel this date")
    lena.submit(words=" ", status=422)
    page = lena.submit(words="The hall is being painted.")
    assert "The hall is being painted." in page
    assert "Cancelled" in mia.get(path(scene, "/whats-on"))
    page = lena.submit(button="It takes place after all")
    assert "It takes place after all" in page
    notices = mia.get(path(scene, "/me/notices"))
    assert "“Night of games” with Badminton is at another time or place now." in notices
    assert "“Night of games” with Badminton takes place after all." in notices


def test_fewer_places_than_people_puts_nobody_out_and_says_so(
    scene: Scene, walk: Walk, session: Session
) -> None:
    people = scene.people
    planned = scene.plan_one(sign_up="sign-up", capacity=3)
    for member in (people.mia, people.otto):
        service.sign_up(session, people.group, planned, member, now=scene.now)
    session.commit()
    lena = walk(people.lena)
    lena.get(page_of(scene, planned, "/change"))
    page = lena.submit(capacity="1")
    assert "2 people have signed up and keep their places" in page
    assert "Full" in page


def test_a_closed_day_is_shown_and_taken_back(scene: Scene, walk: Walk) -> None:
    lena = walk(scene.people.lena)
    day = scene.morning.day_on.isoformat()
    lena.get(path(scene, "/groups/badminton/closed-days"))
    lena.submit(from_on="", status=422)
    lena.submit(from_on=day, until_on="2020-01-01", status=422)
    page = lena.submit(from_on=day, until_on="", words="The hall is let")
    assert "The hall is let" in page
    shown = lena.get(page_of(scene, scene.morning))
    assert "Closed that day" in shown
    assert "The hall is let" in shown
    lena.get(path(scene, "/groups/badminton/sessions/new"))
    page = lena.submit(day_on=day, starts="10", ends="12", status=422)
    assert "is a closed day (The hall is let). Choose another day." in page
    lena.get(path(scene, "/groups/badminton/closed-days"))
    lena.submit(button="Take it back")
    assert "Closed that day" not in lena.get(page_of(scene, scene.morning))


def test_a_coordinator_closes_the_whole_community(scene: Scene, walk: Walk) -> None:
    cora = walk(scene.people.cora)
    cora.get(path(scene, "/whats-on"))
    cora.follow("Closed days")
    cora.submit(from_on=scene.morning.day_on.isoformat(), words="Bank holiday")
    assert "Closed that day" in cora.get(path(scene, "/whats-on"))
    lena = walk(scene.people.lena)
    assert "Bank holiday" in lena.get(path(scene, "/groups/badminton/closed-days"))
    lena.refused(path(scene, "/closed-days"))


def test_a_series_is_changed_after_a_look_and_ended(scene: Scene, walk: Walk) -> None:
    scene.plan("FREQ=WEEKLY;BYDAY=SU", title="Rackets")
    lena = walk(scene.people.lena)
    lena.get(path(scene, "/groups/badminton/sessions"))
    lena.follow("Change : Rackets")
    page = lena.submit(often="weekday of the month", weekdays=["1"], position="2")
    assert "on the second Tuesday of each month" in page
    assert "stays as it was" in page
    page = lena.submit(button="Save it")
    assert "on the second Tuesday of each month, 10:00–12:00" in page
    lena.follow("End : Rackets")
    page = lena.submit(button="End it")
    assert "Rackets" not in page


def test_a_rule_from_elsewhere_is_kept_when_the_rest_is_changed(
    scene: Scene, walk: Walk, session: Session
) -> None:
    series = scene.plan("FREQ=WEEKLY;INTERVAL=3;BYDAY=TU", title="Every third week")
    lena = walk(scene.people.lena)
    page = lena.get(path(scene, f"/series/{series.id}/change"))
    assert "came with a calendar from elsewhere" in page
    lena.submit(title="Third weeks", ends="11:00")
    page = lena.submit(button="Save it")
    assert "Third weeks" in page
    session.rollback()
    assert series.rrule == "FREQ=WEEKLY;INTERVAL=3;BYDAY=TU"


def test_only_who_holds_or_runs_it_comes_to_the_pages_of_planning(scene: Scene, walk: Walk) -> None:
    series = scene.plan()
    mia = walk(scene.people.mia)
    for page in (
        "/groups/badminton/sessions/new",
        "/groups/badminton/series/new",
        "/groups/badminton/closed-days",
        f"/series/{series.id}/change",
        f"/series/{series.id}/end",
        f"/sessions/{scene.morning.id}/change",
        f"/sessions/{scene.morning.id}/cancel",
    ):
        mia.refused(path(scene, page))
