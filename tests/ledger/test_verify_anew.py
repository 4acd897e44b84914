"""What somebody who holds the database could change, and make the whole chain anew afterwards."""

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from ledger import schema, verify
from ledger.chain import GENESIS, canonical, leaf, link
from ledger.storage import storage_of
from tests.ledger.desk import BOOK, Desk
from tests.ledger.tamper import without_guards
from tests.ledger.test_verify import lived_in, set_aside_in


@pytest.fixture
def holding(desk: Desk) -> Desk:
    """A book that has been lived in, with holds."""
    lived_in(desk)
    set_aside_in(desk)
    return desk


def reseal(connection: Connection) -> None:
    """Make the whole chain anew, as somebody who holds the database could."""
    entry, storage = schema.entry, storage_of(connection)
    chained = GENESIS
    for row in list(storage.journal(connection, BOOK, verify.SEQ_MAX)):
        hashed = leaf(canonical(row.entry))
        chained = link(chained, hashed)
        this = (entry.c.book_id == BOOK, entry.c.seq == row.entry.seq)
        connection.execute(sa.update(entry).where(*this).values(leaf=hashed, chain=chained))
    connection.execute(sa.update(schema.book).values(chain=chained))


def told_after(desk: Desk, statement: str) -> list[str]:
    """List what an auditor is told once somebody changed a row and made the chain anew."""
    with without_guards(desk.engine) as connection:
        connection.exec_driver_sql(statement)
        reseal(connection)
        return [str(problem) for problem in verify.verify(connection, BOOK).problems]


def ids_of(desk: Desk) -> list[str]:
    """List the ids of all entries as the chain has them, each at its place in the book."""
    entry = schema.entry.c
    with desk.engine.connect() as connection:
        found = connection.scalars(sa.select(entry.id).order_by(entry.seq)).all()
    return ["", *(key.hex for key in found)]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE entry SET corrects = (SELECT id FROM entry WHERE seq = 2) WHERE seq = 4",
            "entry 4: replaces what still stands (should be a taken back entry, is {2})",
        ),
        (
            "UPDATE entry SET kind = 'exchange', reverses = NULL WHERE seq = 3",
            "entry 4: replaces what still stands (should be a taken back entry, is {1})",
        ),
        (
            "UPDATE leg SET minutes = 59 WHERE seq = 3",
            (
                "entry 3: no mirror image of what it takes back"
                " (should be M000001 to M000002 60, is M000001 to M000002 59)"
            ),
        ),
        (
            "UPDATE entry SET reverses = (SELECT id FROM entry WHERE seq = 4) WHERE seq = 3",
            (
                "entry 3: no mirror image of what it takes back"
                " (should be an earlier entry, is M000001 to M000002 60)"
            ),
        ),
        (
            "UPDATE entry SET hold_id = (SELECT id FROM entry WHERE seq = 1) WHERE seq = 8",
            "entry 8: resolves no open hold (should be an open hold, is {1})",
        ),
        (
            "UPDATE entry SET hold_id = (SELECT id FROM entry WHERE seq = 10) WHERE seq = 4",
            "entry 4: resolves no open hold (should be an open hold, is {10})",
        ),
        (
            "UPDATE entry SET hold_id = NULL WHERE seq = 7",
            "entry 7: resolves no open hold (should be an open hold, is none)",
        ),
        (
            "UPDATE leg SET minutes = 41 WHERE seq = 8",
            "entry 8: more was captured than set aside (should be M000001 to M000002, is +1)",
        ),
        (
            "UPDATE leg SET payee_code = 'M000003' WHERE seq = 8",
            "entry 8: more was captured than set aside (should be M000001 to M000003, is +30)",
        ),
        (
            "UPDATE leg SET minutes = 6 WHERE seq = 7 AND n = 1",
            (
                "entry 7: gives back other hours than were set aside"
                " (should be M000001 to M000003 5, M000002 to G000001 2,"
                " is M000001 to M000003 6, M000002 to G000001 2)"
            ),
        ),
        (
            "UPDATE entry SET expires_at = '2025-12-31T09:00:00.000000Z' WHERE seq = 10",
            (
                "entry 10: over before it began"
                " (should be after 2026-01-01T09:10:00.000000Z,"
                " is 2025-12-31T09:00:00.000000Z)"
            ),
        ),
        (
            "UPDATE entry SET expires_at = recorded_at WHERE seq = 10",
            (
                "entry 10: over before it began"
                " (should be after 2026-01-01T09:10:00.000000Z,"
                " is 2026-01-01T09:10:00.000000Z)"
            ),
        ),
        (
            "UPDATE entry SET expires_at = '2026-03-31T09:00:00.000000Z' WHERE seq = 9",
            (
                "entry 11: expired too early"
                " (should be after 2026-03-31T09:00:00.000000Z,"
                " is 2026-01-05T09:11:00.000000Z)"
            ),
        ),
        (
            "UPDATE entry SET expires_at = NULL WHERE seq = 9",
            "entry 11: expired too early (should be never, is 2026-01-05T09:11:00.000000Z)",
        ),
    ],
)
def test_even_under_a_chain_made_anew_what_can_not_be_is_found(
    holding: Desk, statement: str, told: str
) -> None:
    ids = ids_of(holding)
    found = told_after(holding, statement)
    assert told.format(*ids) in found
    assert not any("the entry was changed" in problem for problem in found)


def test_another_day_for_a_hold_that_is_open_hurts_no_rule(holding: Desk) -> None:
    """Only the first chain knew it."""
    another = "UPDATE entry SET expires_at = '2026-01-02T09:00:00.000000Z' WHERE seq = 10"
    assert told_after(holding, another) == []
