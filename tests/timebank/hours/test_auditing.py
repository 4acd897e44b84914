"""The books are checked each night and on demand; what comes of it is kept as it was said."""

import datetime as dt
import json
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.errors import UnknownBook
from tests.factories import NOW, make_community, make_member
from timebank.cli import cli
from timebank.communities.models import Community
from timebank.config import Settings
from timebank.db import new_id
from timebank.hours import auditing, programs, service
from timebank.hours.errors import BooksNotWrittenError
from timebank.hours.models import BooksCheck
from timebank.hours.programs import Ended
from timebank.members.models import Member

DAY = dt.timedelta(days=1)
NEXT_DAY = NOW + DAY


@pytest.fixture
def settings(app: Flask, tmp_path: Path) -> Settings:
    found: Settings = app.config["SETTINGS"]
    return found


@pytest.fixture
def village(app: Flask, session: Session) -> Community:
    """One community in which one hour was given."""
    village = make_community(session, slug="village")
    ann, ben = (make_member(session, village, first_name=name) for name in ("Ann", "Ben"))
    give(session, village, ann, ben)
    session.commit()
    return village


def give(
    session: Session,
    village: Community,
    ann: object,
    ben: object,
    key: str = "1",
    now: dt.datetime = NOW,
) -> None:
    service.transfer(
        *(session, village),
        receiver=ann,  # type: ignore[arg-type]
        giver=ben,  # type: ignore[arg-type]
        minutes=60,
        happened_on=now.date(),
        category="company",
        key=f"exchange:{key}",
        by=None,
        now=now,
    )


def check(app: Flask, settings: Settings, *, now: dt.datetime = NOW) -> int:
    with app.app_context():
        return auditing.check_due(settings, now=now)


def last(session: Session, village: Community) -> BooksCheck:
    session.rollback()
    session.expire_all()
    found = auditing.latest(session, village.id)
    assert found is not None
    return found


def test_the_books_are_checked_once_a_night_and_the_verdict_is_kept(
    app: Flask, session: Session, village: Community, settings: Settings
) -> None:
    assert check(app, settings) == 1
    verdict = last(session, village)
    assert (verdict.outcome, verdict.entries, verdict.stop) == ("right", 1, None)
    assert len(verdict.head) == 64
    assert verdict.ended_at is not None
    assert verdict.ended_at > verdict.asked_at
    assert not auditing.is_alarm(session, village.id)
    session.rollback()
    assert check(app, settings, now=NOW + dt.timedelta(hours=2)) == 0
    assert check(app, settings, now=NEXT_DAY) == 1


def test_a_night_reads_the_newest_year_and_a_week_all_of_them(
    app: Flask,
    session: Session,
    village: Community,
    settings: Settings,
) -> None:
    cai, dov = (make_member(session, village, first_name=name) for name in ("Cai", "Dov"))
    later = NOW.replace(year=NOW.year + 1)
    give(session, village, cai, dov, key="2", now=later)
    session.commit()
    read = []
    for number in range(9):
        assert check(app, settings, now=later + dt.timedelta(days=number, minutes=-number)) == 1
        verdict = last(session, village)
        assert verdict.outcome == "right"
        read.append((verdict.year, verdict.entries))
        session.rollback()
    alone, all_years = (later.year, 1), (None, 2)
    assert read == [all_years, *[alone] * 6, all_years, alone]


def test_in_a_new_year_all_years_are_read_once_more(
    app: Flask, session: Session, village: Community, settings: Settings
) -> None:
    """What was recorded after the last night of the old year stands in none of the new one."""
    ended(session, village, NOW.replace(month=12, day=30))
    assert not auditing._is_whole_due(session, village.id, NOW.replace(month=12, day=31))
    assert auditing._is_whole_due(
        session, village.id, NOW.replace(year=NOW.year + 1, month=1, day=1)
    )


def test_after_something_was_found_all_years_are_read_until_they_are_right(
    app: Flask, session: Session, village: Community, settings: Settings
) -> None:
    ended(session, village, NOW - 3 * DAY)
    assert not auditing._is_whole_due(session, village.id, NOW)
    ended(session, village, NOW - 2 * DAY, "wrong", year=NOW.year)
    assert auditing._is_whole_due(session, village.id, NOW)
    ended(session, village, NOW - DAY, "stopped")
    assert auditing._is_whole_due(session, village.id, NOW)
    ended(session, village, NOW)
    assert not auditing._is_whole_due(session, village.id, NOW + DAY)


def test_books_that_take_too_long_as_a_whole_are_read_by_the_year_every_other_night(
    app: Flask, session: Session, village: Community, settings: Settings
) -> None:
    assert auditing._is_whole_due(session, village.id, NOW)
    ended(session, village, NOW, "stopped")
    assert not auditing._is_whole_due(session, village.id, NOW + DAY)
    ended(session, village, NOW + DAY, year=NOW.year)
    assert auditing._is_whole_due(session, village.id, NOW + 2 * DAY)


def ended(
    session: Session,
    village: Community,
    at: dt.datetime,
    outcome: str = "right",
    *,
    year: int | None = None,
) -> BooksCheck:
    """Leave a check that ended in some way."""
    check = BooksCheck(
        community_id=village.id,
        id=new_id(),
        asked_at=at,
        started_at=at,
        ended_at=at,
        is_whole=year is None,
        year=year,
        outcome=outcome,
        stop="time" if outcome == "stopped" else None,
    )
    session.add(check)
    session.flush()
    return check


def test_who_asks_for_all_years_widens_a_check_that_waits_for_one(
    app: Flask, session: Session, village: Community, settings: Settings
) -> None:
    waiting = auditing.ask(session, village.id, by=None, now=NOW, is_whole=False)
    asked = [
        auditing.ask(session, village.id, by=None, now=NOW, is_whole=is_whole).is_whole
        for is_whole in (False, True, False)
    ]
    assert asked == [False, True, True]
    # One that runs already reads what it reads.
    waiting.is_whole, waiting.started_at = False, NOW
    assert not auditing.ask(session, village.id, by=None, now=NOW).is_whole


def test_a_check_is_asked_for_once_however_often_one_asks(
    app: Flask, session: Session, village: Community, settings: Settings
) -> None:
    check(app, settings)
    first = auditing.ask(session, village.id, by=None, now=NOW)
    session.commit()
    assert auditing.ask(session, village.id, by=None, now=NOW).id == first.id
    session.commit()
    assert check(app, settings) == 1
    assert last(session, village).id == first.id
    session.rollback()
    assert check(app, settings) == 0


@pytest.mark.parametrize("name", ["2026/05.beancount", "2026.beancount", "main.beancount"])
@pytest.mark.parametrize("is_given_more", [False, True])
def test_an_edited_minute_is_an_alarm_until_the_books_are_written_anew(
    app: Flask,
    session: Session,
    village: Community,
    settings: Settings,
    name: str,
    *,
    is_given_more: bool,
) -> None:
    """Whether the next export would replace the file or not."""
    check(app, settings)
    edited = auditing.paths_of(settings, village).folder / name
    good = edited.read_text("utf-8")
    edited.write_text(good.replace("60 MIN", "61 MIN"), "utf-8")
    if is_given_more:
        ann, ben = session.scalars(sa.select(Member).order_by(Member.id))
        give(session, village, ann, ben, "2")
        session.commit()
    session.rollback()
    assert check(app, settings, now=NEXT_DAY) == 1
    verdict = last(session, village)
    assert verdict.outcome == "wrong"
    assert [(finding["reason"], finding["file"]) for finding in auditing.findings_of(verdict)] == [
        ("edited-file", name)
    ]
    assert auditing.is_alarm(session, village.id)
    assert "61 MIN" in edited.read_text("utf-8")
    with app.app_context(), pytest.raises(BooksNotWrittenError):
        auditing.bring_up_to_date(auditing.paths_of(settings, village))
    arguments = ["books", "export", str(edited.parents[name.count("/")])]
    refused = app.test_cli_runner().invoke(cli, arguments)
    assert (refused.exit_code, f"Somebody changed {name} in" in refused.output) == (1, True)
    assert app.test_cli_runner().invoke(cli, [*arguments, "--full"]).exit_code == 0
    session.rollback()
    check(app, settings, now=NEXT_DAY + DAY)
    assert last(session, village).outcome == "right"


@pytest.mark.parametrize("stop", ["time", "memory", "fault"])
def test_a_check_that_was_cut_off_is_no_good_news(
    app: Flask,
    session: Session,
    village: Community,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    stop: str,
) -> None:
    monkeypatch.setattr(auditing, "_audit", lambda *_paths, **_more: (None, Ended(None, stop)))
    check(app, settings)
    verdict = last(session, village)
    assert (verdict.outcome, verdict.stop) == ("stopped", stop)


def test_books_that_can_not_be_written_are_said_to_be_so(
    app: Flask, session: Session, village: Community, settings: Settings
) -> None:
    folder = auditing.paths_of(settings, village).folder
    folder.mkdir(parents=True)
    (folder / "holiday.jpg").write_bytes(b"")
    check(app, settings)
    assert last(session, village).stop == "foreign"


@pytest.mark.parametrize(
    ("error", "stop"),
    [
        (OSError(28, "No space left on device"), "space"),
        (UnknownBook(new_id()), "fault"),
    ],
)
def test_why_books_can_not_be_written_is_kept(
    app: Flask,
    session: Session,
    village: Community,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    stop: str,
) -> None:
    def refuse(_paths: auditing.Paths) -> None:
        raise error

    monkeypatch.setattr(auditing, "export_books", refuse)
    check(app, settings)
    assert last(session, village).stop == stop


def test_a_worker_that_was_cut_off_leaves_a_check_that_is_named_and_begun_again(
    app: Flask, session: Session, village: Community, settings: Settings
) -> None:
    left = auditing.ask(session, village.id, by=None, now=NOW)
    left.started_at = NOW
    session.commit()
    assert check(app, settings, now=NOW + dt.timedelta(minutes=1)) == 0
    assert check(app, settings, now=NEXT_DAY) == 0
    assert last(session, village).outcome == "stopped"
    session.rollback()
    assert check(app, settings, now=NEXT_DAY) == 1


def test_a_worker_that_is_asked_to_stop_leaves_the_check_to_the_next(
    app: Flask,
    session: Session,
    village: Community,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(programs, "LOOK_SECONDS", 0.01)
    stop = threading.Event()
    stop.set()
    with app.app_context():
        assert auditing.check_due(settings, now=NOW, stop=stop) == 0
    session.rollback()
    left = auditing.waiting(session, village.id)
    assert left is not None
    assert left.started_at is None


def test_one_program_runs_at_a_time(
    app: Flask, session: Session, village: Community, settings: Settings
) -> None:
    with programs.alone(settings) as first:
        assert first
        with programs.alone(settings) as second:
            assert not second
        assert check(app, settings) == 0
        answer = app.test_cli_runner().invoke(cli, ["books", "audit"])
        assert answer.exit_code == 1
        assert "running already" in answer.output
    assert check(app, settings) == 1


def test_the_command_checks_and_says(app: Flask, session: Session, village: Community) -> None:
    said = app.test_cli_runner().invoke(cli, ["books", "audit"])
    assert said.exit_code == 0, said.output
    assert "village: the books are right. 1 entries" in said.output
    facts = json.loads(app.test_cli_runner().invoke(cli, ["books", "audit", "--json"]).output)
    assert facts["village"]["outcome"] == "right"


def test_two_who_ask_in_the_same_moment_get_one_check(
    session: Session, village: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = auditing.ask(session, village.id, by=None, now=NOW)
    looked: list[int] = []

    def sees_nothing_at_first(*asked: Any) -> BooksCheck | None:
        looked.append(1)
        return None if len(looked) == 1 else first

    monkeypatch.setattr(auditing, "waiting", sees_nothing_at_first)
    assert auditing.ask(session, village.id, by=None, now=NOW) is first
    monkeypatch.setattr(auditing, "waiting", lambda *_asked: None)
    with pytest.raises(IntegrityError):
        auditing.ask(session, village.id, by=None, now=NOW)


def test_a_database_behind_its_books_is_an_alarm(
    app: Flask, session: Session, village: Community, settings: Settings
) -> None:
    check(app, settings)
    head = auditing.paths_of(settings, village).folder / "HEAD"
    head.write_text(head.read_text("utf-8").replace("entries 1\n", "entries 2\n"), "utf-8")
    session.rollback()
    check(app, settings, now=NEXT_DAY)
    verdict = last(session, village)
    assert verdict.outcome == "wrong"
    [finding] = auditing.findings_of(verdict)
    assert finding["reason"] == "books-ahead"
    assert auditing.is_alarm(session, village.id)


def test_the_command_says_what_was_found_and_what_was_stopped(
    app: Flask, session: Session, village: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn, whole = {"file": "HEAD", "detail": "is torn"}, {"detail": "all"}
    found: dict[str, Any] = {"ok": False, "findings": [torn, whole]}
    sum_of_may = {"file": "2026/05.assert.beancount", "detail": "Balance failed"}
    for ended, words in (
        (Ended(found), "village: the books are NOT right.\nHEAD: is torn\nvillage: all"),
        (
            Ended(found | {"findings": [*found["findings"], sum_of_may], "following": 21}),
            "HEAD: is torn\nvillage: all\nvillage: and 21 balances that follow from it",
        ),
        (Ended(None, "memory"), "village: the check was stopped: it took too much memory."),
    ):
        monkeypatch.setattr(auditing, "_audit", lambda *_p, ended=ended, **_more: (None, ended))
        said = app.test_cli_runner().invoke(cli, ["books", "audit", "--community", "village"])
        assert said.exit_code == 1
        assert words in said.output


def test_without_a_community_there_is_nothing_to_check(app: Flask, session: Session) -> None:
    said = app.test_cli_runner().invoke(cli, ["books", "audit"])
    assert said.exit_code == 1
    assert "There is no community yet." in said.output


# ------------------------------------------------------------------- programs of their own


def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    (tmp_path / "made_up.py").write_text(words, "utf-8")
    monkeypatch.setattr(programs, "ROOT", tmp_path)
    monkeypatch.setattr(programs, "LOOK_SECONDS", 0.05)


@pytest.mark.parametrize(
    ("words", "stop"),
    [
        ("raise SystemExit(3)", "fault"),
        ("print('not what we read')", "fault"),
        ("print([])", "fault"),
        ("while True: pass", "time"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "memory"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", "time"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGALRM)", "time"),
        ("raise MemoryError", "memory"),
        ("import os; os.abort()", "fault"),
    ],
)
def test_a_program_that_does_not_answer_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, stop: str
) -> None:
    program(tmp_path, monkeypatch, words)
    ended = programs.run("made_up", [], seconds=5 if stop != "time" else 1)
    assert (ended.answer, ended.stop) == (None, stop)


def test_a_program_sees_none_of_our_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMEBANK_SECRET_KEY", "not for it")
    program(
        tmp_path,
        monkeypatch,
        "import json, os, sys; print(json.dumps({'seen': sorted(os.environ),"
        " 'read': sys.stdin.read()}))",
    )
    answer = programs.run("made_up", [], seconds=5, words="what it reads").answer
    assert answer is not None
    assert not [name for name in answer["seen"] if name.startswith("TIMEBANK")]
    assert answer["read"] == "what it reads"
