"""The databases that tests run against: SQLite files and a PostgreSQL server of their own.

Tests really commit, as life does, and locks are real. What makes that cheap is putting a database
back: a SQLite file is copied from a migrated template, and PostgreSQL's few changed tables are
emptied in one round trip.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import QueuePool

from timebank import migrations
from timebank.db import engine_options, prepare_engine

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 -- faster than a disk where there is one
ROOM_BYTES_MIN = 256 * 1024 * 1024
START_SECONDS_MAX = 30
LEFT_SECONDS_MAX = 5
#: Rows of these tables come with the schema.
KEPT_TABLES = frozenset({"alembic_version"})


class Database(Protocol):
    """A migrated database that can be put back.

    Attributes:
        url: Its address.
        lasting: Engines that keep their connections from one test to the next.
    """

    url: str
    lasting: list[Engine]

    def engine(self) -> Engine:
        """Make an engine of one's own, prepared as the application prepares its own."""

    def put_back(self, engine: Engine) -> None:
        """Undo everything since the migrations; `engine` must have no connection in use."""


def open_engine(url: str) -> Engine:
    """Make an engine as the application does."""
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    return engine


def close(engine: Engine) -> None:
    """Close an engine's connections, and fail where one of them is still in use.

    A connection given back to an engine that was disposed of meanwhile is closed by nobody: the
    collector finds it later, in whatever test runs then.
    """
    used = in_use(engine)
    engine.dispose()
    assert used == 0, f"{used} connections of {engine.url!r} are still in use"


def in_use(engine: Engine) -> int:
    """Count the connections that somebody has taken and not given back."""
    assert isinstance(engine.pool, QueuePool)
    return engine.pool.checkedout()


def idle(engine: Engine) -> int:
    """Count the connections that wait for somebody to take them."""
    assert isinstance(engine.pool, QueuePool)
    return engine.pool.checkedin()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# ---------------------------------------------------------------------------- SQLite


class SqliteDatabase:
    """A file copied from a template that was migrated once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "tests.sqlite3"
        self._template = folder / "template.sqlite3"
        self.url = f"sqlite:///{self._path}"
        self.lasting: list[Engine] = []
        template = open_engine(f"sqlite:///{self._template}")
        migrations.upgrade(template)
        # The last connection to close moves everything into the one file that is copied.
        template.dispose()
        assert not (folder / "template.sqlite3-wal").exists()
        shutil.copyfile(self._template, self._path)

    def engine(self) -> Engine:
        return open_engine(self.url)

    def put_back(self, engine: Engine) -> None:
        close(engine)
        self.begin_anew()

    def begin_anew(self) -> None:
        """Put the file back, whoever may have it open still."""
        for left in self._folder.glob("tests.sqlite3*"):
            # A new file: a connection that a test forgot keeps the old one.
            left.unlink()
        shutil.copyfile(self._template, self._path)


@contextlib.contextmanager
def sqlite_database() -> Iterator[SqliteDatabase]:
    """Migrate a template and hand out a copy."""
    fast = SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free > ROOM_BYTES_MIN
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY if fast else None) as folder:
        yield SqliteDatabase(Path(folder))


# ------------------------------------------------------------------------ PostgreSQL


class PostgresDatabase:
    """A database of a server that these tests started."""

    def __init__(self, server: str) -> None:
        self.url = f"{server}/tests"
        self.lasting: list[Engine] = []
        administrator = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
        with administrator.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE tests")
        administrator.dispose()
        engine = self.engine()
        migrations.upgrade(engine)
        with engine.connect() as connection:
            tables = connection.scalars(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            ).all()
            wiped = sorted(set(tables) - KEPT_TABLES)
            for table in wiped:
                assert connection.scalar(text(f'SELECT count(*) FROM "{table}"')) == 0, (  # noqa: S608 -- a name from the catalogue
                    f"a migration fills {table}: teach KEPT_TABLES or put_back about it"
                )
        engine.dispose()
        # Triggers that keep the books append-only stand aside for this one role only.
        self._wipe = "; ".join(
            ["SET LOCAL session_replication_role = replica"]
            + [f'DELETE FROM "{table}"' for table in wiped]  # noqa: S608 -- as above
        )

    def engine(self) -> Engine:
        return open_engine(self.url)

    def put_back(self, engine: Engine) -> None:
        used = in_use(engine)
        with engine.begin() as connection:
            connection.exec_driver_sql(self._wipe)
            others = _others(connection, {engine, *self.lasting})
        if others > 0:
            # Only the test that forgot them is to fail, and none after it.
            for each in {engine, *self.lasting}:
                each.dispose()
            with engine.connect() as connection:
                connection.execute(text(_LET_GO))
        assert used == 0, f"{used} connections of {engine.url!r} are still in use"
        assert others <= 0, f"{others} connections to {engine.url!r} were never closed"


def _others(connection: Connection, engines: Collection[Engine]) -> int:
    """Count the connections to a database that none of these engines holds.

    There may be fewer than they hold: a pool keeps the place of one that was made invalid. A pool
    that was forgotten is closed by nobody, and the collector complains in another test. A process
    that was killed is let go of in a moment.
    """
    deadline = time.monotonic() + LEFT_SECONDS_MAX
    while True:
        found = connection.scalar(text(_CONNECTIONS)) or 0
        others: int = found - sum(in_use(each) + idle(each) for each in engines)
        if others <= 0 or time.monotonic() > deadline:
            return others
        time.sleep(0.02)
        # Else a transaction is told again what it was told when it asked first.
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))


_OF_CLIENTS = (
    " FROM pg_stat_get_activity(NULL) AS a JOIN pg_database AS d ON d.oid = a.datid"
    " WHERE d.datname = current_database() AND a.backend_type = 'client backend'"
)
_CONNECTIONS = "SELECT count(*)" + _OF_CLIENTS
_LET_GO = "SELECT pg_terminate_backend(a.pid)" + _OF_CLIENTS + " AND a.pid <> pg_backend_pid()"


def postgres_programs() -> Path | None:
    """Find the folder of PostgreSQL's server programs, the newest first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_major, reverse=True)
    if found:
        return found[0].parent
    elsewhere = shutil.which("initdb")
    return Path(elsewhere).resolve().parent if elsewhere else None


def _major(program: Path) -> int:
    name = program.parent.parent.name
    return int(name) if name.isdigit() else 0


@contextlib.contextmanager
def postgres_server(programs: Path, **settings: str) -> Iterator[str]:
    """Start a server for these tests alone; yield the start of its URL.

    It never runs as root, and it syncs nothing unless `settings` says so: what it holds is worth
    nothing tomorrow.
    """
    owner = "postgres" if os.geteuid() == 0 else None
    # Not below a folder that only root may enter.
    shared = "/tmp" if owner else None  # noqa: S108 -- mkdtemp makes a private folder in it
    folder = Path(tempfile.mkdtemp(prefix="timebank-postgres-", dir=shared))
    try:
        if owner is not None:
            account = pwd.getpwnam(owner)
            os.chown(folder, account.pw_uid, account.pw_gid)
        data, port = folder / "data", free_port()
        settled = ("-U", "tests", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        _run(owner, programs / "initdb", "-D", data, *settled)
        chosen = SERVER_SETTINGS | settings
        with _running(owner, programs / "postgres", data, port, chosen) as process:
            _wait(programs, port, process)
            yield f"postgresql+psycopg://tests@127.0.0.1:{port}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
    "log_min_messages": "fatal",
    "timezone": "Europe/Copenhagen",  # not UTC, so that a forgotten zone shows
}


@contextlib.contextmanager
def _running(
    owner: str | None, program: Path, data: Path, port: int, chosen: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    settings = [f"-c{name}={value}" for name, value in chosen.items()]
    with (data.parent / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-D", data, "-p", str(port), *settings],
            user=owner,
            group=owner,
            extra_groups=[] if owner else None,
            cwd=data,
            stdout=log,
            stderr=log,
            # Ctrl-C is for the tests; the server goes when they let it.
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(programs: Path, port: int, process: subprocess.Popen[bytes]) -> None:
    command: list[str | Path] = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    deadline = time.monotonic() + START_SECONDS_MAX
    while subprocess.run(command, check=False).returncode:
        assert process.poll() is None, "PostgreSQL stopped while starting"
        assert time.monotonic() < deadline, "PostgreSQL did not start"
        time.sleep(0.05)


def _run(owner: str | None, *command: str | Path) -> None:
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        user=owner,
        group=owner,
        extra_groups=[] if owner else None,
    )
    assert done.returncode == 0, done.stderr
