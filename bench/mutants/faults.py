"""What can be wrong with a module: one node of its syntax tree in place of another, or left out."""

import ast
import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

_OPPOSITES: Final[dict[type[ast.AST], type[ast.AST]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Break: ast.Continue,
    ast.Continue: ast.Break,
}
#: Steps of a question to the database, each of which can be forgotten.
_STEPS: Final = frozenset(
    {"where", "order_by", "limit", "offset", "distinct", "group_by", "having", "with_for_update"}
)
#: Calls whose arguments are terms that all have to hold.
_TERMS: Final = frozenset({"where", "having", "and_", "or_"})
#: Calls that put something in another form, which it may have already.
_FORMS: Final = frozenset(
    {"sorted", "reversed", "list", "tuple", "set", "frozenset", "int", "str", "bytes", "bool"}
    | {"abs", "min", "max"}
)
_LEFT_OUT: Final = (ast.Expr, ast.Raise, ast.Delete, ast.Break, ast.Continue, ast.AugAssign)
_SQL: Final = re.compile(r"\b(SELECT|WHERE|ORDER BY|INSERT|UPDATE|DELETE)\b")
_SQL_OPERATORS: Final = {
    "<=": "<",
    "<": "<=",
    ">=": ">",
    ">": ">=",
    "=": "<>",
    "<>": "=",
    "+": "-",
    "-": "+",
    "AND": "OR",
}
_WORDS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a syntax tree: a field of a node, or one item of the list in that field."""

    owner: ast.AST
    name: str
    index: int | None = None

    @contextlib.contextmanager
    def holding(self, new: ast.AST | None) -> Iterator[None]:
        """Put a node here, or nothing, until the block is left."""
        old = getattr(self.owner, self.name)
        changed: object = new
        if self.index is not None:
            put = [] if new is None else [new]
            changed = [*old[: self.index], *put, *old[self.index + 1 :]]
        setattr(self.owner, self.name, changed)
        try:
            yield
        finally:
            setattr(self.owner, self.name, old)


Change = tuple[Slot, ast.AST | None, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        slot: Where.
        new: What stands there instead; None where something is left out.
        words: What was done.
        line: The first line of what is changed, and `last_line` its last.
        function: The function it is in.
    """

    slot: Slot
    new: ast.AST | None
    words: str
    line: int
    last_line: int
    function: str


def faults_of(tree: ast.Module) -> list[Fault]:
    """List every fault there is to put into the functions of a module, in its order.

    Left alone are annotations, docstrings, what is worked out once for a module or a definition,
    and the words of errors, which only a developer reads.
    """
    found = []
    for function in _functions(tree):
        quiet = _quiet(function)
        for slot, node in _places(function, quiet):
            for kind in _KINDS:
                for where, new, words in kind(slot, node):
                    lines = (node.lineno, node.end_lineno or node.lineno)
                    found.append(Fault(where, new, words, *lines, function.name))
    return sorted(found, key=lambda fault: (fault.line, fault.words))


def _functions(node: ast.AST) -> Iterator[ast.FunctionDef]:
    """Find the outermost functions; what is inside of them belongs to them."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef):
            yield child
        else:
            yield from _functions(child)


def _quiet(function: ast.FunctionDef) -> set[int]:
    """Collect the nodes that are left alone, by their identity."""
    roots: list[ast.AST | None] = []
    for node in ast.walk(function):
        match node:
            case ast.FunctionDef():
                roots += [node.args, node.returns, *node.decorator_list]
            case ast.AnnAssign():
                roots.append(node.annotation)
            case ast.Call(func=ast.Name("cast"), args=[kind, *_]):
                roots.append(kind)
            case ast.Expr(value=ast.Constant()):
                roots.append(node)
            case ast.Raise():
                roots += [each for each in ast.walk(node) if _is_text(each)]
    return {id(each) for root in roots if root is not None for each in ast.walk(root)}


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _places(node: ast.AST, quiet: set[int]) -> Iterator[tuple[Slot, ast.expr | ast.stmt]]:
    """Walk through every expression and statement below a node, with the slot each is in."""
    for name, value in ast.iter_fields(node):
        items = value if isinstance(value, list) else [value]
        for index, child in enumerate(items):
            if not isinstance(child, ast.AST) or id(child) in quiet:
                continue
            if isinstance(child, (ast.expr, ast.stmt)):
                yield Slot(node, name, index if isinstance(value, list) else None), child
            yield from _places(child, quiet)


# ---------------------------------------------------------------------------- kinds of faults


def _operators(_slot: Slot, node: ast.AST) -> Iterator[Change]:
    places: list[tuple[Slot, ast.AST]]
    match node:
        case ast.Compare():
            places = [(Slot(node, "ops", index), op) for index, op in enumerate(node.ops)]
        case ast.BinOp() | ast.AugAssign() | ast.BoolOp():
            places = [(Slot(node, "op"), node.op)]
        case _:
            return
    for where, op in places:
        if opposite := _OPPOSITES.get(type(op)):
            names = f"{type(op).__name__} to {opposite.__name__}"
            yield where, opposite(), f"{names}: {_short(node)}"


def _operands(slot: Slot, node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.BoolOp(values=[one, other]):
            yield slot, other, f"left out: {_short(one)}"
            yield slot, one, f"left out: {_short(other)}"
        case ast.BoolOp():
            for index, value in enumerate(node.values):
                yield Slot(node, "values", index), None, f"left out: {_short(value)}"
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            yield slot, node.operand, f"without {type(node.op).__name__}: {_short(node)}"


def _conditions(_slot: Slot, node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.If() | ast.IfExp():
            for always in (True, False):
                constant = ast.Constant(always)
                yield Slot(node, "test"), constant, f"always {always}: {_short(node.test)}"
        case ast.While():
            yield Slot(node, "test"), ast.Constant(value=False), f"never: {_short(node.test)}"
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            for loop in node.generators:
                for index, test in enumerate(loop.ifs):
                    yield Slot(loop, "ifs", index), None, f"for each, without if {_short(test)}"


def _constants(slot: Slot, node: ast.AST) -> Iterator[Change]:
    if not isinstance(node, ast.Constant):
        return
    match node.value:
        case bool(value):
            others: list[bool | int | str | bytes] = [not value]
        case int(value):
            others = [value + 1]
        case str(value):
            others = [f"{value}XX", *_other_questions(value)]
        case bytes(value):
            others = [value + b"XX"]
        case _:
            return
    for other in others:
        yield slot, ast.Constant(other), f"{node.value!r:.90} to {other!r:.99}"


def _other_questions(sql: str) -> Iterator[str]:
    """Turn what the database is asked, one operator at a time, or leave its order out."""
    if not _SQL.search(sql):
        return
    for found in re.finditer(r" (<=|>=|<>|=|<|>|\+|-|AND) ", sql):
        yield sql[: found.start(1)] + _SQL_OPERATORS[found[1]] + sql[found.end(1) :]
    for found in re.finditer(r" ORDER BY [\w.,\s]+", sql):
        yield sql[: found.start()] + sql[found.end() :]


def _calls(slot: Slot, node: ast.AST) -> Iterator[Change]:
    if not isinstance(node, ast.Call):
        return
    match node.func:
        case ast.Attribute(value=before, attr=name) if name in _STEPS:
            yield slot, before, f"without .{name}(): {_short(node)}"
        case ast.Name(id=name) if name in _FORMS and node.args:
            yield slot, node.args[0], f"without {name}(): {_short(node)}"
    yield from _arguments(node)


def _arguments(call: ast.Call) -> Iterator[Change]:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    for index, argument in enumerate(call.args):
        where = Slot(call, "args", index)
        if name in _TERMS and len(call.args) > 1:
            yield where, None, f"left out of {name}(): {_short(argument)}"
        elif name not in _TERMS and not isinstance(argument, (ast.Constant, ast.Starred)):
            yield where, ast.Constant(None), f"None to {name}() for {_short(argument)}"
    for index, keyword in enumerate(call.keywords):
        if keyword.arg is not None:
            yield Slot(call, "keywords", index), None, f"{name}() without {keyword.arg}"


def _slices(_slot: Slot, node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Slice):
        for bound in ("lower", "upper", "step"):
            if getattr(node, bound) is not None:
                yield Slot(node, bound), None, f"slice without {bound}: {_short(node)}"


def _statements(slot: Slot, node: ast.AST) -> Iterator[Change]:
    if isinstance(node, _LEFT_OUT):
        yield slot, ast.Pass(), f"left out: {_short(node)}"
    match node:
        case ast.Break() | ast.Continue():
            yield slot, _OPPOSITES[type(node)](), f"the other way: {_short(node)}"
        case ast.AugAssign():
            yield slot, ast.Assign([node.target], node.value), f"begun anew: {_short(node)}"
        case ast.Return(value=ast.expr() as value) | ast.Assign(value=value):
            if not (isinstance(value, ast.Constant) and value.value is None):
                yield Slot(node, "value"), ast.Constant(None), f"None: {_short(node)}"


def _short(node: ast.AST) -> str:
    """Write code on one line, cut where it is long."""
    return " ".join(ast.unparse(node).split())[:_WORDS_MAX]


_KINDS: Final[tuple[Callable[[Slot, ast.AST], Iterator[Change]], ...]] = (
    *(_operators, _operands, _conditions, _constants, _calls, _slices, _statements),
)
