"""Putting a closing right: what was posted is moved back, and what is right is posted."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import make_member
from tests.pages.page import Pages, Walk
from tests.timebank.conftest import Counted
from tests.timebank.sessions.door import Door, make_door
from tests.timebank.sessions.door_pages import page_of
from timebank.hours import queries as hours
from timebank.sessions import queries
from timebank.sessions.errors import (
    ChangedMeanwhileError,
    NotClosedYetError,
    NothingToPutRightError,
    NotYoursToHoldError,
    ReasonNeededError,
)
from timebank.sessions.models import ClosingPerson, SessionClosing
from timebank.sessions.service import Came

#: From ten to twelve.
WHOLE = 120
STATEMENTS_MAX = 12


@pytest.fixture
def door(session: Session) -> Door:
    """Give an open session with Hugo on duty."""
    door = make_door(session)
    door.open()
    return door


def entries(door: Door) -> int:
    """Count what stands in the book."""
    return hours.head(door.session, door.there.community_id)[0]


def test_a_closing_is_put_right_by_moving_back_and_posting_anew(door: Door) -> None:
    door.rule("activity", credits_participants=True)
    door.come(door.people.mia)
    door.count(2)
    first = door.close(Came(topics=["food"]))
    first_entry = first.entry_id
    assert first_entry is not None
    door.stays(door.people.mia, 30)
    second = door.correct(Came(contacts=5, topics=["food"]), reason="Mia left at half past ten.")
    assert (second.version, second.contacts) == (2, 5)
    assert door.balance(door.people.mia) == 30
    assert door.balance(door.people.hugo) == WHOLE
    community_id = door.there.community_id
    assert second.entry_id is not None
    assert second.reversal_id is not None
    back = hours.entry(door.session, community_id, second.reversal_id)
    anew = hours.entry(door.session, community_id, second.entry_id)
    assert (back.reverses, anew.corrects) == (first_entry, first_entry)
    # The one before stays to be read, to the letter.
    assert [each.version for each in queries.closings(door.session, door.there)] == [2, 1]
    assert (first.contacts, first.entry_id) == (4, first_entry)
    minutes = {
        member.first_name: person.minutes
        for person, member in queries.people_of(door.session, first)
    }
    assert minutes == {"Hugo": WHOLE, "Mia": WHOLE}


def test_those_whose_hours_change_are_told_and_the_leads(door: Door) -> None:
    door.rule("activity", credits_participants=True)
    for member in (door.people.mia, door.people.otto):
        door.come(member)
    door.close()
    door.stays(door.people.mia, 30)
    cora = door.people.cora
    door.correct(by=cora, who=door.who(cora, "coordinator"))
    assert "session-hours-changed" in door.people.told(door.people.mia)
    assert "session-hours-changed" not in door.people.told(door.people.otto)
    assert "session-put-right" in door.people.told(door.people.lena)


def test_what_came_in_after_the_closing_counts_once_it_is_put_right(door: Door) -> None:
    door.rule("activity", credits_participants=True)
    closing = door.close()
    assert not queries.differs(door.session, door.there, closing)
    door.come(door.people.mia, late=True)
    door.count(2, late=True)
    assert queries.differs(door.session, door.there, closing)
    assert door.balance(door.people.mia) == 0
    second = door.correct()
    assert (second.contacts, door.balance(door.people.mia)) == (4, WHOLE)
    assert not queries.differs(door.session, door.there, second)


def test_a_wrong_count_is_put_right_and_no_hours_are_touched(door: Door) -> None:
    door.rule()
    first = door.close()
    before = entries(door)
    second = door.correct(Came(contacts=9))
    assert (second.entry_id, second.reversal_id) == (first.entry_id, None)
    assert entries(door) == before


def test_everybody_may_turn_out_not_to_have_been_there_and_then_to_have_been(door: Door) -> None:
    door.rule()
    door.close()
    door.goes(door.people.hugo, late=True)
    gone = door.correct()
    assert (gone.entry_id, gone.contacts, door.balance(door.people.hugo)) == (None, 0, 0)
    assert gone.reversal_id is not None
    door.come(door.people.hugo, late=True, role="host")
    back = door.correct(reason="He was there after all.")
    assert (back.version, door.balance(door.people.hugo)) == (3, WHOLE)


def test_a_closing_is_put_right_as_often_as_it_takes(door: Door) -> None:
    door.rule()
    door.close()
    for minutes, version in ((90, 2), (60, 3), (75, 4)):
        door.stays(door.people.hugo, minutes, "host")
        assert door.correct().version == version
        assert door.balance(door.people.hugo) == minutes


def test_putting_right_needs_a_lead_a_reason_and_something_to_put_right(door: Door) -> None:
    with pytest.raises(NotClosedYetError):
        door.correct()
    door.close()
    with pytest.raises(NotYoursToHoldError):
        door.correct(by=door.people.hugo, who=door.who(door.people.hugo))
    with pytest.raises(ReasonNeededError):
        door.correct(reason="  ")
    with pytest.raises(NothingToPutRightError):
        door.correct()
    with pytest.raises(ChangedMeanwhileError):
        door.correct(Came(contacts=3), seen="something else")
    assert len(queries.closings(door.session, door.there)) == 1


def test_the_same_rule_counts_when_it_is_put_right(door: Door) -> None:
    door.rule("activity")
    door.close()
    door.rule("donated")
    door.stays(door.people.hugo, 60, "host")
    assert door.correct().rule_version == 1
    assert door.balance(door.people.hugo) == 60
    assert door.pot() == 0


def test_whoever_is_left_too_low_is_put_on_the_list_of_those_who_look_after_accounts(
    door: Door,
) -> None:
    door.rule()
    hugo, mia = door.people.hugo, door.people.mia
    door.close()
    treasurer = make_member(door.session, door.people.community, roles=("treasurer",))
    door.spend(hugo, mia, door.balance(hugo))
    floor = hours.balance_of(door.session, hugo).floor_minutes
    door.goes(hugo, late=True)
    door.correct()
    if floor is not None and floor > -WHOLE:
        assert "work-overdrawn" in door.people.told(treasurer)
    assert door.balance(hugo) == -WHOLE


def test_each_version_keeps_its_own_people(door: Door) -> None:
    door.close()
    door.correct(Came(contacts=8))
    assert len(door.session.scalars(sa.select(ClosingPerson)).all()) == 2
    assert len(door.session.scalars(sa.select(SessionClosing)).all()) == 2


def test_whoever_has_left_since_keeps_what_they_were_given(door: Door) -> None:
    door.rule("activity", credits_participants=True)
    door.come(door.people.mia)
    first = door.close()
    door.people.mia.state = "left"
    again = door.correct(Came(contacts=9))
    assert again.entry_id == first.entry_id
    assert door.balance(door.people.mia) == WHOLE
    # What is wrong with their own time can still be put right.
    door.stays(door.people.mia, 30)
    door.correct(Came(contacts=9))
    assert door.balance(door.people.mia) == 30
    assert door.balance(door.people.hugo) == WHOLE


def test_the_page_of_a_session_says_what_came_after_its_closing_to_who_holds_it(
    door: Door, hugo: Pages, walk: Walk, counted: Counted
) -> None:
    door.rule("activity", credits_participants=True)
    door.close()
    lena, mia = walk(door.people.lena), walk(door.people.mia)
    says = "The door has noted something since this session was closed."
    for pages in (hugo, lena, mia):
        assert says not in pages.get(page_of(door))
    door.come(door.people.otto, late=True)
    assert says not in mia.get(page_of(door))
    assert says in hugo.get(page_of(door))
    assert hugo.follow("See who is noted").h1 == "Who was there"
    assert says in lena.get(page_of(door))
    lena.follow("Put it right")
    lena.submit(reason="Otto came late.", contacts="2")
    assert says not in lena.get(page_of(door))
    door.session.rollback()
    door.come(door.people.mia, late=True)
    assert counted(lena, page_of(door)) <= STATEMENTS_MAX
