"""Plan a series or a single session; its sessions are made ahead, once."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.timebank.sessions.scene import LONDON, TODAY, WEEK, make_sessions
from timebank.db import new_id
from timebank.groups.errors import GroupEndedError, VenueNotFoundError, WordsMissingError
from timebank.groups.policy.standing import Standing
from timebank.sessions import queries, service
from timebank.sessions.errors import (
    EndsBeforeItStartsError,
    HostUnknownError,
    LengthError,
    NeverHappensError,
    NotYoursToPlanError,
    RuleNotUnderstoodError,
    SessionNotFoundError,
)
from timebank.sessions.policy import planning
from timebank.sessions.service import Repeat, SessionDetails


def test_the_sessions_of_a_series_are_made_for_half_a_year(session: Session) -> None:
    scene = make_sessions(session)
    made = scene.dates(scene.plan())
    assert len(made) == planning.WEEKS_AHEAD
    assert made[0].day_on == TODAY + dt.timedelta(days=6)
    assert {each.state for each in made} == {"planned"}


def test_ten_o_clock_in_summer_and_in_winter(session: Session) -> None:
    scene = make_sessions(session)
    made = scene.dates(scene.plan())
    assert {each.starts_at.astimezone(LONDON).hour for each in made} == {10}
    assert {each.starts_at.hour for each in made} == {9, 10}
    assert {each.minutes for each in made} == {120}


def test_an_evening_past_midnight_is_one_session_on_the_day_it_starts(session: Session) -> None:
    scene = make_sessions(session)
    made = scene.dates(
        scene.plan("FREQ=WEEKLY;BYDAY=SA", starts_minute=20 * 60, length_minutes=6 * 60)
    )
    assert all(each.day_on.weekday() == 5 for each in made)
    back = next(each for each in made if each.day_on == dt.date(2026, 10, 24))
    assert back.minutes == 7 * 60
    assert made[0].minutes == 6 * 60


def test_making_ahead_again_makes_nothing_and_later_makes_the_rest(session: Session) -> None:
    scene = make_sessions(session)
    community, series = scene.people.community, scene.plan()
    assert not service.make_ahead(session, community, series, now=NOW)
    later = service.make_ahead(session, community, series, now=NOW + 3 * WEEK)
    assert len(later) == 3
    assert len({each.occurrence_on for each in scene.dates(series)}) == planning.WEEKS_AHEAD + 3


def test_nothing_is_made_beyond_the_last_day(session: Session) -> None:
    scene = make_sessions(session)
    made = scene.dates(scene.plan(until_on=TODAY + 2 * WEEK))
    assert len(made) == 2


def test_a_series_may_have_begun_years_ago(session: Session) -> None:
    scene = make_sessions(session)
    made = scene.dates(scene.plan(starts_on=TODAY - 104 * WEEK))
    assert len(made) == 104 + planning.WEEKS_AHEAD


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"rule": "never"}, RuleNotUnderstoodError),
        ({"rule": "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4"}, RuleNotUnderstoodError),
        ({"length_minutes": 0}, LengthError),
        ({"length_minutes": 1441}, LengthError),
        ({"until_on": TODAY - WEEK}, EndsBeforeItStartsError),
        ({"title": " "}, WordsMissingError),
        ({"venue_id": new_id()}, VenueNotFoundError),
        ({"host_id": new_id()}, HostUnknownError),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_and_nothing_is_made(
    session: Session, values: dict[str, Any], refusal: type[Exception]
) -> None:
    scene = make_sessions(session)
    with pytest.raises(refusal):
        scene.plan(**values)
    assert scene.every() == [scene.morning]


@pytest.mark.parametrize(
    ("rule", "until_on", "reason"),
    [
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", None, "no such day"),
        ("FREQ=WEEKLY;BYDAY=SU", TODAY + dt.timedelta(days=5), "ends too soon"),
    ],
)
def test_a_series_that_never_happens_says_why(
    session: Session, rule: str, until_on: dt.date | None, reason: str
) -> None:
    scene = make_sessions(session)
    with pytest.raises(NeverHappensError) as caught:
        scene.plan(rule, until_on=until_on)
    assert caught.value.reason == reason


def test_somebody_who_neither_hosts_nor_runs_plans_nothing(session: Session) -> None:
    scene = make_sessions(session)
    people = scene.people
    people.come_in(people.mia)
    for who in (people.who(people.mia), people.who(people.otto), Standing()):
        with pytest.raises(NotYoursToPlanError):
            service.plan_series(
                session,
                people.community,
                people.group,
                SessionDetails(title="Tea"),
                Repeat(rrule="FREQ=DAILY", starts_on=TODAY, starts_minute=0, length_minutes=60),
                by=people.mia,
                who=who,
                now=NOW,
            )


def test_a_host_plans_and_holds_a_session(session: Session) -> None:
    scene = make_sessions(session)
    people = scene.people
    people.come_in(people.hugo, "host")
    planned = service.plan_session(
        session,
        people.community,
        people.group,
        SessionDetails(title="Tea", host_id=people.hugo.id),
        day_on=TODAY,
        starts_minute=1439,
        length_minutes=1440,
        who=people.who(people.hugo),
        now=NOW,
    )
    assert planned.host_id == people.hugo.id


def test_a_group_that_has_ended_plans_nothing(session: Session) -> None:
    scene = make_sessions(session)
    scene.people.group.state = "ended"
    with pytest.raises(GroupEndedError):
        scene.plan_one()


def test_a_dropped_session_is_not_there(session: Session) -> None:
    scene = make_sessions(session)
    community, morning = scene.people.community, scene.morning
    assert queries.session_by_id(session, community.id, morning.id) is morning
    assert queries.meeting(session, community.id, morning.id).group is scene.people.group
    morning.state = "dropped"
    session.flush()
    for find in (queries.session_by_id, queries.meeting):
        with pytest.raises(SessionNotFoundError):
            find(session, community.id, morning.id)
