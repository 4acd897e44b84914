"""The exported books and the audit program agree with what sessions posted, by every rule."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ledger.audit.check import audit
from ledger.books import export
from tests.timebank.sessions.door import make_door
from timebank.sessions.service import Came


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        ("activity", {"pot_minutes": 15}),
        ("activity", {"credits_participants": True}),
        ("pot", {}),
        ("participants", {"is_shared_evenly": True}),
        ("participants", {"cost_minutes": 20}),
        ("donated", {}),
        ("unpaid", {}),
    ],
)
def test_the_audit_finds_nothing_after_a_session_was_closed_and_put_right_twice(
    session: Session, engine: Engine, tmp_path: Path, kind: str, terms: dict[str, int]
) -> None:
    door = make_door(session)
    door.rule(kind, **terms)
    door.fill_pot(600)
    door.open()
    for member in (door.people.mia, door.people.otto):
        door.come(member)
    door.close()
    door.stays(door.people.hugo, 50, "host")
    door.correct(Came(contacts=4))
    door.goes(door.people.otto, late=True)
    door.correct()
    session.commit()
    with engine.begin() as connection:
        export(connection, door.people.community.id, tmp_path / "books")
    assert audit(tmp_path / "books").findings == ()
