"""The pages of the door, as a host, a member and a stranger find them."""

import dataclasses
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import Client
from tests.factories import NOW, at
from tests.pages.page import HOST, Pages, Walk
from tests.timebank.sessions.door import Door
from tests.timebank.sessions.door_pages import contacts, keep_out, open_door, page_of, taps
from timebank.clock import utc_now
from timebank.db import new_id
from timebank.members.service import issue_card
from timebank.sessions import queries
from timebank.sessions.models import SessionAttendance, SessionTally
from timebank.sessions.views.at_door import WRONG_CODE

# ------------------------------------------------------------------------------- opening


def test_a_host_opens_the_door_and_finds_the_big_plus(door: Door, hugo: Pages) -> None:
    door.ground_rules("Come sober, or come tomorrow.")
    page = hugo.get(page_of(door, "/open"))
    assert "Come sober, or come tomorrow." in page
    ticked = [tag["value"] for tag in page.soup.select("input[name=on_duty][checked]")]
    assert ticked == [str(door.people.hugo.id)]
    again = hugo.submit(status=422)
    assert "Name the boundaries of the day aloud first. Then tick that you did." in again
    assert again.soup.select("input[name=on_duty][checked]")
    page = hugo.submit(named=True)
    assert page.h1 == "Door: Badminton"
    assert contacts(page) == "1"


def test_somebody_has_to_be_on_duty(door: Door, hugo: Pages) -> None:
    hugo.get(page_of(door, "/open"))
    page = hugo.submit(on_duty=[], status=422)
    assert "Somebody has to be on duty. Tick who is there." in page


def test_without_staff_the_door_stays_shut(door: Door, hugo: Pages) -> None:
    door.people.group.needs_staff = True
    page = hugo.get(page_of(door, "/open"))
    assert "At least one of the staff has to be there." in page
    page = hugo.submit(status=422)
    assert "This group opens only while somebody of the staff is there." in page
    door.session.expire_all()
    assert door.there.state == "planned"


def test_before_its_day_the_page_says_when(door: Door, hugo: Pages) -> None:
    door.there = door.planned.plan_one(day_on=utc_now().date() + dt.timedelta(days=3))
    page = hugo.get(page_of(door, "/open"))
    assert "It is not the day yet." in page
    assert not page.soup.select("main form")


def test_for_whoever_holds_nothing_here_there_is_no_door(door: Door, walk: Walk) -> None:
    door.open()
    for page in ("/open", "/door", "/close", "/people", "/poster", "/sheet", "/sheet/type"):
        walk(door.people.mia).refused(page_of(door, page))


def test_a_door_that_nobody_opened_leads_to_opening_it(door: Door, hugo: Pages) -> None:
    assert hugo.get(page_of(door, "/door")).h1 == "Open the door"
    assert hugo.get(page_of(door, "/close")).h1 == "Open the door"


def test_a_door_that_is_open_since_yesterday_says_so(door: Door, hugo: Pages) -> None:
    door.open()
    assert "This session has been open since" in hugo.get(page_of(door, "/door"))


# ---------------------------------------------------------------------------- the forms


def test_the_plus_counts_and_takes_back(door: Door, hugo: Pages) -> None:
    open_door(hugo, door)
    hugo.submit("form[data-tap=count]", button="Somebody came in")
    page = hugo.submit("form[data-tap=count]", button="Somebody came in", first=True)
    assert contacts(page) == "3"
    page = hugo.submit("form[data-tap=count]", button="One too many: take back")
    assert contacts(page) == "2"
    door.session.rollback()
    assert queries.counts(door.session, door.there).first_timers == 2


def test_a_form_that_is_sent_twice_counts_once(door: Door, hugo: Pages) -> None:
    page = open_door(hugo, door)
    form = page.one("form[data-tap=count]")
    data = {str(tag["name"]): str(tag["value"]) for tag in form.select("input[type=hidden]")}
    for _again in range(2):
        hugo.post(str(form["action"]), data | {"number": "1"})
    assert contacts(hugo.get(page_of(door, "/door"))) == "2"


def test_a_tap_on_a_name_notes_and_takes_back(door: Door, hugo: Pages) -> None:
    door.people.come_in(door.people.mia)
    open_door(hugo, door)
    form = "form[data-tap=people]"
    page = hugo.submit(form, button="Mia")
    assert "Mia is here." in page
    assert contacts(page) == "2"
    page = hugo.submit(form, button="Not here: Mia")
    assert "Taken back." in page
    assert contacts(page) == "1"


def test_somebody_of_the_community_is_found_by_name_or_number(door: Door, hugo: Pages) -> None:
    open_door(hugo, door)
    assert "Otto" not in hugo.get(page_of(door, "/door"))
    page = hugo.submit("form[role=search]", q="ott")
    assert "Otto" in page
    page = hugo.submit("form[role=search]", q=door.people.otto.account_code)
    page = hugo.submit("form[data-tap=people]", button="Otto")
    assert "Otto is here." in page
    assert "Nobody fits." in hugo.submit("form[role=search]", q="Zebedee")


def test_only_what_everybody_may_know_is_searched(door: Door, hugo: Pages) -> None:
    door.people.otto.last_name = "Okafor"
    door.people.otto.folded_name = "otto okafor"
    open_door(hugo, door)
    assert "Nobody fits." in hugo.submit("form[role=search]", q="okafor")


def test_the_list_goes_on_over_pages(
    door: Door, hugo: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("timebank.sessions.views.door.PEOPLE_ON_PAGE", 2)
    for member in (door.people.mia, door.people.otto):
        door.people.come_in(member)
    open_door(hugo, door)
    assert "Otto" not in hugo.get(page_of(door, "/door"))
    assert "Otto" in hugo.follow("More")


def test_the_ground_rules_are_gone_through_at_the_first_check_in(door: Door, hugo: Pages) -> None:
    version = door.ground_rules()
    door.people.come_in(door.people.mia)
    door.open(now=utc_now())
    hugo.get(page_of(door, "/door"))
    page = hugo.submit("form[data-tap=people]", button="Mia")
    assert page.h1 == "Ground rules first: Mia"
    assert "Come sober, or come tomorrow." in page
    page = hugo.submit()
    assert "Mia is here." in page
    row = door.session.execute(
        sa.text("SELECT version, way FROM acknowledgement WHERE member_id = :id").bindparams(
            sa.bindparam("id", door.people.mia.id, SessionAttendance.member_id.type)
        )
    ).one()
    assert tuple(row) == (version, "aloud")


def test_whoever_stays_away_reads_one_sentence_and_no_list_tells(
    door: Door, hugo: Pages, walk: Walk
) -> None:
    door.people.come_in(door.people.mia)
    open_door(hugo, door)
    keep_out(door, door.people.mia)
    page = hugo.get(page_of(door, "/door"))
    assert "Mia" in page
    page = hugo.submit("form[data-tap=people]", button="Mia")
    assert "Please speak to the person who runs this group." in page
    assert contacts(page) == "1"
    assert "Mia is here." not in page
    answer = taps(
        door, hugo, {"key": str(new_id()), "kind": "in", "member": str(door.people.mia.id)}
    )
    assert answer["answers"][0]["answer"] == "lead"
    assert answer["answers"][0]["words"] == "Please speak to the person who runs this group."
    assert answer["contacts"] == 1
    code = queries.code_of(door.session, door.there)
    assert code is not None
    mia = walk(door.people.mia)
    mia.get(at(door.people.community, f"/c/{code.token}"))
    page = mia.submit(status=422)
    assert "Please speak to the person who runs this group." in page
    assert "quarrel" not in page.html


def test_a_code_card_is_typed_or_scanned(door: Door, hugo: Pages) -> None:
    code = issue_card(door.session, door.people.mia, by=None, now=NOW)
    open_door(hugo, door)
    card = "form[action$=card]"
    page = hugo.submit(card, card=door.people.otto.account_code)
    assert "Otto is here." in page
    page = hugo.submit(card, card=door.people.mia.account_code, code="XXXX-XXXX", status=422)
    assert "There is no such card." in page
    assert page.one("form[role=search]")["action"] == page_of(door, "/door")
    assert page.one("#door")["data-page"] == page_of(door, "/door")
    scanned = f"https://timebank.example/at/x/card/{door.people.mia.account_code}/"
    page = hugo.submit(card, card=scanned + code.replace("-", ""), code="")
    assert "Mia is here." in page
    door.session.rollback()
    row = queries.attendance_of(door.session, door.there, door.people.mia.id)
    assert row is not None
    assert row.way == "card"
    hugo.submit(card, card="M999999", status=422)


def test_a_card_scanned_with_the_camera_of_whoever_is_on_duty_notes_its_holder(
    door: Door, hugo: Pages, walk: Walk
) -> None:
    code = issue_card(door.session, door.people.mia, by=None, now=NOW).replace("-", "")
    card = at(door.people.community, f"/card/{door.people.mia.account_code}/{code}")
    assert "You are at the door" not in hugo.get(card)
    open_door(hugo, door)
    page = hugo.get(card)
    assert "You are at the door: Badminton" in page
    assert "Mia is here." in hugo.submit("form[action$='door/card']")
    assert "You are at the door" not in walk(door.people.lena).get(card)


def test_wrong_codes_of_cards_are_counted(
    door: Door, hugo: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = dataclasses.replace(WRONG_CODE, tries_max=2)
    monkeypatch.setattr("timebank.sessions.views.door.WRONG_CODE", few)
    issue_card(door.session, door.people.mia, by=None, now=NOW)
    open_door(hugo, door)
    wrong = {"card": door.people.mia.account_code, "code": "XXXXXXXX"}
    for _try in range(2):
        hugo.submit("form[action$=card]", **wrong, status=422)
    hugo.submit("form[action$=card]", **wrong, status=429)


# ------------------------------------------------------------------------------ the script


def test_taps_of_a_script_arrive_once_however_often_they_are_sent(door: Door, hugo: Pages) -> None:
    open_door(hugo, door)
    sent: list[dict[str, Any]] = [
        {"key": str(new_id()), "kind": "count", "number": 1, "first": 1},
        {"key": str(new_id()), "kind": "count", "number": 1, "first": 0},
        {"key": str(new_id()), "kind": "in", "member": str(door.people.mia.id)},
        {"key": str(new_id()), "kind": "in", "member": str(door.people.otto.id)},
        {"key": str(new_id()), "kind": "out", "member": str(door.people.otto.id)},
        {"key": str(new_id()), "kind": "count", "number": -1, "first": 0},
    ]
    for _again in range(3):
        answer = taps(door, hugo, *sent)
        assert [each["answer"] for each in answer["answers"]] == ["done"] * 6
        assert (answer["contacts"], answer["tallied"]) == (3, 1)
    door.session.rollback()
    assert len(door.session.scalars(sa.select(SessionTally)).all()) == 3


def test_whoever_is_let_in_again_stays_in_however_often_the_taps_are_sent(
    door: Door, hugo: Pages
) -> None:
    open_door(hugo, door)
    mia = str(door.people.mia.id)
    kinds = ("in", "out", "in")
    sent = [{"key": str(new_id()), "kind": kind, "member": mia} for kind in kinds]
    for number in (2, 3, 3):
        answer = taps(door, hugo, *sent[:number])
        assert [each["answer"] for each in answer["answers"]] == ["done"] * number
        assert answer["contacts"] == number - 1
    later = [{"key": str(new_id()), "kind": "out", "member": mia}]
    for _again in range(2):
        assert taps(door, hugo, *sent, *later)["contacts"] == 1


def test_what_a_device_sends_again_undoes_nothing_that_another_did_since(
    door: Door, hugo: Pages, walk: Walk
) -> None:
    open_door(hugo, door)
    lena, mia = walk(door.people.lena), str(door.people.mia.id)

    def tap(pages: Pages, sent: dict[str, Any]) -> int:
        answer = taps(door, pages, sent)
        assert [each["answer"] for each in answer["answers"]] == ["done"]
        return int(answer["contacts"])

    came, went, back, gone, again = (
        {"key": str(new_id()), "kind": kind, "member": mia}
        for kind in ("in", "out", "in", "out", "in")
    )
    assert [tap(hugo, came), tap(hugo, went)] == [2, 1]
    # The answer to that is lost; at the other door Mia comes in again.
    assert tap(lena, back) == 2
    assert tap(hugo, went) == 2
    assert [tap(lena, gone), tap(hugo, came), tap(hugo, back)] == [1, 1, 1]
    assert [tap(hugo, again), tap(hugo, went), tap(lena, gone)] == [2, 2, 2]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "count", "number": None},
        {"kind": "count", "number": float("inf")},
        {"kind": "count", "number": 1, "first": {}},
        {"kind": "wave"},
        {"kind": "in", "heard": [1]},
    ],
)
def test_a_tap_that_makes_no_sense_is_answered_with_no(
    door: Door, hugo: Pages, wrong: dict[str, Any]
) -> None:
    open_door(hugo, door)
    key = {"key": str(new_id()), "member": str(door.people.mia.id)}
    answer = taps(door, hugo, key | wrong)
    assert [each["answer"] for each in answer["answers"]] == ["no"]
    assert answer["contacts"] == 1


def test_a_tap_that_can_not_be_done_stops_no_other(door: Door, hugo: Pages) -> None:
    version = door.ground_rules()
    door.open(now=utc_now())
    mia = str(door.people.mia.id)
    answer = taps(
        door,
        hugo,
        {"key": str(new_id()), "kind": "in", "member": mia},
        {"key": "nonsense", "kind": "count", "number": 1},
        {"key": str(new_id()), "kind": "count", "number": "many"},
        {"key": str(new_id()), "kind": "count", "number": -5},
        {"key": str(new_id()), "kind": "in", "member": str(new_id())},
        {"key": str(new_id()), "kind": "in", "member": mia, "heard": version},
        {"key": str(new_id()), "kind": "count", "number": 1, "first": 0},
    )
    found = [each["answer"] for each in answer["answers"]]
    assert found == ["rules", "no", "no", "no", "no", "done", "done"]
    assert answer["answers"][0]["version"] == version
    assert answer["answers"][3]["words"] == "Nobody is counted who could be taken back."
    assert answer["contacts"] == 3


def test_what_is_no_list_of_taps_is_refused(door: Door, hugo: Pages) -> None:
    open_door(hugo, door)
    many = [{"key": str(new_id()), "kind": "count", "number": 1} for _ in range(101)]
    assert taps(door, hugo, *many, status=422)["contacts"] == 1
    token = hugo.get(page_of(door, "/door")).one("#door")["data-token"]
    deep = 100_000
    for body, status in (
        (b"[]", 422),
        (b'{"taps": 3}', 422),
        (b"", 400),
        (b"\xff", 400),
        (b"[" * deep, 400),
        (b'{"taps":' + b"[" * deep + b"]" * deep + b"}", 400),
        (b'{"taps":[{"key":' + b"[" * deep, 400),
    ):
        answer = hugo.client.post(
            page_of(door, "/door/taps"),
            data=body,
            headers={
                "X-CSRFToken": str(token),
                "Referer": HOST + "/",
                "Content-Type": "application/json",
            },
        )
        assert answer.status_code == status
        assert answer.get_json()["words"]


@pytest.mark.parametrize("name", ["key", "member", "kind", "number", "first", "heard"])
def test_lists_in_lists_are_no_word_of_a_tap(door: Door, hugo: Pages, name: str) -> None:
    open_door(hugo, door)
    nested: Any = []
    for _level in range(400):
        nested = [nested]
    tap = {"key": str(new_id()), "kind": "in", "member": str(door.people.mia.id)}
    if name in {"number", "first"}:
        tap["kind"] = "count"
    assert [each["answer"] for each in taps(door, hugo, tap | {name: nested})["answers"]] == ["no"]


def test_taps_need_the_token_of_the_page_and_somebody_who_holds_it(
    door: Door, hugo: Pages, walk: Walk, client: Client
) -> None:
    open_door(hugo, door)
    body = json.dumps({"taps": []})
    headers = {"Content-Type": "application/json", "Referer": HOST + "/"}
    path = page_of(door, "/door/taps")
    assert hugo.client.post(path, data=body, headers=headers).status_code == 400
    token = hugo.client.get(path).get_json()["token"]
    good = headers | {"X-CSRFToken": token}
    assert hugo.client.post(path, data=body, headers=good).status_code == 200
    assert walk(door.people.mia).client.get(path).status_code == 404
    assert client.get(path).status_code == 303


def test_what_a_tablet_sends_after_the_closing_is_kept_and_counts_later(
    door: Door, hugo: Pages
) -> None:
    door.open(now=utc_now())
    door.close()
    page = hugo.get(page_of(door, "/door"))
    assert "This session is closed" in page
    sent = {"key": str(new_id()), "kind": "count", "number": 1, "first": 0}
    answer = taps(door, hugo, sent)
    assert answer["answers"][0]["answer"] == "late"
    assert taps(door, hugo, sent)["contacts"] == 2
    door.session.rollback()
    [closing] = queries.closings(door.session, door.there)
    assert closing.contacts == 1
    assert queries.differs(door.session, door.there, closing)


def test_names_are_found_while_somebody_types(door: Door, hugo: Pages) -> None:
    open_door(hugo, door)
    path = page_of(door, "/door/people")
    found = hugo.client.get(path, query_string={"q": "ot"}).get_json()["people"]
    assert [(each["name"], each["there"]) for each in found] == [("Otto", False)]
    assert hugo.client.get(path).get_json() == {"people": []}


def test_the_worker_sees_the_pages_of_sessions_and_no_other(door: Door, client: Client) -> None:
    answer = client.get(at(door.people.community, "/door-worker.js"))
    assert answer.status_code == 200
    assert answer.headers["Service-Worker-Allowed"] == at(door.people.community, "/sessions/")
    assert answer.content_type == "text/javascript; charset=utf-8"
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_door_asks_the_database_little_however_many_there_are(
    door: Door, hugo: Pages, counted: Callable[[Pages, str], int]
) -> None:
    door.ground_rules()
    door.open()
    asked = [counted(hugo, page_of(door, "/door"))]
    for member in door.crowd(30):
        door.people.come_in(member)
        door.come(member, heard_version=1)
    asked.append(counted(hugo, page_of(door, "/door")))
    assert asked[0] == asked[1]
    assert asked[1] <= 12, asked
