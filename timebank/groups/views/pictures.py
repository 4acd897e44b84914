"""The geometry of the pictures of groups: whole numbers in, shapes out; CSS gives them colour."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 84, 12, 28, 34
WEB_WIDTH, WEB_HEIGHT, WEB_ROOM = 680, 420, 60
#: Letters in a line of a name, lines of a name, and how far apart these are.
LABEL_LENGTH_MAX, LABEL_LINES_MAX, LABEL_STEP = 14, 2, 21
#: With more groups than this on a circle, a name has one line.
ROOMY_MAX = 16


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across a picture with what it stands for."""

    at: float
    minutes: int


@dataclass(frozen=True, slots=True)
class Steps:
    """A balance over time, as steps.

    Attributes:
        area: The path of the filled area, down to nothing.
        line: The path of its edge.
        ticks: Lines across, with their minutes.
        marks: Middle of each period, from the left.
        zero: How far down nothing is.
    """

    area: str
    line: str
    ticks: list[Tick]
    marks: list[float]
    zero: float


def steps(values: Sequence[int]) -> Steps:
    """Draw what was there at the end of each period as steps of one width."""
    low, high = min(0, *values), max(60, *values)
    unit = _round_step((high - low) / 4)
    low, high = math.floor(low / unit) * unit, math.ceil(high / unit) * unit
    wide = (WIDTH - LEFT - RIGHT) / len(values)

    def down(minutes: int) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (high - minutes) / (high - low), 1)

    parts = []
    for number, minutes in enumerate(values):
        start, end = round(LEFT + wide * number, 1), round(LEFT + wide * (number + 1), 1)
        parts.append(f"{start} {down(minutes)}H{end}")
    line = "M" + "L".join(parts)
    zero = down(0)
    return Steps(
        area=f"{line}V{zero}H{LEFT}Z",
        line=line,
        ticks=[Tick(down(each), each) for each in range(low, high + 1, unit)],
        marks=[round(LEFT + wide * (number + 0.5), 1) for number in range(len(values))],
        zero=zero,
    )


def _round_step(minutes: float) -> int:
    """Return a step of whole hours that people count in: 1, 2, 5, 10, 20 and so on."""
    hours = max(1.0, minutes / 60)
    power = 10 ** math.floor(math.log10(hours))
    nice = next(each for each in (1, 2, 5, 10) if each * power >= hours)
    return int(nice * power * 60)


@dataclass(frozen=True, slots=True)
class Band:
    """A ribbon from a giver on the left to a taker on the right."""

    path: str
    number: int
    minutes: int
    giver: str
    taker: str


@dataclass(frozen=True, slots=True)
class Post:
    """A group at one side of the flows, as high as what it gave or got."""

    name: str
    minutes: int
    top: float
    tall: float

    @property
    def label(self) -> list[tuple[float, str]]:
        """The lines of its name, each with how far down it goes."""
        lines = label_lines(self.name)
        first = self.top + self.tall / 2 + 5 - LABEL_STEP * (len(lines) - 1) / 2
        return _stacked(lines, first)


@dataclass(frozen=True, slots=True)
class Flows:
    """Hours from the left to the right."""

    bands: list[Band]
    givers: list[Post]
    takers: list[Post]
    height: int


FLOW_LEFT, FLOW_RIGHT, FLOW_GAP = 190, 530, 24


def sankey(flows: Sequence[tuple[str, str, int]]) -> Flows:
    """Draw who gave how much to whom; thickness is hours, at least a line that can be seen."""
    total = sum(minutes for _giver, _taker, minutes in flows)
    scale = 220 / total
    givers = _posts(flows, 0, scale)
    takers = _posts(flows, 1, scale)
    used = {("left", post.name): post.top for post in givers}
    used |= {("right", post.name): post.top for post in takers}
    bands = []
    for number, (giver, taker, minutes) in enumerate(flows):
        tall = round(max(2.0, minutes * scale), 1)
        left, right = used["left", giver], used["right", taker]
        used["left", giver] += tall
        used["right", taker] += tall
        bands.append(Band(_ribbon(left, right, tall), number % 4, minutes, giver, taker))
    height = max(post.top + post.tall for post in (*givers, *takers)) + 20
    return Flows(bands, givers, takers, round(height))


def _posts(flows: Sequence[tuple[str, str, int]], side: int, scale: float) -> list[Post]:
    names: dict[str, list[int]] = {}
    for flow in flows:
        names.setdefault(str(flow[side]), []).append(flow[2])
    posts, top = [], 20.0
    for name, minutes in names.items():
        tall = round(sum(max(2.0, each * scale) for each in minutes), 1)
        posts.append(Post(name, sum(minutes), round(top, 1), tall))
        top += max(tall, 14) + FLOW_GAP
    return posts


def _ribbon(left: float, right: float, tall: float) -> str:
    middle = (FLOW_LEFT + FLOW_RIGHT) // 2
    return (
        f"M{FLOW_LEFT} {left:.1f}C{middle} {left:.1f} {middle} {right:.1f} {FLOW_RIGHT} {right:.1f}"
        f"V{right + tall:.1f}"
        f"C{middle} {right + tall:.1f} {middle} {left + tall:.1f} {FLOW_LEFT} {left + tall:.1f}Z"
    )


@dataclass(frozen=True, slots=True)
class Knot:
    """A group in the web: where its dot is, where its name goes, and from which side it is read."""

    href: str
    tone: int
    x: float
    y: float
    label_x: float
    label: list[tuple[float, str]]
    anchor: str


@dataclass(frozen=True, slots=True)
class Web:
    """Groups on a circle, and a thread for each pair that is connected."""

    knots: list[Knot]
    threads: list[tuple[float, float, float, float]]


def web(names: Sequence[tuple[str, str, int]], pairs: Sequence[tuple[int, int]]) -> Web:
    """Put groups (name, address, tone) on a circle and connect them by their places in the list."""
    middle, centre = WEB_WIDTH / 2, WEB_HEIGHT / 2
    radius = centre - WEB_ROOM
    lines_max = LABEL_LINES_MAX if len(names) <= ROOMY_MAX else 1
    knots = []
    for number, (name, href, tone) in enumerate(names):
        angle = 2 * math.pi * number / len(names) - math.pi / 2
        across, up = math.cos(angle), math.sin(angle)
        lines = label_lines(name, lines_max)
        is_above = abs(across) < 0.2  # noqa: PLR2004 - nearly above or below
        # Above a dot a name grows upwards, below it downwards, and beside it both ways.
        lift = (1 if up < 0 else 0) if is_above else 0.5
        out = 26 if is_above or len(names) > ROOMY_MAX else 0
        first = centre + (radius + out) * up + 5 - LABEL_STEP * (len(lines) - 1) * lift
        beside = 0.0 if is_above else math.copysign(18, across)
        knots.append(
            Knot(
                href=href,
                tone=tone,
                x=round(middle + radius * across, 1),
                y=round(centre + radius * up, 1),
                label_x=round(middle + radius * across + beside, 1),
                label=_stacked(lines, first),
                anchor="middle" if is_above else "start" if across > 0 else "end",
            )
        )
    threads = [(knots[a].x, knots[a].y, knots[b].x, knots[b].y) for a, b in pairs]
    return Web(knots, threads)


def side_by_side(count: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Return places 0 to `count` so that connected ones stand together, and few threads cross."""
    near: dict[int, list[int]] = {place: [] for place in range(count)}
    for one, other in pairs:
        near[one].append(other)
        near[other].append(one)
    order: list[int] = []
    # Whoever has one thread is the end of a chain: walks begin there.
    for start in sorted(near, key=lambda place: (len(near[place]) != 1, place)):
        ahead = [start]
        while ahead:
            place = ahead.pop()
            if place not in order:
                order.append(place)
                ahead += sorted(near[place], reverse=True)
    return order


def label_lines(name: str, lines_max: int = LABEL_LINES_MAX) -> list[str]:
    """Return a name as lines that fit beside a picture; the table has it whole."""
    lines = textwrap.wrap(
        name, LABEL_LENGTH_MAX, max_lines=lines_max, placeholder="…", break_on_hyphens=False
    )
    return lines or [""]


def _stacked(lines: Sequence[str], first: float) -> list[tuple[float, str]]:
    return [(round(first + LABEL_STEP * number, 1), line) for number, line in enumerate(lines)]
