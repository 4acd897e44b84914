"""Where a session is over or called off, nobody meets a form that could only be refused."""

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from tests.factories import NOW, at
from tests.pages.page import Page, Pages, Walk
from tests.timebank.sessions.door import Door
from tests.timebank.sessions.door_pages import page_of
from tests.timebank.sessions.rota_scene import Rota, make_rota
from tests.timebank.sessions.scene import make_sessions
from timebank.clock import utc_now
from timebank.sessions import service

OFF = "This session does not take place, so there is no door to open."
STAYS = "This session has begun, is over or is off, so it stays as it is."


@pytest.fixture
def lena(door: Door, walk: Walk) -> Pages:
    """Give the browser of whoever runs the group."""
    return walk(door.people.lena)


def call_off(door: Door) -> None:
    service.cancel_session(
        door.session, door.people.group, door.there, words="The hall is let.", by=door.people.lena,
        who=door.people.lead, now=NOW,
    )  # fmt: skip


def is_the_session(page: Page, door: Door, words: str) -> bool:
    """Tell whether somebody was led to the page of the session, and reads why."""
    return page.h1 == door.there.title and words in page and not page.soup.select("main textarea")


@pytest.mark.parametrize("page", ["/close", "/open", "/door/rules/{mia}"])
def test_what_is_closed_already_leads_to_the_session(door: Door, hugo: Pages, page: str) -> None:
    door.open()
    door.close()
    found = hugo.get(page_of(door, page.format(mia=door.people.mia.id)))
    assert is_the_session(found, door, "This session is closed already.")


def test_a_closing_sent_with_a_mistake_after_another_reads_that_it_is_done(
    door: Door, hugo: Pages
) -> None:
    door.open()
    hugo.get(page_of(door, "/close"))
    door.session.rollback()
    door.close()
    page = hugo.submit(contacts="many", status=409)
    assert "Somebody closed this session in the meantime, and theirs counts." in page


@pytest.mark.parametrize("page", ["/close", "/door", "/people", "/sheet/type", "/door/rules/{mia}"])
def test_what_is_called_off_has_no_door(door: Door, hugo: Pages, page: str) -> None:
    call_off(door)
    found = hugo.get(page_of(door, page.format(mia=door.people.mia.id)))
    assert is_the_session(found, door, OFF)


@pytest.mark.parametrize("page", ["/close", "/people", "/sheet/type", "/door/rules/{mia}"])
def test_what_is_not_open_yet_is_opened_first(door: Door, hugo: Pages, page: str) -> None:
    found = hugo.get(page_of(door, page.format(mia=door.people.mia.id)))
    assert found.h1 == "Open the door"


def test_what_is_not_closed_is_not_put_right(door: Door, lena: Pages) -> None:
    door.open()
    page = lena.get(page_of(door, "/correct"))
    assert is_the_session(page, door, "This session is not closed yet")


@pytest.mark.parametrize("page", ["/change", "/cancel"])
@pytest.mark.parametrize("state", ["closed", "cancelled"])
def test_what_is_over_or_off_is_neither_changed_nor_cancelled(
    door: Door, lena: Pages, page: str, state: str
) -> None:
    if state == "closed":
        door.open()
        door.close()
    else:
        call_off(door)
    assert is_the_session(lena.get(page_of(door, page)), door, STAYS)


def test_what_was_sent_meanwhile_is_refused(session: Session, walk: Walk) -> None:
    scene = make_sessions(session, now=utc_now())
    lena, hugo = walk(scene.people.lena), walk(scene.people.lena)
    for each in (lena, hugo):
        each.get(at(scene.people.community, f"/sessions/{scene.morning.id}/cancel"))
    hugo.submit(words="The hall is let.")
    page = lena.submit(words="The hall is painted.", status=409)
    assert "This session has begun, is over or was cancelled in the meantime." in page


def test_a_code_is_offered_from_a_week_before_on(session: Session, walk: Walk) -> None:
    scene = make_sessions(session, now=utc_now())
    soon = scene.plan_one(scene.today + dt.timedelta(days=6))
    far = scene.plan_one(scene.today + dt.timedelta(days=20))
    lena = walk(scene.people.lena)
    posters = [at(scene.people.community, f"/sessions/{each.id}/poster") for each in (soon, far)]
    assert "Make the code" in lena.get(posters[0])
    assert "Make the code" not in lena.get(posters[1])


# ------------------------------------------------------------------------------- the rota


@pytest.fixture
def rota(session: Session) -> Rota:
    """Give a night that needs somebody, counted from the real today."""
    return make_rota(session, now=utc_now())


def test_on_a_closed_day_nobody_is_asked_for_a_rota(rota: Rota, walk: Walk) -> None:
    scene, night = rota.scene, rota.night()
    part = rota.put_name(scene.lena)
    service.close_days(
        rota.session, scene.community, scene.group, from_on=night.day_on, until_on=night.day_on,
        words="The hall is let.", by=scene.lena, who=scene.lead, now=rota.now,
    )  # fmt: skip
    lena = walk(scene.lena)
    own = lena.get(at(scene.community, "/me/rota"))
    assert not own.soup.select("form[action$=off]")
    assert not [each for each in own.all("a") if "pass" in each]
    week = at(scene.community, f"/groups/badminton/rota?week={night.day_on.isoformat()}")
    assert "Ask somebody" not in lena.get(week)
    for page in (f"/sessions/{night.id}/rota/put-down", f"/rota/parts/{part.id}/swap"):
        page_found = lena.get(at(scene.community, page))
        assert page_found.h1.startswith("Rota")
        assert "The session has begun or is off, so its rota stays as it is." in page_found


@pytest.mark.parametrize("page", ["change", "end"])
def test_a_series_that_has_ended_is_neither_changed_nor_ended(
    rota: Rota, walk: Walk, page: str
) -> None:
    scene, lena = rota.scene, walk(rota.scene.lena)
    service.end_series(
        rota.session, scene.group, rota.series, by=scene.lena, who=scene.lead, now=rota.now
    )
    found = lena.get(at(scene.community, f"/series/{rota.series.id}/{page}"))
    assert found.h1 == "Sessions"
    assert "This plan has come to its end. Plan a new one, and it goes on." in found


def test_what_is_over_and_was_never_opened_says_so_and_offers_no_place(
    session: Session, walk: Walk
) -> None:
    scene = make_sessions(session, now=utc_now())
    planned = scene.plan_one(sign_up="sign-up", capacity=1)
    address = at(scene.people.community, f"/sessions/{planned.id}")
    mia = walk(scene.people.mia)
    assert "1 place left" in mia.get(address)
    planned.starts_at = utc_now() - dt.timedelta(hours=3)
    planned.ends_at = utc_now() - dt.timedelta(hours=1)
    planned.day_on = planned.starts_at.date()
    session.commit()
    page = mia.get(address)
    assert "Over" in page.all("main .tag")
    assert "1 place left" not in page
    listed = mia.get(at(scene.people.community, "/whats-on"))
    assert "1 place left" not in listed
    planned.sign_up = "drop-in"
    session.commit()
    assert "simply come" not in mia.get(address)
