"""`python -m ledger.audit FOLDER [--json]`: check exported books and say what is so.

Ends with 0 if everything fits, 1 if something does not, 2 if the question was wrong.
"""

import argparse
import json
import resource
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ledger.audit.check import Verdict, audit

_MEGABYTE = 1024 * 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the audit; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m ledger.audit",
        description="Check exported books with beancount, and their chain from the files alone.",
    )
    parser.add_argument("folder", type=Path, help="the folder that holds main.beancount")
    parser.add_argument("--json", action="store_true", help="write the verdict as JSON")
    parser.add_argument("--seconds", type=int, help="stop after so much processor time")
    parser.add_argument("--megabytes", type=int, help="stop rather than take more memory")
    asked = parser.parse_args(arguments)
    if not asked.folder.is_dir():
        parser.error(f"there is no folder {asked.folder}")
    if asked.seconds:
        resource.setrlimit(resource.RLIMIT_CPU, (asked.seconds, asked.seconds))
    if asked.megabytes:
        limit = asked.megabytes * _MEGABYTE
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    verdict = audit(asked.folder)
    sys.stdout.write((_as_json(verdict) if asked.json else _as_text(verdict)) + "\n")
    return 0 if verdict.ok else 1


def _as_json(verdict: Verdict) -> str:
    return json.dumps(asdict(verdict), indent=2)


def _as_text(verdict: Verdict) -> str:
    if not verdict.ok:
        return "\n".join(["The books are NOT right.", *map(str, verdict.findings)])
    return (
        "The books are right.\n"
        f"{verdict.entries} entries, {verdict.accounts} accounts, adding up to"
        f" {verdict.sum_minutes} MIN\n"
        f"chain {verdict.head}\n"
        f"checked with beancount {verdict.beancount}"
    )


if __name__ == "__main__":
    sys.exit(main())
