"""What is measured, and what a measurement is.

A module marks its benchmarks with :func:`benchmark` and is named in `bench.__main__`.
"""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Conditions:
    """How long to measure, and where to put what is needed.

    Attributes:
        seconds: Length of one turn.
        turns: How many turns each side gets, alternating.
        folder: On a real disk, emptied afterwards.
        size: Entries in a book that is called long.
    """

    seconds: float
    turns: int
    folder: Path
    size: int = 100_000


@dataclass(frozen=True, slots=True)
class Measured:
    """Ours beside the floor.

    Attributes:
        name: What was measured.
        ours: Times a second, for each turn.
        floor: The same for the floor, for each turn.
        wanted: The least ratio that is good enough.
        note: Anything else worth a column.
    """

    name: str
    ours: Sequence[float]
    floor: Sequence[float]
    wanted: float
    note: str = ""

    @property
    def ratio(self) -> float:
        """The middle one of the ratios turn by turn, so that one bad moment says nothing."""
        turns = zip(self.ours, self.floor, strict=True)
        return statistics.median(ours / floor for ours, floor in turns)

    @property
    def is_good(self) -> bool:
        """Whether the ratio is what it should be."""
        return self.ratio >= self.wanted

    def facts(self) -> dict[str, object]:
        """The measurement as it is written down."""
        return {
            "name": self.name,
            "ours_per_second": [round(rate, 1) for rate in self.ours],
            "floor_per_second": [round(rate, 1) for rate in self.floor],
            "ratio": round(self.ratio, 3),
            "wanted": self.wanted,
            "good": self.is_good,
            "note": self.note,
        }


Benchmark = Callable[[Conditions], Iterator[Measured]]

BENCHMARKS: Final[dict[str, Benchmark]] = {}


def benchmark(name: str) -> Callable[[Benchmark], Benchmark]:
    """Put a function among those that are run, under a name it can be asked for by."""

    def add(run: Benchmark) -> Benchmark:
        BENCHMARKS[name] = run
        return run

    return add
