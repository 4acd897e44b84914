"""The geometry of pictures of sessions: whole numbers in, shapes out; CSS gives them colour.

Each is as wide as a phone. What is told by a colour is told by a shape and by words as well.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from timebank.sessions.policy.rota import HourCover, HourOfWeek

WIDTH: Final = 360
WEEKDAYS: Final = 7
SATURDAY: Final = 5

# ----------------------------------------------------------------------- cover of a rota

HOUR_LEFT: Final = 52
HOUR_TALL: Final = 26
HOUR_TOP: Final = 24
HOUR_GAP: Final = 8


@dataclass(frozen=True, slots=True)
class HourCell:
    """An hour of a weekday: "full", "part" or "none" of it is covered."""

    state: str
    words: str
    x: float
    y: int
    width: float


@dataclass(frozen=True, slots=True)
class CoverGrid:
    """Hours of the day down, weekdays across.

    Attributes:
        hours: Each hour that has a row, and how far down it is.
        days: How far across the middle of each weekday is.
    """

    cells: list[HourCell]
    hours: list[tuple[int, int]]
    days: list[float]
    width: int
    height: int


def cover_grid(cover: Mapping[HourOfWeek, HourCover]) -> CoverGrid:
    """Lay out how the hours of a week are covered; hours without anything have no row."""
    wide = (WIDTH - HOUR_LEFT) / WEEKDAYS
    rows: dict[int, int] = {}
    down = HOUR_TOP
    for hour in sorted({hour for _weekday, hour in cover}):
        if rows and hour - 1 not in rows:
            down += HOUR_GAP
        rows[hour] = down
        down += HOUR_TALL
    return CoverGrid(
        cells=[
            HourCell(
                state=_state(each),
                words=cover_words(each),
                x=round(HOUR_LEFT + wide * weekday + 1, 1),
                y=rows[hour],
                width=round(wide - 2, 1),
            )
            for (weekday, hour), each in cover.items()
        ],
        hours=list(rows.items()),
        days=[round(HOUR_LEFT + wide * (weekday + 0.5), 1) for weekday in range(WEEKDAYS)],
        width=WIDTH,
        height=down + 4,
    )


def _state(cover: HourCover) -> str:
    if cover.filled_minutes >= cover.needed_minutes:
        return "full"
    return "part" if cover.filled_minutes else "none"


def cover_words(cover: HourCover) -> str:
    """Return how many hours of people there are, and how many it takes."""
    return f"{_in_hours(cover.filled_minutes)}/{_in_hours(cover.needed_minutes)}"


def _in_hours(minutes: int) -> str:
    """Return hours as briefly as they fit into a cell."""
    return f"{round(minutes / 60, 1):g}"


# ------------------------------------------------------------------------- heat calendar

DAY: Final = 12
CALENDAR_LEFT: Final = 34
CALENDAR_TOP: Final = 18
#: Weeks in each of the two rows of the calendar; a year touches at most 54.
WEEKS_A_ROW: Final = 27
ROW_TALL: Final = CALENDAR_TOP + WEEKDAYS * DAY + 12
#: Side of the square of a day, from few to many: in print size says what colour does on a screen.
SIDES: Final = (4, 6, 8, 11)
LEVELS: Final = len(SIDES)
_NICE: Final = (1, 2, 3, 5, 10, 15, 20, 25, 50)


@dataclass(frozen=True, slots=True)
class Level:
    """All days of one level as one path, and from how many to how many it goes.

    Attributes:
        last: The most of it; None where there is no end.
    """

    path: str
    first: int
    last: int | None
    side: int


@dataclass(frozen=True, slots=True)
class HeatCalendar:
    """The days of a year, in two rows of weeks.

    Attributes:
        levels: Days with something, from few to many.
        none: Days with nothing, as dots.
        weekends: Bands behind Saturdays and Sundays: x, y and width.
        months: Where the name of each month goes: number, x and y.
        days: How far down each weekday is: weekday and y, in both rows.
    """

    levels: list[Level]
    none: str
    weekends: list[tuple[int, int, int]]
    months: list[tuple[int, int, int]]
    days: list[tuple[int, int]]
    width: int
    height: int


def heat_calendar(counts: Mapping[dt.date, int], year: int) -> HeatCalendar:
    """Lay out how much there was on each day of a year, weeks from Monday to Sunday."""
    unit = _unit(max(counts.values(), default=0))
    paths: list[list[str]] = [[] for _side in SIDES]
    none = []
    months: list[tuple[int, int, int]] = []
    for number in range((dt.date(year + 1, 1, 1) - dt.date(year, 1, 1)).days):
        day = dt.date(year, 1, 1) + dt.timedelta(days=number)
        x, y = _place(day)
        if day.day == 1:
            months.append((day.month, x, y - day.weekday() * DAY - 5))
        count = counts.get(day, 0)
        if count <= 0:
            none.append(f"M{x + 5} {y + 5}h2v2h-2z")
            continue
        level = min((count - 1) // unit, LEVELS - 1)
        side = SIDES[level]
        inset = (DAY - side) / 2
        paths[level].append(f"M{x + inset:g} {y + inset:g}h{side}v{side}h-{side}z")
    return HeatCalendar(
        levels=[
            Level(
                path="".join(found),
                first=level * unit + 1,
                last=(level + 1) * unit if level < LEVELS - 1 else None,
                side=SIDES[level],
            )
            for level, found in enumerate(paths)
        ],
        none="".join(none),
        weekends=[
            (CALENDAR_LEFT, row * ROW_TALL + CALENDAR_TOP + SATURDAY * DAY, WEEKS_A_ROW * DAY)
            for row in range(2)
        ],
        months=months,
        days=[
            (weekday, row * ROW_TALL + CALENDAR_TOP + weekday * DAY + DAY - 2)
            for row in range(2)
            for weekday in range(WEEKDAYS)
        ],
        width=WIDTH,
        height=2 * ROW_TALL,
    )


def _place(day: dt.date) -> tuple[int, int]:
    """Return where the square of a day begins."""
    week = (day.timetuple().tm_yday - 1 + dt.date(day.year, 1, 1).weekday()) // WEEKDAYS
    row, column = divmod(week, WEEKS_A_ROW)
    return (
        CALENDAR_LEFT + column * DAY,
        row * ROW_TALL + CALENDAR_TOP + day.weekday() * DAY,
    )


def _unit(most: int) -> int:
    """Return how much a level is wide, as people count."""
    scale = 1
    while True:
        for nice in _NICE:
            if nice * scale * LEVELS >= most:
                return nice * scale
        scale *= 100


# ------------------------------------------------------------------------ who meets whom

KNOTS_MAX: Final = 40
THREADS_MAX: Final = 220
CIRCLE_WIDTH: Final = 640
CIRCLE_HEIGHT: Final = 520
CIRCLE_ROOM: Final = 70
NAME_LENGTH_MAX: Final = 14
#: A thread is one of so many strengths.
STRENGTHS: Final = 4
_NEARLY_UPRIGHT: Final = 0.2


@dataclass(frozen=True, slots=True)
class Knot:
    """Somebody on the circle, and where their name goes."""

    name: str
    x: float
    y: float
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Thread:
    """That two met, and how often: the thicker, the oftener."""

    path: str
    strength: int


@dataclass(frozen=True, slots=True)
class Circle:
    """People on a circle with a thread between each two who met.

    Attributes:
        least: Who met less often than this is not drawn; the table has them.
    """

    knots: list[Knot]
    threads: list[Thread]
    least: int
    width: int = CIRCLE_WIDTH
    height: int = CIRCLE_HEIGHT


def circle(names: Sequence[str], pairs: Mapping[tuple[int, int], int]) -> Circle:
    """Put people on a circle in the order given; pairs are places in it, with how often they met.

    Where it would be too much to look at, those who met only a few times are left out.
    """
    least, drawn = 1, dict(pairs)
    while len(drawn) > THREADS_MAX or len({place for pair in drawn for place in pair}) > KNOTS_MAX:
        least += 1
        drawn = {pair: times for pair, times in pairs.items() if times >= least}
    places = sorted({place for pair in drawn for place in pair})
    knots = {
        place: _knot(names[place], 2 * math.pi * number / len(places) - math.pi / 2)
        for number, place in enumerate(places)
    }
    most = max(drawn.values(), default=1)
    threads = [
        Thread(
            path=f"M{knots[one].x} {knots[one].y}L{knots[other].x} {knots[other].y}",
            strength=-(-STRENGTHS * times // most),
        )
        for (one, other), times in sorted(drawn.items(), key=lambda item: item[1])
    ]
    return Circle(list(knots.values()), threads, least)


def _knot(name: str, angle: float) -> Knot:
    across, up = math.cos(angle), math.sin(angle)
    radius = CIRCLE_HEIGHT / 2 - CIRCLE_ROOM
    upright = abs(across) < _NEARLY_UPRIGHT
    return Knot(
        name=_shortened(name),
        x=round(CIRCLE_WIDTH / 2 + radius * across, 1),
        y=round(CIRCLE_HEIGHT / 2 + radius * up, 1),
        label_x=round(CIRCLE_WIDTH / 2 + (radius + 14) * across, 1),
        label_y=round(CIRCLE_HEIGHT / 2 + (radius + 18) * up + 5, 1),
        anchor="middle" if upright else "start" if across > 0 else "end",
    )


def _shortened(name: str) -> str:
    """Return a name that fits beside a picture; the table has it whole."""
    return name if len(name) <= NAME_LENGTH_MAX else f"{name[: NAME_LENGTH_MAX - 1].rstrip()}…"
