"""The ledger made anew from the books alone: what comes back, what is refused."""

import datetime as dt
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import Connection

import ledger.restore
from ledger import checkpoints, journal, proofs, schema
from ledger.audit.check import audit
from ledger.book_errors import BadBooks, LedgerInUse
from ledger.errors import KeyMismatch
from ledger.notes import Head, Signer, sign
from ledger.restore import Restored, book_of, restore
from tests.databases import Database
from tests.ledger.desk import ANN, BEN, BOOK, CAT, FLOOR_MINUTES, SECRET, Desk
from tests.ledger.test_audit import golden_books, relink, remark
from tests.ledger.test_books import exported, read
from tests.ledger.test_chain import ten_entries
from tests.ledger.vault import ORIGIN, Vault

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def limits(kind: str) -> tuple[int | None, int | None]:
    return (None, None) if kind == "source" else (FLOOR_MINUTES, None)


def restore_in(connection: Connection, folder: Path) -> Restored:
    return restore(connection, folder, secret=SECRET, limits=limits, now=NOW)


def written(connection: Connection) -> dict[str, list[Any]]:
    """What the tables hold of entries and balances."""
    account, entry = schema.account.c, schema.entry.c
    kept = {
        "entry": [column for column in entry if column.name != "idem_hash"],
        "leg": list(schema.leg.c),
        "account": [
            *(account.code, account.kind, account.posted_in, account.posted_out),
            *(account.held_in, account.held_out, account.version),
        ],
        "book": [schema.book.c.code, schema.book.c.seq, schema.book.c.chain],
    }
    return {
        name: sorted(map(repr, connection.execute(sa.select(*columns))))
        for name, columns in kept.items()
    }


def live(desk: Desk) -> None:
    """All that can be in a book, over two years: words, corrections, holds."""
    ten_entries(desk)
    desk.now = dt.datetime(2026, 2, 3, tzinfo=dt.UTC)
    held = [desk.hold(ANN, BEN, 30, days=400, key=f"hold:{n}") for n in range(4)]
    desk.capture(held[0].entry_id, (ANN, BEN, 20), key="capture:1", memo="Half of it")
    desk.release(held[1].entry_id, key="release:1")
    desk.now = dt.datetime(2027, 12, 30, tzinfo=dt.UTC)
    desk.expire(held[2].entry_id, key="expire:1")
    desk.post(BEN, CAT, 7, key="late")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "books"


@pytest.fixture
def lose(desk: Desk, _database: Database) -> Callable[[], None]:
    """Empty the database, as if it were lost."""
    return lambda: _database.put_back(desk.engine)


@pytest.fixture
def before(desk: Desk, lose: Callable[[], None], folder: Path, tmp_path: Path) -> dict[str, Any]:
    """Live, seal, export, and lose the database; what it held is kept to compare."""
    live(desk)
    vault = Vault(desk, tmp_path / "vault")
    vault.begin()
    vault.seal()
    desk.now += dt.timedelta(days=3)
    desk.post(BEN, CAT, 8, key="after:seal")
    exported(desk, folder)
    with desk.engine.connect() as connection:
        held = written(connection)
    lose()
    return held


@pytest.mark.parametrize("batch", [2_000, 3])
def test_the_books_are_enough_to_make_the_ledger_anew(
    desk: Desk, folder: Path, before: dict[str, Any], monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(ledger.restore, "BATCH", batch)
    with desk.writing() as connection:
        done = restore_in(connection, folder)
    assert (done.book_id, done.entries, done.accounts) == (BOOK, 19, 6)
    assert (done.signed, done.member_number_max, done.pot_number_max) == (18, 3, 1)
    with desk.engine.connect() as connection:
        assert written(connection) == before
        assert list(connection.execute(sa.select(schema.memo))) == []
        checkpoint = checkpoints.latest(connection, BOOK)
        problems = list(proofs.problems(connection, BOOK, published=[], trusted=[]))
    report = desk.verify()
    assert (report.ok, report.head) == (True, done.chain)
    assert checkpoint is not None
    assert checkpoint.note == (folder / "CHECKPOINT").read_text("utf-8")
    assert problems == []


def test_what_was_restored_is_exported_as_it_was(
    desk: Desk, folder: Path, before: dict[str, Any], tmp_path: Path
) -> None:
    with desk.writing() as connection:
        restore_in(connection, folder)
    assert exported(desk, folder).written == ()
    exported(desk, tmp_path / "again")
    assert read(tmp_path / "again") == read(folder)


def test_life_goes_on_and_a_key_stays_used(
    desk: Desk, folder: Path, before: dict[str, Any], tmp_path: Path
) -> None:
    with desk.writing() as connection:
        restore_in(connection, folder)
    again = desk.post(ANN, BEN, 60, key="exchange:1")
    assert (again.status, again.seq) == ("replayed", 1)
    # The second has words, and nobody can know whether these are the same.
    with pytest.raises(KeyMismatch):
        desk.post(BEN, CAT, 1, key="exchange:2", memo="Thanks")
    with pytest.raises(KeyMismatch):
        desk.post(ANN, BEN, 61, key="exchange:1")
    desk.capture(before_hold(desk), key="capture:late")
    assert desk.post(BEN, ANN, 5).seq == 21
    assert desk.verify().ok
    assert not exported(desk, folder).is_full
    exported(desk, tmp_path / "again")
    assert read(tmp_path / "again") == read(folder)


def before_hold(desk: Desk) -> UUID:
    """The one hold that is still open."""
    entry, later = schema.entry.c, schema.entry.alias("later")
    with desk.engine.connect() as connection:
        [held] = connection.execute(
            sa.select(entry.id)
            .where(entry.kind == "hold")
            .where(~sa.exists().where(later.c.hold_id == entry.id))
        ).scalars()
    return UUID(str(held))


def test_a_ledger_that_is_there_is_left_alone(desk: Desk, folder: Path, tmp_path: Path) -> None:
    desk.post()
    exported(desk, folder)
    with pytest.raises(LedgerInUse) as refused, desk.writing() as connection:
        restore_in(connection, folder)
    assert refused.value.entries == 1


def test_empty_books_are_restored_too(
    desk: Desk, folder: Path, lose: Callable[[], None], tmp_path: Path
) -> None:
    exported(desk, folder)
    lose()
    with desk.writing() as connection:
        done = restore_in(connection, folder)
    assert (done.entries, done.accounts, done.signed, done.chain) == (0, 6, 0, bytes(32))
    assert desk.verify().ok
    assert exported(desk, folder).written == ()


def test_a_book_without_accounts_is_restored_too(
    desk: Desk, folder: Path, lose: Callable[[], None]
) -> None:
    lose()
    with desk.writing() as connection:
        journal.open_book(connection, BOOK, "bare", now=desk.now)
    exported(desk, folder)
    lose()
    with desk.writing() as connection:
        done = restore_in(connection, folder)
    assert (done.entries, done.accounts) == (0, 0)
    assert (done.member_number_max, done.pot_number_max) == (0, 0)
    assert exported(desk, folder).written == ()


# ------------------------------------------------------------------------- refused


def change(folder: Path, name: str, before: str, after: str) -> None:
    text = (folder / name).read_text("utf-8")
    assert before in text
    (folder / name).write_text(text.replace(before, after, 1), "utf-8")


JANUARY, DECEMBER = "2026/01.beancount", "2027/12.beancount"
PLUGIN_LINE = 'plugin "timebank_books"\n'


@pytest.mark.parametrize(
    ("name", "was", "becomes", "finding", "line"),
    [
        ("main.beancount", PLUGIN_LINE, 'plugin "evil"\n', "foreign-line", 11),
        ("main.beancount", "timebank-book", "timebank-bock", "foreign-line", 12),
        ("main.beancount", '" 1\n', '" 2\n', "unknown-encoding", 0),
        ("main.beancount", 'option "title"', ';; "title"', "unknown-encoding", 0),
        (JANUARY, "  key: ", '  plugin "x"\n  key: ', "foreign-line", 9),
        (JANUARY, "M000001  -60 MIN", "M000001  -61 MIN", "edited-line", 3),
        (JANUARY, "  60 MIN", "  61 MIN", "broken-chain", 3),
        (JANUARY, "  seq: 2\n", "  seq: 3\n", "missing-entry", 15),
        (JANUARY, "#company", "#other", "edited-line", 3),
        (JANUARY, "exchange:1", "exchange:9", "broken-chain", 3),
        (JANUARY, "M000002  60 MIN\n", "M000002  60 MIN\n  Equity:X  1 MIN\n", "edited-line", 2),
        (JANUARY, "Assets:Members:M000002  60 MIN", "Assets:M000002  60 MIN", "edited-line", 2),
        (JANUARY, "  -60 MIN\n  Assets:Members:M000002  60 MIN\n", "\n", "foreign-line", 12),
        (DECEMBER, " Assets:Members:M000001 Assets:Members:M000002 30 MIN", "", "edited-line", 2),
        ("BALANCES", "M000001 620", "M000001 621", "other-balances", 0),
        ("BALANCES", "M000001 620", "X000001 620", "foreign-account", 0),
        ("BALANCES", "M000003 -29 0 0 4\n", "", "other-balances", 15),
        ("BALANCES", "entries 19", "entries 18", "other-balances", 2),
        ("HEAD", "entries 19", "entries 20", "other-balances", 2),
        ("HEAD", "chain ", "chain 1", "missing-entry", 0),
        ("KEY", "village", "vilage", "torn-key", 0),
        ("CHECKPOINT", "\n18\n", "\n17\n", "bad-signature", 0),
    ],
)
def test_books_that_were_changed_are_refused_by_name_even_if_head_was_made_to_fit(
    desk: Desk,
    folder: Path,
    before: dict[str, Any],
    name: str,
    was: str,
    becomes: str,
    finding: str,
    line: int,
) -> None:
    change(folder, name, was, becomes)
    remark(folder)
    refused = refused_by(desk, folder)
    assert (refused.finding, refused.line) == (finding, line), refused
    assert refused.file in {name, "BALANCES", "CHECKPOINT", "HEAD", JANUARY}


def refused_by(desk: Desk, folder: Path) -> BadBooks:
    """How the books are refused; nothing stays of the try."""
    with pytest.raises(BadBooks) as refused, desk.writing() as connection:
        restore_in(connection, folder)
    with desk.engine.connect() as connection:
        for table in schema.metadata.sorted_tables:
            assert not connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()
    return refused.value


def test_what_is_missing_torn_or_foreign_is_named(
    desk: Desk, folder: Path, before: dict[str, Any], tmp_path: Path
) -> None:
    def harmed(name: str, content: bytes | None) -> tuple[str, str]:
        copy = Path(shutil.copytree(folder, tmp_path / "harmed"))
        (copy / name).unlink(missing_ok=True)
        if content is not None:
            (copy / name).write_bytes(content)
        refused = refused_by(desk, copy)
        shutil.rmtree(copy)
        return refused.finding, refused.file

    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert len(names) == 23
    for name in names:
        assert harmed(name, None) == ("missing-file", name)
    january = (folder / JANUARY).read_bytes()
    whole = january.index(b'\n\n2026-01-01 * "M000003"') + 1
    assert harmed(JANUARY, january[:whole]) == ("torn-file", JANUARY)
    assert harmed(JANUARY, january[: whole + 5]) == ("torn-file", JANUARY)
    assert harmed(JANUARY, january.replace(b";;", b";; ")) == ("edited-file", JANUARY)
    assert harmed(JANUARY, b"\xff") == ("not-text", JANUARY)
    assert harmed("2026/02.py", b"") == ("foreign-file", "2026/02.py")
    assert harmed("HEAD", b"") == ("unknown-layout", "HEAD")
    with pytest.raises(BadBooks, match="missing-file"):
        book_of(tmp_path / "nowhere")
    assert book_of(folder) == BOOK


def test_a_checkpoint_over_other_entries_is_refused(
    desk: Desk, folder: Path, before: dict[str, Any], tmp_path: Path
) -> None:
    """Well signed, and over something else, or over more; also where it is all that was kept."""
    private = next((tmp_path / "vault/keys").iterdir())
    signer = Signer.of(ORIGIN, load_pem_private_key(private.read_bytes(), None))  # type: ignore[arg-type]
    for size, finding, told in (
        (18, "other-checkpoint", "is not the newest of what lies in signed/, with its key"),
        (18, "not-under-checkpoint", "what was signed are not these 18 entries"),
        (20, "missing-entry", "was signed over 20 entries; the books have fewer"),
    ):
        note = sign(Head(ORIGIN, size, bytes(32), bytes(32)).text(), signer)
        (folder / "CHECKPOINT").write_text(note, "utf-8")
        if finding != "other-checkpoint":
            shutil.rmtree(folder / "signed", ignore_errors=True)
        remark(folder)
        refused = refused_by(desk, folder)
        assert (refused.finding, refused.file) == (finding, "CHECKPOINT")
        assert refused.detail == told
        [found] = audit(folder).findings
        assert (found.reason, found.file) == (finding, "CHECKPOINT")


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        (
            'key: "exchange:2"',
            'key: "exchange:1"',
            "what it says can not be: (?:UNIQUE|duplicate) .*idem_key",
        ),
        ('rev: "{first}"', 'rev: "{second}"', "entry 8: no mirror image of what it takes back"),
    ],
)
def test_books_of_a_liar_that_fit_together_are_refused_where_they_can_not_be_true(
    desk: Desk, lose: Callable[[], None], folder: Path, was: str, becomes: str, told: str
) -> None:
    """As in the audit: whoever makes the chain anew still can not say what can not be."""
    lose()
    golden_books(folder)
    ids = re.findall(r'uid: "([0-9a-f]{32})"', (folder / JANUARY).read_text("utf-8"))
    names = {"first": ids[0], "second": ids[1]}
    change(folder, JANUARY, was.format(**names), becomes.format(**names))
    relink(folder)
    refused = refused_by(desk, folder)
    assert (refused.finding, refused.file) == ("impossible", "main.beancount")
    assert re.match(told, refused.detail), refused.detail
