"""Files: small enough to read, in use, and free of anybody's machine."""

import re
from pathlib import Path

import pytest

from tests.architecture.project import TEMPLATES, files, modules, named, templates, written
from timebank.config import ROOT

MODULE_LINES_MAX = 500
TEMPLATE_LINES_MAX = 200
VOCABULARY_BANNED = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "tools"}
#: Written in two halves, so that this file does not name them.
HOSTS = [
    left + right
    for left, right in (
        ("py", "pi.org"),
        ("python", "hosted.org"),
        ("npm", "js.org"),
        ("npm", "js.com"),
        ("un", "pkg.com"),
        ("js", "delivr.net"),
        ("cdn", "js.cloudflare.com"),
        ("google", "apis.com"),
        ("g", "static.com"),
        ("bootstrap", "cdn.com"),
        ("dock", "er.io"),
        ("gh", "cr.io"),
    )
]
MACHINE = re.compile(r"(?<![\w.])/(?:root|home|work|opt|Users|mnt|tmp/plan)/\w+|[A-Z]:\\\\Users")


def long_files(paths: list[Path], lines_max: int) -> list[str]:
    counts = {named(path): len(written(path).splitlines()) for path in paths}
    return [f"{name}: {count} lines" for name, count in counts.items() if count > lines_max]


def hosts_in(text: str) -> list[str]:
    return [host for host in HOSTS if host in text.lower()]


def machines_in(text: str) -> list[str]:
    return MACHINE.findall(text)


def template_names(text: str) -> list[str]:
    """Return patterns of all that could name a template: `f"join/{step}.html"` fits many."""
    quoted = re.findall(r"""["']([\w/.{}-]+\.(?:html|txt|svg|xml))["']""", text)
    return [re.sub(r"\\\{.*?\\\}", r"\\w+", re.escape(name)) for name in set(quoted)]


def test_modules_and_templates_are_short_enough_to_read() -> None:
    code = modules("ledger/", "timebank/", "tests/", "bench/")
    assert long_files(code, MODULE_LINES_MAX) == []
    assert long_files(templates(), TEMPLATE_LINES_MAX) == []


def test_no_file_is_a_drawer_for_odds_and_ends() -> None:
    assert [named(path) for path in modules("") if path.stem in VOCABULARY_BANNED] == []


def test_no_file_names_a_registry_or_a_content_network() -> None:
    found = {named(path): hosts_in(written(path)) for path in files()}
    assert {name: hosts for name, hosts in found.items() if hosts} == {}


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    found = {named(path): machines_in(written(path)) for path in files()}
    del found[named(Path(__file__))]
    assert {name: paths for name, paths in found.items() if paths} == {}


def test_every_template_is_used() -> None:
    sources = [*modules("timebank/"), *templates()]
    used = re.compile("|".join(name for path in sources for name in template_names(written(path))))
    assert [name for name in _template_paths() if not used.fullmatch(name)] == []


def test_every_template_that_is_named_exists() -> None:
    there = set(_template_paths())
    for path in templates():
        named_here = re.findall(
            r"""\{%-?\s*(?:extends|include|from|import)\s+["']([^"']+)["']""", written(path)
        )
        assert set(named_here) <= there, named(path)


def _template_paths() -> list[str]:
    return [path.relative_to(TEMPLATES).as_posix() for path in templates()]


def test_these_guards_see_what_they_look_for(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("x = 1\n" * (MODULE_LINES_MAX + 1))
    assert long_files([tmp_path / "long.py"], MODULE_LINES_MAX) == ["long.py: 501 lines"]
    assert hosts_in("see https://cdn." + "jsdelivr" + ".net/x") == ["jsdelivr" + ".net"]
    assert machines_in("open('" + "/" + "root/secret')")
    assert machines_in("cd " + "/" + "home/somebody")
    assert not machines_in("https://example.org/home/page")
    [plain, made] = template_names('render_template("a/b.html")'), template_names('f"a/{x}.html"')
    assert re.fullmatch(plain[0], "a/b.html")
    assert re.fullmatch(made[0], "a/c.html")
    assert not re.fullmatch(made[0], "b/c.html")


@pytest.mark.parametrize("name", ["LICENSE", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_a_project_that_others_may_use_says_how(name: str) -> None:
    assert (ROOT / name).stat().st_size > 200
