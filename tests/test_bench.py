"""The town that pages are measured in, small: it stands before somebody waits for the large one."""

from pathlib import Path

import pytest

from bench import http_pages, http_town, years
from bench.http_pages import PAGES, STATEMENTS_MAX


def test_each_measured_page_opens_in_the_town_and_asks_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_town, "PEOPLE", 20)
    monkeypatch.setattr(http_town, "EXCHANGES", 60)
    place, _environ = http_pages.build_town(tmp_path, 1)
    asked = {name: http_pages.count_statements(place, path) for name, path in PAGES.items()}
    assert max(asked.values()) <= STATEMENTS_MAX, asked


def test_the_pages_of_ten_years_open_in_a_place_of_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(years, "SESSIONS_A_YEAR", 5)
    app = years.place(tmp_path / "years", 2)
    assert all(years.opened(app, path, 0.01) > 0 for path in years.PAGES.values())
    page = app.test_client().get(years.PAGES["a group's figures"]).get_data(as_text=True)
    assert str(years.CONTACTS * 5) in page
