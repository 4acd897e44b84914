"""What a check of the books means beside those before it; pure functions."""

from collections.abc import Iterable, Iterator
from typing import Any

from timebank.hours.models import BooksCheck


def open_troubles(before: Iterable[BooksCheck]) -> Iterator[BooksCheck]:
    """Yield the checks that were not right and that none since made up for, the newest first.

    All years that are right make up for everything, one year for what was said of one.

    Args:
        before: Checks that have ended, the newest first.
    """
    has_right_year = False
    for check in before:
        if check.outcome != "right":
            if check.is_whole or not has_right_year:
                yield check
        elif check.is_whole:
            return
        else:
            has_right_year = True


def is_same(check: BooksCheck, other: BooksCheck) -> bool:
    """Tell whether two checks say the same, so that it need not be said again.

    What exactly is wrong may count entries, and there are more of them each night: what sort of
    thing it is and in which file is the same until it is put right.
    """
    return _said(check) == _said(other)


def _said(check: BooksCheck) -> tuple[object, ...]:
    findings: list[dict[str, Any]] = (check.verdict or {}).get("findings", [])
    what = [(finding.get("reason"), finding.get("file")) for finding in findings]
    return check.outcome, check.stop, what
