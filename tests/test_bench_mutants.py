"""The faults that are put in on purpose: which there are, and that one is noticed or not."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.mutants.faults import faults_of
from timebank.config import ROOT


def words_of(body: str) -> set[str]:
    """List what can be wrong with the body of a function."""
    tree = ast.parse(f"def f(a: 'A' = 1):\n    '''Says.'''\n    {body}")
    before = ast.unparse(tree)
    found = faults_of(tree)
    for fault in found:
        with fault.slot.holding(fault.new):
            compile(ast.fix_missing_locations(tree), "f", "exec")
            assert ast.unparse(tree) != before, fault.words
    assert ast.unparse(tree) == before
    return {fault.words for fault in found}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return a < 2", {"Lt to LtE: a < 2", "2 to 3", "None: return a < 2"}),
        ("a += b", {"Add to Sub: a += b", "left out: a += b", "begun anew: a += b"}),
        ("yield not a", {"left out: yield (not a)", "without Not: not a"}),
        (
            "return a and b",
            {"And to Or: a and b", "left out: a", "left out: b", "None: return a and b"},
        ),
        ("return", set()),
        ("raise Wrong('words')", {"left out: raise Wrong('words')"}),
        ("raise Wrong(a)", {"left out: raise Wrong(a)", "None to Wrong() for a"}),
        (
            "if a: f()",
            {"always True: a", "always False: a", "left out: f()"},
        ),
        ("x = t[1:]", {"slice without lower: 1:", "1 to 2", "None: x = t[1:]"}),
        (
            "x = q.where(a, b).limit(1)",
            {
                "without .where(): q.where(a, b)",
                "left out of where(): a",
                "left out of where(): b",
                "without .limit(): q.where(a, b).limit(1)",
                "1 to 2",
                "None: x = q.where(a, b).limit(1)",
            },
        ),
        (
            "x = g('SELECT 1 WHERE a = 2 AND b < 3 ORDER BY a', key=1)",
            {
                "g() without key",
                "1 to 2",
                "None: x = g('SELECT 1 WHERE a = 2 AND b < 3 ORDER BY a', key=1)",
                *(
                    f"'SELECT 1 WHERE a = 2 AND b < 3 ORDER BY a' to '{other}'"
                    for other in (
                        "SELECT 1 WHERE a = 2 AND b < 3 ORDER BY aXX",
                        "SELECT 1 WHERE a <> 2 AND b < 3 ORDER BY a",
                        "SELECT 1 WHERE a = 2 OR b < 3 ORDER BY a",
                        "SELECT 1 WHERE a = 2 AND b <= 3 ORDER BY a",
                        "SELECT 1 WHERE a = 2 AND b < 3",
                    )
                ),
            },
        ),
        ("x: 'words' = None", set()),
    ],
)
def test_each_kind_of_fault_is_put_in_and_taken_out(body: str, words: set[str]) -> None:
    assert words_of(body) == words


SMALL = """
def of_age(years):
    return years >= 18

def never_called():
    return 1
"""
TESTS = """
import pytest, small

@pytest.mark.parametrize("_database", ["sqlite"])
def test_{name}(_database):
    assert small.of_age(20) and not small.of_age(5)
"""
JUDGE = """
import pytest, sys
from pathlib import Path
from bench.mutants.judge import Judge, Known
name = "test_one.py::test_one[sqlite]"
known = Known({"small.py": {3: [name]}}, {name: 0.1})
judge = Judge("small.py", known, Path("out.jsonl"), 4.0, share=(0, 1))
files = ["test_one.py", "test_two.py"]
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *files], plugins=[judge]))
"""


def test_a_fault_that_no_test_notices_is_told(tmp_path: Path) -> None:
    (tmp_path / "small.py").write_text(SMALL)
    for name in ("one", "two"):
        (tmp_path / f"test_{name}.py").write_text(TESTS.format(name=name))
    judged = subprocess.run(
        [sys.executable, "-c", JUDGE],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr
    verdicts = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    noticed = {verdict["words"]: bool(verdict["noticed_by"]) for verdict in verdicts}
    assert noticed == {
        "GtE to Gt: years >= 18": False,
        "18 to 19": False,
        "None: return years >= 18": True,
        "1 to 2": False,
        "None: return 1": False,
    }
    assert (tmp_path / "small.py").read_text() == SMALL
