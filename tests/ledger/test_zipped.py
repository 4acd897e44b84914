"""The books as one file: the same bytes each time, nobody's notes, and it checks itself."""

import zipfile
from pathlib import Path

import pytest

from ledger.audit.check import audit
from ledger.books.zipped import packed
from ledger.layout import FindingError
from tests.ledger.desk import Desk
from tests.ledger.test_books import bean_check, exported, read
from tests.ledger.test_chain import ten_entries


@pytest.fixture
def folder(desk: Desk, tmp_path: Path) -> Path:
    """Books of a treasurer who takes notes."""
    ten_entries(desk)
    folder = tmp_path / "books"
    (folder / "local").mkdir(parents=True)
    (folder / "local/notes.beancount").write_text("; M000001 is Ann\n", "utf-8")
    exported(desk, folder)
    return folder


def test_what_is_unpacked_is_whole_and_checks_itself(folder: Path, tmp_path: Path) -> None:
    with packed(folder) as file, zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "elsewhere")
    unpacked = tmp_path / "elsewhere/books"
    files = read(unpacked)
    assert files.keys() == read(folder).keys() - {"local/notes.beancount"}
    assert "Ann" not in "".join(files.values())
    assert audit(unpacked).ok
    assert bean_check(unpacked) == ""


def test_the_same_books_give_the_same_bytes(desk: Desk, folder: Path, tmp_path: Path) -> None:
    exported(desk, tmp_path / "others")
    with packed(folder) as one, packed(tmp_path / "others") as other:
        packed_once = one.read()
        # It is read from its beginning.
        assert packed_once.startswith(b"PK")
        assert packed_once == other.read()


def test_files_lie_in_the_order_of_their_names(folder: Path) -> None:
    with packed(folder) as file, zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    assert names == sorted(names)
    assert {"books/HEAD", "books/main.beancount"} < set(names)


def test_books_that_are_larger_than_memory_allows_lie_on_the_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with packed(folder) as in_memory:
        # It has a name where it is a file.
        assert in_memory.name is None
        content = in_memory.read()
    monkeypatch.setattr("ledger.books.zipped._MEMORY_BYTES_MAX", len(content) - 1)
    with packed(folder) as on_disk:
        assert on_disk.name is not None
        assert on_disk.read() == content


def test_what_are_no_books_is_not_packed(folder: Path) -> None:
    (folder / "HEAD").write_text("", "utf-8")
    with pytest.raises(FindingError):
        packed(folder)
