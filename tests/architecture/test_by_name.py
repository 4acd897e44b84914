"""What is imported by name: import-linter does not see it, so it is held to the same order here."""

import tomllib
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from tests.architecture.project import modules, named, tree
from timebank import app, cli
from timebank.config import ROOT

#: What may look upwards, each with its reason.
UPWARDS = {
    ("timebank.app", "timebank.demo.views"): "the demo fills whole applications, and has pages too",
}


def floors() -> dict[str, int]:
    """Give each context its floor, 0 being the top, from the contract import-linter holds."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    [layers] = [each["layers"] for each in contracts["contracts"] if "exhaustive" in each]
    return {
        name.strip(" ()"): floor
        for floor, layer in enumerate(layers)
        for name in layer.replace(":", "|").split("|")
    }


def out_of_order(importer: str, names: Iterable[str]) -> list[str]:
    """List what a module imports by name and must not know."""
    floor = floors()
    own = floor[importer.split(".")[1]]
    return [
        f"{importer} stands below {name}"
        for name in names
        if floor[name.split(".")[1]] <= own and (importer, name) not in UPWARDS
    ]


def unnamed(names: Iterable[str], attribute: str, paths: Iterable[Path]) -> list[str]:
    """List modules that offer something at their top, and that nobody imports."""
    listed = set(names)
    offering = {
        named(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in paths
        if any(attribute in names_of(node) for node in tree(path).body)
    }
    return sorted(offering - listed)


def names_of(node: object) -> set[str]:
    """Return what a statement at the top of a module gives a name to."""
    targets = [*getattr(node, "targets", ()), getattr(node, "target", None), node]
    aliases = [alias.asname or alias.name for alias in getattr(node, "names", ())]
    return {getattr(each, "id", getattr(each, "name", "")) or "" for each in targets} | {*aliases}


def test_what_is_imported_by_name_keeps_the_order() -> None:
    assert out_of_order("timebank.app", app.PAGES) == []
    assert out_of_order("timebank.cli", cli.COMMANDS) == []


def test_what_is_imported_by_name_is_there() -> None:
    assert all(import_module(name).blueprints for name in app.PAGES)
    assert all(import_module(name).register for name in cli.COMMANDS)


def test_every_blueprint_and_every_command_is_in_the_list() -> None:
    inside = [path for path in modules("timebank/") if named(path).count("/") > 1]
    top = [path for path in inside if path.stem != "blueprints"]
    views = [path for path in top if "views" in named(path)]
    assert unnamed(app.PAGES, "blueprints", views) == []
    commands = [path for path in inside if path.stem.endswith("commands")]
    assert unnamed(cli.COMMANDS, "register", commands) == []


def test_each_of_these_guards_is_seen_to_fail() -> None:
    assert out_of_order("timebank.members", ["timebank.exchanges.views"]) == [
        "timebank.members stands below timebank.exchanges.views"
    ]
    paths = modules("timebank/members/views/__init__.py", "timebank/hours/commands.py")
    assert unnamed([], "blueprints", paths) == ["timebank.members.views"]
    assert unnamed([], "register", paths) == ["timebank.hours.commands"]
