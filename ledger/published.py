"""Checkpoints outside of the database: a folder of small text files.

Whoever can write to the database can not reach what is here, on paper, or in the hands
of members. A backup that is put back shows by what is here that it is older. The folder
holds each checkpoint, the public keys, and the notes in which a key names the next; it
may be copied anywhere and shown to anyone.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ledger.checkpoints import Checkpoint
from ledger.files import put
from ledger.keys import SigningKey
from ledger.notes import Head, PublicKey, read
from ledger.proof_errors import TornKey, TornNote

KEYS: Final = "keys.txt"
MONTHS: Final = "months"
_NOTES: Final = "*.note"
_HANDOVER: Final = "handover-"
_COMMENT: Final = "#"


def put_checkpoint(folder: Path, checkpoint: Checkpoint) -> bool:
    """Publish a checkpoint; tell whether it was missing."""
    return put(folder / _name(checkpoint), checkpoint.note.encode())


def put_month(folder: Path, period: str, note: str) -> bool:
    """Publish a sealed month; tell whether it was missing."""
    return put(folder / MONTHS / f"{period}.note", note.encode())


def put_keys(folder: Path, keys: Iterable[SigningKey]) -> None:
    """Publish the public keys, and what each says of the next."""
    keys = tuple(keys)
    put(folder / KEYS, keys_text(keys).encode())
    for each in keys:
        if each.handover is not None:
            put(folder / f"{_HANDOVER}{each.key.key_id.hex()}.note", each.handover.encode())


def keys_text(keys: Iterable[SigningKey]) -> str:
    """Public keys as text: one a line, each with the time in which it signed."""
    lines = []
    for each in keys:
        until = f" until {each.retired_at:%Y-%m-%d %H:%M}" if each.retired_at else ""
        lines.append(f"{_COMMENT} from {each.valid_from:%Y-%m-%d %H:%M}{until} (UTC)\n{each.key}\n")
    return "".join(lines)


def read_keys(text: str) -> tuple[PublicKey, ...]:
    """Public keys from such a text, or from one key alone.

    Raises:
        TornKey: If a line is neither a key nor a remark.
    """
    lines = (line.strip() for line in text.splitlines())
    return tuple(PublicKey.parse(line) for line in lines if line and not line.startswith(_COMMENT))


def keys_in(folder: Path) -> tuple[PublicKey, ...]:
    """The keys a folder holds; none where there is no folder.

    Raises:
        TornKey: If their file was damaged.
    """
    try:
        return read_keys((folder / KEYS).read_text("utf-8"))
    except FileNotFoundError:
        return ()
    except UnicodeDecodeError as error:
        raise TornKey(KEYS) from error


def notes_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Every checkpoint of a folder as it lies there, the largest first: name and text."""
    for path in sorted(folder.glob(_NOTES), reverse=True):
        if not path.name.startswith(_HANDOVER):
            # What is no text can not be a note, and is told apart by whoever reads it.
            yield path.name, path.read_bytes().decode("utf-8", errors="replace")


def newest(folder: Path, origin: str) -> Head | None:
    """What the largest checkpoint of a book says that lies in a folder.

    A damaged file is passed over here; `ledger.proofs` reports it.
    """
    for _name_of_file, note in notes_in(folder):
        try:
            head = Head.parse(read(note).text)
        except TornNote:
            continue
        if head.origin == origin:
            return head
    return None


def _name(checkpoint: Checkpoint) -> str:
    """The file of a checkpoint; names sort by size."""
    key = PublicKey(checkpoint.head.origin, checkpoint.public_key)
    return f"{checkpoint.size:012d}-{key.key_id.hex()}.note"
