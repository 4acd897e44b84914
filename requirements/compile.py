"""Pin every dependency with its hashes: `make lock`.

The lock files name no package index, so that they work with whichever one a machine is set up
to use. `dev` is resolved first and holds the others to the same versions.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Made by `make lock` from pyproject.toml; edit that instead.\n"
WHAT: dict[str, list[str]] = {
    "dev": ["--group", "build", "--extra", "postgres", "--group", "dev"],
    "postgres": ["--group", "build", "--extra", "postgres"],
    "base": ["--group", "build"],
}


def compile_lock(name: str, wanted: list[str]) -> None:
    """Write ``requirements/<name>.txt``."""
    held = [] if name == "dev" else ["--constraint", "requirements/dev.txt"]
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *wanted, *held]
    command += ["--universal", "--python-version", "3.11", "--generate-hashes", "--upgrade"]
    command += ["--no-emit-index-url", "--no-header", "--no-annotate", "--quiet"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 -- our own words
    (ROOT / "requirements" / f"{name}.txt").write_text(HEADER + done.stdout, "utf-8")


if __name__ == "__main__":
    for each, arguments in WHAT.items():
        compile_lock(each, arguments)
