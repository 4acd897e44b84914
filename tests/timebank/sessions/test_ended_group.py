"""A group that has come to its end: nobody meets a form of it that could only be refused."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, at
from tests.pages.page import Pages, Walk
from tests.racing import race
from tests.timebank.sessions.door import MORNING, make_door
from tests.timebank.sessions.door_pages import page_of
from tests.timebank.sessions.scene import WEEK
from tests.timebank.sessions.test_partners import Two
from timebank.communities.models import Community
from timebank.groups import service as groups
from timebank.groups.errors import GroupEndedError
from timebank.groups.models import Group
from timebank.groups.queries import standing_of
from timebank.members.models import Member
from timebank.sessions import queries, service
from timebank.sessions.errors import DoorStillOpenError

ENDED = "This group has come to its end. Nothing can be changed any more."
PREVIEW = (
    "/crediting/preview?kind=unpaid&activity=sport&pot_minutes=0&cost_minutes=0"
    "&applies_from_on=2999-01-01"
)
FORMS = (
    *("/change", "/end", "/invite", "/people/{mia}", "/rules/change", "/connect"),
    *("/with/tea/terms", "/with/tea/end", "/crediting/change", PREVIEW),
    *("/apart/new", "/sessions/new", "/series/new", "/closed-days", "/rota/needs"),
    "/calendar/bring-in",
)


@pytest.fixture
def two(session: Session) -> Two:
    """Give a group with a connected one."""
    return Two(make_door(session))


def end(two: Two) -> None:
    people = two.door.people
    groups.end_group(
        two.door.session,
        people.community,
        people.group,
        by=people.lena,
        who=people.lead,
        now=NOW,
        today=NOW.date(),
    )
    two.door.session.commit()


def end_tea(two: Two) -> None:
    otto, session = two.door.people.otto, two.door.session
    groups.end_group(
        session,
        two.door.people.community,
        two.tea,
        by=otto,
        who=two.of_tea(otto),
        now=NOW,
        today=NOW.date(),
    )


def together(two: Two) -> None:
    """Let Otto's group hold the session with Lena's."""
    two.answer(two.ask())


def lena_of(two: Two, walk: Walk) -> Pages:
    return walk(two.door.people.lena)


def test_a_form_leads_to_the_page_of_the_group_and_says_why(two: Two, walk: Walk) -> None:
    people = two.door.people
    people.come_in(people.mia)
    two.door.planned.plan()
    forms = [at(people.community, f"/groups/badminton{form}") for form in FORMS]
    forms = [form.format(mia=people.mia.id) for form in forms]
    lena = lena_of(two, walk)
    for form in forms:
        assert lena.get(form).soup.select("main form"), f"{form}, as long as the group goes on"
    end(two)
    for form in forms:
        page = lena.get(form)
        assert page.h1 == "Badminton", form
        assert ENDED in page, form
        assert not page.soup.select("main form"), form


def test_a_form_of_its_pot_leads_to_the_pot_and_says_why(two: Two, walk: Walk) -> None:
    end(two)
    lena = lena_of(two, walk)
    for form in ("/give", "/ask", "/pay", "/transfer"):
        page = lena.get(at(two.door.people.community, f"/pots/badminton{form}"))
        assert page.h1 == "The pot of Badminton", form
        assert ENDED in page, form


def test_its_series_and_its_dates_are_not_changed_any_more(two: Two, walk: Walk) -> None:
    door = two.door
    series = door.planned.plan()
    door.there.starts_at -= WEEK
    door.there.ends_at -= WEEK
    end(two)
    lena = lena_of(two, walk)
    pages = [f"/series/{series.id}/{page}" for page in ("change", "end")]
    pages += [f"/sessions/{door.there.id}/{page}" for page in ("change", "cancel")]
    for page in pages:
        assert ENDED in lena.get(at(door.people.community, page))


def test_what_was_sent_meanwhile_is_refused(two: Two, walk: Walk) -> None:
    lena = lena_of(two, walk)
    lena.get(at(two.door.people.community, "/groups/badminton/change"))
    end(two)
    assert ENDED in lena.submit(name="Tennis", status=409)
    assert two.door.people.group.name == "Badminton"


def test_somebody_outside_still_finds_no_form(two: Two, walk: Walk) -> None:
    end(two)
    walk(two.door.people.mia).refused(at(two.door.people.community, "/groups/badminton/change"))


# ------------------------------------------------------------- what becomes of its sessions


def test_what_it_had_planned_is_dropped_and_whoever_counts_on_it_is_told_once(two: Two) -> None:
    door, people = two.door, two.door.people
    series = door.planned.plan(sign_up="sign-up")
    single = door.planned.plan_one(title="Tea", sign_up="sign-up")
    dates = [*door.planned.dates(series), single]
    for planned in (*dates[:2], single):
        service.sign_up(door.session, people.group, planned, people.otto, now=NOW)
    end(two)
    assert series.state == "ended"
    assert {each.state for each in dates} == {"dropped"}
    assert people.told(people.otto).count("session-group-ended") == 1


def test_a_group_with_an_open_door_does_not_end(two: Two, walk: Walk) -> None:
    two.door.open()
    lena = lena_of(two, walk)
    lena.get(at(two.door.people.community, "/groups/badminton/end"))
    page = lena.submit(button="Yes, end it", status=422)
    assert "The door of “Badminton” is open. Close it first" in page
    two.door.session.refresh(two.door.people.group)
    assert two.door.people.group.is_open


def test_neither_does_one_that_holds_the_open_door_with_another(two: Two) -> None:
    together(two)
    two.door.open()
    with pytest.raises(DoorStillOpenError):
        end_tea(two)


def test_what_it_was_to_hold_with_another_is_held_by_the_other_alone(two: Two) -> None:
    together(two)
    two.door.rule(pot_minutes=15)
    end_tea(two)
    two.door.open()
    two.door.close()
    assert two.door.people.pot() == 30


def test_what_was_closed_with_another_says_so_after_one_of_them_has_ended(two: Two) -> None:
    together(two)
    row = two.ask(two.door.planned.plan_one(title="Tea"))
    two.door.open()
    two.door.close()
    end_tea(two)
    (closed, _tea), *others = queries.partners_of(two.door.session, two.door.there)
    two.door.session.refresh(closed)
    two.door.session.refresh(row)
    assert not others
    assert (closed.state, closed.answered_by_id) == ("joined", two.door.people.otto.id)
    assert row.state == "ended"


def test_nobody_opens_a_door_of_a_group_that_has_ended(two: Two, walk: Walk) -> None:
    """It was over and nobody had opened it when the group ended."""
    two.door.there.starts_at -= WEEK
    two.door.there.ends_at -= WEEK
    end(two)
    with pytest.raises(GroupEndedError):
        two.door.open()
    assert ENDED in lena_of(two, walk).get(page_of(two.door, "/open"))


def test_of_one_who_ends_a_group_and_one_who_opens_its_door_one_is_refused(
    app: Flask, two: Two
) -> None:
    door, people = two.door, two.door.people
    there_id, group_id = door.there.id, people.group.id
    hugo_id, lena_id = people.hugo.id, people.lena.id
    door.session.commit()

    def opens(session: Session, community: Community) -> None:
        held = queries.held(session, community.id, there_id)
        by = session.get_one(Member, (community.id, hugo_id))
        who = queries.standing_at(session, held, by, today=held.session.day_on)
        service.open_session(
            session, held, on_duty=[by], named_version=0, by=by, who=who, now=MORNING
        )

    def ends(session: Session, community: Community) -> None:
        group = session.get_one(Group, (community.id, group_id))
        by = session.get_one(Member, (community.id, lena_id))
        who = standing_of(session, group, by, on=NOW.date())
        groups.end_group(
            session, community, group, by=by, who=who, now=MORNING, today=MORNING.date()
        )

    came = race(app, people.community.id, [opens, ends])
    assert came["done"] == 1
    refused = ("GroupEndedError", "DoorStillOpenError", "SessionNotFoundError")
    assert sum(came[each] for each in refused) == 1


def test_a_closing_of_it_is_not_put_right_any_more_and_the_page_says_why(
    two: Two, walk: Walk
) -> None:
    two.door.rule(pot_minutes=15)
    two.door.open()
    two.door.close()
    end(two)
    lena = lena_of(two, walk)
    lena.get(page_of(two.door, "/correct"))
    lena.submit(reason="It was shorter.", ended="11:00", status=422)
    page = lena.submit(status=422)
    assert "A group that held this has come to its end" in page
