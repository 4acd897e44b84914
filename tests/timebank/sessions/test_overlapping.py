"""Nobody is at two sessions at once: how much of the time is left, and what closing does then."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import networkx as nx
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.pages.page import Pages, Walk
from tests.racing import Work, race
from tests.timebank.conftest import Counted
from tests.timebank.sessions.door import MORNING, Door, make_door
from tests.timebank.sessions.door_pages import page_of
from tests.timebank.sessions.test_closing_pages import table
from timebank.communities.models import Community
from timebank.groups import queries as group_queries
from timebank.groups import service as groups
from timebank.groups.policy.crediting import Terms
from timebank.members.models import Member
from timebank.sessions import queries, service
from timebank.sessions.errors import CountedElsewhereError, EndOutOfRangeError
from timebank.sessions.models import GroupSession
from timebank.sessions.policy.overlapping import Stay, minutes_too_many
from timebank.sessions.service import Came, SessionDetails

STATEMENTS_MAX = 12
TEN = dt.datetime(2026, 5, 10, 9, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def stay(begins: int, ends: int, minutes: int | None = None) -> Stay:
    """Return a stay between two minutes after ten; all of it unless it says otherwise."""
    return Stay(
        TEN + begins * MINUTE, TEN + ends * MINUTE, ends - begins if minutes is None else minutes
    )


# ------------------------------------------------------------------------- the arithmetic


@pytest.mark.parametrize(
    ("mine", "others", "too_many"),
    [
        (stay(0, 120), [], 0),
        (stay(0, 120), [stay(120, 180)], 0),
        (stay(0, 120), [stay(60, 180)], 60),
        (stay(0, 120), [stay(0, 120)], 120),
        (stay(0, 120, 60), [stay(0, 120, 60)], 0),
        (stay(0, 120, 61), [stay(0, 120, 60)], 1),
        # Whoever was at the other one for an hour can have come before that or after it.
        (stay(0, 120), [stay(60, 180, 60)], 0),
        # There and back again.
        (stay(0, 240, 180), [stay(60, 120)], 0),
        (stay(0, 240), [stay(60, 120), stay(180, 300)], 120),
        # What two others leave to each other counts as well.
        (stay(0, 120), [stay(60, 180, 60), stay(120, 180)], 60),
        # More minutes than the session has are no time at another.
        (stay(0, 120, 180), [stay(0, 120)], 120),
        # That two others do not fit each other is not for this one to say.
        (stay(0, 60), [stay(300, 360), stay(300, 360)], 0),
    ],
)
def test_what_is_too_many_is_what_no_way_of_dividing_the_time_gives(
    mine: Stay, others: Sequence[Stay], too_many: int
) -> None:
    assert minutes_too_many(mine, others) == too_many


def most_that_fits(stays: Sequence[Stay]) -> int:
    """Return how many minutes find a place, as another program divides the time."""
    flow = nx.DiGraph()
    flow.add_nodes_from(["time", "stays"])
    for number, each in enumerate(stays):
        flow.add_edge("stays", number, capacity=each.minutes)
        first = (each.begins_at - TEN) // MINUTE
        last = (each.ends_at - TEN) // MINUTE
        for minute in range(first, last):
            flow.add_edge(number, ("minute", minute), capacity=1)
            flow.add_edge(("minute", minute), "time", capacity=1)
    return int(nx.maximum_flow_value(flow, "stays", "time"))


STAYS = st.builds(
    lambda begins, length, minutes: stay(begins, begins + length, min(length, minutes)),
    st.integers(0, 12),
    st.integers(1, 10),
    st.integers(0, 10),
)


@given(st.lists(STAYS, min_size=1, max_size=6))
def test_no_other_way_of_dividing_the_time_leaves_more_room(stays: list[Stay]) -> None:
    *others, mine = stays
    room = most_that_fits(stays) - most_that_fits(others)
    assert minutes_too_many(mine, others) == mine.minutes - room


# ------------------------------------------------------------------------------- closing


@pytest.fixture
def door(session: Session) -> Door:
    """Give an open session from ten to twelve with Hugo on duty, by a rule that credits him."""
    door = make_door(session)
    door.rule("activity")
    door.open()
    return door


def second(door: Door, starts_minute: int = 11 * 60, *on_duty: Member, **rule: Any) -> Door:
    """Open a session of Otto's group that Hugo holds as well; from eleven to one."""
    people = door.people
    group = people.start(people.otto, name="Tea")
    lead = group_queries.standing_of(door.session, group, people.otto, on=NOW.date())
    groups.join(door.session, group, people.hugo, today=NOW.date(), now=NOW)
    groups.give_part(
        *(door.session, group, people.hugo, "host"),
        is_paid=False,
        by=people.otto,
        who=lead,
        now=NOW,
    )
    groups.write_crediting_rule(
        door.session,
        group,
        Terms(**({"kind": "activity"} | rule)),
        applies_from_on=NOW.date(),
        by=people.otto,
        who=lead,
        today=NOW.date(),
        now=NOW,
    )
    there = service.plan_session(
        door.session,
        people.community,
        group,
        SessionDetails(title="Tea at Otto’s"),
        day_on=door.there.day_on,
        starts_minute=starts_minute,
        length_minutes=120,
        who=lead,
        now=NOW,
    )
    other = Door.__new__(Door)
    other.planned, other.there = door.planned, there
    other.open(*(on_duty or (people.hugo,)), by=people.otto, named_version=0)
    return other


def test_the_same_minutes_move_hours_once_and_the_second_closing_says_so(door: Door) -> None:
    tea = second(door)
    door.close()
    with pytest.raises(CountedElsewhereError) as refusal:
        tea.close(by=tea.people.otto, who=tea.who(tea.people.otto))
    assert refusal.value.people == 1
    assert (tea.there.state, door.balance(door.people.hugo)) == ("open", 120)
    [found] = elsewhere(tea)
    assert (found.too_many_minutes, found.left_minutes) == (60, 60)
    assert [each.session.id for each in found.others] == [door.there.id]
    tea.stays(tea.people.hugo, 60, "host")
    tea.close()
    assert door.balance(door.people.hugo) == 180


def elsewhere(door: Door, **changed: Any) -> list[queries.Elsewhere]:
    draft = queries.draft(door.session, door.held)
    return queries.elsewhere(door.session, door.held, draft, **({"ended_at": None} | changed))


def write_what_is_left(door: Door, ended_at: dt.datetime | None = None) -> None:
    service.write_what_is_left(
        door.session,
        door.held,
        queries.draft(door.session, door.held, ended_at=ended_at),
        ended_at=ended_at,
        who=door.who(door.people.otto),
        now=MORNING + dt.timedelta(hours=8),
    )


def test_what_is_left_of_a_session_that_ended_late_is_taken(door: Door) -> None:
    tea = second(door)
    door.close()
    late = tea.there.ends_at + 60 * MINUTE
    write_what_is_left(tea, late)
    tea.close(Came(ended_at=late), now=MORNING + dt.timedelta(hours=8))
    assert door.balance(door.people.hugo) == 120 + 120


def test_what_is_left_beside_the_washing_up_is_taken_too(door: Door) -> None:
    tea = second(door)
    door.close()
    tea.stays(tea.people.hugo, 150, "host")
    assert [each.left_minutes for each in elsewhere(tea)] == [60]
    write_what_is_left(tea)
    assert not elsewhere(tea)


def test_what_is_left_by_an_end_that_can_not_be_is_not_written_down(door: Door) -> None:
    tea = second(door)
    door.close()
    with pytest.raises(EndOutOfRangeError):
        write_what_is_left(tea, tea.there.ends_at + dt.timedelta(hours=20))
    row = queries.attendance_of(tea.session, tea.there, tea.people.hugo.id)
    assert row is not None
    assert row.minutes is None


def test_one_may_begin_when_the_other_ends(door: Door) -> None:
    tea = second(door, 12 * 60)
    door.close()
    tea.close()
    assert door.balance(door.people.hugo) == 240


def test_what_ended_early_leaves_the_time_after_it(door: Door) -> None:
    tea = second(door)
    door.close(Came(ended_at=door.there.starts_at + 60 * MINUTE))
    assert not elsewhere(tea)
    tea.close()
    assert door.balance(door.people.hugo) == 180


def test_what_moves_no_hours_takes_no_time_from_another(door: Door) -> None:
    tea = second(door, kind="unpaid")
    tea.close()
    door.close()
    assert door.balance(door.people.hugo) == 120


def test_taking_part_where_it_costs_nothing_and_is_not_credited_is_no_matter(door: Door) -> None:
    tea = second(door, 11 * 60, door.people.otto)
    tea.come(door.people.hugo, by=door.people.otto, who=tea.who(door.people.otto))
    tea.close(by=door.people.otto, who=tea.who(door.people.otto))
    door.close()
    assert door.balance(door.people.hugo) == 120


def test_whoever_is_paid_at_one_of_them_is_credited_at_the_other(door: Door) -> None:
    tea = second(door)
    row = queries.attendance_of(door.session, tea.there, door.people.hugo.id)
    assert row is not None
    row.is_paid = True
    tea.close()
    door.close()
    assert door.balance(door.people.hugo) == 120


def test_a_closing_is_put_right_without_counting_twice(door: Door) -> None:
    tea = second(door, 11 * 60, door.people.otto)
    door.close()
    tea.close(by=door.people.otto, who=tea.who(door.people.otto))
    tea.come(door.people.hugo, role="host", late=True)
    cora = door.people.cora
    who = tea.who(cora, "coordinator")
    with pytest.raises(CountedElsewhereError):
        tea.correct(by=cora, who=who)
    # A count is put right all the same: it moves nothing.
    tea.goes(door.people.hugo, late=True)
    assert tea.correct(Came(contacts=9), by=cora, who=who).contacts == 9
    # Where the other one was wrong, it is put right first.
    door.stays(door.people.hugo, 60, "host")
    door.correct(reason="Hugo went to the tea at eleven.")
    tea.come(door.people.hugo, role="host", late=True)
    tea.correct(Came(contacts=9), by=cora, who=who, reason="Hugo was there.")
    assert door.balance(door.people.hugo) == 180


def test_two_closings_at_one_moment_count_the_same_minutes_once(
    app: Flask, session: Session
) -> None:
    door = make_door(session)
    door.rule("activity")
    door.open()
    tea = second(door)
    ids, otto_id = [door.there.id, tea.there.id], door.people.otto.id
    community_id, hugo_id = door.people.community.id, door.people.hugo.id
    session.commit()

    def closes(session_id: uuid.UUID) -> Work:
        def work(session: Session, community: Community) -> None:
            held = queries.held(session, community.id, session_id)
            by = session.get_one(Member, (community.id, hugo_id))
            who = queries.standing_at(session, held, by, today=held.session.day_on)
            service.close_session(
                session,
                community,
                held,
                Came(),
                by=by,
                who=who,
                now=MORNING + dt.timedelta(hours=5),
            )

        return work

    ended = race(app, community_id, [closes(each) for each in ids])
    session.rollback()
    assert ended == {"done": 1, "CountedElsewhereError": 1}, otto_id
    assert door.balance(door.people.hugo) == 120
    states = [session.get_one(GroupSession, (community_id, each)).state for each in ids]
    assert sorted(states) == ["closed", "open"]


# ----------------------------------------------------------------------------- the pages


def test_the_page_says_whose_time_it_is_and_writes_down_what_is_left(
    door: Door, hugo: Pages
) -> None:
    tea = second(door)
    door.close()
    page = hugo.get(page_of(tea, "/close"))
    assert "Hugo: hours have moved for 1 h of this already, at “Badminton”, Sunday 10 May" in page
    assert "1 h is left here." in page
    page = hugo.submit(topic_words="Soup", button="Close, and post this", status=422)
    assert "Hours have moved already for some of this time, at another session." in page
    assert door.balance(door.people.hugo) == 120
    page = hugo.submit(button="Write down what is left")
    assert "At two sessions at once" not in page
    assert page.one("#topic_words").get_text().strip() == "Soup"
    assert table(page, "Hours that move")[0] == ["Hugo", "+1 h"]
    assert "The session is closed" in hugo.submit()
    door.session.rollback()
    assert door.balance(door.people.hugo) == 180


def test_where_else_somebody_was_reads_only_who_may_hold_it_too(door: Door, walk: Walk) -> None:
    tea = second(door)
    door.close()
    page = walk(door.people.otto).get(page_of(tea, "/close"))
    assert "Hugo: hours have moved for 1 h of this already, elsewhere." in page
    assert "Badminton" not in page
    cora = walk(door.people.cora)
    assert "at “Badminton”" in cora.get(page_of(tea, "/close"))


def test_it_is_not_named_to_whoever_stayed_away_from_it_that_day(door: Door, hugo: Pages) -> None:
    tea = second(door)
    door.close()
    groups.exclude(
        *(door.session, door.people.group, door.people.hugo),
        until_on=door.there.day_on,
        review_on=door.there.day_on,
        reason="He threw a shuttlecock.",
        by=door.people.lena,
        who=door.people.lead,
        today=door.there.day_on,
        now=MORNING,
    )
    page = hugo.get(page_of(tea, "/close"))
    assert "Hugo: hours have moved for 1 h of this already, elsewhere." in page
    assert "Badminton" not in page


def test_a_slip_in_the_end_is_said_before_anything_is_written_down(door: Door, hugo: Pages) -> None:
    tea = second(door)
    door.close()
    hugo.get(page_of(tea, "/close"))
    for typed, said in (
        ("09:00", "These are the hours for an end at 09:00. Look at them, then send it again."),
        ("noon", "Write the time like this: 9:30 or 14:00."),
        ("", "Write when it ended."),
    ):
        page = hugo.submit(ended=typed, button="Write down what is left", status=422)
        assert page.one("#ended")["value"] == typed
        assert said in page
    door.session.rollback()
    row = queries.attendance_of(tea.session, tea.there, tea.people.hugo.id)
    assert row is not None
    assert row.minutes is None


def test_the_same_is_said_where_a_closing_is_put_right(door: Door, walk: Walk) -> None:
    tea = second(door, 11 * 60, door.people.otto)
    door.close()
    tea.close(by=door.people.otto, who=tea.who(door.people.otto))
    tea.come(door.people.hugo, role="host", late=True)
    otto = walk(door.people.otto)
    page = otto.get(page_of(tea, "/correct"))
    assert "1 h is left here." in page
    page = otto.submit(reason="Hugo was there.", button="Write down what is left")
    assert page.one("#reason")["value"] == "Hugo was there."
    assert "Put right." in otto.submit()
    door.session.rollback()
    assert door.balance(door.people.hugo) == 180


def test_the_page_of_closing_asks_little_whoever_was_elsewhere(
    door: Door, hugo: Pages, counted: Counted
) -> None:
    tea = second(door)
    door.close()
    assert counted(hugo, page_of(tea, "/close")) <= STATEMENTS_MAX
