"""The pages of rotas, walked as people walk them, without script."""

import datetime as dt
import re
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import at
from tests.pages.page import Page, Pages, Walk
from tests.timebank.conftest import Counted
from tests.timebank.sessions.rota_scene import Rota, make_rota, plan
from timebank.clock import utc_now
from timebank.sessions import service
from timebank.sessions.service import RoleDetails

STATEMENTS_MAX = 12


@pytest.fixture
def rota(session: Session) -> Rota:
    """Let the next night be one of the next days, as pages know only the real clock."""
    return make_rota(session, now=utc_now())


def path(rota: Rota, page: str = "", number: int = 0) -> str:
    week = rota.night(number).day_on.isoformat()
    return at(rota.scene.community, f"/groups/badminton/rota{page}?week={week}")


def of_session(rota: Rota, page: str = "") -> str:
    return at(rota.scene.community, f"/sessions/{rota.night().id}/rota{page}")


def here(pages: Pages) -> Page:
    assert pages.page is not None
    return pages.page


def test_a_member_finds_the_gap_and_puts_their_name_down(rota: Rota, walk: Walk) -> None:
    mia = walk(rota.scene.mia)
    mia.get(at(rota.scene.community, "/groups/badminton"))
    mia.follow("Rota")
    page = mia.get(path(rota))
    assert "2 more for Host" in page
    assert "1 more for Tea" in page
    assert "Ask somebody" not in page
    page = mia.submit(button="Put me down for Tea")
    assert "Thank you. Your name is down." in page
    assert "1 more for Tea" not in page
    assert "Mia" in page
    page = mia.follow("My rota")
    assert "Tea: Badminton night" in page
    page = mia.submit(button="I can not come")
    assert "The name is off the rota." in page
    assert "Nothing on your rota" in page


def test_a_lead_asks_somebody_who_says_yes(rota: Rota, walk: Walk) -> None:
    lena, hugo = walk(rota.scene.lena), walk(rota.scene.hugo)
    lena.get(path(rota))
    lena.follow("Ask somebody")
    page = lena.submit(role=str(rota.host.id), member=str(rota.scene.hugo.id), button="Ask them")
    assert "Hugo was asked. You hear their answer." in page
    assert "2 more for Host" in page
    notices = hugo.get(at(rota.scene.community, "/me/notices"))
    assert "Lena asks you for Host with Badminton. Can you come?" in notices
    page = hugo.get(at(rota.scene.community, "/me/rota"))
    assert "Can you come?" in page
    page = hugo.submit(button="Yes, I come")
    assert "You are down for" in page
    assert "1 more for Host" in lena.get(path(rota))


def test_nobody_can_say_what_is_missing_but_those_in_the_group(rota: Rota, walk: Walk) -> None:
    otto, cora, mia = walk(rota.scene.otto), walk(rota.scene.cora), walk(rota.scene.mia)
    for page in ("", "/print", "/needs"):
        otto.refused(path(rota, page))
    for page in ("", "/put-down"):
        otto.refused(of_session(rota, page))
    cora.get(path(rota))
    mia.refused(path(rota, "/needs"))
    mia.refused(of_session(rota, "/put-down"))
    mia.refused(at(rota.scene.community, f"/rota/roles/{rota.tea.id}"))
    mia.refused(at(rota.scene.community, "/rota"))
    part = rota.put_name(rota.scene.hugo)
    mia.refused(at(rota.scene.community, f"/rota/parts/{part.id}/swap"))
    lena = walk(rota.scene.lena)
    lena.refused(at(rota.scene.community, f"/rota/parts/{part.id}/swap"))


def test_a_part_is_passed_on_by_two_people(rota: Rota, walk: Walk) -> None:
    rota.put_name(rota.scene.mia)
    mia, hugo = walk(rota.scene.mia), walk(rota.scene.hugo)
    mia.get(path(rota))
    page = mia.follow("Pass it on")
    assert "Until somebody takes it, you stay on the rota." in page
    page = mia.submit(asked=str(rota.scene.hugo.id))
    assert "Until somebody says yes it stays with you." in page
    assert "looks for somebody" in page
    page = hugo.get(path(rota))
    assert "Mia looks for somebody: Tea" in page
    page = hugo.submit(button="I can not")
    assert "They have been told." in page
    mia.get(path(rota))
    mia.follow("Pass it on")
    mia.submit(asked="everybody")
    hugo.get(at(rota.scene.community, "/me/rota"))
    page = hugo.submit(button="I take it")
    assert "It is yours now" in page
    assert rota.coming() == ["Hugo"]
    assert "Hugo takes over from you" in mia.get(at(rota.scene.community, "/me/notices"))


def test_looking_for_somebody_can_be_stopped(rota: Rota, walk: Walk) -> None:
    rota.swap(rota.put_name(rota.scene.mia), rota.scene.mia)
    mia = walk(rota.scene.mia)
    page = mia.get(at(rota.scene.community, "/me/rota"))
    assert "You look for somebody" in page
    page = mia.submit(button="Stop looking")
    assert "Nobody is asked any more." in page
    assert "Pass it on" in page


def test_what_a_series_needs_is_said_once_and_changed(rota: Rota, walk: Walk) -> None:
    lena = walk(rota.scene.lena)
    lena.get(path(rota))
    page = lena.follow("What is needed")
    assert "Host: 2" in page
    assert "the named host has a place in it" not in page.all("li")[-1]
    page = lena.submit(name="", status=422)
    assert "Write what they do" in page
    page = lena.submit(name="tea", status=422)
    assert "There is one with this name already." in page
    page = lena.submit(name="First aider", who_puts="lead")
    assert "First aider: 1" in page
    assert "given by those who run the group" in page
    lena.follow("First aider: 1")
    page = lena.submit(needed="2")
    assert "First aider: 2" in page
    lena.follow("Tea: 1")
    page = lena.submit(button="It is not needed any more", form="main form.button-form")
    assert "Tea: 1" not in page
    mia = walk(rota.scene.mia)
    page = mia.get(path(rota))
    assert "2 more for First aider" in page
    assert "Put me down for First aider" not in page
    assert "Put me down for Host" in page


def test_one_date_has_numbers_and_roles_of_its_own(rota: Rota, walk: Walk) -> None:
    lena, mia = walk(rota.scene.lena), walk(rota.scene.mia)
    mia.get(of_session(rota))
    assert "How many on this date" not in here(mia)
    page = lena.get(of_session(rota))
    assert "How many on this date" in page
    fields: dict[str, Any] = {f"r{rota.host.id.hex}-needed": "4"}
    page = lena.submit(f"form[action$='{rota.host.id}']", **fields)
    assert "4 more for Host" in page
    page = lena.submit(name="Piano", button="Add it")
    assert "1 more for Piano" in page
    assert "2 more for Host" in lena.get(path(rota, number=1))


def test_a_lead_takes_a_name_off_on_the_page_of_the_date(rota: Rota, walk: Walk) -> None:
    rota.put_name(rota.scene.mia)
    lena = walk(rota.scene.lena)
    page = lena.get(of_session(rota))
    assert "Take a name off" in page
    page = lena.submit(button="Mia, Tea")
    assert "The name is off the rota." in page
    assert rota.coming() == []


def test_two_rotas_at_one_time_are_refused_in_words(rota: Rota, walk: Walk) -> None:
    scene = rota.scene
    scene.come_in(scene.otto)
    chess = scene.start(name="Chess", member=scene.otto)
    beside = plan(scene, chess, now=rota.now)
    service.add_role(scene.session, chess, beside, RoleDetails(name="Board"), who=scene.lead)
    rota.put_name(scene.otto)
    otto = walk(scene.otto)
    week = rota.night().day_on.isoformat()
    otto.get(at(scene.community, f"/groups/chess/rota?week={week}"))
    page = otto.submit(button="Put me down for Board", status=422)
    assert "You are on the rota of “Badminton night” at that time." in page


def test_the_sheet_for_the_wall_has_names_and_lines_to_write_on(rota: Rota, walk: Walk) -> None:
    rota.put_name(rota.scene.mia)
    page = walk(rota.scene.mia).get(path(rota, "/print"))
    assert "Mia" in page
    nights = len(page.all(".rota-paper"))
    assert 3 <= nights <= 4
    assert len(page.soup.select(".rota-blank")) == nights * 3 - 1


def test_a_group_that_needs_staff_says_that_nobody_paid_comes(rota: Rota, walk: Walk) -> None:
    scene = rota.scene
    scene.group.needs_staff = True
    mia = walk(scene.mia)
    assert "nobody yet" in mia.get(path(rota)).all(".rota .tag")
    scene.come_in(scene.otto, is_paid=True)
    rota.put_name(scene.otto, rota.host)
    page = mia.get(path(rota))
    assert "nobody yet" not in page.all(".rota .tag")
    assert "staff" in page.all(".rota .tag")


def test_coordinators_see_every_group_gaps_first(rota: Rota, walk: Walk) -> None:
    scene = rota.scene
    chess = scene.start(name="Chess")
    plan(scene, chess, now=rota.now)
    scene.start(name="Tea")
    cora = walk(scene.cora)
    week = rota.night().day_on.isoformat()
    page = cora.get(at(scene.community, f"/rota?week={week}"))
    assert "Badminton: Badminton night" in page
    assert "3 missing" in page
    assert "Nobody has said yet what these need: Chess: " in page
    cora.follow("Badminton: Badminton night")
    assert "2 more for Host" in here(cora)


def test_the_picture_and_its_table_say_the_same(rota: Rota, walk: Walk) -> None:
    rota.put_name(rota.scene.mia)
    page = walk(rota.scene.mia).get(path(rota))
    weeks = sum(
        rota.night(number).starts_at < rota.night().starts_at + dt.timedelta(days=28 - 5)
        for number in range(4)
    )
    drawn = page.all("svg .cover-words")
    assert len(drawn) == 6, "four hours of Saturday and two of Sunday"
    assert set(drawn) == {f"1/{3 * weeks}"}
    table = page.all(".picture-cover ~ details td")
    assert [words for words in table if words] == drawn


def test_a_week_full_of_sessions_leaves_the_buttons_to_each_date(rota: Rota, walk: Walk) -> None:
    scene = rota.scene
    for hour in (8, 11, 14):
        busy = plan(
            scene, now=rota.now, rrule="FREQ=DAILY", starts_minute=hour * 60, length_minutes=120
        )
        for name in ("Host", "Tea", "Door", "Piano"):
            service.add_role(
                scene.session, scene.group, busy, RoleDetails(name=name, needed=3), who=scene.lead
            )
    next_week = rota.night(1).day_on.isoformat()
    lena = walk(scene.lena)
    page = lena.get(at(scene.community, f"/groups/badminton/rota?week={next_week}"))
    assert len(page.all(".rota-days li")) == 22
    assert "Put me down" not in page
    page = lena.follow("Come, or ask somebody")
    assert "Put me down for Host" in page
    everywhere = walk(scene.cora).get(at(scene.community, f"/rota?week={next_week}"))
    assert "12 missing" in everywhere


def test_a_week_that_nobody_can_read_is_this_week(rota: Rota, walk: Walk) -> None:
    mia = walk(rota.scene.mia)
    usual = mia.get(at(rota.scene.community, "/groups/badminton/rota")).text
    for odd in ("next", "0001-01-01", "9999-12-31", "2026-02-30"):
        assert mia.get(at(rota.scene.community, f"/groups/badminton/rota?week={odd}")).text == usual


@pytest.mark.parametrize("page", ["rota", "me", "everywhere", "session", "needs"])
def test_pages_of_rotas_ask_little_however_much_there_is(
    rota: Rota, walk: Walk, counted: Counted, page: str
) -> None:
    scene = rota.scene
    address = {
        "rota": path(rota),
        "me": at(scene.community, "/me/rota"),
        "everywhere": at(scene.community, f"/rota?week={rota.night().day_on.isoformat()}"),
        "session": of_session(rota),
        "needs": path(rota, "/needs"),
    }[page]
    reader = walk(scene.cora if page == "everywhere" else scene.lena)
    before = counted(reader, address)
    for number in range(3):
        rota.put_name(scene.hugo, rota.host, number=number)
        rota.swap(rota.put_name(scene.mia, number=number), scene.mia) if not number else None
        other = scene.start(name=f"Group {number}")
        service.add_role(
            scene.session,
            other,
            plan(scene, other, now=rota.now),
            RoleDetails(name="Door"),
            who=scene.lead,
        )
    after = counted(reader, address)
    assert after <= before
    assert after <= STATEMENTS_MAX, re.sub(r"\d", "", page)
