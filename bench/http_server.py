"""The servers that are asked for pages: ours, and one that does as little as a page can.

gunicorn starts both in the same way. The bare one shows the same layout as a member sees it, with
its navigation, the member's menu and the help, after one query by primary key; nobody is looked up
and nothing is checked.
"""

import contextlib
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace

from flask import Flask, g, render_template, request

from tests.databases import free_port
from timebank.app import served_app
from timebank.communities.models import Community
from timebank.config import ROOT
from timebank.db import db

# As `timebank serve` starts it.
PROCESSES, THREADS = 2, 4
START_SECONDS_MAX = 30
#: Modules that only the audit program may load.
KEPT_OUT = ("beancount", "beanquery", "fava")


def loaded_app() -> Flask:
    """Build the application, with a page that says what its process has loaded."""
    app = served_app(keeps_to_one=True)

    @app.get("/bench/loaded")
    def loaded() -> str:
        return ",".join(name for name in KEPT_OUT if name in sys.modules)

    return app


def bare_app() -> Flask:
    """Build the floor: one row by its primary key, in our layout, and nothing else."""
    app = served_app(keeps_to_one=True)
    for hooks in (
        app.before_request_funcs,
        app.after_request_funcs,
        app.url_value_preprocessors,
        app.teardown_request_funcs,
    ):
        hooks.clear()
    frame: dict[str, object] = {
        "help_block": None,
        "unread_notices": 3,
        "waiting_work": 0,
        "other_communities": [],
    }
    app.template_context_processors[None] = [lambda: {"g": g, "request": request, **frame}]

    @app.get("/bench/bare/<uuid:key>")
    def bare(key: uuid.UUID) -> str:
        g.community, g.roles = db.session.get(Community, key), frozenset()
        g.member = SimpleNamespace(state="active", first_name="Ana")
        # As Flask-Login keeps whoever is signed in; the layout has a menu for them.
        g._login_user = SimpleNamespace(is_authenticated=True, person_id=key)  # noqa: SLF001 - as said
        return render_template("layouts/community.html", title="One row")

    return app


@dataclass(frozen=True, slots=True)
class Server:
    """A running gunicorn."""

    port: int
    process: subprocess.Popen[bytes]

    def ask(self, path: str, cookie: str = "") -> tuple[int, str]:
        """Ask for one page."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def worker_megabytes(self) -> float:
        """Return the resident memory of the largest worker."""
        found = [
            int(line.split()[1]) / 1024
            for pid in _children(self.process.pid)
            for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
            if line.startswith("VmRSS:")
        ]
        return max(found)

    def busy_seconds(self) -> float:
        """Return how long the workers have kept a processor busy so far."""
        ticks = 0
        for pid in _children(self.process.pid):
            # After the name in brackets; the 12th and 13th are time for the program and its calls.
            values = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
            ticks += int(values[11]) + int(values[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    words = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [int(word) for word in words]


@contextlib.contextmanager
def serving(factory: str, environ: dict[str, str]) -> Iterator[Server]:
    """Run gunicorn on a port of its own until the block is left."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", f"bench.http_server:{factory}()"),
        *("--chdir", str(ROOT), "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--workers", str(PROCESSES), "--threads", str(THREADS)),
        *("--log-level", "error", "--keep-alive", "30"),
        "--no-control-socket",
    ]
    process = subprocess.Popen(command, env=os.environ | environ)  # noqa: S603 - our own words
    try:
        server = Server(port, process)
        _wait(server)
        yield server
    finally:
        process.terminate()
        process.wait()


def _wait(server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            server.ask("/robots.txt")
        except OSError:
            if time.monotonic() > deadline or server.process.poll() is not None:
                raise
            time.sleep(0.1)
        else:
            return
