"""Questions to the books, from the button to the spreadsheet."""

import csv
import datetime as dt
import io
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from ledger.book_errors import BooksAhead, BooksChanged
from ledger.errors import ForeignBooks
from tests.factories import at, make_member
from tests.pages.page import Walk
from tests.timebank.exchanges.scene import Scene, make_scene
from timebank.clock import utc_now
from timebank.db import db
from timebank.exchanges import service
from timebank.hours import asking, auditing, programs
from timebank.hours.errors import NoSuchQuestionError, TooManyQuestionsError
from timebank.hours.models import OWN_WORDS, BooksQuestion
from timebank.hours.programs import Ended
from timebank.hours.questions import SAVED
from timebank.members.models import Member
from timebank.statements.questions import WORDS, cell_words
from timebank.statements.views import questions

Work = Callable[[], int]


@pytest.fixture
def scene(session: Session, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(questions, "WAIT_SECONDS", 0.0)
    scene = make_scene(session)
    now = utc_now()
    exchange = scene.log(now=now, happened_on=now.date(), title="The hedge")
    service.answer_yes(session, scene.community, exchange.id, by=scene.rune, now=now)
    session.flush()
    return scene


@pytest.fixture
def audra(scene: Scene) -> Member:
    return make_member(scene.session, scene.community, first_name="Audra", roles=("auditor",))


@pytest.fixture
def theo(scene: Scene) -> Member:
    return make_member(scene.session, scene.community, first_name="Theo", roles=("treasurer",))


@pytest.fixture
def work(app: Flask, session: Session) -> Work:
    """Let the worker look once."""

    def work() -> int:
        session.commit()
        with app.app_context():
            return asking.answer_due(app.config["SETTINGS"], now=utc_now())

    return work


def test_every_kept_question_has_its_words() -> None:
    assert set(WORDS) == set(SAVED)
    assert len(SAVED) >= 10


def test_a_treasurer_asks_and_gets_a_table_a_picture_and_a_file(
    scene: Scene, walk: Walk, theo: Member, work: Work
) -> None:
    pages = walk(theo)
    pages.get(at(scene.community, "/books"))
    page = pages.follow("Questions to the books")
    assert "own words" not in page
    pages.follow("What is the help about?")
    page = pages.submit(period="all")
    assert "Being worked out…" in page
    assert work() == 1
    page = pages.follow("Look again")
    assert page.all("thead th") == ["Kind of help", "Times", "Hours moved"]
    assert page.all("tbody td")[-1] == "1 h"
    assert page.one("svg.picture > title").get_text() == "What is the help about?"
    assert "Worked out from 1 entry." in page
    address = page.link("File for a spreadsheet")
    rows = list(csv.reader(io.StringIO(pages.client.get(address).get_data(as_text=True))))
    assert rows[0] == ["category", "times", "moved_minutes"]
    assert rows[1][1:] == ["1", "60"]
    assert "What is the help about?" in pages.get(at(scene.community, "/books/questions"))


def test_an_auditor_asks_in_their_own_words_and_formulas_stay_words(
    scene: Scene, walk: Walk, audra: Member, work: Work
) -> None:
    pages = walk(audra)
    pages.get(at(scene.community, "/books/questions"))
    pages.follow("Ask in your own words")
    pages.submit(words="SELECT '=1+1' AS trick, account, sum(position) GROUP BY trick, account")
    work()
    page = pages.follow("Look again")
    assert "=1+1" in page
    address = page.link("File for a spreadsheet")
    assert "'=1+1" in pages.client.get(address).get_data(as_text=True)


def test_a_question_that_is_none_is_told_with_its_place_and_kept(
    scene: Scene, walk: Walk, audra: Member, work: Work
) -> None:
    pages = walk(audra)
    pages.get(at(scene.community, "/books/own-question"))
    page = pages.submit(words="", status=422)
    assert page.mistakes == ["Write a question, such as SELECT account, sum(position)."]
    pages.submit(words="SELECT account FORM year")
    work()
    page = pages.follow("Look again")
    assert "Line 1, character 16" in page or "Line 1, character 21" in page
    assert page.one("textarea").get_text().strip() == "SELECT account FORM year"
    pages.submit(words="CREATE TABLE x USING 'csv:x'")
    work()
    page = pages.follow("Look again")
    assert "Only questions are answered" in page
    pages.submit(words="SELECT account WHERE date > %s")
    work()
    assert "Write the value itself where %(…)s stands." in pages.follow("Look again").text


def test_only_an_auditor_asks_freely_and_answers_are_ones_own(
    scene: Scene, walk: Walk, audra: Member, theo: Member
) -> None:
    walk(theo).get(at(scene.community, "/books/own-question"), status=404)
    walk(scene.cora).get(at(scene.community, "/books/questions"), status=404)
    mine = asking.ask(scene.session, scene.community.id, name="months", by=audra, now=utc_now())
    scene.session.flush()
    walk(theo).get(at(scene.community, f"/books/answers/{mine.id}"), status=404)
    walk(audra).get(at(scene.community, f"/books/answers/{mine.id}"))
    file = walk(audra).client.get(at(scene.community, f"/books/answers/{mine.id}.csv"))
    assert file.status_code == 303
    walk(theo).get(at(scene.community, "/books/questions/nothing"), status=404)
    with pytest.raises(NoSuchQuestionError):
        asking.ask(scene.session, scene.community.id, name="nothing", by=theo, now=utc_now())


def test_nobody_fills_the_line(scene: Scene, walk: Walk, theo: Member) -> None:
    def ask(name: str) -> BooksQuestion:
        asked = asking.ask(scene.session, scene.community.id, name=name, by=theo, now=utc_now())
        scene.session.flush()
        return asked

    first = ask("months")
    assert ask("months").id == first.id
    ask("pots")
    ask("sources")
    with pytest.raises(TooManyQuestionsError):
        ask("dormant")
    pages = walk(theo)
    pages.get(at(scene.community, "/books/questions/dormant"))
    assert "Three of your questions wait already." in pages.submit(status=409)
    page = pages.get(at(scene.community, f"/books/answers/{first.id}"))
    assert "0 questions are answered first." in page


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (Ended(None, "time"), "longer than ten seconds"),
        (Ended(None, "memory"), "too much memory"),
        (Ended(None, "space"), "could not be written to the disk"),
        (Ended(None, "ahead"), "Keep the exported books"),
        (Ended(None, "foreign"), "was changed, or is not ours"),
        (Ended(None, "fault"), "broke off in the middle"),
    ],
)
def test_a_question_that_was_stopped_is_called_so(
    scene: Scene,
    walk: Walk,
    audra: Member,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
    ended: Ended,
    words: str,
) -> None:
    monkeypatch.setattr(asking, "_answer", lambda *_paths, **_more: ended)
    asked = asking.ask(
        *(scene.session, scene.community.id),
        name=OWN_WORDS,
        words="SELECT account",
        by=audra,
        now=utc_now(),
    )
    scene.session.flush()
    assert work() == 1
    page = walk(audra).get(at(scene.community, f"/books/answers/{asked.id}"))
    assert words in page
    assert "SELECT account" in page
    assert "was stopped" in walk(audra).get(at(scene.community, "/books/questions"))


def test_a_question_waits_for_the_next_worker_when_this_one_is_asked_to_stop(
    app: Flask, scene: Scene, theo: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "LOOK_SECONDS", 0.01)
    asking.ask(scene.session, scene.community.id, name="months", by=theo, now=utc_now())
    scene.session.commit()
    stop = threading.Event()
    stop.set()
    settings = app.config["SETTINGS"]
    with app.app_context():
        assert asking.answer_due(settings, now=utc_now(), stop=stop) == 0
        with programs.alone(settings):
            assert asking.answer_due(settings, now=utc_now()) == 0
    with app.app_context():
        assert asking.answer_due(settings, now=utc_now()) == 1
        assert asking.answer_due(settings, now=utc_now()) == 0


def test_answers_are_forgotten_after_a_week(scene: Scene, theo: Member) -> None:
    session, now = scene.session, utc_now()
    asking.ask(session, scene.community.id, name="months", by=theo, now=now)
    session.flush()
    assert asking.delete_old(session, now=now + dt.timedelta(days=6)) == 0
    assert asking.delete_old(session, now=now + dt.timedelta(days=8)) == 1


def test_the_page_waits_a_moment_for_its_answer(
    scene: Scene, walk: Walk, theo: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asking.ask(scene.session, scene.community.id, name="months", by=theo, now=utc_now())
    scene.session.commit()
    looks: list[float] = []
    monkeypatch.setattr(questions, "WAIT_SECONDS", 0.2)
    monkeypatch.setattr(questions, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(time, "sleep", looks.append)
    page = walk(theo).get(at(scene.community, f"/books/answers/{asked.id}?wait=1"))
    assert "Being worked out…" in page
    assert looks


def test_cells_read_as_people_write() -> None:
    assert cell_words("moved_minutes", -90).replace("\N{NO-BREAK SPACE}", " ") == "−1 h 30 min"
    assert cell_words("sum(position)", 60).replace("\N{NO-BREAK SPACE}", " ") == "1 h"
    assert cell_words("times", 60) == "60"
    assert cell_words("last_on", None) == ""


@pytest.mark.parametrize(
    ("error", "stop"),
    [
        (OSError(28, "No space left on device"), "space"),
        (BooksAhead("books", 3, 2), "ahead"),
        (ForeignBooks("books", "holiday.jpg"), "foreign"),
        (BooksChanged("books", ("2026.beancount",)), "foreign"),
    ],
)
def test_books_that_can_not_be_written_answer_nothing(
    scene: Scene,
    theo: Member,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    stop: str,
) -> None:
    def refuse(_paths: auditing.Paths) -> None:
        raise error

    monkeypatch.setattr(auditing, "export_books", refuse)
    asked = asking.ask(scene.session, scene.community.id, name="months", by=theo, now=utc_now())
    assert work() == 1
    scene.session.refresh(asked)
    assert (asked.outcome, asked.stop) == ("stopped", stop)


def test_a_question_that_is_gone_meanwhile_is_nobodys_loss(
    app: Flask, scene: Scene, theo: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = scene.session
    asked = asking.ask(session, scene.community.id, name="months", by=theo, now=utc_now())
    session.commit()

    def forgotten(*_asked: Any, **_more: Any) -> Ended:
        session.delete(asked)
        session.commit()
        return Ended({"columns": [], "rows": []})

    monkeypatch.setattr(asking, "_answer", forgotten)
    with app.app_context():
        assert asking.answer_due(app.config["SETTINGS"], now=utc_now()) == 1
        assert asking._take(db.session(), now=utc_now()) is None
