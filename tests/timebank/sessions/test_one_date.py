"""One date is moved, cancelled, given back, or given another host."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.timebank.sessions.scene import TODAY, WEEK, Scene, make_sessions
from timebank.groups.errors import DayOutOfRangeError, WordsMissingError
from timebank.sessions import service
from timebank.sessions.errors import (
    AlreadyHeldError,
    ClosedThatDayError,
    HostUnknownError,
    LengthError,
    NotYoursToPlanError,
    OverAlreadyError,
)
from timebank.sessions.models import GroupSession
from timebank.sessions.service import Time

DAY = dt.timedelta(days=1)


@pytest.fixture
def scene(session: Session) -> Scene:
    """Make the group and its people."""
    return make_sessions(session)


def change(scene: Scene, planned: GroupSession, **changed: Any) -> None:
    """Change one date; what is not named stays."""
    community = scene.people.community
    time, details = service.time_of(community, planned), service.details_of(planned)
    service.change_session(
        scene.session,
        community,
        scene.people.group,
        planned,
        replace(details, **{key: changed[key] for key in changed if hasattr(details, key)}),
        replace(time, **{key: changed[key] for key in changed if hasattr(time, key)}),
        by=scene.people.lena,
        who=scene.people.lead,
        now=NOW,
    )


def cancel(scene: Scene, planned: GroupSession, words: str = "The hall is being painted") -> None:
    """Cancel one date."""
    people = scene.people
    service.cancel_session(
        scene.session, people.group, planned, words, by=people.lena, who=people.lead, now=NOW
    )


def test_the_time_of_a_session_is_read_back_as_it_was_said(scene: Scene) -> None:
    late = scene.plan_one(starts_minute=20 * 60, length_minutes=360)
    assert service.time_of(scene.people.community, late) == Time(
        day_on=late.day_on, starts_minute=1200, length_minutes=360
    )


def test_a_moved_date_keeps_the_date_of_its_rule_and_is_left_alone(scene: Scene) -> None:
    series = scene.plan()
    first, second = scene.dates(series)[:2]
    change(scene, first, day_on=first.day_on - DAY, starts_minute=14 * 60)
    assert first.is_moved
    assert not second.is_moved
    assert first.occurrence_on == first.day_on + DAY
    assert first.sequence == 1
    service.change_series(
        scene.session,
        scene.people.community,
        scene.people.group,
        series,
        replace(service.details_of(first), title="Shuttlecocks"),
        replace(service.repeat_of(series), starts_minute=9 * 60),
        by=scene.people.lena,
        who=scene.people.lead,
        now=NOW,
    )
    assert (first.title, first.starts_at.hour) == ("Badminton", 13)
    assert (second.title, second.starts_at.hour) == ("Shuttlecocks", 8)


def test_another_host_for_one_date_stays_and_everything_else_follows(scene: Scene) -> None:
    people = scene.people
    people.come_in(people.hugo, "host")
    series = scene.plan(host_id=people.lena.id)
    first, second = scene.dates(series)[:2]
    change(scene, first, host_id=people.hugo.id)
    assert not first.is_moved
    assert "session-yours" in people.told(people.hugo)
    change(scene, second, host_id=people.hugo.id)
    cancel(scene, second)
    assert people.told(people.hugo)[-1] == "session-cancelled", "whoever holds it hears of it"
    second.state = "planned"
    change(scene, second, host_id=people.lena.id)
    assert people.told(people.hugo)[-1] == "session-not-yours"
    second.has_own_host = False
    service.change_series(
        scene.session,
        people.community,
        people.group,
        series,
        replace(service.details_of(second), title="Shuttlecocks", host_id=None),
        service.repeat_of(series),
        by=people.lena,
        who=people.lead,
        now=NOW,
    )
    assert (first.title, first.host_id) == ("Shuttlecocks", people.hugo.id)
    assert (second.title, second.host_id) == ("Shuttlecocks", None)


def test_who_signed_up_is_told_of_another_time_and_not_of_other_words(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up")
    service.sign_up(scene.session, people.group, planned, people.mia, now=NOW)
    change(scene, planned, words="Bring water.")
    assert "session-moved" not in people.told(people.mia)
    change(scene, planned, starts_minute=11 * 60)
    assert people.told(people.mia).count("session-moved") == 1


def test_cancelled_with_words_and_given_back(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up")
    service.sign_up(scene.session, people.group, planned, people.mia, now=NOW)
    with pytest.raises(WordsMissingError):
        cancel(scene, planned, "  ")
    cancel(scene, planned)
    assert (planned.state, planned.is_off) == ("cancelled", True)
    with pytest.raises(AlreadyHeldError):
        cancel(scene, planned)
    with pytest.raises(AlreadyHeldError):
        change(scene, planned, words="too late")
    service.give_back(
        scene.session, people.group, planned, by=people.lena, who=people.lead, now=NOW
    )
    assert (planned.state, planned.cancelled_words) == ("planned", "")
    assert people.told(people.mia) == ["session-cancelled", "session-back"]
    with pytest.raises(AlreadyHeldError):
        service.give_back(
            scene.session, people.group, planned, by=people.lena, who=people.lead, now=NOW
        )


def test_what_makes_no_sense_is_refused(scene: Scene) -> None:
    planned = scene.morning
    refused: tuple[tuple[dict[str, Any], type[Exception]], ...] = (
        ({"length_minutes": 0}, LengthError),
        ({"title": " "}, WordsMissingError),
        ({"day_on": TODAY - DAY}, OverAlreadyError),
        ({"day_on": dt.date(9999, 12, 31)}, DayOutOfRangeError),
        ({"host_id": scene.people.otto.id}, HostUnknownError),
    )
    for changed, refusal in refused:
        with pytest.raises(refusal), scene.session.begin_nested():
            change(scene, planned, **changed)
        scene.session.refresh(planned)
    assert planned.day_on == TODAY + 6 * DAY
    assert planned.sequence == 0


def test_a_session_that_is_open_or_over_is_not_changed_any_more(scene: Scene) -> None:
    planned = scene.plan_one(TODAY - WEEK)
    for state in ("planned", "open", "closed"):
        planned.state = state
        scene.session.flush()
        with pytest.raises(AlreadyHeldError):
            change(scene, planned, words="too late")
        with pytest.raises(AlreadyHeldError):
            cancel(scene, planned)


def test_a_date_is_not_moved_onto_a_closed_day_and_may_be_moved_off_one(scene: Scene) -> None:
    people, planned = scene.people, scene.morning
    closed = service.close_days(
        scene.session,
        people.community,
        people.group,
        from_on=planned.day_on,
        until_on=planned.day_on,
        words="The hall is let",
        by=people.lena,
        who=people.lead,
        now=NOW,
    )
    other = scene.plan_one(TODAY + 2 * WEEK)
    with pytest.raises(ClosedThatDayError) as caught:
        change(scene, other, day_on=closed.from_on)
    assert caught.value.words == "The hall is let"
    change(scene, planned, day_on=planned.day_on - DAY)
    assert planned.closed_day_id is None


def test_only_who_holds_or_runs_it_changes_a_date(scene: Scene) -> None:
    people, planned = scene.people, scene.morning
    people.come_in(people.mia)
    with pytest.raises(NotYoursToPlanError):
        service.cancel_session(
            scene.session,
            people.group,
            planned,
            "no",
            by=people.mia,
            who=people.who(people.mia),
            now=NOW,
        )


def test_a_host_who_left_the_community_is_told_nothing(scene: Scene) -> None:
    people = scene.people
    people.come_in(people.hugo, "host")
    change(scene, scene.morning, host_id=people.hugo.id)
    people.hugo.state = "left"
    cancel(scene, scene.morning)
    assert "session-cancelled" not in people.told(people.hugo)
