"""Pages of the books ask the database little, whatever moved."""

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import at, make_member
from tests.pages.page import Walk
from tests.timebank.conftest import Counted
from tests.timebank.sessions.door import Door, make_door
from timebank.clock import utc_now
from timebank.exchanges import service as exchanges
from timebank.groups import service as groups
from timebank.listings.models import Category

STATEMENTS_MAX = 12


@pytest.fixture
def door(session: Session) -> Door:
    """Give Mia hours of a session and late ones of an exchange, and let her fill a pot."""
    door = make_door(session)
    people, now = door.people, utc_now()
    people.come_in(people.mia)
    door.rule("activity", pot_minutes=15, credits_participants=True)
    door.open()
    door.come(people.mia)
    door.close(now=now)
    move(door)
    return door


def move(door: Door) -> None:
    """Move a few hours more."""
    session, people, now = door.session, door.people, utc_now()
    groups.give(
        session, people.community, people.group.account_code, minutes=5, words="",
        by=people.mia, today=now.date(), now=now,
    )  # fmt: skip
    category = session.scalars(sa.select(Category)).first()
    if category is None:
        category = Category(community_id=people.community.id, key="walks", check_hint="none")
        session.add(category)
        session.flush()
    exchange = exchanges.log_informal(
        session, people.community, by=people.mia, other=people.hugo, by_gave=True,
        category_id=category.id, worked_minutes=30, happened_on=now.date() - dt.timedelta(days=3),
        now=now,
    )  # fmt: skip
    session.flush()
    exchanges.answer_yes(session, people.community, exchange.id, by=people.hugo, now=now)
    session.commit()


@pytest.mark.parametrize("role", ["coordinator", "treasurer", "auditor"])
def test_an_account_and_a_day_ask_little_and_no_more_the_more_has_moved(
    door: Door, walk: Walk, session: Session, counted: Counted, role: str
) -> None:
    people = door.people
    reader = walk(make_member(session, people.community, first_name="Rea", roles=(role,)))
    before = (utc_now().date() - dt.timedelta(days=2)).isoformat()
    paths = [
        at(people.community, path)
        for path in (
            f"/books/accounts/{people.mia.account_code}",
            f"/books/accounts/{people.group.account_code}",
            "/books/accounts/opening",
            "/books/day",
            f"/books/day?day={before}",
        )
    ]
    few = {path: counted(reader, path) for path in paths}
    assert max(few.values()) <= STATEMENTS_MAX, few
    for _ in range(3):
        move(door)
    assert {path: counted(reader, path) for path in paths} == few
