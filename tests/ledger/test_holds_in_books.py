"""Hours that are set aside, in the books: told, checked, and counted nowhere."""

from pathlib import Path

import pytest

from ledger.audit.check import audit
from ledger.books import export
from tests.ledger.desk import ANN, BEN, BOOK, Desk
from tests.ledger.test_books import bean_check
from tests.ledger.test_chain import eight_holds


@pytest.fixture
def folder(desk: Desk, tmp_path: Path) -> Path:
    """Books with hours set aside in every way."""
    eight_holds(desk)
    desk.hold(ANN, BEN, 5, days=30)
    with desk.engine.connect() as connection:
        export(connection, BOOK, tmp_path)
    return tmp_path


def test_the_books_tell_of_holds_and_count_them_nowhere(desk: Desk, folder: Path) -> None:
    month = (folder / "2026/01.beancount").read_text("utf-8")
    assert month.count('custom "timebank-hold" "hold"') == 5
    assert (
        '2026-01-01 custom "timebank-hold" "hold" Assets:Members:M000001'
        " Assets:Members:M000002 60 MIN Assets:Members:M000003 Assets:Pots:G000001 30 MIN" in month
    )
    assert month.count('2026-01-01 * "M000002" "capture"') == 2
    assert bean_check(folder) == ""
    verdict = audit(folder)
    assert (verdict.ok, verdict.entries, verdict.sum_minutes) == (True, 9, 0), verdict
    assert verdict.head == desk.verify().head.hex()


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (" M 30 MIN", " M 31 MIN", "broken-chain"),
        ('"timebank-hold" "release"', '"timebank-hold" "expiry"', "broken-chain"),
        ('"timebank-hold" "release"', '"timebank-hold" "gift"', "bad-hold"),
        ('  hold: "', '  corrects: "', "broken-chain"),
        ('  expires: "2026-01-04', '  expires: "2026-01-05', "broken-chain"),
        (" 60 MIN\n  seq: 1\n", " 60 MIN Assets:X\n  seq: 1\n", "foreign-line"),
    ],
)
def test_a_changed_hold_is_found_in_the_books(
    folder: Path, before: str, after: str, reason: str
) -> None:
    before, after = (text.replace(" M ", " Assets:Pots:G000001 ") for text in (before, after))
    month = folder / "2026/01.beancount"
    text = month.read_text("utf-8")
    assert before in text
    month.write_text(text.replace(before, after, 1), "utf-8")
    assert audit(folder).findings[0].reason == reason


def test_a_hold_that_is_made_to_look_as_if_it_had_moved_is_found(folder: Path) -> None:
    month = folder / "2026/01.beancount"
    lines = month.read_text("utf-8").split("\n")
    at = next(n for n, line in enumerate(lines) if '"hold" Assets' in line)
    lines[at] = '2026-01-01 * "M000002" "hold" #company'
    end = lines.index("", at)
    lines[end:end] = ["  Assets:Members:M000001  -60 MIN", "  Assets:Members:M000002  60 MIN"]
    month.write_text("\n".join(lines), "utf-8")
    assert audit(folder).findings[0].reason == "foreign-mark"
