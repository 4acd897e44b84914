"""The trail: written with the act, linked a little later, and a changed row is found."""

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from timebank.clock import utc_now
from timebank.db import new_id
from timebank.trail import queries, service
from timebank.trail.models import TrailEvent, TrailLink

TODAY = utc_now()
LONG_AGO = TODAY - dt.timedelta(days=200)


def sign_in(session: Session, *, at: dt.datetime = TODAY) -> None:
    service.record(session, "sign-in", now=at, person_id=new_id(), detail="password Firefox/Linux")


def faults(session: Session) -> tuple[str, ...]:
    session.expire_all()
    return queries.verify(session, now=TODAY).faults


def bare(session: Session, *statements: str) -> None:
    """Change rows as somebody would who owns the database."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SET LOCAL session_replication_role = replica"))
    else:
        names = session.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        for name in [name for name in names if name.startswith("trail")]:
            session.execute(sa.text(f"DROP TRIGGER {name}"))
    for statement in statements:
        session.execute(sa.text(statement))


def test_events_are_linked_once_and_in_order(session: Session) -> None:
    for _each in range(3):
        sign_in(session)
    assert service.link_new(session, now=TODAY) == 3
    sign_in(session)
    assert service.link_new(session, now=TODAY) == 1
    assert service.link_new(session, now=TODAY) == 0
    assert list(session.scalars(sa.select(TrailLink.seq).order_by(TrailLink.seq))) == [1, 2, 3, 4]
    verdict = queries.verify(session, now=TODAY)
    last = queries.last_link(session)
    assert last is not None
    assert (verdict.links, verdict.chain, verdict.faults) == (4, last.chain, ())


def test_an_event_that_was_committed_late_is_linked_all_the_same(session: Session) -> None:
    slow = TrailEvent(id=new_id(), at=TODAY, kind="export", detail="books")
    sign_in(session)
    service.link_new(session, now=TODAY)
    session.add(slow)
    session.flush()
    assert service.link_new(session, now=TODAY) == 1
    assert faults(session) == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trail_event SET detail = 'card'",
        "UPDATE trail_event SET person_id = NULL",
        "UPDATE trail_event SET kind = 'denied'",
        "UPDATE trail_link SET kind = 'denied'",
        "DELETE FROM trail_event",
        "DELETE FROM trail_link WHERE seq = 1",
        "UPDATE trail_link SET chain = content WHERE seq = 1",
    ],
)
def test_what_was_changed_or_removed_is_found(session: Session, statement: str) -> None:
    for _each in range(2):
        sign_in(session)
    service.link_new(session, now=TODAY)
    assert faults(session) == ()
    bare(session, statement)
    assert faults(session) != ()
    session.rollback()


def test_an_event_that_slipped_past_the_chain_is_found(session: Session) -> None:
    sign_in(session)
    service.link_new(session, now=TODAY)
    sign_in(session, at=LONG_AGO)
    assert service.link_new(session, now=TODAY) == 0
    assert "was never linked" in faults(session)[0]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trail_event SET detail = ''",
        "DELETE FROM trail_event",
        "UPDATE trail_link SET seq = 7",
        "DELETE FROM trail_link",
    ],
)
def test_the_database_refuses_to_change_the_trail(session: Session, statement: str) -> None:
    sign_in(session)
    service.link_new(session, now=TODAY)
    session.commit()
    with pytest.raises(DBAPIError, match="is kept"):
        session.execute(sa.text(statement))


def test_old_sign_ins_are_forgotten_and_the_chain_holds(session: Session) -> None:
    sign_in(session, at=LONG_AGO)
    service.record(session, "role given", now=LONG_AGO, detail="treasurer")
    sign_in(session)
    service.link_new(session, now=TODAY)
    assert service.forget_old(session, now=TODAY) == 1
    assert service.forget_old(session, now=TODAY) == 0
    kept = session.scalars(sa.select(TrailEvent.kind).order_by(TrailEvent.kind)).all()
    assert list(kept) == ["role given", "sign-in"]
    assert faults(session) == ()


def test_what_is_not_linked_yet_is_not_forgotten(session: Session) -> None:
    sign_in(session, at=LONG_AGO)
    assert service.forget_old(session, now=TODAY) == 0


def test_a_robot_does_not_fill_the_trail(session: Session) -> None:
    person_id = new_id()
    kept = [
        service.record_sparingly(
            session, "denied", now=TODAY, person_id=person_id, community_id=None, detail="x"
        )
        for _each in range(service.PERSON_EVENTS_MAX + 2)
    ]
    assert kept.count(True) == service.PERSON_EVENTS_MAX
    assert service.record_sparingly(
        session, "denied", now=TODAY, person_id=None, community_id=None, detail="x"
    )


def test_no_column_of_the_trail_can_hold_a_name(engine: Engine) -> None:
    words = {
        column.name for column in TrailEvent.__table__.columns if column.type.python_type is str
    }
    assert words == {"kind", "detail"}, "detail takes words of the program alone"
