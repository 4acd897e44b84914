"""Everything that was ever signed travels with the books, and comes back with them."""

import datetime as dt
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from ledger import checkpoints, keys, periods, proofs, schema
from ledger.audit import plugin
from ledger.audit.check import audit
from ledger.book_errors import BadBooks, BooksChanged
from ledger.checkpoints import Checkpoint
from ledger.layout import Head as BooksHead
from ledger.months import head_of
from ledger.notes import Head, PublicKey, Signer, read, sign
from ledger.restore import restore
from tests.databases import Database
from tests.ledger.desk import ANN, BEN, BOOK, CAT, FLOOR_MINUTES, SECRET, Desk
from tests.ledger.test_audit import remark
from tests.ledger.test_books import exported
from tests.ledger.test_books import read as contents
from tests.ledger.test_months import seal_all
from tests.ledger.test_plugin import check_here
from tests.ledger.vault import ORIGIN, Vault

NOW = dt.datetime(2027, 6, 1, tzinfo=dt.UTC)
KEYS, MONTHS = "signed/keys.txt", "signed/months.txt"
FIRST, SECOND = "signed/2026.txt", "signed/2027.txt"
TABLES = (schema.signing_key, schema.checkpoint, schema.period_seal, schema.subtree)


def restore_in(connection: Connection, folder: Path) -> None:
    restore(
        connection,
        folder,
        secret=SECRET,
        limits=lambda kind: (None, None) if kind == "source" else (FLOOR_MINUTES, None),
        now=NOW,
    )


def signed_rows(connection: Connection) -> dict[str, list[str]]:
    """Every row of what was signed."""
    return {table.name: sorted(map(repr, connection.execute(sa.select(table)))) for table in TABLES}


@pytest.fixture
def vault(desk: Desk, tmp_path: Path) -> Vault:
    """Books of two years: three checkpoints, two keys of which one names the other, four months."""
    vault = Vault(desk, tmp_path / "vault", now=dt.datetime(2026, 2, 1, tzinfo=dt.UTC))
    vault.begin()
    desk.now = dt.datetime(2026, 1, 10, tzinfo=dt.UTC)
    desk.post(ANN, BEN, 60)
    vault.seal()
    vault.rotate()
    desk.now = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
    desk.post(BEN, CAT, 20)
    # Comes to nothing again, and has moved all the same.
    desk.post(CAT, BEN, 20)
    vault.now = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
    vault.seal()
    seal_all(vault, now=dt.datetime(2026, 4, 2, tzinfo=dt.UTC))
    desk.now = dt.datetime(2027, 1, 5, tzinfo=dt.UTC)
    desk.post(BEN, CAT, 7)
    vault.now = dt.datetime(2027, 1, 6, tzinfo=dt.UTC)
    vault.seal()
    seal_all(vault, now=dt.datetime(2027, 2, 2, tzinfo=dt.UTC))
    return vault


@pytest.fixture
def folder(vault: Vault, tmp_path: Path) -> Path:
    exported(vault.desk, tmp_path / "books")
    return tmp_path / "books"


@pytest.fixture
def lose(desk: Desk, _database: Database) -> Callable[[], None]:
    return lambda: _database.put_back(desk.engine)


# ------------------------------------------------------------------------------ back again


def test_all_that_was_signed_comes_back_and_every_proof_holds(
    vault: Vault, folder: Path, lose: Callable[[], None], tmp_path: Path
) -> None:
    desk = vault.desk
    with desk.engine.connect() as connection:
        before = signed_rows(connection)
        ended_at = connection.execute(sa.select(schema.book.c.recorded_at)).scalar_one()
    assert {name: len(rows) for name, rows in before.items()} == {
        "signing_key": 2,
        "checkpoint": 3,
        "period_seal": 13,
        "subtree": 0,
    }
    lose()
    with desk.writing() as connection:
        restore_in(connection, folder)
    with desk.engine.connect() as connection:
        assert signed_rows(connection) == before
        now = connection.execute(sa.select(schema.book.c.recorded_at)).scalar_one()
        assert now == ended_at
        assert checkpoints.consistency(connection, BOOK, 1, 4)
        assert periods.prove(connection, BOOK, "2026-03", CAT).line == f"{CAT} 0"
        assert list(proofs.problems(connection, BOOK)) == []
    assert desk.verify().ok
    assert vault.problems() == []
    assert exported(desk, folder).written == ()
    exported(desk, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(folder)
    # Life goes on behind the month that is sealed, with the key that is in use.
    desk.now = dt.datetime(2027, 1, 7, tzinfo=dt.UTC)
    late = desk.post(ANN, CAT, 5)
    assert late.recorded_at > ended_at
    vault.now = NOW
    assert vault.seal() is not None
    assert desk.verify().ok


def test_what_lies_in_the_folder_is_what_was_published(vault: Vault, folder: Path) -> None:
    written = "".join((folder / name).read_text("utf-8") for name in (FIRST, SECOND))
    published = sorted(vault.folder.glob("0*.note"))
    assert len(published) == 3
    for path in published:
        assert path.read_text("utf-8") in written
    assert "month 2026-02" in (folder / MONTHS).read_text("utf-8")
    assert len(re.findall("^key ", (folder / KEYS).read_text("utf-8"), re.MULTILINE)) == 3
    found = audit(folder)
    assert (found.signed, found.signer) == (4, str(vault.key()))
    assert found.checked == (
        *("lines", "signature", "beancount", "chain", "sum", "holds", "balances", "tree", "files"),
    )
    assert check_here(folder) == ""
    for year in ("2026.beancount", "2027.beancount"):
        assert audit(folder, year).ok


def test_books_that_grew_hold_the_same_signatures(desk: Desk, tmp_path: Path) -> None:
    """With an export after each step, over a change of key and of year."""
    vault = Vault(desk, tmp_path / "vault", now=dt.datetime(2026, 2, 1, tzinfo=dt.UTC))
    grown, whole = tmp_path / "grown", tmp_path / "whole"

    def compare() -> None:
        full = exported(desk, grown).is_full
        exported(desk, whole, is_full=True)
        assert contents(grown) == contents(whole)
        assert audit(grown).ok
        assert not full

    steps: list[Callable[[], object]] = []
    for moment in (
        dt.datetime(2026, 2, 3, tzinfo=dt.UTC),
        dt.datetime(2026, 12, 30, tzinfo=dt.UTC),
        dt.datetime(2027, 3, 1, tzinfo=dt.UTC),
    ):
        steps += [partial(post_at, vault, moment), vault.seal, vault.rotate]
        steps += [partial(seal_all, vault, now=moment + dt.timedelta(days=40))]
    exported(desk, grown)
    vault.begin()
    for step in steps:
        step()
        compare()
    assert (grown / FIRST).exists()
    assert (grown / SECOND).exists()


def post_at(vault: Vault, moment: dt.datetime) -> None:
    vault.desk.now, vault.now = moment, moment + dt.timedelta(hours=1)
    vault.desk.post(ANN, BEN, 5)


def test_checkpoints_of_years_that_are_over_are_not_written_again(
    vault: Vault, folder: Path
) -> None:
    lies_at = (folder / FIRST).stat().st_ino
    vault.desk.now = NOW
    vault.desk.post(ANN, BEN, 1)
    vault.now = NOW
    vault.seal()
    done = exported(vault.desk, folder)
    assert not done.is_full
    assert FIRST not in done.written
    assert SECOND in done.written
    assert (folder / FIRST).stat().st_ino == lies_at


def test_what_is_left_of_other_signatures_is_taken_away(vault: Vault, folder: Path) -> None:
    (folder / "signed/1999.txt").write_text("", "utf-8")
    assert exported(vault.desk, folder).written == ()
    assert not (folder / "signed/1999.txt").exists()
    (folder / "signed/1999.txt").write_text("", "utf-8")
    (folder / FIRST).write_text("shorter", "utf-8")
    with pytest.raises(BooksChanged) as refused:
        exported(vault.desk, folder)
    assert refused.value.files == (FIRST,)
    assert exported(vault.desk, folder, is_full=True).is_full
    assert not (folder / "signed/1999.txt").exists()
    assert audit(folder).ok


def test_a_key_that_has_signed_nothing_yet_travels_too(desk: Desk, tmp_path: Path) -> None:
    desk.post(ANN, BEN, 5)
    Vault(desk, tmp_path / "vault").begin()
    exported(desk, tmp_path / "books")
    assert (tmp_path / "books" / KEYS).exists()
    found = audit(tmp_path / "books")
    assert (found.signed, found.signer) == (0, "")
    assert "signature" not in found.checked


def test_books_of_an_older_version_bring_back_their_newest_checkpoint(
    vault: Vault, folder: Path, lose: Callable[[], None]
) -> None:
    for name in (KEYS, MONTHS, FIRST, SECOND):
        (folder / name).unlink()
    (folder / "signed").rmdir()
    remark(folder)
    found = audit(folder)
    assert (found.signed, found.signer) == (4, str(vault.key()))
    lose()
    with vault.desk.writing() as connection:
        restore_in(connection, folder)
    with vault.desk.engine.connect() as connection:
        newest = checkpoints.latest(connection, BOOK)
        assert isinstance(newest, Checkpoint)
        assert (newest.size, newest.signed_at) == (4, NOW)
        assert [each.key for each in keys.every(connection, BOOK)] == [
            PublicKey(newest.head.origin, newest.public_key)
        ]


# ------------------------------------------------------------------------------ refused


def change(folder: Path, name: str, pattern: str, to: str) -> None:
    text = (folder / name).read_text("utf-8")
    changed = re.sub(pattern, to, text, count=1, flags=re.MULTILINE | re.DOTALL)
    assert changed != text
    (folder / name).write_text(changed, "utf-8")
    remark(folder)


def refused_by(desk: Desk, folder: Path) -> tuple[str, str]:
    with pytest.raises(BadBooks) as refused, desk.writing() as connection:
        restore_in(connection, folder)
    return refused.value.finding, refused.value.file


@pytest.mark.parametrize(
    ("name", "pattern", "to", "finding", "file"),
    [
        (KEYS, r"^key village", "key vilage", "torn-note", KEYS),
        (KEYS, r"^key ", " key ", "torn-note", KEYS),
        (KEYS, r" -$", " ", "torn-note", KEYS),
        (FIRST, r"^1$", "2", "bad-signature", FIRST),
        (FIRST, r"^checkpoint ", "checkpoints ", "torn-note", FIRST),
        (FIRST, r"(\ncheckpoint .*?)(?=\ncheckpoint )", r"\1\1", "broken-seal", FIRST),
        (FIRST, r"^timebank-signed 1\n.*?\n\ncheck", "timebank-signed 1\n\ncheck", None, ""),
        (FIRST, r"(\ncheckpoint .*?)(\ncheckpoint .*)\Z", r"\2\1", "broken-seal", FIRST),
        (SECOND, r"\ncheckpoint .*", "", "other-checkpoint", "CHECKPOINT"),
        (MONTHS, r"^accounts 2", "accounts 3", "bad-signature", MONTHS),
        (MONTHS, r"\nmonth .*?\n\nmonth ", "\nmonth ", "broken-seal", MONTHS),
    ],
)
def test_what_was_changed_is_named_even_where_head_was_made_to_fit(
    vault: Vault,
    folder: Path,
    lose: Callable[[], None],
    name: str,
    pattern: str,
    to: str,
    finding: str | None,
    file: str,
) -> None:
    change(folder, name, pattern, to)
    lose()
    if finding is None:
        # A checkpoint that is left out is missed by nobody but whoever holds it.
        assert audit(folder).ok
        return
    [found] = audit(folder).findings
    assert (found.reason, found.file) == (finding, file)
    assert refused_by(vault.desk, folder) == (finding, file)


TORN = "is not written as what was signed is"
NOT_SIGNED = (
    "what was signed 2026-04-02T00:00:00.000000Z was signed with none of the keys"
    " in signed/keys.txt: bad-signature: signer={signer}"
)
OUT_OF_ORDER = "what was signed 2026-02-03T00:00:00.000000Z does not follow what was signed before"
NOT_THE_NEWEST = "is not the newest of what lies in signed/, with its key"


@pytest.mark.parametrize(
    ("name", "pattern", "to", "file", "told"),
    [
        (KEYS, r"^key ", " key ", KEYS, TORN),
        (MONTHS, r"^month ", "months ", MONTHS, TORN),
        (MONTHS, r"^accounts 2", "accounts 3", MONTHS, NOT_SIGNED),
        (FIRST, r"(\ncheckpoint .*?)(\ncheckpoint .*)\Z", r"\2\1", FIRST, OUT_OF_ORDER),
        (SECOND, r"\ncheckpoint .*", "", "CHECKPOINT", NOT_THE_NEWEST),
    ],
)
def test_a_treasurer_is_told_in_words_what_was_changed(
    vault: Vault, folder: Path, name: str, pattern: str, to: str, file: str, told: str
) -> None:
    change(folder, name, pattern, to)
    [found] = audit(folder).findings
    key = vault.key()
    assert str(found) == f"{file}: {told.format(signer=f'{key.name}+{key.key_id.hex()}')}"


def test_a_key_that_signed_and_is_not_there_is_missed(
    vault: Vault, folder: Path, lose: Callable[[], None]
) -> None:
    change(folder, KEYS, r"\nkey \S+ \S+ 2.*?\n\nkey", "\nkey")
    [found] = audit(folder).findings
    assert (found.reason, found.file) == ("unknown-signer", FIRST)
    lose()
    assert refused_by(vault.desk, folder) == ("unknown-signer", FIRST)


def test_a_key_that_no_other_one_named_is_refused(
    vault: Vault, folder: Path, lose: Callable[[], None]
) -> None:
    """The note in which the old key names the new one was signed by somebody else."""
    stranger = Vault(vault.desk, vault.home / "stranger")
    private = keys.make_private(stranger.secrets)
    text = (folder / KEYS).read_text("utf-8")
    note = text[text.index("Z -\n") + 4 :]
    forged = sign(read(note).text, Signer.of(ORIGIN, private))
    (folder / KEYS).write_text(text.replace(note, forged), "utf-8")
    remark(folder)
    lose()
    assert refused_by(vault.desk, folder) == ("bad-handover", KEYS)


def test_a_key_that_a_later_one_named_is_refused(
    vault: Vault, folder: Path, lose: Callable[[], None]
) -> None:
    """Both keys and the note are there, but the key that was named lies first."""
    text = (folder / KEYS).read_text("utf-8")
    older = text.index("\nkey ")
    newer = text.index("\nkey ", older + 1)
    (folder / KEYS).write_text(text[:older] + text[newer:] + text[older:newer], "utf-8")
    remark(folder)
    lose()
    assert refused_by(vault.desk, folder) == ("bad-handover", KEYS)


def signer_of(vault: Vault) -> Signer:
    return keys.load(vault.secrets, vault.key())


def forge(folder: Path, name: str, note: str, forged: str) -> None:
    text = (folder / name).read_text("utf-8")
    assert note in text
    (folder / name).write_text(text.replace(note, forged), "utf-8")
    remark(folder)


def found_by_all(vault: Vault, folder: Path) -> tuple[str, str]:
    """What the audit and stock bean-check with the plugin find; they must agree."""
    [found] = audit(folder).findings
    said = check_here(folder)
    assert f"{found.reason}: " in said
    assert found.file in said
    return found.reason, found.file


def test_a_checkpoint_well_signed_over_other_entries_is_found_by_both(
    vault: Vault, folder: Path, lose: Callable[[], None]
) -> None:
    """Not the newest, which was always looked at, but an older one."""
    with vault.desk.engine.connect() as connection:
        was = checkpoints.find(connection, BOOK, 3)
    head = Head(was.head.origin, 3, bytes(32), was.head.chain)
    forge(folder, FIRST, was.note, sign(head.text(), signer_of(vault)))
    assert found_by_all(vault, folder) == ("not-under-checkpoint", FIRST)
    lose()
    assert refused_by(vault.desk, folder) == ("not-under-checkpoint", FIRST)


@pytest.mark.parametrize("part", ["root", "chain", "trial_root"])
def test_a_month_well_signed_over_something_else_is_found_by_both(
    vault: Vault, folder: Path, lose: Callable[[], None], part: str
) -> None:
    with vault.desk.engine.connect() as connection:
        was = periods.latest(connection, BOOK)
    assert was is not None
    lied: dict[str, Any] = {part: bytes(32)}
    head = head_of(was.note)
    facts = {name: getattr(head, name) for name in head.__slots__} | lied
    forge(folder, MONTHS, was.note, sign(type(head)(**facts).text(), signer_of(vault)))
    wanted = "not-under-month" if part == "trial_root" else "not-under-checkpoint"
    assert found_by_all(vault, folder) == (wanted, MONTHS)
    lose()
    wanted = "impossible" if part == "trial_root" else "not-under-checkpoint"
    assert refused_by(vault.desk, folder)[0] == wanted


def test_the_plugin_reads_no_note_it_can_not_understand() -> None:
    with pytest.raises(plugin.WrongError) as wrong:
        plugin.read_signed(FIRST, "village\nmany\n\n\N{EM DASH} village abc\n")
    assert (wrong.value.reason, wrong.value.file) == ("torn-checkpoint", FIRST)


def test_head_vouches_for_each_of_them(folder: Path) -> None:
    head = BooksHead.parse((folder / "HEAD").read_text("utf-8"))
    assert {KEYS, MONTHS, FIRST, SECOND} <= head.files.keys()
    for name in (KEYS, MONTHS, FIRST, SECOND):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content + b"\n")
        assert "edited-file" in check_here(folder)
        (folder / name).write_bytes(content)
