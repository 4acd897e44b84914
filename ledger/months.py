"""What a sealed month says, and the proof of one account's balance at its end; no SQL.

When a month is over, what the book then held is written down in ten lines and signed:
how many entries had been recorded, the head of the tree over them, the chain after the
last, and the head of a second tree, the *trial balance*, with one leaf for each account
that had ever moved: its code and its minutes, in code order. Each month names the one
before by a hash over its lines, so that none can be left out or exchanged.

Whoever holds the ten lines can be shown any one account's balance without being shown
any other: a line, and a handful of hashes that lead from it to the head.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, Self

from ledger import merkle
from ledger.chain import instant_text, leaf
from ledger.merkle import Frontier
from ledger.notes import HASH_BYTES, PublicKey, check, from_base64, read, to_base64
from ledger.proof_errors import NotUnderMonth, OtherOrigin, TornNote, TornReceipt
from ledger.receipts import Reading, for_people, proof_lines

#: Before the first sealed month there was none.
NO_MONTH: Final = bytes(HASH_BYTES)
#: What the name of a month's lines has more than that of the book's checkpoints.
NAME: Final = "/months"
#: The first line of a proof.
LAYOUT: Final = "timebank-month-end 1"

_NUMBER: Final = "(0|[1-9][0-9]{0,18})"
_BASE64: Final = "([A-Za-z0-9+/]{43}=)"
_LINES: Final = re.compile(
    rf"(\S+){re.escape(NAME)}\n"
    r"month ([0-9]{4}-(?:0[1-9]|1[0-2]))\n"
    r"through ([0-9]{4}-[0-9]{2}-[0-9]{2})\n"
    r"ended ([0-9T:.-]{26}Z)\n"
    rf"entries {_NUMBER}\n"
    rf"root {_BASE64}\n"
    r"chain ([0-9a-f]{64})\n"
    rf"accounts {_NUMBER}\n"
    rf"balances {_BASE64}\n"
    rf"before {_BASE64}\n"
)
_BALANCE: Final = re.compile(r"([A-Za-z0-9-]{1,60}) (-?[1-9][0-9]{0,18}|0)")


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month where a community lives.

    Attributes:
        period: Such as ``2026-05``.
        through_on: Its last day.
        ended_at: The midnight after it, in UTC.
    """

    period: str
    through_on: date
    ended_at: datetime

    @classmethod
    def around(cls, day: date, zone: tzinfo) -> Self:
        """The month a day lies in."""
        following = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
        ended_at = datetime.combine(following, time.min, zone).astimezone(UTC)
        return cls(f"{day:%Y-%m}", following - timedelta(days=1), ended_at)

    def following(self, zone: tzinfo) -> Self:
        """The month after it."""
        return self.around(self.through_on + timedelta(days=1), zone)


@dataclass(frozen=True, slots=True)
class MonthHead:
    """What is signed of a month.

    Attributes:
        origin: The name under which the book is signed.
        month: Which one.
        size: Entries recorded by its end.
        root: The head of the tree over them.
        chain: The chain after the last of them.
        accounts: Accounts that had moved by then.
        trial_root: The head of the tree over their balances.
        prev: Hash over the lines of the month before, or `NO_MONTH`.
    """

    origin: str
    month: Month
    size: int
    root: bytes
    chain: bytes
    accounts: int
    trial_root: bytes
    prev: bytes

    def text(self) -> str:
        """The lines that are signed."""
        month = self.month
        return (
            f"{self.origin}{NAME}\nmonth {month.period}\nthrough {month.through_on.isoformat()}\n"
            f"ended {instant_text(month.ended_at)}\nentries {self.size}\n"
            f"root {to_base64(self.root)}\nchain {self.chain.hex()}\naccounts {self.accounts}\n"
            f"balances {to_base64(self.trial_root)}\nbefore {to_base64(self.prev)}\n"
        )

    def digest(self) -> bytes:
        """What the next month says of this one."""
        return hashlib.sha256(self.text().encode()).digest()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the lines of a month.

        Raises:
            TornNote: If they are not exactly those of a month.
        """
        found = _LINES.fullmatch(text)
        if found is None:
            raise TornNote("month-lines")
        origin, period, through, ended, size, root, chain, accounts, trial, prev = found.groups()
        try:
            head = cls(
                origin=origin,
                month=Month(period, date.fromisoformat(through), datetime.fromisoformat(ended)),
                size=int(size),
                root=from_base64(root) or b"",
                chain=bytes.fromhex(chain),
                accounts=int(accounts),
                trial_root=from_base64(trial) or b"",
                prev=from_base64(prev) or b"",
            )
        except ValueError as error:
            raise TornNote("month-lines") from error
        # There is one way to write each month, and this must be it.
        if head.text() != text:
            raise TornNote("month-lines")
        return head


def check_month(note: str, keys: Iterable[PublicKey]) -> tuple[MonthHead, tuple[PublicKey, ...]]:
    """Check who signed a month, and that they speak of their own book.

    Raises:
        NotProven: As `notes.check` does; also if the text is no month of ours.
        OtherOrigin: If the key is that of another book.
    """
    text, signers = check(note, keys)
    head = MonthHead.parse(text)
    for signer in signers:
        if signer.name != head.origin:
            raise OtherOrigin(head.origin, signer.name)
    return head, signers


# ------------------------------------------------------------------- the trial balance


class TrialTree:
    """The tree over the balances of all accounts at a month's end."""

    def __init__(self, balances: Iterable[tuple[str, int]]) -> None:
        """Take each account's code and minutes, in code order."""
        edge = Frontier()
        self._codes: list[str] = []
        self._lines: list[str] = []
        self._tiers: dict[int, list[bytes]] = {0: []}
        for code, minutes in balances:
            line = balance_line(code, minutes)
            hashed = leaf(line.encode())
            self._codes.append(code)
            self._lines.append(line)
            self._tiers[0].append(hashed)
            for tier, _n, completed in edge.add(hashed):
                self._tiers.setdefault(tier, []).append(completed)
        self.root = edge.head()

    def __len__(self) -> int:
        """How many accounts there are."""
        return len(self._codes)

    def prove(self, code: str, note: str) -> "MonthEnd":
        """Show that an account's balance is under the head.

        Args:
            code: One of the accounts.
            note: The month as it was signed.

        Raises:
            ValueError: If the account had not moved by then.
        """
        index = self._codes.index(code)
        proof = merkle.inclusion(self._read, index, len(self))
        return MonthEnd(self._lines[index], index, proof, note)

    def _read(self, tier: int, first: int, count: int) -> Sequence[bytes]:
        return self._tiers[tier][first : first + count]


def balance_line(code: str, minutes: int) -> str:
    """An account's balance as it is hashed."""
    return f"{code} {minutes}"


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """The proof of one account's balance at a month's end; nothing of it is checked.

    Attributes:
        line: Code and minutes.
        index: Place of the account in code order, from 0.
        proof: Hashes from its neighbour up to the head.
        note: The month, signed.
    """

    line: str
    index: int
    proof: tuple[bytes, ...]
    note: str

    def text(self, words: Sequence[str] = ()) -> str:
        """The proof as a file, with some lines for people at the top."""
        return "".join(
            [
                f"{LAYOUT}\n",
                *for_people(words),
                f"{self.line}\n\n",
                *proof_lines(self.index, self.proof, self.note),
            ]
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a proof.

        Raises:
            TornReceipt: With the part and the line where it stops being one.
        """
        reading = Reading(text)
        reading.expect(LAYOUT, "head")
        reading.skip_words()
        line = reading.next("balance")
        if not _BALANCE.fullmatch(line):
            raise reading.torn("balance")
        reading.expect("", "balance")
        return cls(line, reading.place(), tuple(reading.hashes()), reading.rest())


@dataclass(frozen=True, slots=True)
class ProvenBalance:
    """What such a proof proves: what an account held when a month was over."""

    code: str
    minutes: int
    head: MonthHead
    signers: tuple[PublicKey, ...]


def check_balance(shown: MonthEnd, *, keys: Iterable[PublicKey]) -> ProvenBalance:
    """Check the proof of an account's balance against keys that are trusted.

    Raises:
        NotProven: The subclass says what exactly is wrong.
    """
    head, signers = check_month(shown.note, keys)
    found = _BALANCE.fullmatch(shown.line)
    if found is None:
        raise TornReceipt("balance", 0)
    hashed = leaf(shown.line.encode())
    if not merkle.is_under(head.trial_root, hashed, shown.index, head.accounts, shown.proof):
        raise NotUnderMonth(found[1], head.month.period)
    return ProvenBalance(found[1], int(found[2]), head, signers)


def head_of(note: str) -> MonthHead:
    """What a signed month says; nobody's word is taken for anything.

    Raises:
        TornNote: If it is no signed month.
    """
    return MonthHead.parse(read(note).text)
