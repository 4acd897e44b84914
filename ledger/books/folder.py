"""The folder that books are in: one writer at a time, and no file that is torn."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ledger.errors import ForeignBooks
from ledger.files import holds, put, sync_folder, write
from ledger.layout import (
    ACCOUNTS,
    BALANCES,
    CHECKPOINT,
    HEAD,
    KEY,
    LAYOUT,
    LOCAL,
    MAIN,
    NOTES_FILE,
    PLUGIN,
    PLUGIN_NAME,
    SIGNED,
    Head,
    Mark,
    mark,
)

#: Lies there from before the first file is replaced until HEAD speaks of all of them.
UNFINISHED: Final = ".unfinished"
_OURS: Final = re.compile(
    "|".join(
        map(
            re.escape,
            (MAIN, ACCOUNTS, BALANCES, CHECKPOINT, KEY, HEAD, LOCAL, PLUGIN, SIGNED, UNFINISHED),
        )
    )
    + r"|[0-9]{4}(?:[.]beancount)?|[.].+[.](?:part|picklecache)|__pycache__"
)
_ANY_LAYOUT: Final = re.compile(rb"timebank-books [0-9]+")
_IN_A_YEAR: Final = re.compile("[0-9]{4}/")
#: What a crash left half done, and what others left behind when they read the books:
#: beancount unpickles its cache and Python runs its own, so neither may stay.
_LEFTOVERS: Final = (
    *(".*.part", "[0-9][0-9][0-9][0-9]/.*.part", f"{SIGNED}/.*.part", ".*.picklecache"),
    f"__pycache__/{PLUGIN_NAME}.*.pyc",
)


class Folder:
    """Files of books, each put in place whole; remembers what it wrote."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written: list[str] = []

    def check(self, book_id: str) -> None:
        """Refuse to write among other people's files; clear away what is left over.

        Raises:
            ForeignBooks: If the folder holds something else.
        """
        for found in sorted(path.name for path in self.path.iterdir()):
            if not _OURS.fullmatch(found):
                raise ForeignBooks(str(self.path), found)
        head = self.path / HEAD
        if (
            head.is_file()
            and f"book {book_id}" not in head.read_text("utf-8", "replace").splitlines()
        ):
            raise ForeignBooks(str(self.path), "the books of another community")
        for leftover in _LEFTOVERS:
            for path in self.path.glob(leftover):
                path.unlink()

    def put(self, name: str, content: bytes) -> Mark:
        """Put a file in place, whole or not at all; leave it alone if it is the same."""
        if not holds(self.path / name, content):
            self._begin()
            write(self.path / name, content)
            self.written.append(name)
        return mark(content)

    def holds_books(self) -> bool:
        """Whether there are books, and not of another layout, although HEAD can not be read."""
        try:
            first = (self.path / HEAD).read_bytes().partition(b"\n")[0]
        except FileNotFoundError:
            return (self.path / MAIN).exists()
        return first == LAYOUT.encode() or not _ANY_LAYOUT.fullmatch(first)

    @property
    def is_unfinished(self) -> bool:
        """Whether an export was cut short, so that some files are newer than HEAD."""
        return (self.path / UNFINISHED).exists()

    def changed(self, head: Head, month: str) -> list[str]:
        """The files that are not as the export left them that `head` speaks of.

        Those that the next one may replace are read. Of a month that is over the length is looked
        at: it is not replaced, and who checks the books reads all of them.

        Args:
            head: What that export said.
            month: How the names of the files of its last month begin.
        """
        return [
            name
            for name, was in sorted(head.files.items())
            if not self.has(name, was)
            or (
                (name.startswith(month) or not _IN_A_YEAR.match(name))
                and self.read(name, was) is None
            )
        ]

    def _begin(self) -> None:
        put(self.path / UNFINISHED, b"")

    def end(self) -> None:
        """Note that HEAD speaks of all files again."""
        if self.is_unfinished:
            (self.path / UNFINISHED).unlink()
            sync_folder(self.path)

    def sync(self) -> None:
        """Make the names of what was written durable."""
        for folder in sorted({(self.path / name).parent for name in self.written}):
            sync_folder(folder)

    def read(self, name: str, was: Mark) -> bytes | None:
        """A file as far as it went when it was marked; None if that part is not the same."""
        try:
            content = (self.path / name).read_bytes()[: was.length]
        except OSError:
            return None
        return content if mark(content) == was else None

    def has(self, name: str, was: Mark) -> bool:
        """Whether a file is there and as long as it was; its bytes are not read."""
        try:
            return (self.path / name).stat().st_size == was.length
        except OSError:
            return False

    def remove(self, name: str) -> None:
        """Take a file away."""
        with suppress(FileNotFoundError):
            if (self.path / name).exists():
                self._begin()
            (self.path / name).unlink()

    def signed(self) -> list[str]:
        """The files with what was signed that are there."""
        return sorted(f"{SIGNED}/{path.name}" for path in self.path.glob(f"{SIGNED}/*.txt"))

    def notes(self) -> list[str]:
        """The treasurer's own files that the books include."""
        found = (f"{LOCAL}/{path.name}" for path in self.path.glob(f"{LOCAL}/*.beancount"))
        return sorted(name for name in found if NOTES_FILE.fullmatch(name))


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one export at a time into a folder; the next one waits, and so do readers."""
    with _locked(folder, fcntl.LOCK_EX):
        yield


@contextmanager
def undisturbed(folder: Path) -> Iterator[None]:
    """Read a folder while no export writes into it."""
    with _locked(folder, fcntl.LOCK_SH):
        yield


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)
