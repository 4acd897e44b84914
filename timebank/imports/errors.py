"""What makes a whole sheet unusable. A bad row is no error: it is told and left out."""

from collections.abc import Sequence

from timebank.errors import RefusalError


class SheetError(RefusalError):
    """The file as a whole cannot be brought in; nothing was changed."""


class NotASheetError(SheetError):
    """This is no table of text: a picture, a spreadsheet's own format, or nothing at all."""


class SheetTooLongError(SheetError):
    """There are more rows than one import takes.

    Args:
        rows_max: How many it takes.
    """

    def __init__(self, rows_max: int) -> None:
        super().__init__(f"more than {rows_max} rows")
        self.rows_max = rows_max


class ColumnsMissingError(SheetError):
    """Columns that a request cannot do without are not there.

    Args:
        missing: What they are called in such sheets.
        found: What the sheet's columns are called.
    """

    def __init__(self, missing: Sequence[str], found: Sequence[str]) -> None:
        super().__init__(f"no column {', '.join(missing)}")
        self.missing = tuple(missing)
        self.found = tuple(found)


class TwoColumnsError(SheetError):
    """Two columns would be read as the same thing.

    Args:
        first: The one that stands first.
        second: The other.
    """

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first!r} and {second!r}")
        self.first = first
        self.second = second


class AttendanceError(SheetError):
    """A table of who came is of no use.

    Args:
        reason: ``no table``, ``no name column``, ``no dates`` or ``too long``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
