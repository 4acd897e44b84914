"""Code: the few ways of writing that open a door, and are never used."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.project import modules, named, templates, tree, written

OURS = modules("ledger/", "timebank/")
#: Each with what to use instead.
MODULES_BANNED = {
    "random": "secrets; jitter comes from secrets.SystemRandom",
    "pickle": "JSON",
    "marshal": "JSON",
    "shelve": "a table",
    "xml.etree": "nothing here reads XML",
    "xml.dom": "nothing here reads XML",
}
#: The demo draws its people from a seed, and no secret comes of it.
SEEDED = "timebank/demo/"


def imports_of(module: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def banned_imports(path: Path, module: ast.Module) -> list[str]:
    """List imports of modules that open a door."""
    allowed = {"random"} if named(path).startswith(SEEDED) else set()
    return [
        f"{name}: use {instead}"
        for name, instead in MODULES_BANNED.items()
        if name not in allowed
        and any(each == name or each.startswith(f"{name}.") for each in imports_of(module))
    ]


def mixed_sql(_path: Path, module: ast.Module) -> list[str]:
    """List the SQL that is put together with values in it."""
    return [
        ast.unparse(node)[:100]
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and _name(node.func) in {"text", "exec_driver_sql", "literal_column"}
        and node.args
        and _is_mixed(node.args[0])
    ]


def markup_made_by_hand(_path: Path, module: ast.Module) -> list[str]:
    """List the words that are declared to be safe HTML, unless they are a constant."""
    return [
        ast.unparse(node)[:100]
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and _name(node.func) == "Markup"
        and node.args
        and not isinstance(node.args[0], ast.Constant)
    ]


def templates_from_strings(_path: Path, module: ast.Module) -> list[str]:
    """List the templates that are not files."""
    names = {"render_template_string", "from_string"}
    return [
        ast.unparse(node)[:100]
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and _name(node.func) in names
    ]


def unsafe_filters(source: str) -> list[str]:
    """List the places where a template says that words need no escaping."""
    return re.findall(r"\|\s*safe\b|autoescape\s+false|Markup\(", source)


def _is_mixed(argument: ast.expr) -> bool:
    if isinstance(argument, ast.JoinedStr):
        return any(isinstance(value, ast.FormattedValue) for value in argument.values)
    if isinstance(argument, ast.BinOp):
        return not (_is_plain(argument.left) and _is_plain(argument.right))
    if not isinstance(argument, ast.Call) or _name(argument.func) != "format":
        return False
    # Constants chosen by the driver, such as its mark for a parameter, mix nothing in.
    return bool(argument.args) or not all(_is_plain(each.value) for each in argument.keywords)


def _is_plain(part: ast.expr) -> bool:
    if isinstance(part, ast.BinOp):
        return _is_plain(part.left) and _is_plain(part.right)
    return isinstance(part, ast.Constant)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


GUARDS: list[Callable[[Path, ast.Module], list[str]]] = [
    banned_imports,
    mixed_sql,
    markup_made_by_hand,
    templates_from_strings,
]
#: Where a guard is right to look and the code is right too: file, guard, reason.
ALLOWED = {
    (
        "timebank/web/corners.py",
        "markup_made_by_hand",
    ): "a template made it and escaped it",
    ("timebank/web/languages.py", "markup_made_by_hand"): "sentences of ours, as Jinja's own `_`",
    ("timebank/doctor.py", "mixed_sql"): "PRAGMA and SHOW take none; the names are constants there",
}


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_no_module_opens_a_door(guard: Callable[[Path, ast.Module], list[str]]) -> None:
    found = {
        named(path): guard(path, tree(path))
        for path in OURS
        if (named(path), guard.__name__) not in ALLOWED
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_every_exception_is_still_needed() -> None:
    guards = {guard.__name__: guard for guard in GUARDS}
    by_name = {named(path): path for path in OURS}
    for name, guard in ALLOWED:
        path = by_name[name]
        assert guards[guard](path, tree(path)), f"{name} no longer needs its exception"


def test_no_template_says_that_words_need_no_escaping() -> None:
    found = {named(path): unsafe_filters(written(path)) for path in templates()}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("guard", "source"),
    [
        (banned_imports, "import random"),
        (banned_imports, "from random import choice"),
        (banned_imports, "import xml.etree.ElementTree"),
        (mixed_sql, 'sa.text(f"SELECT * FROM {table}")'),
        (mixed_sql, 'connection.exec_driver_sql("SELECT " + name)'),
        (mixed_sql, 'text("SELECT {}".format(name))'),
        (mixed_sql, "text(QUERY.format(p=name))"),
        (markup_made_by_hand, "Markup(words)"),
        (templates_from_strings, "render_template_string(words)"),
    ],
)
def test_a_door_is_seen(guard: Callable[[Path, ast.Module], list[str]], source: str) -> None:
    assert guard(modules("timebank/")[0], ast.parse(source))


@pytest.mark.parametrize("source", ["{{ words|safe }}", "{% autoescape false %}", "{{ x | safe }}"])
def test_a_door_in_a_template_is_seen(source: str) -> None:
    assert unsafe_filters(source)
