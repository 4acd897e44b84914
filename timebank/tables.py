"""Open a table of text that somebody else's program wrote: bytes in, numbered rows out. Pure.

Lists and sheets come as CSV from many hands: with commas, semicolons or tabs, in UTF-8, UTF-16 or
an old Windows encoding. What the columns mean is up to whoever asks for them.
"""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

BYTES_MAX = 5_000_000
ROWS_MAX = 5_000
DELIMITERS = ",;\t|"


class NotATableError(ValueError):
    """This is no text, or more of it than any table has."""


class TableTooLongError(ValueError):
    """There are more rows than `ROWS_MAX`."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to tell about a row.

    Attributes:
        row: Its number as a spreadsheet counts: the column names are row 1.
        code: What it is about; the command that reads such tables has the sentence.
        facts: What the sentence needs.
        is_bad: Whether the row was left out because of it.
    """

    row: int
    code: str
    facts: Mapping[str, str] = field(default_factory=dict)
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table as opened.

    Attributes:
        names: What the first row calls the columns, without needless spaces.
        rows: Number and cells of each row that is not empty, read as they are asked for; an error
            may so arise in the middle.
    """

    names: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]


def opened(content: bytes) -> Table:
    """Open a table.

    Args:
        content: The file's bytes.

    Raises:
        NotATableError: If it is no table of text; also from `rows`.
        TableTooLongError: From `rows`.
    """
    text = _decoded(content).lstrip("\r\n")
    delimiter = max(DELIMITERS, key=text.split("\n", 1)[0].count)
    lines = _lines(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    names = tuple(" ".join(name.split()) for name in next(lines, []))
    return Table(names, _numbered(lines))


def _decoded(content: bytes) -> str:
    if len(content) > BYTES_MAX:
        raise NotATableError
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text or not text.strip():
            break
        return text
    raise NotATableError


def _lines(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise NotATableError from error


def _numbered(lines: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    read = 0
    for number, cells in enumerate(lines, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        read += 1
        if read > ROWS_MAX:
            raise TableTooLongError
        yield number, cells
