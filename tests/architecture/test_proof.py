"""The list of what proves the ledger names tests that are there."""

import ast
import re

from tests.architecture.project import written
from timebank.config import ROOT

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def missing(text: str) -> list[str]:
    """Return what a text names that is no test."""
    found = []
    for path, name in NAMED.findall(text):
        file = ROOT / path
        tree = ast.parse(written(file)) if file.is_file() else ast.Module([], [])
        if name not in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}:
            found.append(f"{path}::{name}")
    return found


def test_every_proof_is_a_test() -> None:
    text = written(ROOT / "docs" / "proof.md")
    assert len(NAMED.findall(text)) > 40
    assert missing(text) == []


def test_a_name_that_is_gone_is_found() -> None:
    here = "tests/architecture/test_proof.py"
    lost = [f"{here}::test_of_yesterday", "tests/nowhere.py::test_it"]
    assert missing(f"`{here}::test_every_proof_is_a_test` `{lost[0]}` `{lost[1]}`") == lost
