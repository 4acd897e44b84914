"""`python -m ledger.audit FOLDER [--json]`: check exported books and say what is so.

Ends with 0 if everything fits, 1 if something does not, 2 if the question was wrong.
"""

import argparse
import fcntl
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final

from ledger.audit.check import Verdict, audit
from ledger.files import put
from ledger.layout import MAIN, following_words, is_counted, top_of

_MEGABYTE: Final = 1024 * 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the audit; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m ledger.audit",
        description="Check exported books with beancount, and their chain from the files alone.",
    )
    parser.add_argument("folder", type=Path, help="the folder that holds main.beancount")
    parser.add_argument("--year", type=int, help="check this year alone, with its opening balances")
    parser.add_argument("--json", action="store_true", help="write the verdict as JSON")
    parser.add_argument("--verdict", type=Path, help="write the verdict as JSON into a file too")
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
    begun = time.monotonic()
    with _undisturbed(asked.folder):
        verdict = audit(asked.folder, MAIN if asked.year is None else top_of(asked.year))
    facts = _as_json(verdict, time.monotonic() - begun)
    if asked.verdict:
        put(asked.verdict, facts.encode())
    sys.stdout.write(facts if asked.json else f"{_as_text(verdict)}\n")
    return 0 if verdict.ok else 1


@contextmanager
def _undisturbed(folder: Path) -> Iterator[None]:
    """Read while no export writes, and without looking for garbage, as there is none.

    Nothing is thrown away before the end; looking for it takes a third of the time.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    was_on = gc.isenabled()
    gc.disable()
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)
        if was_on:
            gc.enable()


def _as_json(verdict: Verdict, seconds: float) -> str:
    facts = asdict(verdict) | {
        "findings": [finding._asdict() for finding in verdict.findings],
        "seconds": round(seconds, 3),
    }
    return f"{json.dumps(facts, indent=2)}\n"


def _found(verdict: Verdict) -> Iterator[str]:
    """What is wrong; balances that follow from it are one line."""
    for finding in verdict.findings:
        if not (verdict.following and is_counted(finding.file)):
            yield str(finding)
    if verdict.following:
        yield following_words(verdict.following)


def _as_text(verdict: Verdict) -> str:
    if not verdict.ok:
        return "\n".join(["The books are NOT right.", *_found(verdict)])
    counted = f"{verdict.entries} entries, {verdict.accounts} accounts"
    lines = [
        "The books are right.",
        f"{counted}, adding up to {verdict.sum_minutes} MIN",
        f"chain {verdict.head}",
    ]
    if verdict.first:
        lines.append(f"begins behind entry {verdict.first}, with what accounts held then")
    if verdict.earlier:
        lines.append(f"{verdict.earlier} entries refer to years before, which were not looked at")
    if verdict.signed:
        lines.append(f"signed over {verdict.signed} entries with {verdict.signer}")
    lines.append(f"checked with beancount {verdict.beancount}")
    lines += [
        f"{name} is no part of the books and was not read: beancount keeps it to be quicker. "
        "If these books came from somebody else, delete it before you run bean-check."
        for name in verdict.leftovers
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
