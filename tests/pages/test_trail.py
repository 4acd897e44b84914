"""Who signed in, was turned away, got a role or took an export is on the trail."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import make_community, make_member, sign_in
from tests.pages.page import Pages
from timebank.cli import cli
from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.db import db
from timebank.members import queries, service
from timebank.members.models import DeviceSession, Member, RoleGrant
from timebank.trail.models import TrailEvent

PASSWORD = "three grey geese walking"


@pytest.fixture
def community(session: Session) -> Community:
    return make_community(session, slug="elm", name="Elm Street")


@pytest.fixture
def mina(session: Session, community: Community) -> Member:
    mina = make_member(session, community, first_name="Mina", sign_in_address="mina@example.org")
    assert mina.person_id is not None
    person = queries.person(session, mina.person_id)
    service.set_password(session, person, PASSWORD, keep_device_id=None, now=utc_now())
    return mina


def trail(session: Session) -> list[tuple[str, object, str]]:
    session.expire_all()
    found = session.scalars(select(TrailEvent).order_by(TrailEvent.id))
    return [(one.kind, one.person_id, one.detail) for one in found]


def test_asvs_60_sign_ins_that_worked_and_that_did_not_are_on_the_trail(
    pages: Pages, session: Session, community: Community, mina: Member
) -> None:
    code = service.issue_card(session, mina, by=None, now=utc_now())
    for email, password, status in (
        ("mina@example.org", "wrong", 422),
        ("nobody@example.org", "wrong", 422),
        ("mina@example.org", PASSWORD, 200),
    ):
        pages.get("/sign-in/password")
        pages.submit(email=email, password=password, status=status)
    pages.get("/at/elm/card")
    pages.submit(number=mina.account_code, code="22222222", status=422)
    pages.submit(number=mina.account_code, code=code)
    assert [(kind, who, said.split()[0]) for kind, who, said in trail(session)] == [
        ("sign-in failed", mina.person_id, "password"),
        ("sign-in failed", None, "password"),
        ("sign-in", mina.person_id, "password"),
        ("sign-in failed", mina.person_id, "card"),
        ("sign-in", mina.person_id, "card"),
    ]
    for row in session.execute(select(TrailEvent.__table__)).all():
        assert "mina" not in repr(row).lower()
        assert "wrong" not in repr(row)

    # A card opens one community, and what is seen of it is that community's.
    of_the_card = ["Signed in with your code card", "Somebody tried a card code, and could not"]
    assert pages.get("/you/devices").all("ol.timeline .timeline-words") == of_the_card
    pages.get("/sign-in/password")
    pages.submit(email="mina@example.org", password=PASSWORD)
    assert pages.get("/you/devices").all("ol.timeline .timeline-words") == [
        "Signed in with your password",
        *of_the_card,
        "Signed in with your password",
        "Somebody tried, and could not",
    ]


def test_asvs_60_a_page_that_is_not_theirs_and_a_limit_are_on_the_trail(
    pages: Pages, client: Client, session: Session, community: Community, mina: Member
) -> None:
    sign_in(client, session, mina)
    pages.get("/at/elm/people", status=404)
    pages.get("/at/elm/hours")
    pages.get("/at/elm/nothing-here", status=404)
    assert trail(session) == [("denied", mina.person_id, "members.people")]

    for status in (200, 200, 200, 429):
        pages.get("/sign-in/link")
        pages.submit("main form", email="mina@example.org", status=status)
    assert trail(session)[-1] == ("limit hit", mina.person_id, "signin.by_link")


def test_asvs_60_roles_are_on_the_trail(session: Session, mina: Member) -> None:
    now = utc_now()
    service.give_role(session, mina, "coordinator", by=None, now=now)
    service.give_role(session, mina, "treasurer", by=mina, now=now)
    service.end_role(session, mina, "treasurer", by=None, now=now)
    assert trail(session) == [
        ("role given", None, "coordinator"),
        ("role given", mina.person_id, "treasurer"),
        ("role ended", None, "treasurer"),
    ]


def test_asvs_60_whoever_takes_an_export_is_on_the_trail(
    app: Flask,
    client: Client,
    session: Session,
    community: Community,
    mina: Member,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    theo = make_member(session, community, first_name="Theo", roles=("treasurer",))
    sign_in(client, session, theo)
    assert client.get(f"/at/elm/books/accounts/{mina.account_code}.csv").status_code == 200
    folder = tmp_path_factory.mktemp("books") / "elm"
    assert app.test_cli_runner().invoke(cli, ["books", "export", str(folder)]).exit_code == 0
    assert trail(session) == [
        ("export", theo.person_id, f"csv {mina.account_code}"),
        ("export", None, "books"),
    ]


@pytest.fixture
def _no_trail(app: Flask) -> Iterator[None]:
    """Let every write to the trail fail, as on a full disk."""

    def fail(_connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("INSERT INTO trail_event"):
            raise OperationalError(statement, {}, RuntimeError("the disk is full"))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", fail)
    yield
    event.remove(engine, "before_cursor_execute", fail)


@pytest.mark.usefixtures("_no_trail")
def test_asvs_60_without_its_trace_nothing_is_done(
    pages: Pages,
    client: Client,
    app: Flask,
    session: Session,
    community: Community,
    mina: Member,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    pages.get("/sign-in/password")
    pages.submit(email="mina@example.org", password=PASSWORD, status=500)
    assert session.scalars(select(DeviceSession)).all() == []

    cora = make_member(session, community, first_name="Cora", roles=("coordinator",))
    sign_in(client, session, cora)
    pages.get(f"/at/elm/people/{mina.id}/roles")
    pages.submit(role="treasurer", status=500)
    grants = session.scalars(select(RoleGrant).where(RoleGrant.member_id == mina.id)).all()
    assert grants == []
    assert client.get(f"/at/elm/books/accounts/{mina.account_code}.csv").status_code == 500
    folder = tmp_path_factory.mktemp("books") / "elm"
    assert app.test_cli_runner().invoke(cli, ["books", "export", str(folder)]).exit_code != 0
    assert not folder.exists()


def test_signing_in_costs_one_statement_more_and_reading_none(
    app: Flask, client: Client, session: Session, community: Community, mina: Member
) -> None:
    seen: list[str] = []

    def keep(_connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        if "trail" in statement:
            seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", keep)
    assert mina.person_id is not None
    service.begin_device(
        session, mina.person_id, means="link", agent="", is_shared=False, now=utc_now()
    )
    assert len(seen) == 1
    sign_in(client, session, mina)
    for path in ("/at/elm/", "/at/elm/offers", "/at/elm/hours/statement", "/you/communities"):
        assert client.get(path).status_code == 200
    event.remove(engine, "before_cursor_execute", keep)
    assert len(seen) == 1
