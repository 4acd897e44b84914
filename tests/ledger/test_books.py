"""The books as files: what they say, what they do not say, and how they come to be."""

import datetime as dt
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import data
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ledger import journal
from ledger.accounts import code_of
from ledger.audit.check import audit
from ledger.books import PLUGIN_SOURCE, Exported, export
from ledger.errors import BadField, ForeignBooks, UnknownBook
from ledger.layout import PLUGIN
from tests.ledger.desk import ANN, BEN, BOOK, CAT, DROP_IN, OPENING, OTHER_BOOK, POT, Desk
from tests.ledger.tamper import without_guards
from tests.ledger.test_chain import ten_entries

BEAN_CHECK = Path(sys.executable).parent / "bean-check"


def exported(
    desk: Desk, folder: Path, *, connection: Connection | None = None, is_full: bool = False
) -> Exported:
    """Export the book, as the desk sees it or as some connection does."""
    if connection is not None:
        return export(connection, desk.book_id, folder, is_full=is_full)
    with desk.engine.connect() as own:
        return export(own, desk.book_id, folder, is_full=is_full)


def read(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def bean_check(folder: Path, top: str = "main.beancount") -> str:
    """What stock bean-check says of the books; nothing is good news."""
    checked = subprocess.run(
        [BEAN_CHECK, "--no-cache", folder / top],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (checked.returncode == 0) == (checked.stderr == "")
    return checked.stderr


def test_stock_bean_check_accepts_the_books(desk: Desk, tmp_path: Path) -> None:
    ten_entries(desk)
    exported(desk, tmp_path)
    assert bean_check(tmp_path) == ""


def test_an_entry_reads_like_a_line_in_a_ledger(desk: Desk, tmp_path: Path) -> None:
    desk.post(ANN, BEN, 60, memo="Thanks, Ben", key="exchange:1")
    exported(desk, tmp_path)
    found = (tmp_path / "2026/01.beancount").read_text("utf-8").split("\n")
    assert found[:3] == [
        ";; Recorded in 2026-01 (UTC), in the order of the book.",
        "",
        '2026-01-01 * "M000002" "exchange" #company',
    ]
    assert [line.split(":")[0].strip() for line in found[3:-3]] == [
        *("seq", "uid", "at", "occurred", "category", "key", "actor", "memo-commit", "chain"),
    ]
    assert found[-3:] == [
        "  Assets:Members:M000001  -60 MIN",
        "  Assets:Members:M000002  60 MIN",
        "",
    ]


def test_the_books_hold_no_words_of_anyone(desk: Desk, tmp_path: Path) -> None:
    posted = desk.post(memo="Søren's operation")
    desk.reverse(posted.entry_id, reason="Because of Anna")
    with desk.writing() as connection:
        journal.set_limits(
            *(connection, BOOK, ANN),
            floor_minutes=-60,
            ceiling_minutes=None,
            actor=None,
            reason="Because of her debts",
            now=desk.now,
        )
    exported(desk, tmp_path)
    text = "".join(read(tmp_path).values())
    assert not re.search("Søren|operation|Because|Anna|debts", text)


def test_balances_are_asserted_at_the_end_of_each_month(desk: Desk, tmp_path: Path) -> None:
    desk.post(ANN, BEN, 60)
    desk.post(legs=((DROP_IN, ANN, 90), (DROP_IN, POT, 30)), kind="activity")
    desk.now = dt.datetime(2026, 3, 31, 23, tzinfo=dt.UTC)
    desk.post(BEN, CAT, 5)
    exported(desk, tmp_path)
    march = (tmp_path / "2026/03.assert.beancount").read_text("utf-8").splitlines()[1:]
    assert march == [
        "2026-04-01 balance Assets:Members  90 MIN",
        "2026-04-01 balance Assets:Pots  30 MIN",
        "2026-04-01 balance Assets:Neighbours  0 MIN",
        "2026-04-01 balance Equity:Activity  -120 MIN",
        "2026-04-01 balance Assets:Pots:G000001  30 MIN",
        "2026-04-01 balance Assets:Members:M000002  55 MIN",
        "2026-04-01 balance Assets:Members:M000003  5 MIN",
        "2026-04-01 balance Equity:Activity:Drop-In  -120 MIN",
    ]
    assert "M000001" not in "".join(march)


def test_at_the_end_of_a_year_every_account_is_asserted(desk: Desk, tmp_path: Path) -> None:
    desk.post(ANN, BEN, 60)
    desk.now = dt.datetime(2026, 12, 31, tzinfo=dt.UTC)
    desk.post(BEN, CAT, 5)
    exported(desk, tmp_path)
    december = (tmp_path / "2026/12.assert.beancount").read_text("utf-8")
    assert "2027-01-01 balance Assets:Members:M000001  -60 MIN" in december
    assert bean_check(tmp_path) == ""


def test_the_same_book_gives_the_same_bytes_and_writes_only_what_changed(
    desk: Desk, tmp_path: Path
) -> None:
    ten_entries(desk)
    first = exported(desk, tmp_path / "one")
    assert first.written == first.files
    assert (first.entries, len(first.chain)) == (10, 32)
    assert exported(desk, tmp_path / "one").written == ()
    desk.now = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    desk.post()
    later = exported(desk, tmp_path / "one")
    assert later.written == (
        *("2026.beancount", "2026/02.assert.beancount", "2026/02.beancount"),
        *("BALANCES", "HEAD", "main.beancount"),
    )
    exported(desk, tmp_path / "two")
    assert read(tmp_path / "one") == read(tmp_path / "two")


def test_both_databases_write_the_same_books(desk: Desk, tmp_path: Path) -> None:
    """Held against files, since a test sees one database at a time."""
    ten_entries(desk)
    exported(desk, tmp_path)
    golden = Path(__file__).parent / "golden_books"
    written = read(tmp_path)
    assert written.pop(PLUGIN) == PLUGIN_SOURCE.read_text("utf-8")
    assert written == read(golden)


def test_an_empty_book_is_exported_too(desk: Desk, tmp_path: Path) -> None:
    done = exported(desk, tmp_path)
    assert (done.entries, done.chain) == (0, bytes(32))
    assert bean_check(tmp_path) == ""
    assert "recorded -\n" in (tmp_path / "HEAD").read_text("utf-8")


def test_the_notes_of_the_treasurer_are_left_alone(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "local/notes.beancount").write_text(";; mine", "utf-8")
    exported(desk, tmp_path)
    assert (tmp_path / "local/notes.beancount").read_text("utf-8") == ";; mine"


def test_nothing_is_written_among_other_peoples_files(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").write_text("", "utf-8")
    with pytest.raises(ForeignBooks) as refused:
        exported(desk, tmp_path)
    assert refused.value.found == "thesis.odt"
    assert os.listdir(tmp_path) == ["thesis.odt"]  # noqa: PTH208 -- nothing else came


def test_nothing_is_written_over_the_books_of_another(desk: Desk, tmp_path: Path) -> None:
    exported(desk, tmp_path)
    other = Desk(desk.engine, OTHER_BOOK).open()
    with pytest.raises(ForeignBooks):
        exported(other, tmp_path)


def test_a_book_that_is_not_there_is_not_exported(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(UnknownBook):
        exported(Desk(desk.engine, OTHER_BOOK), tmp_path / "books")
    assert not (tmp_path / "books").exists()


@pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.replace"])
def test_a_full_disk_tears_no_file_and_the_next_export_mends(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    exported(desk, tmp_path)
    before = read(tmp_path)
    desk.post()

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(broken, full)
    with pytest.raises(OSError, match="No space"):
        exported(desk, tmp_path)
    monkeypatch.undo()
    assert read(tmp_path) == before
    exported(desk, tmp_path)
    assert bean_check(tmp_path) == ""


def test_what_a_crash_left_half_done_is_cleared_away(desk: Desk, tmp_path: Path) -> None:
    exported(desk, tmp_path)
    (tmp_path / ".main.beancount.abc.part").write_text("half", "utf-8")
    exported(desk, tmp_path)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    "words",
    [
        'x"\n2026-01-01 open Assets:Evil\n;\\',
        "\\",
        '"',
        '\\n \\t \\" \r\n\t\f\b',
        *(f"a{chr(code)}b" for code in (1, 11, 27, 0x7F, 0x85, 0x2028, 0x202E, 0x2066)),
        "🙂 Ünïcödé",
    ],
)
def test_hostile_words_are_read_back_as_they_are_and_become_no_line(
    desk: Desk, tmp_path: Path, words: str
) -> None:
    """Nobody can post such a category or key; somebody with the database could write it."""
    desk.post()
    mark = "?" if desk.engine.dialect.name == "sqlite" else "%s"
    with without_guards(desk.engine) as connection:
        connection.exec_driver_sql(
            f"UPDATE entry SET category = {mark}, idem_key = {mark}",  # noqa: S608 -- placeholders
            (words, words),
        )
        export(connection, BOOK, tmp_path)
    entries, errors, _options = loader.load_file(str(tmp_path / "2026/01.beancount"))
    [entry] = [each for each in entries if isinstance(each, data.Transaction)]
    assert (entry.meta["category"], entry.meta["key"]) == (words, words)
    assert len(entries) == 1
    assert {error.message.split(" '")[0] for error in errors} == {
        "Invalid reference to unknown account"
    }
    [found] = audit(tmp_path).findings
    assert (found.reason, found.line) == ("broken-chain", 3)
    assert "broken-chain" in bean_check(tmp_path)


def test_a_time_that_is_none_is_not_written_down(desk: Desk, tmp_path: Path) -> None:
    """SQLite keeps times as text; PostgreSQL keeps them as times and refuses by itself."""
    desk.post()

    def spoil(connection: Connection) -> None:
        connection.exec_driver_sql("UPDATE entry SET occurred_on = 'no day\"'")
        export(connection, BOOK, tmp_path)

    refusal = BadField if desk.engine.dialect.name == "sqlite" else DBAPIError
    with without_guards(desk.engine) as connection, pytest.raises(refusal):
        spoil(connection)
    assert not (tmp_path / "HEAD").exists()


def test_an_entry_without_legs_is_written_as_it_is_found(desk: Desk, tmp_path: Path) -> None:
    desk.post()
    with without_guards(desk.engine) as connection:
        connection.exec_driver_sql("DELETE FROM leg")
        export(connection, BOOK, tmp_path)
    assert '* "" "exchange"' in (tmp_path / "2026/01.beancount").read_text("utf-8")


def plain_journal(folder: Path) -> str:
    """The transactions of the books as hledger reads them.

    hledger has no metadata with values, no `custom` and no `open`, and its payee stands without
    quotes. So those lines are left out, and quotes; every posting stays as it is.
    """
    months = sorted(folder.glob("[0-9]*/[0-9][0-9].beancount"))
    lines = "".join(path.read_text("utf-8") for path in months).split("\n")
    kept = (line for line in lines if not re.match(r"  [a-z-]+: |[0-9-]+ custom |;;", line))
    return "\n".join(kept).replace('"', "")


@pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed")
def test_hledger_comes_to_the_same_balances(desk: Desk, tmp_path: Path) -> None:
    """A second program, from other people, adds up the same lines."""
    ten_entries(desk)
    held = desk.hold(ANN, BEN, 30, days=900)
    desk.now = dt.datetime(2027, 2, 3, tzinfo=dt.UTC)
    desk.capture(held.entry_id, (ANN, BEN, 20))
    desk.hold(BEN, CAT, 5, days=900)
    exported(desk, tmp_path)
    plain = tmp_path / "plain.journal"
    plain.write_text(plain_journal(tmp_path), "utf-8")
    said = subprocess.run(
        ["hledger", "-f", plain, "balance", "--flat", "-N", "-E", "-O", "csv"],  # noqa: S607 -- Debian's
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = dict(re.findall(r'"([^"]+)","(-?\d+)(?: MIN)?"', said))
    codes = (ANN, BEN, CAT, POT, DROP_IN, OPENING)
    assert {code_of(name): int(minutes) for name, minutes in found.items()} == dict(
        zip(codes, desk.balances(*codes), strict=True)
    )
