"""What runs inside a copy of the project: learning of the tests, and judging a share of faults."""

import json
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from coverage import CoverageData

from bench.mutants.judge import Judge, Known, forget_what_was_worked_out

#: Tests that kill processes, fill disks or count what something costs judge nothing here.
LEFT_OUT: Final = ("faults", "cost", "concurrency", "export_faults")
TESTS: Final = (
    *("tests/ledger", "-k", "not postgres", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=1"),
    *(f"--ignore=tests/ledger/test_{name}.py" for name in LEFT_OUT),
)


@dataclass
class Stopwatch:
    """A plugin for pytest that keeps how long each test takes, with what it needs around it."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def pytest_runtest_setup(self) -> None:
        """Let each test pass through what an earlier one has worked out for all."""
        forget_what_was_worked_out()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a part of a test."""
        self.seconds[report.nodeid] += report.duration


def learn(file: Path) -> None:
    """Run all tests once, and write down which pass through which line, and how long they take."""
    watch = Stopwatch()
    cover = ("--cov=ledger", "--cov-context=test", "--cov-report=", "--cov-config=/dev/null")
    status = pytest.main([*TESTS, *cover], plugins=[watch])
    if status is not pytest.ExitCode.OK:
        sys.exit("The tests have to pass before they can judge.")
    data = CoverageData()
    data.read()
    tests_of = {}
    for measured in data.measured_files():
        by_line = data.contexts_by_lineno(measured)
        tests_of[str(Path(measured).relative_to(Path.cwd()))] = {
            line: sorted({context.partition("|")[0] for context in contexts if context})
            for line, contexts in by_line.items()
        }
    Known(tests_of, dict(watch.seconds)).write(file)


def judge(module: str, known: str, verdicts: str, seconds: str, share: str, again: str) -> None:
    """Judge a share of the faults of a module.

    Args:
        module: Its file.
        known: What `learn` wrote.
        verdicts: Where to write.
        seconds: Of tests for each fault.
        share: Such as 0/2.
        again: A file with earlier verdicts, of which those that nothing noticed are judged again;
            or nothing.
    """
    number, shares = map(int, share.split("/"))
    left = None
    if again:
        earlier = json.loads(Path(again).read_text()).get(module, [])
        left = frozenset((one["line"], one["words"]) for one in earlier if not one["noticed_by"])
    by = Judge(
        *(module, Known.read(Path(known)), Path(verdicts), float(seconds)),
        share=(number, shares),
        again=left,
    )
    pytest.main(list(TESTS), plugins=[by])


if __name__ == "__main__":
    if sys.argv[1] == "learn":
        learn(Path(sys.argv[2]))
    else:
        judge(*sys.argv[2:])
