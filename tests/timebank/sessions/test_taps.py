"""Taps at a door are remembered for as long as a device may send them again, and no longer."""

import datetime as dt

import sqlalchemy as sa
from flask import Flask

from tests.factories import NOW
from tests.timebank.sessions.door import MORNING, Door
from timebank import worker
from timebank.clock import utc_now
from timebank.db import new_id
from timebank.sessions import service
from timebank.sessions.models import SessionTap
from timebank.sessions.service.taps import KEPT_FOR

SECOND = dt.timedelta(seconds=1)


def test_a_tap_is_done_once_for_half_a_year_and_then_forgotten(door: Door) -> None:
    door.open()
    session, mia, key = door.session, door.people.mia, new_id()
    door.come(mia, client_key=key)
    last = MORNING + KEPT_FOR
    assert service.forget_old_taps(session, now=last) == 0
    door.goes(mia)
    door.come(mia, client_key=key, now=last)
    assert door.contacts == 1, "sent again after a summer it brings nobody back"
    assert service.forget_old_taps(session, now=last + SECOND) == 1
    assert not session.scalars(sa.select(SessionTap)).all()


def test_the_worker_forgets_them(app: Flask, door: Door) -> None:
    door.open()
    for at in (NOW - 2 * KEPT_FOR, utc_now()):
        door.come(door.people.mia, client_key=new_id(), now=at)
    door.session.commit()
    [job] = [each for each in worker.jobs() if each.name == "old taps at doors are forgotten"]
    assert worker.run_once(app, [job]) == 1
    door.session.rollback()
    assert len(door.session.scalars(sa.select(SessionTap)).all()) == 1
