"""Signed notes, and the checkpoint that is written in one.

The text formats are those of C2SP, `signed-note` and `tlog-checkpoint`, with Ed25519,
so that programs of others read ours. A checkpoint has the origin, the number of entries
and the head of the tree, and one line more with the chain after the last entry: anyone
with the exported books can work that out again.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from ledger.proof_errors import BadSignature, OtherOrigin, TornKey, TornNote, UnknownSigner

HASH_BYTES: Final = 32
KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 4
#: More signatures than anyone puts under a note.
SIGNATURES_MAX: Final = 16

#: Ed25519 among the kinds of signature that notes know.
_KIND: Final = b"\x01"
_DASH: Final = "\N{EM DASH} "
_CHAIN: Final = "chain "
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_NAME: Final = re.compile(r"[^\s+]+")
_KEY: Final = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_CHAIN_LINE: Final = re.compile(r"chain ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Who signs: a name and the public half of a key."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        named = self.name.encode() + b"\n" + _KIND + self.public
        return hashlib.sha256(named).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """The key as text to be published: name, id and key."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(_KIND + self.public)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a key as it was published.

        Raises:
            TornKey: If it is none, or was not copied whole.
        """
        found = _KEY.fullmatch(text.strip())
        encoded = from_base64(found[3]) if found else None
        if found and encoded and len(encoded) == 1 + KEY_BYTES and encoded[:1] == _KIND:
            key = cls(found[1], encoded[1:])
            if key.key_id.hex() == found[2]:
                return key
        raise TornKey(text.strip())


@dataclass(frozen=True, slots=True)
class Signer:
    """A key with its private half."""

    key: PublicKey
    private: Ed25519PrivateKey

    @classmethod
    def of(cls, name: str, private: Ed25519PrivateKey) -> Self:
        """Sign under a name."""
        return cls(PublicKey(name, private.public_key().public_bytes_raw()), private)

    def line(self, text: str) -> str:
        """The signature over a text, as a line below it."""
        signed = self.key.key_id + self.private.sign(text.encode())
        return f"{_DASH}{self.key.name} {to_base64(signed)}\n"


class Signature(NamedTuple):
    """A signature that stands under a note."""

    name: str
    key_id: bytes
    signature: bytes


class Note(NamedTuple):
    """A text and what stands under it; nothing of it is checked yet."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """What a checkpoint says.

    Attributes:
        origin: Which book, by the place where its community was first found.
        size: Entries.
        root: The head of the tree over them.
        chain: The chain after the last of them.
    """

    origin: str
    size: int
    root: bytes
    chain: bytes

    def text(self) -> str:
        """The text that is signed."""
        root = to_base64(self.root)
        return f"{self.origin}\n{self.size}\n{root}\n{_CHAIN}{self.chain.hex()}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a checkpoint.

        Raises:
            TornNote: If it is not one of ours.
        """
        lines = text.split("\n")
        if len(lines) != 5 or lines[-1] or not lines[0]:  # noqa: PLR2004 - four lines and the end
            raise TornNote("checkpoint-lines")
        origin, size, root, chain = lines[:4]
        decoded = from_base64(root)
        chained = _CHAIN_LINE.fullmatch(chain)
        if not _SIZE.fullmatch(size):
            raise TornNote("checkpoint-size")
        if decoded is None or len(decoded) != HASH_BYTES:
            raise TornNote("checkpoint-root")
        if chained is None:
            raise TornNote("checkpoint-chain")
        return cls(origin, int(size), decoded, bytes.fromhex(chained[1]))


def is_name(text: str) -> bool:
    """Whether a note may be signed under this name."""
    return _NAME.fullmatch(text) is not None and not _CONTROL.search(text)


def sign(text: str, *signers: Signer) -> str:
    """Put signatures under a text."""
    return f"{text}\n{''.join(signer.line(text) for signer in signers)}"


def read(note: str) -> Note:
    """Take a note apart; nobody's word is taken for anything yet.

    Raises:
        TornNote: If it is not a signed note.
    """
    if _CONTROL.search(note):
        raise TornNote("control-character")
    text, blank, below = note.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise TornNote("signature-missing")
    lines = below[:-1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise TornNote("too-many-signatures")
    return Note(f"{text}\n", tuple(_signature(line) for line in lines))


def check(note: str, keys: Iterable[PublicKey]) -> tuple[str, tuple[PublicKey, ...]]:
    """Check who signed a note.

    Args:
        note: As it was published.
        keys: Whose word counts.

    Returns:
        The text, and those among the keys that signed it.

    Raises:
        TornNote: If it is not a signed note.
        BadSignature: If a signature claims to be by one of the keys and is not.
        UnknownSigner: If none of the keys has signed.
    """
    text, signatures = read(note)
    trusted = {(key.name, key.key_id): key for key in keys}
    signers = []
    for name, key_id, signature in signatures:
        key = trusted.get((name, key_id))
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
        except InvalidSignature as error:
            raise BadSignature(f"{name}+{key_id.hex()}") from error
        signers.append(key)
    if not signers:
        raise UnknownSigner(_names(signatures), tuple(str(key) for key in trusted.values()))
    return text, tuple(signers)


def check_head(note: str, keys: Iterable[PublicKey]) -> tuple[Head, tuple[PublicKey, ...]]:
    """Check who signed a checkpoint, and that they speak of their own book.

    Raises:
        NotProven: As `check` does; also if the text is no checkpoint of ours.
        OtherOrigin: If the key is that of another book.
    """
    text, signers = check(note, keys)
    head = Head.parse(text)
    for signer in signers:
        if signer.name != head.origin:
            raise OtherOrigin(head.origin, signer.name)
    return head, signers


def to_base64(content: bytes) -> str:
    """Bytes as text."""
    return base64.b64encode(content).decode("ascii")


def from_base64(text: str) -> bytes | None:
    """Text as bytes; None unless it is exactly how those bytes are written."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if to_base64(content) == text else None


def _signature(line: str) -> Signature:
    """Read one line below a note."""
    name, _space, encoded = line.removeprefix(_DASH).partition(" ")
    signed = from_base64(encoded)
    if not line.startswith(_DASH) or not is_name(name) or signed is None:
        raise TornNote("signature-line")
    if len(signed) <= KEY_ID_BYTES:
        raise TornNote("signature-line")
    return Signature(name, signed[:KEY_ID_BYTES], signed[KEY_ID_BYTES:])


def _names(signatures: Sequence[Signature]) -> tuple[str, ...]:
    """Who signed, by name and id."""
    return tuple(f"{each.name}+{each.key_id.hex()}" for each in signatures)
