"""What sessions come to in figures, equal to the books, and what everybody may see of it."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.timebank.groups.scene import Scene, make_scene
from tests.timebank.sessions.door import make_door
from tests.timebank.sessions.held import make_held
from timebank.db import new_id
from timebank.groups import queries as groups
from timebank.groups.policy.standing import Standing
from timebank.sessions import queries
from timebank.sessions.policy import figures
from timebank.sessions.policy.figures import SHOWN_MIN, Came, Part
from timebank.sessions.service import Came as Said

YEAR = 2026
MAY = dt.date(2026, 5, 10)


def year(scene: Scene, *, own: bool = True) -> list[Came]:
    return queries.came(
        scene.session,
        scene.community.id,
        queries.year_of(YEAR),
        group=scene.group if own else None,
    )


# ------------------------------------------------------------------------ equal to the books


def test_figures_are_equal_to_the_books_to_the_minute(session: Session) -> None:
    door = make_door(session)
    door.rule(pot_minutes=15)
    door.open()
    door.come(door.people.mia)
    door.count(7, first_timers=3)
    door.close()
    [came] = year(door.people)
    assert (came.contacts, came.by_name, came.without_name) == (9, 2, 7)
    assert came.first_timers == 3 + 2, "and both members are there for the first time"
    assert came.credited_minutes == 120 == door.balance(door.people.hugo)
    assert came.into_pots_minutes - came.out_of_pots_minutes == 30 == door.pot()
    pots = groups.pots(session, door.people.community.id, [door.people.group.account_code])
    assert pots.created == {"activity-drop-in": came.credited_minutes + came.into_pots_minutes}
    total = figures.summed(year(door.people, own=False))
    assert (total.sessions, total.contacts, total.hosted_minutes) == (1, 9, 120)


def test_what_was_put_right_counts_as_it_was_put_right(session: Session) -> None:
    door = make_door(session)
    door.rule()
    door.open()
    door.come(door.people.mia)
    door.close()
    door.stays(door.people.hugo, 60, "host")
    door.correct(Said(contacts=12), reason="Ten more came in at the back.")
    [came] = year(door.people)
    assert came.contacts == 12
    assert came.credited_minutes == 60 == door.balance(door.people.hugo)


def test_an_open_session_counts_nothing_yet(session: Session) -> None:
    door = make_door(session)
    door.open()
    door.count(5)
    assert year(door.people) == []


# ----------------------------------------------------------------------- people and contacts


def test_contacts_are_not_people(session: Session) -> None:
    scene = make_scene(session)
    for week in range(6):
        make_held(
            session,
            scene.group,
            MAY + week * dt.timedelta(days=7),
            by=scene.lena,
            people=[scene.mia, scene.hugo][: week % 3],
            contacts=20,
        )
    total = figures.summed(year(scene))
    assert (total.sessions, total.contacts, total.by_name, total.without_name) == (6, 120, 6, 114)
    people = queries.people_by_month(session, scene.community.id, YEAR, group=scene.group)
    assert people == {5: 2, 6: 2, queries.ALL_YEAR: 2}
    named = queries.people_named(
        session, scene.community.id, queries.month_of(YEAR, 5), group=scene.group
    )
    assert [(member.first_name, times) for member, times in named] == [("Hugo", 1), ("Mia", 2)]


def test_a_month_and_a_year_end_where_they_end(session: Session) -> None:
    scene = make_scene(session)
    days = [
        *(dt.date(2025, 12, 31), dt.date(2026, 1, 1), dt.date(2026, 1, 31)),
        *(dt.date(2026, 2, 1), dt.date(2026, 12, 31), dt.date(2027, 1, 1)),
    ]
    for day in days:
        make_held(session, scene.group, day, by=scene.lena, contacts=1)
    assert [each.day_on for each in year(scene)] == days[1:5]
    january = queries.came(session, scene.community.id, queries.month_of(YEAR, 1))
    assert [each.day_on for each in january] == days[1:3]
    assert queries.month_of(YEAR, 12).end_on == dt.date(2027, 1, 1)
    assert queries.years(session, scene.community.id) == [2027, 2026, 2025]
    assert queries.years(session, scene.community.id, group=scene.start()) == []


def test_what_groups_hold_together_adds_up(session: Session) -> None:
    scene = make_scene(session)
    tea, chess = scene.start(), scene.start(name="Chess")
    make_held(
        session,
        scene.group,
        MAY,
        by=scene.lena,
        people=[scene.mia, scene.hugo],
        contacts=11,
        together=[tea, chess],
    )
    make_held(session, tea, MAY, by=scene.lena, contacts=4)
    whole = queries.came(session, scene.community.id, queries.year_of(YEAR))
    parts = [
        queries.came(session, scene.community.id, queries.year_of(YEAR), group=each)
        for each in (scene.group, tea, chess)
    ]
    assert [figures.summed(each).contacts for each in parts] == [4, 8, 3]
    assert sum(figures.summed(each).contacts for each in parts) == 15
    assert figures.summed(whole).contacts == 15
    assert sum(figures.summed(each).hosted_minutes for each in parts) == 240
    assert {key: each.contacts for key, each in figures.by_group(whole).items()} == {
        scene.group.id: 4,
        tea.id: 8,
        chess.id: 3,
    }
    assert [each.was_together for each in parts[1]] == [True, False]


minutes = st.integers(0, 5_000)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=5), minutes, minutes, minutes)
def test_shares_of_hours_lose_and_make_no_minute(
    parts: list[int], credited: int, into: int, out: int
) -> None:
    if not sum(parts):
        parts[0] = 1
    shares = [Part(new_id(), each, 0, 0) for each in parts]
    whole = Came(
        session_id=new_id(),
        group_id=shares[0].group_id,
        day_on=MAY,
        title="",
        contacts=0,
        by_name=0,
        first_timers=0,
        shares=shares,
        credited_minutes=credited,
        into_pots_minutes=into,
        out_of_pots_minutes=out,
    )
    own = [whole.of(share.group_id) for share in shares]
    assert sum(each.credited_minutes for each in own) == credited
    assert sum(each.into_pots_minutes for each in own) == into
    assert sum(each.out_of_pots_minutes for each in own) == out
    assert whole.of(new_id()) is whole


# -------------------------------------------------------------------------- small numbers


@given(st.lists(st.integers(0, 60), max_size=12))
def test_no_small_number_can_be_worked_out(values: list[int]) -> None:
    shown = figures.for_everybody(values)
    hidden = [value for value, seen in zip(values, shown.values, strict=True) if seen is None]
    for value, seen in zip(values, shown.values, strict=True):
        assert seen in {None, value}
        assert seen is not None or value, "nobody may be said"
        assert seen is None or seen == 0 or seen >= SHOWN_MIN
    assert shown.total in {None, sum(values)}
    assert shown.total is None or shown.total == 0 or shown.total >= SHOWN_MIN
    if shown.total is not None and hidden:
        assert len(hidden) > 1
        assert sum(hidden) >= SHOWN_MIN


@pytest.mark.parametrize(
    ("values", "shown", "total"),
    [
        ([20, 30], [20, 30], 50),
        ([20, 3, 30], [None, None, 30], 53),
        ([3, 20, 4, 30], [None, None, None, 30], 57),
        ([9, 8, 30], [None, None, 30], 47),
        ([3], [None], None),
        ([0, 3], [0, None], None),
        ([], [], 0),
    ],
)
def test_small_numbers_are_hidden_with_something_to_hide_behind(
    values: list[int], shown: list[int | None], total: int | None
) -> None:
    found = figures.for_everybody(values)
    assert (list(found.values), found.total) == (shown, total)


def test_a_small_group_is_not_found_by_taking_the_others_from_all(session: Session) -> None:
    scene = make_scene(session)
    tea, chess = scene.start(), scene.start(name="Chess")
    june = MAY + dt.timedelta(days=31)
    make_held(session, scene.group, MAY, by=scene.lena, contacts=40)
    make_held(session, scene.group, june, by=scene.lena, contacts=50)
    whole = year(scene, own=False)
    assert figures.contacts_for_everybody(whole).total == 90
    make_held(session, tea, MAY, by=scene.lena, contacts=3)
    one_small = figures.contacts_for_everybody(year(scene, own=False))
    assert one_small.total is None
    assert one_small.values[0] is None
    make_held(session, chess, MAY, by=scene.lena, contacts=8)
    two_small = figures.contacts_for_everybody(year(scene, own=False))
    assert (two_small.values, two_small.total) == ([51, 50], 101)


def test_those_who_hold_or_run_a_group_see_exact_figures() -> None:
    who = {part: Standing(part=part, is_member=True) for part in ("lead", "host", "member")}
    assert [figures.may_see_exact(who[part]) for part in who] == [True, True, False]
    assert figures.may_see_exact(Standing(is_member=True, is_coordinator=True))
    assert not figures.may_see_exact(Standing())


# ---------------------------------------------------------------------------- who met whom


def test_who_was_at_the_same_sessions(session: Session) -> None:
    scene = make_scene(session)
    for week, people in enumerate(
        ([scene.mia, scene.hugo], [scene.mia, scene.hugo, scene.otto], [scene.cora])
    ):
        make_held(
            session,
            scene.group,
            MAY + week * dt.timedelta(days=7),
            by=scene.lena,
            people=people,
        )
    found = queries.met(session, scene.community.id, queries.year_of(YEAR), group=scene.group)
    names = {each.id: each.first_name for each in (scene.mia, scene.hugo, scene.otto)}
    assert {
        frozenset((names[one], names[other])): times for (one, other), times in found.items()
    } == {
        frozenset(("Mia", "Hugo")): 2,
        frozenset(("Mia", "Otto")): 1,
        frozenset(("Hugo", "Otto")): 1,
    }
