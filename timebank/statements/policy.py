"""What a check of the books means beside those before it; pure functions."""

from collections.abc import Iterable, Iterator
from typing import Any

from timebank.hours.auditing import is_about_sum
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
    thing it is and in which file is the same until it is put right. What is wrong with an entry
    is wrong with the sums of each month that ends after it too.

    Args:
        check: The later one.
        other: The earlier one.
    """
    causes, sums = _found(check)
    causes_before, sums_before = _found(other)
    if (check.outcome, check.stop, causes) != (other.outcome, other.stop, causes_before):
        return False
    if not causes:
        return sums == sums_before
    last = max(sums_before, default="")
    return sums >= sums_before and all(name > last for name in sums - sums_before)


def _found(check: BooksCheck) -> tuple[list[tuple[str, str]], set[str]]:
    """Return what was found and where, and beside it the files whose sums are wrong."""
    findings: list[dict[str, Any]] = (check.verdict or {}).get("findings", [])
    causes, sums = [], set()
    for finding in findings:
        file = str(finding.get("file", ""))
        if is_about_sum(finding):
            sums.add(file)
        else:
            causes.append((str(finding.get("reason", "")), file))
    return causes, sums
