"""Look at an installation and say, in sentences, what is well and what is not."""

import datetime as dt
import json
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from timebank import migrations
from timebank.clock import utc_now
from timebank.communities import queries as communities
from timebank.config import Settings
from timebank.db import sqlite_is_safe, sqlite_module
from timebank.hours import auditing
from timebank.trail import queries as trail

#: The worker checks every night; after so long without a check it does not run.
CHECKED_WITHIN = dt.timedelta(days=2)
FREE_BYTES_MIN = 512 * 1024 * 1024
SECRET_LENGTH_MIN = 32
#: What `PRAGMA synchronous` answers for FULL and for EXTRA.
SQLITE_DURABLE = {2, 3}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the doctor looked at.

    Attributes:
        about: What was looked at.
        well: Whether it is as it should be.
        words: A sentence; if not well, also what to do.
    """

    about: str
    well: bool
    words: str


def examine(settings: Settings, engine: Engine) -> list[Finding]:
    """Look at the settings, the database and the disk; change nothing."""
    return [*_settings(settings), *_disk(settings), *_database(engine)]


def as_text(findings: list[Finding]) -> str:
    """Write a line for each finding, and a verdict."""
    lines = [f"{'ok ' if each.well else 'BAD'}  {each.about}: {each.words}" for each in findings]
    ill = sum(not each.well for each in findings)
    lines.append("All is well." if not ill else f"{ill} of {len(findings)} need attention.")
    return "\n".join(lines)


def as_json(findings: list[Finding]) -> str:
    """Write the findings for a program."""
    return json.dumps(
        {"well": all(each.well for each in findings), "findings": [asdict(f) for f in findings]},
        indent=2,
    )


def _settings(settings: Settings) -> Iterator[Finding]:
    for name in ("secret_key", "ledger_secret"):
        long_enough = len(getattr(settings, name)) >= SECRET_LENGTH_MIN
        yield Finding(
            name,
            long_enough,
            "is long enough"
            if long_enough
            else f"is short; make it {SECRET_LENGTH_MIN} random letters or more",
        )
        kept = settings.home / name
        if kept.exists():
            private = not kept.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
            words = "only we can read it" if private else f"others can read it: chmod 600 {kept}"
            yield Finding(f"file of {name}", private, words)
    https = settings.base_url.startswith("https:")
    yield Finding(
        "addresses",
        settings.demo or (https and settings.secure_cookies),
        f"people come to {settings.base_url}"
        + ("" if https or settings.demo else "; use https, so that nobody can listen in"),
    )
    yield Finding(
        "mail",
        settings.demo or bool(settings.mail_url),
        f"goes out from {settings.mail_sender}"
        if settings.mail_url
        else "stays in the tray; set TIMEBANK_MAIL_URL to send it",
    )


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    yield Finding("disk", free > FREE_BYTES_MIN, f"{free // 1024 // 1024} MB are free at {folder}")


def _database(engine: Engine) -> Iterator[Finding]:
    looks: dict[str, Callable[[Connection], Iterator[Finding]]] = {
        "sqlite": _sqlite,
        "postgresql": _postgresql,
    }
    try:
        with engine.connect() as connection:
            yield from looks[engine.dialect.name](connection)
    except OperationalError as error:
        yield Finding("database", well=False, words=f"cannot be reached: {error.orig}")
        return
    at, newest = migrations.current(engine), migrations.newest()
    words = f"at {at}" if at == newest else f"at {at}, not {newest}: run `timebank migrate`"
    yield Finding("schema", at == newest, words)
    if at == newest:
        yield from _trail(engine)
        yield from _books(engine)


def _trail(engine: Engine) -> Iterator[Finding]:
    with Session(engine) as session:
        verdict = trail.verify(session, now=utc_now())
    words = (
        "; ".join(verdict.faults)
        if verdict.faults
        else f"{verdict.links} links hold, the last is {verdict.chain.hex()[:16]}"
    )
    yield Finding("trail", not verdict.faults, words)


def _books(engine: Engine) -> Iterator[Finding]:
    """The newest check of each community's books; an old one says that no worker runs."""
    now = utc_now()
    with Session(engine) as session:
        for community in communities.every(session):
            check = auditing.latest(session, community.id)
            about, seen_at = f"books of {community.slug}", community.created_at
            words, well = "not checked yet", True
            if check is not None and check.ended_at is not None:
                seen_at, well = check.ended_at, check.outcome == "right"
                what = "all years" if check.is_whole else f"the year {check.year or 'now'}"
                words = f"{what} {check.outcome} on {seen_at.date()}"
            if now - seen_at > CHECKED_WITHIN:
                well, words = False, f"{words}; the worker checks them each night: does it run?"
            yield Finding(about, well, words)


def _sqlite(connection: Connection) -> Iterator[Finding]:
    module = sqlite_module()
    safe = sqlite_is_safe(module.sqlite_version_info)
    journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    yield Finding(
        "SQLite",
        safe or journal == "truncate",
        f"version {module.sqlite_version} from {module.__name__}, journal {journal}"
        + ("" if safe else "; this version can damage a WAL file, so the slower journal is used"),
    )
    synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    yield Finding(
        "durability",
        synchronous in SQLITE_DURABLE,
        "a confirmed hour survives a power cut"
        if synchronous in SQLITE_DURABLE
        else f"synchronous is {synchronous}: a power cut could lose confirmed hours",
    )
    for pragma in ("foreign_keys", "recursive_triggers"):
        on = connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == 1
        yield Finding(pragma, on, "on" if on else "off: something opened the file in its own way")
    trouble = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    yield Finding("file", trouble == "ok", "is whole" if trouble == "ok" else str(trouble))


def _postgresql(connection: Connection) -> Iterator[Finding]:
    version = connection.exec_driver_sql("SHOW server_version").scalar_one()
    yield Finding("PostgreSQL", well=True, words=f"version {version}")
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        value = connection.exec_driver_sql(f"SHOW {name}").scalar_one()
        well = value in {"on", "remote_apply"}
        words = f"{value}" if well else f"{value}: set it on, or a power cut loses hours"
        yield Finding(name, well, words)
    powers = connection.exec_driver_sql(
        "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
    ).scalar_one()
    words = (
        "has every right; give the application a role of its own (docs/operations.md)"
        if powers
        else "has no more rights than it needs"
    )
    yield Finding("role", not powers, words)
