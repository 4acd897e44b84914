"""The tests judge a fault: each in a process of its own, forked from one in which all is ready.

pytest collects once. For each fault a child puts it into the functions that are alive, runs the
tests that pass through its line, those first that noticed something in this function before, and
ends with the first that fails.
"""

import ast
import contextlib
import gc
import json
import os
import resource
import select
import signal
import sys
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType
from typing import Final

import pytest
from _pytest.runner import runtestprotocol

from bench.mutants.faults import Fault, faults_of
from tests.databases import SqliteDatabase

#: A child that goes on for ever, or takes all the memory, has noticed something.
MEMORY_BYTES_MAX: Final = 6 << 30
PATIENCE_SECONDS, PATIENCE_FACTOR = 15.0, 6.0
#: Tests are put behind the others where they take longer.
QUICK_SECONDS: Final = 2.0
FORMER_MAX: Final = 4
NOTICED, UNNOTICED, UNPREPARED = b"+", b"-", b"!"


@dataclass(frozen=True, slots=True)
class Known:
    """What a run of all tests told.

    Attributes:
        tests_of: The tests that pass through each line of a file.
        seconds: How long each test takes.
    """

    tests_of: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]

    @classmethod
    def read(cls, file: Path) -> "Known":
        """Read what was written by `write`."""
        stored = json.loads(file.read_text())
        lines = {
            name: {int(line): tests for line, tests in of.items()}
            for name, of in stored["tests_of"].items()
        }
        return cls(lines, stored["seconds"])

    def write(self, file: Path) -> None:
        """Write it down for another process."""
        file.write_text(json.dumps({"tests_of": self.tests_of, "seconds": self.seconds}))


@dataclass
class Judge:
    """A plugin for pytest that runs no test but to judge faults.

    Attributes:
        module: The file with the faults, relative to the working directory.
        known: What is known of the tests.
        verdicts: Where to write a line of JSON for each fault.
        seconds: How long tests may take for one fault, by what they took without.
        share: Which of how many shares of the faults to judge.
        again: Where faults are judged again, their lines and words; None where all are judged.
    """

    module: str
    known: Known
    verdicts: Path
    seconds: float
    share: tuple[int, int]
    again: frozenset[tuple[int, str]] | None = None
    stays: pytest.Item | None = None
    databases: list[SqliteDatabase] = field(default_factory=list)
    tests: dict[str, pytest.Item] = field(default_factory=dict)
    unusable: set[str] = field(default_factory=set)
    former: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    @property
    def path(self) -> Path:
        """The file with the faults."""
        return Path.cwd() / self.module

    def pytest_configure(self) -> None:
        """Learn of each database, so that a child can begin with a fresh one."""
        made = SqliteDatabase.__init__

        def make(database: SqliteDatabase, folder: Path) -> None:
            made(database, folder)
            self.databases.append(database)

        SqliteDatabase.__init__ = make  # type: ignore[method-assign,assignment]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge instead of running the tests."""
        self.tests = {item.nodeid: item for item in session.items}
        first, second = list(_of_different_files(session.items))[:2]
        # The fixtures of the session are ready after it, and those of the test are gone.
        runtestprotocol(first, log=False, nextitem=second)
        self.stays = second
        self._leave_out_unusable()
        tree = ast.parse(self.path.read_text())
        number, shares = self.share
        faults = [
            fault
            for fault in faults_of(tree)
            if self.again is None or (fault.line, fault.words) in self.again
        ]
        with self.verdicts.open("w", buffering=1) as out:
            for fault in faults[number::shares]:
                with fault.slot.holding(fault.new):
                    verdict = self._judge(fault, tree)
                facts = {"line": fault.line, "function": fault.function, "words": fault.words}
                out.write(json.dumps(facts | verdict) + "\n")
        return True

    def _leave_out_unusable(self) -> None:
        """Run the tests once without any fault; those that fail judge nothing."""
        tree = ast.parse(self.path.read_text())
        of_module = {name for names in self._lines().values() for name in names}
        while True:
            tests = [name for name in sorted(of_module - self.unusable) if name in self.tests]
            failed = self._run(tree, tests)
            if not failed:
                return
            if failed not in self.tests:
                raise RuntimeError(failed)
            self.unusable.add(failed)

    def _judge(self, fault: Fault, tree: ast.Module) -> dict[str, object]:
        """Return what became of a fault that has been put in."""
        passing = self._passing_through(fault)
        tests: list[str] = []
        seconds = 0.0
        for name in passing:
            takes = self.known.seconds.get(name, 1.0)
            if not tests or seconds + takes <= self.seconds:
                tests.append(name)
                seconds += takes
        noticed_by = self._run(tree, tests) if tests else ""
        if noticed_by in self.tests:
            self.former[fault.function][noticed_by] += 1
        return {"noticed_by": noticed_by, "tests": len(tests), "of": len(passing)}

    def _lines(self) -> dict[int, list[str]]:
        return self.known.tests_of.get(self.module, {})

    def _passing_through(self, fault: Fault) -> list[str]:
        """List the tests of a fault's lines in the order in which to run them."""
        lines = self._lines()
        found = {name for n in range(fault.line, fault.last_line + 1) for name in lines.get(n, ())}
        # What goes over several lines is counted where it begins.
        line = fault.line
        while not found and line > 0:
            line -= 1
            found = set(lines.get(line, ()))
        usable = [name for name in found if name in self.tests and name not in self.unusable]
        former = [name for name, _times in self.former[fault.function].most_common(FORMER_MAX)]
        path = Path(self.module)
        own = f"test_{path.parent.name if path.stem == '__init__' else path.stem}"

        def place(name: str) -> tuple[bool, bool, bool, float]:
            takes = self.known.seconds.get(name, 1.0)
            return (name not in former, takes > QUICK_SECONDS, own not in name, takes)

        return sorted(usable, key=place)

    def _run(self, tree: ast.Module, tests: list[str]) -> str:
        """Run tests in a child until one fails; return its name, or nothing."""
        code = compile(ast.fix_missing_locations(tree), str(self.path), "exec")
        patience = PATIENCE_SECONDS + PATIENCE_FACTOR * sum(
            self.known.seconds.get(name, 1.0) for name in tests
        )
        whole = self.path.read_text()
        answers, answer = os.pipe()
        child = os.fork()
        if child == 0:
            self._be_child(code, ast.unparse(tree), tests, answer)
        os.close(answer)
        try:
            ready, _, _ = select.select([answers], [], [], patience)
            told = os.read(answers, 4096) if ready else NOTICED + b"no end"
            if told.startswith(UNPREPARED):
                raise RuntimeError(told.decode())
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(answers)
            self.path.write_text(whole)
        return "" if told == UNNOTICED else told[1:].decode() or "its process ended"

    def _be_child(self, code: CodeType, source: str, tests: list[str], answer: int) -> None:
        """Run tests with the fault, say which noticed it, and end."""
        try:
            self._prepare(code, source)
        except BaseException:  # noqa: BLE001 - that it is told matters, and not what it is
            os.write(answer, UNPREPARED + traceback.format_exc().encode())
            os._exit(1)
        try:
            told = self._first_failure(tests)
        except BaseException as error:  # noqa: BLE001 - whatever a fault leads to
            told = type(error).__name__
        os.write(answer, NOTICED + told.encode() if told else UNNOTICED)
        os._exit(0)

    def _prepare(self, code: CodeType, source: str) -> None:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        # Programs that a test starts read the file.
        self.path.write_text(source)
        _put_into_functions(code, self.path)
        for database in self.databases:
            database.begin_anew()

    def _first_failure(self, tests: list[str]) -> str:
        for name, following in zip(tests, [*tests[1:], None], strict=True):
            # What the session has belongs to the parent, and is not put away after the last test.
            after = self.stays if following is None else self.tests[following]
            reports = runtestprotocol(self.tests[name], log=False, nextitem=after)
            if any(report.failed for report in reports):
                return name
        return ""


def _of_different_files(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    seen: set[Path] = set()
    for item in items:
        if item.path not in seen and "sqlite" in item.nodeid:
            seen.add(item.path)
            yield item


def _put_into_functions(code: CodeType, path: Path) -> None:
    """Give every function of a file that is alive the code it has now."""
    made = {(each.co_qualname, each.co_firstlineno): each for each in _all_within(code)}
    functions = [each for each in gc.get_objects() if isinstance(each, FunctionType)]
    for function in functions:
        old = function.__code__
        new = made.get((old.co_qualname, old.co_firstlineno))
        if old.co_filename == str(path) and new and new.co_freevars == old.co_freevars:
            function.__code__ = new
    forget_what_was_worked_out()


def forget_what_was_worked_out() -> None:
    """Let everything in the ledger that is worked out once be worked out anew."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "ledger":
            for value in list(vars(module).values()):
                getattr(value, "cache_clear", int)()


def _all_within(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _all_within(constant)
