"""A member's own hours as a file for beancount and Fava."""

import datetime as dt
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.databases import free_port
from tests.factories import at, sign_in
from tests.timebank.exchanges.scene import Scene, make_scene
from timebank.clock import utc_now
from timebank.exchanges import service
from timebank.hours import service as hours
from timebank.hours.own_books import own_books
from timebank.statements.views import hours as hours_views

PROGRAMS = Path(sys.executable).parent


def given(scene: Scene, minutes: int, *, now: dt.datetime | None = None) -> None:
    now = now or utc_now()
    exchange = scene.log(now=now, happened_on=now.date(), worked_minutes=minutes)
    service.answer_yes(scene.session, scene.community, exchange.id, by=scene.rune, now=now)
    scene.session.flush()


def checked(text: str, tmp_path: Path) -> Path:
    """Let stock bean-check look at a file, and give its path."""
    path = tmp_path / "own.beancount"
    path.write_text(text, "utf-8")
    said = subprocess.run(
        [PROGRAMS / "bean-check", path], capture_output=True, check=False, text=True
    )
    assert (said.returncode, said.stderr) == (0, "")
    return path


def sums(entries: list[Any]) -> Counter[str]:
    """Add up what each account holds."""
    found = Counter[str]()
    for entry in entries:
        for posting in getattr(entry, "postings", ()):
            found[posting.account] += int(posting.units.number)
    return found


def test_a_member_takes_their_hours_home_as_beancount_reads_them(
    scene: Scene, new_client: Callable[[], Client], tmp_path: Path
) -> None:
    given(scene, 90)
    hours.bring_in(
        *(scene.session, scene.community, scene.gita),
        minutes=30,
        happened_on=utc_now().date(),
        key="opening:1",
        by=None,
        now=utc_now(),
    )
    client = new_client()
    sign_in(client, scene.session, scene.gita)
    for query in ("", "?all=1"):
        answer = client.get(at(scene.community, f"/hours/statement.beancount{query}"))
        assert answer.content_type == "text/plain; charset=utf-8"
        assert scene.gita.account_code in answer.headers["Content-Disposition"]
        text = answer.get_data(as_text=True)
        assert "Rune" not in text
        assert "The" not in text.replace("Other accounts", "")
        entries, errors, _options = loader.load_file(str(checked(text, tmp_path)))
        assert errors == []
        assert sums(entries)[f"Assets:Members:{scene.gita.account_code}"] == 120
    wrong = client.get(at(scene.community, "/hours/statement.beancount?month=2999-01"))
    assert wrong.status_code == 404


def test_who_joined_on_the_last_evening_of_a_month_far_in_the_west(
    session: Session, new_client: Callable[[], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    evening = dt.datetime(2026, 6, 1, 5, tzinfo=dt.UTC)
    scene = make_scene(session, time_zone="Pacific/Honolulu")
    scene.gita.joined_at = evening
    client = new_client()
    sign_in(client, scene.session, scene.gita)
    monkeypatch.setattr(hours_views, "today", lambda: dt.date(2026, 5, 31))
    answer = client.get(at(scene.community, "/hours/statement.beancount?all=1"))
    assert answer.status_code == 200
    assert "2026-06-01 balance" in answer.get_data(as_text=True)


def test_what_was_there_before_is_brought_over(scene: Scene, tmp_path: Path) -> None:
    now = utc_now()
    given(scene, 45)
    tomorrow = now.date() + dt.timedelta(days=1)
    code = scene.gita.account_code
    text = own_books(scene.session, scene.community, code, tomorrow, tomorrow)
    entries, errors, _options = loader.load_file(str(checked(text, tmp_path)))
    assert errors == []
    assert sums(entries) == {f"Assets:Members:{code}": 45, "Equity:Carried-Over": -45}


def test_it_opens_in_fava(scene: Scene, tmp_path: Path) -> None:
    given(scene, 60)
    first = utc_now().date().replace(day=1)
    text = own_books(
        *(scene.session, scene.community, scene.gita.account_code, first, utc_now().date())
    )
    port = free_port()
    process = subprocess.Popen(
        [PROGRAMS / "fava", "--read-only", "--port", str(port), checked(text, tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address, page = _page(f"http://127.0.0.1:{port}/")
        assert f"Hours of {scene.gita.account_code}" in page
        _address, errors = _page("/".join([*address.split("/")[:4], "api", "errors"]))
        assert json.loads(errors)["data"] == []
    finally:
        process.kill()
        process.wait()


def _page(address: str) -> tuple[str, str]:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - loopback
                return answer.url, answer.read().decode()
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < deadline, "Fava did not start"
            time.sleep(0.2)
