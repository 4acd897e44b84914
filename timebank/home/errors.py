"""What is in the way of forgetting somebody, as facts."""

from timebank.errors import ConflictError, RefusalError


class WaitsForAnswerError(ConflictError):
    """Reported help waits for an answer; it has to count, or not, before anybody goes.

    Attributes:
        count: How many there are.
    """

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class AlreadyForgottenError(ConflictError):
    """There is nothing left to forget."""


class NobodyToGiveToError(RefusalError):
    """The hours can not go to that account: it is nobody who takes part, or the same person."""
