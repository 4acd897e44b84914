"""Files are put in place whole or not at all."""

import os
from pathlib import Path

import pytest

from ledger import files, published


def test_a_file_is_written_once_and_left_alone_where_it_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    assert files.put(path, b"one")
    assert not files.put(path, b"one")
    assert files.put(path, b"two", mode=0o600)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_sealed_month_is_published_once_and_is_no_checkpoint(tmp_path: Path) -> None:
    assert published.put_month(tmp_path, "2026-01", "Søndag\n")
    assert not published.put_month(tmp_path, "2026-01", "Søndag\n")
    assert (tmp_path / "months" / "2026-01.note").read_text("utf-8") == "Søndag\n"
    assert list(published.notes_in(tmp_path)) == []


def test_what_was_there_stays_where_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    files.put(path, b"one")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.put(path, b"two")
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_bytes() == b"one"
