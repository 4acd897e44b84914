"""Secrets that make themselves, once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from timebank.config import Settings, SettingsError

AT_ONCE = 16


def test_everybody_who_starts_at_once_reads_one_whole_secret(tmp_path: Path) -> None:
    environ = {"TIMEBANK_HOME": str(tmp_path / "home")}
    with ThreadPoolExecutor(AT_ONCE) as threads:
        read = list(threads.map(lambda _: Settings.from_environ(environ), range(AT_ONCE)))
    assert len({one.secret_key for one in read}) == 1
    assert len({one.ledger_secret for one in read}) == 1
    assert len(read[0].secret_key) == 64
    files = sorted((tmp_path / "home").iterdir())
    assert [file.name for file in files] == ["ledger_secret", "secret_key"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_home_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file, not a folder")
    with pytest.raises(SettingsError, match="cannot be used"):
        Settings.from_environ({"TIMEBANK_HOME": str(tmp_path / "home")})
