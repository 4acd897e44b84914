"""What the guards look at: the project's own files, read once."""

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from timebank.config import ROOT

TEMPLATES = ROOT / "templates"
#: Folders that are made and not written.
MADE = {
    *(".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache"),
    *(".hypothesis", "__pycache__", "htmlcov", "instance", "var", "books", "build", "dist"),
    *("node_modules", "timebank.egg-info"),
}


@cache
def files() -> tuple[Path, ...]:
    """Return every file that somebody wrote."""
    return tuple(sorted(_walk(ROOT)))


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in MADE or path.name.startswith(".coverage") or ".sqlite3" in path.name:
            continue
        if path.is_dir():
            yield from _walk(path)
        elif path.is_file() and path.name != ".git":
            yield path


def modules(*folders: str) -> list[Path]:
    """Return the Python files of these folders."""
    return [path for path in files() if path.suffix == ".py" and named(path).startswith(folders)]


def templates() -> list[Path]:
    """Return every template."""
    return [path for path in files() if path.is_relative_to(TEMPLATES)]


def named(path: Path) -> str:
    """Return the path as it is written in a message."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


@cache
def tree(path: Path) -> ast.Module:
    """Parse a module."""
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def written(path: Path) -> str:
    """Return the text of a file, or nothing where it is not text."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


def import_every_model() -> None:
    """Import whatever declares tables, so that the metadata is whole."""
    for path in modules("timebank/"):
        if path.stem == "models" or "__tablename__" in written(path):
            import_module(named(path).removesuffix(".py").replace("/", "."))
