"""That somebody stays away from one group for a time, and from no other."""

import datetime as dt
from typing import Any

import pytest

from tests.factories import NOW
from tests.timebank.groups.scene import TODAY, Scene
from timebank.groups import queries, service
from timebank.groups.errors import (
    DayOutOfRangeError,
    NoPartInGroupError,
    NotAskedError,
    NotYoursToRunError,
    SpeakToTheLeadError,
    WordsMissingError,
)
from timebank.groups.models import DAYS_MAX, Exclusion
from timebank.groups.policy.rules import Door
from timebank.groups.policy.standing import may_run
from timebank.members.models import Member

DAY = dt.timedelta(days=1)
LAST = TODAY + 14 * DAY


def exclude(scene: Scene, member: Member | None = None, **changed: Any) -> Exclusion:
    values: dict[str, Any] = {
        "until_on": LAST,
        "review_on": TODAY + 7 * DAY,
        "reason": "Shouted at the cook.",
        "by": scene.lena,
        "who": scene.lead,
        "today": TODAY,
        "now": NOW,
    }
    return service.exclude(scene.session, scene.group, member or scene.mia, **(values | changed))


def door(scene: Scene, day: dt.date, group: Any = None) -> Door:
    return queries.at_the_door(scene.session, group or scene.group, scene.mia.id, today=day)


def test_it_holds_for_one_group_and_ends_by_itself(scene: Scene) -> None:
    other = scene.start(scene.otto, name="Tea")
    exclude(scene)
    assert door(scene, TODAY) is Door.LEAD
    assert door(scene, LAST) is Door.LEAD
    assert door(scene, LAST + DAY) is Door.OPEN
    assert door(scene, TODAY - DAY) is Door.OPEN
    assert door(scene, TODAY, other) is Door.OPEN
    assert queries.exclusions(scene.session, other) == []
    assert queries.own_exclusion(scene.session, other, scene.mia) is None
    service.join(scene.session, other, scene.mia, today=TODAY, now=NOW)


def test_joining_and_being_invited_say_no_more_than_the_door(scene: Scene) -> None:
    exclude(scene)
    with pytest.raises(SpeakToTheLeadError) as refusal:
        service.join(scene.session, scene.group, scene.mia, today=TODAY, now=NOW)
    assert vars(refusal.value) == {}
    with pytest.raises(SpeakToTheLeadError):
        service.invite(
            scene.session,
            scene.group,
            scene.mia,
            by=scene.lena,
            who=scene.lead,
            today=TODAY,
            now=NOW,
        )
    service.join(scene.session, scene.group, scene.mia, today=LAST + DAY, now=NOW)


def test_the_member_is_told_without_a_word_about_it(scene: Scene) -> None:
    exclude(scene)
    assert scene.told(scene.mia) == ["group-word"]


def test_it_is_decided_by_those_who_run_the_group_with_a_reason_and_an_end(scene: Scene) -> None:
    scene.come_in(scene.hugo, "host")
    for changed, refusal in (
        ({"by": scene.hugo, "who": scene.who(scene.hugo)}, NotYoursToRunError),
        ({"reason": "  "}, WordsMissingError),
        ({"until_on": TODAY - DAY}, DayOutOfRangeError),
        ({"until_on": TODAY + (DAYS_MAX + 1) * DAY}, DayOutOfRangeError),
        ({"review_on": LAST + DAY}, DayOutOfRangeError),
        ({"review_on": TODAY - DAY}, DayOutOfRangeError),
    ):
        with pytest.raises(refusal):
            exclude(scene, **changed)
    with pytest.raises(NotYoursToRunError):
        exclude(scene, scene.lena)
    assert queries.exclusions(scene.session, scene.group) == []


def test_a_decision_is_looked_at_again(scene: Scene) -> None:
    decision = exclude(scene)

    def review(words: str, day: dt.date) -> None:
        service.review(
            scene.group,
            decision,
            words=words,
            next_review_on=day,
            by=scene.lena,
            who=scene.lead,
            today=TODAY + 7 * DAY,
        )

    with pytest.raises(WordsMissingError):
        review(" ", LAST)
    with pytest.raises(DayOutOfRangeError):
        review("We talked.", LAST + DAY)
    review("We talked.", LAST)
    assert (decision.reviewed_on, decision.review_on) == (TODAY + 7 * DAY, LAST)
    assert door(scene, TODAY + 8 * DAY) is Door.LEAD


def test_a_decision_is_lifted_before_its_end(scene: Scene) -> None:
    decision = exclude(scene)

    def lift(words: str = "It is good again.") -> None:
        service.lift(
            scene.session,
            scene.group,
            decision,
            words=words,
            by=scene.lena,
            who=scene.lead,
            today=TODAY + DAY,
            now=NOW,
        )

    with pytest.raises(WordsMissingError):
        lift(" ")
    lift()
    assert door(scene, TODAY) is Door.LEAD
    assert door(scene, TODAY + DAY) is Door.OPEN
    with pytest.raises(NotAskedError):
        lift()


def appeal(scene: Scene, decision: Exclusion, **changed: Any) -> None:
    values: dict[str, Any] = {
        "words": "The cook shouted first.",
        "by": scene.mia,
        "today": TODAY,
        "now": NOW,
    }
    service.appeal(scene.session, scene.group, decision, **(values | changed))


def answer(scene: Scene, decision: Exclusion, outcome: str, **changed: Any) -> None:
    values: dict[str, Any] = {
        "outcome": outcome,
        "words": "We heard both.",
        "until_on": None,
        "by": scene.cora,
        "who": scene.who(scene.cora, "coordinator"),
        "today": TODAY,
        "now": NOW,
    }
    service.answer_appeal(scene.session, scene.group, decision, **(values | changed))


def test_an_appeal_is_made_once_and_by_the_member(scene: Scene) -> None:
    decision = exclude(scene)
    with pytest.raises(NotYoursToRunError):
        appeal(scene, decision, by=scene.otto)
    with pytest.raises(WordsMissingError):
        appeal(scene, decision, words=" ")
    with pytest.raises(NotAskedError):
        appeal(scene, decision, today=LAST + DAY)
    with pytest.raises(NotAskedError):
        answer(scene, decision, "lifted")
    appeal(scene, decision)
    assert scene.told(scene.cora)[-1] == "group-appeal"
    assert "group-appeal" not in scene.told(scene.lena)
    with pytest.raises(NotAskedError):
        appeal(scene, decision)


def test_an_appeal_is_answered_by_somebody_who_did_not_decide(scene: Scene) -> None:
    decision = exclude(scene)
    appeal(scene, decision)
    with pytest.raises(NotYoursToRunError):
        answer(scene, decision, "lifted", by=scene.lena, who=scene.lead)
    with pytest.raises(WordsMissingError):
        answer(scene, decision, "lifted", words=" ")
    answer(scene, decision, "lifted")
    assert door(scene, TODAY) is Door.OPEN
    assert (decision.appeal_outcome, decision.appeal_answered_by_id) == ("lifted", scene.cora.id)
    with pytest.raises(NotAskedError):
        answer(scene, decision, "stands")


def test_an_appeal_can_make_it_shorter_and_never_longer(scene: Scene) -> None:
    decision = exclude(scene)
    appeal(scene, decision)
    for until_on in (None, LAST, TODAY - DAY):
        with pytest.raises(DayOutOfRangeError):
            answer(scene, decision, "shortened", until_on=until_on)
    answer(scene, decision, "shortened", until_on=TODAY + 2 * DAY)
    scene.session.flush()
    assert door(scene, TODAY + 2 * DAY) is Door.LEAD
    assert door(scene, TODAY + 3 * DAY) is Door.OPEN
    assert decision.review_on == TODAY + 2 * DAY


def test_a_decision_can_stand(scene: Scene) -> None:
    decision = exclude(scene)
    appeal(scene, decision)
    answer(scene, decision, "stands")
    assert door(scene, LAST) is Door.LEAD


def test_a_decision_of_another_group_is_not_there(scene: Scene) -> None:
    decision = exclude(scene)
    assert queries.exclusion(scene.session, scene.group, decision.id) is decision
    other = scene.start(scene.otto)
    with pytest.raises(NoPartInGroupError):
        queries.exclusion(scene.session, other, decision.id)
    with pytest.raises(NoPartInGroupError):
        queries.exclusion(scene.session, scene.group, scene.mia.id)


def by_cora(scene: Scene) -> dict[str, Any]:
    return {"by": scene.cora, "who": scene.who(scene.cora, "coordinator")}


def test_whoever_runs_a_group_and_stays_away_runs_it_no_more_until_it_is_over(
    scene: Scene,
) -> None:
    tea = scene.start(scene.lena, name="Tea")
    scene.come_in(scene.hugo, "lead")
    exclude(scene, scene.lena, **by_cora(scene))

    def runs(day: dt.date) -> list[bool]:
        ids = [scene.group.id, tea.id]
        found = queries.standings_of(scene.session, ids, scene.lena, on=[day])
        return [may_run(found[each]) for each in ids]

    assert runs(TODAY - DAY) == [True, True]
    assert runs(TODAY) == runs(LAST) == [False, True]
    assert runs(LAST + DAY) == [True, True]
    days = [TODAY - DAY, TODAY + DAY]
    found = queries.standings_of(scene.session, [scene.group.id], scene.lena, on=days)
    assert not may_run(found[scene.group.id])
    _group, seen = queries.seen_by(
        scene.session, scene.community.id, scene.group.slug, scene.lena, frozenset(), on=TODAY
    )
    assert (seen.part, seen.state) == ("member", "active")
    with pytest.raises(NotYoursToRunError):
        exclude(scene, scene.mia, who=seen)


def test_a_part_in_no_other_group_is_no_part_anywhere_meanwhile(scene: Scene) -> None:
    exclude(scene, scene.lena, **by_cora(scene))
    assert queries.parts_of(scene.session, scene.lena, on=TODAY) == frozenset()
    scene.start(scene.lena, name="Tea")
    assert queries.parts_of(scene.session, scene.lena, on=TODAY) == {"lead"}


def test_what_there_is_to_do_goes_to_those_who_run_it_just_now(scene: Scene) -> None:
    scene.come_in(scene.hugo, "lead")
    exclude(scene, scene.lena, **by_cora(scene))
    before = scene.told(scene.lena)
    service.join(scene.session, scene.group, scene.mia, today=TODAY, now=NOW)
    assert scene.told(scene.lena) == before
    assert scene.told(scene.hugo)[-1] == "group-joined"
    assert queries.leads(scene.session, scene.group) == [scene.hugo, scene.lena]
    later = queries.acting_leads(scene.session, scene.group, now=NOW + 15 * DAY)
    assert later == [scene.hugo, scene.lena]


def test_nobody_ends_a_decision_about_themselves(scene: Scene) -> None:
    decision = exclude(scene, scene.cora)
    values: dict[str, Any] = {"words": "It is good again.", "today": TODAY, **by_cora(scene)}
    with pytest.raises(NotYoursToRunError):
        service.lift(scene.session, scene.group, decision, now=NOW, **values)
    with pytest.raises(NotYoursToRunError):
        service.review(scene.group, decision, next_review_on=LAST, **values)
    assert decision.holds_on(TODAY)
