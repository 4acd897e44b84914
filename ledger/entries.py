"""What can be asked of the journal, and what it answers.

A request that exists is well formed: legs carry whole minutes between two different
accounts, texts fit the columns. Whether the book allows it is the journal's matter.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from ledger.accounts import kind_of
from ledger.chain import instant_text
from ledger.errors import BadField, BadMinutes, SameAccount, UnsupportedKind

#: Every kind of entry the table knows.
ENTRY_KINDS: Final = (
    "opening",
    "exchange",
    "activity",
    "gift",
    "grant",
    "hold",
    "capture",
    "release",
    "expiry",
    "reversal",
    "adjustment",
    "clearing",
)
#: The kinds that resolve a hold.
RESOLVING_KINDS: Final = ("capture", "release", "expiry")
#: The kinds `post` accepts. A reversal and all that concerns holds have doors of their own.
POSTABLE_KINDS: Final = (
    "opening",
    "exchange",
    "activity",
    "gift",
    "grant",
    "adjustment",
)

#: The most one leg may carry: 100,000 hours. Sums stay far inside 64 bits.
LEG_MINUTES_MAX: Final = 6_000_000
#: The most legs in one entry: a full hall, each person credited.
LEGS_MAX: Final = 500
CATEGORY_LENGTH_MAX: Final = 60
IDEM_KEY_LENGTH_MAX: Final = 100
MEMO_LENGTH_MAX: Final = 2_000

_HOLD_KINDS: Final = frozenset({"hold", *RESOLVING_KINDS})
#: All that can be asked for.
_KINDS: Final = _HOLD_KINDS | {*POSTABLE_KINDS, "reversal"}
_CATEGORY: Final = re.compile(rf"[a-z0-9][a-z0-9.-]{{0,{CATEGORY_LENGTH_MAX - 1}}}")
_IDEM_KEY: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9:._-]{{0,{IDEM_KEY_LENGTH_MAX - 1}}}")


@dataclass(frozen=True, slots=True)
class LegRequest:
    """Minutes that leave the payer and reach the payee.

    The payer is who received help: their hours are spent. The payee gave it.
    """

    payer_code: str
    payee_code: str
    minutes: int

    def __post_init__(self) -> None:
        """Refuse what is no movement.

        Raises:
            BadMinutes: If the minutes are not a whole number within bounds.
            SameAccount: If nothing would move.
            BadField: If a code is not shaped like one.
        """
        # `True` is an int to Python and one minute to a database.
        if type(self.minutes) is not int or not 1 <= self.minutes <= LEG_MINUTES_MAX:
            raise BadMinutes(self.minutes, LEG_MINUTES_MAX)
        if self.payer_code == self.payee_code:
            raise SameAccount(self.payer_code)
        for name in ("payer_code", "payee_code"):
            code = getattr(self, name)
            if not isinstance(code, str) or kind_of(code) is None:
                raise BadField(name, code)

    @property
    def codes(self) -> tuple[str, str]:
        """Both accounts."""
        return self.payer_code, self.payee_code

    @property
    def values(self) -> tuple[str, str, int]:
        """Payer, payee and minutes, as they are written down."""
        return self.payer_code, self.payee_code, self.minutes


@dataclass(frozen=True, slots=True)
class EntryRequest:
    """An entry someone asks for.

    Attributes:
        book_id: The book; one a community, with the community's id.
        kind: One of ``POSTABLE_KINDS``, or ``hold``.
        legs: The movements, in order.
        occurred_on: The day of the service. The day of recording is the ledger's own.
        actor: The membership that records it; None where nobody did, only time.
        category: What the hours were for, as a short code that is public.
        idem_key: Names this intention once and for ever. Public, so no names in it.
        memo: Free words; kept apart, erasable, never exported.
        corrects: The entry this one is posted in place of.
        expires_at: When a hold that nobody resolved may be ended; None for never.
        reverses: Set by the journal's `reverse`, by nobody else.
        hold_id: The hold that is resolved; set by `ledger.holds`, by nobody else.
    """

    book_id: UUID
    kind: str
    legs: tuple[LegRequest, ...]
    occurred_on: date
    actor: UUID | None
    category: str
    idem_key: str
    memo: str | None = None
    corrects: UUID | None = None
    expires_at: datetime | None = None
    reverses: UUID | None = None
    hold_id: UUID | None = None

    def __post_init__(self) -> None:
        """Refuse what could not be written down.

        Raises:
            UnsupportedKind: If entries of this kind are not posted.
            BadField: If a field has the wrong shape.
        """
        if (
            (self.kind == "reversal") != (self.reverses is not None)
            or (self.kind in RESOLVING_KINDS) != (self.hold_id is not None)
            or self.kind not in _KINDS
        ):
            raise UnsupportedKind(self.kind)
        if self.expires_at is not None and (
            self.kind != "hold"
            or type(self.expires_at) is not datetime
            or self.expires_at.tzinfo is None
        ):
            raise BadField("expires_at", self.expires_at)
        if not 1 <= len(self.legs) <= LEGS_MAX:
            raise BadField("legs", len(self.legs))
        if type(self.occurred_on) is not date:
            raise BadField("occurred_on", self.occurred_on)
        if not _CATEGORY.fullmatch(self.category):
            raise BadField("category", self.category)
        if not _IDEM_KEY.fullmatch(self.idem_key):
            raise BadField("idem_key", self.idem_key)
        if self.memo is not None and not is_plain_text(self.memo, MEMO_LENGTH_MAX):
            raise BadField("memo", self.memo)

    def meaning(self) -> list[object]:
        """What a retry must have in common with the first try.

        Who asks is not part of it: both sides may confirm one exchange at the same
        moment, and that is one entry.
        """
        meant: list[object] = [
            self.kind,
            [(leg.payer_code, leg.payee_code, leg.minutes) for leg in self.legs],
            self.occurred_on.isoformat(),
            self.category,
            self.memo,
            hex_or_empty(self.reverses),
            hex_or_empty(self.corrects),
        ]
        if self.kind in _HOLD_KINDS:
            meant += [hex_or_empty(self.hold_id), moment_or_empty(self.expires_at)]
        return meant


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended: ``posted`` now, or ``replayed`` from the first time.

    Attributes:
        status: Whether this call wrote the entry.
        entry_id: The entry.
        seq: Its place in the book.
        recorded_at: When it was recorded.
        chain: The chain after it.
        balances: Minutes in each account it touched, right after it; hours that are set
            aside are still in the account they are to leave.
        overdrawn: Accounts a reversal left below their floor; for the treasurer.
    """

    status: Literal["posted", "replayed"]
    entry_id: UUID
    seq: int
    recorded_at: datetime
    chain: bytes
    balances: Mapping[str, int] = field(default_factory=dict)
    overdrawn: tuple[str, ...] = ()


def hex_or_empty(value: UUID | None) -> str:
    """An id as it is hashed."""
    return "" if value is None else value.hex


def moment_or_empty(value: datetime | None) -> str:
    """A time as it is hashed."""
    return "" if value is None else instant_text(value)


def is_plain_text(text: str, length_max: int) -> bool:
    """Whether both databases can keep this text as it is."""
    if not text or len(text) > length_max or "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def uuid7(now: datetime, draw: Callable[[int], bytes]) -> UUID:
    """A time-ordered id (RFC 9562, version 7), from the caller's clock and dice."""
    milliseconds = int(now.timestamp() * 1000)
    number = milliseconds << 80 | int.from_bytes(draw(10), "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=number)
