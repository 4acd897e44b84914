"""Words: every sentence that a person reads can be translated."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes
from jinja2.lexer import TOKEN_DATA

from tests.architecture.project import modules, named, templates, tree, written

#: Functions that hand a sentence to the translators.
WRAPPERS = {
    *("_", "_l", "gettext", "ngettext", "pgettext", "npgettext", "lazy_gettext"),
    *("lazy_ngettext", "lazy_pgettext", "lazy_npgettext", "_n", "_ln"),
}
#: Modules whose sentences reach people.
SPEAKING = {"views", "forms", "emails", "words", "refusals", "fields", "navigation", "filters"}
#: A block that a layout puts into class="…".
CLASS_BLOCK = re.compile(r"\{%-? block \w*class -?%\}.*?\{%-? endblock \w* ?-?%\}")
#: Ids that a macro puts into aria-describedby="…".
IDS = re.compile(r"[0\s]*(?:[a-z0]+(?:-[a-z0]+)+[0\s]*)+")
#: The page for engineers that shows each component once, with people made up.
FOR_ENGINEERS = "templates/patterns/"
#: Elements that hold a program's words: nobody translates a command.
SILENT = {"script", "style", "code", "kbd", "pre", "samp"}
READ_ALOUD = {"alt", "title", "placeholder", "aria-label", "aria-description", "label", "summary"}
LETTERS = re.compile(r"[^\W\d_]{2,}")
#: A sentence or a label: a capital, then small letters, not a name of the program's own.
SENTENCE = re.compile(r"^[A-Z][a-zé]*(?:[ ,.!?’'…]|$)")
#: Words that are the same in every language.
SAME_EVERYWHERE = {"Timebank", "GPL", "English", "Dansk", "Español", "Català"}
#: Names that hold what engineers read, and what a library says and we say otherwise.
FOR_OTHERS = {"msg", "_WRONG_CHOICES"}
#: Names of HTTP, not sentences: no capital letter of these is read by a person.
HTTP_NAME = re.compile(r"^[A-Z][\w-]*(?:/[\w.]+)?$")


class _Reader(HTMLParser):
    """Collects the words a template says by itself, outside {{ … }}."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self._silent += 1
        self.said += [v for name, v in attrs if name in READ_ALOUD and v and LETTERS.search(v)]

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent and LETTERS.search(data) and not IDS.fullmatch(data.strip()):
            self.said.append(data.strip())


def unwrapped_in_template(source: str, *, is_html: bool = True) -> list[str]:
    """List the words of a template that no translator would see."""
    environment = Environment(autoescape=True, extensions=["jinja2.ext.do"])
    # What stands between marks is replaced by a digit: it keeps tags and attributes whole.
    # Without lstrip and trim, data is exactly what the file says.
    source = CLASS_BLOCK.sub("", source)
    text = "".join(
        value if kind == TOKEN_DATA else "0" if kind.endswith("_begin") else ""
        for _line, kind, value in environment.lex(source)
        if kind not in {"comment", "comment_begin", "comment_end"}
    )
    said = _in_html(text) if is_html else LETTERS.findall(text)
    parsed = environment.parse(source)
    return [words for words in [*said, *_in_expressions(parsed)] if words not in SAME_EVERYWHERE]


def _in_html(text: str) -> list[str]:
    reader = _Reader()
    # "{% if x %} checked{% endif %}" inside a tag leaves a lonely 0, an attribute without a value.
    reader.feed(text)
    reader.close()
    return reader.said


def _in_expressions(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Call) and _called(node) in WRAPPERS:
        return
    if isinstance(node, nodes.Compare | nodes.Test):
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        if SENTENCE.match(node.value):
            yield node.value
        return
    for child in node.iter_child_nodes():
        yield from _in_expressions(child)


def _called(node: nodes.Call) -> str:
    return node.node.name if isinstance(node.node, nodes.Name) else ""


def unwrapped_in_module(node: ast.AST) -> list[str]:
    """List the sentences of a module that no translator would see."""
    if _is_quiet(node):
        return []
    found: list[str] = []
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        words = node.value
        if SENTENCE.match(words) and not HTTP_NAME.match(words.replace(" ", "0")):
            found.append(words)
    if isinstance(node, ast.Call) and _is_field(node) and _says_plainly(node):
        found.append(ast.unparse(node.args[0]))
    for child in ast.iter_child_nodes(node):
        found += unwrapped_in_module(child)
    return [words for words in found if words not in SAME_EVERYWHERE]


def _is_quiet(node: ast.AST) -> bool:
    """Tell what is translated already, and what is for engineers: refusals, docstrings, logs."""
    if isinstance(node, ast.Call):
        return _name(node.func) in WRAPPERS | {"exception", "error", "warning", "info", "debug"}
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return {_name(target) for target in node.targets} <= FOR_OTHERS
    return isinstance(node, ast.Raise | ast.Compare | ast.Assert)


def _is_field(node: ast.Call) -> bool:
    return _name(node.func).endswith("Field")


def _says_plainly(node: ast.Call) -> bool:
    return bool(node.args) and isinstance(node.args[0], ast.Constant) and bool(node.args[0].value)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize(
    "path", [path for path in templates() if not named(path).startswith(FOR_ENGINEERS)], ids=named
)
def test_every_word_of_a_template_can_be_translated(path: Path) -> None:
    is_html = path.suffix in {".html", ".svg", ".xml"}
    assert unwrapped_in_template(written(path), is_html=is_html) == []


@pytest.mark.parametrize(
    "path", [path for path in modules("timebank/") if path.stem in SPEAKING], ids=named
)
def test_every_sentence_of_a_page_can_be_translated(path: Path) -> None:
    assert unwrapped_in_module(tree(path)) == []


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("<p>Hello {{ name }}</p>", ["Hello 0"]),
        ('<img alt="A cat">', ["A cat"]),
        ('<p class="big">{{ _("Hello") }}</p>', []),
        ('{{ button("Save it") }}', ["Save it"]),
        ('{{ button(_("Save it"), kind="main") }}', []),
        ('{% set words = "Save" %}', ["Save"]),
        ('{% if kind == "Save" %}{% endif %}', []),
        ("{% block body_class %}calm{% endblock %}{% block x %}calm{% endblock %}", ["0calm0"]),
        ("{{ f.id }}-hint {{ more }}", []),
        ("<p>{{ x }} <code>timebank migrate</code></p>", []),
        ("{# Hello #}<script>var hello;</script>", []),
        ("<option{% if x %} selected{% endif %}>{{ y }}</option>", []),
    ],
)
def test_a_bare_word_in_a_template_is_seen(source: str, says: list[str]) -> None:
    assert unwrapped_in_template(source) == says


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ('flash("It is done.")', ["It is done."]),
        ('flash(_("It is done."))', []),
        ('name = StringField("Name")', ["'Name'"]),
        ('name = StringField(_l("Name"))', []),
        ('def f():\n    """Do it now."""', []),
        ('raise ValueError("Never a None here")', []),
        ('x.headers["Cache-Control"] = "no-store"', []),
    ],
)
def test_a_bare_sentence_in_a_module_is_seen(source: str, says: list[str]) -> None:
    assert unwrapped_in_module(ast.parse(source)) == says
