"""Looking at the books in Fava: on a copy, at an address of this machine, and nothing stays."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.databases import free_port
from tests.factories import NOW, make_community, make_member
from timebank.cli import cli
from timebank.communities.models import Community
from timebank.config import ROOT
from timebank.hours import auditing, looking, service
from timebank.hours.looking import NotLoopbackError, NotStartedError, Place, TakenError


@pytest.fixture
def village(app: Flask, session: Session) -> Community:
    village = make_community(session, slug="village")
    ann, ben = (make_member(session, village, first_name=name) for name in ("Ann", "Ben"))
    service.transfer(
        *(session, village),
        receiver=ann,
        giver=ben,
        minutes=60,
        happened_on=NOW.date(),
        category="company",
        key="exchange:1",
        by=None,
        now=NOW,
    )
    session.commit()
    return village


@pytest.fixture
def books(app: Flask, village: Community) -> Path:
    with app.app_context():
        paths = auditing.paths_of(app.config["SETTINGS"], village)
        auditing.export_books(paths)
    return paths.folder


def get(address: str) -> tuple[str, str]:
    with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - loopback
        return answer.url, answer.read().decode()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "timebank.example", ""])  # noqa: S104 - refused
def test_only_addresses_of_this_machine_are_taken(host: str) -> None:
    with pytest.raises(NotLoopbackError):
        Place(host, 5000)


def test_addresses_of_this_machine_read_as_browsers_do() -> None:
    assert str(Place("127.0.0.1", 5000)) == "http://127.0.0.1:5000/"
    assert str(Place("::1", 5000)) == "http://[::1]:5000/"


def test_fava_shows_the_books_without_names_and_can_write_nothing(
    books: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMEBANK_SECRET_KEY", "not for it")
    before = {path: path.read_bytes() for path in books.rglob("*") if path.is_file()}
    place = Place("127.0.0.1", free_port())
    with looking.fava(books, place) as process:
        address, page = get(str(place))
        base = "/".join(address.split("/")[:4])
        assert json.loads(get(f"{base}/api/errors")[1])["data"] == []
        assert "Assets:Members:M000002" in page
        assert "Ann" not in page
        limits = Path(f"/proc/{process.pid}/limits").read_text("utf-8")
        [line] = [line for line in limits.splitlines() if line.startswith("Max file size")]
        assert line.split()[3:5] == ["0", "0"]
        environment = Path(f"/proc/{process.pid}/environ").read_bytes()
        assert b"TIMEBANK" not in environment
        copy = Path(f"/proc/{process.pid}/cwd").readlink()
        assert copy != books
        assert {path.stat().st_mode & 0o222 for path in [copy, *copy.rglob("*")]} == {0}
    assert process.poll() is not None
    assert not copy.exists()
    assert {path: path.read_bytes() for path in books.rglob("*") if path.is_file()} == before


def test_notes_of_the_treasurer_are_not_shown_nor_run(
    app: Flask, village: Community, books: Path
) -> None:
    (books / "local").mkdir(exist_ok=True)
    (books / "local" / "notes.beancount").write_text(
        'plugin "nobody.knows.this"\n2026-05-04 note Assets:Members:M000002 "Ann"\n', "utf-8"
    )
    with app.app_context():
        auditing.export_books(auditing.paths_of(app.config["SETTINGS"], village))
    assert 'include "local/notes.beancount"' in (books / "main.beancount").read_text("utf-8")
    place = Place("127.0.0.1", free_port())
    with looking.fava(books, place) as process:
        copy = Path(f"/proc/{process.pid}/cwd").readlink()
        assert not (copy / "local").exists()
        base = "/".join(get(str(place))[0].split("/")[:4])
        assert json.loads(get(f"{base}/api/errors")[1])["data"] == []
        assert "Ann" not in get(f"{base}/journal/")[1]
    assert (books / "local" / "notes.beancount").exists()


def test_a_taken_place_and_a_year_without_books_are_told(books: Path) -> None:
    place = Place("127.0.0.1", free_port())
    with socket.socket() as other:
        other.bind((place.host, place.port))
        other.listen()
        with pytest.raises(TakenError), looking.fava(books, place):
            pass
    with pytest.raises(FileNotFoundError), looking.fava(books, place, year=1999):
        pass


def test_a_fava_that_does_not_start_is_told(books: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    place = Place("127.0.0.1", free_port())
    with pytest.raises(NotStartedError), looking.fava(books, place):
        pass


def test_the_command_says_no_in_words(app: Flask, village: Community) -> None:
    run = app.test_cli_runner().invoke
    said = run(cli, ["books", "serve", "--host", "0.0.0.0"])  # noqa: S104 - refused
    assert said.exit_code == 1
    assert "no address of this machine alone" in said.output
    said = run(cli, ["books", "serve", "--port", str(free_port()), "--year", "1999"])
    assert "There are no books of 1999." in said.output


def test_the_command_serves_until_it_is_told_to_end(
    app: Flask, session: Session, village: Community
) -> None:
    settings, port = app.config["SETTINGS"], free_port()
    environment = os.environ | {
        "TIMEBANK_HOME": str(settings.home),
        "TIMEBANK_DATABASE_URL": settings.database_url,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "timebank.cli", "books", "serve", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}/" in process.stdout.readline()
        assert "Hours of village" in get(f"http://127.0.0.1:{port}/")[1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert "Ended" in process.stdout.read()
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    with pytest.raises(OSError, match="refused"):
        get(f"http://127.0.0.1:{port}/")
