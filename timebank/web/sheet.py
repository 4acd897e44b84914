"""Rows as a file for a spreadsheet: plain figures, and words that stay words.

A cell that begins like a formula would be run by the program that opens the file, on the reader's
machine; such a cell gets an apostrophe in front. Figures are never negative (there is a column for
in and one for out), so no figure ever needs one.
"""

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def cell(value: object) -> object:
    """Return a value as a cell: text that begins like a formula is quoted, all else stays."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def sheet(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as RFC 4180: commas, CRLF, quotes where needed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()
