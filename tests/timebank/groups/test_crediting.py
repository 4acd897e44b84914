"""What an hour with a group moves in the books."""

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import NOW
from tests.timebank.groups.scene import TODAY, Scene
from timebank.groups import queries, service
from timebank.groups.errors import (
    NotYoursToRunError,
    RuleDoesNotAddUpError,
    RuleForThePastError,
)
from timebank.groups.models import ACTIVITIES, CREDITING_KINDS, CreditingRule
from timebank.groups.policy.crediting import (
    NO_RULE,
    Attendance,
    PotShare,
    Terms,
    check_terms,
    legs_of,
    source_of,
    terms_of,
)
from timebank.groups.policy.shares import Leg
from timebank.hours import queries as hours
from timebank.hours import service as hours_service
from timebank.hours.errors import DifferentBeforeError, TooFewHoursError

POT = PotShare("G000002")
DAY = dt.timedelta(days=1)


def every_rule() -> Iterator[Terms]:
    """Give every rule that could be written, with a few amounts of each."""
    amounts, ticks = (0, 15, 60, 61), (False, True)
    for kind, pot, cost, even, credits_ in itertools.product(
        (*CREDITING_KINDS, "money"), amounts, amounts, ticks, ticks
    ):
        yield Terms(
            kind=kind,
            pot_minutes=pot,
            cost_minutes=cost,
            is_shared_evenly=even,
            credits_participants=credits_,
        )


def adds_up(terms: Terms) -> bool:
    try:
        check_terms(terms)
    except RuleDoesNotAddUpError:
        return False
    return True


SOUND = [terms for terms in every_rule() if adds_up(terms)]


def moved(legs: tuple[Leg, ...]) -> Counter[str]:
    """Add up what each account gained."""
    found: Counter[str] = Counter()
    for payer, payee, minutes in legs:
        found[payer] -= minutes
        found[payee] += minutes
    return found


def credited(legs: tuple[Leg, ...], code: str) -> int:
    return sum(minutes for _payer, payee, minutes in legs if payee == code)


def paid(legs: tuple[Leg, ...], code: str) -> int:
    return sum(minutes for payer, _payee, minutes in legs if payer == code)


def test_there_are_sound_rules_of_every_kind_and_some_that_are_not() -> None:
    assert {terms.kind for terms in SOUND} == set(CREDITING_KINDS)
    assert len(SOUND) == 3 * 2 + 1 + 3 + 1 + 1


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"kind": "money"}, "unknown"),
        ({"activity": "shopping"}, "unknown"),
        ({"kind": "activity", "pot_minutes": 61}, "more than an hour"),
        ({"kind": "participants", "cost_minutes": -1}, "more than an hour"),
        ({"kind": "pot", "pot_minutes": 15}, "pot share from nowhere"),
        ({"kind": "donated", "credits_participants": True}, "credit from nowhere"),
        ({"kind": "activity", "cost_minutes": 15}, "cost for nothing"),
        ({"kind": "pot", "is_shared_evenly": True}, "cost for nothing"),
        ({"kind": "participants"}, "nobody pays"),
        ({"kind": "participants", "cost_minutes": 5, "is_shared_evenly": True}, "paid twice"),
    ],
)
def test_a_rule_that_does_not_add_up_says_why(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(RuleDoesNotAddUpError) as refusal:
        legs_of(Terms(**changed), [], [POT])
    assert refusal.value.reason == reason


@pytest.mark.parametrize("terms", SOUND, ids=repr)
@given(
    st.lists(
        st.builds(
            Attendance,
            st.integers(1, 12).map(lambda number: f"M{number:06d}"),
            st.integers(0, 600),
            st.booleans(),
            st.booleans(),
        ),
        max_size=20,
    ),
    st.lists(st.integers(1, 5), min_size=1, max_size=3),
)
def test_one_hour_is_one_hour_whatever_the_rule_and_whoever_it_is(
    terms: Terms, there: list[Attendance], parts: list[int]
) -> None:
    pots = [PotShare(f"G{number:06d}", part) for number, part in enumerate(parts, start=2)]
    legs = legs_of(terms, there, pots)
    assert legs_of(terms, list(reversed(there)), pots) == legs
    assert all(minutes > 0 for _payer, _payee, minutes in legs)
    assert sum(moved(legs).values()) == 0

    given_minutes: Counter[str] = Counter()
    taken_minutes: Counter[str] = Counter()
    for each in there:
        if not each.is_paid:
            (given_minutes if each.is_host else taken_minutes)[each.code] += each.minutes
    counts_taking_part = terms.credits_participants
    for code in {each.code for each in there}:
        due = given_minutes[code] + (taken_minutes[code] if counts_taking_part else 0)
        assert credited(legs, code) == (0 if terms.kind == "unpaid" else due)
        given_away = given_minutes[code] if terms.kind == "donated" else 0
        if not terms.is_shared_evenly:
            cost = (2 * taken_minutes[code] * terms.cost_minutes + 60) // 120
            assert paid(legs, code) == cost + given_away
    for each in there:
        alone = all(other.is_paid for other in there if other.code == each.code)
        if alone:
            assert moved(legs)[each.code] == 0, "paid staff are never credited nor charged"


def test_the_rule_of_the_cafe() -> None:
    there = [
        Attendance("M000001", 120, is_host=True),
        Attendance("M000002", 90, is_host=True),
        Attendance("M000003", 120, is_host=True, is_paid=True),
        Attendance("M000004", 60),
    ]
    terms = Terms(kind="activity", pot_minutes=15)
    source = source_of(terms)
    assert legs_of(terms, there, [POT]) == (
        (source, "M000001", 120),
        (source, "M000002", 90),
        (source, "G000002", 53),
    )


def test_a_workshop_pays_its_leader_and_the_surplus_stays_in_the_pot() -> None:
    there = [Attendance("M000001", 120, is_host=True)]
    there += [Attendance(f"M{number:06d}", 120) for number in range(2, 12)]
    legs = legs_of(Terms(kind="participants", cost_minutes=15), there, [POT])
    assert moved(legs)["M000001"] == 120
    assert moved(legs)["G000002"] == 10 * 30 - 120
    assert {moved(legs)[f"M{number:06d}"] for number in range(2, 12)} == {-30}


def test_those_who_share_evenly_pay_exactly_what_the_hosts_get() -> None:
    there = [Attendance("M000001", 100, is_host=True)]
    there += [Attendance(f"M{number:06d}", 45) for number in range(2, 5)]
    terms = Terms(kind="participants", is_shared_evenly=True)
    legs = moved(legs_of(terms, there, [POT]))
    assert [legs[f"M{number:06d}"] for number in range(1, 5)] == [100, -34, -33, -33]
    assert legs["G000002"] == 0
    nobody = moved(legs_of(terms, there[:1], [POT]))
    assert (nobody["M000001"], nobody["G000002"]) == (100, -100)


def test_two_groups_that_hold_a_session_share_its_hours_to_the_minute() -> None:
    pots = [PotShare("G000002", 2), PotShare("G000003", 1)]
    hosts = [Attendance("M000001", 50, is_host=True), Attendance("M000002", 50, is_host=True)]
    paying = moved(legs_of(Terms(kind="pot"), hosts, pots))
    assert (paying["G000002"], paying["G000003"]) == (-67, -33)
    getting = moved(legs_of(Terms(kind="donated"), hosts, pots))
    assert (getting["G000002"], getting["G000003"]) == (67, 33)
    share = moved(legs_of(Terms(kind="activity", pot_minutes=15), hosts, pots))
    assert (share["G000002"], share["G000003"]) == (17, 8)


# --------------------------------------------------------------------------- in the books


def write(scene: Scene, terms: Terms, **changed: Any) -> CreditingRule:
    values: dict[str, Any] = {
        "applies_from_on": TODAY,
        "by": scene.lena,
        "who": scene.lead,
        "today": TODAY,
        "now": NOW,
    }
    return service.write_crediting_rule(scene.session, scene.group, terms, **(values | changed))


def test_a_rule_holds_from_its_day_on_and_the_one_before_until_then(scene: Scene) -> None:
    assert queries.crediting_rule_on(scene.session, scene.group, TODAY) is None
    assert terms_of(None) == NO_RULE
    first = write(scene, Terms(kind="activity", pot_minutes=15))
    second = write(scene, Terms(kind="pot"), applies_from_on=TODAY + 7 * DAY)
    mended = write(scene, Terms(kind="donated"), applies_from_on=TODAY + 7 * DAY)
    assert [first.version, second.version, mended.version] == [1, 2, 3]

    def on(days: int) -> CreditingRule | None:
        return queries.crediting_rule_on(scene.session, scene.group, TODAY + days * DAY)

    assert on(-1) is None
    assert on(0) is first
    assert on(6) is first
    assert on(7) is mended
    assert terms_of(first) == Terms(kind="activity", pot_minutes=15)
    assert queries.crediting_rules(scene.session, scene.group, limit=2) == [mended, second]


def test_a_rule_is_written_by_those_who_run_the_group_and_never_for_the_past(
    scene: Scene,
) -> None:
    with pytest.raises(NotYoursToRunError):
        write(scene, Terms(kind="pot"), by=scene.mia, who=scene.who(scene.mia))
    with pytest.raises(RuleForThePastError):
        write(scene, Terms(kind="pot"), applies_from_on=TODAY - DAY)
    with pytest.raises(RuleDoesNotAddUpError):
        write(scene, Terms(kind="participants"))
    assert queries.crediting_rules(scene.session, scene.group) == []


def post(scene: Scene, terms: Terms, there: list[Attendance], key: str = "session:1") -> Any:
    return service.post_session(
        scene.session,
        scene.community,
        terms,
        there,
        [PotShare(scene.group.account_code)],
        key=key,
        happened_on=TODAY,
        by=scene.lena,
        now=NOW,
    )


@pytest.mark.parametrize("activity", ACTIVITIES)
def test_what_an_activity_recognised_stands_in_the_books_by_its_name(
    scene: Scene, activity: str
) -> None:
    terms = Terms(kind="activity", activity=activity, pot_minutes=15)
    there = [Attendance(scene.lena.account_code, 120, is_host=True)]
    entry = post(scene, terms, there)
    assert entry is not None
    assert post(scene, terms, there) == entry
    assert scene.balance(scene.lena) == 120
    assert scene.pot() == 30
    source = hours.balance(scene.session, scene.community.id, f"activity-{activity}")
    assert source.posted == -150
    assert hours.trial_balance(scene.session, scene.community.id).total_minutes == 0
    with pytest.raises(DifferentBeforeError):
        post(scene, terms, [Attendance(scene.lena.account_code, 60, is_host=True)])


def test_donated_hours_stand_on_the_statement_twice_and_in_the_pot_once(scene: Scene) -> None:
    post(scene, Terms(kind="donated"), [Attendance(scene.lena.account_code, 45, is_host=True)])
    code = scene.lena.account_code
    lines = hours.month_statement(scene.session, scene.community, code, TODAY).statement.lines
    assert sorted(line.minutes for line in lines) == [-45, 45]
    assert scene.pot() == 45


def test_a_pot_that_may_not_go_lower_pays_nothing_at_all(scene: Scene) -> None:
    there = [
        Attendance(scene.lena.account_code, 60, is_host=True),
        Attendance(scene.hugo.account_code, 60, is_host=True),
    ]
    with pytest.raises(TooFewHoursError):
        post(scene, Terms(kind="pot"), there)
    assert scene.balance(scene.lena) == scene.balance(scene.hugo) == scene.pot() == 0


def test_nothing_is_posted_where_nothing_moves(scene: Scene) -> None:
    there = [Attendance(scene.lena.account_code, 60, is_host=True)]
    assert post(scene, NO_RULE, there) is None
    assert hours_service.settle(scene.session, scene.community, "session:1") is None
