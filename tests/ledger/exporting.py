"""Export a book in a process of its own, so that it can be disturbed: URL, folder.

Says `done` at the end, or what the operating system said.
"""

import sys
from pathlib import Path

from ledger.books import export
from tests.databases import open_engine
from tests.ledger.desk import BOOK


def main() -> int:
    """Export once."""
    engine = open_engine(sys.argv[1])
    try:
        with engine.connect() as connection:
            export(connection, BOOK, Path(sys.argv[2]))
    except OSError as error:
        print(error.strerror)  # noqa: T201 -- the test reads it
        return 1
    print("done")  # noqa: T201 -- the test reads it
    return 0


if __name__ == "__main__":
    sys.exit(main())
