"""Coming in, being invited, leaving, having a part."""

import pytest
import sqlalchemy as sa

from tests.factories import NOW
from tests.timebank.groups.scene import TODAY, Scene
from timebank.groups import queries, service
from timebank.groups.errors import (
    AlreadyInGroupError,
    GroupEndedError,
    LastLeadError,
    NoPartInGroupError,
    NotAskedError,
    NotYoursToRunError,
)
from timebank.home import service as home
from timebank.members import service as members
from timebank.messaging.models import Notice


def join(scene: Scene) -> None:
    service.join(scene.session, scene.group, scene.mia, today=TODAY, now=NOW)


def test_somebody_comes_into_an_open_group_at_once_and_comes_along(scene: Scene) -> None:
    join(scene)
    assert scene.who(scene.mia).part == "member"
    assert scene.told(scene.lena) == ["group-joined"]
    with pytest.raises(AlreadyInGroupError):
        join(scene)


def test_where_a_group_is_asked_first_a_lead_says_yes_or_no(scene: Scene) -> None:
    scene.group.joining = "ask"
    join(scene)
    assert (scene.who(scene.mia).part, scene.who(scene.mia).state) == (None, "asked")
    assert scene.told(scene.lena) == ["group-asked"]
    assert [each.member.id for each in queries.waiting_links(scene.session, scene.group)] == [
        scene.mia.id
    ]

    def answer(*, yes: bool, by_lead: bool = True) -> None:
        by = scene.lena if by_lead else scene.otto
        service.answer_request(
            scene.session, scene.group, scene.mia, yes=yes, by=by, who=scene.who(by), now=NOW
        )

    with pytest.raises(NotYoursToRunError):
        answer(yes=True, by_lead=False)
    answer(yes=False)
    assert scene.who(scene.mia).state == "left"
    with pytest.raises(NotAskedError):
        answer(yes=True)
    join(scene)
    answer(yes=True)
    assert scene.who(scene.mia).belongs
    assert scene.told(scene.mia) == ["group-answer-no", "group-answer-yes"]


def test_an_invitation_is_answered_by_whoever_is_invited(scene: Scene) -> None:
    scene.group.joining = "ask"

    def invite(*, by_lead: bool = True) -> None:
        by = scene.lena if by_lead else scene.otto
        service.invite(
            scene.session,
            scene.group,
            scene.mia,
            by=by,
            who=scene.who(by),
            today=TODAY,
            now=NOW,
        )

    def answer(*, yes: bool) -> None:
        service.answer_invitation(
            scene.session, scene.group, scene.mia, yes=yes, today=TODAY, now=NOW
        )

    with pytest.raises(NotAskedError):
        answer(yes=True)
    with pytest.raises(NotYoursToRunError):
        invite(by_lead=False)
    invite()
    assert scene.told(scene.mia) == ["group-invited"]
    assert not scene.who(scene.mia).belongs
    answer(yes=False)
    invite()
    answer(yes=True)
    assert scene.who(scene.mia).belongs
    with pytest.raises(AlreadyInGroupError):
        invite()
    assert [group.slug for _link, group in queries.my_groups(scene.session, scene.mia)] == [
        "badminton"
    ]


def test_whoever_comes_back_has_no_part_left_over(scene: Scene) -> None:
    scene.come_in(scene.hugo, "host", is_paid=True)
    assert queries.parts_of(scene.session, scene.hugo, on=NOW.date()) == {"host"}
    service.leave(scene.session, scene.group, scene.hugo, now=NOW)
    with pytest.raises(NoPartInGroupError):
        service.leave(scene.session, scene.group, scene.hugo, now=NOW)
    service.join(scene.session, scene.group, scene.hugo, today=TODAY, now=NOW)
    link = queries.link(scene.session, scene.group, scene.hugo.id)
    assert link is not None
    assert (link.part, link.is_paid) == ("member", False)


def test_a_group_is_never_left_without_somebody_who_runs_it(scene: Scene) -> None:
    def give(member: object, part: str) -> None:
        service.give_part(
            scene.session,
            scene.group,
            member,  # type: ignore[arg-type]
            part,
            is_paid=False,
            by=scene.lena,
            who=scene.lead,
            now=NOW,
        )

    with pytest.raises(LastLeadError):
        service.leave(scene.session, scene.group, scene.lena, now=NOW)
    with pytest.raises(LastLeadError):
        give(scene.lena, "host")
    with pytest.raises(NoPartInGroupError):
        give(scene.hugo, "lead")
    scene.come_in(scene.hugo, "lead")
    give(scene.hugo, "lead")
    assert scene.told(scene.hugo) == ["group-part-lead"]
    give(scene.lena, "member")
    assert [member.first_name for member in queries.leads(scene.session, scene.group)] == ["Hugo"]
    with pytest.raises(NotYoursToRunError):
        give(scene.hugo, "member")


def test_somebody_who_asked_can_think_again(scene: Scene) -> None:
    scene.group.joining = "ask"
    join(scene)
    service.leave(scene.session, scene.group, scene.mia, now=NOW)
    assert scene.who(scene.mia).state == "left"


def test_nobody_comes_into_a_group_that_has_ended(scene: Scene) -> None:
    scene.group.state = "ended"
    with pytest.raises(GroupEndedError):
        join(scene)


def test_whoever_leaves_the_community_is_in_no_group_any_more(scene: Scene) -> None:
    scene.come_in(scene.mia)
    members.leave(scene.session, scene.mia, by=scene.mia, now=NOW, reason="")
    assert [each.member.first_name for each in queries.companions(scene.session, scene.group)] == [
        "Lena"
    ]


def test_people_are_listed_a_page_at_a_time(scene: Scene) -> None:
    for member in (scene.hugo, scene.mia, scene.otto):
        scene.come_in(member)
    first = queries.companions(scene.session, scene.group, limit=2)
    rest = queries.companions(scene.session, scene.group, after=first[-1].member.id)
    assert [each.member.first_name for each in (*first, *rest)] == ["Hugo", "Lena", "Mia", "Otto"]


def test_who_leaves_for_good_is_named_in_no_notice_of_a_group(scene: Scene) -> None:
    join(scene)
    notices = sa.select(Notice.facts)
    assert any(facts["name"] == "Mia" for facts in scene.session.scalars(notices))
    home.forget_member(
        scene.session, scene.community, scene.mia, hours_to="", by=scene.cora, now=NOW
    )
    told = scene.session.scalars(notices).all()
    assert told
    assert not any("Mia" in str(facts) for facts in told)
