"""A community's clock on the wall becomes another one, and what is planned by it."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from tests.factories import at, make_community
from tests.pages.page import Walk
from tests.timebank.sessions.scene import Scene, make_sessions
from timebank.clock import utc_now
from timebank.communities.errors import UnknownTimeZoneError
from timebank.communities.policy import time_zones_like
from timebank.sessions import service
from timebank.sessions.models import GroupSession, Series
from timebank.sessions.service import Changed, SessionDetails, Time

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
AUCKLAND = ZoneInfo("Pacific/Auckland")
DAY = dt.timedelta(days=1)


@pytest.fixture
def scene(session: Session) -> Scene:
    return make_sessions(session)


def change(
    scene: Scene, zone: str = "Europe/Copenhagen", *, keeps_time_of_day: bool = True
) -> Changed:
    return service.change_time_zone(
        scene.session,
        scene.people.community,
        zone,
        keeps_time_of_day=keeps_time_of_day,
        by=scene.people.cora,
        now=scene.now,
    )


def shown(planned: GroupSession, zone: ZoneInfo) -> tuple[str, str]:
    """Return the day and the times that the clock on the wall shows."""
    begins, ends = planned.starts_at.astimezone(zone), planned.ends_at.astimezone(zone)
    assert begins.date() == planned.day_on
    return f"{begins:%a %H:%M}", f"{ends:%H:%M}"


def test_tuesday_at_two_stays_tuesday_at_two(scene: Scene) -> None:
    series = scene.plan(starts_minute=14 * 60, length_minutes=90)
    alone = scene.plan_one(starts_minute=20 * 60, length_minutes=6 * 60)
    london = ZoneInfo("Europe/London")
    dates = [*scene.dates(series), alone, scene.morning]
    before = [(shown(each, london), each.starts_at, each.sequence) for each in dates]
    assert change(scene).moved == len(dates)
    for each, (words, moment, sequence) in zip(dates, before, strict=True):
        assert shown(each, COPENHAGEN) == words
        assert moment - each.starts_at == dt.timedelta(hours=1)
        assert each.sequence == sequence + 1
    assert scene.people.community.time_zone == "Europe/Copenhagen"


def test_a_date_that_was_moved_or_called_off_goes_along(scene: Scene) -> None:
    series = scene.plan(starts_minute=14 * 60, length_minutes=60)
    moved, off = scene.dates(series)[:2]
    details = service.details_of(moved)
    service.change_session(
        scene.session,
        scene.people.community,
        scene.people.group,
        moved,
        details,
        Time(day_on=moved.day_on + DAY, starts_minute=9 * 60 + 15, length_minutes=30),
        by=scene.people.lena,
        who=scene.people.lead,
        now=scene.now,
    )
    service.cancel_session(
        scene.session, scene.people.group, off, words="The hall is let.", by=scene.people.lena,
        who=scene.people.lead, now=scene.now,
    )  # fmt: skip
    change(scene)
    assert shown(moved, COPENHAGEN)[0].endswith("09:15")
    assert shown(off, COPENHAGEN)[0].endswith("14:00")
    assert (moved.is_moved, off.state) == (True, "cancelled")


def test_what_is_open_closed_or_begun_stays_where_it_is(scene: Scene) -> None:
    today = scene.now.astimezone(ZoneInfo("Europe/London"))
    begun = scene.plan_one(today.date(), today.hour * 60, length_minutes=120)
    opened, closed = scene.plan_one(), scene.plan_one()
    for each, state in ((opened, "open"), (closed, "closed")):
        each.state = state
    scene.session.flush()
    stays = [(each, each.starts_at, each.ends_at) for each in (begun, opened, closed)]
    assert change(scene).moved == 1, "the session of the scene alone"
    for each, starts_at, ends_at in stays:
        assert (each.starts_at, each.ends_at) == (starts_at, ends_at)


def test_nothing_is_moved_into_the_past(scene: Scene) -> None:
    local = (scene.now + dt.timedelta(hours=3)).astimezone(ZoneInfo("Europe/London"))
    soon = scene.plan_one(local.date(), local.hour * 60 + local.minute, length_minutes=30)
    before = soon.starts_at
    change(scene, "Pacific/Auckland")
    assert soon.starts_at == before
    assert shown(scene.morning, AUCKLAND)[0].endswith("10:00")


def test_a_date_can_keep_its_moment(scene: Scene) -> None:
    late = scene.plan_one(starts_minute=23 * 60, length_minutes=30)
    moments = [(each, each.starts_at, each.sequence) for each in (late, scene.morning)]
    assert change(scene, keeps_time_of_day=False).moved == 0
    for each, starts_at, sequence in moments:
        assert (each.starts_at, each.sequence) == (starts_at, sequence)
    assert shown(late, COPENHAGEN) == (f"{late.day_on:%a} 00:00", "00:30")


def test_what_kept_its_moment_keeps_its_time_of_day_the_next_time(scene: Scene) -> None:
    series = scene.plan(starts_minute=23 * 60, length_minutes=60)
    change(scene, keeps_time_of_day=False)
    before = [(each, shown(each, COPENHAGEN)) for each in scene.dates(series)]
    assert {words[0][-5:] for _, words in before} == {"00:00"}
    change(scene, "Pacific/Auckland")
    for each, words in before:
        assert shown(each, AUCKLAND) == words


def test_dates_made_later_are_on_the_new_clock(scene: Scene) -> None:
    series = scene.plan(starts_minute=14 * 60, length_minutes=60)
    change(scene)
    scene.session.refresh(series)
    service.make_ahead(scene.session, scene.people.community, series, now=scene.now + 60 * DAY)
    assert {shown(each, COPENHAGEN)[0][-5:] for each in scene.dates(series)} == {"14:00"}


def made_later(scene: Scene, series: Series) -> set[str]:
    """Let more dates be made; return all days and times of day that there are."""
    scene.session.refresh(series)
    service.make_ahead(scene.session, scene.people.community, series, now=scene.now + 60 * DAY)
    return {shown(each, COPENHAGEN)[0] for each in scene.dates(series)}


def test_a_series_goes_on_at_the_moment_that_its_dates_keep(scene: Scene) -> None:
    series = scene.plan(starts_minute=14 * 60, length_minutes=60)
    before = len(scene.dates(series))
    assert change(scene, keeps_time_of_day=False).look_at == []
    assert made_later(scene, series) == {"Sun 15:00"}
    assert len(scene.dates(series)) > before
    moments = [each.starts_at for each in scene.dates(series)]
    service.change_series(
        scene.session, scene.people.community, scene.people.group, series,
        SessionDetails(title="Doubles"), service.repeat_of(series), by=scene.people.lena,
        who=scene.people.lead, now=scene.now,
    )  # fmt: skip
    assert [each.starts_at for each in scene.dates(series)] == moments


def test_a_series_whose_next_date_the_clock_jumps_over_goes_by_the_one_after(scene: Scene) -> None:
    spring = dt.date(2027, 3, 28)
    series = scene.plan(starts_on=spring, starts_minute=90, length_minutes=60)
    change(scene, keeps_time_of_day=False)
    assert series.starts_minute == 150


def test_a_series_that_falls_on_another_day_is_for_people_to_look_at(scene: Scene) -> None:
    series = scene.plan(starts_minute=23 * 60, length_minutes=60)
    scene.plan(starts_on=scene.today - 30 * DAY, until_on=scene.today)
    assert change(scene, keeps_time_of_day=False).look_at == [series]
    assert series.starts_minute == 23 * 60
    assert made_later(scene, series) == {"Mon 00:00", "Sun 23:00"}


def test_other_communities_and_unknown_zones(scene: Scene, session: Session) -> None:
    with pytest.raises(UnknownTimeZoneError):
        change(scene, "Elm/Street")
    elsewhere = make_sessions(session)
    before = elsewhere.morning.starts_at
    change(scene)
    assert elsewhere.morning.starts_at == before
    assert elsewhere.people.community.time_zone == "Europe/London"
    assert make_community(session, slug="new").time_zone == "Europe/London"


def test_a_town_finds_its_time_zone() -> None:
    assert time_zones_like("Copenhagen") == ["Europe/Copenhagen"]
    assert time_zones_like("new york") == ["America/New_York"]
    assert time_zones_like("x") == time_zones_like("") == time_zones_like("Elm Street") == []


def test_the_page_says_what_becomes_of_the_dates(session: Session, walk: Walk) -> None:
    scene = make_sessions(session, now=utc_now())
    community, cora = scene.people.community, walk(scene.people.cora)
    cora.get(at(community, "/settings"))
    page = cora.follow("Change it")
    assert "Europe/London" in page
    assert "1 date is planned from now on." in page
    page = cora.submit(time_zone="Copenhagen", status=422)
    assert page.mistakes == ["No time zone is called “Copenhagen”. Do you mean Europe/Copenhagen?"]
    assert page.one("#time_zone")["value"] == "Copenhagen"
    assert cora.submit(time_zone="Elm/Street", status=422).mistakes == [
        "Enter a time zone like Europe/Copenhagen."
    ]
    page = cora.submit(time_zone="Europe/Copenhagen")
    assert "The clock is Europe/Copenhagen now. 1 date went with it" in page
    assert "Time zone: from “Europe/London” to “Europe/Copenhagen”" in page
    session.expire_all()
    assert shown(scene.morning, COPENHAGEN) == (f"{scene.morning.day_on:%a} 10:00", "12:00")
    cora.follow("Change it")
    assert "Nothing was changed." in cora.submit()
    walk(scene.people.lena).refused(at(community, "/settings/time-zone"))


def test_the_page_moves_nothing_where_moments_are_kept(session: Session, walk: Walk) -> None:
    scene = make_sessions(session, now=utc_now())
    before, cora = scene.morning.starts_at, walk(scene.people.cora)
    cora.get(at(scene.people.community, "/settings/time-zone"))
    page = cora.submit(time_zone="Europe/Copenhagen", keeps="moment")
    assert "The clock is Europe/Copenhagen now." in page
    assert "is on another day" not in page
    session.expire_all()
    assert scene.morning.starts_at == before


def test_the_page_names_what_is_on_another_day(session: Session, walk: Walk) -> None:
    scene = make_sessions(session, now=utc_now())
    scene.plan(starts_minute=23 * 60, length_minutes=60, title="Night walk")
    cora = walk(scene.people.cora)
    cora.get(at(scene.people.community, "/settings/time-zone"))
    page = cora.submit(time_zone="Europe/Copenhagen", keeps="moment")
    assert "By the new clock this is on another day: Night walk. Look at its plan" in page
