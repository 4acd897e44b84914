"""Fill the demo: let two years pass, through the services and in order, up to the given moment."""

import datetime as dt
import gc
import heapq
import itertools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Concatenate, ParamSpec
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from timebank.db import WRITES
from timebank.demo import rhythm, stories
from timebank.demo import script as scripts
from timebank.demo.casting import Person, cast
from timebank.demo.gatherings import Gathered, gatherings
from timebank.demo.mark import SignIn
from timebank.demo.meetings import meetings
from timebank.demo.scenes import scenes
from timebank.demo.script import Line, Script
from timebank.demo.stage import PASSWORD, Stage
from timebank.demo.stories import DAY, WEEK, Story
from timebank.groups import queries as groups
from timebank.members import service as members
from timebank.members.queries import addresses_of

P = ParamSpec("P")

COMMUNITIES = ("windmill", "grejs")
SEED = 1827
WEEKS = 104
#: How often `fill` tells that it goes on.
STEPS = WEEKS * len(COMMUNITIES)
#: How far everybody's hours may go in the demo before they wait.
FLOOR_MINUTES = -10 * 60
#: Hours that everybody may owe, less what is kept back for what is under way.
FLOOR_KEPT_MINUTES = 150
#: Somebody with this much gives less often.
WELL_OFF_MINUTES = 20 * 60
TRIES = 12
#: Exchanges come from replies too; so many for each listing, on average.
FROM_A_LISTING = 1.0
#: A community of twice as many people does this many powers of two more: the first are the keenest.
GROWTH = 0.75
#: How lively each month is.
LIVELY = (0.8, 0.9, 1.0, 1.05, 1.1, 1.1, 1.0, 0.75, 1.05, 1.1, 1.05, 0.9)
BETWEEN_THE_YEARS = 0.35


@dataclass(slots=True)
class Director:
    """Keeps the stories of one community in the order of time."""

    stage: Stage
    begins: dt.datetime
    ends: dt.datetime
    people: dict[str, Person]
    lines: dict[str, list[Line]] = field(default_factory=dict)
    pairs: list[tuple[str, str, Line, dt.datetime]] = field(default_factory=list)
    _here: list[str] = field(default_factory=list)
    _busy: list[float] = field(default_factory=list)
    _gives: list[float] = field(default_factory=list)
    _takes: list[float] = field(default_factory=list)
    _agenda: list[tuple[dt.datetime, int, Story]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def cast(self) -> frozenset[str]:
        """Keys of those with a name in the file."""
        return frozenset(role.key for role in self.stage.script.cast)

    def begin(
        self,
        story: Callable[Concatenate["Director", Random, P], Story],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Begin a story; its chance is its own, so that another story does not change it."""
        number = next(self._numbers)
        random = Random(f"{SEED} {self.stage.script.slug} {number}")  # noqa: S311 - the same each time
        self._advance(number, story(self, random, *args, **kwargs))

    def _advance(self, number: int, story: Story) -> None:
        moment = next(story, None)
        if moment is not None and moment < self.ends:
            heapq.heappush(self._agenda, (max(moment, self.stage.now), number, story))

    def run(self, tell: Callable[[], object]) -> None:
        """Let everything happen up to the end, week by week."""
        session = self.stage.session
        until = self.begins + WEEK
        while self._agenda:
            moment, number, story = heapq.heappop(self._agenda)
            while moment >= until:
                session.commit()
                session.connection(execution_options={WRITES: True})
                until += WEEK
                self.look_round()
                tell()
            self.stage.now = moment
            self._advance(number, story)
        session.commit()

    # ------------------------------------------------------------------------ who helps

    def can_spend(self, key: str, minutes: int) -> bool:
        """Tell whether somebody may be helped for so long without going too low."""
        floor = FLOOR_MINUTES + FLOOR_KEPT_MINUTES
        return self.stage.minutes[key] - self.stage.bound[key] - minutes >= floor

    def somebody(self, random: Random, *, but: str) -> str | None:
        """Draw somebody who is here; the busier, the likelier."""
        found = self._draw(random, self._busy)
        return found if found and found != but and self.stage.is_here(found) else None

    def look_round(self) -> None:
        """See who is here this week, how busy they are, and who has hours to spend."""
        stage = self.stage
        self._here = [key for key, member in stage.members.items() if member.is_here]
        people = [stage.people[key] for key in self._here]
        rich = [stage.minutes[key] > WELL_OFF_MINUTES for key in self._here]
        self._busy = [person.activity for person in people]
        self._gives = [
            person.activity * person.giving * (0.3 if well_off else 1.0)
            for person, well_off in zip(people, rich, strict=True)
        ]
        self._takes = [
            person.activity * (1 - person.giving) * (1.6 if well_off else 1.0)
            for person, well_off in zip(people, rich, strict=True)
        ]

    def _draw(self, random: Random, weights: list[float]) -> str | None:
        return random.choices(self._here, weights)[0] if self._here else None

    def pair(self, random: Random) -> tuple[str, str, Line] | None:
        """Draw who will help whom, with what: often two who help each other every week."""
        now = self.stage.now
        self.pairs = [pair for pair in self.pairs if pair[3] > now]
        if self.pairs and random.random() < 0.42:  # noqa: PLR2004 - about two in five
            giver, receiver, line, _until = random.choice(self.pairs)
            if random.random() < 0.3 and line.kind == "deed":  # noqa: PLR2004 - sides swap
                giver, receiver = receiver, giver
            if self._may(giver, receiver, line):
                return giver, receiver, line
        for _try in range(TRIES):
            found = self._newly(random)
            if found is not None:
                if random.random() < 0.06:  # noqa: PLR2004 - some make a habit of it
                    self.pairs.append((*found, now + WEEK * random.uniform(6, 34)))
                return found
        return None

    def _newly(self, random: Random) -> tuple[str, str, Line] | None:
        people = self.stage.people
        giver, receiver = self._draw(random, self._gives), self._draw(random, self._takes)
        if giver is None or receiver is None or giver == receiver:
            return None
        near = people[giver].area == people[receiver].area
        if not near and random.random() < 0.5:  # noqa: PLR2004 - neighbours first
            return None
        line = self._what(giver, receiver, random)
        return (giver, receiver, line) if self._may(giver, receiver, line) else None

    def _may(self, giver: str, receiver: str, line: Line) -> bool:
        stage = self.stage
        here = stage.is_here(giver) and stage.is_here(receiver)
        return here and self.can_spend(receiver, line.minutes + 30)

    def _what(self, giver: str, receiver: str, random: Random) -> Line:
        """Choose what it is about: something one of them put up, or something else."""
        own = [line for line in self.stage.people[giver].lines if line.kind == "offer"]
        asked = [line for line in self.stage.people[receiver].lines if line.kind == "request"]
        if own and random.random() < 0.35:  # noqa: PLR2004 - what the giver is known for
            return random.choice(own)
        if asked and random.random() < 0.1:  # noqa: PLR2004 - a request is met once or twice
            return random.choice(asked)
        return random.choice(self.lines["deed"])


def fill(engine: Engine, *, now: dt.datetime, tell: Callable[[], object] = bool) -> list[SignIn]:
    """Fill an empty database with the demo's communities; return whom a visitor can sign in as.

    Args:
        engine: The application's, on a migrated database.
        now: When the visitor looks in: two years have passed then.
        tell: Called at each of `STEPS` steps on the way.
    """
    known: dict[str, uuid.UUID] = {}
    found: list[SignIn] = []
    # Nothing made here is thrown away before the end, and looking for rubbish takes a sixth of it.
    gc.disable()
    for name in COMMUNITIES:
        with Session(engine, expire_on_commit=False) as session:
            stage = _live(session, scripts.read(name), known, now=now, tell=tell)
            for key, member in stage.members.items():
                if member.person_id is not None:
                    known.setdefault(key, member.person_id)
            found += _sign_ins(stage)
    gc.enable()
    return found


def _live(
    session: Session,
    script: Script,
    known: dict[str, uuid.UUID],
    *,
    now: dt.datetime,
    tell: Callable[[], object],
) -> Stage:
    random = Random(f"{SEED} {script.slug}")  # noqa: S311 - the same each time
    zone = ZoneInfo(script.time_zone)
    today = now.astimezone(zone).date()
    first_monday = today - dt.timedelta(days=today.weekday()) - WEEKS * WEEK
    begins = dt.datetime.combine(first_monday, dt.time(9), zone).astimezone(dt.UTC)
    session.connection(execution_options={WRITES: True})
    community = members.found_community(
        session,
        slug=script.slug,
        name=script.name,
        now=begins,
        words=script.words,
        locale=script.locale,
        time_zone=script.time_zone,
        joining=script.joining,
        house_rules=script.house_rules,
        help_words=script.help_words,
        # This one decided on a stop, so that a visitor sees what happens there.
        floor_minutes=FLOOR_MINUTES,
    )
    stage = Stage(session=session, script=script, community=community, now=begins, known=known)
    stage.load_categories()
    people = cast(script, random, begins=begins, now=now)
    director = Director(stage, begins, now, {person.key: person for person in people})
    director.lines["deed"] = [_as_line(deed) for deed in script.deeds]
    for person in people:
        director.begin(stories.belonging, person)
    director.begin(rhythm.weeks, _targets(script, people, first_monday, today))
    director.begin(rhythm.nights)
    director.begin(rhythm.readings)
    director.begin(rhythm.chats)
    if script.language == "en":
        director.begin(rhythm.reversals, [now - DAY * day for day in (500, 310, 96, 2)])
    for scene in scenes(director):
        director.begin(scene)
    gathered = Gathered()
    for gathering in gatherings(script.slug, gathered):
        director.begin(gathering)
    for meeting in meetings(script.slug, gathered):
        director.begin(meeting)
    director.run(tell)
    return stage


def _as_line(deed: scripts.Deed) -> Line:
    return Line(
        kind="deed",
        category=deed.category,
        supports=frozenset(),
        minutes=deed.minutes,
        place="public",
        slots=(),
        when="",
        title=deed.title,
        words="",
    )


def _targets(
    script: Script, people: list[Person], first_monday: dt.date, today: dt.date
) -> dict[dt.date, float]:
    """Return how many exchanges begin in each week: more with more people and longer days."""
    mondays = [
        monday for number in range(WEEKS + 1) if (monday := first_monday + number * WEEK) <= today
    ]
    weights = []
    for monday in mondays:
        here = sum(
            person.joins_at.date() <= monday
            and (person.leaves_at is None or person.leaves_at.date() > monday)
            for person in people
        )
        day = monday + 3 * DAY
        quiet = (day.month, day.day) >= (12, 22) or (day.month, day.day) <= (1, 2)
        weights.append(here**GROWTH * (BETWEEN_THE_YEARS if quiet else LIVELY[day.month - 1]))
    wanted = max(1.0, script.exchanges - FROM_A_LISTING * len(script.lines))
    return {
        monday: wanted * weight / sum(weights)
        for monday, weight in zip(mondays, weights, strict=True)
    }


def _sign_ins(stage: Stage) -> list[SignIn]:
    found = []
    for role in stage.script.cast:
        member = stage.members[role.key]
        found.append(
            SignIn(
                person_id=str(member.person_id),
                community=stage.community.name,
                slug=stage.community.slug,
                key=role.key,
                runs=tuple(
                    group.name
                    for link, group in groups.my_groups(stage.session, member)
                    if link.part == "lead"
                ),
                name=role.first_name,
                member=member.account_code,
                roles=tuple(sorted(stage.roles_of(role.key))),
                state=member.state,
                means=role.means,
                says=_says(stage, role),
                secret=_secret(stage, role),
            )
        )
    return found


def _says(stage: Stage, role: scripts.Role) -> str:
    """Return what to type beside the secret: one person has one address, wherever they belong."""
    member = stage.members[role.key]
    if role.means == "card" or member.person_id is None:
        return member.account_code
    return addresses_of(stage.session, member.person_id)[0].folded


def _secret(stage: Stage, role: scripts.Role) -> str:
    return {"password": PASSWORD, "card": stage.cards.get(role.key, ""), "link": ""}[role.means]
