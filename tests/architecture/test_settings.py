"""Settings: each is explained, and nothing is explained that is not there."""

import re
from dataclasses import fields

from timebank.config import ROOT, Settings

PAGE = ROOT / "docs" / "settings.md"


def explained(page: str) -> set[str]:
    return set(re.findall(r"^## (TIMEBANK_\w+)$", page, re.MULTILINE))


def test_every_setting_is_explained_and_nothing_else_is() -> None:
    settings = {f"TIMEBANK_{field.name.upper()}" for field in fields(Settings)}
    assert explained(PAGE.read_text("utf-8")) == settings


def test_the_program_reads_no_setting_that_is_not_explained() -> None:
    source = (ROOT / "timebank" / "config.py").read_text("utf-8")
    assert set(re.findall(r"\"(TIMEBANK_\w+)\"", source)) <= explained(PAGE.read_text("utf-8"))


def test_a_setting_without_a_heading_is_seen() -> None:
    assert explained("# Settings\n\n## TIMEBANK_ONE\n\ntext TIMEBANK_TWO") == {"TIMEBANK_ONE"}
