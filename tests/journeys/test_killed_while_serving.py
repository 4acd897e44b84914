"""Web processes die under load, again and again; everybody who asks again is answered, once.

The requests go over the wire to gunicorn, the kills are real, and who was told "yes" is counted
here, outside of what was killed.
"""

import contextlib
import os
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import cast
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session

from ledger.verify import verify
from tests.databases import free_port, open_engine
from tests.factories import make_device
from tests.timebank.exchanges.scene import Scene, make_scene
from timebank import serve
from timebank.config import ROOT, Settings
from timebank.db import new_id

EXCHANGES, CLIENTS, MINUTES = 40, 4, 30
#: Processes are killed after every so many answers.
KILL_EVERY = 10
SECONDS_MAX = 90
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CSRF = "c" * 40


@dataclass
class Web:
    """A gunicorn whose processes are killed without a word, and which is started again."""

    port: int
    environ: dict[str, str]
    killed: int = 0
    answered: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _master: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Serve for as long as the block lasts."""
        self._start()
        try:
            yield
        finally:
            assert self._master is not None
            self._master.terminate()
            self._master.wait()

    def _start(self) -> None:
        command = serve.web_command(serve.Address("127.0.0.1", self.port), processes=2, threads=2)
        self._master = subprocess.Popen(
            command, env=self.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def count_and_kill(self) -> None:
        """Note an answer; now and then kill who may be in the middle of the next ones."""
        with self._lock:
            self.answered += 1
            if self.answered % KILL_EVERY:
                return
            assert self._master is not None
            workers = _children(self._master.pid)
            # Once the whole group goes, as when a machine runs out of memory.
            everything = self.answered == KILL_EVERY * 2
            for pid in [self._master.pid, *workers] if everything else workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.killed += 1
            if everything:
                self._master.wait()
                self._start()


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [
            int(word)
            for word in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        ]
    return []


@dataclass(frozen=True)
class Caller:
    """Somebody who says yes, and asks again where no answer came."""

    web: Web
    address: str
    cookie: str
    token: str

    def confirm(self, exchange_id: uuid.UUID) -> int:
        """Send the same form until it is answered; return how often that took."""
        fields = {"csrf_token": self.token, "submission_key": new_id(), "worked_minutes": MINUTES}
        deadline = time.monotonic() + SECONDS_MAX
        for tries in range(1, 10_000):
            with contextlib.suppress(OSError, HTTPException):
                status = self._send(f"{self.address}/exchanges/{exchange_id}/confirm", fields)
                if status == 303:
                    self.web.count_and_kill()
                    return tries
                # Busy or unknown: both say "send it again". Anything else is a fault.
                assert status == 503, status
            assert time.monotonic() < deadline
            time.sleep(0.05)
        raise AssertionError

    def _send(self, path: str, fields: dict[str, object]) -> int:
        connection = HTTPConnection("127.0.0.1", self.web.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("POST", path, urlencode(fields), FORM | {"Cookie": self.cookie})
            answer = connection.getresponse()
            answer.read()
            return answer.status


def test_every_yes_counts_once_while_web_processes_are_killed(
    app: Flask, session: Session, tmp_path: Path
) -> None:
    scene = make_scene(session, floor_minutes=-EXCHANGES * MINUTES)
    waiting = [scene.log(worked_minutes=MINUTES).id for _exchange in range(EXCHANGES)]
    web = Web(free_port(), _environ(app, tmp_path))
    caller = _signed_in(app, session, scene, web)
    with web.serving(), ThreadPoolExecutor(CLIENTS) as clients:
        tries = list(clients.map(caller.confirm, waiting))
    assert len(tries) == web.answered == EXCHANGES
    assert web.killed, "nothing was killed, so this has shown nothing"
    assert max(tries) > 1, "no request was cut off, so this has shown nothing"
    engine = open_engine(app.config["SETTINGS"].database_url)
    with engine.connect() as connection:
        report = verify(connection, scene.community.id)
        states = connection.execute(sa.text("SELECT state, count(*) FROM exchange GROUP BY state"))
        assert {row.state: row[1] for row in states} == {"confirmed": EXCHANGES}
        found = connection.execute(sa.text("SELECT count(*), count(DISTINCT idem_key) FROM entry"))
        assert found.one() == (EXCHANGES, EXCHANGES)
    engine.dispose()
    assert (report.ok, report.total_minutes) == (True, 0)


def _environ(app: Flask, home: Path) -> dict[str, str]:
    settings = cast("Settings", app.config["SETTINGS"])
    return os.environ | {
        "TIMEBANK_HOME": str(home),
        "TIMEBANK_DATABASE_URL": settings.database_url,
        "TIMEBANK_SECRET_KEY": settings.secret_key,
        "TIMEBANK_LEDGER_SECRET": settings.ledger_secret,
        "TIMEBANK_BASE_URL": settings.base_url,
        "PYTHONPATH": str(ROOT),
    }


def _signed_in(app: Flask, session: Session, scene: Scene, web: Web) -> Caller:
    """The receiver, with the cookie a browser would hold."""
    _device, secret = make_device(session, scene.rune)
    session.commit()
    interface = app.session_interface
    assert isinstance(interface, SecureCookieSessionInterface)
    signer = interface.get_signing_serializer(app)
    assert signer is not None
    value = signer.dumps({"_user_id": secret, "_fresh": True, "csrf_token": CSRF})
    token = URLSafeTimedSerializer(str(app.secret_key), salt="wtf-csrf-token").dumps(CSRF)
    return Caller(
        web=web,
        address=f"/at/{scene.community.slug}",
        cookie=f"{app.config['SESSION_COOKIE_NAME']}={value!s}",
        token=str(token),
    )
