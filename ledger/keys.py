"""The keys that sign a book's checkpoints: the public half in the table, the private in a file.

A book has one key in use. When it is replaced, the old one signs a note that names the
new one, so that whoever trusted the old one can follow. The private half never enters
the database, nor a backup of it.
"""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from sqlalchemy import Connection, Row, insert, select, update

from ledger import schema
from ledger.chain import instant_text
from ledger.files import sync_folder
from ledger.notes import KEY_BYTES, PublicKey, Signer, check, is_name, sign
from ledger.proof_errors import (
    KeyInUse,
    LostPrivateKey,
    NoSigningKey,
    TornKey,
    TornNote,
    UnknownSigner,
)

_NEXT: Final = "key "
_FROM: Final = "from "


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of a book.

    Attributes:
        key: Its name and public half.
        valid_from: When it was made.
        retired_at: Since when it signs no more; None while it is in use.
        handover: The note in which the key before it names this one.
    """

    key: PublicKey
    valid_from: datetime
    retired_at: datetime | None
    handover: str | None


# --------------------------------------------------------------------- the private half


def make_private(
    folder: Path, *, draw: Callable[[int], bytes] = secrets.token_bytes
) -> Ed25519PrivateKey:
    """Make a private key and keep it in a file that only we can read."""
    private = Ed25519PrivateKey.from_private_bytes(draw(KEY_BYTES))
    path = private_path(folder, private.public_key().public_bytes_raw())
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode=0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    sync_folder(folder)
    return private


def private_path(folder: Path, public: bytes) -> Path:
    """Where the private half of a key is kept."""
    return folder / f"{public.hex()[:16]}.pem"


def load(folder: Path, key: PublicKey) -> Signer:
    """Read the private half of a key.

    Raises:
        LostPrivateKey: If it is not there, or is that of another key.
    """
    path = private_path(folder, key.public)
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise LostPrivateKey(str(path)) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise LostPrivateKey(str(path))
    signer = Signer.of(key.name, private)
    if signer.key != key:
        raise LostPrivateKey(str(path))
    return signer


# ---------------------------------------------------------------------- the public half


def every(connection: Connection, book_id: UUID) -> tuple[SigningKey, ...]:
    """Every key the book ever had, the oldest first."""
    key = schema.signing_key
    rows = connection.execute(
        select(key).where(key.c.book_id == book_id).order_by(key.c.valid_from, key.c.public_key)
    )
    return tuple(_read(row) for row in rows)


def in_use(connection: Connection, book_id: UUID) -> SigningKey:
    """The key that signs now.

    Raises:
        NoSigningKey: If none was made yet.
    """
    key = schema.signing_key
    row = connection.execute(
        select(key).where(key.c.book_id == book_id, key.c.retired_at.is_(None))
    ).first()
    if row is None:
        raise NoSigningKey(book_id)
    return _read(row)


def begin(connection: Connection, book_id: UUID, signer: Signer, *, now: datetime) -> SigningKey:
    """Let a key sign from now on, under a name the book did not have.

    The first key of a book begins its line of checkpoints. A later one under another
    name begins another line: after a backup was restored that lacks signed entries,
    nobody can honestly go on with the old one.

    Raises:
        KeyInUse: If the name is the one in use; `rotate` replaces a key and keeps the name.
        TornKey: If no note could be signed under this name.
    """
    name = signer.key.name
    if not is_name(name) or len(name) > schema.ORIGIN_LENGTH_MAX:
        raise TornKey(name)
    if name in {each.key.name for each in every(connection, book_id)}:
        raise KeyInUse(name)
    return _add(connection, book_id, signer.key, handover=None, now=now)


def rotate(
    connection: Connection, book_id: UUID, signer: Signer, *, old: Signer | None, now: datetime
) -> SigningKey:
    """Replace the key in use by a new one under the same name.

    Args:
        connection: In the caller's transaction.
        book_id: The book.
        signer: The new key.
        old: The key in use, which signs the handover. None only where its private half
            is lost: then readers have to be told of the new key in some other way.
        now: When.

    Raises:
        NoSigningKey: If the book has no key yet.
    """
    before = in_use(connection, book_id)
    key = PublicKey(before.key.name, signer.key.public)
    handover = None
    if old is not None:
        text = f"{key.name}\n{_NEXT}{key}\n{_FROM}{instant_text(now)}\n"
        handover = sign(text, old, Signer(key, signer.private))
    return _add(connection, book_id, key, handover=handover, now=now)


def check_handover(note: str, older: PublicKey) -> PublicKey:
    """The key that an older one names as the next; both have signed.

    Raises:
        NotProven: If the note does not prove that.
    """
    text, _signers = check(note, [older])
    lines = text.split("\n")
    if len(lines) != 4 or lines[0] != older.name or not lines[1].startswith(_NEXT):  # noqa: PLR2004 - three lines and the end
        raise TornNote("handover")
    newer = PublicKey.parse(lines[1].removeprefix(_NEXT))
    _text, signers = check(note, [older, newer])
    if newer not in signers:
        raise UnknownSigner(tuple(map(str, signers)), (str(newer),))
    return newer


def _add(
    connection: Connection, book_id: UUID, key: PublicKey, *, handover: str | None, now: datetime
) -> SigningKey:
    """Put a key in use, and retire the one before."""
    table = schema.signing_key
    connection.execute(
        update(table)
        .where(table.c.book_id == book_id, table.c.retired_at.is_(None))
        .values(retired_at=now)
    )
    connection.execute(
        insert(table).values(
            book_id=book_id,
            public_key=key.public,
            origin=key.name,
            valid_from=now,
            handover=handover,
        )
    )
    return SigningKey(key, now, None, handover)


def _read(row: Row[Any]) -> SigningKey:
    return SigningKey(
        PublicKey(row.origin, row.public_key), row.valid_from, row.retired_at, row.handover
    )
