"""One request is one unit of work, and a form counts once, however often it is sent."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.test import Client, TestResponse

from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.db import db, new_id
from timebank.errors import IndeterminateError
from timebank.web.access import Access, access
from timebank.web.session import (
    Submission,
    delete_old_submissions,
    new_submission_key,
    run_in_transaction,
    writes,
)

BASE_URL = "https://timebank.example"
AT_ONCE = 12


def count_communities(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(Community)) or 0


def add_community(name: str) -> None:
    db.session.add(Community(slug=name, name=name, created_at=utc_now()))
    db.session.flush()


@pytest.fixture
def counting_app(make_app: Callable[..., Flask]) -> Flask:
    """Give an application with one view that changes something each time it runs."""
    app = make_app()
    app.config["WTF_CSRF_ENABLED"] = False

    @app.route("/count", methods=["GET", "POST"])
    @access(Access.ANYONE)
    @writes
    def count() -> ResponseReturnValue:
        if request.method == "GET":
            return str(generate_csrf())
        add_community(request.form["name"])
        if request.form.get("refuse"):
            abort(422)
        if request.form.get("again"):
            return "shown again", 422
        return redirect("/done", code=303)

    return app


def send(app: Flask, **fields: str) -> TestResponse:
    return Client(app, app.response_class).post("/count", data=fields, base_url=BASE_URL)


def test_a_form_sent_twice_counts_once_and_gets_the_same_answer(
    counting_app: Flask, engine: Engine
) -> None:
    key = new_submission_key()
    first = send(counting_app, name="once", submission_key=key)
    second = send(counting_app, name="once", submission_key=key)
    assert [first.status_code, first.location] == [303, "/done"]
    assert [second.status_code, second.location] == [303, "/done"]
    assert count_communities(engine) == 1


def test_a_form_sent_by_many_at_once_counts_once(counting_app: Flask, engine: Engine) -> None:
    key = new_submission_key()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(
            threads.map(
                lambda _: send(counting_app, name="once", submission_key=key), range(AT_ONCE)
            )
        )
    assert {answer.status_code for answer in answers} == {303}
    assert count_communities(engine) == 1


def test_a_key_with_other_words_behind_it_is_refused_with_a_sentence(
    counting_app: Flask, engine: Engine
) -> None:
    key = new_submission_key()
    send(counting_app, name="first", submission_key=key)
    answer = send(counting_app, name="second", submission_key=key)
    assert answer.status_code == 409
    assert "already sent once" in answer.text
    assert count_communities(engine) == 1


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [("mia", "mia", 303), ("mia", "ben", 409), (None, "mia", 303), ("mia", None, 409)],
)
def test_a_page_that_somebody_left_is_not_sent_by_the_next(
    counting_app: Flask,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    first: str | None,
    second: str | None,
    status: int,
) -> None:
    people = {"mia": new_id(), "ben": new_id(), None: None}
    key = new_submission_key()
    for who, answer in [(first, 303), (second, status)]:
        monkeypatch.setattr("timebank.web.session.caller_id", lambda who=who: people[who])
        assert send(counting_app, name="once", submission_key=key).status_code == answer
    assert count_communities(engine) == 1


@pytest.mark.parametrize("how", ["refuse", "again"])
def test_an_answer_that_is_no_success_leaves_nothing_behind(
    counting_app: Flask, engine: Engine, how: str
) -> None:
    key = new_submission_key()
    answer = send(counting_app, name="never", submission_key=key, **{how: "1"})
    assert answer.status_code == 422
    assert count_communities(engine) == 0
    # The key is free again: the same page, mended, may be sent.
    assert send(counting_app, name="mended", submission_key=key).status_code == 303
    assert count_communities(engine) == 1


def test_a_form_without_a_key_still_works(counting_app: Flask, engine: Engine) -> None:
    assert send(counting_app, name="no-key", submission_key="nonsense").status_code == 303
    assert count_communities(engine) == 1


class Failing:
    """Makes the next commits of an engine fail, as a database does that went away."""

    def __init__(self, engine: Engine, times: int, *, is_serialization: bool = False) -> None:
        self.left = times
        self.is_serialization = is_serialization
        event.listen(engine, "commit", self)

    def __call__(self, _connection: object) -> None:
        if self.left:
            self.left -= 1
            raise self.error()

    def error(self) -> OperationalError:
        cause: Any = RuntimeError("could not serialize access")
        cause.sqlstate = "40001"
        return OperationalError(
            "COMMIT", {}, cause, connection_invalidated=not self.is_serialization
        )


def test_a_commit_that_must_be_repeated_is_repeated(app: Flask) -> None:
    with app.app_context():
        failing = Failing(db.engine, 2, is_serialization=True)
        run_in_transaction(lambda _session: add_community("third-time"))
        assert failing.left == 0
        event.remove(db.engine, "commit", failing)
        assert count_communities(db.engine) == 1


def test_a_database_that_stays_away_is_told_as_unknown_never_as_failed(
    counting_app: Flask,
) -> None:
    with counting_app.app_context():
        failing = Failing(db.engine, 99)
        answer = send(counting_app, name="who-knows", submission_key=new_submission_key())
        event.remove(db.engine, "commit", failing)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert 'name="submission_key"' in answer.text
    assert "who-knows" in answer.text


def test_the_wrapper_gives_up_with_an_error_that_says_so(app: Flask) -> None:
    with app.app_context():
        failing = Failing(db.engine, 99)
        with pytest.raises(IndeterminateError):
            run_in_transaction(lambda _session: add_community("lost"), give_up_after=0.01)
        event.remove(db.engine, "commit", failing)


def test_an_error_of_the_database_that_is_no_passing_one_is_not_repeated(app: Flask) -> None:
    runs: list[int] = []

    def broken(session: Session) -> None:
        runs.append(1)
        session.execute(sa.text("SELECT nothing FROM nowhere"))

    with app.app_context(), pytest.raises(sa.exc.DBAPIError):
        run_in_transaction(broken)
    assert len(runs) == 1


def test_a_fault_in_the_work_rolls_back(app: Flask) -> None:
    def fails(_session: Session) -> None:
        add_community("half")
        raise ZeroDivisionError

    with app.app_context():
        with pytest.raises(ZeroDivisionError):
            run_in_transaction(fails)
        assert count_communities(db.engine) == 0


def test_what_was_sent_is_kept_only_as_a_hash(counting_app: Flask, engine: Engine) -> None:
    send(counting_app, name="secret-words", submission_key=new_submission_key())
    with engine.connect() as connection:
        kept = connection.execute(sa.select(Submission.fingerprint, Submission.location)).one()
    assert len(kept.fingerprint) == 32
    assert kept.location == "/done"


def test_keys_of_long_ago_are_cleared_away(session: Session) -> None:
    now = utc_now()
    for days in (1, 8):
        session.add(
            Submission(
                id=new_id(), fingerprint=bytes(32), location="/", sent_at=now - dt.timedelta(days)
            )
        )
    session.flush()
    assert delete_old_submissions(session, now=now) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(Submission)) == 1


def test_an_error_of_commit_that_nobody_can_read_is_told_as_unknown(app: Flask) -> None:
    runs: list[int] = []

    def unreadable(_connection: object) -> None:
        raise OperationalError("COMMIT", {}, RuntimeError("disk I/O error"))

    with app.app_context():
        event.listen(db.engine, "commit", unreadable)
        with pytest.raises(IndeterminateError):
            run_in_transaction(lambda _session: runs.append(1))
        event.remove(db.engine, "commit", unreadable)
    assert runs == [1]


def test_a_database_that_cannot_be_reached_closes_the_door_for_a_moment(
    counting_app: Flask,
) -> None:
    with counting_app.app_context():
        engine = db.engine
    engine.dispose()

    def away(dialect: Dialect, *_how: object) -> None:
        raise dialect.loaded_dbapi.OperationalError("connection refused")

    event.listen(engine, "do_connect", away)
    try:
        client = Client(counting_app, counting_app.response_class)
        read = client.get("/at/anywhere/", base_url=BASE_URL)
        sent = send(counting_app, name="later", submission_key=new_submission_key())
    finally:
        event.remove(engine, "do_connect", away)
    for answer in (read, sent):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
    assert "closed for a moment" in read.text
    assert 'name="submission_key"' in sent.text


def test_what_did_not_happen_is_not_said(make_app: Callable[..., Flask]) -> None:
    app = make_app()
    app.config["WTF_CSRF_ENABLED"] = False

    @app.post("/fail")
    @access(Access.ANYONE)
    @writes
    def fail() -> ResponseReturnValue:
        flash("Confirmed. The hours have moved.")
        raise OperationalError("COMMIT", {}, RuntimeError("database or disk is full"))

    browser = Client(app, app.response_class)
    answer = browser.post("/fail", base_url=BASE_URL)
    assert answer.status_code == 500
    assert "The hours have moved" not in answer.text
    assert "The hours have moved" not in browser.get("/sign-in", base_url=BASE_URL).text
