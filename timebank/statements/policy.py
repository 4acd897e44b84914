"""What a check of the books means beside those before it; pure functions."""

from collections.abc import Iterable
from typing import Any

from timebank.hours.models import BooksCheck


def open_trouble(before: Iterable[BooksCheck]) -> BooksCheck | None:
    """Return the newest check that was not right and that none since made up for, or None.

    All years that are right make up for everything, one year for what was said of one.

    Args:
        before: Checks that have ended, the newest first.
    """
    has_right_year = False
    for check in before:
        if check.outcome != "right":
            if check.is_whole or not has_right_year:
                return check
        elif check.is_whole:
            return None
        else:
            has_right_year = True
    return None


def is_same(check: BooksCheck, other: BooksCheck) -> bool:
    """Tell whether two checks say the same, so that it need not be said again."""
    return _said(check) == _said(other)


def _said(check: BooksCheck) -> tuple[object, ...]:
    findings: list[dict[str, Any]] = (check.verdict or {}).get("findings", [])
    return check.outcome, check.stop, findings
