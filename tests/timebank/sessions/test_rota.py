"""What a rota needs, who puts whose name down, and who is asked."""

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.timebank.groups.scene import TODAY
from tests.timebank.sessions.rota_scene import DAY, SATURDAY, Rota, make_rota, plan
from timebank.groups import service as groups
from timebank.groups.errors import GroupEndedError, SpeakToTheLeadError, WordsMissingError
from timebank.sessions import queries, service
from timebank.sessions.errors import (
    AlreadyOnRotaError,
    AnsweredError,
    BusyThenError,
    LeadPutsDownError,
    NotInGroupError,
    NotYoursToStaffError,
    PlacesTakenError,
    RoleNotFoundError,
    RoleTwiceError,
    RotaOverError,
    ShiftNotFoundError,
    SomebodyBusyError,
    TooManyRolesError,
)
from timebank.sessions.models import ROLES_MAX, GroupSession
from timebank.sessions.service import RoleDetails


@pytest.fixture
def rota(session: Session) -> Rota:
    """Let Hugo and Mia come along, and say what a night needs."""
    return make_rota(session)


# ------------------------------------------------------------------------ what is needed


def test_every_session_of_a_series_needs_what_its_series_says(rota: Rota) -> None:
    assert rota.missing() == rota.missing(3) == [("Host", 2), ("Tea", 1)]


def test_one_date_may_need_more_or_nobody_or_somebody_else(rota: Rota) -> None:
    scene, night = rota.scene, rota.night()
    for role, needed in ((rota.host, 3), (rota.tea, 0)):
        service.set_need(scene.session, scene.group, night, role, needed, who=scene.lead, now=NOW)
    piano = service.add_role(
        scene.session, scene.group, night, RoleDetails(name="Piano"), who=scene.lead
    )
    assert rota.missing() == [("Host", 3), ("Piano", 1)]
    assert rota.missing(1) == [("Host", 2), ("Tea", 1)]
    service.set_need(scene.session, scene.group, night, rota.tea, 2, who=scene.lead, now=NOW)
    assert rota.missing() == [("Host", 3), ("Tea", 2), ("Piano", 1)]
    with pytest.raises(RoleNotFoundError):
        service.set_need(scene.session, scene.group, night, piano, 2, who=scene.lead, now=NOW)


def test_a_role_ends_and_is_taken_up_again_with_all_who_were_in_it(rota: Rota) -> None:
    scene = rota.scene
    rota.put_name(scene.mia)
    service.end_role(scene.session, scene.group, rota.tea, who=scene.lead, now=NOW)
    service.end_role(scene.session, scene.group, rota.tea, who=scene.lead, now=NOW + DAY)
    assert rota.tea.ended_at == NOW
    assert rota.missing(1) == [("Host", 2)]
    assert rota.coming() == ["Mia"]
    again = service.add_role(
        scene.session, scene.group, rota.series, RoleDetails(name="tea", needed=2), who=scene.lead
    )
    assert again.id == rota.tea.id
    assert rota.missing() == [("Host", 2), ("tea", 1)]


def test_a_role_is_called_something_else(rota: Rota) -> None:
    scene = rota.scene
    details = RoleDetails(name="Kitchen", needed=3)
    service.change_role(scene.session, scene.group, rota.tea, details, who=scene.lead)
    assert rota.missing() == [("Host", 2), ("Kitchen", 3)]
    with pytest.raises(RoleTwiceError):
        service.change_role(
            scene.session, scene.group, rota.tea, RoleDetails(name="HOST"), who=scene.lead
        )


def test_roles_have_a_name_of_their_own_and_are_not_too_many(rota: Rota) -> None:
    scene = rota.scene

    def add(name: str) -> None:
        service.add_role(
            scene.session, scene.group, rota.series, RoleDetails(name=name), who=scene.lead
        )

    with pytest.raises(RoleTwiceError):
        add("host")
    with pytest.raises(WordsMissingError):
        add(" ")
    for number in range(ROLES_MAX - 2):
        add(f"Role {number}")
    with pytest.raises(TooManyRolesError) as refusal:
        add("One more")
    assert refusal.value.most == ROLES_MAX


def test_only_those_who_run_a_group_say_what_it_needs(rota: Rota) -> None:
    scene = rota.scene
    for who in (scene.who(scene.hugo), scene.who(scene.mia), scene.who(scene.otto)):
        with pytest.raises(NotYoursToStaffError):
            service.end_role(scene.session, scene.group, rota.tea, who=who, now=NOW)
        with pytest.raises(NotYoursToStaffError):
            rota.ask(scene.mia, by=scene.hugo, who=who)
    service.change_role(
        scene.session,
        scene.group,
        rota.tea,
        RoleDetails(name="Tea"),
        who=scene.who(scene.cora, "coordinator"),
    )
    scene.group.state = "ended"
    with pytest.raises(GroupEndedError):
        service.end_role(scene.session, scene.group, rota.tea, who=scene.lead, now=NOW)


# ------------------------------------------------------------------------------- coming


def test_a_member_puts_their_own_name_down_once(rota: Rota) -> None:
    rota.put_name(rota.scene.mia)
    assert rota.coming() == ["Mia"]
    assert rota.missing() == [("Host", 2), ("Tea", 0)]
    with pytest.raises(AlreadyOnRotaError):
        rota.put_name(rota.scene.mia, rota.host)
    with pytest.raises(PlacesTakenError):
        rota.put_name(rota.scene.hugo)
    assert queries.on_duty(rota.session, rota.night(), rota.scene.group) == [rota.scene.mia.id]


def test_nobody_from_elsewhere_and_nobody_who_stays_away_comes_on_a_rota(rota: Rota) -> None:
    with pytest.raises(NotInGroupError):
        rota.put_name(rota.scene.otto)
    rota.away(rota.scene.mia, SATURDAY)
    with pytest.raises(SpeakToTheLeadError):
        rota.put_name(rota.scene.mia)
    with pytest.raises(SpeakToTheLeadError):
        rota.ask(rota.scene.mia)
    rota.put_name(rota.scene.mia, number=1)
    assert rota.coming(1) == ["Mia"], "a week later it is over"


def test_whoever_stays_away_leaves_or_takes_a_break_leaves_a_gap(rota: Rota) -> None:
    scene = rota.scene
    rota.put_name(scene.mia)
    rota.put_name(scene.mia, number=1)
    rota.away(scene.mia, SATURDAY)
    assert (rota.coming(), rota.coming(1)) == ([], ["Mia"])
    assert [
        each.session.day_on for each in queries.own_shifts(scene.session, scene.mia, since=NOW)
    ] == [SATURDAY + 7 * DAY]
    scene.mia.state = "paused"
    scene.session.flush()
    assert rota.coming(1) == []
    scene.mia.state = "active"
    groups.leave(scene.session, scene.group, scene.mia, now=NOW)
    assert rota.coming(1) == []
    assert queries.own_shifts(scene.session, scene.mia, since=NOW) == []


def test_a_role_that_is_given_is_not_taken(rota: Rota) -> None:
    scene = rota.scene
    aid = service.add_role(
        scene.session,
        scene.group,
        rota.series,
        RoleDetails(name="First aider", is_open=False),
        who=scene.lead,
    )
    with pytest.raises(LeadPutsDownError):
        rota.put_name(scene.mia, aid)
    rota.answer(rota.ask(scene.mia, aid), scene.mia, yes=True)
    assert rota.coming() == ["Mia"]
    rota.put_name(scene.lena, aid, number=1)
    assert rota.coming(1) == ["Lena"], "whoever runs the group gives it to themselves"


def test_a_rota_is_closed_once_the_session_began_or_is_off(rota: Rota) -> None:
    night = rota.night()
    part = rota.put_name(rota.scene.mia)
    with pytest.raises(RotaOverError):
        rota.put_name(rota.scene.hugo, rota.host, now=night.starts_at)
    with pytest.raises(RotaOverError):
        rota.step_back(part, rota.scene.mia, now=night.starts_at)
    night.state = "cancelled"
    rota.session.flush()
    with pytest.raises(RotaOverError):
        rota.put_name(rota.scene.hugo, rota.host)


# --------------------------------------------------------------------- at the same time


def test_nobody_is_on_two_rotas_at_the_same_time(rota: Rota) -> None:
    scene = rota.scene
    rota.put_name(scene.lena)
    other = scene.start(name="Chess")
    beside = plan(
        scene,
        other,
        starts_on=SATURDAY + DAY,
        rrule="FREQ=WEEKLY;BYDAY=SU",
        starts_minute=60,
        length_minutes=60,
    )
    role = service.add_role(scene.session, other, beside, RoleDetails(name="Board"), who=scene.lead)
    after_midnight = queries.sessions_between(
        scene.session,
        scene.community.id,
        group_id=other.id,
        begin=rota.night().starts_at,
        end=rota.night().ends_at,
    )[0]
    with pytest.raises(BusyThenError) as refusal:
        service.put_name_down(scene.session, other, after_midnight, role.id, by=scene.lena, now=NOW)
    assert refusal.value.title == "Badminton night"
    after_midnight.starts_at = rota.night().ends_at
    after_midnight.ends_at = after_midnight.starts_at + dt.timedelta(hours=1)
    scene.session.flush()
    service.put_name_down(scene.session, other, after_midnight, role.id, by=scene.lena, now=NOW)


def test_a_lead_learns_no_more_than_that_somebody_is_busy(rota: Rota) -> None:
    scene = rota.scene
    other = scene.start(name="Chess", member=scene.otto)
    groups.join(scene.session, other, scene.mia, today=TODAY, now=NOW)
    beside = plan(scene, other)
    role = service.add_role(scene.session, other, beside, RoleDetails(name="Board"), who=scene.lead)
    asked = rota.ask(scene.mia)
    meanwhile = next(
        each
        for each in queries.sessions_between(
            scene.session,
            scene.community.id,
            group_id=other.id,
            begin=NOW,
            end=NOW + 14 * DAY,
        )
        if each.day_on == SATURDAY
    )
    service.put_name_down(scene.session, other, meanwhile, role.id, by=scene.mia, now=NOW)
    with pytest.raises(BusyThenError) as refusal:
        rota.answer(asked, scene.mia, yes=True)
    assert refusal.value.title == "Chess night"
    rota.answer(asked, scene.mia, yes=False)
    with pytest.raises(SomebodyBusyError):
        rota.ask(scene.mia)


def test_the_named_host_of_one_session_is_not_free_for_another(rota: Rota) -> None:
    scene = rota.scene
    other = scene.start(name="Chess", member=scene.otto)
    beside = plan(scene, other)
    for each in scene.session.scalars(
        sa.select(GroupSession).where(GroupSession.series_id == beside.id)
    ):
        each.host_id = scene.mia.id
    scene.session.flush()
    with pytest.raises(BusyThenError):
        rota.put_name(scene.mia)


# -------------------------------------------------------------------------- being asked


def test_somebody_who_is_put_down_says_yes_or_no_themselves(rota: Rota) -> None:
    scene = rota.scene
    part = rota.ask(scene.mia)
    assert rota.missing() == [("Host", 2), ("Tea", 1)], "asked is not coming"
    assert "rota-asked" in scene.told(scene.mia)
    with pytest.raises(AlreadyOnRotaError):
        rota.ask(scene.mia)
    with pytest.raises(ShiftNotFoundError):
        rota.answer(part, scene.hugo, yes=True)
    rota.answer(part, scene.mia, yes=False)
    assert "rota-no" in scene.told(scene.lena)
    with pytest.raises(AnsweredError):
        rota.answer(part, scene.mia, yes=True)
    again = rota.ask(scene.mia)
    assert again.id == part.id
    rota.answer(again, scene.mia, yes=True)
    assert rota.coming() == ["Mia"]
    assert "rota-yes" in scene.told(scene.lena)


def test_a_place_that_was_taken_meanwhile_is_not_taken_twice(rota: Rota) -> None:
    part = rota.ask(rota.scene.mia)
    rota.put_name(rota.scene.hugo)
    with pytest.raises(PlacesTakenError):
        rota.answer(part, rota.scene.mia, yes=True)
    assert part.state == "asked"


def test_nobody_is_asked_for_a_place_that_is_taken(rota: Rota) -> None:
    rota.put_name(rota.scene.hugo)
    with pytest.raises(PlacesTakenError):
        rota.ask(rota.scene.mia)


def test_a_lead_who_puts_themselves_down_is_not_asked(rota: Rota) -> None:
    rota.ask(rota.scene.lena, rota.host)
    assert rota.coming() == ["Lena"]
    with pytest.raises(RoleNotFoundError):
        service.put_name_down(
            rota.session,
            rota.scene.group,
            rota.night(),
            rota.scene.group.id,
            by=rota.scene.mia,
            now=NOW,
        )
