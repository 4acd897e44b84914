"""Security: each promise in docs/security.md names a test that is there."""

import re

from timebank.config import ROOT

PAGE = ROOT / "docs" / "security.md"
ROW = re.compile(r"^\| (?P<number>\d+) \| (?P<promise>[^|]+) \| (?P<shown>[^|]+) \|$", re.MULTILINE)
PROMISES = 60


def names_of_tests() -> set[str]:
    """Name every test function of this project."""
    return {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }


def broken(page: str, there_are: set[str]) -> list[str]:
    """List promises that are missing, or that name a test that is gone."""
    rows = {int(row["number"]): row["shown"].strip() for row in ROW.finditer(page)}
    missing = [f"{number} is missing" for number in range(1, PROMISES + 1) if number not in rows]
    gone = [
        f"{number} names {shown}"
        for number, shown in rows.items()
        if shown.startswith("`") and shown.strip("`") not in there_are
    ]
    return missing + gone


def test_every_promise_about_security_names_a_test_that_is_there() -> None:
    assert broken(PAGE.read_text("utf-8"), names_of_tests()) == []


def test_a_promise_without_its_test_is_seen() -> None:
    page = PAGE.read_text("utf-8")
    assert broken(page.replace("| 1 |", "| 99 |"), names_of_tests()) == ["1 is missing"]
    assert "16 names" in broken(page, names_of_tests() - {_of(page, 16)})[0]


def _of(page: str, number: int) -> str:
    return next(
        row["shown"].strip(" `") for row in ROW.finditer(page) if row["number"] == str(number)
    )
