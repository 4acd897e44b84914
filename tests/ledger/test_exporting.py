"""A book over two years, exported step by step and whole; and what an export makes of a folder."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import delete

from ledger import books, schema
from ledger.book_errors import BooksAhead, BooksChanged
from ledger.books.folder import UNFINISHED, Folder
from ledger.errors import UnknownBook
from ledger.layout import ACCOUNTS, BALANCES, CHECKPOINT, HEAD, KEY, MAIN, PLUGIN, Head
from tests.ledger.desk import ANN, BEN, CAT, DROP_IN, OTHER_BOOK, POT, Desk
from tests.ledger.tamper import without_guards
from tests.ledger.test_books import exported, read
from tests.ledger.vault import Vault

JANUARY, MARCH, NEXT = "2026/01", "2026/03", "2027/02"
DAN: Final = "M000004"
KEYS, FIRST, SECOND = "signed/keys.txt", "signed/2026.txt", "signed/2027.txt"
#: What is written for a month, by how its names begin.
MONTH: Final = (".assert.beancount", ".beancount")
Step = Callable[[], object]


def at(year: int, month: int, day: int) -> dt.datetime:
    return dt.datetime(year, month, day, 12, tzinfo=dt.UTC)


def post_at(
    desk: Desk, moment: dt.datetime, payer: str, payee: str, minutes: int, kind: str = "exchange"
) -> None:
    desk.now = moment
    desk.post(payer, payee, minutes, kind=kind)


def open_dan(desk: Desk) -> None:
    with desk.writing() as connection:
        desk.open_account(connection, DAN)


def steps_of(desk: Desk) -> list[Step]:
    """Three months in two years: Cat is at zero again when the year ends, Dan comes late."""
    return [
        partial(post_at, desk, at(2026, 1, 2), ANN, BEN, 60),
        partial(post_at, desk, at(2026, 1, 3), BEN, CAT, 20),
        partial(desk.hold, BEN, ANN, 5, days=900),
        partial(post_at, desk, at(2026, 3, 1), CAT, BEN, 20),
        partial(post_at, desk, at(2026, 3, 2), DROP_IN, POT, 30, kind="activity"),
        partial(open_dan, desk),
        partial(post_at, desk, at(2027, 2, 1), BEN, DAN, 7),
        partial(post_at, desk, at(2027, 2, 2), DAN, BEN, 2),
    ]


def written_for(*months: str) -> list[str]:
    return [f"{month}{end}" for month in months for end in MONTH]


def include_lines(folder: Path, name: str) -> list[str]:
    lines = (folder / name).read_text("utf-8").splitlines()
    return [line.split('"')[1] for line in lines if line.startswith("include ")]


def marks_of(folder: Path) -> Head:
    return Head.parse((folder / HEAD).read_text("utf-8"))


# ----------------------------------------------------------------------------------- step by step


def test_books_grow_step_by_step_into_those_written_at_once(desk: Desk, tmp_path: Path) -> None:
    grown, whole = tmp_path / "deep/grown", tmp_path / "deep/whole"
    assert exported(desk, grown).is_full
    for step in steps_of(desk):
        step()
        assert not exported(desk, grown).is_full
        assert exported(desk, whole, is_full=True).is_full
        assert read(grown) == read(whole)
    done = exported(desk, tmp_path / "once")
    assert read(tmp_path / "once") == read(grown)
    assert done.files == done.written
    assert done.files == (
        *("2026.beancount", *written_for(JANUARY, MARCH), "2026/opening.beancount"),
        *("2027.beancount", *written_for(NEXT), "2027/opening.beancount"),
        *(BALANCES, HEAD, ACCOUNTS, MAIN, PLUGIN),
    )
    assert done.entries == marks_of(grown).entries == 7
    assert include_lines(grown, "2026.beancount") == [
        *(ACCOUNTS, "2026/opening.beancount"),
        *("2026/01.beancount", "2026/01.assert.beancount"),
        *("2026/03.beancount", "2026/03.assert.beancount"),
    ]
    assert include_lines(grown, "2027.beancount") == [
        *(ACCOUNTS, "2027/opening.beancount", "2027/02.beancount", "2027/02.assert.beancount"),
    ]


def test_what_was_held_is_written_down_and_what_was_set_aside_is_not(
    desk: Desk, tmp_path: Path
) -> None:
    for step in steps_of(desk):
        step()
        exported(desk, tmp_path)
    opening = (tmp_path / "2027/opening.beancount").read_text("utf-8").splitlines()[2:]
    assert opening == [
        *('2026-12-31 * "opening balances"', "  through: 5"),
        *("  Assets:Pots:G000001  30 MIN", "  Assets:Members:M000001  -60 MIN"),
        *("  Assets:Members:M000002  60 MIN", "  Equity:Activity:Drop-In  -30 MIN"),
    ]
    january = (tmp_path / "2026/01.assert.beancount").read_text("utf-8").splitlines()[5:]
    assert january == [
        "2026-02-01 balance Assets:Members:M000001  -60 MIN",
        "2026-02-01 balance Assets:Members:M000002  40 MIN",
        "2026-02-01 balance Assets:Members:M000003  20 MIN",
    ]
    february = (tmp_path / "2027/02.assert.beancount").read_text("utf-8").splitlines()[5:]
    assert february == [
        "2027-03-01 balance Assets:Pots:G000001  30 MIN",
        "2027-03-01 balance Assets:Members:M000002  55 MIN",
        "2027-03-01 balance Assets:Members:M000004  5 MIN",
        "2027-03-01 balance Equity:Activity:Drop-In  -30 MIN",
    ]
    assert (tmp_path / BALANCES).read_text("utf-8").splitlines() == [
        *("timebank-balances 1", "entries 7", "G000001 30 0 0 1", "M000001 -60 0 5 2"),
        *("M000002 55 5 0 6", "M000003 0 0 0 2", "M000004 5 0 0 2"),
        *("activity-drop-in -30 0 0 1", "opening 0 0 0 0"),
    ]


def test_an_account_that_was_only_held_from_has_not_moved(desk: Desk, tmp_path: Path) -> None:
    desk.hold(ANN, BEN, 5, days=900)
    exported(desk, tmp_path)
    counted = (tmp_path / "2026/01.assert.beancount").read_text("utf-8").splitlines()
    assert counted[1:] == [
        f"2026-02-01 balance {name}  0 MIN"
        for name in ("Assets:Members", "Assets:Pots", "Assets:Neighbours", "Equity:Activity")
    ]


def test_each_export_says_what_it_wrote(desk: Desk, tmp_path: Path) -> None:
    said = []
    for step in steps_of(desk):
        step()
        said.append(exported(desk, tmp_path).written)
    assert said[0] == (
        *("2026.beancount", *written_for(JANUARY), "2026/opening.beancount"),
        *(BALANCES, HEAD, ACCOUNTS, MAIN, PLUGIN),
    )
    assert said[1] == (*written_for(JANUARY), BALANCES, HEAD, ACCOUNTS)
    # A hold moves nothing, so what was counted stays.
    assert said[2] == ("2026/01.beancount", BALANCES, HEAD)
    assert said[3] == ("2026.beancount", *written_for(MARCH), BALANCES, HEAD, MAIN)
    assert said[5] == (BALANCES, HEAD)
    assert said[6] == (
        *("2027.beancount", *written_for(NEXT), "2027/opening.beancount"),
        *(BALANCES, HEAD, ACCOUNTS, MAIN),
    )
    assert exported(desk, tmp_path).written == ()


def test_head_comes_when_all_else_is_on_the_disk(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []
    put, sync = Folder.put, Folder.sync

    def noted_put(folder: Folder, name: str, content: bytes) -> object:
        done.append(name)
        return put(folder, name, content)

    def noted_sync(folder: Folder) -> None:
        done.append("sync")
        sync(folder)

    monkeypatch.setattr(Folder, "put", noted_put)
    monkeypatch.setattr(Folder, "sync", noted_sync)
    exported(desk, tmp_path)
    assert done[-3:] == ["sync", HEAD, "sync"]
    assert HEAD not in done[:-3]


# ----------------------------------------------------------------------------------------- signed


def test_signed_books_grow_step_by_step_into_those_written_at_once(
    desk: Desk, tmp_path: Path
) -> None:
    vault = Vault(desk, tmp_path / "vault", now=at(2026, 2, 1))
    grown = tmp_path / "grown"
    vault.begin()
    for number, step in enumerate(steps_of(desk)):
        step()
        vault.now = max(vault.now, desk.now)
        vault.seal()
        assert exported(desk, grown).is_full == (number == 0)
        exported(desk, tmp_path / "whole", is_full=True)
        assert read(grown) == read(tmp_path / "whole")
    assert {CHECKPOINT, KEY, KEYS, FIRST, SECOND} <= marks_of(grown).files.keys()
    assert FIRST in exported(desk, tmp_path / "once").files


def test_what_is_no_longer_signed_is_taken_away_but_for_years_that_are_over(
    desk: Desk, tmp_path: Path
) -> None:
    vault = Vault(desk, tmp_path / "vault", now=at(2026, 2, 1))
    vault.begin()
    folder = tmp_path / "books"
    for moment in (at(2026, 3, 1), at(2027, 3, 1)):
        post_at(desk, moment, ANN, BEN, 5)
        vault.now = moment
        vault.seal()
    exported(desk, folder)
    first = (folder / FIRST).read_bytes()
    with without_guards(desk.engine) as connection:
        connection.execute(delete(schema.checkpoint))
        done = exported(desk, folder, connection=connection)
        assert not done.is_full
        assert not {CHECKPOINT, KEY, SECOND} & set(done.files)
        assert {FIRST, KEYS} <= set(done.files)
        assert not any((folder / name).exists() for name in (CHECKPOINT, KEY, SECOND))
        assert (folder / FIRST).read_bytes() == first
        # Whoever writes them whole writes what the database holds.
        exported(desk, folder, connection=connection, is_full=True)
        assert not (folder / FIRST).exists()


# ------------------------------------------------------------------------------- cut short, harmed


@pytest.fixture
def folder(desk: Desk, tmp_path: Path) -> Path:
    """Books up to March, with some days of March to come."""
    for step in steps_of(desk)[:4]:
        step()
    exported(desk, tmp_path / "books")
    return tmp_path / "books"


def same_as_whole(desk: Desk, folder: Path, tmp_path: Path) -> bool:
    exported(desk, tmp_path / "whole", is_full=True)
    return read(folder) == read(tmp_path / "whole")


def test_an_export_that_was_cut_short_before_head_is_gone_on_with(
    desk: Desk, folder: Path, tmp_path: Path
) -> None:
    """The last month may be further than HEAD says, and the top may be anything: both come anew."""
    before = read(folder)
    steps_of(desk)[4]()
    exported(desk, folder)
    assert (folder / "2026/03.beancount").stat().st_size > len(before.pop("2026/03.beancount"))
    for name, content in (before | {MAIN: ""}).items():
        (folder / name).write_text(content, "utf-8")
    (folder / UNFINISHED).touch()
    assert not exported(desk, folder).is_full
    assert same_as_whole(desk, folder, tmp_path)
    assert not (folder / UNFINISHED).exists()


@pytest.mark.parametrize("grows", [False, True])
@pytest.mark.parametrize("month", [JANUARY, MARCH])
def test_a_month_that_was_lost_when_an_export_was_cut_short_is_written_anew(
    desk: Desk, folder: Path, tmp_path: Path, month: str, *, grows: bool
) -> None:
    (folder / UNFINISHED).touch()
    (folder / f"{month}.beancount").unlink()
    if grows:
        steps_of(desk)[4]()
    assert exported(desk, folder).is_full
    assert same_as_whole(desk, folder, tmp_path)


@pytest.mark.parametrize("grows", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        *("2026.beancount", ACCOUNTS, BALANCES),
        *("2026/03.beancount", "2026/03.assert.beancount"),
    ],
)
def test_books_whose_head_leaves_out_a_file_that_is_needed_are_written_anew(
    desk: Desk, folder: Path, tmp_path: Path, name: str, *, grows: bool
) -> None:
    head = (folder / HEAD).read_text("utf-8").splitlines(keepends=True)
    (folder / HEAD).write_text(
        "".join(line for line in head if not line.startswith(f"file {name} ")), "utf-8"
    )
    if grows:
        steps_of(desk)[4]()
    assert exported(desk, folder).is_full
    assert same_as_whole(desk, folder, tmp_path)


def test_a_start_that_was_changed_is_named_until_all_is_written_anew(
    desk: Desk, folder: Path, tmp_path: Path
) -> None:
    top = folder / "2026.beancount"
    top.write_text(top.read_text("utf-8").replace('start" 0', 'start" 1'), "utf-8")
    with pytest.raises(BooksChanged) as refused:
        exported(desk, folder)
    assert refused.value.files == ("2026.beancount",)
    assert "2026.beancount" in exported(desk, folder, is_full=True).written
    assert same_as_whole(desk, folder, tmp_path)


# ------------------------------------------------------------------------------ which book, when


def test_of_two_books_each_goes_on_by_itself(desk: Desk, tmp_path: Path) -> None:
    other = Desk(desk.engine, OTHER_BOOK).open()
    for each in (desk, other):
        each.post(ANN, BEN, 60)
    for name, each in (("one", desk), ("two", other)):
        exported(each, tmp_path / name)
        assert exported(each, tmp_path / name).written == ()


def test_a_book_that_is_not_there_is_named(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(UnknownBook) as refused:
        exported(Desk(desk.engine, OTHER_BOOK), tmp_path)
    assert refused.value.book_id == OTHER_BOOK


def test_books_that_went_on_while_others_waited_are_left_as_they_are(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two exports at once: one read the book before, and comes into the folder behind the other."""
    with desk.engine.connect() as connection:
        early = books._read_book(connection, desk.book_id)
    steps_of(desk)[4]()
    exported(desk, folder)
    before = read(folder)
    monkeypatch.setattr(books, "_read_book", lambda *_args: early)
    with pytest.raises(BooksAhead) as refused:
        exported(desk, folder)
    found = refused.value
    assert (found.folder, found.entries, found.found) == (str(folder), 5, 4)
    assert read(folder) == before


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock is nine hours ahead."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_a_book_opens_on_the_same_day_wherever_the_machine_is(desk: Desk, tmp_path: Path) -> None:
    late = dt.datetime(2026, 1, 1, 23, 30, tzinfo=dt.UTC)
    exported(Desk(desk.engine, OTHER_BOOK, now=late).open(), tmp_path)
    assert "2026-01-01 open Assets:Pots  MIN" in (tmp_path / ACCOUNTS).read_text("utf-8")
