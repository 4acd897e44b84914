"""What every test may ask for.

A test that asks for `session`, `client` or `pages` runs twice, on SQLite and on PostgreSQL, in a
database that was made by the migrations and is put back afterwards. Whatever a test arranged
through `session` is committed before the next request is sent, as it would be in life.
"""

import os
import socket
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests import databases
from tests.databases import Database
from tests.factories import sign_in
from tests.pages.page import Pages, Walk
from timebank.app import create_app
from timebank.config import ROOT, Settings
from timebank.db import db
from timebank.members.models import Member

DATA = Path(os.environ.get("TIMEBANK_TEST_DATA", ROOT.parent / "shared" / "data"))
CHROMIUM = Path(os.environ.get("TIMEBANK_TEST_CHROMIUM", "/usr/bin/chromium"))
#: `default_transaction_isolation=serializable`, say, to run the tests under another setting.
POSTGRES = dict(
    setting.split("=", 1) for setting in os.environ.get("TIMEBANK_TEST_POSTGRES", "").split()
)
#: In CI nothing may be skipped: what is missing there is a fault.
STRICT = os.environ.get("CI", "").lower() == "true"
SECRET_KEY = "a secret of the tests, long enough to sign with"
LOOPBACK = ("127.", "::1", "localhost")

hypothesis.settings.register_profile("timebank", deadline=None, derandomize=STRICT, database=None)
hypothesis.settings.load_profile("timebank")


# ------------------------------------------------------------------- rules of the house


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest tests first, and leave out those on real data where there is none.

    Walking through all pages in a browser takes minutes; at the end one processor would do that
    while the others have nothing left to do.
    """
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)
    if DATA.is_dir():
        return
    left_out = [item for item in items if item.get_closest_marker("data")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failed one in CI, and keep its reason."""
    report = yield
    if STRICT and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"CI=true and this was skipped: {report.longreprtext}"
    return report


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(LOOPBACK):
            pytest.fail(f"this test tried to reach {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


# ---------------------------------------------------------------------------- databases


@pytest.fixture(scope="session")
def sqlite_database() -> Iterator[Database]:
    """Keep one migrated SQLite file for the whole run."""
    with databases.sqlite_database() as database:
        yield database


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Run a PostgreSQL server for the whole run; give the start of its URL."""
    programs = databases.postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server programs are not installed (apt-get install postgresql)")
    with databases.postgres_server(programs, **POSTGRES) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str) -> Database:
    """Keep one migrated PostgreSQL database for the whole run."""
    return databases.PostgresDatabase(postgres_server)


on_postgres = pytest.param("postgres", marks=pytest.mark.postgres)


@pytest.fixture(scope="session", params=["sqlite", on_postgres])
def _database(request: pytest.FixtureRequest) -> Database:
    """Take each database in turn."""
    database: Database = request.getfixturevalue(f"{request.param}_database")
    return database


@pytest.fixture(scope="session")
def _application(_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = create_app(settings_for(_database.url, tmp_path_factory.mktemp("home")))
    with app.app_context():
        engine = db.engine
    _database.lasting.append(engine)
    yield app
    _database.lasting.remove(engine)
    databases.close(engine)


@pytest.fixture
def database(_database: Database, _application: Flask) -> Iterator[Database]:
    """Give a database fresh from the migrations."""
    yield _database
    with _application.app_context():
        _database.put_back(db.engine)


@pytest.fixture
def engine_url(database: Database) -> str:
    """Give the address of a fresh database, for a test that opens it by itself."""
    return database.url


@pytest.fixture
def engine(app: Flask) -> Engine:
    """Give the application's own engine."""
    with app.app_context():
        return db.engine


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """Give a session beside the application's; it may commit."""
    with Session(engine) as session:
        yield session


# -------------------------------------------------------------------------- application


def settings_for(url: str, home: Path, **changed: object) -> Settings:
    """Make the settings of an application under test."""
    values: dict[str, Any] = {
        "home": home,
        "database_url": url,
        "secret_key": SECRET_KEY,
        "ledger_secret": "another secret of the tests, for the books alone",
        "base_url": "https://timebank.example",
        "secure_cookies": True,
    }
    return Settings(**(values | changed))


@pytest.fixture
def app(database: Database, _application: Flask) -> Flask:
    """Give the application on a fresh database."""
    return _application


@pytest.fixture
def make_app(database: Database, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Build further applications on the same database, with other settings."""
    made: list[Flask] = []

    def make(**changed: object) -> Flask:
        made.append(create_app(settings_for(database.url, tmp_path, **changed)))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            databases.close(db.engine)


class Client(FlaskClient):
    """A browser without script, on HTTPS, that first commits what the test arranged."""

    arranged: Session

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request."""
        self.arranged.commit()
        kwargs.setdefault("base_url", "https://timebank.example")
        return super().open(*args, **kwargs)


@pytest.fixture
def new_client(app: Flask, session: Session) -> Callable[[], Client]:
    """Open further browsers, for a second person or a second tab."""

    def new() -> Client:
        client = Client(app, app.response_class, use_cookies=True)
        client.arranged = session
        return client

    return new


@pytest.fixture
def client(new_client: Callable[[], Client]) -> Client:
    """Open a browser that nobody has signed in with."""
    return new_client()


@pytest.fixture
def pages(client: Client) -> Pages:
    """Walk through the site page by page; every page is checked."""
    return Pages(client)


@pytest.fixture
def walk(new_client: Callable[[], Client], session: Session) -> Walk:
    """Open a browser as somebody."""

    def walk(member: Member) -> Pages:
        client = new_client()
        sign_in(client, session, member)
        return Pages(client)

    return walk


# ------------------------------------------------------------------------------ browser


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Find Debian's Chromium."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    return CHROMIUM


@pytest.fixture(scope="session")
def data() -> Path:
    """Find the folder of real data beside the project."""
    return DATA
