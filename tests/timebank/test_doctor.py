"""The doctor: says what is not well, and what to do."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from tests.conftest import settings_for
from tests.factories import make_community
from timebank import db, doctor
from timebank.clock import utc_now
from timebank.config import Settings
from timebank.hours.models import BooksCheck

SETTINGS = {"mail_url": "smtp://mail.example"}


@pytest.fixture
def settings(engine_url: str, tmp_path: Path) -> Settings:
    return settings_for(engine_url, tmp_path, **SETTINGS)


def ill(findings: list[doctor.Finding]) -> dict[str, str]:
    return {finding.about: finding.words for finding in findings if not finding.well}


def test_a_healthy_installation_is_well(settings: Settings, engine: Engine) -> None:
    found = ill(doctor.examine(settings, engine))
    if engine.dialect.name == "postgresql":
        # The tests' own server is neither durable nor modest, and the doctor says so.
        assert found.keys() == {"fsync", "full_page_writes", "role"}
    else:
        assert found == {}


def test_a_short_secret_plain_http_and_missing_mail_are_named(
    engine: Engine, engine_url: str, tmp_path: Path
) -> None:
    (tmp_path / "secret_key").write_text("short")
    (tmp_path / "secret_key").chmod(0o644)
    settings = settings_for(
        engine_url, tmp_path, secret_key="short", base_url="http://timebank.example", mail_url=""
    )
    found = ill(doctor.examine(settings, engine))
    assert {"secret_key", "file of secret_key", "addresses", "mail"} <= found.keys()
    assert "chmod 600" in found["file of secret_key"]


def test_an_old_schema_is_named(settings: Settings, tmp_path: Path) -> None:
    empty = create_engine(f"sqlite:///{tmp_path / 'empty.sqlite3'}", **db.engine_options("sqlite:"))
    db.prepare_engine(empty)
    assert "timebank migrate" in ill(doctor.examine(settings, empty))["schema"]
    empty.dispose()


def test_a_database_that_cannot_be_reached_is_named(settings: Settings) -> None:
    away = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    assert "cannot be reached" in ill(doctor.examine(settings, away))["database"]


def test_a_file_that_somebody_opened_carelessly_is_named(
    settings: Settings, tmp_path: Path
) -> None:
    careless = create_engine(f"sqlite:///{tmp_path / 'careless.sqlite3'}")
    with careless.connect() as connection:
        connection.exec_driver_sql("PRAGMA synchronous=OFF")
        found = {f.about: f for f in doctor._sqlite(connection)}
    careless.dispose()
    assert not found["durability"].well
    assert not found["foreign_keys"].well


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 6, 23), True),
        ((4, 0, 0), True),
    ],
)
def test_versions_of_sqlite_that_can_damage_a_file_are_known(
    version: tuple[int, int, int], *, safe: bool
) -> None:
    assert db.sqlite_is_safe(version) is safe


def test_with_nothing_but_a_damaging_sqlite_the_slower_journal_is_used(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = SimpleNamespace(sqlite_version_info=(3, 40, 1), sqlite_version="3.40.1", __name__="x")
    url = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    engine = create_engine(url, **db.engine_options(url))
    monkeypatch.setattr(db, "sqlite_module", lambda: module)
    monkeypatch.setattr(doctor, "sqlite_module", lambda: module)
    db.prepare_engine(engine)
    with engine.connect() as connection:
        found = {f.about: f for f in doctor._sqlite(connection)}
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "truncate"
    engine.dispose()
    assert found["SQLite"].well
    assert "slower journal" in found["SQLite"].words


def test_the_report_reads_as_sentences_and_as_json(settings: Settings, engine: Engine) -> None:
    findings = doctor.examine(settings, engine)
    assert doctor.as_text([findings[0]]).endswith("All is well.")
    assert json.loads(doctor.as_json([findings[0]]))["well"] is True


def test_books_that_nobody_checks_or_that_are_not_right_are_named(
    settings: Settings, engine: Engine
) -> None:
    now = utc_now()
    with Session(engine) as session:
        new = make_community(session, now=now)
        old = make_community(session, now=now - doctor.CHECKED_WITHIN * 2)
        wrong = make_community(session, now=now)
        right = make_community(session, now=now - doctor.CHECKED_WITHIN * 2)
        for community, outcome in ((wrong, "wrong"), (right, "right")):
            session.add(
                BooksCheck(
                    community_id=community.id,
                    asked_at=now,
                    started_at=now,
                    ended_at=now,
                    outcome=outcome,
                )
            )
        session.commit()
        found = ill(doctor.examine(settings, engine))
        assert "does it run?" in found[f"books of {old.slug}"]
        assert "wrong on" in found[f"books of {wrong.slug}"]
        assert not {f"books of {new.slug}", f"books of {right.slug}"} & set(found)
