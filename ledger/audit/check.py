"""Check books: with beancount first, then the chain from the files alone."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

# A cache beside the books would be unpickled, which runs whatever it says.
os.environ["BEANCOUNT_DISABLE_LOAD_CACHE"] = "1"

from beancount import __version__ as beancount_version
from beancount import loader
from beancount.core import data

from ledger.accounts import BOOK_PARENTS, code_of
from ledger.audit.reading import (
    HEAD,
    MAIN,
    Finding,
    FindingError,
    Head,
    check_files,
    read_head,
)
from ledger.chain import GENESIS, NO_MEMO, ChainedEntry, ChainedLeg, canonical, leaf, link

#: Stop listing after so many.
FINDINGS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the audit found.

    Attributes:
        ok: Whether everything fits.
        entries: Entries that were checked.
        accounts: Accounts that moved.
        head: The chain after the last entry, in hex.
        sum_minutes: Sum over all accounts.
        findings: What is wrong, the first thing first.
        beancount: The version that took part.
    """

    ok: bool
    entries: int = 0
    accounts: int = 0
    head: str = GENESIS.hex()
    sum_minutes: int = 0
    findings: tuple[Finding, ...] = ()
    beancount: str = beancount_version


def audit(folder: Path) -> Verdict:
    """Check the books in a folder; change nothing, run nothing that lies in it."""
    try:
        book = check_files(folder)
        head = read_head(folder)
        if head.book != book:
            return _wrong(Finding("other-book", "is of another book than the files", HEAD))
    except FindingError as error:
        return _wrong(error.finding)
    entries, errors, _options = loader.load_file(str(folder.resolve() / MAIN))
    if errors:
        findings = [_of_beancount(folder, error) for error in errors]
        # A wrong entry also makes each balance after it wrong; the entry comes first.
        findings.sort(key=_is_counted)
        if all(map(_is_counted, findings)):
            # The entries are whole, only their sums are not: the chain names the one at fault.
            findings = [*_Audit(folder, head).run(entries).findings, *findings]
        return _wrong(*findings[:FINDINGS_MAX])
    return _Audit(folder, head).run(entries)


def _is_counted(finding: Finding) -> bool:
    """Tell whether a finding is about the balance at the end of a month."""
    return finding.file.endswith(".assert.beancount")


def _wrong(*findings: Finding) -> Verdict:
    return Verdict(ok=False, findings=findings)


def _of_beancount(folder: Path, error: Any) -> Finding:  # noqa: ANN401 - any of beancount's errors
    file, line = _place(folder, error.source)
    return Finding("beancount", str(error.message).strip(), file, line)


def _place(folder: Path, meta: Any) -> tuple[str, int]:  # noqa: ANN401 - beancount's metadata
    """The file and line that metadata points at, the file relative to the books."""
    path = Path(str(meta.get("filename", "")))
    root = folder.resolve()
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return name, int(meta.get("lineno", 0))


def _number(transaction: Any) -> int:  # noqa: ANN401 - beancount's
    """The place an entry says it has; 0 if it does not say."""
    return int(transaction.meta.get("seq", 0))


class _Audit:
    """One reading of the books in the order of the chain."""

    def __init__(self, folder: Path, head: Head) -> None:
        self._folder = folder
        self._head = head
        self._chain = GENESIS
        self._at = ""
        self._seq = 0
        self._keys: set[str] = set()
        self._legs: dict[str, tuple[ChainedLeg, ...]] = {}
        self._taken_back: set[str] = set()
        self._balances: Counter[str] = Counter()

    def run(self, entries: Sequence[Any]) -> Verdict:
        """Check everything; stop at the first thing that breaks the chain."""
        findings: list[Finding] = []
        try:
            for account in (entry for entry in entries if isinstance(entry, data.Open)):
                self._check_account(account)
            found = [entry for entry in entries if isinstance(entry, data.Transaction)]
            for seq, transaction in enumerate(sorted(found, key=_number), 1):
                self._check(seq, transaction)
            self._check_head()
        except FindingError as error:
            findings.append(error.finding)
        return Verdict(
            ok=not findings,
            entries=self._seq,
            accounts=len(self._balances),
            head=self._chain.hex(),
            sum_minutes=sum(self._balances.values()),
            findings=tuple(findings),
        )

    def _check_account(self, account: Any) -> None:  # noqa: ANN401 - beancount's
        """Only accounts of ours are opened."""
        if account.account not in BOOK_PARENTS and code_of(account.account) is None:
            raise self._found(account, "foreign-account", f"{account.account} is not ours")

    def _check(self, seq: int, transaction: Any) -> None:  # noqa: ANN401 - beancount's
        """One entry: its place, its fields, its link, its legs."""
        number = _number(transaction)
        if number != seq:
            raise self._found(
                transaction, "missing-entry", f"entry {seq} is missing; this is entry {number}"
            )
        entry = self._read(seq, transaction)
        self._check_place(transaction, entry)
        linked = link(self._chain, leaf(canonical(entry)))
        if linked.hex() != transaction.meta.get("chain"):
            raise self._found(
                transaction, "broken-chain", f"entry {seq} is not what was recorded; it was changed"
            )
        self._check_uses(transaction, entry)
        self._seq, self._chain, self._at = seq, linked, entry.at
        self._keys.add(entry.key)
        self._legs[entry.id] = entry.legs
        for leg in entry.legs:
            self._balances[leg.payer_code] -= leg.minutes
            self._balances[leg.payee_code] += leg.minutes

    def _read(self, seq: int, transaction: Any) -> ChainedEntry:  # noqa: ANN401 - beancount's
        """The entry as it was hashed, from nothing but the file."""
        meta = transaction.meta
        category = meta.get("category", "")
        legs = tuple(self._legs_of(seq, transaction))
        if transaction.payee != legs[0].payee_code or not transaction.tags <= {category}:
            raise self._found(
                transaction, "foreign-mark", f"the first line of entry {seq} was changed"
            )
        return ChainedEntry(
            book=self._head.book,
            seq=seq,
            id=meta.get("uid", ""),
            kind=transaction.narration,
            category=category,
            at=meta.get("at", ""),
            on=str(meta.get("occurred", "")),
            actor=meta.get("actor", ""),
            key=meta.get("key", ""),
            rev=meta.get("rev", ""),
            hold=meta.get("hold", ""),
            expires=meta.get("expires", ""),
            corrects=meta.get("corrects", ""),
            memo=meta.get("memo-commit", NO_MEMO.hex()),
            legs=legs,
        )

    def _legs_of(self, seq: int, transaction: Any) -> Iterator[ChainedLeg]:  # noqa: ANN401 - beancount's
        """Pairs of postings as legs: what one account loses the next one gains."""
        postings = [
            (code_of(posting.account), int(posting.units.number))
            for posting in transaction.postings
        ]
        if not postings or len(postings) % 2:
            raise self._found(transaction, "bad-leg", f"entry {seq} has a posting without its pair")
        for (payer, lost), (payee, gained) in zip(postings[::2], postings[1::2], strict=True):
            if payer is None or payee is None or gained <= 0 or lost != -gained:
                raise self._found(
                    transaction, "bad-leg", f"entry {seq} has two postings that are no pair"
                )
            yield ChainedLeg(payer, payee, gained)

    def _check_place(self, transaction: Any, entry: ChainedEntry) -> None:  # noqa: ANN401 - beancount's
        """The day and the file are those of the recording, and time only goes on."""
        file, _line = _place(self._folder, transaction.meta)
        year, month = entry.at[:4], entry.at[5:7]
        if entry.at[:10] != transaction.date.isoformat() or file != f"{year}/{month}.beancount":
            raise self._found(
                transaction, "wrong-day", f"entry {entry.seq} stands under another day"
            )
        if entry.at <= self._at:
            raise self._found(
                transaction, "wrong-order", f"entry {entry.seq} is older than the one before it"
            )

    def _check_uses(self, transaction: Any, entry: ChainedEntry) -> None:  # noqa: ANN401 - beancount's
        """One entry a key, one reversal an entry, and each reversal a mirror image."""
        if entry.key in self._keys:
            raise self._found(transaction, "same-key", f"entry {entry.seq} repeats a key")
        if not entry.rev:
            return
        if entry.rev in self._taken_back:
            raise self._found(
                transaction, "second-reversal", f"entry {entry.seq} takes back once more"
            )
        mirrored = tuple(
            ChainedLeg(leg.payee_code, leg.payer_code, leg.minutes) for leg in entry.legs
        )
        if self._legs.get(entry.rev) != mirrored:
            raise self._found(
                transaction, "no-mirror", f"entry {entry.seq} is no mirror image of its original"
            )
        self._taken_back.add(entry.rev)

    def _check_head(self) -> None:
        """The books end where they say they end."""
        if self._seq != self._head.entries:
            raise FindingError(
                Finding(
                    "missing-entry",
                    f"says {self._head.entries} entries, and {self._seq} are there",
                    HEAD,
                )
            )
        if self._chain.hex() != self._head.chain:
            raise FindingError(Finding("broken-chain", "is not the last link of the chain", HEAD))

    def _found(self, entry: Any, reason: str, detail: str) -> FindingError:  # noqa: ANN401 - beancount's
        file, line = _place(self._folder, entry.meta)
        return FindingError(Finding(reason, detail, file, line))
