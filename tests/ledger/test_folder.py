"""The folder of the books: whose it is, and what lies in it while its files are written."""

import fcntl
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import pytest

from ledger.books.folder import UNFINISHED, Folder, alone, undisturbed
from ledger.errors import ForeignBooks
from ledger.files import write
from ledger.layout import (
    ACCOUNTS,
    BALANCES,
    CHECKPOINT,
    HEAD,
    KEY,
    LAYOUT,
    MAIN,
    PLUGIN,
    SIGNED_KEYS,
    SIGNED_MONTHS,
    Head,
    mark,
)

BOOK, OTHER_BOOK = "0190" * 8, "0191" * 8
#: More of them than a disk or a set would give back in order by chance.
NUMBERS: Final = [f"{number:02}" for number in (*range(30, 60), *range(10, 30))]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files and folders that are made durable from now on, in order."""
    paths: list[Path] = []
    fsync = os.fsync

    def seen(descriptor: int) -> None:
        paths.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", seen)
    return paths


def make(folder: Folder, *names: str) -> None:
    for name in names:
        (folder.path / name).parent.mkdir(exist_ok=True)
        (folder.path / name).write_bytes(b"")


def names_in(folder: Folder) -> set[str]:
    return {path.relative_to(folder.path).as_posix() for path in folder.path.rglob("*")}


# ------------------------------------------------------------------------- whose folder it is


def refused(folder: Folder) -> tuple[object, object]:
    with pytest.raises(ForeignBooks) as foreign:
        folder.check(BOOK)
    return foreign.value.folder, foreign.value.found


def test_a_folder_with_something_else_in_it_is_refused_with_the_first_by_name(
    folder: Folder,
) -> None:
    make(folder, *(f"photo-{number}.jpg" for number in NUMBERS))
    assert refused(folder) == (str(folder.path), "photo-10.jpg")
    assert len(names_in(folder)) == len(NUMBERS)


@pytest.mark.parametrize(
    "name",
    ["26.beancount", "2026.txt", "Head", "x.main.beancount", "2026x", ".part", ".git", "locale"],
)
def test_a_name_that_is_only_like_one_of_ours_is_refused(folder: Folder, name: str) -> None:
    make(folder, name)
    assert refused(folder) == (str(folder.path), name)


@pytest.mark.parametrize(
    "head", [f"book {OTHER_BOOK}\n", "", f"a book {BOOK}\n", f"book {BOOK}0\n", f"book {BOOK[:-1]}"]
)
def test_the_books_of_another_community_are_refused(folder: Folder, head: str) -> None:
    (folder.path / HEAD).write_text(f"{LAYOUT}\n{head}", "utf-8")
    assert refused(folder) == (str(folder.path), "the books of another community")


def test_our_own_books_are_taken_and_what_others_left_is_cleared_away(folder: Folder) -> None:
    kept = {
        *(MAIN, ACCOUNTS, BALANCES, CHECKPOINT, KEY, PLUGIN, UNFINISHED, SIGNED_KEYS),
        *("2026.beancount", "2026/01.beancount", "2026/.note", "local/.x.part", "local/notes.txt"),
        "__pycache__/other.cpython-311.pyc",
    }
    left = {
        *(".HEAD.k3j.part", "2026/.01.beancount.x.part", "signed/.keys.txt.x.part"),
        *(".main.beancount.picklecache", "__pycache__/timebank_books.cpython-311.pyc"),
    }
    make(folder, *kept, *left)
    (folder.path / HEAD).write_bytes(f"{LAYOUT}\nbook {BOOK}\n\xff".encode("latin-1"))
    folder.check(BOOK)
    assert names_in(folder) == kept | {HEAD, "2026", "local", "signed", "__pycache__"}


@pytest.mark.parametrize(
    ("head", "holds"),
    [
        (f"{LAYOUT}\nbook {BOOK}\n", True),
        (LAYOUT, True),
        ("", True),
        ("what is this\ntimebank-books 1\n", True),
        ("timebank-books 1 and so on\n", True),
        # The next export writes older ones anew.
        ("timebank-books 1\nbook\n", False),
        ("timebank-books 1", False),
    ],
)
def test_books_whose_head_can_not_be_read_are_books_but_for_another_layout(
    folder: Folder, head: str, *, holds: bool
) -> None:
    (folder.path / HEAD).write_text(head, "utf-8")
    assert folder.holds_books() is holds


def test_books_without_a_head_are_books(folder: Folder) -> None:
    assert folder.holds_books() is False
    make(folder, MAIN)
    assert folder.holds_books() is True


# ------------------------------------------------------------------------- while files are written


def test_an_export_is_marked_as_unfinished_before_its_first_file_until_it_ends(
    folder: Folder, synced: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark is on the disk before any file is replaced, and so is that it was taken away."""
    before: list[tuple[str, bool]] = []

    def seen(path: Path, content: bytes) -> None:
        before.append((path.name, folder.is_unfinished and folder.path in synced))
        write(path, content)

    monkeypatch.setattr("ledger.books.folder.write", seen)
    assert not folder.is_unfinished
    assert folder.put(MAIN, b"one\n") == mark(b"one\n")
    assert (folder.path / UNFINISHED).read_bytes() == b""
    folder.put(ACCOUNTS, b"two\n")
    assert before == [(MAIN, True), (ACCOUNTS, True)]
    synced.clear()
    folder.end()
    assert (folder.is_unfinished, synced) == (False, [folder.path])
    # Nothing was begun, so nothing ends.
    folder.end()
    assert synced == [folder.path]


def test_a_file_that_is_the_same_is_not_written_and_begins_nothing(folder: Folder) -> None:
    (folder.path / MAIN).write_bytes(b"one\n")
    assert folder.put(MAIN, b"one\n") == mark(b"one\n")
    assert (folder.written, names_in(folder)) == ([], {MAIN})


def test_before_a_file_is_taken_away_the_export_is_marked_as_unfinished(
    folder: Folder, synced: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.path / KEY).write_bytes(b"a key\n")
    unlink, marked = Path.unlink, []

    def seen(path: Path) -> None:
        marked.append((path.name, folder.is_unfinished and folder.path in synced))
        unlink(path)

    monkeypatch.setattr(Path, "unlink", seen)
    folder.remove(KEY)
    assert marked == [(KEY, True)]
    assert names_in(folder) == {UNFINISHED}


def test_where_there_is_nothing_to_take_away_nothing_is_begun(folder: Folder) -> None:
    folder.remove(KEY)
    assert names_in(folder) == set()


def test_each_file_that_was_written_is_durable_and_so_is_its_name(
    folder: Folder, synced: list[Path]
) -> None:
    names = [f"20{number}/{month}.beancount" for month in ("01", "02") for number in NUMBERS]
    for name in (MAIN, *names):
        folder.put(name, b"one\n")
    assert folder.written == [MAIN, *names]
    assert len([path for path in synced if path.name.endswith(".part")]) == 2 + len(names)
    synced.clear()
    folder.sync()
    assert synced == [folder.path, *(folder.path / f"20{number}" for number in sorted(NUMBERS))]


# ------------------------------------------------------------------------- as it was left


def test_a_file_is_read_as_far_as_it_was_marked(folder: Folder) -> None:
    was = mark(b"one\n")
    read_as = {b"one\n": b"one\n", b"one\ntwo\n": b"one\n", b"One\n": None, b"one": None}
    for content, read in read_as.items():
        (folder.path / MAIN).write_bytes(content)
        assert folder.read(MAIN, was) == read
        assert folder.has(MAIN, was) is (len(content) == was.length)
    (folder.path / MAIN).unlink()
    assert folder.read(MAIN, was) is None
    assert folder.has(MAIN, was) is False
    (folder.path / MAIN).mkdir()
    assert folder.read(MAIN, was) is None


MONTH: Final = "2026/03"
READ: Final = [
    *(f"{MONTH}.beancount", f"{MONTH}.assert.beancount", "2026.beancount"),
    *(SIGNED_MONTHS, MAIN, BALANCES),
]
OVER: Final = ["2026/opening.beancount", "2026/02.beancount", "2025/12.beancount"]
LEFT: Final = Head(BOOK, 1, "", "", "", dict.fromkeys([*READ, *OVER], mark(b"one\n")))


def changed(folder: Folder, content: bytes, names: list[str]) -> list[str]:
    """What is told where these files hold something, and the others what they were left with."""
    make(folder, *LEFT.files)
    for name in LEFT.files:
        (folder.path / name).write_bytes(content if name in names else b"one\n")
    return folder.changed(LEFT, MONTH)


def test_what_may_be_replaced_is_read_and_of_a_month_that_is_over_the_length_is_looked_at(
    folder: Folder,
) -> None:
    assert changed(folder, b"", []) == []
    for name in (*READ, *OVER):
        assert changed(folder, b"One\n", [name]) == ([name] if name in READ else [])
        assert changed(folder, b"one", [name]) == [name]
        assert changed(folder, b"one\ntwo\n", [name]) == [name]
        (folder.path / name).unlink()
        assert folder.changed(LEFT, MONTH) == [name]


def test_files_that_were_changed_are_told_in_order(folder: Folder) -> None:
    """However HEAD lists them."""
    assert changed(folder, b"", list(LEFT.files)) == sorted(LEFT.files) != list(LEFT.files)


def test_what_was_signed_is_listed_in_order_and_nothing_else(folder: Folder) -> None:
    assert folder.signed() == []
    signed = [f"signed/20{number}.txt" for number in NUMBERS]
    make(folder, *signed, "signed/2026.md", "signed/notes", "2026.txt", "local/2026.txt")
    assert folder.signed() == sorted(signed)


def test_notes_that_the_books_can_include_are_listed_in_order(folder: Folder) -> None:
    assert folder.notes() == []
    notes = [f"local/notes-{number}.beancount" for number in NUMBERS]
    make(folder, *notes, "local/odd name.beancount", "local/.x.beancount", "local/plan.txt", MAIN)
    make(folder, "local/deep/more.beancount")
    assert folder.notes() == sorted(notes)


# ------------------------------------------------------------------------- one at a time


def is_free(path: Path, how: int) -> bool:
    """Whether somebody else could have the folder now."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


@pytest.mark.parametrize(("hold", "readers"), [(alone, False), (undisturbed, True)])
def test_two_exports_lock_each_other_out_and_readers_only_exports(
    tmp_path: Path, hold: Callable[[Path], AbstractContextManager[None]], *, readers: bool
) -> None:
    with hold(tmp_path):
        assert not is_free(tmp_path, fcntl.LOCK_EX)
        assert is_free(tmp_path, fcntl.LOCK_SH) is readers
    assert is_free(tmp_path, fcntl.LOCK_EX)
    # Whatever happens inside, the next one can have it.
    with pytest.raises(KeyError), hold(tmp_path):
        raise KeyError
    assert is_free(tmp_path, fcntl.LOCK_EX)
