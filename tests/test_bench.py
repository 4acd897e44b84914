"""The town that pages are measured in, small: it stands before somebody waits for the large one."""

from pathlib import Path

import pytest

from bench import http_pages, http_town
from bench.http_pages import PAGES, STATEMENTS_MAX


def test_each_measured_page_opens_in_the_town_and_asks_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_town, "PEOPLE", 20)
    monkeypatch.setattr(http_town, "EXCHANGES", 60)
    place, _environ = http_pages.build_town(tmp_path, 1)
    asked = {name: http_pages.count_statements(place, path) for name, path in PAGES.items()}
    assert max(asked.values()) <= STATEMENTS_MAX, asked
