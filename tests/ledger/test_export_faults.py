"""An export that is disturbed tears no file; HEAD never says too much; the next one mends it."""

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.audit.check import audit
from ledger.layout import HEAD, Head, mark
from tests.databases import SHARED_MEMORY, Database
from tests.ledger.desk import ANN, BEN, Desk
from tests.ledger.test_books import exported, read
from timebank.config import ROOT

MONTHS = 5
strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
prlimit = pytest.mark.skipif(shutil.which("prlimit") is None, reason="prlimit is not installed")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Give a folder in which syncing costs little, where there is one: it is done so often."""
    fast = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=fast) as folder:
        yield Path(folder)


@pytest.fixture
def lived(sqlite_database: Database) -> Iterator[Desk]:
    """A book with something in each of many months; the file is the same for another process."""
    engine = sqlite_database.engine()
    sqlite_database.put_back(engine)
    desk = Desk(engine).open()
    live(desk, MONTHS)
    yield desk
    engine.dispose()
    sqlite_database.put_back(engine)


def live(desk: Desk, months: int) -> None:
    """Let time go by."""
    for _month in range(months):
        desk.now += dt.timedelta(days=31)
        desk.post(ANN, BEN, 1)
        desk.post(BEN, ANN, 1)


def check_then_mend(desk: Desk, folder: Path, *, started: bool = True) -> None:
    """Hold what is there against what HEAD says; then export as if nothing had been."""
    if (folder / HEAD).exists():
        head = Head.parse((folder / HEAD).read_text("utf-8"))
        grown = {name for name in head.files if name[:4].isdigit() and ".assert" not in name}
        for name in grown - {f"{name[:4]}.beancount" for name in grown}:
            was = head.files[name]
            assert mark((folder / name).read_bytes()[: was.length]) == was, name
    else:
        assert not started
    for path in folder.rglob("*.beancount"):
        assert path.read_bytes().endswith(b"\n")
    exported(desk, folder)
    whole = folder.with_name("whole")
    shutil.rmtree(whole, ignore_errors=True)
    exported(desk, whole)
    assert read(folder) == read(whole)
    assert audit(folder).ok


class PowerCutError(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), PowerCutError()])
@pytest.mark.parametrize("grows", [False, True])
def test_whichever_step_fails_the_next_export_mends_it(
    lived: Desk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: BaseException,
    *,
    grows: bool,
) -> None:
    """Each sync and each move in turn, of the first export and of one that adds to it."""
    base, number, finished = tmp_path / "base", 0, False
    if grows:
        exported(lived, base)
        live(lived, 2)
    while not finished:
        number += 1
        folder = tmp_path / "books"
        shutil.rmtree(folder, ignore_errors=True)
        if grows:
            shutil.copytree(base, folder)
        left = [number]

        def failing(act: Callable[..., Any], left: list[int] = left) -> Callable[..., Any]:
            def run(*given: Any) -> Any:
                left[0] -= 1
                if not left[0]:
                    raise fault
                return act(*given)

            return run

        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", failing(os.fsync))
            patch.setattr("pathlib.Path.replace", failing(Path.replace))
            try:
                exported(lived, folder)
                finished = True
            except type(fault):
                pass
        check_then_mend(lived, folder, started=grows)
    assert number > (14 if grows else 30)


def export_beside(desk: Desk, folder: Path, *prefix: str) -> "subprocess.Popen[str]":
    """Export in another process, behind `prefix`."""
    script = str(Path(__file__).parent / "exporting.py")
    return subprocess.Popen(
        [*prefix, sys.executable, script, desk.engine.url.render_as_string(), folder],
        cwd=ROOT,
        # Counting coverage would meet the same faults, in files of its own.
        env={name: value for name, value in os.environ.items() if "COVERAGE" not in name}
        | {"PYTHONPATH": ".", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_export_is_mended_by_the_next(lived: Desk, tmp_path: Path) -> None:
    """Killed as soon as so many files are there, with nothing tidied up."""
    for wanted in (1, 4, 8, 11):
        folder = tmp_path / f"books-{wanted}"
        folder.mkdir()
        process = export_beside(lived, folder)
        deadline = time.monotonic() + 60
        while len(list(folder.rglob("*.beancount"))) < wanted and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.0005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        check_then_mend(lived, folder, started=(folder / HEAD).exists())


@prlimit
@pytest.mark.parametrize("room", [100, 700, 1500])
def test_a_full_disk_is_named_and_nothing_is_torn(lived: Desk, tmp_path: Path, room: int) -> None:
    """No file may grow beyond some bytes: the system answers each write as a full disk does."""
    folder = tmp_path / "books"
    exported(lived, folder)
    before = read(folder)
    live(lived, 1)
    process = export_beside(lived, folder, "prlimit", f"--fsize={room}", "--")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (1, "File too large\n", "")
    assert read(folder).items() >= {HEAD: before[HEAD]}.items()
    assert not list(folder.rglob(".*.part"))
    check_then_mend(lived, folder)


@strace
@pytest.mark.parametrize(
    "inject",
    [
        *(f"write:error=ENOSPC:when={number}" for number in (1, 2, 5)),
        *(f"fsync:error=EIO:when={number}" for number in (1, 4, 8)),
        *(f"rename:error=EIO:when={number}" for number in (1, 3)),
        "fsync:signal=SIGKILL:when=6",
        "rename:signal=SIGKILL:when=4",
    ],
)
def test_what_the_operating_system_answers_is_passed_on_and_mended(
    lived: Desk, tmp_path: Path, inject: str
) -> None:
    folder = tmp_path / "books"
    exported(lived, folder)
    live(lived, 2)
    calls = inject.partition(":")[0]
    disturbed = ("strace", "-o", os.devnull, "-e", f"trace={calls}", "-e", f"inject={inject}")
    process = export_beside(lived, folder, *disturbed)
    out, _err = process.communicate(timeout=120)
    assert "done" not in out
    check_then_mend(lived, folder)
