"""The geometry of pictures of the books; templates draw them and say them in words.

Every picture is as wide as a phone and grows no further than is readable. What it shows is also a
table beside it, and no figure is told apart by colour alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: Width of every picture, in its own units; one is about a pixel on a phone.
WIDTH: Final = 360
BAR: Final = 14
ROW: Final = 40
#: Bars of one picture; the table has them all.
BARS_MAX: Final = 24
#: Room at the end of a bar for its figure.
FIGURE: Final = 84
BAND: Final = 34
BAND_ROW: Final = 62
LEGEND_ROW: Final = 24
SWATCH: Final = 14
#: Fills that are told apart without colour; `pattern-0` and so on in the stylesheet and the macro.
PATTERNS: Final = 6
MARKS_A_ROW: Final = 15
MARK: Final = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its label above and its figure behind."""

    label: str
    figure: str
    width: float
    label_y: int
    y: int
    figure_y: int


@dataclass(frozen=True, slots=True)
class Bars:
    """A picture of bars that lie."""

    bars: Sequence[Bar]
    width: int
    height: int


def bars(rows: Sequence[tuple[str, float, str]]) -> Bars:
    """Lay out bars for rows of label, size and figure in words; sizes below zero show as none."""
    shown = rows[:BARS_MAX]
    longest = max((size for _label, size, _figure in shown), default=0) or 1
    return Bars(
        bars=[
            Bar(
                label=label,
                figure=figure,
                width=round(max(size, 0) / longest * (WIDTH - FIGURE), 1),
                label_y=number * ROW + 14,
                y=number * ROW + 20,
                figure_y=number * ROW + 20 + BAR - 2,
            )
            for number, (label, size, figure) in enumerate(shown)
        ],
        width=WIDTH,
        height=max(len(shown), 1) * ROW,
    )


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a band, and its line in the legend."""

    words: str
    figure: str
    pattern: int
    x: float
    width: float
    legend_y: int


@dataclass(frozen=True, slots=True)
class Band:
    """A band made of parts, with its name above."""

    name: str
    y: int
    name_y: int
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Bands:
    """Two bands of the same length, the one above the other."""

    bands: Sequence[Band]
    width: int
    height: int


def bands(named: Sequence[tuple[str, Sequence[tuple[str, int, str]]]]) -> Bands:
    """Lay out bands of parts: for each its words, its size and its figure in words.

    All bands share one scale, so two that come to the same are equally long.
    """
    longest = max((sum(size for _w, size, _f in parts) for _name, parts in named), default=0) or 1
    y, laid, pattern = 0, [], 0
    for name, parts in named:
        x, made = 0.0, []
        for number, (words, size, figure) in enumerate(parts):
            width = size / longest * WIDTH
            made.append(
                Part(
                    words=words,
                    figure=figure,
                    pattern=pattern % PATTERNS,
                    x=round(x, 1),
                    width=round(width, 1),
                    legend_y=y + BAND_ROW + number * LEGEND_ROW,
                )
            )
            x += width
            pattern += 1
        laid.append(Band(name=name, y=y + 22, name_y=y + 15, parts=made))
        y += BAND_ROW + len(parts) * LEGEND_ROW + 20
    return Bands(laid, WIDTH, y)


@dataclass(frozen=True, slots=True)
class Mark:
    """One night of the strip: what came of its check, and where the mark stands."""

    outcome: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Strip:
    """Nights side by side, the oldest first."""

    marks: Sequence[Mark]
    width: int
    height: int


def strip(outcomes: Sequence[str]) -> Strip:
    """Lay out a mark for each night."""
    rows = -(-len(outcomes) // MARKS_A_ROW)
    return Strip(
        marks=[
            Mark(
                outcome,
                x=number % MARKS_A_ROW * MARK + MARK / 2,
                y=number // MARKS_A_ROW * MARK + MARK / 2,
            )
            for number, outcome in enumerate(outcomes)
        ],
        width=MARKS_A_ROW * MARK,
        height=rows * MARK,
    )
