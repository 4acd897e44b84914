"""Books that grow: whatever was added and whenever it was exported, the bytes are the same."""

import datetime as dt
import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from ledger import schema
from ledger.audit.check import audit
from ledger.book_errors import BooksAhead, BooksChanged
from ledger.books.folder import UNFINISHED
from ledger.layout import ACCOUNTS, BALANCES, HEAD, MAIN, Head
from tests.ledger.desk import ANN, BEN, CAT, DROP_IN, POT, Desk
from tests.ledger.tamper import without_guards
from tests.ledger.test_books import bean_check, exported, read

LEGS = st.sampled_from([(ANN, BEN, 5), (BEN, CAT, 1), (CAT, ANN, 7), (DROP_IN, POT, 3)])
#: Post something, let time go by, or export.
ACTS = st.lists(
    st.one_of(LEGS, st.sampled_from([1, 20, 31, 400]), st.just("export")), min_size=1, max_size=25
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=ACTS)
def test_books_that_grew_are_those_that_were_written_at_once(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory, acts: list[object]
) -> None:
    folder = tmp_path_factory.mktemp("books")
    desk.now += dt.timedelta(days=1)
    for act in acts:
        if isinstance(act, int):
            desk.now += dt.timedelta(days=act)
        elif isinstance(act, tuple):
            kind = "activity" if act[0] == DROP_IN else "exchange"
            desk.post(legs=(act,), kind=kind)
        else:
            exported(desk, folder / "grown")
    grown = exported(desk, folder / "grown")
    exported(desk, folder / "whole")
    assert read(folder / "grown") == read(folder / "whole")
    assert not grown.is_full or "export" not in acts


def test_what_is_over_is_not_touched_again(desk: Desk, tmp_path: Path) -> None:
    desk.post()
    exported(desk, tmp_path)
    closed = {path: path.stat().st_ino for path in (tmp_path / "2026").iterdir()}
    desk.now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    desk.post(BEN, ANN)
    desk.now = dt.datetime(2027, 3, 1, tzinfo=dt.UTC)
    desk.post(BEN, ANN)
    done = exported(desk, tmp_path)
    assert not done.is_full
    assert {path: path.stat().st_ino for path in closed} == closed
    assert done.written == (
        *("2026.beancount", "2026/03.assert.beancount", "2026/03.beancount"),
        *("2027.beancount", "2027/03.assert.beancount", "2027/03.beancount"),
        *("2027/opening.beancount", "BALANCES", "HEAD", "main.beancount"),
    )


def test_a_year_alone_begins_with_what_everyone_held(desk: Desk, tmp_path: Path) -> None:
    desk.post(ANN, BEN, 60)
    desk.now = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    desk.post(BEN, CAT, 5)
    exported(desk, tmp_path)
    assert (tmp_path / "2027/opening.beancount").read_text("utf-8") == (
        ";; What every account held when 2027 began.\n"
        '\n2026-12-31 * "opening balances"\n  through: 1\n'
        "  Assets:Members:M000001  -60 MIN\n  Assets:Members:M000002  60 MIN\n"
    )
    for top in ("2026.beancount", "2027.beancount", "main.beancount"):
        assert bean_check(tmp_path, top) == ""


def test_an_account_nobody_used_is_counted_and_not_opened(desk: Desk, tmp_path: Path) -> None:
    desk.post(ANN, BEN, 60)
    exported(desk, tmp_path)
    assert "M000003" not in (tmp_path / ACCOUNTS).read_text("utf-8")
    assert "\nM000003 0 0 0 0\n" in (tmp_path / BALANCES).read_text("utf-8")


NAMES = ["2026.beancount", "2026/01.beancount", "2026/01.assert.beancount", ACCOUNTS, BALANCES]


@pytest.mark.parametrize("name", [*NAMES, MAIN])
@pytest.mark.parametrize("harm", ["gone", "short", "long", "other"])
@pytest.mark.parametrize("grows", [False, True])
def test_what_was_changed_is_named_and_not_written_over(
    desk: Desk, tmp_path: Path, name: str, harm: str, *, grows: bool
) -> None:
    folder = tmp_path / "books"
    desk.post()
    exported(desk, folder)
    damage(folder / name, harm)
    before = read(folder)
    if grows:
        # An entry more would let each of these grow.
        desk.now = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
        desk.post()
    with pytest.raises(BooksChanged) as refused:
        exported(desk, folder)
    assert (refused.value.folder, refused.value.files) == (str(folder), (name,))
    assert read(folder) == before
    exported(desk, folder, is_full=True)
    exported(desk, tmp_path / "again")
    assert read(folder) == read(tmp_path / "again") != before


@pytest.mark.parametrize("harm", ["gone", "short", "long"])
@pytest.mark.parametrize(
    "name",
    ["2026.beancount", "2026/01.beancount", "2026/01.assert.beancount", "2027/opening.beancount"],
)
def test_a_month_that_is_over_is_named_too_once_its_length_is_another(
    desk: Desk, tmp_path: Path, name: str, harm: str
) -> None:
    desk.post()
    desk.now = dt.datetime(2027, 3, 1, tzinfo=dt.UTC)
    desk.post(BEN, ANN)
    exported(desk, tmp_path)
    damage(tmp_path / name, harm)
    with pytest.raises(BooksChanged) as refused:
        exported(desk, tmp_path)
    assert refused.value.files == (name,)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("harm", ["gone", "short", "other"])
def test_what_an_export_that_was_cut_short_left_is_written_anew(
    desk: Desk, tmp_path: Path, name: str, harm: str
) -> None:
    folder = tmp_path / "books"
    desk.post()
    exported(desk, folder)
    before = read(folder)
    (folder / UNFINISHED).touch()
    damage(folder / name, harm)
    desk.now = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
    desk.post()
    exported(desk, folder)
    exported(desk, tmp_path / "again")
    assert read(folder) == read(tmp_path / "again") != before


def damage(path: Path, harm: str) -> None:
    content = path.read_bytes()
    changed = {
        "short": content[:-1],
        "long": content + b";; and so on\n",
        "other": content.replace(b"0", b"1"),
    }
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(changed[harm])


def test_a_full_export_mends_what_nobody_would_look_at(desk: Desk, tmp_path: Path) -> None:
    desk.post()
    desk.now = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    desk.post()
    exported(desk, tmp_path)
    good = read(tmp_path)
    january = tmp_path / "2026/01.beancount"
    january.write_text(good["2026/01.beancount"].replace("60", "61"), "utf-8")
    exported(desk, tmp_path)
    assert read(tmp_path) != good
    assert exported(desk, tmp_path, is_full=True).written == ("2026/01.beancount",)
    assert read(tmp_path) == good


def test_an_older_layout_is_written_anew(desk: Desk, tmp_path: Path) -> None:
    desk.post()
    exported(desk, tmp_path)
    head = (tmp_path / HEAD).read_text("utf-8")
    (tmp_path / HEAD).write_text(head.replace("timebank-books 2", "timebank-books 1"), "utf-8")
    assert exported(desk, tmp_path).is_full
    assert Head.parse((tmp_path / HEAD).read_text("utf-8")).entries == 1


def test_without_a_head_only_books_that_were_begun_are_written_anew(
    desk: Desk, tmp_path: Path
) -> None:
    """Books that were never finished have no HEAD, and say that they were begun."""
    desk.post()
    exported(desk, tmp_path)
    good = read(tmp_path)
    (tmp_path / HEAD).unlink()
    with pytest.raises(BooksChanged) as refused:
        exported(desk, tmp_path)
    assert refused.value.files == (HEAD,)
    (tmp_path / UNFINISHED).touch()
    assert exported(desk, tmp_path).is_full
    assert read(tmp_path) == good


@pytest.mark.parametrize("tree", ["0", "0" * 64, "0" * 192])
def test_a_head_that_can_not_be_taken_up_is_written_anew(
    desk: Desk, tmp_path: Path, tree: str
) -> None:
    desk.post()
    desk.post()
    desk.post()
    exported(desk, tmp_path)
    head = (tmp_path / HEAD).read_text("utf-8")
    (tmp_path / HEAD).write_text(re.sub("tree .*", f"tree {tree}", head), "utf-8")
    assert exported(desk, tmp_path).is_full
    assert (tmp_path / HEAD).read_text("utf-8") == head


def test_balances_that_no_longer_follow_are_counted_anew(desk: Desk, tmp_path: Path) -> None:
    """Somebody wrote into the database; the books say what the entries say."""
    desk.post()
    exported(desk, tmp_path)
    with without_guards(desk.engine) as connection:
        connection.execute(update(schema.account).values(posted_in=schema.account.c.posted_in + 1))
        done = exported(desk, tmp_path, connection=connection)
    assert done.is_full
    assert "M000001 -59" in (tmp_path / BALANCES).read_text("utf-8")
    counted = (tmp_path / "2026/01.assert.beancount").read_text("utf-8")
    assert "M000001  -60 MIN" in counted
    assert "other-balances" in bean_check(tmp_path)


def test_books_that_know_more_than_the_database_are_kept(desk: Desk, tmp_path: Path) -> None:
    """After an old backup was put back, the books may be the only copy of what is missing."""
    desk.post()
    desk.post(BEN, ANN)
    exported(desk, tmp_path)
    before = read(tmp_path)
    with without_guards(desk.engine) as connection:
        connection.exec_driver_sql("DELETE FROM leg WHERE seq = 2")
        connection.exec_driver_sql("DELETE FROM entry WHERE seq = 2")
        connection.exec_driver_sql("UPDATE book SET seq = 1")
        for is_full in (False, True):
            with pytest.raises(BooksAhead) as refused:
                exported(desk, tmp_path, connection=connection, is_full=is_full)
    assert (refused.value.entries, refused.value.found) == (2, 1)
    assert read(tmp_path) == before


def test_books_of_another_history_are_kept(desk: Desk, tmp_path: Path) -> None:
    desk.post()
    exported(desk, tmp_path)
    with without_guards(desk.engine) as connection:
        connection.execute(update(schema.entry).values(chain=bytes(32)))
        with pytest.raises(BooksAhead):
            exported(desk, tmp_path, connection=connection)


def test_books_that_end_with_an_entry_that_is_gone_are_kept(desk: Desk, tmp_path: Path) -> None:
    """The database goes on behind it, and its own check names what is missing."""
    for minutes in (1, 2):
        desk.post(minutes=minutes)
    exported(desk, tmp_path)
    desk.post(minutes=3)
    with without_guards(desk.engine) as connection:
        connection.exec_driver_sql("DELETE FROM entry WHERE seq = 2")
        with pytest.raises(BooksAhead) as refused:
            exported(desk, tmp_path, connection=connection)
    assert (refused.value.entries, refused.value.found) == (2, 3)


def test_what_others_left_behind_is_cleared_away(desk: Desk, tmp_path: Path) -> None:
    """beancount unpickles its cache, and Python runs its own: neither may stay."""
    exported(desk, tmp_path)
    (tmp_path / "__pycache__").mkdir()
    left = [
        tmp_path / ".main.beancount.picklecache",
        tmp_path / "__pycache__/timebank_books.cpython-311.pyc",
    ]
    for path in left:
        path.write_bytes(b"")
    assert audit(tmp_path).findings[0].file == "__pycache__/timebank_books.cpython-311.pyc"
    exported(desk, tmp_path)
    assert audit(tmp_path).ok
    assert not any(path.exists() for path in left)


def test_notes_of_the_treasurer_are_included(desk: Desk, tmp_path: Path) -> None:
    desk.post()
    (tmp_path / "local/deep").mkdir(parents=True)
    for name in ("notes.beancount", "odd name.beancount", "deep/more.beancount", "plan.txt"):
        (tmp_path / "local" / name).write_text(
            '2026-01-01 open Expenses:Cake\n2026-02-01 query "who" "SELECT 1"\n', "utf-8"
        )
    exported(desk, tmp_path)
    main = (tmp_path / "main.beancount").read_text("utf-8")
    assert [line for line in main.splitlines() if "local/" in line and line[0] != ";"] == [
        'include "local/notes.beancount"'
    ]
    assert bean_check(tmp_path) == ""
    os.remove(tmp_path / "local/notes.beancount")  # noqa: PTH107 -- it is hers
    assert exported(desk, tmp_path).written == ("HEAD", "main.beancount")


@pytest.mark.parametrize("broken", [b"%s\xff\n", b"%s\nso on\n", b"what is this\n%s"])
def test_a_head_that_can_not_be_read_is_named(desk: Desk, tmp_path: Path, broken: bytes) -> None:
    desk.post()
    exported(desk, tmp_path)
    good = (tmp_path / HEAD).read_bytes()
    (tmp_path / HEAD).write_bytes(broken.replace(b"%s", good))
    with pytest.raises(BooksChanged) as refused:
        exported(desk, tmp_path)
    assert refused.value.files == (HEAD,)
    assert exported(desk, tmp_path, is_full=True).is_full
    assert (tmp_path / HEAD).read_bytes() == good
