"""What the demo's people are called, offer, ask and say: read from the files in `data`."""

import csv
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "data"
#: Letters of the listings' file, in the order of the days of the week and the parts of a day.
PARTS = {"m": "morning", "a": "afternoon", "e": "evening"}
SUPPORTS = {"s": "social", "e": "emotional", "p": "practical"}
LAST_WEEKDAY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Somebody of the cast: a person with a name in the file, whom a visitor can sign in as.

    Attributes:
        key: Names the person across communities; the same key is the same person.
        means: "password", "card" or "link": how this one signs in.
        state: "active" or "waiting".
        activity: How much busier than most; 1 is like most.
        giving: From 0 (nearly always asks) to 1 (nearly always gives).
    """

    key: str
    first_name: str
    means: str
    joined_days_ago: int
    last_name: str = ""
    area: str = ""
    about: str = ""
    could_offer: str = ""
    would_like: str = ""
    state: str = "active"
    roles: tuple[str, ...] = ()
    activity: float = 1.0
    giving: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An offer or a request as written in the file.

    Attributes:
        supports: Of "social", "emotional", "practical".
        slots: Pairs of weekday, Monday is 0, and part of the day.
    """

    kind: str
    category: str
    supports: frozenset[str]
    minutes: int
    place: str
    slots: tuple[tuple[int, str], ...]
    when: str
    title: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Help that people give each other without arranging it here first."""

    category: str
    minutes: int
    title: str


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: pairs of who speaks ("owner" posted, "caller" replied) and the words."""

    turns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """All there is to say about one community of the demo."""

    slug: str
    name: str
    words: str
    house_rules: str
    help_words: str
    locale: str
    time_zone: str
    joining: str
    language: str
    email_domain: str
    phone: str
    people: int
    exchanges: int
    areas: dict[str, int]
    cast: tuple[Role, ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    lines: tuple[Line, ...] = field(repr=False)
    deeds: tuple[Deed, ...] = field(repr=False)
    talks: tuple[Talk, ...] = field(repr=False)
    thanks: tuple[str, ...] = field(repr=False)


def read(name: str) -> Script:
    """Read the community `name` and what is said in its language."""
    facts: dict[str, Any] = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    names = facts.pop("names")
    cast = tuple(
        Role(**(role | {"roles": tuple(role.get("roles", ()))})) for role in facts.pop("cast")
    )
    tail = "" if facts["language"] == "en" else f"_{facts['language']}"
    return Script(
        cast=cast,
        first_names=tuple(names["first"]),
        last_names=tuple(names["last"]),
        lines=(
            *_lines("offer", f"offers{tail}.csv"),
            *_lines("request", f"requests{tail}.csv"),
        ),
        deeds=tuple(_deeds(f"informal{tail}.csv")),
        talks=tuple(_talks(f"talks{tail}.txt")),
        thanks=tuple((FOLDER / "thanks.txt").read_text("utf-8").splitlines()),
        **{key: _tidy(value) for key, value in facts.items()},
    )


def _tidy(value: Any) -> Any:  # noqa: ANN401 - whatever TOML has
    return value.strip() if isinstance(value, str) else value


def _rows(file: str) -> Iterator[dict[str, str]]:
    with (FOLDER / file).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="|", quoting=csv.QUOTE_NONE, strict=True)


def _lines(kind: str, file: str) -> Iterator[Line]:
    for row in _rows(file):
        yield Line(
            kind=kind,
            category=row["category"],
            supports=frozenset(SUPPORTS[letter] for letter in row["support"]),
            minutes=int(row["minutes"]),
            place=row["place"],
            slots=tuple(read_slots(row["slots"])),
            when=row["when"],
            title=row["title"],
            words=row["words"],
        )


def _deeds(file: str) -> Iterator[Deed]:
    for row in _rows(file):
        yield Deed(category=row["category"], minutes=int(row["minutes"]), title=row["title"])


def read_slots(text: str) -> Iterator[tuple[int, str]]:
    """Read "0-4ma 6e": Monday to Friday in the mornings and afternoons, and Sunday evening."""
    for word in text.split():
        days = word.rstrip("".join(PARTS))
        first, _, last = days.partition("-")
        for weekday in range(int(first), int(last or first) + 1):
            if weekday > LAST_WEEKDAY:
                raise ValueError(text)
            for letter in word[len(days) :]:
                yield weekday, PARTS[letter]


def _talks(file: str) -> Iterator[Talk]:
    paragraphs = (FOLDER / file).read_text("utf-8").split("\n\n")
    for paragraph in paragraphs:
        turns = tuple(
            ("owner" if line[0] == ">" else "caller", line[2:])
            for line in paragraph.splitlines()
            if line.startswith(("> ", "< "))
        )
        if turns:
            yield Talk(turns)
