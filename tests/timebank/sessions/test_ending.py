"""When a session ended: what is offered, what a time of day means, and what is then posted."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from tests.pages.page import Pages, Walk
from tests.timebank.sessions.door import MORNING, Door, make_door
from tests.timebank.sessions.door_pages import page_of
from tests.timebank.sessions.test_closing_pages import table
from timebank.clock import utc_now
from timebank.sessions import queries
from timebank.sessions.errors import EndOutOfRangeError
from timebank.sessions.models import GroupSession
from timebank.sessions.policy import ending
from timebank.sessions.policy.when import minute_of, span
from timebank.sessions.service import Came

LONDON = ZoneInfo("Europe/London")
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def door(session: Session) -> Door:
    """Give an open session with Hugo on duty and a rule by which everybody is credited."""
    door = make_door(session)
    door.rule("activity", credits_participants=True, pot_minutes=15)
    door.open()
    return door


def planned(day: dt.date, starts: str, length_minutes: int) -> GroupSession:
    """Return a session that starts at a time of day in London."""
    hour, minute = starts.split(":")
    when = span(day, int(hour) * 60 + int(minute), length_minutes, LONDON)
    return GroupSession(day_on=when.day_on, starts_at=when.starts_at, ends_at=when.ends_at)


# ------------------------------------------------------------------------- the arithmetic


@pytest.mark.parametrize(
    ("after", "offered"),
    [
        (-30, None),
        (0, None),
        (1, 15),
        (15, 15),
        (16, 30),
        (70, 75),
        (119, 120),
        (120, 120),
        (500, 120),
    ],
)
def test_the_end_offered_is_the_planned_one_or_the_quarter_that_was_begun(
    after: int, offered: int | None
) -> None:
    held = planned(dt.date(2026, 5, 10), "10:00", 120)
    end = ending.offered_end(held, now=held.starts_at + after * MINUTE, step_minutes=15)
    assert end == (None if offered is None else held.starts_at + offered * MINUTE)


@pytest.mark.parametrize(
    ("day", "starts", "length", "typed", "minutes"),
    [
        (dt.date(2026, 5, 10), "10:00", 120, "11:10", 70),
        (dt.date(2026, 5, 10), "10:00", 120, "12:00", 120),
        (dt.date(2026, 5, 10), "20:00", 360, "01:15", 315),
        (dt.date(2026, 5, 10), "10:00", 120, "10:00", 0),
        # The clocks go forward at one, and back at two.
        (dt.date(2026, 3, 29), "00:30", 120, "02:30", 60),
        (dt.date(2026, 10, 25), "00:30", 180, "03:00", 210),
    ],
)
def test_a_time_of_day_is_the_first_one_after_the_beginning(
    day: dt.date, starts: str, length: int, typed: str, minutes: int
) -> None:
    held = planned(day, starts, length)
    hour, minute = typed.split(":")
    end = ending.typed_end(held, int(hour) * 60 + int(minute), LONDON)
    assert ending.lasted_minutes(held, end) == minutes


def test_a_time_of_day_is_read_by_the_clock_that_the_community_has_now() -> None:
    held = planned(dt.date(2026, 5, 10), "19:00", 120)
    tokyo = ZoneInfo("Asia/Tokyo")
    assert minute_of(held.starts_at, tokyo) == 3 * 60
    end = ending.typed_end(held, 4 * 60 + 30, tokyo)
    assert ending.lasted_minutes(held, end) == 90


def test_the_planned_end_is_itself_also_where_the_clocks_change() -> None:
    held = planned(dt.date(2026, 10, 24), "20:00", 360)
    assert ending.typed_end(held, minute_of(held.ends_at, LONDON), LONDON) == held.ends_at
    assert ending.lasted_minutes(held, None) == held.minutes


# ------------------------------------------------------------------------------- closing


def test_whoever_stayed_to_the_end_is_credited_up_to_when_it_really_ended(door: Door) -> None:
    door.come(door.people.mia)
    door.come(door.people.otto)
    door.stays(door.people.otto, 20)
    ended_at = door.there.starts_at + 70 * MINUTE
    closing = door.close(Came(ended_at=ended_at), now=ended_at)
    balances = [door.balance(getattr(door.people, name)) for name in ("hugo", "mia", "otto")]
    assert balances == [70, 70, 20]
    assert closing.ended_at == ended_at
    [(share, _group)] = queries.shares_of(door.session, closing)
    assert share.hosted_minutes == 70
    assert not queries.differs(door.session, door.there, closing)


def test_an_end_as_planned_is_nothing_to_remember(door: Door) -> None:
    assert door.close(Came(ended_at=door.there.ends_at)).ended_at is None
    assert door.balance(door.people.hugo) == 120


@pytest.mark.parametrize(
    ("ended", "now", "is_right"),
    [(0, 60, False), (1, 60, True), (120, 60, True), (121, 60, False), (150, 151, True)],
)
def test_an_end_lies_after_the_beginning_and_not_later_than_now_or_as_planned(
    door: Door, ended: int, now: int, *, is_right: bool
) -> None:
    starts_at = door.there.starts_at
    came = Came(ended_at=starts_at + ended * MINUTE)
    if is_right:
        door.close(came, now=starts_at + now * MINUTE)
        assert door.balance(door.people.hugo) == ended
        return
    with pytest.raises(EndOutOfRangeError) as refusal:
        door.close(came, now=starts_at + now * MINUTE)
    assert refusal.value.latest_at == max(door.there.ends_at, starts_at + now * MINUTE)
    assert (door.there.state, door.balance(door.people.hugo)) == ("open", 0)


def test_a_wrong_end_is_put_right_and_what_was_said_of_single_people_stays(door: Door) -> None:
    door.come(door.people.mia)
    door.close()
    ended_at = door.there.starts_at + 60 * MINUTE
    door.stays(door.people.mia, 45)
    second = door.correct(Came(ended_at=ended_at), reason="Everybody went at eleven.")
    assert (door.balance(door.people.hugo), door.balance(door.people.mia)) == (60, 45)
    assert second.ended_at == ended_at
    # From now on the whole session is an hour, whoever is noted for it.
    door.stays(door.people.mia, 60)
    third = door.correct(Came(ended_at=ended_at), reason="She stayed to the end.")
    assert (third.version, door.balance(door.people.mia)) == (3, 60)
    door.correct(Came(), reason="It went on to twelve after all.")
    assert (door.balance(door.people.hugo), door.balance(door.people.mia)) == (120, 120)


# ----------------------------------------------------------------------------- the pages


def begin(door: Door, minutes_ago: int, length: int = 120) -> None:
    """Let the session have begun so long ago, by the clock that pages see."""
    starts_at = (utc_now() - minutes_ago * MINUTE).replace(second=0, microsecond=0)
    door.there.day_on = starts_at.astimezone(LONDON).date()
    door.there.starts_at, door.there.ends_at = starts_at, starts_at + length * MINUTE
    door.session.flush()


def at_minute(door: Door, minute: int) -> str:
    """Return what the clock on the wall says so many minutes after the beginning."""
    return f"{(door.there.starts_at + minute * MINUTE).astimezone(LONDON):%H:%M}"


def test_closing_early_says_so_and_offers_the_end_that_it_is(door: Door, hugo: Pages) -> None:
    begin(door, 40)
    page = hugo.get(page_of(door, "/close"))
    assert f"The session was planned until {at_minute(door, 120)}." in page
    assert "Write below when it really ended." in page
    assert page.one("#ended")["value"] == at_minute(door, 45)
    assert table(page, "Hours that move")[0] == ["Hugo", "+45 min"]
    assert "The session is closed" in hugo.submit()
    door.session.rollback()
    assert door.balance(door.people.hugo) == 45
    closing = hugo.get(page_of(door, "/closings/1"))
    assert f"{at_minute(door, 45)}; it was planned until {at_minute(door, 120)}" in closing


def test_another_end_shows_its_hours_before_it_posts_them(door: Door, hugo: Pages) -> None:
    begin(door, 40)
    hugo.get(page_of(door, "/close"))
    page = hugo.submit(ended=at_minute(door, 30), topic_words="Soup", status=422)
    assert f"These are the hours for an end at {at_minute(door, 30)}." in page
    assert table(page, "Hours that move")[0] == ["Hugo", "+30 min"]
    assert page.one("#topic_words").get_text().strip() == "Soup"
    door.session.rollback()
    assert door.there.state == "open"
    assert "The session is closed" in hugo.submit()
    door.session.rollback()
    assert door.balance(door.people.hugo) == 30


def test_an_end_that_can_not_be_is_said_beside_it_and_kept(door: Door, hugo: Pages) -> None:
    begin(door, 40)
    hugo.get(page_of(door, "/close"))
    for typed, words in (
        (at_minute(door, 121), f"can have ended up to {at_minute(door, 120)}"),
        (at_minute(door, 0), f"It began at {at_minute(door, 0)}"),
        ("soon", "Write the time like this: 9:30 or 14:00."),
        ("", "Write when it ended."),
    ):
        hugo.submit(ended=typed, status=422)
        page = hugo.submit(ended=typed, status=422)
        assert words in page
        assert page.one("#ended")["value"] == typed
    door.session.rollback()
    assert (door.there.state, door.balance(door.people.hugo)) == ("open", 0)


def test_before_it_began_nobody_is_offered_an_end(door: Door, hugo: Pages) -> None:
    begin(door, -60)
    page = hugo.get(page_of(door, "/close"))
    start, end = at_minute(door, 0), at_minute(door, 120)
    assert f"The session was planned from {start} to {end}." in page
    assert not page.one("#ended").get("value")
    assert "Write when it ended." in hugo.submit(status=422)


def test_after_the_planned_end_it_is_offered_and_nothing_is_remarked(
    door: Door, hugo: Pages
) -> None:
    page = hugo.get(page_of(door, "/close"))
    assert "Write below when it really ended." not in page
    assert page.one("#ended")["value"] == at_minute(door, 120)


def test_the_end_stands_where_a_closing_is_put_right(door: Door, walk: Walk) -> None:
    ended_at = door.there.starts_at + 60 * MINUTE
    door.close(Came(ended_at=ended_at), now=MORNING + dt.timedelta(hours=1))
    lena = walk(door.people.lena)
    page = lena.get(page_of(door, "/people"))
    assert "All the time is 1 h." in page
    page = lena.get(page_of(door, "/correct"))
    assert page.one("#ended")["value"] == "11:00"
    page = lena.submit(ended="11:30", reason="It was half an hour more.", status=422)
    assert ["Hugo", "+1 h", "+1 h 30 min", "+30 min"] in table(page, "Hours that change")
    assert "Put right." in lena.submit()
    door.session.rollback()
    assert door.balance(door.people.hugo) == 90
