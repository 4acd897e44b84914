"""The commands of the books, as somebody at a terminal meets them."""

import json
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from ledger.verify import PROBLEMS_MAX, Problem, Report
from tests.factories import NOW, make_community, make_member
from tests.ledger.tamper import without_guards
from timebank.cli import cli
from timebank.hours import commands, service


@pytest.fixture
def lived_in(session: Session) -> Session:
    """One community in which one hour was given."""
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
        by=ann,
        now=NOW,
        memo="Thanks, Ben",
    )
    session.commit()
    return session


def run(app: Flask, *words: str | Path) -> Result:
    return app.test_cli_runner().invoke(cli, [str(word) for word in words])


def test_a_sound_book_is_called_right(app: Flask, lived_in: Session) -> None:
    said = run(app, "ledger", "verify")
    assert said.exit_code == 0
    assert said.output.startswith("village: the book is right. 1 entries, ")
    facts = json.loads(run(app, "ledger", "verify", "--community", "village", "--json").output)
    assert (facts["village"]["ok"], facts["village"]["sum_minutes"]) == (True, 0)


def test_a_changed_minute_in_the_database_is_named(
    app: Flask, lived_in: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = lived_in.connection().engine
    lived_in.rollback()
    with without_guards(engine) as connection:
        connection.exec_driver_sql("UPDATE leg SET minutes = 61")
        monkeypatch.setattr(commands, "_snapshot", lambda: nullcontext(connection))
        said = run(app, "ledger", "verify")
        facts = json.loads(run(app, "ledger", "verify", "--json").output)
    assert said.exit_code == 1
    assert "village: the book is NOT right." in said.output
    assert "entry 1: the entry was changed" in said.output
    assert facts["village"]["problems"][0]["where"] == "entry 1"


def test_a_list_of_findings_that_was_cut_off_says_so() -> None:
    found = (Problem("the entry was changed", "entry 1", "61", "60"),)
    report = Report(ok=False, entries=1, accounts=2, total_minutes=0, head=b"", problems=found)
    assert "there may be more" not in commands._report_text("village", report)
    cut = replace(report, problems=found * PROBLEMS_MAX)
    assert "there may be more" in commands._report_text("village", cut).splitlines()[-1]


def test_books_are_exported_checked_and_hold_no_name(
    app: Flask, lived_in: Session, tmp_path: Path
) -> None:
    folder = tmp_path / "books"
    said = run(app, "books", "export", folder)
    assert said.exit_code == 0
    assert "1 entries in 9 files, 9 of them written." in said.output
    again = json.loads(run(app, "books", "export", folder, "--json").output)
    assert (again["community"], again["entries"], again["written"]) == ("village", 1, [])
    text = "".join(path.read_text("utf-8") for path in folder.rglob("*") if path.is_file())
    assert not {"Ann", "Ben", "Thanks"} & set(text.replace('"', " ").split())
    # On a busy machine it would leave a cache beside them, which is no part of the books.
    bean_check = str(Path(sys.executable).parent / "bean-check")
    command = [bean_check, "--no-cache", str(folder / "main.beancount")]
    assert subprocess.run(command, check=False).returncode == 0
    checked = run(app, "books", "check", folder)
    assert checked.exit_code == 0
    assert checked.output.startswith("The books are right.\n1 entries")
    assert json.loads(run(app, "books", "check", folder, "--json").output)["ok"]


def test_a_changed_minute_in_the_books_is_named(
    app: Flask, lived_in: Session, tmp_path: Path
) -> None:
    folder = tmp_path / "books"
    run(app, "books", "export", folder)
    month = next(folder.glob("2026/??.beancount"))
    month.write_text(month.read_text("utf-8").replace("  60 MIN", "  61 MIN"), "utf-8")
    said = run(app, "books", "check", folder)
    assert said.exit_code == 1
    assert "The books are NOT right.\n2026/05.beancount, line 3:" in said.output


def test_a_folder_with_other_things_in_it_is_left_alone(
    app: Flask, lived_in: Session, tmp_path: Path
) -> None:
    (tmp_path / "thesis.odt").write_text("", "utf-8")
    said = run(app, "books", "export", tmp_path)
    assert said.exit_code == 1
    assert "holds something else: thesis.odt. Name an empty folder." in said.output


def test_one_year_can_be_checked_alone_and_every_file_written_anew(
    app: Flask, lived_in: Session, tmp_path: Path
) -> None:
    folder = tmp_path / "books"
    run(app, "books", "export", folder)
    year = f"{NOW.year}"
    facts = json.loads(run(app, "books", "check", folder, "--year", year, "--json").output)
    assert (facts["ok"], facts["top"]) == (True, f"{year}.beancount")
    month = folder / f"{NOW:%Y/%m}.beancount"
    good = month.read_text("utf-8")
    month.write_text(good.replace("-60", "-61").replace("  60", "  61"), "utf-8")
    said = json.loads(run(app, "books", "export", folder, "--full", "--json").output)
    assert (said["full"], said["written"]) == (True, [f"{NOW:%Y/%m}.beancount"])
    assert month.read_text("utf-8") == good


def test_books_that_know_more_than_the_database_are_kept(
    app: Flask, lived_in: Session, tmp_path: Path
) -> None:
    folder = tmp_path / "books"
    run(app, "books", "export", folder)
    head = (folder / "HEAD").read_text("utf-8")
    (folder / "HEAD").write_text(head.replace("entries 1\n", "entries 2\n"), "utf-8")
    said = run(app, "books", "export", folder, "--full")
    assert said.exit_code == 1
    assert "hold 2 entries, and the database has 1" in said.output
    assert "they may be the only copy" in said.output


def test_a_full_disk_is_said_plainly(
    app: Flask, lived_in: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    said = run(app, "books", "export", tmp_path / "books")
    assert said.exit_code == 1
    assert "The books could not be written: [Errno 28] No space left on device" in said.output


@pytest.mark.parametrize(
    ("communities", "words", "answer"),
    [
        (0, ["ledger", "verify"], "There is no community yet."),
        (0, ["books", "export", "x"], "Say which with --community. There are: none yet."),
        (2, ["books", "export", "x"], "Say which with --community. There are: one, two."),
        (
            1,
            ["books", "export", "x", "--community", "three"],
            "There is no community 'three'. There are: one.",
        ),
        (1, ["books", "check", "/nowhere"], "does not exist"),
    ],
)
def test_a_question_that_can_not_be_answered_says_why(
    app: Flask, session: Session, communities: int, words: list[str], answer: str
) -> None:
    for slug in ("one", "two")[:communities]:
        make_community(session, slug=slug, name=slug)
    session.commit()
    said = run(app, *words)
    assert said.exit_code != 0
    assert answer in said.output


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        (subprocess.TimeoutExpired("audit", 600), "took too long"),
        (subprocess.CompletedProcess([], -9, "", ""), "stopped before it was done: status -9"),
        (
            subprocess.CompletedProcess([], 1, "", "x\nMemoryError"),
            "it was done: MemoryError",
        ),
    ],
)
def test_a_check_that_was_stopped_is_not_called_right_or_wrong(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcome: Any, answer: str
) -> None:
    def stopped(*_args: object, **_kwargs: object) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr("subprocess.run", stopped)
    said = run(app, "books", "check", tmp_path)
    assert said.exit_code == 1
    assert answer in said.output
