"""Why an exchange stays as it is, as facts; `forms` and `views` make the sentences."""

import datetime as dt

from timebank.errors import ConflictError, NotAllowedError, NotFoundError, RefusalError


class ExchangeNotFoundError(NotFoundError):
    """There is no such exchange here, or the one who asks has no part in it."""


class IllegalMoveError(ConflictError):
    """The exchange has gone another way: from `state` there is no `move`."""

    def __init__(self, state: str, move: str) -> None:
        super().__init__(state, move)
        self.state = state
        self.move = move


class AlreadyConfirmedError(IllegalMoveError):
    """The exchange was confirmed before, and its hours moved once."""


class MinutesChangedError(ConflictError):
    """The other side changed how long it took after the page was shown."""

    def __init__(self, worked_minutes: int | None) -> None:
        super().__init__(worked_minutes)
        self.worked_minutes = worked_minutes


class TermsChangedError(ConflictError):
    """The other side suggested something else after the page was shown."""


class NotYourMoveError(NotAllowedError):
    """The move exists, and it is somebody else's to make."""

    def __init__(self, state: str, move: str) -> None:
        super().__init__(state, move)
        self.state = state
        self.move = move


class NotHeldUpError(ConflictError):
    """No limit keeps these hours from moving, or none does any more."""


class OwnHoursError(NotAllowedError):
    """Nobody lets their own hours pass a limit."""


class AlreadyThankedError(ConflictError):
    """One thank-you from each side is enough."""


class SamePersonError(RefusalError):
    """Giver and receiver are one person."""


class NotTakingPartError(RefusalError):
    """One of the two does not take part at the moment."""

    def __init__(self, first_name: str) -> None:
        super().__init__(first_name)
        self.first_name = first_name


class MinutesOutOfRangeError(RefusalError):
    """No minutes at all, or more than one exchange may have here."""

    def __init__(self, minutes: int, minutes_max: int) -> None:
        super().__init__(minutes, minutes_max)
        self.minutes = minutes
        self.minutes_max = minutes_max


class DayOutOfRangeError(RefusalError):
    """The day lies where nothing can have happened, or nothing can be planned."""

    def __init__(self, day: dt.date, first: dt.date, last: dt.date) -> None:
        super().__init__(day, first, last)
        self.day = day
        self.first = first
        self.last = last


class PlannedDayMissingError(RefusalError):
    """Agreeing needs a day and a part of it, and nobody has named one yet."""


class CannotSetAsideError(RefusalError):
    """The hours for it can not be set aside, so it is not agreed.

    Attributes:
        held_up_by: What is in the way, one of `models.HELD_UP_BY`.
        is_own: Whether it is about the account of the one who wanted to agree.
        available_minutes: What the receiver has to set aside; 0 where that is not what is missing.
        minutes: What would have been set aside.
    """

    def __init__(
        self, held_up_by: str, *, is_own: bool, available_minutes: int, minutes: int
    ) -> None:
        super().__init__(held_up_by, is_own, available_minutes, minutes)
        self.held_up_by = held_up_by
        self.is_own = is_own
        self.available_minutes = available_minutes
        self.minutes = minutes


class WordsMissingError(RefusalError):
    """This move needs a few words: the others cannot guess the reason."""


class NothingChangedError(RefusalError):
    """What is said to be right is what the books say already."""


class OwnExchangeError(NotAllowedError):
    """Hours of one's own are put right by somebody else."""


class TooManyLegsError(RefusalError):
    """The entry moved more for some people than for others; it is taken back and entered anew."""


class AccountFixedError(RefusalError):
    """Whose hours these are can not be changed here, or not to that account."""


class OverdraftNotFoundError(NotFoundError):
    """There is no such account to see to."""


class CategoryNotFoundError(RefusalError):
    """The community has no such kind of help."""
