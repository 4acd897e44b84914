"""Why something about a session stays as it is, as facts; `views` makes the sentences."""

import datetime as dt

from timebank.errors import ConflictError, NotAllowedError, NotFoundError, RefusalError


class SessionNotFoundError(NotFoundError):
    """There is no such session here, or it is not for this person to see."""


class SeriesNotFoundError(NotFoundError):
    """The group has no such series."""


class NotYoursToPlanError(NotAllowedError):
    """Sessions are planned by those who hold them or run the group."""


class RuleNotUnderstoodError(RefusalError):
    """A rule for dates that nobody could follow.

    Attributes:
        rule: What it said.
    """

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class NeverHappensError(RefusalError):
    """A series has no date at all.

    Attributes:
        reason: A short code: ``no such day``, ``ends too soon`` or ``always closed``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LengthError(RefusalError):
    """A session lasts at least a minute and at most a day."""


class EndsBeforeItStartsError(RefusalError):
    """The last day comes before the first."""


class ClosedThatDayError(RefusalError):
    """The group, or the whole community, is closed on that day.

    Attributes:
        day: The day.
        words: Why it is closed, as somebody wrote it.
    """

    def __init__(self, day: dt.date, words: str) -> None:
        super().__init__(day, words)
        self.day = day
        self.words = words


class AlreadyHeldError(ConflictError):
    """The session was opened, closed or cancelled in the meantime, or it is over."""


class SeriesEndedError(ConflictError):
    """The series has come to its end."""


class HostUnknownError(RefusalError):
    """Whoever holds a session belongs to the group."""
