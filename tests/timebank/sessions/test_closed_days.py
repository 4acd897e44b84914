"""Days without sessions, and back again."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.timebank.sessions.scene import TODAY, WEEK, Scene, make_sessions
from timebank.groups.errors import DayOutOfRangeError
from timebank.groups.models import Group
from timebank.groups.policy.standing import Standing
from timebank.sessions import service
from timebank.sessions.errors import (
    ClosedDayNotFoundError,
    ClosedThatDayError,
    EndsBeforeItStartsError,
    NeverHappensError,
    NotYoursToPlanError,
    OverAlreadyError,
    TooLongClosedError,
)
from timebank.sessions.models import ClosedDay

DAY = dt.timedelta(days=1)
SUNDAY = TODAY + 6 * DAY


@pytest.fixture
def scene(session: Session) -> Scene:
    """Make the group and its people."""
    return make_sessions(session)


def close(scene: Scene, group: Group | None = None, **days: Any) -> ClosedDay:
    """Close some days, of the community where no group is named."""
    people = scene.people
    who = people.lead if group is not None else people.who(people.cora, "coordinator")
    values: dict[str, Any] = {"from_on": SUNDAY, "until_on": SUNDAY, "words": "Bank holiday"} | days
    return service.close_days(
        scene.session, people.community, group, by=people.cora, who=who, now=NOW, **values
    )


def open_again(scene: Scene, closed: ClosedDay) -> None:
    """Take a closed time back."""
    people = scene.people
    service.open_again(
        scene.session,
        people.community,
        closed,
        by=people.cora,
        who=people.who(people.cora, "coordinator"),
        now=NOW,
    )


def test_sessions_of_a_closed_day_stay_planned_and_come_back(scene: Scene) -> None:
    closed = close(scene)
    assert (scene.morning.state, scene.morning.is_off) == ("planned", True)
    open_again(scene, closed)
    assert not scene.morning.is_off
    with pytest.raises(ClosedDayNotFoundError):
        open_again(scene, closed)


def test_a_closed_group_closes_no_other_group(scene: Scene) -> None:
    people = scene.people
    tea = people.start()
    other = service.plan_session(
        scene.session,
        people.community,
        tea,
        service.SessionDetails(title="Tea"),
        day_on=SUNDAY,
        starts_minute=900,
        length_minutes=60,
        who=Standing(part="lead"),
        now=NOW,
    )
    close(scene, people.group)
    assert scene.morning.is_off
    assert not other.is_off
    close(scene)
    assert other.is_off


def test_what_two_closed_times_cover_comes_back_with_the_second(scene: Scene) -> None:
    one, two = close(scene), close(scene, scene.people.group)
    open_again(scene, one)
    assert scene.morning.closed_day_id == two.id
    open_again(scene, two)
    assert not scene.morning.is_off


def test_sessions_made_later_know_of_the_closed_day(scene: Scene) -> None:
    close(scene, from_on=SUNDAY, until_on=SUNDAY + WEEK)
    made = scene.dates(scene.plan())
    assert [each.is_off for each in made[:3]] == [True, True, False]


def test_a_series_that_falls_only_on_closed_days_says_so(scene: Scene) -> None:
    close(scene, from_on=TODAY, until_on=TODAY + 4 * WEEK)
    with pytest.raises(NeverHappensError) as caught:
        scene.plan(until_on=TODAY + 3 * WEEK)
    assert caught.value.reason == "always closed"


def test_nothing_single_is_planned_on_a_closed_day(scene: Scene) -> None:
    close(scene)
    with pytest.raises(ClosedThatDayError):
        scene.plan_one(SUNDAY)


def test_who_signed_up_is_told_both_times(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up")
    service.sign_up(scene.session, people.group, planned, people.mia, now=NOW)
    closed = close(scene)
    open_again(scene, closed)
    assert people.told(people.mia) == ["session-closed-day", "session-back"]


@pytest.mark.parametrize(
    ("days", "refusal"),
    [
        ({"until_on": SUNDAY - DAY}, EndsBeforeItStartsError),
        ({"from_on": TODAY - 2 * DAY, "until_on": TODAY - DAY}, OverAlreadyError),
        ({"until_on": SUNDAY + 366 * DAY}, TooLongClosedError),
        ({"from_on": dt.date(9999, 1, 1), "until_on": dt.date(9999, 1, 2)}, DayOutOfRangeError),
    ],
)
def test_days_that_make_no_sense_are_refused(
    scene: Scene, days: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        close(scene, **days)
    assert not scene.morning.is_off


def test_a_lead_closes_their_group_and_a_coordinator_the_community(scene: Scene) -> None:
    people = scene.people
    people.come_in(people.hugo, "host")
    for group, who in ((None, people.lead), (people.group, people.who(people.hugo))):
        with pytest.raises(NotYoursToPlanError):
            service.close_days(
                scene.session,
                people.community,
                group,
                from_on=SUNDAY,
                until_on=SUNDAY,
                words="",
                by=people.lena,
                who=who,
                now=NOW,
            )
