"""Closing a session: what it posts, and that it posts it once."""

import datetime as dt
import itertools
import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests.racing import Work, race
from tests.timebank.sessions.door import MORNING, Door, make_door
from timebank.communities.models import Community
from timebank.groups.policy.shares import split
from timebank.hours import queries as hours
from timebank.hours.errors import TooFewHoursError
from timebank.members.models import Member
from timebank.sessions import queries, service
from timebank.sessions.errors import (
    AlreadyClosedError,
    ChangedMeanwhileError,
    FewerThanKnownError,
    MoreFirstTimersThanPeopleError,
    NotOpenError,
    NotYoursToHoldError,
)
from timebank.sessions.policy import closing as policy
from timebank.sessions.policy.closing import Person
from timebank.sessions.service import Arrival, Came

#: From ten to twelve.
WHOLE = 120


@pytest.fixture
def door(session: Session) -> Door:
    """Give an open session with Hugo on duty."""
    door = make_door(session)
    door.open()
    return door


def entries(door: Door) -> int:
    """Count what stands in the book."""
    return hours.head(door.session, door.there.community_id)[0]


# ------------------------------------------------------------------------------- closing


def test_closing_posts_by_the_groups_rule_and_writes_down_who_was_there(door: Door) -> None:
    door.rule("activity", pot_minutes=15)
    door.come(door.people.mia)
    door.count(5, first_timers=2)
    closing = door.close(Came(topics=["food", "forms"], follow_up="Otto needs a lift."))
    assert door.there.state == "closed"
    assert (door.balance(door.people.hugo), door.balance(door.people.mia)) == (WHOLE, 0)
    assert door.pot() == 30
    assert (closing.contacts, closing.known, closing.first_timers) == (7, 2, 4)
    assert closing.topic_keys == ["forms", "food"]
    assert closing.entry_id is not None
    entry = hours.entry(door.session, door.there.community_id, closing.entry_id)
    assert entry.idem_key == f"session:{door.there.id}:closing:1"
    assert (entry.occurred_on, entry.category) == (door.there.day_on, "session.drop-in")
    there = queries.people_of(door.session, closing)
    assert [(each.role, each.minutes, member.first_name) for each, member in there] == [
        ("host", WHOLE, "Hugo"),
        ("participant", WHOLE, "Mia"),
    ]


def test_without_a_rule_everything_is_written_down_and_nothing_moves(door: Door) -> None:
    door.come(door.people.mia)
    before = entries(door)
    closing = door.close()
    assert (closing.entry_id, closing.rule_version, closing.contacts) == (None, 0, 2)
    assert entries(door) == before


#: What an hour of hosting and an hour of taking part come to, by rule.
ONE_HOUR: dict[tuple[str, ...], tuple[int, int, dict[str, Any]]] = {
    ("activity", "host"): (60, 0, {}),
    ("activity", "host", "share"): (60, 0, {"pot_minutes": 15}),
    ("activity", "participant"): (0, 60, {"credits_participants": True}),
    ("pot", "host"): (60, 0, {}),
    ("participants", "host"): (60, -60, {"is_shared_evenly": True}),
    ("participants", "host", "cost"): (60, -30, {"cost_minutes": 30}),
    ("donated", "host"): (0, 0, {}),
    ("unpaid", "host"): (0, 0, {}),
}


@pytest.mark.parametrize("case", ONE_HOUR, ids=" ".join)
def test_one_hour_is_one_hour_by_every_rule(door: Door, case: tuple[str, ...]) -> None:
    hosted, taken, terms = ONE_HOUR[case]
    door.rule(case[0], **terms)
    door.fill_pot(600)
    door.come(door.people.mia)
    door.stays(door.people.hugo, 60, "host")
    door.stays(door.people.mia, 60)
    if "credits_participants" in terms:
        hosted = 60
    door.close()
    assert door.balance(door.people.hugo) == hosted
    assert door.balance(door.people.mia) == taken
    book = hours.trial_balance(door.session, door.there.community_id)
    assert sum(each.posted for each in book.accounts) == 0


@pytest.mark.parametrize("kind", ["activity", "pot", "donated", "participants"])
def test_whoever_is_paid_is_written_down_and_never_credited(door: Door, kind: str) -> None:
    door.rule(kind, **({"is_shared_evenly": True} if kind == "participants" else {}))
    door.people.come_in(door.people.mia, "host", is_paid=True)
    door.open(door.people.mia)
    door.goes(door.people.hugo)
    before = entries(door)
    closing = door.close()
    assert closing.entry_id is None
    assert entries(door) == before
    [(person, _member)] = queries.people_of(door.session, closing)
    assert (person.is_paid, person.minutes) == (True, WHOLE)
    [(share, _group)] = queries.shares_of(door.session, closing)
    assert share.hosted_minutes == WHOLE


@pytest.mark.parametrize(
    ("kind", "terms", "each"),
    [
        ("activity", {"credits_participants": True}, WHOLE),
        ("activity", {}, WHOLE),
        ("participants", {"is_shared_evenly": True}, 0),
        ("unpaid", {}, 0),
    ],
)
def test_among_equals_it_comes_out_even_or_everybody_is_credited_once(
    door: Door, kind: str, terms: dict[str, bool], each: int
) -> None:
    door.rule(kind, **terms)
    for member in (door.people.mia, door.people.otto):
        door.come(member, role="both")
    door.stays(door.people.hugo, None, "both")
    door.close()
    for member in (door.people.hugo, door.people.mia, door.people.otto):
        assert door.balance(member) == each


def test_who_left_early_is_credited_for_as_long_as_they_were_there(door: Door) -> None:
    door.rule("activity", credits_participants=True)
    door.come(door.people.mia)
    door.stays(door.people.mia, 45)
    door.close()
    assert door.balance(door.people.mia) == 45
    assert door.balance(door.people.hugo) == WHOLE


def test_a_session_is_closed_once(door: Door) -> None:
    door.rule()
    door.close()
    with pytest.raises(AlreadyClosedError):
        door.close(by=door.people.lena, who=door.who(door.people.lena))
    assert door.balance(door.people.hugo) == WHOLE


def test_two_who_close_at_once_post_once_and_one_is_told(app: Flask, session: Session) -> None:
    door = make_door(session)
    door.open()
    door.rule()
    there_id = door.there.id
    ids = [door.people.hugo.id, door.people.lena.id]
    session.commit()

    def closes(member_id: uuid.UUID) -> Work:
        def work(session: Session, community: Community) -> None:
            held = queries.held(session, community.id, there_id)
            by = session.get_one(Member, (community.id, member_id))
            service.close_session(
                session,
                community,
                held,
                Came(),
                by=by,
                who=queries.standing_at(session, held, by, today=held.session.day_on),
                now=MORNING,
            )

        return work

    ended = race(app, door.there.community_id, [closes(each) for each in ids * 5])
    session.rollback()
    assert ended == {"done": 1, "AlreadyClosedError": 9}
    assert door.balance(door.people.hugo) == WHOLE
    assert len(queries.closings(session, door.there)) == 1


def test_who_comes_while_it_is_closed_is_in_the_closing_or_hears_that_it_is_closed(
    app: Flask, session: Session
) -> None:
    door = make_door(session)
    door.open()
    guests = [each.id for each in door.crowd(8)]
    there_id, hugo_id = door.there.id, door.people.hugo.id
    session.commit()

    def comes(member_id: uuid.UUID) -> Work:
        def work(session: Session, community: Community) -> None:
            held = queries.held(session, community.id, there_id)
            hugo = session.get_one(Member, (community.id, hugo_id))
            service.check_in(
                session,
                held,
                session.get_one(Member, (community.id, member_id)),
                way="name",
                by=hugo,
                who=queries.standing_at(session, held, hugo, today=held.session.day_on),
                now=MORNING,
            )

        return work

    def closes(session: Session, community: Community) -> None:
        held = queries.held(session, community.id, there_id)
        hugo = session.get_one(Member, (community.id, hugo_id))
        who = queries.standing_at(session, held, hugo, today=held.session.day_on)
        service.close_session(session, community, held, Came(), by=hugo, who=who, now=MORNING)

    works = [*(comes(each) for each in guests[:4]), closes, *(comes(each) for each in guests[4:])]
    ended = race(app, door.there.community_id, works)
    session.rollback()
    [closing] = queries.closings(session, door.there)
    assert closing.known == door.contacts == ended["done"]
    assert ended["done"] + ended["AlreadyClosedError"] == len(works)


def test_what_was_not_opened_is_not_closed(session: Session) -> None:
    door = make_door(session)
    with pytest.raises(NotOpenError):
        door.close()


def test_only_those_who_hold_it_close_it(door: Door) -> None:
    with pytest.raises(NotYoursToHoldError):
        door.close(by=door.people.mia, who=door.who(door.people.mia))
    assert door.there.state == "open"


def test_what_was_shown_is_what_is_posted_or_nothing_is(door: Door) -> None:
    door.rule()
    seen = queries.draft(door.session, door.held).fingerprint
    door.come(door.people.mia)
    with pytest.raises(ChangedMeanwhileError):
        door.close(seen=seen)
    assert door.there.state == "open"
    assert door.balance(door.people.hugo) == 0
    door.close(seen=queries.draft(door.session, door.held).fingerprint)


def test_the_count_may_be_corrected_but_not_below_the_names(door: Door) -> None:
    door.come(door.people.mia)
    door.count(3)
    with pytest.raises(FewerThanKnownError) as refusal:
        door.close(Came(contacts=1))
    assert refusal.value.known == 2
    with pytest.raises(MoreFirstTimersThanPeopleError):
        door.close(Came(contacts=4, first_timers=5))
    closing = door.close(Came(contacts=4, first_timers=1))
    assert (closing.contacts, closing.counted, closing.first_timers) == (4, 5, 1)


def test_a_pot_below_its_floor_pays_nothing_and_the_session_stays_open(door: Door) -> None:
    door.rule("pot")
    door.fill_pot(60)
    before, there_id = entries(door), door.there.id
    door.session.commit()
    with pytest.raises(TooFewHoursError) as refusal:
        door.close()
    door.session.rollback()
    assert refusal.value.short_minutes == 60
    assert entries(door) == before
    door.there = queries.session_by_id(door.session, door.there.community_id, there_id)
    assert door.there.state == "open"
    assert queries.closings(door.session, door.there) == []


def test_whoever_left_the_community_is_written_down_and_stops_nothing(door: Door) -> None:
    door.rule("activity", credits_participants=True)
    door.come(door.people.mia)
    door.people.mia.state = "left"
    closing = door.close()
    assert closing.known == 2
    assert door.balance(door.people.hugo) == WHOLE


def test_the_rule_of_the_day_counts_and_not_a_later_one(door: Door) -> None:
    door.rule("activity")
    door.people.session.flush()
    door.rule("unpaid")
    rule = queries.draft(door.session, door.held).rule
    assert rule is not None
    rule.applies_from_on = door.there.day_on + dt.timedelta(days=1)
    assert door.close().rule_version == 1
    assert door.balance(door.people.hugo) == WHOLE


def test_a_full_hall_closes_with_as_few_questions_as_a_small_one(
    session: Session, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    for number in (3, 150):
        door = make_door(session)
        door.open()
        door.rule("participants", is_shared_evenly=True)
        arrivals = [Arrival(member=each) for each in door.crowd(number)]
        for arrival in arrivals:
            door.give(arrival.member, WHOLE)
        service.check_in_all(
            session,
            door.held,
            arrivals,
            way="sheet",
            by=door.people.hugo,
            who=door.who(door.people.hugo),
            now=MORNING,
        )
        statements: list[str] = []

        def listen(*arguments: object, into: list[str] = statements) -> None:
            into.append(str(arguments[2]))

        event.listen(engine, "before_cursor_execute", listen)
        door.close()
        event.remove(engine, "before_cursor_execute", listen)
        asked.append(len(statements))
        assert door.balance(door.people.hugo) == WHOLE
    # The book takes its rows in portions of some hundreds.
    assert asked[1] <= asked[0] + 4, asked


# ------------------------------------------------------------------------ the arithmetic


def person(number: int, role: str = "participant", minutes: int = 60) -> Person:
    return Person(
        member_id=uuid.UUID(int=number), code=f"M{number:06d}", role=role, minutes=minutes
    )


@pytest.mark.parametrize(
    ("pairs", "parts"),
    [
        ([], (1,)),
        ([(1, 1)], (1, 1)),
        ([(3, 1)], (3, 1)),
        ([(2, 4)], (1, 2)),
        ([(1, 1), (1, 1)], (1, 1, 1)),
        ([(2, 1), (3, 1)], (6, 3, 2)),
        ([(0, 1)], (0, 1)),
        ([(0, 1), (2, 1)], (0, 2, 1)),
    ],
)
def test_several_groups_keep_what_each_agreed_with_the_first(
    pairs: list[tuple[int, int]], parts: tuple[int, ...]
) -> None:
    assert policy.parts_together(pairs) == parts
    for (own, other), theirs in zip(pairs, parts[1:], strict=True):
        assert own * theirs == other * parts[0] or parts[0] == 0


def test_shares_add_up_to_the_minute_and_to_the_person() -> None:
    ids = [uuid.UUID(int=each) for each in range(3)]
    for contacts, hosted in itertools.product(range(8), (0, 7, 100, 121)):
        shares = policy.share_out(ids, (6, 3, 2), contacts=contacts, hosted=hosted)
        assert sum(share.contacts for share in shares) == contacts
        assert sum(share.hosted_minutes for share in shares) == hosted
        assert tuple(share.contacts for share in shares) == split(contacts, (6, 3, 2))


def test_a_fingerprint_changes_with_whoever_is_there_and_whatever_moves() -> None:
    base = [person(1), person(2, "host")]
    leg = ("activity-drop-in", "M000002", 60)
    said = policy.fingerprint(base, [leg])
    assert policy.fingerprint(list(reversed(base)), [leg]) == said
    others = [
        policy.fingerprint([person(1), person(2)], [leg]),
        policy.fingerprint([person(1, minutes=59), person(2, "host")], [leg]),
        policy.fingerprint(base, []),
        policy.fingerprint(base[:1], [leg]),
    ]
    assert len({said, *others}) == 5
