"""The ledger's refusals in the words of the application."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ledger import errors as ledger_errors
from timebank.errors import RefusalError
from timebank.hours.errors import (
    AccountClosedError,
    AccountInUseError,
    AlreadyTakenBackError,
    CannotBookError,
    DifferentBeforeError,
    NoBookError,
    NoSuchAccountError,
    NoSuchEntryError,
    NothingSetAsideError,
    NotTakenBackError,
    SetAsideEndedError,
    TooFewHoursError,
    TooManyHoursError,
)


@contextmanager
def in_our_words() -> Iterator[None]:
    """Turn the ledger's refusals into those of the application."""
    try:
        yield
    except ledger_errors.LedgerRefusal as refusal:
        translate = _OUR_WORDS.get(type(refusal))
        if translate is None:
            raise CannotBookError(refusal.reason, refusal.facts) from refusal
        raise translate(refusal) from refusal


def _too_few(refusal: ledger_errors.OverFloor) -> RefusalError:
    left = refusal.available_minutes + refusal.change_minutes
    return TooFewHoursError(
        refusal.code,
        floor_minutes=refusal.floor_minutes,
        available_minutes=refusal.available_minutes,
        short_minutes=refusal.floor_minutes - left,
    )


def _too_many(refusal: ledger_errors.OverCeiling) -> RefusalError:
    after = refusal.balance_minutes + refusal.change_minutes
    return TooManyHoursError(
        refusal.code,
        ceiling_minutes=refusal.ceiling_minutes,
        balance_minutes=refusal.balance_minutes,
        over_minutes=after - refusal.ceiling_minutes,
    )


_OUR_WORDS: dict[type[ledger_errors.LedgerRefusal], Callable[[Any], RefusalError]] = {
    ledger_errors.OverFloor: _too_few,
    ledger_errors.OverCeiling: _too_many,
    ledger_errors.ClosedAccount: lambda said: AccountClosedError(said.code, is_frozen=False),
    ledger_errors.FrozenAccount: lambda said: AccountClosedError(said.code, is_frozen=True),
    ledger_errors.AccountNotEmpty: lambda said: AccountInUseError(
        said.code, balance_minutes=said.balance_minutes
    ),
    ledger_errors.AlreadyReversed: lambda said: AlreadyTakenBackError(
        said.entry_id, said.reversal_id
    ),
    ledger_errors.AlreadyResolved: lambda said: SetAsideEndedError(
        said.hold_id, said.resolution_id, has_moved=said.kind == "capture"
    ),
    ledger_errors.UnknownHold: lambda said: NothingSetAsideError(said.hold_id),
    ledger_errors.KeyMismatch: lambda said: DifferentBeforeError(said.entry_id),
    ledger_errors.NotReversible: lambda said: NotTakenBackError(said.entry_id),
    ledger_errors.UnknownAccount: lambda said: NoSuchAccountError(said.code),
    ledger_errors.UnknownEntry: lambda said: NoSuchEntryError(said.entry_id),
    ledger_errors.UnknownBook: lambda said: NoBookError(said.book_id),
}
