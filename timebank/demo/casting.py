"""Who the people of a community are, when they come and when they go.

Everything here is drawn from a seeded generator: the same day of filling gives the same people.
"""

import datetime as dt
import unicodedata
from dataclasses import dataclass, field
from random import Random

from timebank.demo.script import Line, Role, Script

#: People who are there within the first weeks, as a share of all.
FOUNDERS = 0.17
FOUNDING_DAYS = 24
#: New neighbours come after the holidays and after the summer.
JOINING_BY_MONTH = (1.6, 1.2, 1.0, 0.9, 0.9, 0.8, 0.6, 0.5, 1.5, 1.3, 1.0, 0.5)
#: Shares of all people, by how the community reaches them.
NOTHING_BUT_A_NAME = 0.14
PHONE_ONLY = 0.3
HAVE_LAST_NAME = 0.62
LEAVERS = 0.075
PAUSED = 0.025
REFUSED = 2
WAITING = 2
COMMUNITY_GROWN = 100
LINES_EACH_MAX = 2
WEEKDAY_FREE_FROM = 5
MINUTES_OF_OFFICE = (10 * 60, 17 * 60)


@dataclass(slots=True, kw_only=True)
class Person:
    """One of the demo's people in one community.

    Attributes:
        key: Short name; the cast keep theirs in every community.
        joins_at: When they ask to join or are added.
        leaves_at: When they pause or leave, or None.
        fate: "stays", "leaves", "pauses", "waits" or "is refused".
        adds: Whether a coordinator adds them, rather than they themselves asking.
        activity: How often they take part; 1 is like most.
        giving: From 0 (nearly always asks) to 1 (nearly always gives).
        lines: Offers and requests they post.
    """

    key: str
    first_name: str
    area: str
    joins_at: dt.datetime
    last_name: str = ""
    email: str = ""
    phone: str = ""
    means: str = ""
    about: str = ""
    could_offer: str = ""
    would_like: str = ""
    roles: tuple[str, ...] = ()
    fate: str = "stays"
    leaves_at: dt.datetime | None = None
    adds: bool = False
    activity: float = 1.0
    giving: float = 0.5
    lines: list[Line] = field(default_factory=list)

    @property
    def skills(self) -> frozenset[str]:
        """Kinds of help this person gives."""
        return frozenset(line.category for line in self.lines if line.kind == "offer")


def cast(script: Script, random: Random, *, begins: dt.datetime, now: dt.datetime) -> list[Person]:
    """Make everybody of a community, in the order in which they come.

    Args:
        script: What the people are called and say.
        random: Seeded; all chance comes from it.
        begins: When the community begins.
        now: When the visitor looks in; nobody comes later.
    """
    people = [_of_cast(role, script, begins=begins, now=now) for role in script.cast]
    names = _names(script, random, taken={role.first_name for role in script.cast})
    strangers = script.people - len(people)
    days = _joining_days(strangers, random, begins=begins, now=now)
    for number, (day, first_name) in enumerate(zip(days, names, strict=True), start=len(people)):
        people.append(_stranger(number, first_name, day, script, random))
    _decide_fates(people, random, now=now)
    _hand_out_lines(people, script, random)
    people.sort(key=lambda person: person.joins_at)
    return people


def _of_cast(role: Role, script: Script, *, begins: dt.datetime, now: dt.datetime) -> Person:
    joins_at = max(begins, now - dt.timedelta(days=role.joined_days_ago))
    person = Person(
        key=role.key,
        first_name=role.first_name,
        last_name=role.last_name,
        area=role.area,
        about=role.about,
        could_offer=role.could_offer,
        would_like=role.would_like,
        joins_at=joins_at,
        means=role.means,
        roles=role.roles,
        adds=role.means == "card",
        activity=role.activity,
        giving=role.giving,
        fate="waits" if role.state == "waiting" else "stays",
    )
    if role.means != "card":
        person.email = f"{role.key}@{script.email_domain}"
    return person


def _names(script: Script, random: Random, *, taken: set[str]) -> list[str]:
    """Return a first name for each stranger; in a big community two people may share one."""
    names = [name for name in script.first_names if name not in taken]
    random.shuffle(names)
    wanted = script.people - len(script.cast)
    while len(names) < wanted:
        names.append(random.choice(names))
    return names[:wanted]


def _joining_days(
    count: int, random: Random, *, begins: dt.datetime, now: dt.datetime
) -> list[dt.datetime]:
    founders = round(count * FOUNDERS)
    moments = [
        begins + dt.timedelta(days=random.triangular(0, FOUNDING_DAYS, 2)) for _ in range(founders)
    ]
    days = [
        begins + dt.timedelta(days=number)
        for number in range(FOUNDING_DAYS, max(FOUNDING_DAYS + 1, (now - begins).days - 1))
    ]
    weights = [JOINING_BY_MONTH[day.month - 1] for day in days]
    moments += random.choices(days, weights, k=count - founders)
    return [_in_the_day(moment, random) for moment in moments]


def _in_the_day(moment: dt.datetime, random: Random) -> dt.datetime:
    opens, shuts = MINUTES_OF_OFFICE
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + dt.timedelta(minutes=random.randint(opens, shuts))


def _stranger(
    number: int, first_name: str, joins_at: dt.datetime, script: Script, random: Random
) -> Person:
    person = Person(
        key=f"{script.slug}-{number}",
        first_name=first_name,
        area=random.choices(list(script.areas), list(script.areas.values()))[0],
        joins_at=joins_at,
        activity=random.choice((0.15, 0.3, 0.5, 0.7, 1.0, 1.0, 1.4, 1.9, 2.6)),
        giving=min(0.85, max(0.15, random.gauss(0.5, 0.16))),
    )
    if random.random() < HAVE_LAST_NAME:
        person.last_name = random.choice(script.last_names)
    reach = random.random()
    if reach < NOTHING_BUT_A_NAME:
        person.adds, person.means, person.last_name = True, "card", ""
    elif reach < NOTHING_BUT_A_NAME + PHONE_ONLY:
        person.adds = True
        person.phone = script.phone % number if script.phone else ""
    else:
        person.email = f"{_plain(first_name)}{number}@{script.email_domain}"
        if script.phone and random.random() < 0.5:  # noqa: PLR2004 - every other one
            person.phone = script.phone % number
    return person


def _plain(name: str) -> str:
    """Spell a name in the letters of an e-mail address."""
    plain = unicodedata.normalize("NFKD", name.lower().replace("ł", "l").replace("ø", "o"))
    return "".join(letter for letter in plain.replace("æ", "ae") if letter.isascii())


def _decide_fates(people: list[Person], random: Random, *, now: dt.datetime) -> None:
    """Let some leave, pause, be refused or wait; never one of the cast."""
    strangers = [person for person in people if person.key.startswith(_slug_of(people))]
    long_here = [person for person in strangers if (now - person.joins_at).days > 100]  # noqa: PLR2004 - a season
    random.shuffle(long_here)
    leavers = round(len(people) * LEAVERS)
    for person in long_here[:leavers]:
        stayed = (now - person.joins_at) * random.uniform(0.3, 0.95)
        person.fate, person.leaves_at = "leaves", person.joins_at + stayed
    for person in long_here[leavers : leavers + round(len(people) * PAUSED)]:
        person.fate = "pauses"
        person.leaves_at = now - dt.timedelta(days=random.randint(4, 40))
    if len(people) < COMMUNITY_GROWN:
        return
    for person in long_here[-REFUSED:]:
        person.fate, person.adds = "is refused", False
    asked = [person for person in strangers if person.email and not person.adds]
    for number, person in enumerate(asked[-WAITING:]):
        person.fate = "waits"
        person.joins_at = now - dt.timedelta(hours=7 + 19 * number)


def _slug_of(people: list[Person]) -> str:
    return next(person.key.rpartition("-")[0] for person in people if "-" in person.key) + "-"


def _hand_out_lines(people: list[Person], script: Script, random: Random) -> None:
    """Give each offer and request to somebody; the busier one is, the likelier."""
    able = [person for person in people if person.fate in {"stays", "leaves", "pauses"}]
    wanted = dict(OF_THE_CAST.get(script.slug, {}))
    for line in script.lines:
        key = wanted.pop(line.title, None)
        owner = next((person for person in able if person.key == key), None)
        while owner is None:
            drawn = random.choices(able, [_eager(person, line) for person in able])[0]
            if sum(had.kind == line.kind for had in drawn.lines) < LINES_EACH_MAX:
                owner = drawn
        owner.lines.append(line)
    if wanted:
        raise LookupError(sorted(wanted))


def _eager(person: Person, line: Line) -> float:
    if person.means and not person.key.startswith(("windmill-", "grejs-")):
        return 0.001  # the cast have what is written for them
    return person.activity * (person.giving if line.kind == "offer" else 1 - person.giving)


#: Offers that `scenes` puts up: whose, and in which category.
KEPT_FOR_SCENES = frozenset({("amina", "sewing"), ("callum", "study"), ("rosa", "kitchen")})
#: What the cast offer and ask for, by community and title.
OF_THE_CAST = {
    "windmill": {
        "Curtain hems, trouser legs and lost buttons": "amina",
        "Practice for the driving theory test": "callum",
        "Tea and dominoes": "winston",
        "Lamps, plugs and toasters looked at": "winston",
        "Danish conversation over coffee": "signe",
        "A lift to the eye clinic and home again": "signe",
        "Bookkeeping for your own small business": "desmond",
        "Tea urn, tables and chairs": "rosa",
        "Benefit forms, page by page": "ifeoma",
        "Put up a shelf for my records": "desmond",
        "Citizenship test questions": "amina",
        "Lift to the eye clinic": "winston",
        "Extra hands at the street party": "rosa",
        "Moving day, two streets away": "callum",
    },
    "grejs": {
        "Kaffe på havnen og et slag kort": "jytte",
        "Din cykel klar til foråret": "karsten",
        "Søndagskaffe hos min far": "jytte",
    },
}
