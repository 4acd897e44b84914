"""The harness itself: each of its guards is seen to fail once."""

import socket
import time

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests import databases
from tests.conftest import Client, on_postgres
from tests.databases import Database, close
from tests.pages.page import Page

GOOD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Hello – Here</title>
</head><body><main><h1>Hello</h1>{}</main></body></html>"""


@pytest.mark.parametrize("turn", [1, 2])
def test_a_row_of_one_test_is_gone_in_the_next(session: Session, client: Client, turn: int) -> None:
    count = text("SELECT count(*) FROM submission")
    assert session.scalar(count) == 0, turn
    session.execute(
        text("INSERT INTO submission (id, fingerprint, sent_at) VALUES (:id, :print, :at)"),
        {
            "id": b"0123456789abcdef" if _is_sqlite(session) else "0" * 32,
            "print": b"x" * 32,
            "at": "2026-01-01 00:00:00",
        },
    )
    client.get("/nowhere")  # commits what was arranged
    session.rollback()
    assert session.scalar(count) == 1


def test_a_connection_that_is_not_given_back_is_named(database: Database, engine: Engine) -> None:
    for closes in (close, database.put_back):
        connection = engine.connect()
        with pytest.raises(AssertionError, match=r"1 connections of .* are still in use"):
            closes(engine)
        # What the guard is there for: given back now, nobody would close it.
        connection.invalidate()
        connection.close()


@pytest.mark.parametrize("_database", [on_postgres], indirect=True)
def test_a_connection_that_nobody_closes_is_named_and_let_go_of(
    database: Database, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten = database.engine()
    forgotten.connect().close()
    with monkeypatch.context() as patch:
        patch.setattr(databases, "LEFT_SECONDS_MAX", 0)
        with pytest.raises(AssertionError, match=r"1 connections to .* were never closed"):
            database.put_back(engine)
    database.put_back(engine)
    forgotten.dispose()


@pytest.mark.parametrize("_database", [on_postgres], indirect=True)
def test_a_connection_that_is_about_to_close_is_waited_for(
    database: Database, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing = database.engine()
    closing.connect().close()
    # It goes while the guard looks, as a server's process does some time after its client.
    monkeypatch.setattr(time, "sleep", lambda _seconds: closing.dispose())
    database.put_back(engine)


def test_a_good_page_passes() -> None:
    page = Page(GOOD.format('<p>One</p><a href="/two">Two</a>'))
    assert "One" in page
    assert page.link("Two") == "/two"


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        ("<h1>Again</h1>", "2 elements"),
        ("<h3>Too deep</h3>", "followed by h3"),
        ('<p id="a">1</p><p id="a">2</p>', "used twice"),
        ('<input name="q">', "label"),
        ('<label for="q">Q</label><input id="q">', "sends nothing"),
        ('<p aria-describedby="gone">1</p>', "points at nothing"),
        ('<a href="#gone">Go</a>', "goes nowhere"),
        (
            '<p class="error-summary" id="b"><a href="#a">1</a><a href="#b">2</a></p><p id="a">',
            "page order",
        ),
        ("<a href='/x'></a>", "what this does"),
        ('<img src="/x.svg">', "what the picture shows"),
        ("<script>1</script>", "nonce"),
        ('<p style="color:red">1</p>', "style"),
        ('<button onclick="x()">1</button>', "onclick"),
        ('<a href="https://elsewhere.example">Go</a>', "elsewhere"),
        ('<img alt="" src="//elsewhere.example/x.png">', "elsewhere"),
        ("<p>Hello %(name)s</p>", r"%\(name\)s"),
        ("<p>" + "long " * 10_000 + "</p>", "bytes"),
    ],
)
def test_a_page_with_a_mistake_is_named(inside: str, says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        Page(GOOD.format(inside))


@pytest.mark.parametrize("broken", ["<p>open<div></p></div>", "<b><i>x</b></i>", "<p>&nosuch;</p>"])
def test_a_page_is_parsed_strictly(broken: str) -> None:
    with pytest.raises(Exception, match=r"(?i)tag|entity|element"):
        Page(GOOD.format(broken))


def test_the_title_and_the_language_are_needed() -> None:
    with pytest.raises(AssertionError, match="title"):
        Page(GOOD.format("").replace("<title>Hello", "<title>Goodbye"))
    with pytest.raises(AssertionError, match="language"):
        Page(GOOD.format("").replace(' lang="en"', ""))


def test_nothing_leaves_this_machine() -> None:
    with socket.socket() as one, pytest.raises(pytest.fail.Exception, match="tried to reach"):
        one.connect(("192.0.2.1", 80))


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
