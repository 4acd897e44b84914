"""`python -m ledger.audit.ask FOLDER`: answer one question about exported books.

The question is read from standard input as JSON: `bql`, and where it has places to fill, `values`.
The answer is written as JSON: columns and rows, or what is wrong with the question and where.
Ends with 0 if it was answered, 1 if the question was refused.

Before the question is run this process gives up every right it does not need: it can open no file,
write to none, start nothing, and takes no more time and memory than it was given. What a question
may ask is decided by the kind of its statement, and it finds no table but those of the books.
"""

import argparse
import datetime as dt
import json
import re
import resource
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import beanquery
from beancount.core.amount import Amount
from beancount.core.inventory import Inventory
from beancount.core.position import Position
from beancount.parser import printer
from beanquery.parser import ParseError, ast
from beanquery.sources import beancount as source

from ledger.audit import ask_tables
from ledger.audit.asked_books import AskedBooks, load
from ledger.layout import FindingError

#: Kinds of statement that only read. Everything inside them is looked at too.
READING: Final = (ast.Select, ast.Balances, ast.Journal, ast.Print)
#: What makes, fills or names a table elsewhere.
WRITING: Final = (ast.CreateTable, ast.Insert)
ROWS_MAX: Final = 10_000
#: The answer to one question takes no longer, by the clock on the wall.
SECONDS_MAX: Final = 10
LENGTH_MAX: Final = 2_000
#: Characters of one cell.
CELL_MAX: Final = 2_000
#: Characters of a whole answer: it is kept in the database, and a page reads all of it.
ANSWER_MAX: Final = 4_000_000
UNIT: Final = "MIN"
#: A note between the words of a question.
COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_MEGABYTE: Final = 1024 * 1024


class RefusedError(Exception):
    """The question can not be answered as it is.

    Attributes:
        reason: What sort of thing: ``kind``, ``several``, ``place``, ``syntax``, ``meaning``,
            ``run``, ``long``.
        detail: What the language says about it.
        line: Where, from 1; 0 where it is nowhere in particular.
        column: Where in the line, from 1.
    """

    def __init__(self, reason: str, detail: str = "", *, line: int = 0, column: int = 0) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        bql: The question.
        values: What fills its places; a question in somebody's own words has none.
        today: The day on which it is asked, where the community lives.
    """

    bql: str
    values: Mapping[str, dt.date]
    today: dt.date

    @classmethod
    def read(cls, text: str) -> "Question":
        """Read a question as the application writes it."""
        asked = json.loads(text)
        return cls(
            bql=asked["bql"],
            values={
                name: dt.date.fromisoformat(day) for name, day in asked.get("values", {}).items()
            },
            today=dt.date.fromisoformat(asked["today"]),
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer the question on standard input; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ledger.audit.ask", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder that holds main.beancount")
    parser.add_argument("--seconds", type=int, default=60, help="processor time to load and ask")
    parser.add_argument("--megabytes", type=int, default=1536, help="memory to load and ask")
    asked = parser.parse_args(arguments)
    _limit(resource.RLIMIT_CPU, asked.seconds)
    _limit(resource.RLIMIT_AS, asked.megabytes * _MEGABYTE)
    question = Question.read(sys.stdin.read())
    try:
        parsed = parse(question)
        answer = _answer(question, parsed, load(asked.folder))
    except RefusedError as refusal:
        refused = {name: value for name, value in vars(refusal).items() if name != "args"}
        sys.stdout.write(json.dumps({"refused": refused}) + "\n")
        return 1
    except FindingError as error:
        sys.stderr.write(f"these books can not be read: {error}\n")
        return 2
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


def parse(question: Question) -> Any:
    """Parse a question, and see that it only reads.

    Raises:
        RefusedError: If it is no question of the language, or one that is not for reading.
    """
    if len(question.bql) > LENGTH_MAX:
        raise RefusedError("long")
    try:
        parsed = beanquery.parser.parse(question.bql)
    except ParseError as error:
        raise _refused("syntax", error) from error
    except RecursionError as error:
        raise RefusedError("syntax", "nested too deeply") from error
    except (ValueError, ArithmeticError, LookupError) as error:
        # A day that there is not; or nothing at all, of which the parser can name no line.
        raise RefusedError("syntax", str(error)) from error
    _refuse_a_second(question.bql, parsed.parseinfo.endpos)
    if not isinstance(parsed, READING) or any(isinstance(node, WRITING) for node in _walk(parsed)):
        raise RefusedError("kind", type(parsed).__name__)
    if not question.values and any(isinstance(node, ast.Placeholder) for node in _walk(parsed)):
        raise RefusedError("place")
    return parsed


def _refuse_a_second(bql: str, end: int) -> None:
    """Refuse what stands behind the statement: to the language all behind a ; is a note."""
    behind = COMMENT.sub(lambda found: " " * len(found[0]), bql[end:])
    rest = behind.lstrip("; \t\r\n")
    if rest:
        before = bql[: len(bql) - len(rest)]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise RefusedError("several", line=line, column=column)


def _walk(node: Any) -> list[Any]:
    """Every part of a statement, also those that the language's own walk passes over."""
    found, waiting = [], [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.Node):
            found.append(part)
            waiting += [
                getattr(part, each.name) for each in fields(part) if each.name != "parseinfo"
            ]
        elif isinstance(part, list | tuple):
            waiting += part
    return found


def _answer(question: Question, parsed: Any, books: AskedBooks) -> dict[str, Any]:
    """Run a question that was found to only read."""
    connection = _connect(books, today=question.today)
    _give_up_rights()
    try:
        cursor = connection.execute(parsed, dict(question.values) or None)
    except beanquery.Error as error:
        raise _refused("meaning", error) from error
    except RecursionError as error:
        raise RefusedError("meaning", "nested too deeply") from error
    except MemoryError:
        raise
    except Exception as error:
        # Whatever a function of the language makes of the values it was given.
        raise RefusedError("run", f"{type(error).__name__}: {error}"[:CELL_MAX]) from error
    found = cursor.fetchmany(ROWS_MAX + 1)
    rows = list(_rows(found[:ROWS_MAX]))
    return {
        "columns": [column.name for column in cursor.description],
        "rows": rows,
        "is_cut": len(rows) < len(found),
        "entries": books.entries,
        "head": books.head,
    }


def _rows(found: Sequence[Any]) -> Iterator[list[Any]]:
    """Rows as JSON has them, as many as there is room for."""
    room = ANSWER_MAX
    for each in found:
        row = [_cell(value) for value in each]
        room -= sum(len(str(value)) for value in row)
        if room < 0:
            return
        yield row


def _connect(books: AskedBooks, *, today: dt.date) -> Any:
    """A connection that finds the books, and no table of anything else."""
    connection = beanquery.Connection()
    source.attach(
        connection, "beancount:", entries=books.directives, errors=[], options=books.options
    )
    kept = {name: connection.tables[name] for name in (None, "", *ask_tables.OF_BEANCOUNT)}
    connection.tables = kept | ask_tables.ours(books.directives, today=today)
    return connection


def _give_up_rights() -> None:
    """Let the rest of this process open, write and start nothing, and end in time."""
    # What Python loads when it first reads a date, it loads now; later it can open no file.
    time.strptime("1", "%d")
    # Where the language would bring in a table from a file, there is nothing to bring it in with.
    for name in ("csv", "memory", "test"):
        sys.modules[f"beanquery.sources.{name}"] = None  # type: ignore[assignment]
    for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        _limit(limit, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    # Nobody catches the alarm: it ends the process, also within a pattern that never ends.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, SECONDS_MAX)


def _limit(what: int, much: int) -> None:
    """Set a limit, and give up the right to raise it; a lower one that is there stays."""
    _soft, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        much = min(much, hard)
    # Processor time: the soft limit says why, the hard one a second later says nothing.
    margin = 1 if what == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else 0
    resource.setrlimit(what, (much, much + margin))


def _refused(reason: str, error: Any) -> RefusedError:
    """Say where in the question something is wrong, as far as the language knows."""
    place = getattr(error, "parseinfo", None)
    if place is None:
        return RefusedError(reason, str(error))
    before = place.tokenizer.text[: place.pos]
    line, column = before.count("\n") + 1, place.pos - before.rfind("\n")
    return RefusedError(reason, str(error), line=line, column=column)


def _cell(value: Any) -> Any:
    """A value as JSON has it; minutes are plain numbers."""
    if value is None or isinstance(value, bool | int):
        return value
    minutes = _minutes(value)
    return _text(value)[:CELL_MAX] if minutes is None else minutes


def _text(value: Any) -> str:
    if isinstance(value, set | frozenset | list):
        return ", ".join(sorted(str(each) for each in value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {each}" for name, each in value.items())
    if hasattr(value, "meta"):
        return str(printer.format_entry(value))
    return str(value)


def _minutes(value: Any) -> int | None:
    """What an amount of beancount comes to, where it is in minutes alone."""
    if isinstance(value, Inventory):
        units = [position.units for position in value]
    elif isinstance(value, Position):
        units = [value.units]
    elif isinstance(value, Amount):
        units = [value]
    else:
        return None
    if any(unit.currency != UNIT for unit in units):
        return None
    total = sum(unit.number for unit in units)
    return int(total) if total == int(total) else None


if __name__ == "__main__":
    sys.exit(main())
