"""Pages under gunicorn, with a town's data: how many a second, beside a page that does nothing.

Also how many questions to the database a page asks, in a small town and in one four times as
large; and how much memory a worker holds.
"""

import contextlib
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import event
from sqlalchemy.orm import Session

from bench.http_server import Server, serving
from bench.http_town import MONTH, SLUG, Town, build
from bench.registry import Conditions, Measured, benchmark
from timebank.app import create_app
from timebank.clock import utc_now
from timebank.config import Settings
from timebank.db import WRITES, db
from timebank.members.models import Member
from timebank.members.service import begin_device

TIMES, TIMES_SMALL = 20, 5
CLIENTS = 4
PAGE_WANTED = 0.25
STATEMENTS_MAX = 12
MEGABYTES_MAX = 150
WARM_SECONDS = 0.2
SLICE_SECONDS = 0.5
#: Links, icons and headings that stand around a page at least.
LAYOUT_ELEMENTS_MIN = 20
SECRETS = {"TIMEBANK_SECRET_KEY": "x" * 64, "TIMEBANK_LEDGER_SECRET": "y" * 64}
PAGES = {
    "front page": f"/at/{SLUG}/",
    "listings with search": f"/at/{SLUG}/offers?q=bread",
    "statement": f"/at/{SLUG}/hours/statement?month={MONTH}",
}


@benchmark("pages")
def pages(conditions: Conditions) -> Iterator[Measured]:
    """Measure the three busiest pages, and memory."""
    large, environ = build_town(conditions.folder / "large", TIMES)
    counts = {name: count_statements(large, path) for name, path in PAGES.items()}
    small, _environ = build_town(conditions.folder / "small", TIMES_SMALL)
    for name, path in PAGES.items():
        few, many = count_statements(small, path), counts[name]
        yield Measured(
            name=f"{name}: statements, {TIMES_SMALL}× and {TIMES}× the demo",
            # One question more in the larger town is one too many.
            ours=[float(min(few, STATEMENTS_MAX))],
            floor=[float(many)],
            wanted=1.0,
            note=f"{few} and {many}, at most {STATEMENTS_MAX}",
        )
    with serving("loaded_app", environ) as ours, serving("bare_app", environ) as bare:
        floor_path = f"/bench/bare/{large.town.community_id}"
        for name, path in PAGES.items():
            _see_same_layout(ours, path, bare, floor_path, large.cookie)
            yield _compare(conditions, name, (ours, path), (bare, floor_path), large.cookie)
        megabytes = ours.worker_megabytes()
        _status, loaded = ours.ask("/bench/loaded")
        yield Measured(
            name="memory of a web worker",
            ours=[MEGABYTES_MAX],
            floor=[megabytes],
            wanted=1.0,
            note=f"{megabytes:.0f} MB of {MEGABYTES_MAX}; kept out but loaded: {loaded or 'none'}",
        )
        if loaded:
            raise AssertionError(loaded)


class Place:
    """A town with its application in this process, and somebody signed in."""

    def __init__(self, app: Flask, town: Town) -> None:
        self.app, self.town = app, town
        self.csrf = "c" * 40
        self.cookie = _sign_in(app, town.looking, self.csrf)
        self.asked_cookie = _sign_in(app, town.asked, self.csrf)


def build_town(
    home: Path, times: int, *, url: str = "", waiting: int = 0
) -> tuple[Place, dict[str, str]]:
    """Build a town in a folder; return it, and the settings it is served with.

    Args:
        home: Its folder.
        times: How many demos large.
        url: An empty database; without one, a file in the folder.
        waiting: Exchanges that wait for one member's yes.
    """
    home.mkdir(parents=True, exist_ok=True)
    environ = {"TIMEBANK_HOME": str(home), "TIMEBANK_BASE_URL": "http://127.0.0.1", **SECRETS}
    if url:
        environ["TIMEBANK_DATABASE_URL"] = url
    print(f"building a town of {times} times the demo …", flush=True)
    app = create_app(Settings.from_environ(environ))
    return Place(app, build(app, times, waiting=waiting)), environ


def _sign_in(app: Flask, member: Member, csrf: str) -> str:
    with app.app_context(), Session(db.engine) as session:
        session.connection(execution_options={WRITES: True})
        person_id = member.person_id
        assert person_id is not None  # noqa: S101 - the town's people all have one
        _device, secret = begin_device(
            session, person_id, means="card", agent="bench", is_shared=False, now=utc_now()
        )
        session.commit()
    interface = app.session_interface
    assert isinstance(interface, SecureCookieSessionInterface)  # noqa: S101 - Flask's own
    signer = interface.get_signing_serializer(app)
    assert signer is not None  # noqa: S101 - there is a secret key
    value = signer.dumps({"_user_id": secret, "_fresh": True, "csrf_token": csrf})
    return f"{app.config['SESSION_COOKIE_NAME']}={value!s}"


def count_statements(place: Place, path: str) -> int:
    """Count what a page asks the database, once everything is loaded."""
    asked: list[str] = []

    def listen(*arguments: Any) -> None:  # noqa: ANN401 - as SQLAlchemy calls it
        asked.append(arguments[2])

    with place.app.app_context():
        engine = db.engine
    client = place.app.test_client(use_cookies=False)
    client.get(path, headers={"Cookie": place.cookie})
    event.listen(engine, "before_cursor_execute", listen)
    answer = client.get(path, headers={"Cookie": place.cookie})
    event.remove(engine, "before_cursor_execute", listen)
    if answer.status_code != 200:
        raise AssertionError(f"{path} answered {answer.status_code}")
    return len(asked)


def _see_same_layout(ours: Server, path: str, bare: Server, floor_path: str, cookie: str) -> None:
    """See that the floor draws what stands around every page, link for link."""
    around = [
        re.findall(r"<(?:a|form|h2|link|script|svg)\b", re.sub(r"(?s)<main.*</main>", "", html))
        for _status, html in (ours.ask(path, cookie), bare.ask(floor_path, cookie))
    ]
    if around[0] != around[1] or len(around[0]) < LAYOUT_ELEMENTS_MIN:
        raise AssertionError(around)


def _compare(
    conditions: Conditions,
    name: str,
    page: tuple[Server, str],
    floor: tuple[Server, str],
    cookie: str,
) -> Measured:
    """Ask for a page and for the floor in short turns, so that a noisy moment meets both."""
    rates: tuple[list[float], list[float]] = ([], [])
    efforts: tuple[list[float], list[float]] = ([], [])
    for _turn in range(max(1, round(conditions.turns * conditions.seconds / SLICE_SECONDS))):
        for (server, path), rate, effort in zip((page, floor), rates, efforts, strict=True):
            before = server.busy_seconds()
            answered, answers = _load(server, path, cookie, SLICE_SECONDS)
            rate.append(answered)
            effort.append((server.busy_seconds() - before) / answers)
    ratio = statistics.median(efforts[1]) / statistics.median(efforts[0])
    milliseconds = statistics.median(efforts[0]) * 1000
    return Measured(
        *(name, *rates, PAGE_WANTED),
        note=f"{milliseconds:.1f} ms of a processor each; by that {ratio:.2f}",
    )


def _load(server: Server, path: str, cookie: str, seconds: float) -> tuple[float, int]:
    """Ask for a page from several clients at once; return answers a second, and how many in all."""
    return _race(
        server,
        seconds,
        lambda connection: connection.request("GET", path, headers={"Cookie": cookie}),
        200,
    )


def _race(
    server: Server, seconds: float, send: Callable[[HTTPConnection], None], expected: int
) -> tuple[float, int]:
    counted: list[int] = []
    every: list[int] = []
    faults: list[object] = []

    def client() -> None:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
        with contextlib.closing(connection):
            count, while_warm = 0, 0
            started = time.monotonic()
            while (now := time.monotonic() - started) < WARM_SECONDS + seconds:
                send(connection)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != expected:
                    faults.append((answer.status, answer.headers.get("Location"), body[:300]))
                    break
                count += 1
                while_warm += now >= WARM_SECONDS
            every.append(count)
            counted.append(while_warm)

    threads = [threading.Thread(target=client) for _client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise AssertionError(faults[0])
    return sum(counted) / seconds, sum(every)
