"""Refusals: exceptions that carry facts.

Words and HTTP are given at the edge, in `web.refusals`.
"""


class TimebankError(Exception):
    """Root of every error this application raises on purpose."""


class RefusalError(TimebankError):
    """The request is understood and cannot be done; nothing was changed.

    Subclasses take their facts as constructor arguments and keep them as attributes, so that the
    edge can put them into a sentence of the reader's language.
    """


class NotFoundError(RefusalError):
    """There is no such thing here, or not for this person: the two must look alike."""


class NotAllowedError(RefusalError):
    """The thing is known to this person, and this act on it is not theirs to do."""


class ConflictError(RefusalError):
    """The thing has moved on since the page was shown."""


class ThrottledError(RefusalError):
    """Too many tries in too short a time.

    Args:
        retry_seconds: Whole seconds, at least 1, until another try is worth it.
    """

    def __init__(self, retry_seconds: int) -> None:
        """Keep how long to wait."""
        super().__init__(retry_seconds)
        self.retry_seconds = retry_seconds


class IndeterminateError(TimebankError):
    """The database went away at COMMIT and nobody can say yet whether it counted.

    The only right act is the same request again with the same key: it counts once.
    """
