"""Load exported books to ask about them: fast, and without running or following anything.

Whether they are right is the audit's business. Here each file is only read: no plugin runs, no
include is followed, nothing is balanced, and no path of this machine gets into what is loaded.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beancount.core import data
from beancount.parser import parser

from ledger.layout import MAIN, Finding, FindingError, read_files


@dataclass(frozen=True, slots=True)
class AskedBooks:
    """Books in memory.

    Attributes:
        directives: Everything in them, as beancount has it.
        options: Beancount's options.
        entries: How many entries the books have.
        head: The chain after the last of them, in hex.
    """

    directives: list[Any]
    options: Mapping[str, Any]
    entries: int
    head: str


def load(folder: Path) -> AskedBooks:
    """Read the books in a folder; notes of the treasurer are no part of them.

    Raises:
        FindingError: If they are not whole, or hold a line that is not of books.
    """
    with _undisturbed(folder):
        files = read_files(folder)
    directives: list[Any] = []
    options: Mapping[str, Any] = {}
    for name, text in files.texts.items():
        found, errors, said = parser.parse_string(text, report_filename=name)
        if errors:
            raise FindingError(Finding("beancount", str(errors[0].message), name))
        if name == MAIN:
            options = said
        directives += found
    directives.sort(key=data.entry_sortkey)
    return AskedBooks(directives, options, files.head.entries, files.head.chain)


@contextmanager
def _undisturbed(folder: Path) -> Iterator[None]:
    """Read while no export writes."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)
