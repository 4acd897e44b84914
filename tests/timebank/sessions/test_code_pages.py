"""The code of the day and the sheet of paper: other ways in than a tap on a name."""

from typing import Any

import sqlalchemy as sa
from flask import Flask

from tests.factories import NOW, at
from tests.pages.page import Pages, Walk
from tests.timebank.sessions.door import Door
from tests.timebank.sessions.door_pages import contacts, keep_out, page_of
from timebank.clock import utc_now
from timebank.members.service import issue_card
from timebank.sessions import queries, service
from timebank.sessions.models import SessionTally


def test_four_figures_lead_to_the_session_and_one_tap_is_enough(door: Door, walk: Walk) -> None:
    door.open()
    code = queries.code_of(door.session, door.there)
    assert code is not None
    mia = walk(door.people.mia)
    mia.get(at(door.people.community, "/c"))
    page = mia.submit(digits=f"{code.digits[:2]} {code.digits[2:]}")
    assert page.h1 == "Badminton"
    assert "Sunday" in page or "10 May" in page
    assert "Hugo" not in page
    page = mia.submit()
    assert "You are noted, Mia. Welcome!" in page
    assert "Hugo" not in page
    door.session.rollback()
    row = queries.attendance_of(door.session, door.there, door.people.mia.id)
    assert row is not None
    assert (row.way, row.by_id) == ("code", door.people.mia.id)


def test_whoever_has_not_signed_in_is_counted_once_and_is_nobody(door: Door, pages: Pages) -> None:
    door.ground_rules("Be kind.")
    door.open()
    code = queries.code_of(door.session, door.there)
    assert code is not None
    page = pages.get(at(door.people.community, f"/c/{code.token}"))
    assert "Be kind." in page
    page = pages.submit(first=True)
    assert "You are counted. Welcome!" in page
    assert not page.soup.select("main form")
    pages.post(
        at(door.people.community, f"/c/{code.token}/somebody"), _token(pages, door), status=200
    )
    door.session.rollback()
    assert queries.counts(door.session, door.there).tallied == 1
    [row] = door.session.scalars(sa.select(SessionTally)).all()
    assert (row.by_id, row.way, row.first_timers) == (None, "code", 1)


def _token(pages: Pages, door: Door) -> dict[str, str]:
    page = pages.get(at(door.people.community, "/c"))
    return {"csrf_token": str(page.one("main input[name=csrf_token]")["value"])}


def test_a_code_card_signs_in_and_leads_back_to_the_door(door: Door, pages: Pages) -> None:
    card = issue_card(door.session, door.people.mia, by=None, now=NOW)
    door.open()
    code = queries.code_of(door.session, door.there)
    assert code is not None
    pages.get(at(door.people.community, f"/c/{code.token}"))
    pages.follow("I have a name here: sign in")
    pages.follow("Use my code card")
    page = pages.submit(number=door.people.mia.account_code, code=card)
    assert page.h1 == "Badminton"
    assert "You are noted, Mia." in pages.submit()


def test_the_rules_are_read_at_the_first_check_in_by_code(door: Door, walk: Walk) -> None:
    door.ground_rules("Be kind.")
    door.open()
    code = queries.code_of(door.session, door.there)
    assert code is not None
    mia = walk(door.people.mia)
    page = mia.get(at(door.people.community, f"/c/{code.token}"))
    assert "Be kind." in page
    page = mia.submit(button="I read this, and I am here")
    assert "You are noted, Mia." in page
    row = door.session.execute(sa.text("SELECT way FROM acknowledgement ORDER BY id DESC")).first()
    assert row is not None
    assert row.way == "read"


def test_a_code_of_last_week_explains_itself(door: Door, walk: Walk, pages: Pages) -> None:
    door.open()
    code = queries.code_of(door.session, door.there)
    assert code is not None
    door.close()
    address = at(door.people.community, f"/c/{code.token}")
    page = pages.get(address, status=410)
    assert page.h1 == "This code is over"
    assert "Each session has a code of its own" in page
    assert "Badminton" not in page
    pages.get(at(door.people.community, "/c"))
    assert pages.submit(digits=code.digits, status=410).h1 == "This code is over"
    mia = walk(door.people.mia)
    mia.post(f"{address}/me", _token(mia, door), status=409)


def test_a_newer_code_puts_an_older_one_out_of_use(door: Door, walk: Walk, pages: Pages) -> None:
    door.open()
    old = queries.code_of(door.session, door.there)
    assert old is not None
    hugo = door.people.hugo
    service.make_code(
        door.session, door.held, by=hugo, who=door.who(hugo), now=door.there.starts_at
    )
    page = pages.get(at(door.people.community, f"/c/{old.token}"), status=410)
    assert "There is a newer code for this session." in page
    mia = walk(door.people.mia)
    mia.post(at(door.people.community, f"/c/{old.token}/me"), _token(mia, door), status=404)


def test_a_code_works_once_the_door_is_open(door: Door, pages: Pages) -> None:
    hugo = door.people.hugo
    code = service.make_code(
        door.session, door.held, by=hugo, who=door.who(hugo), now=door.there.starts_at
    )
    page = pages.get(at(door.people.community, f"/c/{code.token}"))
    assert page.h1 == "It is not the time yet"


def test_no_code_is_found_by_guessing(door: Door, pages: Pages, app: Flask) -> None:
    door.open()
    code = queries.code_of(door.session, door.there)
    assert code is not None
    wrong = "0000" if code.digits != "0000" else "0001"
    for _try in range(30):
        pages.get(at(door.people.community, "/c"))
        page = pages.submit(digits=wrong, status=422)
    assert "No session has these figures." in page
    pages.submit(digits=code.digits, status=429)
    pages.get(at(door.people.community, "/c/not-a-code-of-ours"), status=404)
    page = pages.get(at(door.people.community, f"/c/{code.digits}"))
    assert page.one("input[name=digits]")["value"] == code.digits
    assert "Badminton" not in page


# ------------------------------------------------------------------------------- on paper


def test_the_poster_has_a_square_and_four_figures(door: Door, hugo: Pages) -> None:
    door.open()
    code = queries.code_of(door.session, door.there)
    assert code is not None
    page = hugo.get(page_of(door, "/poster"))
    assert page.one(".digits").get_text() == code.digits
    assert page.soup.select("svg.qr[role=img]")
    page = hugo.submit()
    assert page.one(".digits").get_text() != code.digits


def test_a_sheet_is_printed_and_typed_in_later(door: Door, hugo: Pages) -> None:
    door.ground_rules("Be kind.")
    door.open(now=utc_now())
    page = hugo.get(page_of(door, "/sheet"))
    assert len(page.soup.select("tbody tr")) == 20
    hugo.follow("Type it in")
    fields: dict[str, Any] = {
        "who-1": "Mia",
        "who-2": door.people.otto.account_code,
        "minutes-2": "45",
        "tallied": "7",
        "tallied_first": "2",
    }
    page = hugo.submit(**fields)
    assert "The sheet is typed in." in page
    assert contacts(page) == "10"
    door.session.rollback()
    stayed = {
        each.member.first_name: each.attendance.minutes
        for each in queries.present(door.session, door.there)
    }
    assert stayed == {"Hugo": None, "Mia": None, "Otto": 45}


def test_a_row_with_a_mistake_keeps_all_that_was_typed_and_notes_nobody(
    door: Door, hugo: Pages
) -> None:
    door.open()
    hugo.get(page_of(door, "/sheet/type"))
    fields: dict[str, Any] = {
        "who-1": "Mia",
        "who-2": "Zebedee",
        "who-3": "Otto",
        "minutes-3": "a while",
        "minutes-4": "30",
        "tallied": "7",
    }
    page = hugo.submit(**fields, status=422)
    assert "Nobody here is called that. Try the number." in page
    assert "Row 3: Write minutes as a whole number" in page
    assert "Row 4: Write who that was." in page
    assert page.one("#who-1")["value"] == "Mia"
    assert page.one("#tallied")["value"] == "7"
    door.session.rollback()
    assert queries.counts(door.session, door.there).contacts == 1
    fields = {"who-2": "", "minutes-3": "", "minutes-4": ""}
    page = hugo.submit(**fields)
    assert contacts(page) == "10"


def test_whoever_stands_on_a_sheet_twice_is_pointed_out(door: Door, hugo: Pages) -> None:
    """One of the two rows is somebody else, who would be lost."""
    door.open()
    hugo.get(page_of(door, "/sheet/type"))
    fields: dict[str, Any] = {"who-1": "Mia", "who-3": door.people.mia.account_code}
    page = hugo.submit(**fields, status=422)
    assert "Row 3: Mia is in row 1 already." in page
    fields = {"who-3": "Otto"}
    assert contacts(hugo.submit(**fields)) == "3"


def test_several_of_one_name_are_told_apart_by_their_numbers(door: Door, hugo: Pages) -> None:
    [one, _two] = door.crowd(2)
    one.first_name = _two.first_name = "Kim"
    one.folded_name = _two.folded_name = "kim"
    door.open()
    hugo.get(page_of(door, "/sheet/type"))
    fields: dict[str, Any] = {"who-1": "Kim"}
    page = hugo.submit(**fields, status=422)
    assert f"Write the number: {one.account_code}, {_two.account_code}." in page


def test_somebody_on_a_sheet_who_stays_away_is_not_noted(door: Door, hugo: Pages) -> None:
    keep_out(door, door.people.mia)
    door.open()
    hugo.get(page_of(door, "/sheet/type"))
    fields: dict[str, Any] = {"who-1": "Mia", "who-2": "Otto"}
    page = hugo.submit(**fields)
    assert "Mia was not noted. Please speak to the person who runs this group." in page
    assert contacts(page) == "2"
