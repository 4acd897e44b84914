"""Checkpoints: signed over what is new, and never against what was signed before."""

from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from ledger import checkpoints, journal, keys, merkle, proofs, published, schema
from ledger.chain import GENESIS, canonical, leaf, link
from ledger.errors import UnknownBook, UnknownEntry
from ledger.notes import Head, Signer, check_head
from ledger.proof_errors import (
    BrokenTree,
    EditedEntry,
    NoSigningKey,
    NotYetSealed,
    RewoundBook,
    RewrittenBook,
    TornKey,
    UnknownCheckpoint,
)
from ledger.receipts import check
from ledger.storage import storage_of
from ledger.tree import StoredTree
from tests.ledger.desk import OTHER_BOOK, Desk
from tests.ledger.tamper import without_guards
from tests.ledger.vault import ORIGIN, Vault, post_many

EDIT_MINUTES = "UPDATE leg SET minutes = minutes + 60 WHERE seq = 2"
EDIT_LEAF = "UPDATE entry SET leaf = chain WHERE seq = 2"


@pytest.fixture
def vault(desk: Desk, tmp_path: Path) -> Vault:
    vault = Vault(desk, tmp_path)
    vault.begin()
    return vault


def leaves_of(vault: Vault) -> list[bytes]:
    entry = schema.entry.c
    with vault.desk.engine.connect() as connection:
        return list(connection.execute(sa.select(entry.leaf).order_by(entry.seq)).scalars())


def test_a_checkpoint_says_what_the_book_holds(vault: Vault) -> None:
    ids = post_many(vault.desk, 3)
    checkpoint = vault.seal()
    assert checkpoint is not None
    edge = merkle.Frontier()
    for hashed in leaves_of(vault):
        edge.add(hashed)
    head = Head(ORIGIN, 3, edge.head(), vault.desk.verify().head)
    assert checkpoint.head == head
    assert check_head(checkpoint.note, [vault.key()]) == (head, (vault.key(),))
    with vault.desk.engine.connect() as connection:
        assert checkpoints.latest(connection, vault.desk.book_id) == checkpoint
    assert vault.receipt(ids[0]).note == checkpoint.note


def test_where_nothing_is_new_nothing_is_signed(vault: Vault) -> None:
    assert vault.seal() is None
    post_many(vault.desk, 1)
    assert vault.seal() is not None
    assert vault.seal() is None


def test_the_book_of_each_night_is_contained_in_the_next(vault: Vault) -> None:
    nights = []
    for count in (1, 254, 1, 2, 60):
        post_many(vault.desk, count)
        nights.append(vault.seal())
    heads = [night.head for night in nights if night]
    assert [head.size for head in heads] == [1, 255, 256, 258, 318]
    with vault.desk.engine.connect() as connection:
        for n, older in enumerate(heads):
            for newer in heads[n:]:
                proof = checkpoints.consistency(
                    connection, vault.desk.book_id, older.size, newer.size
                )
                assert merkle.heads_by_consistency(older.size, newer.size, older.root, proof) == (
                    older.root,
                    newer.root,
                )
        rows = connection.execute(sa.select(schema.subtree.c.tier, schema.subtree.c.n)).all()
    assert [tuple(row) for row in rows] == [(1, 0)]
    assert vault.problems() == []


def test_checkpoints_are_listed_the_newest_first_and_found_by_size(vault: Vault) -> None:
    for _ in range(4):
        post_many(vault.desk, 2)
        vault.seal()
    book_id = vault.desk.book_id
    with vault.desk.engine.connect() as connection:
        first = checkpoints.listed(connection, book_id, limit=3)
        assert [each.size for each in first] == [8, 6, 4]
        rest = checkpoints.listed(connection, book_id, before_size=4, limit=3)
        assert [each.size for each in rest] == [2]
        assert checkpoints.find(connection, book_id, 2) == rest[0]
        for older, newer in ((2, 3), (3, 4), (4, 2)):
            with pytest.raises(UnknownCheckpoint):
                checkpoints.consistency(connection, book_id, older, newer)


def test_whoever_is_second_finds_the_checkpoint_of_the_first(vault: Vault) -> None:
    book_id = vault.desk.book_id
    post_many(vault.desk, 255)
    with vault.desk.engine.connect() as connection:
        early = checkpoints.draft(connection, book_id)
    post_many(vault.desk, 2)
    with vault.desk.engine.connect() as connection:
        late = checkpoints.draft(connection, book_id)
    post_many(vault.desk, 300)
    with vault.desk.engine.connect() as connection:
        last = checkpoints.draft(connection, book_id)
    assert early
    assert late
    assert last
    signer = keys.load(vault.secrets, vault.key())
    with vault.desk.writing() as connection:
        kept = checkpoints.keep(connection, book_id, late, signer, now=vault.now)
    for draft in (early, late):
        with vault.desk.writing() as connection:
            assert checkpoints.keep(connection, book_id, draft, signer, now=vault.now) == kept
    with vault.desk.writing() as connection:
        # This draft was worked out before the others were kept, and knows their hashes too.
        checkpoints.keep(connection, book_id, last, signer, now=kept.signed_at)
    assert vault.problems() == []


def test_a_clock_that_goes_back_does_not_take_checkpoints_with_it(vault: Vault) -> None:
    post_many(vault.desk, 1)
    first = vault.seal()
    post_many(vault.desk, 1)
    vault.now = vault.desk.now
    second = vault.seal()
    assert first
    assert second
    assert second.signed_at == first.signed_at


def test_only_the_key_in_use_signs(vault: Vault) -> None:
    post_many(vault.desk, 1)
    book_id = vault.desk.book_id
    old = keys.load(vault.secrets, vault.key())
    vault.rotate()
    with vault.desk.engine.connect() as connection:
        drafted = checkpoints.draft(connection, book_id)
    assert drafted
    with pytest.raises(NoSigningKey), vault.desk.writing() as connection:
        checkpoints.keep(connection, book_id, drafted, old, now=vault.now)
    checkpoint = vault.seal()
    assert checkpoint
    assert checkpoint.public_key == vault.key().public


def test_a_book_that_is_not_there_has_nothing_to_sign(vault: Vault) -> None:
    with vault.desk.engine.connect() as connection, pytest.raises(UnknownBook):
        checkpoints.draft(connection, OTHER_BOOK)


def test_what_was_signed_is_kept_for_ever(vault: Vault) -> None:
    post_many(vault.desk, 256)
    vault.seal()
    for table in ("checkpoint", "subtree"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET book_id = book_id"):  # noqa: S608 -- our own names
            with pytest.raises(DBAPIError, match="is kept for"), vault.desk.writing() as connection:
                connection.exec_driver_sql(statement)


# ---------------------------------------------------------------------------- receipts


def test_every_entry_has_a_receipt_that_proves_it(vault: Vault) -> None:
    ids = post_many(vault.desk, 300)
    vault.seal()
    for entry_id in (ids[0], ids[255], ids[256], ids[299]):
        proven = check(vault.receipt(entry_id), keys=[vault.key()])
        assert UUID(proven.entry.id) == entry_id
        assert proven.head.size == 300


def test_an_entry_of_today_has_its_receipt_tomorrow(vault: Vault) -> None:
    ids = post_many(vault.desk, 1)
    with pytest.raises(NotYetSealed) as refused:
        vault.receipt(ids[0])
    assert (refused.value.seq, refused.value.size) == (1, 0)
    vault.seal()
    today = post_many(vault.desk, 1)
    with pytest.raises(NotYetSealed) as refused:
        vault.receipt(today[0])
    assert (refused.value.seq, refused.value.size) == (2, 1)
    assert vault.receipt(ids[0]).index == 0


def test_an_entry_that_is_not_there_has_no_receipt(vault: Vault) -> None:
    with pytest.raises(UnknownEntry):
        vault.receipt(OTHER_BOOK)


def test_erased_words_leave_every_proof_valid(vault: Vault) -> None:
    entry_id = vault.desk.post(memo="Help in a hard week").entry_id
    vault.seal()
    before = vault.receipt(entry_id)
    with vault.desk.writing() as connection:
        assert journal.erase_memo(connection, vault.desk.book_id, entry_id)
    assert vault.receipt(entry_id) == before
    proven = check(before, keys=[vault.key()])
    assert proven.entry.memo
    assert "hard week" not in before.text()
    assert vault.problems() == []
    post_many(vault.desk, 1)
    assert vault.seal()


# ----------------------------------------------------------------------------- tampering


def test_an_edited_entry_is_not_signed(vault: Vault) -> None:
    post_many(vault.desk, 3)
    for edit in (EDIT_MINUTES, EDIT_LEAF, "DELETE FROM entry WHERE seq = 2"):
        with without_guards(vault.desk.engine) as connection:
            connection.exec_driver_sql(edit)
            with pytest.raises(EditedEntry) as refused:
                vault.seal_in(connection)
            assert refused.value.seq == 2


@pytest.mark.parametrize(
    ("edit", "seq"),
    [
        ("DELETE FROM entry WHERE seq = 3", 3),
        ("UPDATE book SET chain = (SELECT chain FROM entry WHERE seq = 1)", 3),
    ],
)
def test_a_book_whose_end_was_cut_off_is_not_signed(vault: Vault, edit: str, seq: int) -> None:
    post_many(vault.desk, 3)
    with without_guards(vault.desk.engine) as connection:
        connection.exec_driver_sql(edit)
        with pytest.raises(EditedEntry) as refused:
            vault.seal_in(connection)
        assert refused.value.seq == seq


def test_a_book_that_was_rewritten_from_the_start_is_not_signed_again(vault: Vault) -> None:
    """Somebody with the database works every leaf and link out anew: the tree tells."""
    ids = post_many(vault.desk, 3)
    vault.seal()
    receipt = vault.receipt(ids[1])
    post_many(vault.desk, 1)
    with without_guards(vault.desk.engine) as connection:
        connection.exec_driver_sql("UPDATE leg SET minutes = minutes + 60 WHERE seq = 2")
        rewrite(connection, vault)
        with pytest.raises(RewrittenBook) as refused:
            vault.seal_in(connection)
        assert refused.value.size == 3
        with pytest.raises(RewrittenBook):
            checkpoints.receipt(connection, vault.desk.book_id, ids[1])
        found = [problem.reason for problem in vault.problems_in(connection, outside=False)]
        assert found == ["not the book that was signed", "not the chain that was signed"]
    # What the member holds is still the truth.
    assert check(receipt, keys=[vault.key()]).entry.seq == 2


def rewrite(connection: sa.Connection, vault: Vault) -> None:
    """Work out leaves and chain anew over edited rows, as a careful forger would."""
    chain, entry = GENESIS, schema.entry
    rows = list(storage_of(connection).journal(connection, vault.desk.book_id, 2**62))
    for row in rows:
        hashed = leaf(canonical(row.entry))
        chain = link(chain, hashed)
        connection.execute(
            sa.update(entry).where(entry.c.seq == row.entry.seq).values(leaf=hashed, chain=chain)
        )
    connection.execute(sa.update(schema.book).values(chain=chain))


def test_a_receipt_is_not_given_for_an_entry_that_was_edited(vault: Vault) -> None:
    ids = post_many(vault.desk, 3)
    vault.seal()
    with without_guards(vault.desk.engine) as connection:
        connection.exec_driver_sql(EDIT_MINUTES)
        with pytest.raises(EditedEntry) as refused:
            checkpoints.receipt(connection, vault.desk.book_id, ids[1])
        assert refused.value.seq == 2


@pytest.mark.parametrize(("edited", "size"), [(3, 3), (5, 5)])
def test_consistency_that_no_longer_holds_names_the_first_checkpoint(
    vault: Vault, edited: int, size: int
) -> None:
    for count in (3, 2):
        post_many(vault.desk, count)
        vault.seal()
    with without_guards(vault.desk.engine) as connection:
        connection.execute(
            sa.text("UPDATE entry SET leaf = chain WHERE seq = :edited"), {"edited": edited}
        )
        with pytest.raises(RewrittenBook) as refused:
            checkpoints.consistency(connection, vault.desk.book_id, 3, 5)
        assert refused.value.size == size


def test_a_backup_that_is_older_than_what_was_published_is_seen(vault: Vault) -> None:
    """The book is put back to two entries; what lies outside of the database knows of four."""
    post_many(vault.desk, 2)
    vault.seal()
    post_many(vault.desk, 2)
    outside = vault.seal()
    assert outside
    with without_guards(vault.desk.engine) as connection:
        rewind(connection, 2)
        with pytest.raises(RewoundBook) as refused:
            vault.seal_in(connection)
        assert (refused.value.entries, refused.value.published) == (2, 4)
        [problem] = vault.problems_in(connection)
        assert (problem.reason, problem.expected) == ("more was signed than is there", "4 entries")
        # And after other entries were posted over it, as many as there were or more.
        for _ in range(2):
            vault.desk.post_in(connection, vault.desk.request(minutes=5, key=f"later-{_}"))
        with pytest.raises(RewrittenBook) as rewritten:
            vault.seal_in(connection)
        assert rewritten.value.size == 4
        reasons = {problem.reason for problem in vault.problems_in(connection)}
        assert reasons == {"not the book that was signed", "not the chain that was signed"}


def rewind(connection: sa.Connection, size: int) -> None:
    """Put the book back to fewer entries, as an old backup would."""
    parameters = {"size": size}
    for statement in (
        "DELETE FROM checkpoint WHERE size > :size",
        "DELETE FROM leg WHERE seq > :size",
        "DELETE FROM entry WHERE seq > :size",
        "UPDATE book SET seq = :size, chain = (SELECT chain FROM entry WHERE seq = :size)",
    ):
        connection.execute(sa.text(statement), parameters)


def test_after_a_loss_that_was_told_the_book_goes_on_under_another_name(vault: Vault) -> None:
    post_many(vault.desk, 2)
    vault.seal()
    post_many(vault.desk, 2)
    vault.seal()
    book_id = vault.desk.book_id
    new = Signer.of(f"{ORIGIN}/2", keys.make_private(vault.secrets, draw=vault.dice))
    with without_guards(vault.desk.engine) as connection:
        rewind(connection, 2)
        keys.begin(connection, book_id, new, now=vault.now)
        vault.desk.post_in(connection, vault.desk.request(key="on"))
        checkpoint = vault.seal_in(connection)
        assert checkpoint
        assert checkpoint.head.origin == f"{ORIGIN}/2"
        assert vault.problems_in(connection) == []


def test_an_end_of_the_database_that_was_cut_off_with_its_head_is_seen(vault: Vault) -> None:
    """Even without a folder outside, the checkpoint in the database knows of more."""
    post_many(vault.desk, 4)
    vault.seal()
    with without_guards(vault.desk.engine) as connection:
        for statement in ("DELETE FROM leg WHERE seq > 2", "DELETE FROM entry WHERE seq > 2"):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("UPDATE book SET seq = 2")
        with pytest.raises(RewoundBook):
            checkpoints.draft(connection, vault.desk.book_id)


@pytest.mark.parametrize(
    "edit",
    [
        "DELETE FROM subtree",
        "UPDATE subtree SET hash = (SELECT leaf FROM entry WHERE seq = 9)",
        "UPDATE subtree SET n = 1",
        "INSERT INTO subtree SELECT book_id, 2, 0, hash FROM subtree",
    ],
)
def test_a_damaged_tree_is_seen(vault: Vault, edit: str) -> None:
    ids = post_many(vault.desk, 300)
    vault.seal()
    post_many(vault.desk, 1)
    with without_guards(vault.desk.engine) as connection:
        connection.exec_driver_sql(edit)
        assert vault.problems_in(connection, outside=False)
        if "INSERT" not in edit:
            with pytest.raises((BrokenTree, RewrittenBook)):
                checkpoints.receipt(connection, vault.desk.book_id, ids[299])
            with pytest.raises((BrokenTree, RewrittenBook)):
                vault.seal_in(connection)


def test_a_missing_entry_has_no_neighbour(vault: Vault) -> None:
    ids = post_many(vault.desk, 5)
    vault.seal()
    with without_guards(vault.desk.engine) as connection:
        connection.exec_driver_sql("DELETE FROM entry WHERE seq = 4")
        with pytest.raises(EditedEntry) as refused:
            checkpoints.receipt(connection, vault.desk.book_id, ids[0])
        assert refused.value.seq == 4
        tree = StoredTree(connection, vault.desk.book_id)
        assert len(tree.read(0, 0, 3)) == 3


# ------------------------------------------------------------------ the whole book again


def test_a_note_that_was_changed_in_the_database_is_named(vault: Vault) -> None:
    post_many(vault.desk, 2)
    vault.seal()
    key = vault.key()
    with without_guards(vault.desk.engine) as connection:
        connection.exec_driver_sql("UPDATE checkpoint SET note = replace(note, 'chain', 'chian')")
        [problem] = vault.problems_in(connection, outside=False)
        assert problem.reason == "bad-signature"
        assert problem.found == f"{key.name}+{key.key_id.hex()}"
    with without_guards(vault.desk.engine) as connection:
        connection.exec_driver_sql("UPDATE checkpoint SET note = 'gone'")
        assert [p.reason for p in vault.problems_in(connection, outside=False)] == ["torn-note"]


def test_a_key_that_was_swapped_in_the_database_is_named(vault: Vault) -> None:
    post_many(vault.desk, 2)
    vault.seal()
    with without_guards(vault.desk.engine) as connection:
        for table in ("signing_key", "checkpoint"):
            connection.execute(
                sa.update(schema.metadata.tables[table]).values(public_key=bytes(range(32)))
            )
        inside = vault.problems_in(connection, outside=False)
        assert [problem.reason for problem in inside] == ["unknown-signer"]
        assert inside[0].found.startswith("unknown-signer")
        assert vault.problems_in(connection)[0].reason == "a key is missing"


def test_a_damaged_file_outside_is_named_and_does_not_stop_the_night(vault: Vault) -> None:
    post_many(vault.desk, 2)
    vault.seal()
    (vault.folder / "000000000009-00000000.note").write_bytes(b"\xff torn")
    post_many(vault.desk, 1)
    assert vault.seal()
    assert [(p.reason, p.where) for p in vault.problems()] == [
        ("torn-note", "published 000000000009-00000000.note")
    ]


def test_what_was_published_for_another_book_is_no_concern_of_this_one(vault: Vault) -> None:
    post_many(vault.desk, 2)
    vault.seal()
    vault.begin(f"{ORIGIN}/2")
    assert vault.problems() == []
    assert published.newest(vault.folder, f"{ORIGIN}/2") is None
    post_many(vault.desk, 1)
    vault.seal()
    known = published.newest(vault.folder, ORIGIN)
    assert known
    assert known.size == 2
    assert vault.problems() == []


def test_a_book_without_key_and_checkpoint_has_no_problem(desk: Desk) -> None:
    post_many(desk, 2)
    with desk.engine.connect() as connection:
        assert list(proofs.problems(connection, desk.book_id)) == []


def test_published_files_say_who_signed_when_and_who_comes_next(vault: Vault) -> None:
    post_many(vault.desk, 1)
    vault.seal()
    first, second = vault.key(), vault.rotate()
    post_many(vault.desk, 1)
    vault.seal()
    names = sorted(path.name for path in vault.folder.iterdir())
    assert names == [
        f"000000000001-{first.key_id.hex()}.note",
        f"000000000002-{second.key.key_id.hex()}.note",
        f"handover-{second.key.key_id.hex()}.note",
        "keys.txt",
    ]
    assert published.keys_in(vault.folder) == (first, second.key)
    text = (vault.folder / "keys.txt").read_text()
    assert text == (
        f"# from 2026-03-02 02:00 until 2026-03-04 02:00 (UTC)\n{first}\n"
        f"# from 2026-03-04 02:00 (UTC)\n{second.key}\n"
    )
    handover = (vault.folder / names[2]).read_text()
    assert keys.check_handover(handover, first) == second.key
    assert vault.problems() == []
    assert published.keys_in(vault.home / "nowhere") == ()
    (vault.folder / "keys.txt").write_bytes(b"\xff")
    with pytest.raises(TornKey):
        published.keys_in(vault.folder)
