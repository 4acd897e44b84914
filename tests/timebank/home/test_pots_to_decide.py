"""What was asked of pots stands on the list of whoever may decide, and of nobody else."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import at
from tests.pages.page import Page, Walk
from tests.timebank.groups.scene import Scene, make_scene
from timebank.clock import utc_now
from timebank.groups import service
from timebank.groups.models import PotMove
from timebank.groups.policy.pots import COMMUNITY_POT
from timebank.groups.queries import standing_of
from timebank.members import service as members
from timebank.members.models import Member


@pytest.fixture
def scene(session: Session) -> Scene:
    """Let Mia come along, and the group's pot hold ten hours, the community's two."""
    scene = make_scene(session, floor_minutes=-3000)
    scene.come_in(scene.mia)
    for code, minutes in ((scene.group.account_code, 1200), (COMMUNITY_POT, 120)):
        service.give(
            session, scene.community, code, minutes=minutes, words="", by=scene.otto,
            today=utc_now().date(), now=utc_now(),
        )  # fmt: skip
    return scene


def ask(scene: Scene, by: Member, *roles: str, **changed: Any) -> PotMove:
    now = utc_now()
    values: dict[str, Any] = {"code": scene.group.account_code, "minutes": 60, "member": by}
    values |= changed
    code = values.pop("code")
    return service.ask_pot(
        scene.session, scene.community, code, "grant", words="For the roof.", by=by,
        who=standing_of(scene.session, scene.group, by, frozenset(roles), on=now.date()),
        today=now.date(), now=now, **values,
    )  # fmt: skip


def to_do(scene: Scene, walk: Walk, member: Member) -> Page:
    return walk(member).get(at(scene.community, "/work"))


def count(page: Page) -> list[str]:
    return page.all(".masthead a[href$='/work'] .count [aria-hidden]")


def test_a_question_to_a_pot_leads_to_where_it_is_decided(scene: Scene, walk: Walk) -> None:
    ask(scene, scene.mia)
    cora = walk(scene.cora)
    page = cora.get(at(scene.community, "/work"))
    assert "1 h to help Mia" in page
    assert "The pot of Badminton, asked" in page
    assert count(page) == ["1"]
    page = cora.follow("Decide")
    assert page.url == at(scene.community, "/pots/badminton")
    cora.submit(button="Yes")
    assert "All done" in cora.get(at(scene.community, "/work"))


def test_whoever_gets_the_hours_or_said_yes_has_nothing_to_decide(scene: Scene, walk: Walk) -> None:
    ask(scene, scene.cora, "coordinator")
    ask(scene, scene.cora, "coordinator", member=scene.mia, minutes=700)
    page = to_do(scene, walk, scene.cora)
    assert "All done" in page
    assert count(page) == []
    other = scene.hugo
    members.give_role(scene.session, other, "coordinator", by=scene.cora, now=utc_now())
    page = to_do(scene, walk, other)
    assert "1 h to help Cora" in page
    assert "11 h 40 min to help Mia" in page
    assert count(page) == ["2"]


def test_a_treasurer_decides_about_the_pot_of_all_alone(scene: Scene, walk: Walk) -> None:
    ask(scene, scene.mia)
    ask(scene, scene.mia, code=COMMUNITY_POT, minutes=90)
    members.give_role(scene.session, scene.hugo, "treasurer", by=scene.cora, now=utc_now())
    page = to_do(scene, walk, scene.hugo)
    assert "1 h 30 min to help Mia" in page
    assert "1 h to help Mia" not in page
    assert count(page) == ["1"]
    assert page.link("Decide") == at(scene.community, "/pots/community")


def test_the_pot_of_a_group_that_ended_asks_nobody(scene: Scene, walk: Walk) -> None:
    ask(scene, scene.mia)
    service.end_group(
        scene.session, scene.community, scene.group, by=scene.lena, who=scene.lead,
        now=utc_now(), today=utc_now().date(),
    )  # fmt: skip
    page = to_do(scene, walk, scene.cora)
    assert "All done" in page
    assert count(page) == []
