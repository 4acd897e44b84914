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
        assert one.read() == other.read()


def test_what_are_no_books_is_not_packed(folder: Path) -> None:
    (folder / "HEAD").write_text("", "utf-8")
    with pytest.raises(FindingError):
        packed(folder)
