"""What was ever signed of a book, as it lies in its exported books: keys, checkpoints, months.

Each record has a first line of ours and then the note, byte for byte as it was published. There is
one way to write each file, so what is read is written again and compared. No SQL.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.layout import (
    CHECKPOINT,
    KEY,
    SIGNED,
    SIGNED_KEYS,
    SIGNED_MONTHS,
    Files,
    Finding,
    FindingError,
)
from ledger.months import NO_MONTH, MonthHead, check_month
from ledger.notes import Head, PublicKey, check_head
from ledger.proof_errors import NotProven, TornKey

LAYOUT: Final = "timebank-signed 1\n"
#: In place of a time that is not there.
_NONE: Final = "-"

_TIME: Final = r"[0-9T:.-]{26}Z"
_NOTE: Final = r"(?:[^\n]+\n)+\n(?:\N{EM DASH} [^\n]+\n)+"
_RECORD: Final = {
    word: re.compile(rf"\n{word} ({_TIME})\n({_NOTE})") for word in ("checkpoint", "month")
}
_KEY: Final = re.compile(rf"\nkey (\S+) ({_TIME}) ({_TIME}|{_NONE})\n((?:{_NOTE})?)")


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A key of the book.

    Attributes:
        key: Its name and public half.
        valid_from: When it was made.
        retired_at: Since when it signs no more; empty while it is in use.
        handover: The note in which the key before it names this one; empty without one.
    """

    key: PublicKey
    valid_from: str
    retired_at: str
    handover: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint or a month as it was signed.

    Attributes:
        file: The file it lies in.
        at: When it was signed.
        note: What was signed, with the signature.
    """

    file: str
    at: str
    note: str


@dataclass(frozen=True, slots=True)
class Signed:
    """Everything that was signed, and by whom.

    Attributes:
        keys: The oldest first.
        checkpoints: The smallest first, each with what it says and the key that signed it.
        months: The oldest first, each with what it says and the key that signed it.
    """

    keys: Sequence[KeptKey]
    checkpoints: Sequence[tuple[Kept, Head, PublicKey]]
    months: Sequence[tuple[Kept, MonthHead, PublicKey]]

    @property
    def signer(self) -> str:
        """The key that signed the newest checkpoint, as text; empty where there is none."""
        return str(self.checkpoints[-1][2]) if self.checkpoints else ""


def keys_text(keys: Iterable[KeptKey]) -> str:
    """The keys of a book as a file."""
    return LAYOUT + "".join(
        f"\nkey {each.key} {each.valid_from} {each.retired_at or _NONE}\n{each.handover}"
        for each in keys
    )


def notes_text(word: str, kept: Iterable[tuple[str, str]]) -> str:
    """Checkpoints or months as a file.

    Args:
        word: ``checkpoint`` or ``month``.
        kept: When each was signed, and the note.
    """
    return LAYOUT + "".join(f"\n{word} {at}\n{note}" for at, note in kept)


def read_signed(files: Files) -> Signed:
    """Read what was signed of a book; see that the keys beside it signed it, in its order.

    Whose these keys are, others know.

    Raises:
        FindingError: With the first thing that was not signed, or is not as it is written.
    """
    newest = _newest(files)
    if SIGNED_KEYS not in files.signed:
        # Books of an older version have the newest checkpoint with its key, and do not say when.
        if newest is None:
            return Signed([], [], [])
        head, key = newest
        kept = Kept(CHECKPOINT, "", files.checkpoint)
        return Signed([KeptKey(key, "", "", "")], [(kept, head, key)], [])
    keys = _read_keys(files.signed[SIGNED_KEYS])
    public = [each.key for each in keys]
    signed = Signed(keys, _checkpoints(files, public), _months(files, public))
    last = signed.checkpoints[-1][1:] if signed.checkpoints else None
    if last != newest:
        said = f"is not the newest of what lies in {SIGNED}/, with its key"
        raise FindingError(Finding("other-checkpoint", said, CHECKPOINT))
    return signed


def _newest(files: Files) -> tuple[Head, PublicKey] | None:
    """What CHECKPOINT says, and KEY, which signed it."""
    if not files.checkpoint:
        return None
    try:
        key = PublicKey.parse(files.key)
        head, _signers = check_head(files.checkpoint, [key])
    except NotProven as error:
        name = KEY if error.reason == "torn-key" else CHECKPOINT
        raise FindingError(Finding(error.reason, "was not signed with KEY", name)) from error
    return head, key


def _checkpoints(files: Files, keys: Sequence[PublicKey]) -> Sequence[tuple[Kept, Head, PublicKey]]:
    found: list[tuple[Kept, Head, PublicKey]] = []
    for name in sorted(files.signed.keys() - {SIGNED_KEYS, SIGNED_MONTHS}):
        for kept in _read_notes(name, files.signed[name], "checkpoint"):
            try:
                head, signers = check_head(kept.note, keys)
            except NotProven as error:
                raise _not_signed(kept, error) from error
            if found and found[-1][1].size >= head.size:
                raise _out_of_order(kept)
            found.append((kept, head, signers[0]))
    return found


def _months(files: Files, keys: Sequence[PublicKey]) -> Sequence[tuple[Kept, MonthHead, PublicKey]]:
    found: list[tuple[Kept, MonthHead, PublicKey]] = []
    before = NO_MONTH
    for kept in _read_notes(SIGNED_MONTHS, files.signed.get(SIGNED_MONTHS, LAYOUT), "month"):
        try:
            head, signers = check_month(kept.note, keys)
        except NotProven as error:
            raise _not_signed(kept, error) from error
        if head.prev != before:
            raise _out_of_order(kept)
        before = head.digest()
        found.append((kept, head, signers[0]))
    return found


def _read_keys(text: str) -> Sequence[KeptKey]:
    try:
        keys = [
            KeptKey(PublicKey.parse(key), begun, until.removeprefix(_NONE), handover)
            for key, begun, until, handover in _KEY.findall(text)
        ]
    except TornKey as error:
        raise _torn(SIGNED_KEYS) from error
    if keys_text(keys) != text:
        raise _torn(SIGNED_KEYS)
    return keys


def _read_notes(name: str, text: str, word: str) -> Sequence[Kept]:
    kept = [Kept(name, at, note) for at, note in _RECORD[word].findall(text)]
    if notes_text(word, ((each.at, each.note) for each in kept)) != text:
        raise _torn(name)
    return kept


def _torn(name: str) -> FindingError:
    return FindingError(Finding("torn-note", "is not written as what was signed is", name))


def _not_signed(kept: Kept, error: NotProven) -> FindingError:
    said = f"what was signed {kept.at} was signed with none of the keys in {SIGNED_KEYS}: {error}"
    return FindingError(Finding(error.reason, said, kept.file))


def _out_of_order(kept: Kept) -> FindingError:
    said = f"what was signed {kept.at} does not follow what was signed before"
    return FindingError(Finding("broken-seal", said, kept.file))
