"""Two groups get to know each other: one asks, both say yes."""

from typing import Any

import pytest

from tests.factories import NOW
from tests.timebank.groups.scene import Scene
from timebank.groups import queries, service
from timebank.groups.errors import (
    AlreadyConnectedError,
    GroupEndedError,
    NotAskedError,
    NotYoursToRunError,
    SameGroupError,
    TieNotFoundError,
)
from timebank.groups.models import Group, Tie, TieTerms
from timebank.groups.service import Agreement


@pytest.fixture
def tea(scene: Scene) -> Group:
    """Let Otto run a group of his own."""
    return scene.start(scene.otto, name="Tea")


def by_lena(scene: Scene) -> dict[str, Any]:
    return {"by": scene.lena, "who": scene.lead, "now": NOW}


def by_otto(scene: Scene, tea: Group) -> dict[str, Any]:
    who = queries.standing_of(scene.session, tea, scene.otto, on=NOW.date())
    return {"by": scene.otto, "who": who, "now": NOW}


def connect(scene: Scene, tea: Group, **agreement: Any) -> Tie:
    return service.connect(
        scene.session, scene.group, tea, Agreement(**agreement), **by_lena(scene)
    )


def answer(scene: Scene, tea: Group, *, yes: bool = True) -> TieTerms:
    return service.answer_tie(scene.session, tea, scene.group, yes=yes, **by_otto(scene, tea))


def names(scene: Scene, group: Group) -> list[str]:
    return [each.group.name for each in queries.neighbours(scene.session, group)]


def test_two_groups_are_connected_when_both_have_said_yes(scene: Scene, tea: Group) -> None:
    tie = connect(scene, tea, words="A walk each month.")
    assert scene.told(scene.otto)[-1] == "group-tie-asked"
    assert names(scene, tea) == names(scene, scene.group) == []
    with pytest.raises(NotAskedError):
        service.answer_tie(scene.session, scene.group, tea, yes=True, **by_lena(scene))
    answer(scene, tea)
    assert tie.state == "joined"
    assert names(scene, tea) == ["Badminton"]
    assert names(scene, scene.group) == ["Tea"]
    assert scene.told(scene.lena)[-1] == "group-tie-yes"
    with pytest.raises(AlreadyConnectedError):
        connect(scene, tea)
    with pytest.raises(NotAskedError):
        answer(scene, tea)


def test_a_pair_has_one_row_whoever_asks(scene: Scene, tea: Group) -> None:
    first = connect(scene, tea)
    answer(scene, tea, yes=False)
    assert first.state == "declined"
    again = service.connect(
        scene.session, tea, scene.group, Agreement(own_parts=3), **by_otto(scene, tea)
    )
    assert again.id == first.id
    assert again.asking_id == tea.id
    terms = queries.every_terms(scene.session, again)
    assert [each.version for each in terms] == [2, 1]
    parts = {tea.id: 3, scene.group.id: 1}
    assert terms[0].first_parts == parts[again.first_id]
    assert terms[0].second_parts == parts[again.second_id]


def test_other_terms_hold_when_the_other_group_says_yes(scene: Scene, tea: Group) -> None:
    tie = connect(scene, tea, mutual_minutes=60)
    assert queries.agreed_terms(scene.session, tie) is None
    with pytest.raises(NotAskedError):
        service.propose_terms(scene.session, scene.group, tea, Agreement(), **by_lena(scene))
    first = answer(scene, tea)
    proposed = service.propose_terms(
        scene.session, scene.group, tea, Agreement(mutual_minutes=600), **by_lena(scene)
    )
    assert queries.agreed_terms(scene.session, tie) is first
    with pytest.raises(AlreadyConnectedError):
        service.propose_terms(scene.session, tea, scene.group, Agreement(), **by_otto(scene, tea))
    answer(scene, tea, yes=False)
    assert (tie.state, queries.agreed_terms(scene.session, tie)) == ("joined", first)
    again = service.propose_terms(
        scene.session, tea, scene.group, Agreement(own_parts=2), **by_otto(scene, tea)
    )
    service.answer_tie(scene.session, scene.group, tea, yes=True, **by_lena(scene))
    assert queries.agreed_terms(scene.session, tie) is again
    assert proposed.is_agreed is False


def test_either_group_ends_it_and_the_question_with_it(scene: Scene, tea: Group) -> None:
    tie = connect(scene, tea)
    service.end_tie(scene.session, scene.group, tea, **by_lena(scene))
    assert tie.state == "ended"
    assert queries.every_terms(scene.session, tie)[0].is_agreed is False
    with pytest.raises(NotAskedError):
        service.end_tie(scene.session, tea, scene.group, **by_otto(scene, tea))
    connect(scene, tea)
    answer(scene, tea)
    service.end_tie(scene.session, tea, scene.group, **by_otto(scene, tea))
    assert names(scene, tea) == []
    with pytest.raises(NotYoursToRunError):
        service.end_tie(
            scene.session, tea, scene.group, by=scene.mia, who=scene.who(scene.mia), now=NOW
        )


def test_a_group_is_connected_with_another_that_goes_on(scene: Scene, tea: Group) -> None:
    with pytest.raises(SameGroupError):
        connect(scene, scene.group)
    with pytest.raises(TieNotFoundError):
        queries.tie(scene.session, scene.group, tea)
    with pytest.raises(NotYoursToRunError):
        service.connect(
            scene.session,
            scene.group,
            tea,
            Agreement(),
            by=scene.mia,
            who=scene.who(scene.mia),
            now=NOW,
        )
    tea.state = "ended"
    with pytest.raises(GroupEndedError):
        connect(scene, tea)


def test_visitors_see_threads_between_public_groups(scene: Scene, tea: Group) -> None:
    connect(scene, tea)
    answer(scene, tea)
    key = scene.community.id
    groups, pairs = queries.web(scene.session, key, only_public=False)
    assert [group.name for group in groups] == ["Badminton", "Tea"]
    assert {frozenset(pair) for pair in pairs} == {frozenset({tea.id, scene.group.id})}
    scene.group.is_public = True
    assert queries.web(scene.session, key, only_public=True) == ([], [])
    tea.is_public = True
    assert len(queries.web(scene.session, key, only_public=True)[1]) == 1
