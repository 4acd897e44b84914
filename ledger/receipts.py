"""A receipt: an entry, the proof that it is in the book, and the checkpoint that was signed.

It is a text file. The entry stands in it as it was hashed, readable, in one line; below
it a proof in the format C2SP `tlog-proof`, which ends with the checkpoint. Lines that
begin with ``#`` are words for people and prove nothing. Whoever holds the file and a
public key, or a checkpoint as it was published, can check it on any computer, without
us: no SQL and no network are known here.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from ledger.chain import ENCODING, ChainedEntry, ChainedLeg, canonical, leaf
from ledger.merkle import is_under
from ledger.notes import HASH_BYTES, Head, PublicKey, check_head, from_base64, read, to_base64
from ledger.proof_errors import (
    NothingTrusted,
    NotUnderHead,
    OtherCheckpoint,
    OtherPlace,
    SplitView,
    TornNote,
    TornReceipt,
)

#: The first line of every receipt.
LAYOUT: Final = "timebank-receipt 1"
#: The first line of the part that programs of others can read.
PROOF_LAYOUT: Final = "c2sp.org/tlog-proof@v1"
#: Far more than the largest entry there can be.
LENGTH_MAX: Final = 256 * 1024

_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})")
_WORDS: Final = "#"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt holds; nothing of it is checked.

    Attributes:
        entry: The entry as it was hashed: UTF-8 JSON in one line.
        index: Its place in the tree, from 0.
        proof: Hashes from its neighbour up to the head.
        note: The checkpoint, signed.
    """

    entry: bytes
    index: int
    proof: tuple[bytes, ...]
    note: str

    def text(self, words: Sequence[str] = ()) -> str:
        """The receipt as a file, with some lines for people at the top."""
        return "".join(
            [
                f"{LAYOUT}\n",
                *for_people(words),
                f"{self.entry.decode()}\n\n{PROOF_LAYOUT}\n",
                *proof_lines(self.index, self.proof, self.note),
            ]
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a receipt.

        Raises:
            TornReceipt: With the part and the line where it stops being one.
        """
        reading = Reading(text)
        reading.expect(LAYOUT, "head")
        reading.skip_words()
        entry = reading.next("entry").encode()
        reading.expect("", "entry")
        reading.expect(PROOF_LAYOUT, "head")
        return cls(entry, reading.place(), tuple(reading.hashes()), reading.rest())


def for_people(words: Iterable[str]) -> Iterator[str]:
    """The lines of a file that prove nothing."""
    return (f"{_WORDS} {line}".rstrip() + "\n" for line in words)


def proof_lines(index: int, proof: Iterable[bytes], note: str) -> Iterator[str]:
    """The end of a file that proves something: the place, the hashes, and what was signed."""
    yield f"index {index}\n"
    yield from (f"{to_base64(hashed)}\n" for hashed in proof)
    yield f"\n{note}"


@dataclass(frozen=True, slots=True)
class Proven:
    """What a receipt proves.

    Attributes:
        entry: The entry, in every hashed field.
        head: The checkpoint it is under.
        signers: Keys that were to be trusted and have signed; empty where the checkpoint
            was compared with a published one instead.
        is_published: Whether it was compared with a published checkpoint.
    """

    entry: ChainedEntry
    head: Head
    signers: tuple[PublicKey, ...]
    is_published: bool


@dataclass(slots=True)
class Reading:
    """The lines of a file, read one by one."""

    text: str
    at: int = 0
    lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        if len(self.text) > LENGTH_MAX:
            raise self.torn("head")
        self.lines = self.text.split("\n")

    def torn(self, part: str) -> TornReceipt:
        """The file stops being a receipt at the line that was read last."""
        return TornReceipt(part, max(self.at, 1))

    def next(self, part: str) -> str:
        """The next line, which must be there."""
        if self.at >= len(self.lines):
            raise self.torn(part)
        self.at += 1
        return self.lines[self.at - 1]

    def expect(self, line: str, part: str) -> None:
        """The next line, which must be this one."""
        if self.next(part) != line:
            raise self.torn(part)

    def skip_words(self) -> None:
        """Pass over the lines for people."""
        while self.at < len(self.lines) and self.lines[self.at].startswith(_WORDS):
            self.at += 1

    def place(self) -> int:
        """The place in the tree, from 0."""
        found = _INDEX.fullmatch(self.next("place"))
        if found is None:
            raise self.torn("place")
        return int(found[1])

    def hashes(self) -> Iterator[bytes]:
        """Hashes, one a line, up to an empty line."""
        while line := self.next("proof"):
            hashed = from_base64(line)
            if hashed is None or len(hashed) != HASH_BYTES:
                raise self.torn("proof")
            yield hashed

    def rest(self) -> str:
        """Everything that is left, which is a signed note."""
        note = "\n".join(self.lines[self.at :])
        try:
            read(note)
        except TornNote as error:
            self.at += 1
            raise self.torn("checkpoint") from error
        return note


def check(
    receipt: Receipt, *, keys: Iterable[PublicKey] = (), published: Iterable[str] = ()
) -> Proven:
    """Check a receipt against keys that are trusted, published checkpoints, or both.

    Args:
        receipt: As it was read.
        keys: Whose word counts.
        published: Checkpoints as they were published. Those of other books and sizes
            are passed over; one of the receipt's own size must be the receipt's.

    Raises:
        NotProven: The subclass says what exactly is wrong.
    """
    keys, published = tuple(keys), tuple(published)
    if not keys and not published:
        raise NothingTrusted
    signers: tuple[PublicKey, ...] = ()
    if keys:
        head, signers = check_head(receipt.note, keys)
    else:
        head = Head.parse(read(receipt.note).text)
    if published:
        _check_published(head, published)
    entry = _entry(receipt.entry)
    if entry.seq != receipt.index + 1:
        raise OtherPlace(entry.seq, receipt.index + 1)
    if not is_under(head.root, leaf(receipt.entry), receipt.index, head.size, receipt.proof):
        raise NotUnderHead(entry.seq, head.size)
    return Proven(entry, head, signers, is_published=bool(published))


def _check_published(head: Head, published: Sequence[str]) -> None:
    """The checkpoint must be one of those that were published."""
    sizes = []
    for note in published:
        told = Head.parse(read(note).text)
        if told.origin != head.origin:
            continue
        sizes.append(told.size)
        if told.size == head.size:
            if told != head:
                raise SplitView(head.origin, head.size)
            return
    raise OtherCheckpoint(head.size, tuple(sizes))


def _entry(canon: bytes) -> ChainedEntry:
    """The entry, from the very bytes that were hashed.

    Raises:
        TornReceipt: If these are not exactly the bytes of an entry. JSON can say one thing
            in many ways, and in some of them two readers see two things.
    """
    try:
        told = json.loads(canon)
        legs = tuple(ChainedLeg(*leg) for leg in told.pop("legs"))
        encoding = told.pop("v")
        entry = ChainedEntry(**told, legs=legs)
        is_ours = encoding == ENCODING and type(entry.seq) is int and canonical(entry) == canon
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise TornReceipt("entry", 0) from error
    if not is_ours:
        raise TornReceipt("entry", 0)
    return entry
