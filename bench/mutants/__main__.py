"""`python -m bench.mutants FILE… [--seconds 4] [--processes 2] [--json FILE]`."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench import mutants
from tests.conftest import DATA
from timebank.config import ROOT

#: What the tests of the ledger need of the project.
COPIED: Final = ("ledger", "timebank", "tests", "bench", "migrations", "templates", "docs")
Verdict = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge every fault of some files; return 1 where one was not noticed."""
    parser = argparse.ArgumentParser(prog="python -m bench.mutants", description=mutants.__doc__)
    parser.add_argument("files", nargs="+", metavar="FILE", help="such as ledger/verify.py")
    parser.add_argument("--seconds", type=float, default=4.0, help="of tests for each fault")
    parser.add_argument("--again", type=Path, help="judge what this JSON says was not noticed")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, default=Path("var/mutants.json"))
    asked = parser.parse_args(arguments)
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        homes = [copy_to(Path(folder) / str(number)) for number in range(asked.processes)]
        known = Path(folder) / "known.json"
        print("running all tests once …", flush=True)
        finish([work(homes[0], "learn", str(known))])
        for file in asked.files:
            found[file] = judge(file, homes, known, asked.seconds, asked.again)
            show(file, found[file])
            asked.json.write_text(json.dumps(found, indent=1) + "\n")
    print(f"written to {asked.json}")
    return 1 if any(not each["noticed_by"] for of in found.values() for each in of) else 0


def copy_to(home: Path) -> Path:
    """Copy the project into a folder, where a fault on disk harms nobody."""
    for name in COPIED:
        shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "wsgi.py", "README.md"):
        shutil.copyfile(ROOT / name, home / name)
    return home


def work(home: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start something in a copy."""
    environ = os.environ | {
        "PYTHONPATH": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TIMEBANK_TEST_DATA": str(DATA),
    }
    command = [sys.executable, "-m", "bench.mutants.work", *words]
    return subprocess.Popen(command, cwd=home, env=environ, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words


def finish(running: Sequence[subprocess.Popen[bytes]]) -> None:
    """Wait for all of them."""
    for process in running:
        if process.wait():
            sys.exit(process.returncode)


def judge(
    file: str, homes: Sequence[Path], known: Path, seconds: float, again: Path | None
) -> list[Verdict]:
    """Share the faults of a file among the copies; return all verdicts in the file's order."""
    outs = [home / "verdicts.jsonl" for home in homes]
    earlier = str(again.absolute()) if again else ""
    asked = [
        (file, str(known), str(out), str(seconds), f"{n}/{len(homes)}", earlier)
        for n, out in enumerate(outs)
    ]
    finish([work(home, "judge", *words) for home, words in zip(homes, asked, strict=True)])
    found: list[Verdict] = [
        json.loads(line) for out in outs for line in out.read_text().splitlines()
    ]
    return sorted(found, key=lambda verdict: (verdict["line"], verdict["words"]))


def show(file: str, verdicts: Sequence[Verdict]) -> None:
    """Print how many there were, and each that nobody noticed."""
    left = [verdict for verdict in verdicts if not verdict["noticed_by"]]
    print(f"{file}: {len(verdicts)} faults, {len(left)} unnoticed")
    for verdict in left:
        where = f"{file}:{verdict['line']} {verdict['function']}()"
        print(f"  {where}: {verdict['words']} [{verdict['tests']} of {verdict['of']} tests]")


if __name__ == "__main__":
    sys.exit(main())
