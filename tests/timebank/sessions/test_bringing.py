"""A calendar that a group kept elsewhere becomes its sessions, once however often it comes."""

import datetime as dt
import io
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, at
from tests.pages.page import Walk
from tests.timebank.sessions.scene import LONDON, WEEK, Scene, make_sessions
from tests.timebank.sessions.test_calendar_files import file_of
from timebank.cli import cli
from timebank.clock import utc_now
from timebank.groups import service as groups
from timebank.groups.policy.standing import Standing
from timebank.groups.service import VenueDetails
from timebank.sessions import calendar_names as names
from timebank.sessions import queries, service
from timebank.sessions.calendars import reading
from timebank.sessions.errors import NotYoursToPlanError
from timebank.sessions.models import GroupSession, Series
from timebank.sessions.service import Brought

DAY = dt.timedelta(days=1)
CAFE = """
UID:cafe
SUMMARY:Tuesday café
DTSTART;TZID=Europe/London:20260505T140000
DTEND;TZID=Europe/London:20260505T160000
RRULE:FREQ=WEEKLY;BYDAY=TU
EXDATE;TZID=Europe/London:20260609T140000
"""
MOVED = """
UID:cafe
RECURRENCE-ID;TZID=Europe/London:20260616T140000
SUMMARY:Café in the garden
DTSTART;TZID=Europe/London:20260617T150000
DTEND;TZID=Europe/London:20260617T160000
"""
TALK = """
UID:talk
SUMMARY:A talk
LOCATION:Library
DTSTART:20260512T190000
DTEND:20260512T203000
"""


@pytest.fixture
def scene(session: Session) -> Scene:
    """Make a group without any plans."""
    scene = make_sessions(session)
    session.delete(scene.morning)
    session.flush()
    return scene


def bring(
    scene: Scene, *events: str, who: Standing | None = None, now: dt.datetime = NOW
) -> Brought:
    people = scene.people
    found = reading.read(file_of(*events), zone=LONDON, today=now.astimezone(LONDON).date())
    assert found.left_out == []
    return service.bring_in(
        scene.session,
        people.community,
        people.group,
        found.plans,
        is_public=False,
        taken_back="Not any more.",
        by=people.lena,
        who=who or people.lead,
        now=now,
    )


def fates(brought: Brought) -> list[str]:
    return [each.fate for each in brought.fates]


def series_of(scene: Scene) -> Series:
    [series] = queries.series_of_group(scene.session, scene.people.group)
    return series


def on(scene: Scene, month: int, day: int) -> GroupSession:
    found = queries.session_on(scene.session, series_of(scene), dt.date(2026, month, day))
    assert found is not None
    return found


def test_what_repeats_is_a_series_and_what_does_not_a_session(scene: Scene) -> None:
    groups.add_venue(scene.session, scene.people.community, VenueDetails(name="Library"), now=NOW)
    assert fates(bring(scene, CAFE, MOVED, TALK)) == ["new", "new"]
    series = series_of(scene)
    assert (series.rrule, series.source_uid) == ("FREQ=WEEKLY;BYDAY=TU", "cafe")
    assert on(scene, 5, 5).starts_at.hour == 13  # two o'clock in summer
    assert on(scene, 10, 27).starts_at.hour == 14
    off = on(scene, 6, 9)
    assert (off.state, off.cancelled_words) == ("cancelled", "Not any more.")
    moved = on(scene, 6, 16)
    assert (moved.day_on, moved.title, moved.minutes) == (
        dt.date(2026, 6, 17),
        "Café in the garden",
        60,
    )
    [talk] = [each for each in scene.every() if each.series_id is None]
    assert (talk.title, talk.minutes, talk.where_words) == ("A talk", 90, "")
    assert talk.venue_id is not None


def test_the_same_file_comes_twice_and_changes_nothing(scene: Scene) -> None:
    bring(scene, CAFE, MOVED, TALK)
    before = [(each.id, each.sequence, each.starts_at, each.state) for each in scene.every()]
    assert fates(bring(scene, CAFE, MOVED, TALK)) == ["known", "known"]
    assert fates(bring(scene, CAFE, MOVED, TALK, now=NOW + DAY)) == ["known", "known"]
    after = [(each.id, each.sequence, each.starts_at, each.state) for each in scene.every()]
    assert after == before


def test_a_later_file_changes_what_is_to_come_and_nothing_else(scene: Scene) -> None:
    bring(scene, CAFE, MOVED, TALK)
    held = on(scene, 5, 5)
    held.state = "closed"
    capacity = series_of(scene)
    capacity.capacity, capacity.sign_up = 12, "sign-up"
    later = CAFE.replace("T140000", "T150000").replace("T160000", "T170000")
    talk = TALK.replace("20260512", "20260513").replace("A talk", "A talk, at last")
    assert fates(bring(scene, later, talk, now=NOW + 4 * DAY)) == ["changed", "changed"]
    assert (held.state, held.starts_at.hour) == ("closed", 13)
    assert on(scene, 5, 12).starts_at.hour == 14
    assert (series_of(scene).capacity, series_of(scene).sign_up) == (12, "sign-up")
    [moved] = [each for each in scene.every() if each.series_id is None]
    assert (moved.day_on, moved.title) == (dt.date(2026, 5, 13), "A talk, at last")


def test_what_a_file_takes_back_ends_here(scene: Scene) -> None:
    bring(scene, CAFE, TALK)
    back = [f"{event}STATUS:CANCELLED" for event in (CAFE, TALK)]
    assert fates(bring(scene, *back)) == ["taken back", "taken back"]
    assert queries.series_of_group(scene.session, scene.people.group) == []
    # The date that was off before stays so.
    assert {each.state for each in scene.every()} == {"cancelled"}
    assert len(scene.every()) == 2
    assert fates(bring(scene, *back)) == ["known", "known"]
    never = bring(scene, f"{TALK.replace('talk', 'walk')}STATUS:CANCELLED")
    assert (fates(never), never.remarks[0].code) == (["left out"], "cancelled")


def test_a_date_far_ahead_is_made_early_to_be_changed(scene: Scene) -> None:
    far = CAFE.replace("20260609", "20261222")
    bring(scene, far)
    assert on(scene, 12, 22).state == "cancelled"
    assert on(scene, 12, 15).state == "planned"
    assert fates(bring(scene, far)) == ["known"]


def test_one_that_is_refused_leaves_the_others(scene: Scene) -> None:
    people = scene.people
    service.close_days(
        scene.session,
        people.community,
        people.group,
        from_on=dt.date(2026, 5, 12),
        until_on=dt.date(2026, 5, 12),
        words="Painting",
        by=people.lena,
        who=people.lead,
        now=NOW,
    )
    brought = bring(scene, TALK, CAFE)
    assert fates(brought) == ["left out", "new"]
    assert [remark.code for remark in brought.remarks] == ["closed"]


def test_only_those_who_hold_sessions_bring_them_in(scene: Scene) -> None:
    with pytest.raises(NotYoursToPlanError):
        bring(scene, TALK, who=scene.people.who(scene.people.mia))


def test_an_event_without_place_is_where_the_group_meets(scene: Scene) -> None:
    people = scene.people
    hall = groups.add_venue(scene.session, people.community, VenueDetails(name="Hall"), now=NOW)
    people.group.venue_id = hall.id
    online = TALK.replace("Library", "https://meet.example/room").replace("UID:talk", "UID:two")
    bring(scene, CAFE, online)
    assert series_of(scene).venue_id == hall.id
    [talk] = [each for each in scene.every() if each.series_id is None]
    assert (talk.setting, talk.venue_id) == ("online", None)


def test_every_reason_has_a_sentence() -> None:
    folder = Path(reading.__file__).parent
    source = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    events = set(re.findall(r'[^e]EventError\(\s*"([^"]+)"', source))
    files = set(re.findall(r'CalendarFileError\(\s*"([^"]+)"', source))
    remarks = set(re.findall(r'(?:remark\(|, )"([a-z ]+ (?:cut|title|read|rule))"', source))
    assert len(events) > 15
    assert events | {"within", "cut off"} | set(service.bringing.CODES.values()) <= set(
        names.EVENT_WORDS
    )
    assert files <= set(names.FILE_WORDS)
    assert remarks <= set(names.REMARK_WORDS)


# ------------------------------------------------------------------------------- the command


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(cli, ["import", "calendar", *words])


def test_the_command_says_first_what_would_happen(scene: Scene, app: Flask, tmp_path: Path) -> None:
    scene.session.commit()
    file = tmp_path / "ours.ics"
    when = f"{utc_now() + 9 * DAY:%Y%m%d}"
    talk = TALK.replace("20260512", when)
    file.write_bytes(file_of(talk, "UID:x\nSUMMARY:Tax\nDTSTART;VALUE=DATE:20260512"))
    asked = (str(file), "--group", "badminton")
    preview = run(app, *asked, "--dry-run")
    assert preview.exit_code == 1
    assert "“Tax” (line 10): It lasts all day." in preview.output
    assert "2 events read: 1 new, 0 changed, 0 here already, 0 taken back, 1 left out." in (
        preview.output
    )
    assert "dry run" in preview.output
    scene.session.rollback()
    assert scene.every() == []
    assert "1 new" in run(app, *asked, "--community", scene.people.community.slug).output
    assert "1 here already" in run(app, *asked).output
    scene.session.rollback()
    assert [each.title for each in scene.every()] == ["A talk"]
    file.write_text("a,b")
    broken = run(app, *asked)
    assert broken.exit_code == 2
    assert "This is not a calendar file." in broken.output
    file.write_bytes(file_of(talk))
    assert "There is no group" in run(app, str(file), "--group", "chess").output


# ---------------------------------------------------------------------------------- the page


def _soon() -> tuple[str, str]:
    """Return the café and the talk as they are when the pages are walked."""
    day = utc_now().astimezone(LONDON).date()
    tuesday = day + ((1 - day.weekday()) % 7 or 7) * DAY
    cafe = CAFE.replace("20260505", f"{tuesday:%Y%m%d}")
    return (
        cafe.replace("20260609", f"{tuesday + 5 * WEEK:%Y%m%d}"),
        TALK.replace("20260512", f"{tuesday + DAY:%Y%m%d}"),
    )


def test_a_lead_sees_what_becomes_of_a_file_and_brings_it_in(scene: Scene, walk: Walk) -> None:
    lena, community = walk(scene.people.lena), scene.people.community
    cafe, talk = _soon()
    lena.get(at(community, "/groups/badminton"))
    lena.follow("In your own calendar")
    lena.follow("Bring in a calendar file")
    page = lena.submit(words="not a calendar", status=422)
    assert "This is not a calendar file." in page
    odd = "UID:x\nSUMMARY:Tax day\nDTSTART;VALUE=DATE:20260512"
    content = file_of(cafe, talk, odd).decode()
    page = lena.submit(words=content)
    assert "2 events would be brought in. 1 would be left out." in page
    assert "“Tax day”" in page
    assert "14:00 to 16:00" in page
    assert len(str(page.soup)) < 50_000
    scene.session.rollback()
    assert scene.every() == []
    page = lena.submit(button="Bring it in")
    assert "2 events were brought in." in page
    scene.session.rollback()
    assert {each.title for each in scene.every()} == {"Tuesday café", "A talk"}
    lena.get(at(community, "/groups/badminton/calendar/bring-in"))
    page = lena.submit(words=content)
    assert "Here already" in page
    assert "Bring it in" not in page


def test_the_dates_shown_are_those_on_which_it_is(scene: Scene, walk: Walk) -> None:
    """The second is off, and the third on another day."""
    lena = walk(scene.people.lena)
    first = dt.date.fromisoformat(_soon()[0].split("DTSTART;TZID=Europe/London:")[1][:8])
    second, third, day_after = first + WEEK, first + 2 * WEEK, first + 2 * WEEK + DAY
    cafe = _soon()[0].replace(f"{first + 5 * WEEK:%Y%m%d}", f"{second:%Y%m%d}")
    moved = MOVED.replace("20260616", f"{third:%Y%m%d}").replace("20260617", f"{day_after:%Y%m%d}")
    lena.get(at(scene.people.community, "/groups/badminton/calendar/bring-in"))
    page = lena.submit(words=file_of(cafe, moved).decode())
    assert f"then {day_after.day} {day_after:%b %Y}" in page
    for gone in (second, third):
        assert f"{gone.day} {gone:%b %Y}" not in page


def test_a_file_is_sent_as_a_file(scene: Scene, walk: Walk) -> None:
    lena = walk(scene.people.lena)
    path = at(scene.people.community, "/groups/badminton/calendar/bring-in")
    page = lena.get(path)
    fields: dict[str, Any] = {"csrf_token": str(page.one("main [name=csrf_token]")["value"])}
    fields["file"] = (io.BytesIO(file_of(*_soon())), "ours.ics")
    answer = lena.client.post(
        path, data=fields, headers={"Referer": f"https://timebank.example{path}"}
    )
    assert "2 events would be brought in." in answer.get_data(as_text=True)


def test_the_page_is_for_those_who_plan(scene: Scene, walk: Walk) -> None:
    path = at(scene.people.community, "/groups/badminton/calendar/bring-in")
    walk(scene.people.mia).refused(path)
    walk(scene.people.cora).get(path)


@pytest.mark.parametrize("packed", ["", "x", "eJw=", "AAAA" * 1000])
def test_a_page_that_was_tampered_with_is_no_calendar(
    scene: Scene, walk: Walk, packed: str
) -> None:
    lena, community = walk(scene.people.lena), scene.people.community
    page = lena.get(at(community, "/groups/badminton/calendar/bring-in"))
    token = str(page.one("main [name=csrf_token]")["value"])
    path = at(community, "/groups/badminton/calendar/brought-in")
    page = lena.post(path, {"packed": packed, "csrf_token": token}, status=422)
    assert "This is not a calendar file." in page
