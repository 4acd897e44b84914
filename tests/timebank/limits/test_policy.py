"""Where a balance is, told by lines: pure rules."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.communities.errors import LimitsOutOfOrderError
from timebank.communities.models import LIMITS
from timebank.communities.policy import Limits
from timebank.db import new_id
from timebank.hours.policy import SIDES, STEPS, has_ended, is_beyond, line_name, step_of
from timebank.limits import policy
from timebank.limits.models import Crossing

TODAY = dt.date(2026, 5, 4)
GENTLE: dict[str, int | None] = dict(zip(LIMITS, (None, -240, -120, 1200, 2400, None), strict=True))


def limits(**lines: int | None) -> Limits:
    return Limits(**(GENTLE | lines))


@st.composite
def any_limits(draw: st.DrawFn) -> Limits:
    """Draw six lines in order, each of them perhaps missing."""
    low = sorted(draw(st.lists(st.integers(-900, 0), min_size=3, max_size=3)))
    high = sorted(draw(st.lists(st.integers(0, 900), min_size=3, max_size=3)))
    drawn = [line if draw(st.booleans()) else None for line in (*low, *high)]
    return Limits(**dict(zip(LIMITS, drawn, strict=True)))


@pytest.mark.parametrize(
    ("minutes", "at"),
    [
        (0, None),
        (-119, None),
        (-120, ("floor", "nudge")),
        (-240, ("floor", "soft")),
        (-6000, ("floor", "soft")),
        (1199, None),
        (1200, ("ceiling", "nudge")),
        (2400, ("ceiling", "soft")),
    ],
)
def test_the_gentle_lines_are_those_of_practice(minutes: int, at: tuple[str, str] | None) -> None:
    assert step_of(minutes, limits()) == at


def test_with_a_stop_the_stop_is_the_furthest_step() -> None:
    strict = limits(floor_minutes=-600, ceiling_minutes=3600)
    assert step_of(-600, strict) == ("floor", "stop")
    assert step_of(-599, strict) == ("floor", "soft")
    assert step_of(3600, strict) == ("ceiling", "stop")


def test_where_one_gives_first_nobody_begins_with_a_reminder() -> None:
    give_first = limits(floor_minutes=0, floor_soft_minutes=0, floor_nudge_minutes=0)
    assert step_of(0, give_first) is None
    assert step_of(-1, give_first) == ("floor", "stop")


@pytest.mark.parametrize(
    ("lines", "lower", "upper"),
    [
        ({"floor_minutes": -60}, "floor_minutes", "floor_soft_minutes"),
        ({"floor_soft_minutes": -60}, "floor_soft_minutes", "floor_nudge_minutes"),
        (
            {"floor_minutes": -60, "floor_soft_minutes": None},
            "floor_minutes",
            "floor_nudge_minutes",
        ),
        ({"ceiling_minutes": 60}, "ceiling_soft_minutes", "ceiling_minutes"),
        ({"ceiling_soft_minutes": 60}, "ceiling_nudge_minutes", "ceiling_soft_minutes"),
    ],
)
def test_lines_out_of_order_are_refused_by_name(
    lines: dict[str, int], lower: str, upper: str
) -> None:
    with pytest.raises(LimitsOutOfOrderError) as refusal:
        limits(**lines)
    assert (refusal.value.lower, refusal.value.upper) == (lower, upper)


@given(any_limits(), st.integers(-1000, 1000), st.integers(0, 1000))
def test_going_back_never_leads_to_a_further_step(
    lines: Limits, minutes: int, back_minutes: int
) -> None:
    for side, sign in (("floor", 1), ("ceiling", -1)):
        nearer = minutes + sign * back_minutes
        for step in STEPS:
            assert is_beyond(minutes, lines, side, step) or not is_beyond(nearer, lines, side, step)


@given(any_limits(), st.integers(-1000, 1000))
def test_a_balance_is_at_a_line_of_one_side_at_most(lines: Limits, minutes: int) -> None:
    sides = {side for side in SIDES for step in STEPS if is_beyond(minutes, lines, side, step)}
    assert len(sides) <= 1
    at = step_of(minutes, lines)
    assert ({at[0]} if at else set()) == sides
    if at is not None:
        assert getattr(lines, line_name(*at)) is not None


def test_limits_end_after_their_last_day_and_not_on_it() -> None:
    assert not has_ended(None, TODAY)
    assert not has_ended(TODAY, TODAY)
    assert has_ended(TODAY - dt.timedelta(days=1), TODAY)


def crossing(**columns: Any) -> Crossing:
    return Crossing(**({"step": "soft", "back_at": None, "talked_at": None} | columns))


def test_a_chat_is_due_until_it_was_had_put_off_or_is_not_needed() -> None:
    now = dt.datetime(2026, 5, 4, tzinfo=dt.UTC)
    assert policy.is_due(crossing(), TODAY)
    assert not policy.is_due(crossing(step="nudge"), TODAY)
    assert not policy.is_due(crossing(back_at=now), TODAY)
    assert not policy.is_due(crossing(talked_at=now, talked_by_id=new_id()), TODAY)
    tomorrow = TODAY + dt.timedelta(days=1)
    assert not policy.is_due(crossing(put_off_until=tomorrow), TODAY)
    assert policy.is_due(crossing(put_off_until=tomorrow), tomorrow)
