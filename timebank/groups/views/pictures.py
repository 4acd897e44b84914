"""The geometry of the pictures of groups: whole numbers in, shapes out; CSS gives them colour."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 84, 12, 28, 34
WEB_WIDTH, WEB_HEIGHT, WEB_ROOM = 640, 400, 50
LABEL_LENGTH_MAX = 16


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
    def middle(self) -> float:
        """Where its name goes."""
        return round(self.top + self.tall / 2 + 5, 1)


@dataclass(frozen=True, slots=True)
class Flows:
    """Hours from the left to the right."""

    bands: list[Band]
    givers: list[Post]
    takers: list[Post]
    height: int


FLOW_LEFT, FLOW_RIGHT, FLOW_GAP = 190, 530, 16


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

    name: str
    href: str
    tone: int
    x: float
    y: float
    label_x: float
    label_y: float
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
    knots = []
    for number, (name, href, tone) in enumerate(names):
        angle = 2 * math.pi * number / len(names) - math.pi / 2
        across, up = math.cos(angle), math.sin(angle)
        knots.append(
            Knot(
                name=shortened(name),
                href=href,
                tone=tone,
                x=round(middle + radius * across, 1),
                y=round(centre + radius * up, 1),
                label_x=round(middle + (radius + 16) * across, 1),
                label_y=round(centre + (radius + 20) * up + 5, 1),
                anchor="middle" if abs(across) < 0.2 else "start" if across > 0 else "end",  # noqa: PLR2004 - nearly above or below
            )
        )
    threads = [(knots[a].x, knots[a].y, knots[b].x, knots[b].y) for a, b in pairs]
    return Web(knots, threads)


def shortened(name: str) -> str:
    """Return a name that fits beside a picture; the table has it whole."""
    return name if len(name) <= LABEL_LENGTH_MAX else f"{name[: LABEL_LENGTH_MAX - 1].rstrip()}…"
