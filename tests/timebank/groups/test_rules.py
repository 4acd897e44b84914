"""Ground rules: their versions, who took them in, and what the door says."""

import datetime as dt

import pytest

from tests.factories import NOW
from tests.timebank.groups.scene import TODAY, Scene
from timebank.groups import queries, service
from timebank.groups.errors import (
    NoRulesError,
    NotYoursToRunError,
    RulesChangedError,
    WordsMissingError,
)
from timebank.groups.models import GroundRules
from timebank.groups.policy.rules import Door


def write(scene: Scene, words: str) -> GroundRules:
    return service.write_rules(
        scene.session, scene.group, words, by=scene.lena, who=scene.lead, now=NOW
    )


def door(scene: Scene) -> Door:
    return queries.at_the_door(scene.session, scene.group, scene.mia.id, today=TODAY)


def test_a_new_version_of_the_rules_asks_everybody_again(scene: Scene) -> None:
    assert door(scene) is Door.OPEN
    assert queries.ground_rules(scene.session, scene.group) is None
    assert write(scene, "Be kind.").version == 1
    assert door(scene) is Door.RULES
    noted = service.acknowledge(
        scene.session, scene.group, scene.mia, version=1, by=scene.mia, now=NOW
    )
    assert (noted.version, noted.way, noted.at) == (1, "read", NOW)
    assert door(scene) is Door.OPEN
    assert write(scene, " Be kind. ").version == 1
    assert door(scene) is Door.OPEN

    assert write(scene, "Be kind, and be on time.").version == 2
    assert door(scene) is Door.RULES
    with pytest.raises(RulesChangedError) as refusal:
        service.acknowledge(scene.session, scene.group, scene.mia, version=1, by=scene.mia, now=NOW)
    assert refusal.value.version == 2
    aloud = service.acknowledge(
        scene.session, scene.group, scene.mia, version=2, by=scene.hugo, now=NOW
    )
    assert (aloud.way, aloud.by_member_id) == ("aloud", scene.hugo.id)
    assert door(scene) is Door.OPEN
    assert queries.acknowledged_versions(scene.session, scene.group, scene.mia.id) == {1, 2}
    assert [each.version for each in queries.rules_history(scene.session, scene.group)] == [2, 1]


def test_taking_the_rules_in_twice_is_noted_once(scene: Scene) -> None:
    write(scene, "Be kind.")
    first = service.acknowledge(
        scene.session, scene.group, scene.mia, version=1, by=scene.mia, now=NOW
    )
    later = NOW + dt.timedelta(days=1)
    again = service.acknowledge(
        scene.session, scene.group, scene.mia, version=1, by=scene.hugo, now=later
    )
    assert (again.id, again.at) == (first.id, NOW)


def test_who_still_has_to_hear_the_rules_is_found_in_one_question(scene: Scene) -> None:
    ids = [scene.mia.id, scene.otto.id]
    assert queries.must_hear(scene.session, scene.group, ids) == set()
    write(scene, "Be kind.")
    service.acknowledge(scene.session, scene.group, scene.mia, version=1, by=scene.mia, now=NOW)
    assert queries.must_hear(scene.session, scene.group, ids) == {scene.otto.id}
    assert queries.must_hear(scene.session, scene.group, []) == set()


def test_rules_have_words_and_somebody_who_may_write_them(scene: Scene) -> None:
    with pytest.raises(WordsMissingError):
        write(scene, "  ")
    with pytest.raises(NotYoursToRunError):
        service.write_rules(
            scene.session,
            scene.group,
            "Mine.",
            by=scene.mia,
            who=scene.who(scene.mia),
            now=NOW,
        )
    with pytest.raises(NoRulesError):
        service.acknowledge(scene.session, scene.group, scene.mia, version=1, by=scene.mia, now=NOW)
