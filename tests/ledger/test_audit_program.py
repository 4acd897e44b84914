"""The audit as a program: what it prints, how it ends, and what it is held to."""

import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.audit.__main__ import main
from ledger.audit.check import audit
from ledger.layout import top_of, year_of
from tests.ledger.test_audit import COUNTED, JANUARY, change, golden_books
from timebank.config import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sound books, ready to be tampered with."""
    return golden_books(tmp_path / "books")


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ledger.audit", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


def test_the_program_says_what_is_so_and_ends_with_nothing(folder: Path) -> None:
    said = run(folder)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("The books are right.\n10 entries, 6 accounts, adding up to 0")


def test_the_program_names_what_is_wrong_and_ends_with_one(folder: Path) -> None:
    change(folder, JANUARY, 'key: "gift:1"', 'key: "gift:2"')
    said = run(folder, "--json")
    assert said.returncode == 1
    verdict = json.loads(said.stdout)
    assert (verdict["ok"], verdict["findings"][0]["reason"]) == (False, "broken-chain")
    assert "NOT right" in run(folder).stdout


def test_what_follows_from_a_changed_entry_is_one_line_and_stays_in_the_verdict(
    folder: Path,
) -> None:
    change(folder, JANUARY, "M000002  -1 MIN", "M000002  -2 MIN")
    change(folder, JANUARY, "M000003  1 MIN", "M000003  2 MIN")
    verdict = json.loads(run(folder, "--json").stdout)
    assert [finding["reason"] for finding in verdict["findings"]] == [
        "broken-chain",
        "beancount",
        "beancount",
    ]
    assert verdict["following"] == 2
    wrong, cause, rest = run(folder).stdout.splitlines()
    assert wrong == "The books are NOT right."
    assert re.fullmatch(rf"{JANUARY}, line \d+: entry 2 is not what was recorded; .*", cause)
    assert rest == "and 2 balances that follow from it"


def test_a_balance_that_was_changed_by_itself_follows_from_nothing(folder: Path) -> None:
    text = (folder / COUNTED).read_text("utf-8")
    stood = re.search(r"M000002  (-?\d+)", text)
    assert stood is not None
    change(folder, COUNTED, stood[0], f"M000002  {int(stood[1]) + 1}")
    verdict = audit(folder)
    [found] = verdict.findings
    assert (found.reason, found.file, verdict.following) == ("beancount", COUNTED, 0)
    assert "Balance failed" in run(folder).stdout


def test_balances_that_follow_are_all_counted_and_the_first_are_listed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.audit.check.FINDINGS_MAX", 2)
    change(folder, JANUARY, "M000002  -1 MIN", "M000002  -2 MIN")
    change(folder, JANUARY, "M000003  1 MIN", "M000003  2 MIN")
    verdict = audit(folder)
    assert (len(verdict.findings), verdict.following) == (2, 2)


def test_an_entry_that_cannot_be_read_is_the_first_thing_said(folder: Path) -> None:
    path = folder / JANUARY
    text = path.read_text("utf-8")
    path.write_text(re.sub(r"(?m)^2026-01-\d\d \*", "2026-01-99 *", text, count=1), "utf-8")
    verdict = audit(folder)
    assert (verdict.findings[0].reason, verdict.findings[0].file) == ("beancount", JANUARY)
    assert "day is out of range" in str(verdict.findings[0])


def test_the_file_at_the_top_of_a_year_is_known_by_its_name() -> None:
    assert year_of(top_of(2026)) == 2026
    assert year_of("main.beancount") is None


def test_a_wrong_question_ends_with_two(tmp_path: Path) -> None:
    said = run(tmp_path / "nowhere")
    assert said.returncode == 2
    assert "there is no folder" in said.stderr


def test_the_program_can_be_held_to_time_and_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    limits: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda what, both: limits.append((what, both)))
    assert main([str(folder), "--seconds", "60", "--megabytes", "512"]) == 0
    assert limits == [
        (resource.RLIMIT_CPU, (60, 60)),
        (resource.RLIMIT_AS, (512 * 1024**2, 512 * 1024**2)),
    ]
    assert "The books are right." in capsys.readouterr().out


def test_the_program_touches_no_database_and_no_web_framework() -> None:
    """Books by one program, checked by another that shares no code with it that counts."""
    listing = "import sys, ledger.audit.check; print(*sorted(sys.modules))"
    loaded = set(
        subprocess.run(
            [sys.executable, "-c", listing], check=True, capture_output=True, text=True, cwd=ROOT
        ).stdout.split()
    )
    ours = {name for name in loaded if name.split(".")[0] in {"ledger", "timebank"}}
    assert ours == {
        *("ledger", "ledger.audit", "ledger.audit.check", "ledger.audit.plugin"),
        *("ledger.chain", "ledger.errors", "ledger.layout", "ledger.proof_errors"),
        # These read what was signed; that the entries lead to it, the plugin works out itself.
        *("ledger.merkle", "ledger.months", "ledger.notes", "ledger.receipts", "ledger.signed"),
    }
    assert not loaded & {"sqlalchemy", "psycopg", "flask"}
