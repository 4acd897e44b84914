"""Why the ledger says no, as facts.

Standard library only: the auditor shares this module and must stay free of SQL.
A refusal leaves the books as they were. :class:`Indeterminate` is the one outcome that
is neither yes nor no; it is settled by looking the key up, never by telling anyone
that something failed.
"""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID


@dataclass(eq=False)
class LedgerError(Exception):
    """Anything the ledger raises; ``reason`` names it for machines."""

    reason: ClassVar[str] = "ledger-error"

    @property
    def facts(self) -> dict[str, object]:
        """The facts of this error by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __str__(self) -> str:
        """Name the reason and its facts, for logs and not for people."""
        told = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.reason}: {told}"


class LedgerRefusal(LedgerError):  # noqa: N818 - a refusal is an answer, not an error
    """The ledger will not do this, and nothing has changed."""

    reason = "refused"


@dataclass(eq=False)
class UnknownBook(LedgerRefusal):
    """No book has this id."""

    reason = "unknown-book"
    book_id: UUID


@dataclass(eq=False)
class UnknownAccount(LedgerRefusal):
    """The book has no account with this code."""

    reason = "unknown-account"
    code: str


@dataclass(eq=False)
class UnknownEntry(LedgerRefusal):
    """The book has no entry with this id."""

    reason = "unknown-entry"
    entry_id: UUID


@dataclass(eq=False)
class ClosedAccount(LedgerRefusal):
    """The account is closed for good, or until someone opens it again."""

    reason = "closed-account"
    code: str


@dataclass(eq=False)
class FrozenAccount(LedgerRefusal):
    """The account is frozen; only taking back and giving back may touch it."""

    reason = "frozen-account"
    code: str


@dataclass(eq=False)
class AccountNotEmpty(LedgerRefusal):
    """An account is closed only when nothing is in it or on its way."""

    reason = "account-not-empty"
    code: str
    balance_minutes: int
    held_minutes: int


@dataclass(eq=False)
class BadAccount(LedgerRefusal):
    """The code does not fit the kind of account, or a member has no floor."""

    reason = "bad-account"
    code: str
    kind: str


@dataclass(eq=False)
class BadLimits(LedgerRefusal):
    """The floor lies above the ceiling, is too large, or is missing."""

    reason = "bad-limits"
    code: str
    floor_minutes: object
    ceiling_minutes: object


@dataclass(eq=False)
class BadMinutes(LedgerRefusal):
    """Not a whole number of minutes between one and the most a leg may carry."""

    reason = "bad-minutes"
    minutes: object
    minutes_max: int


@dataclass(eq=False)
class BadField(LedgerRefusal):
    """A field of the request has a shape that can not be recorded."""

    reason = "bad-field"
    field: str
    value: object


@dataclass(eq=False)
class SameAccount(LedgerRefusal):
    """Payer and payee are one account."""

    reason = "same-account"
    code: str


@dataclass(eq=False)
class UnsupportedKind(LedgerRefusal):
    """This kind of entry can not be posted here."""

    reason = "unsupported-kind"
    kind: str


@dataclass(eq=False)
class OverFloor(LedgerRefusal):
    """The move would take the payer further below its floor."""

    reason = "over-floor"
    code: str
    floor_minutes: int
    available_minutes: int
    change_minutes: int


@dataclass(eq=False)
class OverCeiling(LedgerRefusal):
    """The move would take the payee further above its ceiling.

    ``balance_minutes`` counts what others have set aside for it.
    """

    reason = "over-ceiling"
    code: str
    ceiling_minutes: int
    balance_minutes: int
    change_minutes: int


@dataclass(eq=False)
class KeyMismatch(LedgerRefusal):
    """The key was used before, for something else."""

    reason = "key-mismatch"
    idem_key: str
    entry_id: UUID


@dataclass(eq=False)
class AlreadyReversed(LedgerRefusal):
    """The entry has been taken back before, by ``reversal_id``."""

    reason = "already-reversed"
    entry_id: UUID
    reversal_id: UUID


@dataclass(eq=False)
class NotReversible(LedgerRefusal):
    """Entries of this kind are not taken back; release a hold, or post what should be true."""

    reason = "not-reversible"
    entry_id: UUID
    kind: str


@dataclass(eq=False)
class StillStands(LedgerRefusal):
    """An entry is posted in place of another only once that one has been taken back."""

    reason = "still-stands"
    entry_id: UUID


@dataclass(eq=False)
class AlreadyCorrected(LedgerRefusal):
    """Another entry was posted in place of this one before; correct that one."""

    reason = "already-corrected"
    entry_id: UUID
    correction_id: UUID


@dataclass(eq=False)
class UnknownHold(LedgerRefusal):
    """The book has no hold with this id."""

    reason = "unknown-hold"
    hold_id: UUID


@dataclass(eq=False)
class AlreadyResolved(LedgerRefusal):
    """The hold has ended before, by ``resolution_id``, which is of this kind."""

    reason = "already-resolved"
    hold_id: UUID
    resolution_id: UUID
    kind: str


@dataclass(eq=False)
class OverHeld(LedgerRefusal):
    """More is to be captured between two accounts than was set aside for them."""

    reason = "over-held"
    hold_id: UUID
    payer_code: str
    payee_code: str
    held_minutes: int
    minutes: int


@dataclass(eq=False)
class ExpiresTooEarly(LedgerRefusal):
    """The hold would have ended before it begins."""

    reason = "expires-too-early"
    expires_at: datetime
    recorded_at: datetime


@dataclass(eq=False)
class NotExpired(LedgerRefusal):
    """The time of the hold has not come, or it has none."""

    reason = "not-expired"
    hold_id: UUID
    expires_at: datetime | None


@dataclass(eq=False)
class BadPeriod(LedgerRefusal):
    """The period ends before it begins."""

    reason = "bad-period"
    since_on: date
    until_on: date


@dataclass(eq=False)
class ForeignBooks(LedgerRefusal):
    """The folder holds the books of someone else, or is no folder for books."""

    reason = "foreign-books"
    folder: str
    found: str


@dataclass(eq=False)
class LostUpdate(LedgerError):  # noqa: N818 - named for what happened
    """A balance moved between lock and write; the transaction must be rolled back."""

    reason = "lost-update"
    book_id: UUID
    codes: tuple[str, ...]


@dataclass(eq=False)
class Indeterminate(LedgerError):  # noqa: N818 - neither an error nor a success
    """COMMIT reported an error, so the entry may or may not be in the book.

    The only legal act now is to look the key up, or to send the same request with the
    same key again.
    """

    reason = "indeterminate"
    book_id: UUID
    idem_key: str
