"""`python -m bench [NAME…] [--seconds 2] [--turns 3] [--size N] [--json FILE] [--check]`."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import bench
from bench.registry import BENCHMARKS, Conditions, Measured

#: Where the benchmarks are; each module adds its own to the registry.
MODULES = (
    *("bench.posting", "bench.ledger_size", "bench.books_files", "bench.beside_others"),
    *("bench.http_pages", "bench.saying_yes", "bench.years", "bench.weekend"),
)


def main() -> int:
    """Measure, print a table, write JSON; 1 if `--check` and something is too slow."""
    for module in MODULES:
        import_module(module)
    parser = argparse.ArgumentParser(prog="python -m bench", description=bench.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(sorted(BENCHMARKS)))
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one turn")
    parser.add_argument("--turns", type=int, default=3, help="turns of each side")
    parser.add_argument("--size", type=int, default=100_000, help="entries in a long book")
    parser.add_argument("--json", type=Path, default=Path("var/bench.json"), help="where to write")
    parser.add_argument("--check", action="store_true", help="end with 1 if a ratio is too low")
    asked = parser.parse_args()
    unknown = set(asked.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    found: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="timebank-bench-") as folder:
        conditions = Conditions(asked.seconds, asked.turns, Path(folder), asked.size)
        for name in asked.names or sorted(BENCHMARKS):
            for measured in BENCHMARKS[name](conditions):
                print(_line(measured), flush=True)
                found.append(measured)
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps(_facts(found), indent=2) + "\n", "utf-8")
    print(f"\nwritten to {asked.json}")
    return 1 if asked.check and not all(measured.is_good for measured in found) else 0


def _line(measured: Measured) -> str:
    ours, floor = max(measured.ours), max(measured.floor)
    mark = "ok " if measured.is_good else "LOW"
    return (
        f"{mark} {measured.name:<44} {ours:>9,.0f}/s  floor {floor:>9,.0f}/s"
        f"  ratio {measured.ratio:5.2f}  wanted {measured.wanted:.2f}  {measured.note}"
    ).rstrip()


def _facts(found: Sequence[Measured]) -> dict[str, object]:
    return {
        "machine": {
            "processors": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
        },
        "results": [measured.facts() for measured in found],
    }


if __name__ == "__main__":
    sys.exit(main())
