"""Why books are not written, or not read back, as facts."""

from dataclasses import dataclass

from ledger.errors import LedgerRefusal


@dataclass(eq=False)
class BooksAhead(LedgerRefusal):
    """The books hold what the database does not: they may be the only copy of it.

    Attributes:
        folder: Where the books are.
        entries: Entries in the books.
        found: Entries in the database.
    """

    reason = "books-ahead"
    folder: str
    entries: int
    found: int


@dataclass(eq=False)
class BooksChanged(LedgerRefusal):
    """Exported files are not as the last export left them, so none of them is replaced.

    Attributes:
        folder: Where the books are.
        files: The files, in order.
    """

    reason = "books-changed"
    folder: str
    files: tuple[str, ...]


@dataclass(eq=False)
class BadBooks(LedgerRefusal):
    """The books are not as they were exported, so nothing is restored from them.

    Attributes:
        finding: What sort of thing is wrong.
        detail: What exactly.
        file: In which file; empty where it is none in particular.
        line: In which line, from 1; 0 where it is none in particular.
    """

    reason = "bad-books"
    finding: str
    detail: str
    file: str
    line: int


@dataclass(eq=False)
class LedgerInUse(LedgerRefusal):
    """There is a book already; books are restored where there is none."""

    reason = "ledger-in-use"
    entries: int
