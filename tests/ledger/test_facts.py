"""What does not fit or is not there is told with its facts, not only with its name.

Each of these began as a fault that was put into the ledger on purpose and that no test noticed.
"""

from pathlib import Path
from uuid import UUID

import pytest

from ledger import checkpoints, published
from ledger.errors import UnknownEntry
from ledger.proof_errors import TornKey, UnknownCheckpoint
from tests.ledger.desk import OTHER_BOOK, Desk, Dice
from tests.ledger.tamper import without_guards
from tests.ledger.vault import Vault, post_many


@pytest.fixture
def vault(desk: Desk, tmp_path: Path) -> Vault:
    vault = Vault(desk, tmp_path)
    vault.begin()
    return vault


def test_a_hash_of_the_tree_that_was_changed_or_is_missing_is_told_beside_the_right_one(
    vault: Vault,
) -> None:
    post_many(vault.desk, 256)
    vault.seal()
    with vault.desk.engine.connect() as connection:
        right = connection.exec_driver_sql("SELECT hash FROM subtree").scalar_one()
    edits = {"UPDATE subtree SET hash = (SELECT leaf FROM entry WHERE seq = 9)": ""}
    edits["DELETE FROM subtree"] = "none"
    for edit, found in edits.items():
        with without_guards(vault.desk.engine) as connection:
            connection.exec_driver_sql(edit)
            [problem] = vault.problems_in(connection, outside=False)
            ninth = "SELECT leaf FROM entry WHERE seq = 9"
            wrong = found or connection.exec_driver_sql(ninth).scalar_one().hex()
            assert (problem.expected, problem.found) == (bytes(right).hex(), wrong)


def test_what_is_not_there_is_named(vault: Vault) -> None:
    post_many(vault.desk, 2)
    vault.seal()
    other = Desk(vault.desk.engine, book_id=OTHER_BOOK, dice=Dice(1_000)).open()
    elsewhere = other.post().entry_id
    with vault.desk.engine.connect() as connection:
        for nobody in (UUID(int=7), elsewhere):
            with pytest.raises(UnknownEntry) as refused:
                checkpoints.receipt(connection, vault.desk.book_id, nobody)
            assert refused.value.entry_id == nobody
        with pytest.raises(UnknownCheckpoint) as unsealed:
            checkpoints.find(connection, vault.desk.book_id, 9)
        assert unsealed.value.size == 9


def test_a_damaged_file_of_keys_is_named(vault: Vault) -> None:
    post_many(vault.desk, 2)
    vault.seal()
    (vault.folder / published.KEYS).write_bytes(b"\xff")
    with pytest.raises(TornKey) as refused:
        published.keys_in(vault.folder)
    assert refused.value.text == published.KEYS
