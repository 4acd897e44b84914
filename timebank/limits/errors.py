"""Why limits stay as they are, as facts."""

import datetime as dt

from timebank.errors import ConflictError, NotAllowedError, RefusalError


class OwnAccountError(NotAllowedError):
    """Nobody decides about their own limits."""


class NoChatDueError(ConflictError):
    """There is nothing to talk about: the balance is back, or somebody has had the chat."""


class LastDayOutOfRangeError(RefusalError):
    """Limits can not end on this day."""

    def __init__(self, day: dt.date, first: dt.date, last: dt.date) -> None:
        super().__init__(day, first, last)
        self.day = day
        self.first = first
        self.last = last
