"""The door of a session: opening it, and coming in by name."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.racing import race
from tests.timebank.sessions.door import MORNING, Door, make_door
from timebank.communities.models import Community
from timebank.db import new_id
from timebank.groups import queries as groups
from timebank.groups import service as group_service
from timebank.groups.errors import RulesChangedError, SpeakToTheLeadError
from timebank.groups.policy.standing import may_host
from timebank.members.models import Member
from timebank.sessions import queries, service
from timebank.sessions.errors import (
    AlreadyClosedError,
    BoundariesNotNamedError,
    NobodyOfStaffError,
    NobodyOnDutyError,
    NotOpenError,
    NotThereError,
    NotYoursToHoldError,
    RulesFirstError,
    TooEarlyToOpenError,
    TooManyKnownError,
)
from timebank.sessions.models import (
    KNOWN_MAX,
    SessionAttendance,
    SessionCode,
)
from timebank.sessions.service import Arrival

HOUR = dt.timedelta(hours=1)


def keep_out(door: Door, member: Member) -> None:
    group_service.exclude(
        door.session,
        door.people.group,
        member,
        until_on=door.there.day_on + dt.timedelta(days=30),
        review_on=door.there.day_on,
        reason="A quarrel.",
        by=door.people.lena,
        who=door.people.lead,
        today=NOW.date(),
        now=NOW,
    )


# ------------------------------------------------------------------------------- opening


def test_a_host_who_stays_away_holds_nothing_meanwhile(door: Door) -> None:
    assert may_host(door.who(door.people.hugo))
    keep_out(door, door.people.hugo)
    assert not may_host(door.who(door.people.hugo))
    with pytest.raises(NotYoursToHoldError):
        door.open(door.people.lena, by=door.people.hugo)
    # It is over on its last day, and concerns nobody else.
    door.there.day_on += dt.timedelta(days=31)
    assert may_host(door.who(door.people.hugo))
    assert may_host(door.who(door.people.lena))


def test_whoever_opens_a_session_says_who_is_on_duty(door: Door) -> None:
    door.open(door.people.hugo, door.people.lena)
    assert door.there.state == "open"
    assert door.there.opened_by_id == door.people.hugo.id
    there = queries.present(door.session, door.there)
    assert [(each.member.first_name, each.attendance.role) for each in there] == [
        ("Hugo", "host"),
        ("Lena", "host"),
    ]
    assert queries.code_of(door.session, door.there) is not None


def test_two_who_open_at_once_open_it_once(door: Door) -> None:
    door.open(door.people.hugo)
    first = queries.code_of(door.session, door.there)
    door.open(door.people.lena, by=door.people.lena, now=MORNING + HOUR)
    assert door.there.opened_by_id == door.people.hugo.id
    assert door.there.opened_at == MORNING
    assert door.contacts == 2
    assert queries.code_of(door.session, door.there) is first


def test_a_race_of_openings_is_one_opening(app: Flask, session: Session) -> None:
    door = make_door(session)
    ids = [door.people.hugo.id, door.people.lena.id]
    there_id = door.there.id
    session.commit()

    def opens(member_id: object) -> object:
        def work(session: Session, community: Community) -> None:
            held = queries.held(session, community.id, there_id)
            member = session.get_one(Member, (community.id, member_id))
            service.open_session(
                session,
                held,
                on_duty=[member],
                named_version=0,
                by=member,
                who=queries.standing_at(session, held, member, today=held.session.day_on),
                now=MORNING,
            )

        return work

    ended = race(app, door.there.community_id, [opens(each) for each in ids * 3])  # type: ignore[misc]
    assert ended == {"done": 6}
    session.rollback()
    assert door.contacts == 2
    assert len(session.scalars(sa.select(SessionCode)).all()) == 1


def test_somebody_who_holds_nothing_here_opens_nothing(door: Door) -> None:
    for member in (door.people.mia, door.people.otto):
        with pytest.raises(NotYoursToHoldError):
            door.open(by=member)
    assert door.there.state == "planned"
    door.open(by=door.people.cora, who=door.who(door.people.cora, "coordinator"))
    assert door.there.state == "open"


def test_nobody_opens_next_weeks_session_by_mistake(door: Door) -> None:
    with pytest.raises(TooEarlyToOpenError) as refusal:
        door.open(now=NOW)
    assert refusal.value.opens_at == door.there.starts_at - 12 * HOUR
    door.open(now=refusal.value.opens_at)


def test_somebody_is_on_duty_when_it_opens(door: Door) -> None:
    held, hugo = door.held, door.people.hugo
    with pytest.raises(NobodyOnDutyError):
        service.open_session(
            door.session,
            held,
            on_duty=[],
            named_version=0,
            by=hugo,
            who=door.who(hugo),
            now=MORNING,
        )


def test_a_group_that_needs_staff_waits_for_them(door: Door) -> None:
    door.people.group.needs_staff = True
    with pytest.raises(NobodyOfStaffError):
        door.open()
    assert door.there.state == "planned"
    door.people.come_in(door.people.mia, "host", is_paid=True)
    door.open(door.people.hugo, door.people.mia)
    [mia] = [each for each in queries.present(door.session, door.there) if each.attendance.is_paid]
    assert mia.member is door.people.mia
    # Whoever opens it once more does not have to be of the staff: somebody is there.
    door.open(door.people.lena)


def test_the_boundaries_of_the_day_are_named_before_the_door_opens(door: Door) -> None:
    version = door.ground_rules()
    with pytest.raises(BoundariesNotNamedError):
        door.open(named_version=0)
    with pytest.raises(RulesChangedError):
        door.open(named_version=version + 1)
    door.open(door.people.hugo, door.people.lena)
    took_in = groups.acknowledgement(door.session, door.people.group, door.people.lena.id, version)
    assert took_in is not None
    assert (took_in.way, took_in.by_member_id) == ("aloud", door.people.hugo.id)


def test_a_cancelled_session_stays_closed(door: Door) -> None:
    door.there.state = "cancelled"
    with pytest.raises(NotOpenError) as refusal:
        door.open()
    assert refusal.value.state == "cancelled"


def test_somebody_who_stays_away_is_not_on_duty(door: Door) -> None:
    keep_out(door, door.people.hugo)
    with pytest.raises(SpeakToTheLeadError):
        door.open(by=door.people.lena)


# ------------------------------------------------------------------------------- by name


def test_a_tap_on_a_name_is_one_contact_however_often(door: Door) -> None:
    door.open()
    once = door.come(door.people.mia)
    assert door.come(door.people.mia) is once
    assert (once.role, once.minutes, once.way, once.is_first) == ("participant", None, "name", True)
    assert door.contacts == 2


def test_a_race_of_taps_is_one_check_in(app: Flask, session: Session) -> None:
    door = make_door(session)
    door.open()
    mia_id, hugo_id, there_id = door.people.mia.id, door.people.hugo.id, door.there.id
    session.commit()

    def comes(session: Session, community: Community) -> None:
        held = queries.held(session, community.id, there_id)
        hugo = session.get_one(Member, (community.id, hugo_id))
        service.check_in(
            session,
            held,
            session.get_one(Member, (community.id, mia_id)),
            way="name",
            by=hugo,
            who=queries.standing_at(session, held, hugo, today=held.session.day_on),
            now=MORNING,
        )

    assert race(app, door.there.community_id, [comes] * 6) == {"done": 6}
    session.rollback()
    assert door.contacts == 2


def test_before_and_after_the_door_is_open_nobody_comes_in(door: Door) -> None:
    with pytest.raises(NotOpenError):
        door.come(door.people.mia)
    door.open()
    door.close()
    with pytest.raises(AlreadyClosedError):
        door.come(door.people.mia)
    with pytest.raises(AlreadyClosedError):
        door.count()
    assert door.come(door.people.mia, late=True).member_id == door.people.mia.id


def test_a_tap_that_arrives_again_does_not_undo_what_was_taken_back(door: Door) -> None:
    door.open()
    key = new_id()
    row = door.come(door.people.mia, client_key=key)
    service.check_out(
        door.session, door.held, door.people.mia, who=door.who(door.people.hugo), now=MORNING
    )
    assert door.come(door.people.mia, client_key=key) is row
    assert door.contacts == 1
    door.come(door.people.mia, client_key=new_id())
    assert door.contacts == 2


def test_a_tap_that_takes_back_is_done_once_whatever_came_after_it(door: Door) -> None:
    door.open()
    key, other = new_id(), new_id()
    row = door.come(door.people.mia, client_key=new_id())
    for _again in range(2):
        door.goes(door.people.mia, client_key=key)
        assert row.undone_at is not None
    door.come(door.people.mia, client_key=other)
    door.goes(door.people.mia, client_key=key)
    assert row.undone_at is None
    # One that could not be done is none that was done.
    with pytest.raises(NotThereError), door.session.begin_nested():
        door.goes(door.people.otto, client_key=(third := new_id()))
    door.come(door.people.otto)
    door.goes(door.people.otto, client_key=third)
    assert door.contacts == 2


def test_who_was_never_there_is_not_taken_back(door: Door) -> None:
    door.open()
    with pytest.raises(NotThereError):
        service.check_out(
            door.session, door.held, door.people.mia, who=door.who(door.people.hugo), now=MORNING
        )


def test_the_ground_rules_come_first_and_again_when_they_change(door: Door) -> None:
    version = door.ground_rules()
    door.open()
    with pytest.raises(RulesFirstError) as refusal:
        door.come(door.people.mia)
    assert refusal.value.version == version
    with pytest.raises(RulesChangedError):
        door.come(door.people.mia, heard_version=version + 1)
    door.come(door.people.mia, heard_version=version)
    took_in = groups.acknowledgement(door.session, door.people.group, door.people.mia.id, version)
    assert took_in is not None
    assert took_in.way == "aloud"
    door.ground_rules("Be kind.")
    with pytest.raises(RulesFirstError):
        door.come(door.people.otto)


def test_whoever_stays_away_hears_one_sentence_and_is_counted_nowhere(door: Door) -> None:
    door.ground_rules()
    door.open()
    keep_out(door, door.people.mia)
    with pytest.raises(SpeakToTheLeadError):
        door.come(door.people.mia)
    # Not even that there are rules is said, nor is anything noted about them.
    assert (
        groups.acknowledged_versions(door.session, door.people.group, door.people.mia.id)
        == frozenset()
    )
    assert door.contacts == 1
    assert (
        door.session.scalars(
            sa.select(SessionAttendance).where(SessionAttendance.member_id == door.people.mia.id)
        ).all()
        == []
    )


def test_a_member_checks_in_themselves_and_nobody_else(door: Door) -> None:
    door.open()
    mia = door.people.mia
    door.come(mia, by=mia, who=None, way="code")
    with pytest.raises(NotYoursToHoldError):
        door.come(door.people.otto, by=mia, who=None, way="code")
    with pytest.raises(NotYoursToHoldError):
        door.come(door.people.otto, by=mia, who=door.who(mia))


def test_the_first_time_with_a_group_is_the_first_only(door: Door) -> None:
    door.open()
    assert door.come(door.people.mia).is_first
    door.close()
    door.there = door.planned.plan_one(day_on=door.there.day_on + dt.timedelta(days=7))
    week = MORNING + dt.timedelta(days=7)
    door.open(now=week)
    assert not door.come(door.people.mia, now=week).is_first
    assert door.come(door.people.otto, now=week).is_first


def test_there_is_a_last_one_who_is_noted_by_name(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("timebank.sessions.service.door.KNOWN_MAX", 2)
    door.open()
    door.come(door.people.mia)
    with pytest.raises(TooManyKnownError):
        door.come(door.people.otto)
    assert KNOWN_MAX == 240


def test_a_sheet_of_paper_is_typed_in_at_once(door: Door) -> None:
    version = door.ground_rules()
    door.open()
    door.come(door.people.mia, heard_version=version)
    keep_out(door, door.people.otto)
    guests = door.crowd(3)
    arrivals = [Arrival(member=each, minutes=60) for each in (*guests, door.people.mia)]
    refused = service.check_in_all(
        door.session,
        door.held,
        [*arrivals, Arrival(member=door.people.otto)],
        way="sheet",
        by=door.people.hugo,
        who=door.who(door.people.hugo),
        now=MORNING,
    )
    assert refused == [door.people.otto]
    assert door.contacts == 5
    stayed = {
        each.member.id: each.attendance.minutes
        for each in queries.present(door.session, door.there)
    }
    assert [stayed[each.id] for each in guests] == [60, 60, 60]
    assert stayed[door.people.mia.id] is None
    assert groups.must_hear(door.session, door.people.group, [each.id for each in guests]) == set()


def test_a_sheet_asks_the_database_as_little_for_many_as_for_few(
    door: Door, engine: Engine
) -> None:
    door.ground_rules()
    door.open()
    asked: list[int] = []
    for number in (2, 40):
        guests = door.crowd(number)
        statements: list[str] = []

        def listen(*arguments: object, into: list[str] = statements) -> None:
            into.append(str(arguments[2]))

        event.listen(engine, "before_cursor_execute", listen)
        service.check_in_all(
            door.session,
            door.held,
            [Arrival(member=each) for each in guests],
            way="sheet",
            by=door.people.hugo,
            who=door.who(door.people.hugo),
            now=MORNING,
        )
        event.remove(engine, "before_cursor_execute", listen)
        asked.append(len(statements))
    assert asked[0] == asked[1]
