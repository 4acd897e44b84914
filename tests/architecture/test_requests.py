"""Requests: what holds at every address, whoever asks and whatever they send."""

import hashlib
import itertools
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask, request
from sqlalchemy.orm import Session

from ledger import schema
from tests.architecture.project import import_every_model
from tests.architecture.routes import Route, routes
from tests.pages.headers import check_headers
from tests.world import World, build_world
from timebank.db import Base

import_every_model()

#: Views that take a POST without our token, each with its reason.
WITHOUT_TOKEN = {
    "mail.stop_now": "a mail program sends it (RFC 8058); the address itself is the secret",
}
#: What reading a page may write: when a device was last seen.
LAST_SEEN = {"device_session": {"last_seen_at"}}
#: What leaves a trace and changes nothing else: a file that somebody took.
TRACES = frozenset({"trail_event"})
#: What a guard of HTTP finds does not depend on the database.
ON_ONE_DATABASE = pytest.mark.parametrize("_database", ["sqlite"], indirect=True, scope="session")
ORIGINS = [
    *("https://evil.example", "null", "https://timebank.example.evil.example", "http://localhost"),
    *("https://timebank.example@evil.example", "https://timebank.exampleevil.com", "file://"),
]


@pytest.fixture
def world(session: Session) -> World:
    """Make a community with one of everything."""
    return build_world(session)


@pytest.fixture
def demo_app(make_app: Callable[..., Flask]) -> Flask:
    """Build the application with the pages of the demo too."""
    return make_app(demo=True)


def by_method(app: Flask, *methods: str) -> list[Route]:
    return [route for route in routes(app) if route.method in methods]


def digest(session: Session) -> dict[str, str]:
    """Sum up each table, so that any change to a row shows."""
    session.rollback()
    found = {}
    for table in [*Base.metadata.sorted_tables, *schema.metadata.sorted_tables]:
        if table.name in TRACES:
            continue
        columns = [c for c in table.columns if c.name not in LAST_SEEN.get(table.name, set())]
        rows = session.execute(sa.select(*columns)).all()
        lines = sorted(repr(tuple(row)) for row in rows)
        found[table.name] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    session.rollback()
    return found


def test_asvs_25_nothing_is_changed_without_the_token_of_a_page(
    demo_app: Flask, session: Session, world: World
) -> None:
    client = world.client(demo_app, session, "coordinator")
    before = digest(session)
    let_in = []
    for route in by_method(demo_app, "POST", "PUT", "PATCH", "DELETE"):
        if route.rule.endpoint in WITHOUT_TOKEN:
            continue
        answer = client.open(world.address(route), method=route.method, data={"name": "x"})
        if answer.status_code not in {400, 403, 404, 405}:
            let_in.append(f"{route.method} {world.address(route)}: {answer.status_code}")
    assert not let_in, "\n".join(let_in)
    assert digest(session) == before


def test_asvs_27_reading_changes_nothing(demo_app: Flask, session: Session, world: World) -> None:
    client = world.client(demo_app, session, "coordinator")
    before = digest(session)
    for route in by_method(demo_app, "GET"):
        for method in ("GET", "HEAD", "OPTIONS"):
            client.open(world.address(route), method=method)
        after = digest(session)
        changed = [name for name in before if before[name] != after[name]]
        assert not changed, f"{world.address(route)} changes {changed}"


def test_no_odd_address_is_a_fault(demo_app: Flask, session: Session, world: World) -> None:
    """What no column holds names nothing; PostgreSQL would complain of it."""
    client = world.client(demo_app, session, "coordinator")
    faults = []
    for route in by_method(demo_app, "GET"):
        address = world.address(route, "coordinator")
        asked = dict.fromkeys(("q", "after", "before", "month", "next", "kind", "on"), "\x00")
        answers = [(address, client.get(address, query_string=asked))]
        parts = {name for name in route.rule.arguments if not _is_uuid(route, name)}
        for part, odd in itertools.product(parts, ("%00", "9" * 40)):
            path = re.sub(rf"<(?:\w+:)?{part}>", odd, route.rule.rule)
            path = re.sub(r"<(?:\w+:)?community_slug>", world.community.slug, path)
            path = re.sub(r"<uuid:\w+>", str(world.community.id), path)
            answers.append((path, client.get(re.sub(r"<[^>]+>", "1", path))))
        faults += [f"{path}: {got.status_code}" for path, got in answers if got.status_code >= 500]
    assert not faults, "\n".join(faults)


def _is_uuid(route: Route, name: str) -> bool:
    return f"<uuid:{name}>" in route.rule.rule


@ON_ONE_DATABASE
@pytest.mark.parametrize("role", ["visitor", "coordinator"])
def test_asvs_23_24_29_every_answer_keeps_the_browser_on_our_side(
    demo_app: Flask, session: Session, world: World, role: str
) -> None:
    client = world.client(demo_app, session, role)
    for route in routes(demo_app):
        answer = client.open(world.address(route), method=route.method)
        check_headers(answer)
        assert answer.headers.get("Strict-Transport-Security", "").startswith("max-age=31536000")
        if answer.status_code == 200 and route.method == "GET":
            assert answer.headers.get("Content-Type"), world.address(route)


@ON_ONE_DATABASE
def test_asvs_23_a_nonce_is_used_once(demo_app: Flask, session: Session, world: World) -> None:
    client = world.client(demo_app, session, "visitor")
    policies = [client.get("/nowhere").headers["Content-Security-Policy"] for _ in range(5)]
    assert len(set(policies)) == len(policies)


@ON_ONE_DATABASE
def test_asvs_22_no_other_site_may_read_an_answer(
    demo_app: Flask, session: Session, world: World
) -> None:
    client = world.client(demo_app, session, "coordinator")
    origins = itertools.cycle(ORIGINS)
    for route in by_method(demo_app, "GET"):
        for method in ("GET", "OPTIONS"):
            asking = {"Origin": next(origins)}
            answer = client.open(world.address(route), method=method, headers=asking)
            allowed = [name for name, _ in answer.headers if name.startswith("Access-Control")]
            assert not allowed, world.address(route)


@ON_ONE_DATABASE
def test_asvs_30_nobody_can_say_they_are_somewhere_else(
    demo_app: Flask, make_app: Callable[..., Flask]
) -> None:
    seen: list[tuple[str | None, str, str]] = []

    def look(app: Flask) -> None:
        @app.get("/look", endpoint="look")
        def _look() -> str:

            seen.append((request.remote_addr, request.host, request.scheme))
            return ""

        app.test_client().get(
            "/look",
            base_url="http://timebank.example",
            headers={
                "X-Forwarded-For": "203.0.113.9",
                "X-Forwarded-Host": "evil.example",
                "X-Forwarded-Proto": "https",
                "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
            },
        )

    look(demo_app)
    look(make_app(trusted_proxies=1))
    assert seen == [
        ("127.0.0.1", "timebank.example", "http"),
        ("203.0.113.9", "evil.example", "https"),
    ]


@ON_ONE_DATABASE
def test_asvs_55_a_fault_shows_nothing_of_the_inside(
    demo_app: Flask, session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(**_: object) -> None:
        raise RuntimeError("SELECT secret FROM inside")

    client = world.client(demo_app, session, "visitor")
    monkeypatch.setitem(demo_app.view_functions, "assets.file", faulty)
    answer = client.get("/assets/0/x.css")
    assert answer.status_code == 500
    assert demo_app.debug is False
    page = answer.get_data(as_text=True)
    assert not [word for word in ("SELECT", "Traceback", "RuntimeError", ".py") if word in page]


@ON_ONE_DATABASE
def test_asvs_32_a_form_has_a_largest_size(demo_app: Flask, session: Session, world: World) -> None:
    client = world.client(demo_app, session, "visitor")
    answer = client.post("/patterns", data={"words": "x" * 300_000})
    assert answer.status_code == 413
    many = {f"field{number}": ["x"] for number in range(2000)}
    assert client.post("/patterns", data=many).status_code in {400, 413}
