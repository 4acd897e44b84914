"""Squares to scan, drawn by the server: dark runs of modules as one path."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import segno

#: Light modules around the square that scanners ask for.
MARGIN = 4


@dataclass(frozen=True, slots=True)
class Square:
    """What a template draws.

    Attributes:
        path: The dark runs.
        size: Modules of one side, without the margin.
        margin: Light modules around it.
    """

    path: str
    size: int
    margin: int = MARGIN


def square_of(address: str) -> Square:
    """Draw a text, such as an address, as a square that a phone scans."""
    code = segno.make(address, error="m", micro=False)
    runs = [
        f"M{column} {line}h{length}v1h-{length}z"
        for line, row in enumerate(code.matrix)
        for column, length in _runs(row)
    ]
    return Square("".join(runs), len(code.matrix))


def _runs(row: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Find where dark runs begin in a row, and how long they are."""
    column = 0
    for is_dark, modules in groupby(row):
        length = len(list(modules))
        if is_dark:
            yield column, length
        column += length
