"""Hours into pots and out of them: booked once, by those who may decide, or not at all."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.timebank.groups.scene import TODAY, Scene, make_scene
from timebank.groups import queries, service
from timebank.groups.errors import (
    AlreadyApprovedError,
    MoveNotFoundError,
    NotAskedError,
    NotConnectedError,
    NotYoursToDecideError,
    OverMutualLimitError,
    WordsMissingError,
)
from timebank.groups.models import Group, PotMove
from timebank.groups.policy import pots as policy
from timebank.groups.policy.crediting import Attendance, PotShare, Terms
from timebank.groups.policy.pots import COMMUNITY_POT
from timebank.groups.policy.standing import Standing
from timebank.groups.service import Agreement
from timebank.hours import queries as hours
from timebank.hours.errors import TooFewHoursError
from timebank.members.models import Member


@pytest.fixture
def scene(session: Session) -> Iterator[Scene]:
    """Let Mia come along and Hugo lead too; afterwards the book still adds up to nothing."""
    scene = make_scene(session, floor_minutes=-600)
    scene.come_in(scene.mia)
    scene.come_in(scene.hugo, "lead")
    yield scene
    assert hours.trial_balance(session, scene.community.id).total_minutes == 0


def give(scene: Scene, minutes: int, by: Member | None = None, code: str = "") -> PotMove:
    return service.give(
        scene.session,
        scene.community,
        code or scene.group.account_code,
        minutes=minutes,
        words="",
        by=by or scene.otto,
        today=TODAY,
        now=NOW,
    )


def ask(scene: Scene, kind: str = "grant", **changed: Any) -> PotMove:
    by = changed.pop("by", scene.mia)
    values: dict[str, Any] = {
        "member": scene.mia,
        "minutes": 60,
        "words": "For a lift home.",
        "by": by,
        "who": scene.who(by),
        "today": TODAY,
        "now": NOW,
    }
    code = changed.pop("code", scene.group.account_code)
    return service.ask_pot(scene.session, scene.community, code, kind, **(values | changed))


def yes(scene: Scene, move: PotMove, by: Member, *roles: str) -> PotMove:
    return service.approve(
        scene.session, scene.community, move, by=by, who=scene.who(by, *roles), now=NOW
    )


def test_a_member_gives_hours_to_a_pot_and_no_more_than_they_may(scene: Scene) -> None:
    move = give(scene, 90)
    assert (move.state, move.kind) == ("booked", "gift")
    assert (scene.pot(), scene.balance(scene.otto)) == (90, -90)
    with pytest.raises(TooFewHoursError):
        give(scene, 600)
    assert scene.pot() == 90


def test_a_gift_takes_nobody_below_the_line_where_one_has_a_chat(scene: Scene) -> None:
    scene.community.floor_minutes = None
    scene.community.floor_soft_minutes = -200
    give(scene, 90)
    with pytest.raises(TooFewHoursError) as refusal:
        give(scene, 130)
    assert refusal.value.short_minutes == 20
    assert policy.gift_floor(None, None, None) == 0
    assert policy.gift_floor(None, -240, -120) == -240


def test_a_pot_helps_a_member_when_somebody_else_says_yes(scene: Scene) -> None:
    give(scene, 90)
    move = ask(scene)
    assert move.state == "waiting"
    assert scene.told(scene.lena)[-1] == scene.told(scene.hugo)[-1] == "pot-asked"
    yes(scene, move, scene.lena)
    assert (scene.pot(), scene.balance(scene.mia)) == (30, 60)
    assert scene.told(scene.mia)[-1] == "pot-booked"
    with pytest.raises(NotAskedError):
        yes(scene, move, scene.hugo)


def test_nobody_decides_about_hours_for_themselves(scene: Scene) -> None:
    give(scene, 90)
    for kind in ("grant", "payment"):
        move = ask(scene, kind, by=scene.lena, member=scene.lena)
        assert move.state == "waiting"
        with pytest.raises(NotYoursToDecideError):
            yes(scene, move, scene.lena)
        with pytest.raises(NotYoursToDecideError):
            yes(scene, move, scene.mia)
        with pytest.raises(NotYoursToDecideError):
            yes(scene, move, scene.lena, "coordinator")
    yes(scene, move, scene.hugo)
    assert scene.balance(scene.lena) == 60


def test_whoever_decides_and_gets_nothing_has_said_yes_by_asking(scene: Scene) -> None:
    give(scene, 90)
    move = ask(scene, "payment", by=scene.lena, member=scene.hugo, minutes=45)
    assert move.state == "booked"
    assert scene.balance(scene.hugo) == 45
    assert scene.told(scene.hugo)[-1] == "pot-booked"


def test_above_a_limit_two_people_say_yes(scene: Scene) -> None:
    service.set_pot_rule(
        scene.session,
        scene.community,
        scene.group.account_code,
        two_above_minutes=30,
        floor_minutes=0,
        by=scene.cora,
        who=scene.who(scene.cora, "coordinator"),
        now=NOW,
    )
    give(scene, 90)
    move = ask(scene, by=scene.lena)
    assert (move.state, scene.pot()) == ("waiting", 90)
    with pytest.raises(AlreadyApprovedError):
        yes(scene, move, scene.lena)
    yes(scene, move, scene.hugo)
    assert (move.state, scene.pot()) == ("booked", 30)
    assert ask(scene, by=scene.lena, minutes=30).state == "booked"


def test_a_pot_never_goes_below_its_floor_and_a_yes_that_cannot_be_booked_is_none(
    scene: Scene,
) -> None:
    give(scene, 30)
    move = ask(scene)
    scene.session.commit()
    with pytest.raises(TooFewHoursError) as refusal:
        yes(scene, move, scene.lena)
    assert refusal.value.short_minutes == 30
    scene.session.rollback()
    assert queries.approvals(scene.session, move) == []
    assert scene.pot() == 30
    service.set_pot_rule(
        scene.session,
        scene.community,
        scene.group.account_code,
        two_above_minutes=600,
        floor_minutes=-60,
        by=scene.cora,
        who=scene.who(scene.cora, "coordinator"),
        now=NOW,
    )
    yes(scene, move, scene.lena)
    assert scene.pot() == -30


def test_only_a_coordinator_says_how_carefully_a_pot_is_looked_after(scene: Scene) -> None:
    with pytest.raises(NotYoursToDecideError):
        service.set_pot_rule(
            scene.session,
            scene.community,
            scene.group.account_code,
            two_above_minutes=600,
            floor_minutes=-600,
            by=scene.lena,
            who=scene.lead,
            now=NOW,
        )


def test_asking_takes_a_part_in_the_pot_and_words(scene: Scene) -> None:
    with pytest.raises(NotYoursToDecideError):
        ask(scene, by=scene.otto, member=scene.otto)
    with pytest.raises(NotYoursToDecideError):
        ask(scene, "payment")
    with pytest.raises(WordsMissingError):
        ask(scene, words="  ")


def test_a_question_is_taken_back_or_answered_with_no(scene: Scene) -> None:
    def no(move: PotMove, by: Member) -> None:
        service.decline(scene.session, scene.community, move, by=by, who=scene.who(by), now=NOW)

    first, second = ask(scene), ask(scene)
    with pytest.raises(NotYoursToDecideError):
        no(first, scene.otto)
    no(first, scene.mia)
    no(second, scene.lena)
    assert (first.state, second.state) == ("withdrawn", "declined")
    assert scene.told(scene.mia)[-1] == "pot-declined"
    with pytest.raises(NotAskedError):
        no(second, scene.mia)
    assert scene.waiting() == []


def test_the_communitys_pot_is_decided_by_coordinators_and_treasurers(scene: Scene) -> None:
    give(scene, 90, code=COMMUNITY_POT)
    move = ask(scene, code=COMMUNITY_POT, by=scene.otto, member=scene.otto)
    assert scene.told(scene.cora)[-1] == "pot-asked community"
    with pytest.raises(NotYoursToDecideError):
        yes(scene, move, scene.lena)
    yes(scene, move, scene.hugo, "treasurer")
    assert scene.told(scene.otto)[-1] == "pot-booked community"
    balance = hours.balance(scene.session, scene.community.id, COMMUNITY_POT)
    assert balance.posted == 30


def test_a_move_that_is_not_there_is_not_found(scene: Scene) -> None:
    with pytest.raises(MoveNotFoundError):
        queries.move(scene.session, scene.community.id, scene.mia.id)


# ------------------------------------------------------------------------- pot to pot


def connected(scene: Scene, mutual_minutes: int) -> Group:
    """Let Otto's tea group and the badminton group agree on something."""
    tea = scene.start(scene.otto, name="Tea")
    service.connect(
        scene.session,
        scene.group,
        tea,
        Agreement(mutual_minutes=mutual_minutes),
        by=scene.lena,
        who=scene.lead,
        now=NOW,
    )
    _answer(scene, tea)
    return tea


def _answer(scene: Scene, tea: Group) -> None:
    who = queries.standing_of(scene.session, tea, scene.otto, on=NOW.date())
    service.answer_tie(scene.session, tea, scene.group, yes=True, by=scene.otto, who=who, now=NOW)


def transfer(scene: Scene, code: str, other: str, minutes: int, by: Member, who: Any) -> PotMove:
    return service.ask_transfer(
        scene.session,
        scene.community,
        code,
        other,
        minutes=minutes,
        words="Their cooks helped.",
        by=by,
        who=who,
        today=TODAY,
        now=NOW,
    )


def test_hours_flow_between_connected_groups_up_to_what_they_agreed(scene: Scene) -> None:
    tea = connected(scene, 60)
    ours, theirs = scene.group.account_code, tea.account_code
    give(scene, 200)

    def over(minutes: int) -> PotMove:
        return transfer(scene, ours, theirs, minutes, scene.lena, scene.lead)

    assert over(45).state == "booked"
    assert (scene.pot(), scene.pot(tea)) == (155, 45)
    with pytest.raises(OverMutualLimitError) as refusal:
        over(30)
    assert (refusal.value.mutual_minutes, refusal.value.out_minutes) == (60, 45)
    over(15)
    with pytest.raises(OverMutualLimitError):
        over(1)
    lead = queries.standing_of(scene.session, tea, scene.otto, on=NOW.date())
    transfer(scene, theirs, ours, 60, scene.otto, lead)
    assert queries.net_minutes(scene.session, scene.community.id, ours, theirs) == 0
    over(60)
    flows = queries.flows(scene.session, scene.community.id, since_on=TODAY)
    assert [(flow.giver_code, flow.taker_code, flow.minutes) for flow in flows] == [
        (ours, theirs, 120),
        (theirs, ours, 60),
    ]


def test_what_waits_meets_the_limit_again_when_it_is_decided(scene: Scene) -> None:
    tea = connected(scene, 60)
    ours, theirs = scene.group.account_code, tea.account_code
    give(scene, 200)
    service.set_pot_rule(
        scene.session,
        scene.community,
        ours,
        two_above_minutes=20,
        floor_minutes=0,
        by=scene.cora,
        who=scene.who(scene.cora, "coordinator"),
        now=NOW,
    )
    first, second = (
        transfer(scene, ours, theirs, 40, scene.lena, scene.lead) for _each in range(2)
    )
    yes(scene, first, scene.hugo)
    with pytest.raises(OverMutualLimitError):
        yes(scene, second, scene.hugo)


def test_hours_flow_only_where_groups_are_connected_or_with_the_community(scene: Scene) -> None:
    tea = scene.start(scene.otto, name="Tea")
    give(scene, 60)
    ours = scene.group.account_code
    with pytest.raises(NotConnectedError):
        transfer(scene, ours, tea.account_code, 30, scene.lena, scene.lead)
    service.connect(
        scene.session,
        scene.group,
        tea,
        Agreement(mutual_minutes=60),
        by=scene.lena,
        who=scene.lead,
        now=NOW,
    )
    with pytest.raises(NotConnectedError):
        transfer(scene, ours, tea.account_code, 30, scene.lena, scene.lead)
    _answer(scene, tea)
    assert transfer(scene, ours, tea.account_code, 30, scene.lena, scene.lead).state == "booked"
    with pytest.raises(NotYoursToDecideError):
        transfer(scene, ours, COMMUNITY_POT, 30, scene.mia, scene.who(scene.mia))
    with pytest.raises(WordsMissingError):
        service.ask_transfer(
            scene.session,
            scene.community,
            ours,
            COMMUNITY_POT,
            minutes=30,
            words=" ",
            by=scene.lena,
            who=scene.lead,
            today=TODAY,
            now=NOW,
        )
    transfer(scene, ours, COMMUNITY_POT, 30, scene.lena, scene.lead)
    assert scene.pot() == 0


# --------------------------------------------------------------------------- workshops


def test_a_workshop_for_many_pays_its_leader_and_the_surplus_stays(scene: Scene) -> None:
    for member in (scene.mia, scene.otto, scene.cora, scene.hugo):
        give(scene, 45, by=member)
    ask(scene, "payment", by=scene.hugo, member=scene.lena, minutes=120, words="Bread workshop.")
    assert (scene.pot(), scene.balance(scene.lena)) == (60, 120)
    assert scene.balance(scene.mia) == -45


def test_all_pots_and_what_activity_created_are_what_the_books_say(scene: Scene) -> None:
    give(scene, 90)
    give(scene, 30, code=COMMUNITY_POT)
    service.post_session(
        scene.session,
        scene.community,
        Terms(kind="activity", activity="sport", pot_minutes=15),
        [Attendance(scene.lena.account_code, 120, is_host=True)],
        [PotShare(scene.group.account_code)],
        key="session:1",
        happened_on=TODAY,
        by=scene.lena,
        now=NOW,
    )
    codes = [COMMUNITY_POT, *queries.groups_by_pot(scene.session, scene.community.id)]
    found = queries.pots(scene.session, scene.community.id, codes)
    assert found.minutes == {"G000001": 30, "G000002": 120}
    assert found.created == {"activity-sport": 150}
    book = hours.trial_balance(scene.session, scene.community.id)
    assert sum(found.minutes.values()) == book.kinds["pot"]
    assert found.members_minutes == book.kinds["member"]
    assert -sum(found.created.values()) - found.others_minutes == book.kinds["source"]
    created = hours.balance(scene.session, scene.community.id, "activity-sport").posted
    assert created == -150


# ------------------------------------------------------------------------------- rules


@given(st.integers(1, 10**5), st.integers(0, 10**5))
def test_more_hours_never_take_fewer_people(minutes: int, two_above: int) -> None:
    needed = policy.approvals_needed(minutes, two_above)
    assert needed == (2 if minutes > two_above else 1)
    assert policy.approvals_needed(minutes + 1, two_above) >= needed


def test_who_sees_and_decides_and_asks() -> None:
    lead, member = Standing("lead", "active", is_member=True), Standing("member", is_member=True)
    nobody = Standing(is_member=True)
    coordinator = Standing(is_member=True, is_coordinator=True)
    treasurer = Standing(is_member=True, is_treasurer=True)
    everyone = (lead, member, nobody, coordinator, treasurer)
    assert [policy.may_see_pot(each) for each in everyone] == [True, True, False, True, True]
    assert [policy.may_decide(each, is_communitys=False) for each in everyone] == [
        *(True, False, False, True, False)
    ]
    assert [policy.may_decide(each, is_communitys=True) for each in everyone] == [
        *(False, False, False, True, True)
    ]
    assert [policy.may_ask(each, is_communitys=False) for each in everyone] == [
        *(True, True, False, True, False)
    ]
    assert all(policy.may_ask(each, is_communitys=True) for each in everyone)
