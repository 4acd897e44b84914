"""The file that makes an installation the demo, and remembers who can sign in with what."""

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path

#: `config` looks for a file of this name in the home folder.
NAME = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Somebody a visitor can sign in as.

    Attributes:
        person_id: Key of the person, as text.
        community: Name of the community.
        slug: Its short name in addresses.
        name: First name.
        member: The number on the card.
        roles: What they are there, such as "coordinator".
        state: "active" or "waiting".
        means: "password", "card" or "link".
        says: The address or number to type.
        secret: The password or code; "" for a link.
        key: Who it is, the same in every community.
        runs: Names of the groups they lead.
    """

    person_id: str
    community: str
    slug: str
    name: str
    member: str
    roles: tuple[str, ...]
    state: str
    means: str
    says: str
    secret: str
    key: str
    runs: tuple[str, ...] = ()


def begin(home: Path) -> None:
    """Mark the home as the demo before it is filled, so that half a demo is never taken for one."""
    _write(home, {"filled": False})


def finish(home: Path, people: list[SignIn]) -> None:
    """Mark the demo as filled."""
    _write(home, {"filled": True, "people": [dataclasses.asdict(person) for person in people]})


def exists(home: Path) -> bool:
    """Tell whether this home is the demo's."""
    return (home / NAME).is_file()


def read(home: Path) -> list[SignIn]:
    """Return who can sign in; nobody where the demo is not there or was never finished."""
    try:
        facts = json.loads((home / NAME).read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return []
    return [
        SignIn(**(person | {name: tuple(person.get(name, ())) for name in ("roles", "runs")}))
        for person in facts.get("people", ())
    ]


def _write(home: Path, facts: dict[str, object]) -> None:
    home.mkdir(parents=True, exist_ok=True)
    new = home / f"{NAME}.new"
    with os.fdopen(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        json.dump(facts, file, indent=1)
    new.replace(home / NAME)
