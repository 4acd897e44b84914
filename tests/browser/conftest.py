"""A real browser on a real server, with a small community in the database.

The server runs in this process, on a port of its own and an SQLite file; the browser is Debian's
Chromium. A page that asks for anything from elsewhere, breaks the content policy or logs an error
fails the test it appears in.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from tests.conftest import Client, settings_for
from tests.databases import SqliteDatabase, close, free_port, sqlite_database
from tests.factories import sign_in
from tests.world import World, build_world
from timebank.app import create_app
from timebank.db import db

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
#: A phone, a tablet, a desk.
WIDTHS = (320, 768, 1280)
HEIGHT = 900

Served = tuple[Flask, str, SqliteDatabase]


@dataclass
class Site:
    """A running site: who is in it, and a browser window for each of them."""

    app: Flask
    url: str
    session: Session
    world: World
    browser: Browser
    database: SqliteDatabase
    troubles: list[str] = field(default_factory=list)

    def window(
        self,
        role: str = "visitor",
        *,
        width: int = 1280,
        script: bool = True,
        scale: float = 1,
    ) -> BrowserContext:
        """Open a window as somebody in this role, with or without script.

        A picture of it has `scale` dots for each pixel of the page, each way.
        """
        context = self.browser.new_context(
            base_url=self.url,
            viewport={"width": width, "height": HEIGHT},
            java_script_enabled=script,
            device_scale_factor=scale,
            reduced_motion="reduce",
            locale="en-GB",
        )
        context.set_default_timeout(10_000)
        context.route("**/*", self._only_from_here)
        context.on("page", self._listen)
        if role != "visitor":
            context.add_cookies([self.cookie(role)])
        return context

    def cookie(self, role: str) -> SetCookieParam:
        """Sign somebody in anew, and give the cookie that says so."""
        client = Client(self.app, self.app.response_class, use_cookies=True)
        client.arranged = self.session
        sign_in(client, self.session, self.world.people[role], base_url=self.url)
        name = self.app.config["SESSION_COOKIE_NAME"]
        cookie = client.get_cookie(name, domain="127.0.0.1")
        assert cookie is not None
        return {"name": name, "value": cookie.value, "url": self.url}

    def _only_from_here(self, route: Route) -> None:
        address = route.request.url
        if address.startswith((self.url, "data:")):
            route.continue_()
        else:
            self.troubles.append(f"asked for {address}")
            route.abort()

    def _listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.troubles.append(f"{page.url}: {error}"))
        page.on(
            "console",
            # What a page answers is looked at where it is opened.
            lambda message: (
                self.troubles.append(f"{page.url}: {message.text}")
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )


@pytest.fixture(scope="session")
def browser(chromium: Path) -> Iterator[Browser]:
    """Start Chromium once."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def _served(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Flask, str, SqliteDatabase]]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with sqlite_database() as database:
        home = tmp_path_factory.mktemp("browser")
        app = create_app(
            settings_for(database.url, home, base_url=url, secure_cookies=False, demo=True)
        )
        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield app, url, database
        server.shutdown()
        server.server_close()
        thread.join()
        with app.app_context():
            close(db.engine)


@pytest.fixture
def site(_served: Served, browser: Browser) -> Iterator[Site]:
    """Serve a community with one of everything; put it back afterwards."""
    app, url, database = _served
    with app.app_context():
        engine = db.engine
    with Session(engine) as session:
        site = Site(app, url, session, build_world(session), browser, database)
        yield site
        for context in browser.contexts:
            context.close()
    _let_finish(url)
    database.put_back(engine)
    assert not site.troubles, "\n".join(site.troubles)


def _let_finish(url: str) -> None:
    """Let the server end what windows that are closed by now still asked it for.

    A request at work while its database is put back keeps a connection to the file that was.
    Requests are taken in turn, so once a later one is answered every earlier one has its thread.
    """
    asking = HTTPConnection(urlsplit(url).netloc, timeout=10)
    asking.request("GET", "/")
    asking.getresponse().read()
    asking.close()
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(10)
            assert not thread.is_alive(), "a request did not end"


def path_of(address: str) -> str:
    """Return what an address says after the host."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")
