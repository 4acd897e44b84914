"""Questions to exported books: what may be asked, what may not, and what nobody can do with one."""

import contextlib
import datetime as dt
import io
import json
import resource
import shutil
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from beancount.core import amount

from ledger.audit import ask
from ledger.audit.ask import Question, RefusedError
from ledger.audit.asked_books import AskedBooks, load
from ledger.books import PLUGIN_SOURCE
from ledger.layout import PLUGIN, FindingError
from timebank.config import ROOT
from timebank.hours.questions import SAVED

TODAY = dt.date(2026, 12, 1)
GOLDEN = Path(__file__).with_name("golden_books")
SECRET = "root:x:0:0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Books of ten entries, and beside them a file that is nobody's business."""
    (tmp_path / "passwd.csv").write_text(f"{SECRET}\n", "utf-8")
    shutil.copytree(GOLDEN, tmp_path / "books")
    shutil.copyfile(PLUGIN_SOURCE, tmp_path / "books" / PLUGIN)
    return tmp_path / "books"


def put(folder: Path, bql: str, *limits: str, **more: Any) -> tuple[int, dict[str, Any]]:
    """Ask as the worker does: a process of its own, and JSON both ways."""
    done = subprocess.run(
        [sys.executable, "-m", "ledger.audit.ask", str(folder), *limits],
        input=json.dumps({"bql": bql, "today": TODAY.isoformat()} | more),
        capture_output=True,
        check=False,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else {"said": done.stderr}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> AskedBooks:
    """The same books in memory, for questions that need no process of their own."""
    folder = tmp_path_factory.mktemp("asked") / "books"
    shutil.copytree(GOLDEN, folder)
    shutil.copyfile(PLUGIN_SOURCE, folder / PLUGIN)
    return load(folder)


def here(books: AskedBooks, bql: str, **values: str) -> dict[str, Any]:
    """Ask in this process, which keeps its rights."""
    days = {name: dt.date.fromisoformat(day) for name, day in values.items()}
    question = Question(bql, days, TODAY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ask, "_give_up_rights", lambda: None)
        return ask._answer(question, ask.parse(question), books)


def answered(books: AskedBooks, bql: str) -> list[list[Any]]:
    rows: list[list[Any]] = here(books, bql)["rows"]
    return rows


def refused(bql: str, **values: dt.date) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        ask.parse(Question(bql, values, TODAY))
    return caught.value


# -------------------------------------------------------------------------- what is answered


def test_beancounts_own_questions_are_answered_in_minutes(books: AskedBooks) -> None:
    sums = answered(books, "SELECT account, sum(position) AS minutes GROUP BY account")
    assert sums
    assert sum(minutes for _account, minutes in sums) == 0
    assert answered(books, "BALANCES FROM year = 2026")
    assert answered(books, "JOURNAL 'Assets:Members:M000001'")
    [[text]] = answered(books, "PRINT FROM narration = 'opening'")[:1]
    assert text.startswith("2026-")


def test_our_own_tables_say_what_the_books_say(books: AskedBooks) -> None:
    legs = answered(books, "SELECT seq, payer, payee, minutes, takes_back FROM #legs")
    assert [leg[0] for leg in legs] == sorted(leg[0] for leg in legs)
    held = answered(books, "SELECT code, balance_minutes, moves FROM #holdings")
    came = {code: 0 for code, _minutes, _moves in held}
    for _seq, payer, payee, minutes, _back in legs:
        came[payer] -= minutes
        came[payee] += minutes
    assert {code: minutes for code, minutes, _moves in held} == came
    months = answered(books, "SELECT month, moved_minutes FROM #months")
    assert sum(minutes for _month, minutes in months) == sum(leg[3] for leg in legs)
    shares = answered(
        books, "SELECT held_percent FROM #holdings WHERE held_rank > 0 ORDER BY held_rank"
    )
    assert shares == sorted(shares)
    assert shares[-1] == [100]


@pytest.mark.parametrize("name", SAVED)
def test_every_question_that_is_kept_ready_is_answered(books: AskedBooks, name: str) -> None:
    saved = SAVED[name]
    answer = here(books, saved.bql, **({"since": "2026-01-01"} if saved.takes_since else {}))
    assert not saved.bars or {saved.bars, saved.label} <= set(answer["columns"])
    if saved.takes_since:
        assert here(books, saved.bql, since="2099-01-01")["rows"] == []


def test_a_question_is_answered_by_a_process_of_its_own(folder: Path) -> None:
    saved = SAVED["months"]
    status, answer = put(folder, saved.bql)
    assert status == 0
    assert answer["columns"] == ["month", "entries", "movers", "moved_minutes"]
    assert put(folder, SAVED["flows"].bql, values={"since": "2026-01-01"})[0] == 0


def test_an_answer_is_cut_and_says_so(books: AskedBooks, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here(books, "SELECT account")["is_cut"] is False
    monkeypatch.setattr(ask, "ROWS_MAX", 3)
    answer = here(books, "SELECT account")
    assert (len(answer["rows"]), answer["is_cut"]) == (3, True)


def test_a_wide_answer_is_cut_before_it_fills_the_database(
    books: AskedBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = "SELECT words, words, words FROM (SELECT 'twelve chars' AS words)"
    whole = here(books, wide)
    assert whole["is_cut"] is False
    monkeypatch.setattr(ask, "ANSWER_MAX", 2 * 3 * len("twelve chars"))
    answer = here(books, wide)
    assert (answer["rows"], answer["is_cut"]) == (whole["rows"][:2], True)


def test_no_path_of_this_machine_is_in_an_answer(books: AskedBooks) -> None:
    for bql in ("SELECT filename, meta", "SELECT open_meta(account)", "PRINT", "SELECT location"):
        assert "/asked" not in json.dumps(here(books, bql)), bql


# -------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("bql", "reason"),
    [
        ("", "syntax"),
        ("SELECT", "syntax"),
        ("DROP TABLE postings", "syntax"),
        ("SELECT 1 FROM #legs UNION SELECT 2", "syntax"),
        (".output /tmp/here", "syntax"),
        ("!cat passwd.csv", "syntax"),
        ("RUN passwd", "syntax"),
        ("SELECT " + "(" * 900 + "1" + ")" * 900, "syntax"),
        ("SELECT date(2026-13-99)", "syntax"),
        ("SELECT 2026-13-99", "syntax"),
        ("x" * 2001, "long"),
        ("CREATE TABLE x (a str) USING 'csv:passwd.csv'", "kind"),
        ("CREATE TABLE x AS SELECT account", "kind"),
        ("create table x (a str)", "kind"),
        ("INSERT INTO legs (seq) VALUES (1)", "kind"),
        ("SELECT account WHERE date > %(since)s", "place"),
        ("SELECT 1; SELECT 2", "several"),
        ("SELECT ';' ; -- two", "several"),
        ("SELECT 1\n; a note\nSELECT 2", "syntax"),
        ("BALANCES; DROP TABLE books", "several"),
        ("SELECT account WHERE account IN (SELECT account WHERE date > %s)", "place"),
    ],
)
def test_what_is_no_question_is_refused_before_any_book_is_opened(bql: str, reason: str) -> None:
    assert refused(bql).reason == reason


@pytest.mark.parametrize(
    "bql",
    ["SELECT 1;", "SELECT 1 ;\n", "SELECT 1;;", "SELECT ';'", "PRINT;", "SELECT 1; /* a; b */"],
)
def test_what_ends_a_question_is_no_second_one(bql: str) -> None:
    ask.parse(Question(bql, {}, TODAY))


def test_a_mistake_is_told_with_its_place() -> None:
    mistake = refused("SELECT account\nFORM year = 2026")
    assert (mistake.reason, mistake.line, mistake.column) == ("syntax", 2, 1)
    second = refused("SELECT account\nWHERE year = 2026; /* and */ SELECT 2")
    assert (second.reason, second.line, second.column) == ("several", 2, 30)


@pytest.mark.parametrize(
    "bql",
    [
        "SELECT * FROM #passwd",
        "SELECT * FROM passwd",
        'SELECT * FROM "csv:../passwd.csv"',
        'SELECT * FROM #"../passwd.csv"',
        "SELECT * FROM #documents",
        "SELECT nothing",
        "SELECT account.__class__",
        "SELECT meta.__class__.__init__.__globals__",
        "SELECT entry.meta.__class__",
        "SELECT open('passwd.csv')",
        "SELECT eval('1')",
        "SELECT account WHERE account ~ '('",
        "SELECT parse_date('no day')",
        "SELECT date(2026, 13, 99)",
        "SELECT sum(account)",
    ],
)
def test_what_the_books_do_not_have_is_not_found_elsewhere(
    books: AskedBooks, bql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "passwd.csv").write_text(f"{SECRET}\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    rows: list[list[Any]] = []
    with contextlib.suppress(RefusedError):
        rows = here(books, bql)["rows"]
    assert not any(cell for row in rows for cell in row), rows


# -------------------------------------------------------------------- what nobody can do


def run(words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", words], capture_output=True, check=False, text=True, cwd=ROOT
    )


@pytest.mark.parametrize(
    "act",
    [
        "open('/etc/passwd')",
        "open('/dev/null', 'w')",
        "import os; os.open('/etc/passwd', os.O_RDONLY)",
        "import os; os.listdir('/')",
        "import socket; socket.socket()",
        "import subprocess; subprocess.run(['/bin/true'])",
        "import beanquery.sources.csv",
        "import importlib; importlib.import_module('beanquery.sources.memory')",
    ],
)
def test_once_the_books_are_read_nothing_else_can_be(act: str) -> None:
    done = run(f"from ledger.audit import ask\nask._give_up_rights()\nprint('still here')\n{act}")
    assert "still here" in done.stdout
    assert done.returncode == 1, done
    assert "Error" in done.stderr


def test_a_mistake_without_a_place_is_told_all_the_same(books: AskedBooks) -> None:
    with pytest.raises(RefusedError) as caught:
        here(books, "SELECT account, sum(number) GROUP BY year")
    assert (caught.value.reason, caught.value.line) == ("meaning", 0)
    assert "GROUP-BY" in caught.value.detail


def test_every_right_is_given_up_and_none_can_be_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits: dict[int, tuple[int, int]] = {}
    clock: list[int] = []
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)
    monkeypatch.setattr(signal, "setitimer", lambda _which, seconds: clock.append(seconds))
    monkeypatch.setattr(signal, "signal", lambda *_what: None)
    for name in ("csv", "memory", "test"):
        monkeypatch.setitem(sys.modules, f"beanquery.sources.{name}", None)
    ask._give_up_rights()
    given_up = (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC)
    assert {limits[what] for what in given_up} == {(0, 0)}
    assert clock == [ask.SECONDS_MAX]
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (5, 5))
    ask._limit(resource.RLIMIT_CPU, 60)
    assert limits[resource.RLIMIT_CPU] == (5, 5)


def test_the_program_says_what_it_found_by_its_status(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ask, "_give_up_rights", lambda: None)
    monkeypatch.setattr(ask, "_limit", lambda *_what: None)

    def status(bql: str) -> int:
        asked = json.dumps({"bql": bql, "today": TODAY.isoformat()})
        monkeypatch.setattr(sys, "stdin", io.StringIO(asked))
        return ask.main([str(folder)])

    assert status("SELECT account") == 0
    assert json.loads(capsys.readouterr().out)["entries"] > 0
    assert status("SELECT nothing") == 1
    assert json.loads(capsys.readouterr().out)["refused"]["reason"] == "meaning"
    (folder / "HEAD").unlink()
    assert status("SELECT account") == 2
    assert "can not be read" in capsys.readouterr().err


def test_what_breaks_within_a_question_is_told_apart(
    books: AskedBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    for trouble, reason in ((RecursionError(), "meaning"), (ValueError("odd"), "run")):

        def fail(*_asked: Any, trouble: Exception = trouble) -> None:
            raise trouble

        monkeypatch.setattr("beanquery.Connection.execute", fail)
        with pytest.raises(RefusedError) as caught:
            here(books, "SELECT account")
        assert caught.value.reason == reason

    def eat(*_asked: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("beanquery.Connection.execute", eat)
    with pytest.raises(MemoryError):
        here(books, "SELECT account")


def test_each_kind_of_value_is_written_down() -> None:
    assert ask._cell(None) is None
    assert ask._cell(amount.Amount(Decimal(30), "MIN")) == 30
    assert ask._cell(amount.Amount(Decimal(1), "HOUR")) == "1 HOUR"
    assert ask._cell(amount.Amount(Decimal("0.5"), "MIN")) == "0.5 MIN"
    assert ask._cell(TODAY) == "2026-12-01"
    assert ask._cell({"b", "a"}) == "a, b"
    assert ask._cell({"a": 1}) == "a: 1"


def test_a_question_that_never_ends_is_stopped(folder: Path) -> None:
    never = "SELECT grep('((a+)+)+$', '" + "a" * 60 + "!') LIMIT 1"
    status, answer = put(folder, never, "--seconds", "3")
    assert status < 0
    assert "rows" not in answer
    done = run(
        "from ledger.audit import ask\nask.SECONDS_MAX = 1\nask._give_up_rights()\nwhile True: pass"
    )
    assert done.returncode < 0


def test_a_question_that_eats_memory_is_stopped(folder: Path) -> None:
    words = "'xxxxxxxxxxxxxxxxxxxx'"
    for _ in range(8):
        words = f"subst('x', 'xxxxxxxxxxxxxxxxxxxx', {words})"
    status, answer = put(folder, f"SELECT length({words}) LIMIT 1", "--megabytes", "600")
    assert status not in {0, 1} or "MemoryError" in answer.get("said", ""), answer
    assert "rows" not in answer


def test_books_that_are_torn_are_not_asked(folder: Path) -> None:
    (folder / "main.beancount").write_text('plugin "os"\n', "utf-8")
    status, answer = put(folder, "SELECT account")
    assert status == 2
    assert "can not be read" in answer["said"]


def test_books_that_beancount_can_not_read_are_named_by_file(folder: Path) -> None:
    accounts = folder / "accounts.beancount"
    text = accounts.read_text("utf-8")
    accounts.write_text(f"{text}2026-99-99 open Assets:Members:M000009  MIN\n", "utf-8")
    with pytest.raises(FindingError) as caught:
        load(folder)
    assert (caught.value.finding.reason, caught.value.finding.file) == ("beancount", accounts.name)


def test_notes_of_the_treasurer_are_not_asked(folder: Path) -> None:
    (folder / "local").mkdir(exist_ok=True)
    (folder / "local" / "notes.beancount").write_text('2026-01-01 note Assets:X "mine"\n', "utf-8")
    assert "mine" not in json.dumps(put(folder, "PRINT")[1])
