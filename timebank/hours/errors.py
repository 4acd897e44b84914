"""Why hours can not move, as facts."""

import uuid

from timebank.errors import ConflictError, NotFoundError, RefusalError


class NoSuchAccountError(NotFoundError):
    """The community's book has no such account."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NoSuchEntryError(NotFoundError):
    """The community's book has no such entry."""

    def __init__(self, entry_id: uuid.UUID) -> None:
        super().__init__(entry_id)
        self.entry_id = entry_id


class NoBookError(NotFoundError):
    """The community has no book yet."""


class TooFewHoursError(RefusalError):
    """Whoever gives the hours away would go further below what the community allows.

    Attributes:
        code: Whose account.
        floor_minutes: As low as it may go.
        available_minutes: What is there now, less what is set aside.
        short_minutes: How much is missing.
    """

    def __init__(
        self, code: str, *, floor_minutes: int, available_minutes: int, short_minutes: int
    ) -> None:
        super().__init__(code, floor_minutes, available_minutes, short_minutes)
        self.code = code
        self.floor_minutes = floor_minutes
        self.available_minutes = available_minutes
        self.short_minutes = short_minutes


class TooManyHoursError(RefusalError):
    """Whoever gets the hours would go further above what the community allows.

    Attributes:
        code: Whose account.
        ceiling_minutes: As high as it may go.
        balance_minutes: What is there now, with what others have set aside for it.
        over_minutes: How much would be too much.
    """

    def __init__(
        self, code: str, *, ceiling_minutes: int, balance_minutes: int, over_minutes: int
    ) -> None:
        super().__init__(code, ceiling_minutes, balance_minutes, over_minutes)
        self.code = code
        self.ceiling_minutes = ceiling_minutes
        self.balance_minutes = balance_minutes
        self.over_minutes = over_minutes


class AccountClosedError(RefusalError):
    """The account is closed or on hold.

    Attributes:
        code: Whose account.
        is_frozen: Whether it is on hold and not closed.
    """

    def __init__(self, code: str, *, is_frozen: bool) -> None:
        super().__init__(code, is_frozen)
        self.code = code
        self.is_frozen = is_frozen


class AccountInUseError(RefusalError):
    """An account can be closed only when no hours are in it.

    Attributes:
        code: Whose account.
        balance_minutes: What is in it.
    """

    def __init__(self, code: str, *, balance_minutes: int) -> None:
        super().__init__(code, balance_minutes)
        self.code = code
        self.balance_minutes = balance_minutes


class AlreadyTakenBackError(ConflictError):
    """The hours were moved back before.

    Attributes:
        entry_id: What was to be taken back.
        reversal_id: The entry that did so.
    """

    def __init__(self, entry_id: uuid.UUID, reversal_id: uuid.UUID) -> None:
        super().__init__(entry_id, reversal_id)
        self.entry_id = entry_id
        self.reversal_id = reversal_id


class NotTakenBackError(RefusalError):
    """An entry of this kind is not taken back."""

    def __init__(self, entry_id: uuid.UUID) -> None:
        super().__init__(entry_id)
        self.entry_id = entry_id


class NothingSetAsideError(NotFoundError):
    """The book knows of no hours that were set aside under this id."""

    def __init__(self, set_aside_id: uuid.UUID) -> None:
        super().__init__(set_aside_id)
        self.set_aside_id = set_aside_id


class SetAsideEndedError(ConflictError):
    """What was set aside has been used or given back before.

    Attributes:
        set_aside_id: What was set aside.
        entry_id: The entry that ended it.
        has_moved: Whether it was used and not given back.
    """

    def __init__(self, set_aside_id: uuid.UUID, entry_id: uuid.UUID, *, has_moved: bool) -> None:
        super().__init__(set_aside_id, entry_id, has_moved)
        self.set_aside_id = set_aside_id
        self.entry_id = entry_id
        self.has_moved = has_moved


class DifferentBeforeError(ConflictError):
    """This was booked before, with other figures."""

    def __init__(self, entry_id: uuid.UUID) -> None:
        super().__init__(entry_id)
        self.entry_id = entry_id


class CannotBookError(RefusalError):
    """The figures or words can not be written in the book.

    Attributes:
        reason: A short code, such as ``bad-minutes``.
        facts: What exactly, by name.
    """

    def __init__(self, reason: str, facts: dict[str, object]) -> None:
        super().__init__(reason, facts)
        self.reason = reason
        self.facts = facts


class NoSuchCheckpointError(NotFoundError):
    """The book has no checkpoint of this size."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class NotSealedYetError(ConflictError):
    """The entry is newer than the last checkpoint; there is a receipt after the next.

    Attributes:
        seq: Place of the entry in the book.
    """

    def __init__(self, seq: int) -> None:
        super().__init__(seq)
        self.seq = seq


class NotAsSignedError(RefusalError):
    """The book is no longer what was signed; whoever looks after the site must look at once.

    Attributes:
        reason: A short code, such as ``rewritten-book``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BooksExistError(ConflictError):
    """The community has a book; books are restored where there is none."""

    def __init__(self, entries: int) -> None:
        super().__init__(entries)
        self.entries = entries


class BooksRefusedError(RefusalError):
    """Exported books are not as they were exported, so nothing was restored from them.

    Attributes:
        finding: What sort of thing is wrong, as a short code.
        detail: What exactly.
        file: In which file; "" where it is none in particular.
        line: In which line; 0 where it is none in particular.
    """

    def __init__(self, finding: str, detail: str, *, file: str, line: int) -> None:
        super().__init__(finding, detail, file, line)
        self.finding = finding
        self.detail = detail
        self.file = file
        self.line = line


class ReasonMissingError(RefusalError):
    """Limits of one's own need a reason: the member reads it."""


class NoOwnLimitsError(ConflictError):
    """The account has no limits of its own that could end."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class BooksNotWrittenError(ConflictError):
    """The exported books can not be brought up to date now; the log says why."""


class NoSuchQuestionError(NotFoundError):
    """Nobody asked this, or somebody else did, or it was forgotten."""


class TooManyQuestionsError(ConflictError):
    """Several questions of theirs wait already."""


class NoSuchMonthError(NotFoundError):
    """The month is not sealed, or holds nothing of the account that was asked for.

    Attributes:
        period: Which one, such as ``2026-05``.
    """

    def __init__(self, period: str) -> None:
        super().__init__(period)
        self.period = period
