"""People without a name at a session, and the code of the day."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from tests.racing import race
from tests.timebank.sessions.door import MORNING, Door, make_door
from timebank.communities.models import Community
from timebank.db import new_id
from timebank.groups.policy.crediting import Terms
from timebank.members.models import Member
from timebank.sessions import queries, service
from timebank.sessions.errors import (
    MoreFirstTimersThanPeopleError,
    NobodyCountedError,
    NobodyToTakeBackError,
    NotOpenError,
    NotYoursToHoldError,
    TooEarlyToOpenError,
)
from timebank.sessions.models import (
    SessionTally,
)

HOUR = dt.timedelta(hours=1)


def test_people_without_a_name_are_counted_and_taken_back(door: Door) -> None:
    door.open()
    door.count()
    door.count(first_timers=1)
    door.count(12, first_timers=3, way="sheet")
    door.count(-1, first_timers=1)
    found = queries.counts(door.session, door.there)
    assert (found.tallied, found.tallied_first, found.known) == (13, 3, 1)
    assert found.contacts == 14
    with pytest.raises(NobodyToTakeBackError):
        door.count(-14)


def test_a_tap_that_is_sent_again_counts_once(door: Door) -> None:
    door.open()
    key = new_id()
    for _again in range(3):
        door.count(key=key)
    assert door.contacts == 2
    door.close()
    door.count(key=key)
    assert len(door.session.scalars(sa.select(SessionTally)).all()) == 1


def test_a_race_of_one_tap_counts_once(app: Flask, session: Session) -> None:
    door = make_door(session)
    door.open()
    hugo_id, there_id, key = door.people.hugo.id, door.there.id, new_id()
    session.commit()

    def counts(session: Session, community: Community) -> None:
        held = queries.held(session, community.id, there_id)
        hugo = session.get_one(Member, (community.id, hugo_id))
        service.count(
            session,
            held,
            client_key=key,
            by=hugo,
            who=queries.standing_at(session, held, hugo, today=held.session.day_on),
            now=MORNING,
        )

    assert race(app, door.there.community_id, [counts] * 6) == {"done": 6}
    session.rollback()
    assert door.contacts == 2


@pytest.mark.parametrize("number", [0, 1000, -1000])
def test_nobody_is_not_counted_and_a_stadium_neither(door: Door, number: int) -> None:
    door.open()
    with pytest.raises(NobodyCountedError):
        door.count(number)


def test_first_timers_are_among_those_who_came(door: Door) -> None:
    door.open()
    with pytest.raises(MoreFirstTimersThanPeopleError):
        door.count(2, first_timers=3)


def test_with_the_code_of_the_day_one_counts_oneself_and_no_more(door: Door) -> None:
    door.open()
    door.count(by=None, who=None, way="code")
    for number, way in ((2, "code"), (1, "plus"), (-1, "code")):
        with pytest.raises(NotYoursToHoldError):
            door.count(number, by=None, who=None, way=way)
    with pytest.raises(NotYoursToHoldError):
        door.count(by=door.people.mia, who=door.who(door.people.mia))


# --------------------------------------------------------------------------------- codes


def test_every_session_has_a_code_of_its_own(door: Door) -> None:
    hugo = door.people.hugo
    who = door.who(hugo)
    first = service.make_code(door.session, door.held, by=hugo, who=who, now=MORNING)
    again = service.make_code(door.session, door.held, by=hugo, who=who, now=MORNING)
    assert first.digits != again.digits
    assert queries.code_of(door.session, door.there) is again
    door.there = door.planned.plan_one(day_on=door.there.day_on + dt.timedelta(days=7))
    week = MORNING + dt.timedelta(days=7)
    later = service.make_code(door.session, door.held, by=hugo, who=who, now=week)
    assert later.token not in {first.token, again.token}
    assert later.digits not in {first.digits, again.digits}
    with pytest.raises(NotYoursToHoldError):
        service.make_code(
            door.session, door.held, by=door.people.mia, who=door.who(door.people.mia), now=week
        )


def test_a_poster_is_printed_a_week_before_and_not_earlier(door: Door) -> None:
    hugo, week = door.people.hugo, dt.timedelta(days=7)
    who, starts_at = door.who(hugo), door.there.starts_at
    with pytest.raises(TooEarlyToOpenError):
        service.make_code(door.session, door.held, by=hugo, who=who, now=starts_at - week - HOUR)
    code = service.make_code(door.session, door.held, by=hugo, who=who, now=starts_at - week)
    assert code.day_on == door.there.day_on
    door.open()
    door.close()
    with pytest.raises(NotOpenError):
        service.make_code(door.session, door.held, by=hugo, who=who, now=MORNING)


def test_four_figures_find_the_session_that_is_open(door: Door) -> None:
    door.open()
    code = queries.code_of(door.session, door.there)
    assert code is not None
    found = queries.code_by_digits(door.session, door.there.community_id, code.digits)
    assert found is code
    assert queries.code_by_token(door.session, door.there.community_id, code.token) is code
    assert queries.code_by_token(door.session, door.there.community_id, "x") is None


def test_terms_are_the_same_whoever_holds_the_door(door: Door) -> None:
    assert queries.draft(door.session, door.held).terms == Terms()
