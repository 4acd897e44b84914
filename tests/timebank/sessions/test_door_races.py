"""What happens at the same moment at a door."""

import uuid
from typing import Any

import pytest
from flask import Flask, request
from sqlalchemy.orm import Session

from tests.conftest import on_postgres
from tests.pages.page import Pages
from tests.racing import race
from tests.timebank.sessions.door import Door
from tests.timebank.sessions.door_pages import page_of, taps
from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.db import new_id
from timebank.members.models import Member
from timebank.sessions import queries, service
from timebank.sessions.views.at_door import AtDoor, at_door


def close(app: Flask, door: Door) -> None:
    """Let Hugo close the session, in a thread and a transaction of its own."""
    there_id, hugo_id = door.there.id, door.people.hugo.id

    def work(session: Session, community: Community) -> None:
        held = queries.held(session, community.id, there_id)
        by = session.get_one(Member, (community.id, hugo_id))
        who = queries.standing_at(session, held, by, today=held.session.day_on)
        service.close_session(
            session, community, held, service.Came(), by=by, who=who, now=utc_now()
        )

    assert race(app, door.people.community.id, [work]) == {"done": 1}


# On SQLite one request writes at a time, from its first question on.
@pytest.mark.parametrize("_database", [on_postgres], indirect=True)
def test_a_tap_that_meets_the_closing_is_late_and_not_lost(
    app: Flask, door: Door, hugo: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.open(now=utc_now())
    mia = str(door.people.mia.id)
    hugo.get(page_of(door, "/door"))
    closes = [lambda: close(app, door)]

    def meanwhile(session_id: uuid.UUID) -> AtDoor:
        at = at_door(session_id)
        if request.method == "POST" and closes:
            closes.pop()()
        return at

    door.session.commit()
    monkeypatch.setattr("timebank.sessions.views.door.at_door", meanwhile)
    sent: list[dict[str, Any]] = [
        {"key": str(new_id()), "kind": "in", "member": mia},
        {"key": str(new_id()), "kind": "count", "number": 1, "first": 0},
        {"key": str(new_id()), "kind": "out", "member": mia},
    ]
    answer = taps(door, hugo, *sent)
    assert not closes
    assert [each["answer"] for each in answer["answers"]] == ["late"] * 3
    assert answer["contacts"] == 2
    door.session.rollback()
    [closing] = queries.closings(door.session, door.there)
    assert closing.contacts == 1
    assert queries.differs(door.session, door.there, closing)
