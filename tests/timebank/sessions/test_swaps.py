"""Who steps back or passes a part on, who is told, and who is reminded."""

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import NOW, make_member
from tests.timebank.groups.scene import TODAY
from tests.timebank.sessions.rota_scene import DAY, SATURDAY, Rota, make_rota
from timebank.groups import service as groups
from timebank.groups.errors import SpeakToTheLeadError
from timebank.members.models import Member
from timebank.messaging.models import Notice, OutboxMail
from timebank.sessions import queries, service
from timebank.sessions.errors import (
    AlreadyOnRotaError,
    AnsweredError,
    NotInGroupError,
    NoUseToAskError,
    RotaOverError,
    ShiftNotFoundError,
    SwapNotFoundError,
)


@pytest.fixture
def rota(session: Session) -> Rota:
    """Let Hugo and Mia come along, and say what a night needs."""
    return make_rota(session)


# ------------------------------------------------------------------------ stepping back


def test_stepping_back_opens_the_gap_and_near_the_day_the_lead_is_told(rota: Rota) -> None:
    scene, starts_at = rota.scene, rota.night().starts_at
    part = rota.put_name(scene.mia)
    rota.step_back(part, scene.mia, now=starts_at - 4 * DAY)
    assert rota.missing() == [("Host", 2), ("Tea", 1)]
    assert "rota-gap" not in scene.told(scene.lena)
    with pytest.raises(AnsweredError):
        rota.step_back(part, scene.mia)
    rota.put_name(scene.mia)
    rota.step_back(part, scene.mia, now=starts_at - 2 * DAY)
    assert "rota-gap" in scene.told(scene.lena)


def test_a_lead_takes_a_name_off_and_the_member_is_told(rota: Rota) -> None:
    scene = rota.scene
    part = rota.put_name(scene.mia)
    rota.swap(part, scene.mia)
    with pytest.raises(ShiftNotFoundError):
        rota.step_back(part, scene.hugo)
    rota.step_back(part, scene.lena)
    assert "rota-taken-off" in scene.told(scene.mia)
    assert queries.open_swap(scene.session, part) is None


# ---------------------------------------------------------------------------- passing on


def test_a_part_is_passed_on_and_everybody_concerned_is_told(rota: Rota) -> None:
    scene = rota.scene
    part = rota.put_name(scene.mia)
    swap = rota.swap(part, scene.mia)
    assert rota.coming() == ["Mia"], "until somebody takes it, there is somebody"
    assert [hand.is_swapping for hand in rota.roster().coming] == [True]
    assert "rota-swap-asked" in scene.told(scene.hugo)
    assert "rota-swap-asked" not in scene.told(scene.mia)
    [offered] = queries.swaps_for(scene.session, scene.hugo, now=NOW)
    assert (offered.swap.id, offered.asker.id, offered.role.name) == (swap.id, scene.mia.id, "Tea")
    assert queries.swaps_for(scene.session, scene.mia, now=NOW) == []
    assert queries.swaps_for(scene.session, scene.otto, now=NOW) == []
    rota.take(swap, scene.hugo)
    assert rota.coming() == ["Hugo"]
    assert part.state == "passed on"
    assert "rota-swap-taken" in scene.told(scene.mia)
    assert "rota-swap-yours" in scene.told(scene.hugo)
    assert "rota-swap-seen" in scene.told(scene.lena)
    with pytest.raises(AnsweredError):
        rota.take(swap, scene.lena)


def test_one_person_is_asked_and_only_they_answer(rota: Rota) -> None:
    scene = rota.scene
    part = rota.put_name(scene.mia)
    swap = rota.swap(part, scene.mia, scene.hugo)
    assert queries.swaps_for(scene.session, scene.lena, now=NOW) == []
    for other in (scene.lena, scene.mia):
        with pytest.raises(SwapNotFoundError):
            rota.take(swap, other)
    service.say_no(scene.session, scene.group, rota.night(), swap, by=scene.hugo, now=NOW)
    assert "rota-swap-no" in scene.told(scene.mia)
    with pytest.raises(AnsweredError):
        rota.take(swap, scene.hugo)
    with pytest.raises(AnsweredError):
        service.say_no(scene.session, scene.group, rota.night(), swap, by=scene.hugo, now=NOW)
    everybody = rota.swap(part, scene.mia)
    with pytest.raises(SwapNotFoundError):
        service.say_no(scene.session, scene.group, rota.night(), everybody, by=scene.hugo, now=NOW)


def test_there_is_one_question_at_a_time_and_it_can_be_taken_back(rota: Rota) -> None:
    scene = rota.scene
    part = rota.put_name(scene.mia)
    swap = rota.swap(part, scene.mia)
    with pytest.raises(AnsweredError):
        rota.swap(part, scene.mia, scene.hugo)
    with pytest.raises(ShiftNotFoundError):
        rota.swap(part, scene.hugo)

    def stop(by: Member) -> None:
        who = scene.who(by)
        service.stop_asking(scene.session, rota.night(), swap, by=by, who=who, now=NOW)

    with pytest.raises(SwapNotFoundError):
        stop(scene.hugo)
    stop(scene.mia)
    with pytest.raises(AnsweredError):
        stop(scene.mia)
    assert queries.swaps_for(scene.session, scene.hugo, now=NOW) == []
    rota.swap(part, scene.mia, scene.hugo)


def test_nobody_is_asked_who_could_not_say_yes(rota: Rota) -> None:
    scene = rota.scene
    part = rota.put_name(scene.mia)
    rota.put_name(scene.hugo, rota.host)
    paul = make_member(scene.session, scene.community, first_name="Paul")
    scene.come_in(paul)
    rota.away(paul, SATURDAY)
    for asked in (scene.mia, scene.hugo, scene.otto, paul):
        with pytest.raises(NoUseToAskError):
            rota.swap(part, scene.mia, asked)
    swap = rota.swap(part, scene.mia)
    with pytest.raises(AlreadyOnRotaError):
        rota.take(swap, scene.hugo)
    with pytest.raises(SpeakToTheLeadError):
        rota.take(swap, paul)
    with pytest.raises(NotInGroupError):
        rota.take(swap, scene.otto)
    with pytest.raises(RotaOverError):
        rota.take(swap, scene.lena, now=rota.night().starts_at)


# ------------------------------------------------------------------------- the day before


def test_the_day_before_whoever_comes_is_reminded_once(rota: Rota) -> None:
    scene = rota.scene
    scene.mia.email = "mia@example.org"
    rota.put_name(scene.mia)
    rota.ask(scene.hugo, rota.host)
    friday = dt.datetime.combine(SATURDAY - DAY, dt.time(8), dt.UTC)
    assert service.remind_next(scene.session, now=friday - DAY) == 0
    assert service.remind_next(scene.session, now=friday) == 1
    assert service.remind_next(scene.session, now=friday) == 0, "Hugo has not said yes"
    assert scene.told(scene.mia).count("rota-tomorrow") == 1
    [mail] = scene.session.scalars(
        sa.select(OutboxMail).where(OutboxMail.member_id == scene.mia.id)
    )
    assert scene.group.name not in f"{mail.subject} {mail.body}", "whoever reads it learns nothing"


def test_nobody_is_reminded_of_what_is_off(rota: Rota) -> None:
    rota.put_name(rota.scene.mia)
    rota.night().state = "cancelled"
    friday = dt.datetime.combine(SATURDAY - DAY, dt.time(8), dt.UTC)
    assert service.remind_next(rota.session, now=friday) == 0


# ------------------------------------------------------------- whoever is on it no more


@pytest.mark.parametrize("how", ["left the group", "left for good", "takes a break", "stays away"])
def test_who_runs_the_group_is_told_once_of_a_gap_that_nobody_stepped_back_from(
    rota: Rota, how: str
) -> None:
    scene, night = rota.scene, rota.night()
    part = rota.put_name(scene.mia)
    soon = night.starts_at - 2 * DAY
    assert service.tell_next_gap(scene.session, now=soon) == 0
    if how == "left the group":
        groups.leave(scene.session, scene.group, scene.mia, now=NOW)
    elif how == "stays away":
        groups.exclude(
            scene.session,
            scene.group,
            scene.mia,
            until_on=SATURDAY,
            review_on=SATURDAY,
            reason="A quarrel.",
            by=scene.lena,
            who=scene.lead,
            today=TODAY,
            now=NOW,
        )
    else:
        scene.mia.state = "left" if how == "left for good" else "paused"
    assert ("Tea", 1) in rota.missing()
    assert service.tell_next_gap(scene.session, now=night.starts_at - 4 * DAY) == 0, "not yet soon"
    assert [service.tell_next_gap(scene.session, now=soon) for _again in range(2)] == [1, 0]
    assert scene.told(scene.lena).count("rota-gap-left") == 1
    assert "rota-gap-left" not in scene.told(scene.mia) + scene.told(scene.hugo)
    assert part.gap_told_at == soon
    [notice] = scene.session.scalars(sa.select(Notice).where(Notice.kind == "rota-gap-left"))
    assert notice.facts == {"group": scene.group.name, "name": "", "role": "Tea"}


def test_whoever_comes_back_and_goes_again_is_a_gap_again(rota: Rota) -> None:
    scene, soon = rota.scene, rota.night().starts_at - 2 * DAY
    part = rota.put_name(scene.mia)
    for _time in range(2):
        groups.leave(scene.session, scene.group, scene.mia, now=NOW)
        assert service.tell_next_gap(scene.session, now=soon) == 1
        scene.come_in(scene.mia)
        assert service.tell_next_gap(scene.session, now=soon) == 0
        rota.step_back(part, scene.mia)
        rota.put_name(scene.mia)


def test_a_gap_in_what_is_off_or_has_begun_is_none(rota: Rota) -> None:
    scene, night = rota.scene, rota.night()
    rota.put_name(scene.mia)
    groups.leave(scene.session, scene.group, scene.mia, now=NOW)
    assert service.tell_next_gap(scene.session, now=night.starts_at) == 0
    night.state = "cancelled"
    assert service.tell_next_gap(scene.session, now=night.starts_at - DAY) == 0


# --------------------------------------------------------------------------- many at once


def test_a_night_past_midnight_is_one_session_of_its_first_day(rota: Rota) -> None:
    scene = rota.scene
    begin = dt.datetime.combine(SATURDAY, dt.time(), dt.UTC)
    found = queries.held_between(
        scene.session, scene.community.id, group_id=scene.group.id, begin=begin, end=begin + 2 * DAY
    )
    assert [each.session.day_on for each in found] == [SATURDAY]


def test_a_rota_of_many_sessions_asks_no_more_than_one_of_few(rota: Rota) -> None:
    scene = rota.scene
    counts = []
    for weeks in (1, 20):
        seen: list[str] = []

        def note(*arguments: object, seen: list[str] = seen) -> None:
            seen.append(str(arguments[2]))

        engine = scene.session.get_bind()
        scene.session.flush()
        sa.event.listen(engine, "before_cursor_execute", note)
        found = queries.held_between(
            scene.session, scene.community.id, begin=NOW, end=NOW + weeks * 7 * DAY
        )
        sa.event.remove(engine, "before_cursor_execute", note)
        assert len(found) == weeks
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 6


def test_whoever_is_on_the_rota_hears_what_becomes_of_the_session(rota: Rota) -> None:
    scene, night = rota.scene, rota.night()
    rota.put_name(scene.mia)
    rota.ask(scene.hugo, rota.host)
    friday = dt.datetime.combine(SATURDAY - DAY, dt.time(8), dt.UTC)
    assert service.remind_next(scene.session, now=friday) == 1
    service.change_session(
        scene.session,
        scene.community,
        scene.group,
        night,
        service.details_of(night),
        service.Time(day_on=SATURDAY + DAY, starts_minute=20 * 60, length_minutes=360),
        by=scene.lena,
        who=scene.lead,
        now=friday + dt.timedelta(hours=1),
    )
    assert "session-moved" in scene.told(scene.mia)
    assert "session-moved" in scene.told(scene.hugo)
    assert service.remind_next(scene.session, now=friday + DAY) == 1, "of the new day as well"
    assert service.remind_next(scene.session, now=friday + DAY) == 0
    service.cancel_session(
        scene.session, scene.group, night, "Snow.", by=scene.lena, who=scene.lead, now=friday + DAY
    )
    assert "session-cancelled" in scene.told(scene.mia)
