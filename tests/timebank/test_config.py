"""Settings: what cannot be used is said in words."""

from pathlib import Path

import pytest

from timebank.config import Settings, SettingsError


def test_a_home_that_cannot_be_a_folder_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(SettingsError, match=r"cannot be used: .* Set TIMEBANK_HOME to a folder"):
        Settings.from_environ({"TIMEBANK_HOME": str(tmp_path / "file" / "home")})


def test_a_secret_that_cannot_be_read_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "secret_key").mkdir()
    with pytest.raises(SettingsError, match="cannot be used"):
        Settings.from_environ({"TIMEBANK_HOME": str(tmp_path)})
