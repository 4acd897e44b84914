"""Why something is not proven, as facts: notes, receipts, keys and checkpoints.

No SQL is known here: a stranger's computer checks a receipt with these.
"""

from dataclasses import dataclass
from uuid import UUID

from ledger.errors import LedgerRefusal


class NotProven(LedgerRefusal):
    """What was shown does not prove what it claims."""

    reason = "not-proven"


@dataclass(eq=False)
class TornNote(NotProven):
    """The text is not a signed note, or not one of a checkpoint.

    Attributes:
        detail: What is missing or odd, as a short code.
    """

    reason = "torn-note"
    detail: str


@dataclass(eq=False)
class TornKey(NotProven):
    """The text is not a public key."""

    reason = "torn-key"
    text: str


@dataclass(eq=False)
class UnknownSigner(NotProven):
    """Nobody who was to be trusted has signed."""

    reason = "unknown-signer"
    signers: tuple[str, ...]
    trusted: tuple[str, ...]


@dataclass(eq=False)
class BadSignature(NotProven):
    """A key that was to be trusted did not sign these words."""

    reason = "bad-signature"
    signer: str


@dataclass(eq=False)
class OtherOrigin(NotProven):
    """The checkpoint speaks of another book than the key that signed it."""

    reason = "other-origin"
    origin: str
    signer: str


@dataclass(eq=False)
class TornReceipt(NotProven):
    """The file is not a receipt, or a part of it was lost or changed.

    Attributes:
        part: Which one: ``head``, ``entry``, ``balance``, ``place``, ``proof`` or
            ``checkpoint``.
        line: The line of the file, from 1.
    """

    reason = "torn-receipt"
    part: str
    line: int


@dataclass(eq=False)
class OtherPlace(NotProven):
    """The proof is about another place in the book than the entry names."""

    reason = "other-place"
    seq: int
    proven_seq: int


@dataclass(eq=False)
class NotUnderHead(NotProven):
    """The proof does not lead from this entry to the head that was signed."""

    reason = "not-under-head"
    seq: int
    size: int


@dataclass(eq=False)
class NotUnderMonth(NotProven):
    """The proof does not lead from this account's balance to the month that was signed."""

    reason = "not-under-month"
    code: str
    period: str


@dataclass(eq=False)
class OtherCheckpoint(NotProven):
    """The checkpoint in the receipt is not one of those that were published.

    Attributes:
        size: Entries under the receipt's checkpoint.
        published: Entries under each of those at hand for the same book.
    """

    reason = "other-checkpoint"
    size: int
    published: tuple[int, ...]


@dataclass(eq=False)
class SplitView(NotProven):
    """Two checkpoints of one size differ: two people were shown two books."""

    reason = "split-view"
    origin: str
    size: int


@dataclass(eq=False)
class NothingTrusted(NotProven):
    """There is neither a key nor a published checkpoint to hold the receipt against."""

    reason = "nothing-trusted"


# ------------------------------------------------------------------------ when sealing


class NotSealed(LedgerRefusal):
    """The book is not signed, because it is not what was signed before."""

    reason = "not-sealed"


@dataclass(eq=False)
class RewoundBook(NotSealed):
    """More entries were published than the book now has: an old backup, or a cut."""

    reason = "rewound-book"
    entries: int
    published: int


@dataclass(eq=False)
class RewrittenBook(NotSealed):
    """The entries that were signed before are no longer what they were."""

    reason = "rewritten-book"
    size: int


@dataclass(eq=False)
class EditedEntry(NotSealed):
    """An entry is missing, or is not what its leaf or the chain says."""

    reason = "edited-entry"
    seq: int


@dataclass(eq=False)
class BrokenTree(NotSealed):
    """A hash that stands for a part of the book is missing."""

    reason = "broken-tree"
    tier: int
    n: int


# -------------------------------------------------------------------------- what lacks


@dataclass(eq=False)
class NoSigningKey(LedgerRefusal):
    """The book has no key to sign with yet."""

    reason = "no-signing-key"
    book_id: UUID


@dataclass(eq=False)
class LostPrivateKey(LedgerRefusal):
    """The private half of the key in use is not where it is kept."""

    reason = "lost-private-key"
    path: str


@dataclass(eq=False)
class KeyInUse(LedgerRefusal):
    """The book has a key under this name already; it can be replaced."""

    reason = "key-in-use"
    origin: str


@dataclass(eq=False)
class NotYetSealed(LedgerRefusal):
    """The entry is newer than the last checkpoint; there is a receipt after the next."""

    reason = "not-yet-sealed"
    seq: int
    size: int


@dataclass(eq=False)
class UnknownCheckpoint(LedgerRefusal):
    """The book has no checkpoint of this size."""

    reason = "unknown-checkpoint"
    size: int


@dataclass(eq=False)
class UnknownMonth(LedgerRefusal):
    """The month is not sealed, or holds nothing of the account that was asked for."""

    reason = "unknown-month"
    period: str
