"""What a rota says, as figures: who fills which place, and which hours of the week are covered."""

import datetime as dt
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.db import new_id
from timebank.groups.policy.standing import Standing
from timebank.sessions.policy import rota
from timebank.sessions.policy.rota import Hand, Role

LONDON = ZoneInfo("Europe/London")
COPENHAGEN = ZoneInfo("Europe/Copenhagen")
_numbers = count(1)

HOST = Role(id=new_id(), name="Host", needed=2, is_hosting=True)
TEA = Role(id=new_id(), name="Tea", needed=1)
AID = Role(id=new_id(), name="First aider", needed=1, is_open=False)


def hand(role: Role | None = None, state: str = "yes", *, is_paid: bool = False) -> Hand:
    role_id = None if role is None else role.id
    number = next(_numbers)
    return Hand(
        member_id=new_id(),
        first_name=f"Sam {number}",
        number=number,
        role_id=role_id,
        state=state,
        is_paid=is_paid,
    )


def local(*when: int, zone: ZoneInfo = LONDON) -> dt.datetime:
    return dt.datetime(*when, tzinfo=zone).astimezone(dt.UTC)  # type: ignore[misc, arg-type]


def test_a_gap_is_what_is_needed_less_who_said_yes() -> None:
    hands = [hand(HOST), hand(TEA, "asked"), hand(AID), hand(AID)]
    found = rota.roster([HOST, TEA, AID], hands, host=None, needs_staff=False)
    assert [cover.missing for cover in found.covers] == [1, 1, 0]
    assert [len(cover.asked) for cover in found.covers] == [0, 1, 0]
    assert (found.needed, found.filled, found.missing) == (4, 2, 2)
    assert len(found.coming) == 3, "one more than is needed still comes"


def test_the_named_host_fills_a_place_of_the_hosting_role_and_counts_once() -> None:
    lena = hand()
    found = rota.roster([TEA, HOST], [], host=lena, needs_staff=False)
    assert [cover.missing for cover in found.covers] == [1, 1]
    assert found.host is None
    assert found.coming == [lena]
    makes_tea = Hand(
        member_id=lena.member_id, first_name=lena.first_name, number=lena.number, role_id=TEA.id
    )
    found = rota.roster([TEA, HOST], [makes_tea], host=lena, needs_staff=False)
    assert [cover.missing for cover in found.covers] == [0, 2]
    assert found.coming == [makes_tea]


def test_a_named_host_stands_beside_roles_that_hold_no_session() -> None:
    lena = hand()
    found = rota.roster([TEA], [], host=lena, needs_staff=False)
    assert found.host == lena
    assert found.coming == [lena]
    assert found.missing == 1


def test_whoever_said_yes_stays_where_the_role_is_not_needed_any_more() -> None:
    nobody = Role(id=TEA.id, name="Tea", needed=0)
    mia = hand(TEA)
    found = rota.roster([nobody], [mia], host=None, needs_staff=False)
    assert found.coming == [mia]
    assert (found.needed, found.filled, found.missing) == (0, 0, 0)
    assert rota.roster([nobody], [], host=None, needs_staff=False).covers == []


@pytest.mark.parametrize(
    ("hands", "lacks"),
    [
        ([hand(HOST, is_paid=True)], False),
        ([hand(HOST)], True),
        ([hand(HOST, "asked", is_paid=True)], True),
        ([], True),
    ],
)
def test_a_group_that_needs_staff_has_a_gap_without_them(hands: list[Hand], *, lacks: bool) -> None:
    found = rota.roster([HOST], hands, host=None, needs_staff=True)
    assert found.lacks_staff is lacks
    coming = sum(each.state == "yes" for each in hands)
    assert found.missing == HOST.needed - coming + lacks
    paid_host = rota.roster([], [], host=hand(is_paid=True), needs_staff=True)
    assert not paid_host.lacks_staff


def test_who_runs_the_group_plans_its_rota_and_who_is_in_it_sees_it() -> None:
    lead, host, member = (Standing(part=part) for part in ("lead", "host", "member"))
    nobody, coordinator = Standing(is_member=True), Standing(is_member=True, is_coordinator=True)
    assert [rota.may_plan(who) for who in (lead, host, member, nobody, coordinator)] == [
        *(True, False, False, False, True)
    ]
    assert [rota.may_see(who) for who in (lead, host, member, nobody, coordinator)] == [
        *(True, True, True, False, True)
    ]


def test_a_night_from_eight_to_two_is_divided_at_midnight_and_counted_once() -> None:
    starts, ends = local(2026, 5, 9, 20), local(2026, 5, 10, 2)
    found = rota.minutes_by_hour(starts, ends, LONDON)
    assert found == {
        **{(5, hour): 60 for hour in (20, 21, 22, 23)},
        **{(6, hour): 60 for hour in (0, 1)},
    }


def test_a_half_hour_belongs_to_the_hour_it_is_in() -> None:
    found = rota.minutes_by_hour(local(2026, 5, 5, 10, 30), local(2026, 5, 5, 12, 15), LONDON)
    assert found == {(1, 10): 30, (1, 11): 60, (1, 12): 15}


def test_the_night_of_the_changed_clocks_is_as_long_as_it_is() -> None:
    autumn = rota.minutes_by_hour(
        local(2026, 10, 24, 20, zone=COPENHAGEN),
        local(2026, 10, 25, 4, zone=COPENHAGEN),
        COPENHAGEN,
    )
    assert autumn[6, 2] == 120
    assert sum(autumn.values()) == 9 * 60
    spring = rota.minutes_by_hour(
        local(2026, 3, 28, 20, zone=COPENHAGEN),
        local(2026, 3, 29, 4, zone=COPENHAGEN),
        COPENHAGEN,
    )
    assert (6, 2) not in spring
    assert sum(spring.values()) == 7 * 60


BEGIN = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
moments = st.integers(0, 2 * 366 * 24 * 60).map(
    lambda number: BEGIN + number * dt.timedelta(minutes=1)
)


@given(moments, st.integers(1, 24 * 60), st.sampled_from([LONDON, COPENHAGEN, ZoneInfo("UTC")]))
def test_every_minute_is_in_one_hour_of_the_week(
    starts_at: dt.datetime, minutes: int, zone: ZoneInfo
) -> None:
    ends_at = starts_at + dt.timedelta(minutes=minutes)
    assert sum(rota.minutes_by_hour(starts_at, ends_at, zone).values()) == minutes


def test_hours_in_which_nobody_is_needed_are_left_out() -> None:
    starts, ends = local(2026, 5, 9, 20), local(2026, 5, 9, 22)
    made = rota.roster([HOST, TEA], [hand(HOST)], host=None, needs_staff=False)
    empty = rota.roster([], [], host=hand(), needs_staff=False)
    found = rota.cover_by_hour([(starts, ends, made), (starts, ends, empty)], LONDON)
    assert set(found) == {(5, 20), (5, 21)}
    assert found[5, 20] == rota.HourCover(needed_minutes=180, filled_minutes=60)


def test_a_gap_is_told_three_days_before() -> None:
    starts = local(2026, 5, 9, 20)
    assert rota.is_near(starts, now=starts - dt.timedelta(days=3))
    assert not rota.is_near(starts, now=starts - dt.timedelta(days=3, minutes=1))
