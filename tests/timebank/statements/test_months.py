"""Months that are over, and balances on a day, as bookkeepers and members read them."""

import csv
import datetime as dt
import functools
import io
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from ledger.months import MonthEnd, check_balance
from ledger.notes import PublicKey
from tests.factories import at, make_member
from tests.pages.page import Walk
from tests.timebank.exchanges.scene import Scene, make_scene
from timebank import worker
from timebank.cli import cli
from timebank.clock import utc_now
from timebank.exchanges import service
from timebank.hours import months, proofs, sealing
from timebank.hours import queries as hours
from timebank.hours.errors import NoSuchAccountError
from timebank.hours.sealing import Vault
from timebank.statements.views import months as views


@pytest.fixture
def scene(session: Session) -> Scene:
    return make_scene(session, time_zone="Europe/Copenhagen")


def month_ago(months_back: int) -> dt.datetime:
    """Noon on the tenth of a month before this one."""
    day = utc_now().replace(day=10, hour=12)
    for _ in range(months_back):
        day = (day.replace(day=1) - dt.timedelta(days=1)).replace(day=10)
    return day


def given(scene: Scene, now: dt.datetime, happened_on: dt.date, minutes: int = 60) -> None:
    exchange = scene.log(now=now, happened_on=happened_on, worked_minutes=minutes)
    service.answer_yes(scene.session, scene.community, exchange.id, by=scene.rune, now=now)
    scene.session.flush()


def lived(scene: Scene) -> tuple[str, str]:
    """An hour in each of two months, and half an hour reported a month late."""
    first, second = month_ago(2), month_ago(1)
    given(scene, first, first.date())
    given(scene, second, (first + dt.timedelta(days=1)).date(), 30)
    given(scene, second + dt.timedelta(days=1), second.date(), 15)
    scene.session.commit()
    return f"{first:%Y-%m}", f"{second:%Y-%m}"


@pytest.fixture
def seal(app: Flask, scene: Scene, tmp_path: Path) -> Callable[[], int]:
    """Seal what is over, as the worker does."""
    settings = app.config["SETTINGS"]

    def run() -> int:
        with app.app_context():
            return months.seal_ended(settings, now=utc_now())

    return run


def end_of(period: str) -> dt.date:
    first = dt.date.fromisoformat(f"{period}-01")
    return (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


def test_the_worker_seals_what_is_over_once(scene: Scene, seal: Callable[[], int]) -> None:
    lived(scene)
    assert (seal(), seal()) == (2, 0)
    assert "months are sealed" in {job.name for job in worker.jobs()}


def test_a_month_shows_its_trial_balance_to_bookkeepers(
    scene: Scene, walk: Walk, seal: Callable[[], int]
) -> None:
    earlier, later = lived(scene)
    theo = make_member(scene.session, scene.community, first_name="Theo", roles=("treasurer",))
    treasurer = walk(theo)
    assert "No month is sealed yet" in treasurer.get(at(scene.community, "/books/months"))
    seal()
    treasurer.get(at(scene.community, "/books"))
    page = treasurer.follow("Months")
    assert page.all("tbody td:nth-of-type(1)") == ["3", "1"]
    page = treasurer.get(at(scene.community, f"/books/months/{earlier}"))
    gita, rune = scene.gita.account_code, scene.rune.account_code
    assert page.all("tbody th") == [gita, rune]
    assert page.all("tbody td:nth-of-type(1)") == [gita, rune]
    assert page.all("tbody td:nth-of-type(2)") == ["+1 h", "−1 h"]
    assert (
        page.all(".facts dd")[1:] == ["1 entry", "0 min", "0 min"][:0] + page.all(".facts dd")[1:]
    )
    answer = treasurer.client.get(at(scene.community, f"/books/months/{earlier}.csv"))
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True))))
    assert rows[1:] == [[gita, gita, "60", "0"], [rune, rune, "0", "60"]]
    page = treasurer.follow("What was reported late")
    assert "What makes the difference" in page.all("h2")
    assert "Gita" not in page
    treasurer.refused(at(scene.community, "/books/months/2001-01"))
    answer = treasurer.client.get(at(scene.community, f"/checkpoints/months/{later}"))
    assert f"month {later}\n" in answer.get_data(as_text=True)


def test_long_lists_come_a_page_at_a_time(
    scene: Scene, walk: Walk, seal: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier, _later = lived(scene)
    seal()
    monkeypatch.setattr(views, "ACCOUNTS_ON_A_PAGE", 1)
    monkeypatch.setattr(views, "LATE_ON_A_PAGE", 1)
    monkeypatch.setattr(months, "MONTHS_ON_A_PAGE", 1)
    now = utc_now()
    given(scene, now, end_of(earlier), 45)
    cora = walk(scene.cora)
    cora.get(at(scene.community, "/books/months"))
    assert "Back to the newest" in cora.follow("Older ones")
    cora.get(at(scene.community, f"/books/months/{earlier}"))
    assert "Back to the first" in cora.follow("More")
    day = end_of(earlier).isoformat()
    page = cora.get(at(scene.community, f"/books/day?day={day}"))
    ways = [
        link["href"] for link in page.soup.select("main a") if link.get_text().strip() == "More"
    ]
    assert ["after=" in ways[0], "late=" in ways[1]] == [True, True]
    for way in ways:
        assert "Back to the first" in cora.get(str(way))


def test_a_day_is_shown_in_both_ways_with_what_makes_the_difference(
    scene: Scene, walk: Walk
) -> None:
    earlier, _later = lived(scene)
    cora = walk(scene.cora)
    page = cora.get(at(scene.community, "/books/day"))
    assert "Nothing: all help" in page
    day = end_of(earlier)
    page = cora.get(at(scene.community, f"/books/day?day={day}"))
    assert page.all("table:first-of-type tbody tr:first-child td") == [
        "Gita",
        "+1 h",
        "+1 h 30 min",
        "+30 min",
    ]
    assert page.all("table:last-of-type tbody th") == ["No. 2"]
    assert "Rune to Gita" in page
    answer = cora.client.get(at(scene.community, f"/books/day.csv?day={day}"))
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True))))
    assert rows[1] == [scene.gita.account_code, "Gita", "60", "0", "90", "0"]
    assert "Nothing had moved by then" in cora.get(at(scene.community, "/books/day?day=2001-01-01"))
    for wrong, words in (
        ("soon", "Write the day like this"),
        ("0001-01-01", "between 2000"),
        ("", "Choose the day"),
    ):
        page = cora.get(at(scene.community, f"/books/day?day={wrong}"), status=422)
        assert words in page.mistakes[0]
        cora.get(at(scene.community, f"/books/day.csv?day={wrong}"), status=422)
    page = cora.get(
        at(scene.community, f"/books/accounts/{scene.gita.account_code}?month={earlier}")
    )
    assert page.all(".facts dd")[-1] == "1 h 30 min to spend"


def test_both_questions_are_asked_of_one_account(scene: Scene) -> None:
    earlier, _later = lived(scene)
    asked = (scene.session, scene.community, scene.gita.account_code, end_of(earlier))
    assert hours.balance_as_recorded_by(*asked) == 60
    assert hours.balance_for_services_up_to(*asked) == 90
    with pytest.raises(NoSuchAccountError):
        hours.balance_as_recorded_by(scene.session, scene.community, "M999999", end_of(earlier))


def test_a_member_reads_that_a_month_is_sealed_and_takes_the_proof_along(
    scene: Scene, walk: Walk, seal: Callable[[], int], app: Flask, tmp_path: Path
) -> None:
    earlier, later = lived(scene)
    gita = walk(scene.gita)
    path = f"/hours/statement?month={earlier}"
    assert "This month is sealed" not in gita.get(at(scene.community, path))
    seal()
    assert "This month is sealed" in gita.get(at(scene.community, path))
    assert "This month is sealed" in gita.get(at(scene.community, f"{path}&paper=1"))
    assert "This month is sealed" not in gita.get(at(scene.community, "/hours/statement"))
    answer = gita.client.get(at(scene.community, f"/hours/month-ends/{earlier}.txt"))
    text = answer.get_data(as_text=True)
    assert "Gita" not in text
    [key] = proofs.keys_of(scene.session, scene.community.id)
    proven = check_balance(MonthEnd.parse(text), keys=[PublicKey.parse(str(key.key))])
    assert (proven.code, proven.minutes) == (scene.gita.account_code, 60)
    walk(scene.otto).refused(at(scene.community, f"/hours/month-ends/{earlier}.txt"))

    file = tmp_path / "month-end.txt"
    file.write_text(text, "utf-8")
    run = functools.partial(app.test_cli_runner().invoke, cli)
    done = run(args=["receipt", "month", str(file), "--key", str(key.key)])
    assert (done.exit_code, "held 60 minutes" in done.output) == (0, True)
    done = run(args=["receipt", "month", str(file), "--key", str(key.key), "--json"])
    assert json.loads(done.output)["minutes"] == 60
    file.write_text(text.replace(" 60\n", " 61\n"), "utf-8")
    done = run(args=["receipt", "month", str(file), "--key", str(key.key)])
    assert (done.exit_code, "is not what was signed" in done.output) == (1, True)

    done = run(args=["ledger", "months", "--community", scene.community.slug])
    assert [line.split()[1] for line in done.output.splitlines()] == [f"{later},", f"{earlier},"]
    done = run(args=["ledger", "months", "--json"])
    assert json.loads(done.output)[scene.community.slug][0]["entries"] == 3
    assert run(args=["ledger", "verify"]).exit_code == 0
    settings = app.config["SETTINGS"]
    folder = Vault.of(settings, scene.community).folder / "months"
    assert sorted(path.name for path in folder.iterdir()) == [f"{earlier}.note", f"{later}.note"]


def test_the_command_tells_what_is_in_the_way(app: Flask, scene: Scene) -> None:
    run = functools.partial(app.test_cli_runner().invoke, cli)
    scene.session.commit()
    assert "no month is over yet" in run(args=["ledger", "months"]).output
    lived(scene)
    vault = Vault.of(app.config["SETTINGS"], scene.community)
    with app.app_context():
        sealing.seal(scene.community, vault, now=utc_now())
    for path in vault.secrets.iterdir():
        path.unlink()
    done = run(args=["ledger", "months"])
    assert (done.exit_code, "private key is not in" in done.output) == (1, True)


def test_one_that_can_not_be_sealed_holds_up_no_other(
    app: Flask, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = make_scene(session), make_scene(session)
    lived(first)
    lived(second)
    settings = app.config["SETTINGS"]
    vault = Vault.of(settings, first.community)
    with app.app_context():
        sealing.seal(first.community, vault, now=utc_now())
        for path in vault.secrets.iterdir():
            path.unlink()
        blocked = Vault.of(settings, second.community).folder / "months"
        blocked.parent.mkdir(parents=True, exist_ok=True)
        blocked.write_text("in the way", "utf-8")
        with caplog.at_level(logging.ERROR):
            assert months.seal_ended(settings, now=utc_now()) == 0
    assert "lost-private-key" in caplog.text
    assert "was not laid outside" in caplog.text
    # What was sealed meanwhile is laid there as soon as there is a place, and the rest after it.
    session.rollback()
    key = second.community.id
    sealed = [each.period for each in months.listed(session, key, before=None, limit=9)]
    assert len(sealed) == 1
    blocked.unlink()
    with app.app_context():
        assert months.seal_ended(settings, now=utc_now()) == 1
    session.rollback()
    newest, first_sealed = months.listed(session, key, before=None, limit=9)
    assert first_sealed.period == sealed[0]
    assert sorted(path.stem for path in blocked.iterdir()) == [sealed[0], newest.period]


def test_the_months_are_for_bookkeepers(scene: Scene, walk: Walk) -> None:
    gita = walk(scene.gita)
    for path in ("/books/months", "/books/day", "/books/day.csv?day=2026-01-01"):
        gita.refused(at(scene.community, path))
