"""Styles and scripts: named by their content, packed, and few."""

import gzip
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from timebank.config import ROOT
from timebank.web import assets, icons

ALL = ("bootstrap.css", "timebank.css", "print.css", "timebank.js", "icons.svg")
PACKED_BYTES_MAX = 110_000


@pytest.fixture
def address(app: Flask) -> Callable[[str], str]:
    """Tell the address of an asset."""

    def of(name: str) -> str:
        with app.test_request_context():
            return assets.asset_url(name)

    return of


def test_everything_a_first_visit_loads_is_less_than_110_kb_packed() -> None:
    packed = sum(len(gzip.compress(assets.content_of(name) or b"")) for name in ALL)
    assert packed < PACKED_BYTES_MAX


@pytest.mark.parametrize("name", ALL)
def test_an_asset_may_be_kept_for_good(
    client: FlaskClient, address: Callable[[str], str], name: str
) -> None:
    answer = client.get(address(name))
    assert answer.status_code == 200
    assert answer.data == assets.content_of(name)
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_browser_that_unpacks_gets_fewer_bytes(
    client: FlaskClient, address: Callable[[str], str]
) -> None:
    answer = client.get(address("timebank.css"), headers={"Accept-Encoding": "gzip, br"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert gzip.decompress(answer.data) == assets.content_of("timebank.css")


def test_an_asset_of_another_time_is_not_served(client: FlaskClient) -> None:
    assert client.get("/assets/0123456789/timebank.css").status_code == 404


@pytest.mark.parametrize("name", ["../config.py", "%2e%2e/config.py", "art", "no.css"])
def test_nothing_outside_the_folders_is_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/assets/0123456789/{name}").status_code == 404
    assert assets.content_of(name) is None


def test_a_page_that_asks_for_no_asset_at_all_is_a_fault(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(FileNotFoundError):
        assets.asset_url("no.css")


def test_the_stylesheet_carries_its_drawings() -> None:
    sheet = (assets.content_of("timebank.css") or b"").decode()
    assert "data:image/svg+xml," in sheet
    assert 'url("art/' not in sheet


def test_every_icon_of_a_template_is_in_the_sprite() -> None:
    asked = re.compile(r"""(?:\bicon|icon_name=|icon"?[:=])\s*\(?["']([a-z][a-z0-9-]+)["']""")
    missing = {
        (path.name, name)
        for path in (ROOT / "templates").rglob("*.html")
        for name in asked.findall(path.read_text("utf-8"))
        if name not in icons.NAMES
    }
    assert not missing


def test_an_icon_that_the_package_lost_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(icons, "NAMES", frozenset({"cup-hot", "no-such-icon"}))
    icons.sprite.cache_clear()
    with pytest.raises(LookupError, match="no-such-icon"):
        icons.sprite()
    icons.sprite.cache_clear()
