"""Web processes and the processors they keep to."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from timebank.config import ROOT
from timebank.processors import keep_to_one

TWO = sorted(os.sched_getaffinity(0))[:2]
PROGRAM = """
import os, sys
from pathlib import Path
from timebank.processors import keep_to_one
os.sched_setaffinity(0, {int(each) for each in sys.argv[2:]})
print(keep_to_one(Path(sys.argv[1])), *os.sched_getaffinity(0), flush=True)
sys.stdin.read()
"""


class Processes:
    """Processes that look for a processor, and then live on."""

    def __init__(self, folder: Path, ends: ExitStack) -> None:
        self._folder = folder
        self._ends = ends
        self.living: list[subprocess.Popen[str]] = []

    def start(self, *allowed: int) -> str:
        """Return what the process has found, and where it may run now."""
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(self._folder), *map(str, allowed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        self._ends.enter_context(process)
        self._ends.callback(process.kill)
        self.living.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    with ExitStack() as ends:
        yield Processes(tmp_path, ends)


if len(TWO) > 1:

    def test_each_has_one_of_its_own_and_a_killed_one_leaves_it(processes: Processes) -> None:
        found = [processes.start(*TWO), processes.start(*TWO)]
        assert sorted(found) == [f"{number} {number}" for number in TWO]
        assert processes.start(*TWO) == f"None {TWO[0]} {TWO[1]}"
        processes.living[0].kill()
        processes.living[0].wait()
        assert processes.start(*TWO) == found[0]


def test_where_there_is_one_nothing_is_claimed(processes: Processes, tmp_path: Path) -> None:
    assert processes.start(TWO[0]) == f"None {TWO[0]}"
    assert not list(tmp_path.iterdir())


def test_without_a_folder_or_the_means_all_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.sched_getaffinity(0)
    assert keep_to_one(tmp_path / "missing") is None
    monkeypatch.delattr(os, "sched_getaffinity")
    assert keep_to_one(tmp_path) is None
    monkeypatch.undo()
    assert os.sched_getaffinity(0) == before
