"""Promises about every answer that no other test holds."""

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import make_community, make_member, sign_in
from tests.pages.page import Page, Pages
from timebank.db import db
from timebank.members.models import Member

#: Over HTTPS a browser says where a form comes from, and we look.
SAME_SITE = {"Referer": "https://timebank.example/"}


def test_asvs_19_20_the_cookie_stays_with_this_site_and_away_from_scripts(client: Client) -> None:
    cookies = client.get("/sign-in/password").headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        name, _, attributes = cookie.partition("=")
        kept = {part.strip().lower() for part in attributes.split(";")[1:]}
        assert name == "__Host-timebank"
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= kept
        assert not any(part.startswith("domain") for part in kept)


@pytest.mark.parametrize("path", ["/", "/nothing-here", "/assets/x/timebank.css"])
def test_asvs_21_a_browser_that_came_by_https_comes_back_by_https(
    client: Client, path: str
) -> None:
    kept = client.get(path).headers["Strict-Transport-Security"]
    assert kept == "max-age=31536000; includeSubDomains"


def test_asvs_60_a_decision_without_its_trace_is_not_made(
    app: Flask, session: Session, client: Client, pages: Pages
) -> None:
    elm = make_community(session, slug="elm", joining="approval")
    cora = make_member(session, elm, first_name="Cora", roles=("coordinator",))
    waiting = make_member(session, elm, first_name="Wes", state="waiting")
    session.commit()
    sign_in(client, session, cora)
    page = pages.get(f"/at/elm/people/{waiting.id}/decide/approve")
    token = page.one("main input[name=csrf_token]")["value"]

    def no_trace(_connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("INSERT INTO member_event"):
            raise OperationalError(statement, {}, RuntimeError("the disk is full"))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", no_trace)
    try:
        answer = client.post(
            page.url, data={"csrf_token": str(token), "reason": ""}, headers=SAME_SITE
        )
    finally:
        event.remove(engine, "before_cursor_execute", no_trace)
    assert answer.status_code == 500
    session.expire_all()
    assert session.scalar(select(Member.state).where(Member.id == waiting.id)) == "waiting"


def test_what_was_typed_survives_being_signed_out(
    session: Session, client: Client, pages: Pages
) -> None:
    elm = make_community(session, slug="elm")
    gita = make_member(session, elm, first_name="Gita", about="")
    session.commit()
    sign_in(client, session, gita)
    page = pages.get("/at/elm/me/edit")
    client.delete_cookie("__Host-timebank", domain="timebank.example")
    token = Pages(client).get("/sign-in/password").one("main input[name=csrf_token]")["value"]
    typed = {"first_name": "Gita", "about": "I mend bicycles", "csrf_token": str(token)}
    kept = Page(client.post(page.url, data=typed, headers=SAME_SITE).text)
    assert kept.h1 == "You are signed out"
    assert kept.one("input[name=about]")["value"] == "I mend bicycles"
    assert kept.one("main ol a")["href"] == "/sign-in"


@pytest.mark.parametrize("role", ["coordinator", "treasurer"])
def test_a_database_that_goes_away_while_staff_read_closes_the_door_for_a_moment(
    app: Flask, session: Session, client: Client, pages: Pages, role: str
) -> None:
    """The caller and the roles were found, and then nothing more can be asked."""
    elm = make_community(session, slug="elm")
    sign_in(client, session, make_member(session, elm, roles=(role,)))

    asked: list[str] = []

    def gone(_connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        if any("role_grant" in earlier for earlier in asked):
            raise OperationalError(None, None, RuntimeError("the server closed the connection"))
        asked.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", gone)
    try:
        page = pages.get("/at/elm/work", status=503)
    finally:
        event.remove(engine, "before_cursor_execute", gone)
    assert page.h1 == "We are closed for a moment"
