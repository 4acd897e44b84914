"""Calendars that other programs subscribe to: what is in them, for whom, as others read them."""

import datetime as dt
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import icalendar
import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.conftest import Client
from tests.factories import at, make_community, make_member
from tests.pages.page import Walk
from tests.timebank.sessions.scene import LONDON, Scene, make_sessions
from timebank.clock import utc_now
from timebank.db import new_id
from timebank.members import service as members
from timebank.sessions import queries, service
from timebank.sessions.calendars import reading, writing
from timebank.sessions.calendars.writing import Entry
from timebank.sessions.errors import FeedNotFoundError
from timebank.sessions.models import FeedToken, GroupSession, SignUp

DAY = dt.timedelta(days=1)


@pytest.fixture
def scene(session: Session) -> Scene:
    """Make the people, and a session in three days at which Mia has a place."""
    scene = make_sessions(session)
    scene.morning = scene.plan_one(
        day_on=_today() + 3 * DAY, title="Badminton; doubles, mixed", where_words="Court 2"
    )
    _sign_up(scene, scene.morning)
    return scene


def _today() -> dt.date:
    return utc_now().astimezone(LONDON).date()


def _sign_up(scene: Scene, planned: GroupSession, state: str = "signed") -> None:
    scene.session.add(
        SignUp(
            community_id=planned.community_id,
            session_id=planned.id,
            member_id=scene.people.mia.id,
            state=state,
            since_at=utc_now(),
        )
    )
    scene.session.flush()


def feed_path(scene: Scene, *, has_titles: bool = False, has_groups: bool = False) -> str:
    secret = service.make_feed(
        scene.session,
        scene.people.mia,
        has_titles=has_titles,
        has_groups=has_groups,
        now=utc_now(),
    )
    return at(scene.people.community, f"/calendar/{secret}.ics")


def parsed(content: bytes) -> Any:
    """Read a calendar with the library alone, as another program would."""
    return icalendar.Calendar.from_ical(content)


def events_in(answer: TestResponse) -> list[Any]:
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    found: list[Any] = parsed(answer.get_data()).walk("VEVENT")
    return found


# ------------------------------------------------------------------------- a member's feed


def test_a_feed_says_appointment_until_its_member_wants_more(scene: Scene, client: Client) -> None:
    [event] = events_in(client.get(feed_path(scene)))
    assert str(event["SUMMARY"]) == "Appointment"
    assert set(event) & {"LOCATION", "DESCRIPTION", "URL"} == set()
    assert "Badminton" not in event.to_ical().decode()
    [event] = events_in(client.get(feed_path(scene, has_titles=True)))
    assert str(event["SUMMARY"]) == "Badminton; doubles, mixed"
    assert "Court 2" in event["LOCATION"]


def test_a_feed_names_nobody_else(scene: Scene, client: Client) -> None:
    scene.morning.host_id = scene.people.lena.id
    scene.session.flush()
    text = client.get(feed_path(scene, has_titles=True, has_groups=True)).get_data(as_text=True)
    for name in ("Lena", "Hugo", "Mia", "Cora", "Otto"):
        assert name not in text


def test_a_feed_holds_what_is_ones_own_and_the_groups_by_choice(
    scene: Scene, client: Client
) -> None:
    tea = scene.people.start(name="Tea")
    held = scene.plan_one(day_on=_today() + DAY)
    held.host_id = scene.people.mia.id
    of_my_group = scene.plan_one(day_on=_today() + 2 * DAY)
    of_another = scene.plan_one(day_on=_today() + 2 * DAY)
    of_another.group_id = tea.id
    withdrawn = scene.plan_one(day_on=_today() + 4 * DAY)
    _sign_up(scene, withdrawn, "withdrawn")
    scene.people.come_in(scene.people.mia)

    def in_feed(*, has_groups: bool) -> set[str]:
        found = events_in(client.get(feed_path(scene, has_groups=has_groups)))
        return {str(event["UID"]).partition("@")[0] for event in found}

    assert in_feed(has_groups=False) == {str(held.id), str(scene.morning.id)}
    of_group = {str(each.id) for each in (held, of_my_group, withdrawn, scene.morning)}
    assert in_feed(has_groups=True) == of_group


def test_a_place_one_waits_for_is_not_sure(scene: Scene, client: Client) -> None:
    waits = scene.plan_one(day_on=_today() + 4 * DAY)
    _sign_up(scene, waits, "waiting")
    sure, unsure = events_in(client.get(feed_path(scene)))
    assert (str(sure["STATUS"]), str(unsure["STATUS"])) == ("CONFIRMED", "TENTATIVE")


def test_what_is_moved_or_cancelled_keeps_its_name_and_is_newer(
    scene: Scene, client: Client
) -> None:
    path, planned = feed_path(scene), scene.morning
    [before] = events_in(client.get(path))
    planned.starts_at += 2 * DAY
    planned.ends_at += 2 * DAY
    planned.sequence += 1
    planned.changed_at = utc_now()
    [moved] = events_in(client.get(path))
    assert moved["UID"] == before["UID"]
    assert moved["SEQUENCE"] > before["SEQUENCE"]
    assert moved["DTSTART"].dt - before["DTSTART"].dt == 2 * DAY
    planned.state = "cancelled"
    planned.sequence += 1
    [cancelled] = events_in(client.get(path))
    assert (str(cancelled["STATUS"]), cancelled["SEQUENCE"]) == ("CANCELLED", 2)
    planned.state = "dropped"
    assert events_in(client.get(path)) == []


def test_a_program_that_has_it_all_is_told_so(scene: Scene, client: Client) -> None:
    path = feed_path(scene)
    first = client.get(path)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    head = client.head(path)
    assert (head.status_code, head.get_data()) == (200, b"")
    assert head.headers["ETag"] == first.headers["ETag"]
    scene.morning.sequence += 1
    newer = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert newer.status_code == 200
    assert client.post(path).status_code == 405


def test_an_address_that_was_ended_or_never_made_leads_nowhere(
    scene: Scene, client: Client, session: Session
) -> None:
    path = feed_path(scene)
    assert client.get(path).status_code == 200
    assert client.get(path.replace(".ics", "x.ics")).status_code == 404
    assert client.get(at(scene.people.community, "/calendar/.ics")).status_code == 404
    elsewhere = make_community(session, slug="elsewhere")
    assert client.get(at(elsewhere, path[path.index("/calendar") :])).status_code == 404
    newer = feed_path(scene)
    assert client.get(path).status_code == 404
    assert client.get(newer).status_code == 200
    service.end_feed(session, scene.people.mia, now=utc_now())
    assert client.get(newer).status_code == 404
    with pytest.raises(FeedNotFoundError):
        service.choose_feed(session, scene.people.mia, has_titles=True, has_groups=True)
    back = feed_path(scene)
    mia = scene.people.mia
    members.leave(session, mia, by=mia, now=utc_now())
    assert client.get(back).status_code == 404


def test_whoever_leaves_and_comes_back_does_not_get_the_old_address_again(
    scene: Scene, client: Client, session: Session
) -> None:
    path, mia, community = feed_path(scene), scene.people.mia, scene.people.community
    members.leave(session, mia, by=mia, now=utc_now())
    members.bring_back(session, mia, community=community, by=scene.people.cora, now=utc_now())
    assert client.get(path).status_code == 404
    assert queries.feed_of(session, mia) is None
    assert client.get(feed_path(scene)).status_code == 200


def test_the_secret_is_kept_nowhere(scene: Scene, session: Session) -> None:
    secret = feed_path(scene).rpartition("/")[2].removesuffix(".ics")
    token = session.query(FeedToken).one()
    assert len(secret) >= 32
    assert secret.encode() not in token.secret_hash
    assert len(token.secret_hash) == 32


# -------------------------------------------------------------------------- a group's feed


def test_a_groups_feed_holds_what_everybody_may_know(scene: Scene, client: Client) -> None:
    group, path = scene.people.group, at(scene.people.community, "/groups/badminton/calendar.ics")
    scene.morning.is_public = True
    scene.plan_one(day_on=_today() + DAY, title="For members")
    assert client.get(path).status_code == 404
    group.is_public = True
    answer = client.get(path)
    [event] = events_in(answer)
    assert str(event["SUMMARY"]) == "Badminton; doubles, mixed"
    assert str(event["LOCATION"]).endswith("Court 2")
    assert client.get(str(event["URL"])).status_code == 200
    assert "private" not in answer.headers["Cache-Control"]
    group.state = "ended"
    assert client.get(path).status_code == 404


def test_no_link_to_an_online_room_is_public(scene: Scene, client: Client) -> None:
    scene.people.group.is_public = scene.morning.is_public = True
    scene.morning.setting, scene.morning.where_words = "online", "https://meet.example/room"
    path = at(scene.people.community, "/groups/badminton/calendar.ics")
    [event] = events_in(client.get(path))
    assert str(event["LOCATION"]) == "Online"


# ------------------------------------------------------------------------------ the format


def entry(day: dt.date, hour: int, hours: int = 2, **values: Any) -> Entry:
    starts = dt.datetime.combine(day, dt.time(hour), LONDON)
    facts: dict[str, Any] = {
        "session_id": new_id(),
        "sequence": 0,
        "changed_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        "starts_at": starts.astimezone(dt.UTC),
        "ends_at": (starts + dt.timedelta(hours=hours)).astimezone(dt.UTC),
        "state": "confirmed",
        "title": "Tea",
    }
    return Entry(**(facts | values))


def write(*entries: Entry) -> bytes:
    return writing.write(entries, name="Tea", host="timebank.example", zone=LONDON)


def test_an_empty_calendar_is_a_calendar() -> None:
    assert parsed(write()).walk("VEVENT") == []


def test_lines_are_short_and_odd_words_come_back_whole() -> None:
    title = "Tea, cake; and “more”\\\nfor all: " + "æøå" * 60
    content = write(entry(dt.date(2026, 3, 2), 10, title=title))
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert content.endswith(b"END:VCALENDAR\r\n")
    [event] = parsed(content).walk("VEVENT")
    assert str(event["SUMMARY"]) == title


def test_ten_o_clock_is_ten_o_clock_over_the_nights_in_which_the_clocks_change() -> None:
    """The described zone is believed, as a program would that knows no zones by name."""
    days = [dt.date(2026, month, day) for month, day in ((3, 28), (3, 29), (10, 24), (10, 25))]
    calendar = parsed(write(*(entry(day, 10) for day in days)))
    [described] = calendar.walk("VTIMEZONE")
    clock = described.to_tz(lookup_tzid=False)
    events = calendar.walk("VEVENT")
    moments = [event["DTSTART"].dt.replace(tzinfo=clock).astimezone(dt.UTC) for event in events]
    assert [moment.hour for moment in moments] == [10, 9, 9, 10]
    assert [later - earlier for earlier, later in pairwise(moments)][::2] == [
        dt.timedelta(hours=23),
        dt.timedelta(hours=25),
    ]
    assert {event["DTSTART"].params["TZID"] for event in events} == {"Europe/London"}


def test_what_we_write_is_read_back_by_ourselves() -> None:
    entries = [
        entry(dt.date(2026, 3, 3), 10),
        entry(dt.date(2026, 3, 28), 20, hours=6),
        entry(dt.date(2026, 10, 24), 22, hours=5, state="cancelled"),
    ]
    found = reading.read(write(*entries), zone=LONDON, today=dt.date(2026, 3, 2))
    assert found.left_out == []
    assert [plan.once[0].starts.hour for plan in found.plans if plan.once] == [10, 20]
    assert [plan.is_cancelled for plan in found.plans] == [False, False, True]
    assert [plan.uid for plan in found.plans] == [
        f"{each.session_id}@timebank.example" for each in entries
    ]


def test_the_same_facts_are_the_same_bytes() -> None:
    one = entry(dt.date(2026, 3, 3), 10)
    assert write(one) == write(one)


# -------------------------------------------------------------------------------- the pages


def test_somebody_gets_an_address_changes_what_it_says_and_switches_it_off(
    scene: Scene, walk: Walk, new_client: Callable[[], Client], session: Session
) -> None:
    mia, community = walk(scene.people.mia), scene.people.community
    mia.get(at(community, "/me"))
    page = mia.follow("Your calendar")
    assert "Appointment" in page
    page = mia.submit(button="Make my address", has_groups=True)
    address = page.one("#calendar-address").get_text()
    assert address.startswith("https://")
    assert "It is shown only now" in page
    phone = new_client()
    assert phone.get(address).status_code == 200
    page = mia.get(at(community, "/me/calendar"))
    assert address not in str(page.soup)
    mia.submit(button="Save", has_titles=True)
    assert "Badminton" in phone.get(address).get_data(as_text=True)
    mia.submit(button="Switch it off")
    assert phone.get(address).status_code == 404
    assert queries.feed_of(session, scene.people.mia) is None


def test_a_groups_page_leads_to_its_calendar(scene: Scene, walk: Walk, client: Client) -> None:
    community = scene.people.community
    otto = walk(scene.people.otto)
    otto.get(at(community, "/groups/badminton"))
    page = otto.follow("In your own calendar")
    assert "members alone" in page
    scene.people.group.is_public = True
    page = otto.get(at(community, "/groups/badminton/calendar"))
    address = page.one("#calendar-address").get_text()
    assert client.get(address).status_code == 200
    other = make_member(scene.session, make_community(scene.session, slug="elsewhere"))
    scene.people.group.is_public = False
    walk(other).refused(at(community, "/groups/badminton/calendar"))
