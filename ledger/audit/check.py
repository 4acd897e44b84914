"""Check books: their files first, then with beancount, then the chain from the files alone.

Nothing that lies in the books is run: their plugin is compared with ours and ours is
used, and beancount is given the text that was looked at, not the folder. So it follows no
include, loads no plugin of theirs and unpickles no cache.
"""

import os
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

# A cache beside the books would be unpickled, which runs whatever it says.
os.environ["BEANCOUNT_DISABLE_LOAD_CACHE"] = "1"

from beancount import __version__ as beancount_version
from beancount import loader
from beancount.core.interpolate import BalanceError
from beancount.ops.validation import ValidationError

from ledger.audit import plugin
from ledger.chain import GENESIS
from ledger.layout import (
    CHECKPOINT,
    MAIN,
    PLUGIN,
    PLUGIN_NAME,
    SIGNED_KEYS,
    Files,
    Finding,
    FindingError,
    bytes_of,
    check_marks,
    is_counted,
    read_files,
)
from ledger.signed import read_signed

#: Stop listing after so many.
FINDINGS_MAX: Final = 20
#: Lines of the file at the top that beancount is not to follow.
_NOT_FOLLOWED: Final = ("include ", f'plugin "{PLUGIN_NAME}"', 'option "insert_pythonpath"')
#: What beancount says of entries that it could read.
_OF_WHOLE_ENTRIES: Final = (BalanceError, ValidationError)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the audit found.

    Attributes:
        ok: Whether everything fits.
        top: The file at the top of what was checked.
        entries: Entries that were checked.
        first: The place of the first of them in the book, less one.
        accounts: Accounts that moved.
        head: The chain after the last entry, in hex.
        sum_minutes: Sum over all accounts.
        signed: Entries under the checkpoint that these lead to; 0 where there is none.
        signer: The key that signed it, as text.
        earlier: Entries that refer to one before the year, which is not seen here.
        checked: What was looked at, in order; behind the first finding nothing was.
        findings: What is wrong, the cause first; no more than are worth listing.
        following: Balances at the end of a month that are wrong because of what is named before
            them, whether they are listed or not.
        beancount: The version that took part.
        leftovers: Caches of beancount beside the books, which were not read.
    """

    ok: bool
    top: str = MAIN
    entries: int = 0
    first: int = 0
    accounts: int = 0
    head: str = GENESIS.hex()
    sum_minutes: int = 0
    signed: int = 0
    signer: str = ""
    earlier: int = 0
    checked: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    following: int = 0
    beancount: str = beancount_version
    leftovers: tuple[str, ...] = ()


def audit(folder: Path, top: str = MAIN) -> Verdict:
    """Check the books in a folder; change nothing, run nothing that lies in it.

    Args:
        folder: Where they are.
        top: The file at the top: all of them, or those of one year.
    """
    checked: list[str] = []
    try:
        files = read_files(folder, top)
        _check_plugin(folder)
        signer = read_signed(files).signer
        checked += ["lines", *(["signature"] if signer else [])]
        text, place = _joined(files, top)
        entries, errors, _options = loader.load_string(text)
        reading = plugin.Reading(_facts(files), lambda meta: place(meta)[0])
        _raise_first(errors, entries, reading, place)
        checked.append("beancount")
        _run(reading, entries, place)
        checked += ["chain", "sum", "holds", "balances", *(["tree"] if reading.signed else [])]
        check_marks(folder, files.head)
        checked.append("files")
    except _FindingsError as error:
        return Verdict(
            ok=False,
            top=top,
            checked=tuple(checked),
            findings=error.findings,
            following=error.following,
        )
    except FindingError as error:
        return Verdict(ok=False, top=top, checked=tuple(checked), findings=(error.finding,))
    return Verdict(
        ok=True,
        top=top,
        entries=reading.seq - reading.start,
        first=reading.start,
        accounts=len(reading.balances),
        head=reading.chain.hex(),
        sum_minutes=sum(reading.balances.values()),
        signed=reading.signed,
        signer=signer,
        earlier=reading.earlier,
        checked=tuple(checked),
        leftovers=files.leftovers,
    )


class _FindingsError(Exception):
    """Several things are wrong at once."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings[:FINDINGS_MAX])
        counted = sum(map(_is_counted, findings))
        self.following = counted if counted < len(findings) else 0


def _check_plugin(folder: Path) -> None:
    """The plugin beside the books is ours: whoever runs bean-check there will run it."""
    found = bytes_of(folder, PLUGIN)
    if found != Path(plugin.__file__).read_bytes():
        raise FindingError(
            Finding("foreign-plugin", "is not the plugin of this version; it was not run", PLUGIN)
        )


def _facts(files: Files) -> plugin.Facts:
    head = files.head
    return plugin.Facts(
        book=head.book,
        entries=head.entries,
        chain=head.chain,
        recorded=head.recorded,
        tree=head.peaks,
        balances=files.balances,
        signed=[
            each
            for name, text in ({CHECKPOINT: files.checkpoint} | files.signed).items()
            if name != SIGNED_KEYS
            for each in plugin.read_signed(name, text)
        ],
    )


def _joined(files: Files, top: str) -> tuple[str, Callable[[Any], tuple[str, int]]]:
    """All files as one text, and the way back from a line of it to the file.

    What beancount reads is then what was looked at, whoever writes to the folder meanwhile.
    """
    parts, starts, names = [], [], []
    line = 1
    for name, content in files.texts.items():
        text = content
        if name == top:
            text = "\n".join(
                "" if each.startswith(_NOT_FOLLOWED) else each for each in content.split("\n")
            )
        starts.append(line)
        names.append(name)
        parts.append(text)
        line += text.count("\n")

    def place(meta: Any) -> tuple[str, int]:
        number = meta["lineno"]
        at = bisect_right(starts, number) - 1
        return names[at], number - starts[at] + 1

    return "".join(parts), place


def _run(
    reading: plugin.Reading, entries: list[Any], place: Callable[[Any], tuple[str, int]]
) -> None:
    """Follow the chain through what beancount has read."""
    try:
        reading.run(entries)
    except plugin.WrongError as wrong:
        file, line = (wrong.file, 0) if wrong.directive is None else place(wrong.directive.meta)
        raise FindingError(Finding(wrong.reason, wrong.message, file, line)) from wrong


def _raise_first(
    errors: Sequence[Any],
    entries: list[Any],
    reading: plugin.Reading,
    place: Callable[[Any], tuple[str, int]],
) -> None:
    """What beancount found, behind the entry at fault: it makes each balance after it wrong."""
    if not errors:
        return
    findings = [
        Finding("beancount", str(error.message).strip(), *place(error.source)) for error in errors
    ]
    findings.sort(key=_is_counted)
    if all(isinstance(error, _OF_WHOLE_ENTRIES) for error in errors):
        # Every entry could be read, only what they come to is wrong: the chain names the one.
        try:
            _run(reading, entries, place)
        except FindingError as error:
            findings.insert(0, error.finding)
    raise _FindingsError(findings)


def _is_counted(finding: Finding) -> bool:
    """Tell whether a finding is about the balance at the end of a month."""
    return is_counted(finding.file)
