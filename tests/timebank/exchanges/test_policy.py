"""Which moves there are, whose they are, and what silence may do: all of it, without a database."""

import datetime as dt
import itertools
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.communities.models import ROUNDING_MINUTES
from timebank.exchanges import policy
from timebank.exchanges.errors import (
    AlreadyConfirmedError,
    DayOutOfRangeError,
    IllegalMoveError,
    MinutesOutOfRangeError,
    NotYourMoveError,
)
from timebank.exchanges.models import MOVES, STATES, Exchange
from timebank.exchanges.policy import Part

GIVER, RECEIVER, STRANGER = uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3)
TODAY = dt.date(2026, 5, 4)
DAY = dt.timedelta(days=1)
#: The life of an exchange as the issue tells it, written once more by hand.
LIFE = {
    "proposed": {"agree", "decline", "change", "cancel"},
    "agreed": {"change", "cancel", "report"},
    "done": {"confirm", "correct", "query", "cancel", "settle"},
    "queried": {"correct", "cancel", "settle"},
    "confirmed": set(),
    "declined": set(),
    "cancelled": set(),
}


def exchange(
    state: str,
    *,
    awaiting: uuid.UUID | None = None,
    reporter: uuid.UUID | None = None,
    held_up: bool = False,
) -> Exchange:
    return Exchange(
        giver_id=GIVER,
        receiver_id=RECEIVER,
        state=state,
        awaiting_id=awaiting,
        reported_by_id=reporter,
        held_up_at=dt.datetime(2026, 5, 4, tzinfo=dt.UTC) if held_up else None,
    )


@pytest.mark.parametrize(("state", "move"), list(itertools.product(STATES, MOVES)))
def test_asvs_14_every_jump_that_is_not_in_the_life_of_an_exchange_is_refused(
    state: str, move: str
) -> None:
    if move in LIFE[state]:
        assert policy.state_after(exchange(state), move, frozenset(Part)) in STATES
    else:
        assert not policy.may_move(exchange(state), move, frozenset(Part))
        with pytest.raises(IllegalMoveError):
            policy.state_after(exchange(state), move, frozenset(Part))


def test_confirming_twice_is_named_as_what_it_is() -> None:
    with pytest.raises(AlreadyConfirmedError):
        policy.state_after(exchange("confirmed"), "confirm", frozenset({Part.SIDE}))


def test_a_move_of_somebody_else_is_refused_as_such() -> None:
    proposed = exchange("proposed", awaiting=GIVER)
    asker = policy.parts_of(proposed, RECEIVER)
    assert asker == {Part.SIDE, Part.ASKER}
    assert policy.parts_of(proposed, GIVER) == {Part.SIDE, Part.ASKED}
    with pytest.raises(NotYourMoveError):
        policy.state_after(proposed, "agree", asker)


def test_an_outsider_plays_no_part_unless_they_coordinate() -> None:
    done = exchange("done", awaiting=GIVER, reporter=RECEIVER)
    assert policy.parts_of(done, STRANGER) == frozenset()
    assert not policy.may_see(done, STRANGER, is_coordinator=False)
    assert policy.parts_of(done, STRANGER, is_coordinator=True) == {Part.COORDINATOR}
    assert policy.may_see(done, STRANGER, is_coordinator=True)


def test_a_coordinator_settles_nothing_of_their_own() -> None:
    done = exchange("done", awaiting=GIVER, reporter=RECEIVER)
    parts = policy.parts_of(done, GIVER, is_coordinator=True)
    assert not policy.may_move(done, "settle", parts)


def test_where_only_a_limit_is_in_the_way_both_may_try_again_and_nobody_takes_back() -> None:
    held = exchange("done", reporter=RECEIVER, held_up=True)
    for side in (GIVER, RECEIVER):
        parts = policy.parts_of(held, side)
        assert policy.may_move(held, "confirm", parts)
        assert not policy.may_move(held, "cancel", parts)
    assert Part.ASKER not in policy.parts_of(exchange("agreed"), GIVER)


def test_the_other_side_is_the_other_side() -> None:
    assert policy.other_side(exchange("agreed"), GIVER) == RECEIVER
    assert policy.other_side(exchange("agreed"), RECEIVER) == GIVER


@pytest.mark.parametrize(
    ("minutes", "step", "rounded"),
    [
        *((50, 15, 45), (53, 15, 60), (52, 15, 45), (1, 15, 15), (60, 15, 60), (7, 1, 7)),
        *((15, 30, 30), (44, 30, 30), (45, 30, 60), (100, 30, 90), (9, 6, 12), (8, 6, 6)),
    ],
)
def test_minutes_are_rounded_to_the_step_of_the_house(
    minutes: int, step: int, rounded: int
) -> None:
    assert policy.round_minutes(minutes, step=step, minutes_max=480) == rounded


@given(
    minutes=st.integers(1, 1440),
    step=st.sampled_from(ROUNDING_MINUTES),
    minutes_max=st.integers(1, 1440),
)
def test_asvs_13_rounded_minutes_stay_between_one_and_the_most_of_the_house(
    minutes: int, step: int, minutes_max: int
) -> None:
    if minutes > minutes_max:
        with pytest.raises(MinutesOutOfRangeError):
            policy.round_minutes(minutes, step=step, minutes_max=minutes_max)
        return
    rounded = policy.round_minutes(minutes, step=step, minutes_max=minutes_max)
    assert 1 <= rounded <= minutes_max
    assert rounded % step == 0 or step > minutes_max


@pytest.mark.parametrize("minutes", [0, -1, -60, 481, 2**63])
def test_asvs_13_no_minutes_and_too_many_minutes_are_refused(minutes: int) -> None:
    with pytest.raises(MinutesOutOfRangeError) as refusal:
        policy.round_minutes(minutes, step=15, minutes_max=480)
    assert (refusal.value.minutes, refusal.value.minutes_max) == (minutes, 480)


def test_asvs_13_help_happened_within_the_last_year_and_not_tomorrow() -> None:
    policy.check_happened(TODAY, today=TODAY)
    policy.check_happened(TODAY - 366 * DAY, today=TODAY)
    for day in (TODAY + DAY, TODAY - 367 * DAY):
        with pytest.raises(DayOutOfRangeError):
            policy.check_happened(day, today=TODAY)


def test_asvs_13_help_is_planned_from_today_for_a_year() -> None:
    policy.check_planned(TODAY, today=TODAY)
    policy.check_planned(TODAY + 366 * DAY, today=TODAY)
    for day in (TODAY - DAY, TODAY + 367 * DAY):
        with pytest.raises(DayOutOfRangeError):
            policy.check_planned(day, today=TODAY)


@pytest.mark.parametrize(
    ("worked", "agreed", "longest", "unusual"),
    [
        (120, 60, 0, False),  # twice as long as agreed
        (121, 60, 0, True),
        (180, 60, 90, False),  # these two once took that long
        (120, None, 0, False),  # nothing agreed, never met: an hour is usual
        (135, None, 0, True),
        (135, None, 75, False),
    ],
)
def test_an_amount_is_unusual_above_twice_the_agreed_or_the_longest_of_this_pair(
    worked: int, agreed: int | None, longest: int, *, unusual: bool
) -> None:
    assert policy.is_unusual(worked, agreed_minutes=agreed, longest_minutes=longest) is unusual


def test_silence_ends_after_the_days_of_the_house_or_never() -> None:
    now = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
    ends = policy.silence_ends_at(now, confirm_days=7, may_confirm=True)
    assert ends == now + 7 * DAY
    assert policy.silence_ends_at(now, confirm_days=7, may_confirm=False) is None


def test_the_second_notice_comes_two_days_before_or_at_half_time() -> None:
    assert policy.remind_lead(7) == 2 * DAY
    assert policy.remind_lead(1) == dt.timedelta(hours=12)
