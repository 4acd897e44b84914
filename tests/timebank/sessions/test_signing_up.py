"""Sign up, wait, move up; and nobody takes a place that somebody has."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, make_member
from tests.racing import Work, race
from tests.timebank.sessions.scene import TODAY, WEEK, Scene, make_sessions
from timebank.communities.models import Community
from timebank.groups import service as groups
from timebank.groups.errors import SpeakToTheLeadError
from timebank.members.models import Member
from timebank.messaging.models import OutboxMail
from timebank.passed_over import PassedOver
from timebank.sessions import queries, service
from timebank.sessions.errors import ComeInFirstError, DropInError, NotExpectedError
from timebank.sessions.models import GroupSession
from timebank.sessions.queries import Count

DAY = dt.timedelta(days=1)


@pytest.fixture
def scene(session: Session) -> Scene:
    """Make the group and its people."""
    return make_sessions(session)


def sign_up(scene: Scene, planned: GroupSession, *members: Member, now: dt.datetime = NOW) -> str:
    """Let some members sign up; return how the last of them stands."""
    states = [
        service.sign_up(scene.session, scene.people.group, planned, member, now=now).state
        for member in members
    ]
    return states[-1]


def state(scene: Scene, planned: GroupSession, member: Member) -> str | None:
    """Return how it stands between a member and a session."""
    found = queries.sign_up_of(scene.session, planned, member.id)
    return None if found is None else found.state


def withdraw(scene: Scene, planned: GroupSession, member: Member) -> None:
    """Let a member think again."""
    service.withdraw(scene.session, scene.people.group, planned, member, now=NOW)


def test_the_places_are_given_in_order_and_the_rest_wait(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up", capacity=2)
    assert sign_up(scene, planned, people.mia, people.otto) == "signed"
    assert sign_up(scene, planned, people.hugo) == "waiting"
    assert queries.sign_up_counts(scene.session, people.community.id, [planned.id]) == {
        planned.id: Count(signed=2, waiting=1)
    }


def test_whoever_moves_up_stands_before_those_who_wait(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up", capacity=1)
    sign_up(scene, planned, people.mia)
    sign_up(scene, planned, people.hugo, now=NOW + dt.timedelta(minutes=1))
    sign_up(scene, planned, people.otto, now=NOW + dt.timedelta(minutes=2))
    service.withdraw(
        scene.session, people.group, planned, people.mia, now=NOW + dt.timedelta(minutes=3)
    )
    coming = queries.coming(scene.session, planned)
    assert [(each.member.first_name, each.sign_up.state) for each in coming] == [
        ("Hugo", "signed"),
        ("Otto", "waiting"),
    ]


def test_without_a_limit_nobody_waits(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up")
    assert sign_up(scene, planned, people.mia, people.otto, people.hugo) == "signed"


def test_twice_is_once(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up", capacity=1)
    assert sign_up(scene, planned, people.mia, people.mia) == "signed"
    withdraw(scene, planned, people.mia)
    withdraw(scene, planned, people.mia)
    withdraw(scene, planned, people.otto)
    assert state(scene, planned, people.mia) == "withdrawn"
    assert state(scene, planned, people.otto) is None


def test_whoever_waited_longest_moves_up_and_is_told_neutrally(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up", capacity=1)
    people.hugo.email = "hugo@example.org"
    sign_up(scene, planned, people.mia)
    sign_up(scene, planned, people.hugo, now=NOW + dt.timedelta(minutes=1))
    sign_up(scene, planned, people.otto, now=NOW + dt.timedelta(minutes=2))
    withdraw(scene, planned, people.mia)
    assert state(scene, planned, people.hugo) == "signed"
    assert state(scene, planned, people.otto) == "waiting"
    assert people.told(people.hugo) == ["session-place"]
    mails = scene.session.scalars(sa.select(OutboxMail)).all()
    assert [(mail.topic, mail.subject, mail.body) for mail in mails] == [("session", "", "")]


def test_who_comes_back_is_the_last_in_the_line(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up", capacity=1)
    sign_up(scene, planned, people.mia, people.hugo)
    withdraw(scene, planned, people.hugo)
    sign_up(scene, planned, people.otto)
    assert sign_up(scene, planned, people.hugo, now=NOW + DAY) == "waiting"
    withdraw(scene, planned, people.mia)
    assert state(scene, planned, people.otto) == "signed"
    assert state(scene, planned, people.hugo) == "waiting"


def test_more_places_let_people_move_up_and_fewer_put_nobody_out(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up", capacity=1)
    sign_up(scene, planned, people.mia, people.otto, people.hugo)
    details = service.details_of(planned)
    for places, signed in ((2, 2), (1, 2)):
        service.change_session(
            scene.session,
            people.community,
            people.group,
            planned,
            service.SessionDetails(title=details.title, sign_up="sign-up", capacity=places),
            service.time_of(people.community, planned),
            by=people.lena,
            who=people.lead,
            now=NOW,
        )
        found = queries.sign_up_counts(scene.session, people.community.id, [planned.id])[planned.id]
        assert (found.signed, found.waiting) == (signed, 1)
    withdraw(scene, planned, people.mia)
    assert state(scene, planned, people.hugo) == "waiting", "one is still there for one place"


def keep_out(scene: Scene, member: Member) -> None:
    """Let the lead decide that somebody stays away for a week."""
    people = scene.people
    groups.exclude(
        scene.session,
        people.group,
        member,
        until_on=TODAY + WEEK,
        review_on=TODAY + DAY,
        reason="They shouted.",
        by=people.lena,
        who=people.lead,
        today=TODAY,
        now=NOW,
    )


def test_somebody_kept_out_is_sent_to_the_lead_and_somewhere_else_is_welcome(
    scene: Scene,
) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up", capacity=1)
    keep_out(scene, people.otto)
    with pytest.raises(SpeakToTheLeadError):
        sign_up(scene, planned, people.otto)
    later = scene.plan_one(TODAY + 3 * WEEK, sign_up="sign-up")
    assert sign_up(scene, later, people.otto) == "signed", "it is over by then"


def test_somebody_kept_out_while_they_wait_does_not_move_up(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up", capacity=1)
    sign_up(scene, planned, people.mia, people.otto, people.hugo)
    keep_out(scene, people.otto)
    withdraw(scene, planned, people.mia)
    assert state(scene, planned, people.otto) == "waiting"
    assert state(scene, planned, people.hugo) == "signed"


def test_one_simply_comes_to_a_drop_in(scene: Scene) -> None:
    with pytest.raises(DropInError):
        sign_up(scene, scene.morning, scene.people.mia)


def test_a_group_that_gets_to_know_people_first(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up")
    people.come_in(people.mia)
    people.group.joining = "ask"
    assert sign_up(scene, planned, people.mia) == "signed"
    with pytest.raises(ComeInFirstError):
        sign_up(scene, planned, people.otto)


def test_nobody_signs_up_for_what_is_over_cancelled_or_closed(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up")
    with pytest.raises(NotExpectedError):
        sign_up(scene, planned, people.mia, now=planned.ends_at)
    planned.state = "cancelled"
    scene.session.flush()
    for act in (sign_up, withdraw):
        with pytest.raises(NotExpectedError):
            act(scene, planned, people.mia)


def test_a_place_that_somebody_left_behind_is_given_by_the_worker(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up", capacity=1)
    sign_up(scene, planned, people.mia, people.hugo)
    passed = PassedOver()
    assert not service.move_up_next(scene.session, now=NOW, passed=passed)
    people.mia.state = "left"
    assert service.move_up_next(scene.session, now=NOW, passed=passed) == 1
    assert not service.move_up_next(scene.session, now=NOW, passed=passed)
    assert state(scene, planned, people.hugo) == "signed"


def test_people_are_reminded_once_within_the_last_day(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up")
    sign_up(scene, planned, people.mia, people.otto)
    passed = PassedOver()
    early = planned.starts_at - 2 * DAY
    assert not service.remind_next_coming(scene.session, now=early, passed=passed)
    soon = planned.starts_at - dt.timedelta(hours=23)
    done = [
        service.remind_next_coming(scene.session, now=soon, passed=passed) for _time in range(3)
    ]
    assert done == [1, 1, 0]
    assert people.told(people.mia) == people.told(people.otto) == ["session-soon"]


def test_nobody_is_reminded_of_what_they_just_said_or_what_is_off(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up")
    soon = planned.starts_at - dt.timedelta(hours=3)
    sign_up(scene, planned, people.mia, now=soon)
    assert not service.remind_next_coming(scene.session, now=soon, passed=PassedOver())
    sign_up(scene, planned, people.otto)
    planned.state = "cancelled"
    scene.session.flush()
    assert not service.remind_next_coming(scene.session, now=soon, passed=PassedOver())


def test_two_who_want_the_last_place_at_the_same_moment(
    app: Flask, scene: Scene, session: Session
) -> None:
    people = scene.people
    planned = scene.plan_one(sign_up="sign-up", capacity=3)
    others = [make_member(session, people.community, first_name=f"P{n}") for n in range(6)]
    session.commit()
    keys = [member.id for member in others]

    def wants(member_id: object) -> Work:
        def work(inner: Session, community: Community) -> None:
            row = queries.session_by_id(inner, community.id, planned.id)
            from_group = inner.get_one(type(people.group), (community.id, row.group_id))
            member = inner.get_one(Member, (community.id, member_id))
            service.sign_up(inner, from_group, row, member, now=NOW)

        return work

    # Each of them taps twice.
    ended = race(app, people.community.id, [wants(key) for key in keys for _tap in range(2)])
    session.commit()
    assert set(ended) == {"done"}
    found = queries.sign_up_counts(session, people.community.id, [planned.id])[planned.id]
    assert found == Count(signed=3, waiting=3)


def test_nobody_moves_up_once_it_has_begun(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up", capacity=1)
    sign_up(scene, planned, people.mia, people.hugo)
    begun = planned.starts_at + dt.timedelta(minutes=5)
    service.withdraw(scene.session, people.group, planned, people.mia, now=begun)
    assert state(scene, planned, people.hugo) == "waiting"


def test_the_worker_leaves_a_line_alone_in_which_nobody_can_move_up(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up", capacity=1)
    sign_up(scene, planned, people.mia, people.otto)
    keep_out(scene, people.otto)
    people.mia.state = "left"
    passed = PassedOver()
    assert service.move_up_next(scene.session, now=NOW, passed=passed) == 1
    assert service.move_up_next(scene.session, now=NOW, passed=passed) == 0
    assert state(scene, planned, people.otto) == "waiting"


def test_whoever_does_it_is_not_told_of_it(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up")
    sign_up(scene, planned, people.lena, people.mia)
    service.cancel_session(
        scene.session, people.group, planned, "Ill", by=people.lena, who=people.lead, now=NOW
    )
    assert people.told(people.mia) == ["session-cancelled"]
    assert "session-cancelled" not in people.told(people.lena)


def test_a_group_that_has_ended_expects_nobody(scene: Scene) -> None:
    people, planned = scene.people, scene.plan_one(sign_up="sign-up", capacity=1)
    sign_up(scene, planned, people.mia, people.hugo)
    people.group.state = "ended"
    people.mia.state = "left"
    scene.session.flush()
    with pytest.raises(NotExpectedError):
        sign_up(scene, planned, people.otto)
    soon = planned.starts_at - dt.timedelta(hours=3)
    assert not service.remind_next_coming(scene.session, now=soon, passed=PassedOver())
    assert not service.move_up_next(scene.session, now=soon, passed=PassedOver())
