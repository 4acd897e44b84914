"""The pages on which a session is closed, read and put right, and held together with others."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import NOW, at
from tests.pages.page import Page, Pages, Walk
from tests.timebank.sessions.door import Door, make_door
from tests.timebank.sessions.door_pages import page_of
from tests.timebank.sessions.test_partners import Two
from timebank.clock import utc_now
from timebank.sessions import queries
from timebank.sessions.service import Came


@pytest.fixture
def door(session: Session) -> Door:
    """Give an open session with Hugo on duty and a rule."""
    door = make_door(session)
    door.rule("activity", pot_minutes=15)
    door.open()
    return door


@pytest.fixture
def lena(door: Door, walk: Walk) -> Pages:
    """Give the browser of whoever runs the group."""
    return walk(door.people.lena)


def table(page: Page, caption: str) -> list[list[str]]:
    """Return the rows of a table by its caption."""
    [found] = [each for each in page.soup.select("table") if caption in each.caption.get_text()]  # type: ignore[union-attr]
    rows = found.select("tbody tr, tfoot tr")
    return [[" ".join(cell.get_text().split()) for cell in row.select("th, td")] for row in rows]


# ------------------------------------------------------------------------------- closing


def test_closing_shows_what_will_be_posted_and_posts_it(door: Door, hugo: Pages) -> None:
    door.come(door.people.mia)
    door.count(3, first_timers=1)
    page = hugo.get(page_of(door, "/close"))
    assert "The door counted 5: 2 by name and 3 without." in page
    assert page.one("#contacts")["value"] == "5"
    assert table(page, "Hours that move") == [
        ["Hugo", "+2 h"],
        ["The pot of Badminton", "+30 min"],
        ["Recognised: Drop-in", "−2 h 30 min"],
        ["Together", "0 min"],
    ]
    assert table(page, "Who was there by name") == [
        ["Hugo", "Held it", "2 h"],
        ["Mia", "Took part", "2 h"],
    ]
    page = hugo.submit(contacts="6", topics=["food"], follow_up="A lift for Otto")
    assert "The session is closed, and the hours are posted." in page
    door.session.rollback()
    closing = queries.closing_of(door.session, door.there)
    assert closing is not None
    assert (closing.contacts, closing.counted, closing.topic_keys) == (6, 5, ["food"])
    assert (door.balance(door.people.hugo), door.pot()) == (120, 30)


def test_whoever_comes_meanwhile_is_shown_before_anything_is_posted(
    door: Door, hugo: Pages
) -> None:
    hugo.get(page_of(door, "/close"))
    door.come(door.people.mia)
    page = hugo.submit(topic_words="Soup", contacts="2", status=422)
    assert "Somebody came or went in the meantime." in page
    assert page.one("#topic_words").get_text().strip() == "Soup"
    assert "Mia" in page
    page = hugo.submit(contacts="2")
    assert "The session is closed" in page


def test_two_hosts_close_and_the_second_reads_that_it_is_done(
    door: Door, hugo: Pages, lena: Pages
) -> None:
    for each in (hugo, lena):
        each.get(page_of(door, "/close"))
    hugo.submit()
    page = lena.submit(topic_words="Soup", follow_up="A lift for Otto", status=409)
    assert "Somebody closed this session in the meantime, and theirs counts." in page
    assert "Soup A lift for Otto" in page, "what was written can be copied"
    assert lena.follow("See how it stands now").h1 == "Badminton"
    assert door.balance(door.people.hugo) == 120


def test_the_form_sent_again_closes_nothing_again(door: Door, hugo: Pages) -> None:
    page = hugo.get(page_of(door, "/close"))
    data = {
        str(tag["name"]): str(tag.get("value", ""))
        for tag in page.soup.select("main form input[type=hidden]")
    } | {"contacts": "1", "first_timers": "1", "ended": str(page.one("#ended")["value"])}
    for _again in range(2):
        hugo.post(page_of(door, "/close"), data)
    assert door.balance(door.people.hugo) == 120


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"contacts": "0"}, "There are 1 names, so there were no fewer people."),
        ({"first_timers": "9"}, "More people for the first time than people"),
        ({"contacts": "many"}, "Write a whole number"),
        ({"contacts": "-1"}, "Write a whole number"),
        ({"contacts": "9999999"}, "Write a whole number"),
    ],
)
def test_figures_that_do_not_fit_are_said_and_kept(
    door: Door, hugo: Pages, typed: dict[str, Any], words: str
) -> None:
    hugo.get(page_of(door, "/close"))
    page = hugo.submit(**typed, topic_words="Soup", status=422)
    assert words in page
    [(name, value)] = typed.items()
    assert page.one(f"#{name}")["value"] == value
    assert page.one("#topic_words").get_text().strip() == "Soup"
    door.session.rollback()
    assert door.there.state == "open"


def test_a_pot_that_is_too_low_says_so_and_the_session_stays_open(door: Door, hugo: Pages) -> None:
    door.rule("pot")
    door.fill_pot(60)
    page = hugo.get(page_of(door, "/close"))
    assert table(page, "Hours that move")[0] == ["Hugo", "+2 h"]
    page = hugo.submit(status=422)
    assert "The pot is 1 h short, so nothing was posted and the session stays open." in page
    door.session.rollback()
    assert door.there.state == "open"
    door.fill_pot(60)
    assert "The session is closed" in hugo.submit()


def test_whose_account_is_at_a_stop_only_a_coordinator_reads(
    door: Door, hugo: Pages, walk: Walk
) -> None:
    door.rule("participants", is_shared_evenly=True)
    door.come(door.people.mia)
    door.limit(door.people.mia, floor_minutes=-60)
    hugo.get(page_of(door, "/close"))
    page = hugo.submit(status=422)
    assert "Ask a coordinator to close it: they see who it is." in page
    assert "The account of Mia" not in page
    cora = walk(door.people.cora)
    cora.get(page_of(door, "/close"))
    assert "The account of Mia is at a stop" in cora.submit(status=422)


def test_without_a_rule_no_hours_move_and_the_page_says_so(session: Session, walk: Walk) -> None:
    door = make_door(session)
    door.open()
    hugo = walk(door.people.hugo)
    page = hugo.get(page_of(door, "/close"))
    assert "The group has written no rule, so everything is written down" in page
    assert "Everything is written down, and no hours moved." in hugo.submit()


def test_paid_staff_stand_on_the_page_with_nothing(door: Door, hugo: Pages) -> None:
    door.people.come_in(door.people.mia, "host", is_paid=True)
    door.open(door.people.mia)
    page = hugo.get(page_of(door, "/close"))
    assert ["Mia, paid", "Held it", "2 h"] in table(page, "Who was there by name")
    assert ["Mia, paid", "0 min"] in table(page, "Hours that move")


def test_many_to_whom_the_same_happens_stand_on_one_line(door: Door, hugo: Pages) -> None:
    door.rule("activity", credits_participants=True)
    for member in door.crowd(15):
        door.come(member)
    page = hugo.get(page_of(door, "/close"))
    first, *_rest = table(page, "Hours that move")
    assert "and 4 more: each +2 h" in first[0]
    assert first[1] == "+32 h"


# ------------------------------------------------------------------------- who was there


def test_who_left_early_is_said_and_shows_in_what_will_be_posted(door: Door, hugo: Pages) -> None:
    door.come(door.people.mia)
    hugo.get(page_of(door, "/people"))
    number = door.people.hugo.number
    fields: dict[str, Any] = {f"minutes-{number}": "90"}
    page = hugo.submit(f"form:has([name=role-{number}])", **fields)
    assert "Noted." in page
    page = hugo.get(page_of(door, "/close"))
    assert ["Hugo", "+1 h 30 min"] in table(page, "Hours that move")


def test_minutes_that_are_none_are_said_beside_the_person_and_kept(door: Door, hugo: Pages) -> None:
    hugo.get(page_of(door, "/people"))
    number = door.people.hugo.number
    form = f"form:has([name=role-{number}])"
    fields: dict[str, Any] = {f"minutes-{number}": "lots"}
    page = hugo.submit(form, **fields, status=422)
    assert "Write minutes as a whole number, or nothing." in page
    assert page.one(f"[name=minutes-{number}]")["value"] == "lots"


def test_somebody_was_not_there_after_all_and_somebody_was_forgotten(
    door: Door, hugo: Pages
) -> None:
    door.come(door.people.mia)
    hugo.get(page_of(door, "/people"))
    number = door.people.mia.number
    fields: dict[str, Any] = {f"role-{number}": "away"}
    hugo.submit(f"form:has([name=role-{number}])", **fields)
    page = hugo.submit("form[action$=add]", who="Otto")
    assert "Otto is noted." in page
    assert "Nobody here is called that." in hugo.submit(
        "form[action$=add]", who="Zebedee", status=422
    )
    door.session.rollback()
    there = [each.member.first_name for each in queries.present(door.session, door.there)]
    assert there == ["Hugo", "Otto"]


def test_a_session_among_equals_credits_everybody_once(door: Door, hugo: Pages) -> None:
    door.come(door.people.mia)
    hugo.get(page_of(door, "/people"))
    page = hugo.submit("form[action$=equals]")
    assert "Noted: everybody gave and took." in page
    page = hugo.get(page_of(door, "/close"))
    assert "Among equals everybody gives and takes" in page
    assert ["Hugo, Mia: each +2 h", "+4 h"] in table(page, "Hours that move")


def test_people_go_on_over_pages(door: Door, hugo: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timebank.sessions.views.people.PEOPLE_ON_PAGE", 2)
    for member in door.crowd(2):
        door.come(member)
    page = hugo.get(page_of(door, "/people"))
    assert len(page.soup.select(".stay")) == 2
    page = hugo.follow("More")
    assert len(page.soup.select(".stay")) == 1
    hugo.submit("form:has(.stay)")


def test_i_was_there_is_for_oneself(door: Door, walk: Walk) -> None:
    door.come(door.people.mia)
    page = walk(door.people.mia).get(at(door.people.community, "/me/sessions/past"))
    assert "Badminton" in page
    assert "Took part" in page
    page = walk(door.people.otto).get(at(door.people.community, "/me/sessions/past"))
    assert "Nothing here yet" in page


# --------------------------------------------------------------------------- putting right


def test_a_lead_puts_a_closing_right_and_sees_what_changes(door: Door, lena: Pages) -> None:
    door.close(Came(contacts=4, topics=["food"]))
    door.stays(door.people.hugo, 60, "host")
    page = lena.get(page_of(door, "/correct"))
    assert table(page, "Hours that change") == [
        ["The pot of Badminton", "+30 min", "+15 min", "−15 min"],
        ["Hugo", "+2 h", "+1 h", "−1 h"],
        ["Recognised: Drop-in", "−2 h 30 min", "−1 h 15 min", "+1 h 15 min"],
    ]
    assert page.one("#contacts")["value"] == "4"
    assert page.soup.select("input[name=topics][value=food][checked]")
    page = lena.submit(reason="", status=422)
    assert "Write why. Those whose hours change read it." in page
    page = lena.submit(reason="Hugo left at eleven.")
    assert "Put right. Those whose hours changed are told." in page
    door.session.rollback()
    assert door.balance(door.people.hugo) == 60
    old = lena.get(page_of(door, "/closings/1"))
    assert "This was put right later. It stays here as it was." in old
    assert ["Hugo", "+2 h"] in table(old, "Hours that moved")
    new = lena.follow("Version 2")
    assert "Put right because: Hugo left at eleven." in new
    assert ["Hugo", "+1 h"] in table(new, "Hours that moved")
    lena.get(page_of(door, "/closings/3"), status=404)


def test_putting_right_is_for_those_who_run_it(door: Door, hugo: Pages, lena: Pages) -> None:
    lena.get(page_of(door, "/correct"))
    door.session.rollback()
    door.close()
    hugo.refused(page_of(door, "/correct"))
    lena.get(page_of(door, "/correct"))
    page = lena.submit(reason="No reason.", status=422)
    assert "Nothing would change." in page


def test_what_to_follow_up_is_for_those_who_hold_it(door: Door, hugo: Pages, walk: Walk) -> None:
    door.close(Came(follow_up="Otto needs a lift."))
    assert "Otto needs a lift." in hugo.get(page_of(door, "/closings/1"))
    walk(door.people.mia).refused(page_of(door, "/closings/1"))


# ------------------------------------------------------------------------- held together


def test_two_groups_hold_a_session_together_and_see_their_shares(
    door: Door, lena: Pages, walk: Walk
) -> None:
    two = Two(door)
    lena.get(page_of(door, "/together"))
    page = lena.submit(group_id=str(two.tea.id))
    assert "Tea is asked. You hear when they answer." in page
    assert "Asked, and no answer yet" in page
    cora = walk(door.people.cora)
    later = at(door.people.community, f"/sessions/{door.planned.plan_one().id}/together")
    cora.get(later)
    page = cora.submit(group_id=str(two.tea.id))
    assert "Done. Tea holds it too." in page, "whoever runs both has answered by asking"
    otto = walk(door.people.otto)
    otto.get(page_of(door, "/together"))
    page = otto.submit("form[action$=yes]")
    assert "Holds it too" in page
    assert "Shared 3 to 1: Badminton first" in page
    door.session.rollback()
    door.count(7)
    page = otto.get(page_of(door, "/close"))
    assert table(page, "Shared as the groups agreed") == [
        ["Badminton", "6", "1 h 30 min"],
        ["Tea", "2", "30 min"],
    ]
    otto.submit()
    assert not lena.get(page_of(door, "/together")).soup.select("main form")


def test_the_page_of_two_groups_shows_what_they_held_together(
    door: Door, lena: Pages, walk: Walk
) -> None:
    two = Two(door)
    two.answer(two.ask())
    door.count(7)
    path = at(door.people.community, f"/groups/{door.people.group.slug}/with/{two.tea.slug}")
    assert "Held together" not in lena.get(path)
    door.session.rollback()
    door.close()
    assert table(lena.get(path), "Each group’s share") == [
        ["Badminton", "10 May 2026", "6 people, 1 h 30 min", "2 people, 30 min"]
    ]
    otto = walk(door.people.otto)
    path = at(door.people.community, f"/groups/{two.tea.slug}/with/{door.people.group.slug}")
    [row] = table(otto.get(path), "Each group’s share")
    assert row[2:] == ["2 people, 30 min", "6 people, 1 h 30 min"]
    assert "Held together" not in walk(door.people.mia).get(path)


def test_a_rule_is_tried_on_the_latest_session(door: Door, lena: Pages) -> None:
    door.come(door.people.mia)
    door.close()
    lena.get(at(door.people.community, f"/groups/{door.people.group.slug}/crediting/change"))
    page = lena.submit(kind="activity", credits_participants=True, pot_minutes="0")
    assert "Tried on your latest session: “Badminton”" in page
    assert table(page, "What it would have moved") == [
        ["Hugo, Mia: each +2 h", "+4 h"],
        ["Recognised: Drop-in", "−4 h"],
        ["Together", "0 min"],
    ]


def test_a_statement_names_the_session_and_leads_to_it(door: Door, hugo: Pages) -> None:
    door.close(now=utc_now())
    page = hugo.get(at(door.people.community, "/hours/statement"))
    assert "Badminton, 10 May 2026" in page
    assert "Drop-in" in page
    assert hugo.follow("Badminton, 10 May 2026").h1 == "Badminton"


def test_a_no_and_going_on_alone(door: Door, lena: Pages, walk: Walk) -> None:
    two = Two(door)
    row = two.ask()
    otto = walk(door.people.otto)
    otto.get(page_of(door, "/together"))
    assert "Not this time" in otto.submit("form[action$=no]")
    door.session.rollback()
    two.ask()
    lena.get(page_of(door, "/together"))
    page = lena.submit("form[action$=end]")
    assert "Noted. What was held together stays so." in page
    assert "Not any more" in page
    assert row.group_id == two.tea.id
    form = {str(each["name"]): str(each["value"]) for each in page.soup.select("main input")}
    path = page_of(door, "/together")
    page = lena.post(path, form | {"group_id": str(door.people.group.id)}, status=422)
    assert "Choose a group that you are connected with." in page


def test_whoever_has_no_part_in_it_sees_no_such_page(door: Door, walk: Walk) -> None:
    walk(door.people.mia).refused(page_of(door, "/together"))


def test_a_series_is_held_together_too(door: Door, lena: Pages) -> None:
    two = Two(door)
    series = door.planned.plan(starts_on=NOW.date() + dt.timedelta(days=1))
    path = at(door.people.community, f"/series/{series.id}/together")
    page = lena.get(path)
    assert "Badminton holds it alone" in page
    assert "Tea is asked." in lena.submit(group_id=str(two.tea.id))
