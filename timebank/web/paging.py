"""Keyset pages: no counting, no skipping; page one thousand costs what page one does."""

import base64
import binascii
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from timebank.errors import NotFoundError

Row = TypeVar("Row")
PAGE_SIZE = 20


class BadCursorError(NotFoundError):
    """The address of this page of a list was cut or changed."""


@dataclass(frozen=True, slots=True)
class Paged(Generic[Row]):
    """One page of a list.

    Attributes:
        rows: In the list's order, at most a page full; empty at the end of an empty list.
        after: Cursor of the next page, or None on the last.
    """

    rows: Sequence[Row]
    after: str | None


def cursor_of(key: uuid.UUID) -> str:
    """Return the cursor that continues after the row with this key."""
    return base64.urlsafe_b64encode(key.bytes).rstrip(b"=").decode()


def key_of(cursor: str | None) -> uuid.UUID | None:
    """Read a cursor; None means from the start.

    Raises:
        BadCursorError: If it is not one of ours.
    """
    if not cursor:
        return None
    try:
        return uuid.UUID(bytes=base64.urlsafe_b64decode(cursor + "=="))
    except (binascii.Error, ValueError) as error:
        raise BadCursorError from error


def cut(rows: Sequence[Row], keys: Sequence[uuid.UUID], size: int = PAGE_SIZE) -> Paged[Row]:
    """Make a page of `rows` fetched with a limit of `size + 1`; `keys` are theirs, in order."""
    if len(rows) <= size:
        return Paged(rows, None)
    return Paged(rows[:size], cursor_of(keys[size - 1]))
