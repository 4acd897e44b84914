"""What the audit program says, to the letter, and what it holds while it reads."""

import fcntl
import gc
import json
import os
from pathlib import Path
from typing import Any

import beancount
import pytest

from ledger.audit import __main__ as program
from ledger.audit.check import audit
from tests.ledger.test_audit import JANUARY, change, golden_books

HELP = (
    "usage: python -m ledger.audit [-h]",
    "Check exported books with beancount, and their chain from the files alone.",
    "the folder that holds main.beancount\n",
    "check this year alone, with its opening balances\n",
    "write the verdict as JSON\n",
    "write the verdict as JSON into a file too\n",
    "stop after so much processor time\n",
    "stop rather than take more memory\n",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return golden_books(tmp_path / "books")


def test_sound_books_are_told_in_a_few_lines(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = audit(folder).head
    assert program.main([str(folder)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "The books are right.",
        "10 entries, 6 accounts, adding up to 0 MIN",
        f"chain {head}",
        f"checked with beancount {beancount.__version__}",
    ]
    (folder / ".main.beancount.picklecache").touch()
    assert program.main([str(folder)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        ".main.beancount.picklecache is no part of the books and was not read: beancount keeps it"
        " to be quicker. If these books came from somebody else, delete it before you run"
        " bean-check."
    )


def test_what_is_wrong_is_told_with_what_follows_from_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(folder, JANUARY, "M000002  -1 MIN", "M000002  -2 MIN")
    change(folder, JANUARY, "M000003  1 MIN", "M000003  2 MIN")
    found = audit(folder).findings
    assert program.main([str(folder)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "The books are NOT right.",
        str(found[0]),
        "and 2 balances that follow from it",
    ]


def test_the_verdict_is_the_same_on_paper_and_in_a_file(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(folder, JANUARY, 'key: "gift:1"', 'key: "gift:2"')
    written = tmp_path / "verdict.json"
    assert program.main([str(folder), "--json", "--verdict", str(written)]) == 1
    told = capsys.readouterr().out
    assert written.read_text("utf-8") == told
    facts = json.loads(told)
    assert told == f"{json.dumps(facts, indent=2)}\n"
    assert facts["findings"] == [each._asdict() for each in audit(folder).findings]
    # Rounded, and not the time of day.
    assert facts["seconds"] == round(facts["seconds"], 3)
    assert 0 <= facts["seconds"] < 600
    assert program.main([str(folder), "--verdict", str(written)]) == 1
    lines = ["The books are NOT right.", *map(str, audit(folder).findings)]
    assert capsys.readouterr().out.splitlines() == lines


def test_a_folder_that_is_not_there_and_help_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Wide enough that no line is broken.
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as ended:
        program.main([str(tmp_path / "none")])
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(f"error: there is no folder {tmp_path / 'none'}\n")
    with pytest.raises(SystemExit):
        program.main(["--help"])
    told = capsys.readouterr().out
    assert [words for words in HELP if words not in told] == []


@pytest.mark.parametrize("was_on", [True, False])
def test_it_reads_undisturbed_and_leaves_all_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, was_on: bool
) -> None:
    def is_free() -> bool:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    seen = []

    def looked_at(*asked: Any) -> Any:
        seen.append((gc.isenabled(), is_free()))
        return audit(*asked)

    monkeypatch.setattr(program, "audit", looked_at)
    (gc.enable if was_on else gc.disable)()
    try:
        assert program.main([str(folder)]) == 0
        assert (seen, gc.isenabled(), is_free()) == ([(False, False)], was_on, True)
    finally:
        gc.enable()
