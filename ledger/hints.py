"""What a database can not know of our books, told to it.

SQLite keeps no statistics here, and then guesses that one in a few rows fits any
condition. For "the last leg of this account" it would walk back over everybody's legs,
in the order of the book, until one of the account's turns up: nothing for somebody who
was helped yesterday, the whole book for somebody who was not seen for years. So it is
told which condition is the rare one. And which of two tables to read first, neither of
them can know: that almost nothing was recorded late is a habit of people, not of columns.
"""

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import Join
from sqlalchemy.types import Integer


class Rare(FunctionElement[int]):
    """A condition that few rows of a book fulfil."""

    inherit_cache = True
    name = "rare"
    # As a boolean it would be compared with 1 on SQLite, and no index would be seen in it.
    type = Integer()


class InOrder(Join):
    """A join in which the left side is read first, and the right side looked up for each row.

    The right side is a table, under its own name.
    """

    inherit_cache = True


@compiles(Rare)
def _plain(element: Rare, compiler: SQLCompiler, **kwargs: Any) -> str:  # noqa: ANN401 - passed on
    written: str = compiler.process(element.clauses, **kwargs)
    return written


@compiles(Rare, "sqlite")
def _told(element: Rare, compiler: SQLCompiler, **kwargs: Any) -> str:  # noqa: ANN401 - passed on
    return f"unlikely({compiler.process(element.clauses, **kwargs)})"


@compiles(InOrder, "sqlite")
def _crossed(element: InOrder, compiler: SQLCompiler, **kwargs: Any) -> str:  # noqa: ANN401 - passed on
    # SQLite never changes the order of a CROSS JOIN, whatever stands behind ON.
    left, right, rule = _parts(element, compiler, **kwargs)
    return f"{left} CROSS JOIN {right} ON {rule}"


@compiles(InOrder, "postgresql")
def _lateral(element: InOrder, compiler: SQLCompiler, **kwargs: Any) -> str:  # noqa: ANN401 - passed on
    # A subquery with an OFFSET is left as it stands, and LATERAL looks it up row by row.
    left, right, rule = _parts(element, compiler, **kwargs)
    looked_up = f"SELECT * FROM {right} WHERE {rule} OFFSET 0"  # noqa: S608 - a table of ours
    return f"{left} JOIN LATERAL ({looked_up}) AS {right} ON true"


def _parts(element: InOrder, compiler: SQLCompiler, **kwargs: Any) -> tuple[str, str, str]:  # noqa: ANN401 - passed on
    """Left side, right side and rule, as the library writes them."""
    written: str = compiler.visit_join(element, **kwargs)  # type: ignore[no-untyped-call]
    left, _join, rest = written.rpartition(" JOIN ")
    right, _on, rule = rest.partition(" ON ")
    return left, right, rule
