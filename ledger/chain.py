"""What is hashed, and how: the one home of the canonical bytes.

An entry becomes UTF-8 JSON with sorted keys, no spaces, and only integers, strings and
lists in it (a subset of RFC 8785). Its leaf is ``SHA-256(0x00 || bytes)`` as in
RFC 6962, and ``chain(n) = SHA-256(chain(n-1) || leaf(n))``. Codes are hashed and never
row numbers, and each hashed field appears in the exported books, so that the chain can
be checked from the files alone. The words of a memo are not hashed; a salted commitment
to them is, so a memo can be erased and nobody can guess it back.

Standard library only. `post`, `verify` and the auditor all come here; nothing else in
the project, and no SQL, computes these bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

#: Version of the encoding; it is hashed with the entry.
ENCODING: Final = 1
#: The chain of a book without entries.
GENESIS: Final = bytes(32)
#: The commitment of an entry that never had a memo.
NO_MEMO: Final = bytes(32)
#: Bytes of salt before a memo: as many as the hash, so that erasing it hides the words.
SALT_BYTES: Final = 32

_LEAF_PREFIX: Final = b"\x00"
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_MICROSECOND: Final = timedelta(microseconds=1)


class ChainedLeg(NamedTuple):
    """One movement inside an entry, as it is hashed."""

    payer_code: str
    payee_code: str
    minutes: int


class ChainedEntry(NamedTuple):
    """An entry as it is hashed: ids in hex, times as text, absent as ``""``.

    Attributes:
        book: Id of the book, 32 hexadecimal digits.
        seq: Place in the book, from 1, without gaps.
        id: Id of the entry, 32 hexadecimal digits.
        kind: What sort of entry this is.
        category: What the hours were for.
        at: When it was recorded, by :func:`instant_text`.
        on: The day of the service, ``YYYY-MM-DD``.
        actor: Who recorded it: a pseudonymous membership, in hex.
        key: The idempotency key.
        rev: The entry this one takes back, in hex.
        hold: The hold this one resolves, in hex.
        expires: When a hold ends.
        corrects: The entry this one replaces, in hex.
        memo: Commitment to the memo, in hex.
        legs: The movements in their order.
    """

    book: str
    seq: int
    id: str
    kind: str
    category: str
    at: str
    on: str
    actor: str
    key: str
    rev: str
    hold: str
    expires: str
    corrects: str
    memo: str
    legs: tuple[ChainedLeg, ...]


def canonical(entry: ChainedEntry) -> bytes:
    """The bytes of an entry that are hashed."""
    return _encode(
        {
            "actor": entry.actor,
            "at": entry.at,
            "book": entry.book,
            "category": entry.category,
            "corrects": entry.corrects,
            "expires": entry.expires,
            "hold": entry.hold,
            "id": entry.id,
            "key": entry.key,
            "kind": entry.kind,
            "legs": entry.legs,
            "memo": entry.memo,
            "on": entry.on,
            "rev": entry.rev,
            "seq": entry.seq,
            "v": ENCODING,
        }
    ).encode()


def leaf(canon: bytes) -> bytes:
    """The leaf of an entry, from its canonical bytes."""
    return hashlib.sha256(_LEAF_PREFIX + canon).digest()


def link(previous: bytes, entry_leaf: bytes) -> bytes:
    """The chain after an entry, from the chain before it and its leaf."""
    return hashlib.sha256(previous + entry_leaf).digest()


def commitment(salt: bytes, memo: str) -> bytes:
    """Commit to a memo without telling it."""
    return hashlib.sha256(salt + memo.encode()).digest()


def request_hash(secret: bytes, request: object) -> bytes:
    """Fingerprint what a request means, so that a retry can be recognised.

    Keyed with a secret of the server: a plain hash over a short memo could be guessed
    back after the memo has been erased.
    """
    return hmac.digest(secret, _encode(request).encode(), "sha256")


def instant_text(moment: datetime) -> str:
    """An aware time as text of fixed width, UTC, to the microsecond.

    Raises:
        ValueError: If the time says nothing of its zone.
    """
    if moment.tzinfo is None:
        message = "a time in the ledger must know its zone"
        raise ValueError(message)
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def next_instant(now: datetime, last: datetime) -> datetime:
    """Now, or a microsecond after the last time given out, whichever is later."""
    return max(now, last + _MICROSECOND)
