"""A whole series is changed or ended, and the worker makes the next one's sessions."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.racing import race
from tests.timebank.sessions.scene import TODAY, WEEK, Scene, make_sessions
from timebank.communities.models import Community
from timebank.passed_over import PassedOver
from timebank.sessions import service
from timebank.sessions.errors import NeverHappensError, SeriesEndedError
from timebank.sessions.models import GroupSession, Series
from timebank.sessions.policy import planning


@pytest.fixture
def scene(session: Session) -> Scene:
    """Make the group and its people."""
    return make_sessions(session)


def change(scene: Scene, series: Series, *, now: dt.datetime = NOW, **changed: Any) -> None:
    """Change a series; what is not named stays."""
    details = service.details_of(scene.dates(series)[0])
    repeat = service.repeat_of(series)
    service.change_series(
        scene.session,
        scene.people.community,
        scene.people.group,
        series,
        replace(details, **{key: changed[key] for key in changed if hasattr(details, key)}),
        replace(repeat, **{key: changed[key] for key in changed if hasattr(repeat, key)}),
        by=scene.people.lena,
        who=scene.people.lead,
        now=now,
    )


def test_another_weekday_drops_the_old_dates_and_makes_new_ones(scene: Scene) -> None:
    series = scene.plan()
    change(scene, series, rrule="FREQ=WEEKLY;BYDAY=TU")
    assert {each.day_on.weekday() for each in scene.dates(series)} == {1}
    assert len(scene.dates(series)) in {planning.WEEKS_AHEAD, planning.WEEKS_AHEAD + 1}


def test_back_again_the_same_rows_come_back(scene: Scene) -> None:
    series = scene.plan()
    before = [(each.id, each.starts_at) for each in scene.dates(series)]
    change(scene, series, rrule="FREQ=WEEKLY;BYDAY=TU")
    change(scene, series, rrule="FREQ=WEEKLY;BYDAY=SU")
    assert [(each.id, each.starts_at) for each in scene.dates(series)] == before


def test_a_last_day_that_is_over_is_said_to_be_over(scene: Scene) -> None:
    series = scene.plan(starts_on=TODAY - 4 * WEEK)
    with pytest.raises(NeverHappensError) as caught:
        change(scene, series, until_on=TODAY - dt.timedelta(days=1))
    assert caught.value.reason == "all over"


def test_what_was_held_stays_as_it_was(scene: Scene) -> None:
    series = scene.plan(starts_on=TODAY - 4 * WEEK)
    held = scene.dates(series)[:4]
    before = [(each.id, each.starts_at, each.title) for each in held]
    held[0].state = "closed"
    change(scene, series, starts_minute=600 + 60, title="Else")
    assert [(each.id, each.starts_at, each.title) for each in scene.dates(series)[:4]] == before


def test_a_cancelled_and_a_moved_date_stay_as_somebody_left_them(scene: Scene) -> None:
    series = scene.plan()
    cancelled, moved = scene.dates(series)[:2]
    cancelled.state, cancelled.cancelled_words = "cancelled", "The hall is let"
    moved.is_moved = True
    change(scene, series, title="Else", rrule="FREQ=WEEKLY;BYDAY=TU")
    assert (cancelled.state, cancelled.title) == ("cancelled", "Badminton")
    assert (moved.state, moved.title) == ("planned", "Badminton")


def test_an_earlier_end_drops_what_comes_after_and_a_later_one_makes_it_again(
    scene: Scene,
) -> None:
    series = scene.plan()
    change(scene, series, until_on=TODAY + 3 * WEEK)
    assert len(scene.dates(series)) == 3
    change(scene, series, until_on=None)
    assert len(scene.dates(series)) == planning.WEEKS_AHEAD


def test_a_change_to_nothing_is_refused_and_nothing_is_changed(scene: Scene) -> None:
    series = scene.plan(starts_on=TODAY - 4 * WEEK)
    with pytest.raises(NeverHappensError):
        change(scene, series, until_on=TODAY - WEEK)
    assert series.until_on is None
    assert len(scene.dates(series)) == planning.WEEKS_AHEAD + 4


def test_who_signed_up_for_several_dates_is_told_once(scene: Scene) -> None:
    people, series = scene.people, scene.plan(sign_up="sign-up")
    for planned in scene.dates(series)[:3]:
        service.sign_up(scene.session, people.group, planned, people.mia, now=NOW)
    change(scene, series, title="Else")
    assert not people.told(people.mia)
    change(scene, series, starts_minute=9 * 60)
    assert people.told(people.mia) == ["session-series-changed"]


def test_an_ended_series_keeps_what_was_held_and_drops_what_was_to_come(scene: Scene) -> None:
    people, series = scene.people, scene.plan(starts_on=TODAY - 4 * WEEK, sign_up="sign-up")
    service.sign_up(scene.session, people.group, scene.dates(series)[5], people.mia, now=NOW)
    scene.dates(series)[6].is_moved = True
    ended = service.end_series(
        scene.session, people.group, series, by=people.lena, who=people.lead, now=NOW
    )
    assert ended == planning.WEEKS_AHEAD
    assert len(scene.dates(series)) == 4
    assert people.told(people.mia) == ["session-series-ended"]
    with pytest.raises(SeriesEndedError):
        service.end_series(
            scene.session, people.group, series, by=people.lena, who=people.lead, now=NOW
        )
    with pytest.raises(SeriesEndedError):
        change(scene, series, title="Else")
    assert not service.make_ahead(scene.session, people.community, series, now=NOW + 9 * WEEK)


def test_the_worker_makes_ahead_what_comes_near_and_nothing_twice(scene: Scene) -> None:
    series = scene.plan()
    scene.plan(until_on=TODAY + WEEK)
    passed = PassedOver()
    assert not service.make_next_ahead(scene.session, now=NOW, passed=passed)
    later = NOW + 2 * WEEK
    assert service.make_next_ahead(scene.session, now=later, passed=passed) == 1
    assert service.make_next_ahead(scene.session, now=later, passed=passed) == 0
    assert len(scene.dates(series)) == planning.WEEKS_AHEAD + 2
    dates = scene.session.scalars(
        sa.select(GroupSession.occurrence_on).where(GroupSession.series_id == series.id)
    ).all()
    assert len(dates) == len(set(dates))


def test_a_series_that_begins_beyond_the_horizon_is_made_when_its_time_comes(
    scene: Scene,
) -> None:
    series = scene.plan(starts_on=TODAY + 30 * WEEK)
    assert not scene.dates(series)
    later, passed = NOW + 10 * WEEK, PassedOver()
    assert service.make_next_ahead(scene.session, now=later, passed=passed) == 1
    assert scene.dates(series)[0].day_on >= TODAY + 30 * WEEK
    assert service.make_next_ahead(scene.session, now=later, passed=passed) == 0


def test_the_worker_leaves_a_group_alone_that_has_ended(scene: Scene) -> None:
    scene.plan()
    scene.people.group.state = "ended"
    assert not service.make_next_ahead(scene.session, now=NOW + 9 * WEEK, passed=PassedOver())


def test_two_who_make_ahead_at_the_same_moment_make_each_date_once(
    app: Flask, scene: Scene, session: Session
) -> None:
    community_id, series_id = scene.people.community.id, scene.plan().id
    session.commit()

    def work(inner: Session, community: Community) -> None:
        series = inner.get_one(Series, (community.id, series_id))
        service.make_ahead(inner, community, series, now=NOW + 4 * WEEK)

    assert race(app, community_id, [work] * 4) == {"done": 4}
    session.commit()
    days = [each.occurrence_on for each in scene.every() if each.series_id == series_id]
    assert len(days) == len(set(days)) == planning.WEEKS_AHEAD + 4
