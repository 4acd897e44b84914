"""Locks: every dependency pinned, hashed, and bound to no package index."""

import re
import tomllib
from typing import Any

import pytest

from timebank.config import ROOT

LOCKS = {
    "base": ["dependencies"],
    "postgres": ["dependencies", "postgres"],
    "dev": ["dependencies", "postgres", "dev"],
}


def wanted(project: dict[str, Any], part: str) -> set[str]:
    """Return the names that a part of pyproject.toml asks for."""
    lists = {
        "dependencies": project["project"]["dependencies"],
        **project["project"]["optional-dependencies"],
        **project["dependency-groups"],
    }
    return {_name(re.split(r"[\[<>=!~; ]", line, maxsplit=1)[0]) for line in lists[part]}


def pinned(lock: str) -> set[str]:
    """Return the names that a lock file pins."""
    return {_name(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}


def loose(lock: str) -> list[str]:
    """List what is not a pin with hashes: addresses, options, open versions."""
    wrong = re.findall(r"^.*(?:://|--index|--find|>=|@ ).*$", lock, re.MULTILINE)
    requirements = re.split(r"\n(?=\S)", lock)
    wrong += [
        each.splitlines()[0]
        for each in requirements
        if not each.startswith("#") and each.strip() and "--hash=sha256:" not in each
    ]
    return [line for line in wrong if "python_full_version" not in line or "==" not in line]


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", LOCKS)
def test_every_dependency_is_pinned(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lock = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    missing = set().union(*(wanted(project, part) for part in LOCKS[name])) - pinned(lock)
    assert not missing, f"run `make lock`: {missing}"


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash_and_no_address(name: str) -> None:
    assert loose((ROOT / "requirements" / f"{name}.txt").read_text("utf-8")) == []


def test_a_loose_pin_is_seen() -> None:
    assert loose("flask>=3\n") == ["flask>=3", "flask>=3"]
    assert loose("--index-url https://example.org/simple\n")
    assert loose("flask==3.1 \\\n    --hash=sha256:00\n") == []
    assert pinned("Flask_Login==1\n  x==2\n") == {"flask-login"}
