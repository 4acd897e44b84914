"""What an entry does to its accounts, and what they allow. Pure: rows go in, a verdict comes out.

Of an account two figures count against its limits. What is *available* is what it holds less
what is set aside in it; a floor stops only what lowers that. What is *promised* is what it
holds and what others have set aside for it; a ceiling stops only what raises that. So a
capture, which takes hours that were set aside, meets neither.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from ledger.chain import ChainedLeg
from ledger.entries import EntryRequest, LegRequest
from ledger.errors import (
    ClosedAccount,
    ExpiresTooEarly,
    FrozenAccount,
    NotExpired,
    OverCeiling,
    OverFloor,
    OverHeld,
)
from ledger.layout import ASIDE_KINDS
from ledger.storage import AccountRow, LegRow, Move

_NOTHING: Final[Mapping[str, int]] = {}


@dataclass(frozen=True, slots=True)
class Held:
    """A hold that is being resolved."""

    hold_id: UUID
    expires_at: datetime | None
    legs: tuple[LegRequest, ...]


def movements(
    request: EntryRequest, held: Held | None, accounts: Sequence[AccountRow]
) -> tuple[list[LegRow], list[Move], dict[str, int]]:
    """The legs with both balances after each, and what each account gains and loses.

    Every leg counts in the version of its accounts; where hours are only set aside or given
    back, their balances stay.
    """
    balances = {account.code: account.balance_minutes for account in accounts}
    versions = {account.code: account.version for account in accounts}
    paid_in = dict.fromkeys(balances, 0)
    paid_out = dict.fromkeys(balances, 0)
    moves_hours = request.kind not in ASIDE_KINDS
    legs = []
    for n, (payer, payee, minutes) in enumerate((leg.values for leg in request.legs), 1):
        if moves_hours:
            balances[payer] -= minutes
            balances[payee] += minutes
            paid_out[payer] += minutes
            paid_in[payee] += minutes
        versions[payer] += 1
        versions[payee] += 1
        legs.append(
            LegRow(
                *(n, payer, payee, minutes),
                *(balances[payer], versions[payer], balances[payee], versions[payee]),
            )
        )
    held_in, held_out = _NOTHING, _NOTHING
    if request.kind == "hold":
        held_in, held_out = _set_aside(request.legs, 1)
    elif held is not None:
        held_in, held_out = _set_aside(held.legs, -1)
    moves = [
        Move(
            paid_in[account.code],
            paid_out[account.code],
            held_in.get(account.code, 0),
            held_out.get(account.code, 0),
            versions[account.code] - account.version,
            account.code,
            account.version,
        )
        for account in accounts
    ]
    return legs, moves, balances


def _set_aside(
    legs: Sequence[LegRequest], sign: int
) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """What these legs add to what is set aside for each account, and in each."""
    held_in: Counter[str] = Counter()
    held_out: Counter[str] = Counter()
    for leg in legs:
        held_in[leg.payee_code] += sign * leg.minutes
        held_out[leg.payer_code] += sign * leg.minutes
    return held_in, held_out


def check_hold(request: EntryRequest, held: Held | None, recorded_at: datetime) -> None:
    """Refuse a hold that is over before it begins, one ended too early, and too large a capture.

    Time ends nothing by itself: until an expiry stands in the book, the hold can be captured.
    """
    if request.expires_at is not None and request.expires_at <= recorded_at:
        raise ExpiresTooEarly(request.expires_at, recorded_at)
    if held is None:
        return
    if request.kind == "expiry" and (held.expires_at is None or recorded_at < held.expires_at):
        raise NotExpired(held.hold_id, held.expires_at)
    if request.kind == "capture":
        left = by_pair(held.legs)
        for pair, minutes in by_pair(request.legs).items():
            if minutes > left[pair]:
                raise OverHeld(held.hold_id, *pair, left[pair], minutes)


def by_pair(legs: Iterable[LegRequest | ChainedLeg]) -> Counter[tuple[str, str]]:
    """Minutes from each payer to each payee."""
    pairs: Counter[tuple[str, str]] = Counter()
    for leg in legs:
        pairs[leg.payer_code, leg.payee_code] += leg.minutes
    return pairs


def check_accounts(
    request: EntryRequest,
    accounts: Sequence[AccountRow],
    moves: Sequence[Move],
    before: Mapping[str, int],
) -> tuple[str, ...]:
    """Refuse what state or limits forbid; name what a reversal leaves below its floor.

    A limit stops only a move that makes things worse, also than they were `before`. Limits do
    not stop a reversal, and a frozen account does not stop what only takes or gives back.
    """
    is_reversal = request.reverses is not None
    gives_back = is_reversal or request.kind in {"release", "expiry"}
    overdrawn = []
    for account, move in zip(accounts, moves, strict=True):
        code, floor, ceiling = account.code, account.floor_minutes, account.ceiling_minutes
        if account.state == "closed":
            raise ClosedAccount(code)
        if account.state == "frozen" and not gives_back:
            raise FrozenAccount(code)
        moved = move.paid_in - move.paid_out
        net = account.balance_minutes + moved - before[code] if code in before else None
        available = account.balance_minutes - account.held_out
        change = moved - move.held_out
        worsens = change < 0 and (net is None or net < 0)
        if floor is not None and worsens and available + change < floor:
            if not is_reversal:
                raise OverFloor(code, floor, available, change)
            overdrawn.append(code)
        if is_reversal or ceiling is None:
            continue
        promised = account.balance_minutes + account.held_in
        change = moved + move.held_in
        worsens = change > 0 and (net is None or net > 0)
        if worsens and promised + change > ceiling:
            raise OverCeiling(code, ceiling, promised, change)
    return tuple(overdrawn)
